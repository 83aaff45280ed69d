"""JBIG2 images of a PDF: whether their segments are whole, after ISO/IEC 14492, clause 7.

PDFium draws what it can of damaged data, or nothing, without a word. What is looked for here: segments that do not lie
inside the data or name others that are not there, stripes that end above the foot of the page, and zeros in a row, of
which coded data hold few. Flipped bits inside a segment are not told.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from sohoa.pages.guard.faults import BadPage

_SYMBOLS, _PAGE, _STRIPE_END = 0, 48, 50
_LAST = {49, 51}  # end of the page, of the file
_TEXT = {4, 6, 7}
_GENERIC = 38  # the only one whose length need not be known beforehand
_REGIONS = {*_TEXT, 20, 22, 23, 36, _GENERIC, 39, 40, 42, 43}
_LEAST = (
    {_SYMBOLS: 10, 16: 7, _PAGE: 19, _STRIPE_END: 4, 52: 4, 53: 2, 62: 4}
    | dict.fromkeys(_REGIONS, 18)
    | dict.fromkeys(_TEXT, 19)
    | dict.fromkeys(_LAST, 0)
)
"""Types of segments there are, and the bytes that one has at the least."""
_UNKNOWN = 0xFFFFFFFF
_MANY = 7  # in three bits: how many segments are named stands in four bytes
_ENDS = {0: b"\xff\xac", 1: b"\0\0"}  # of a region of unknown length, by its first flag; four bytes of rows follow
_LEAST_SEGMENT = 11  # bytes, without data
_MAX_SEGMENTS = 100_000
_MAX_NAMED = 100_000
_ZEROS = 64


@dataclass(frozen=True)
class Segment:
    """One segment: its own number, its type, the numbers of those it builds on, its data."""

    number: int
    kind: int
    named: tuple[int, ...]
    data: bytes


def check_segments(data: bytes, shared: bytes, height: int) -> None:
    """Refuse an image that is cut short or damaged.

    Args:
        data: of the image.
        shared: segments that images share (JBIG2Globals), empty without them.
        height: rows of the image.

    Raises:
        BadPage: truncated, unreadable, or too_large where there are too many segments.
    """
    known: set[int] = set()
    stripes: int | None = None
    reached = 0
    has_page = False
    for segment in chain(_segments(shared), _segments(data)):
        _check_segment(segment, known)
        known.add(segment.number)
        if segment.kind == _PAGE:
            has_page, rows, is_striped = True, *struct.unpack_from(">4xI9xH", segment.data)
            stripes = (height if rows == _UNKNOWN else rows) if is_striped >> 15 or rows == _UNKNOWN else None
        elif segment.kind == _STRIPE_END:
            reached = max(reached, int.from_bytes(segment.data[:4], "big") + 1)
        elif segment.kind in _REGIONS:
            rows, top = struct.unpack_from(">4xI4xI", segment.data)
            reached = max(reached, top + rows)
    if not has_page or (stripes is not None and reached < stripes):
        raise BadPage("truncated", "a JBIG2 image is cut short between two segments")


def _segments(data: bytes) -> Iterator[Segment]:
    """Yield segments up to the end of the page or of the data; as to PDFium, what is too short for one is none."""
    at = 0
    for _ in range(_MAX_SEGMENTS):
        if at + _LEAST_SEGMENT > len(data):
            return
        try:
            segment, at = _read_segment(data, at)
        except struct.error:
            raise BadPage("truncated", "a JBIG2 image ends inside the header of a segment") from None
        yield segment
        if segment.kind in _LAST:
            return
    raise BadPage("too_large", f"a JBIG2 image has more than {_MAX_SEGMENTS} segments")


def _read_segment(data: bytes, at: int) -> tuple[Segment, int]:
    """Return the segment at ``at``, and where it ends."""
    number, flags, count = struct.unpack_from(">IBB", data, at)
    at, count = at + 6, count >> 5
    if count == _MANY:
        count = struct.unpack_from(">I", data, at - 1)[0] & 0x1FFFFFFF
        at += 3 + (count + 8) // 8
    kind = flags & 63
    if kind not in _LEAST or count > _MAX_NAMED:
        raise BadPage("unreadable", f"a JBIG2 image has no segment at byte {at}")
    code = "B" if number <= 256 else "H" if number <= 65_536 else "I"
    layout = f">{count}{code}{'I' if flags & 64 else 'B'}I"
    *named, _, size = struct.unpack_from(layout, data, at)
    at += struct.calcsize(layout)
    end = at + size if size != _UNKNOWN else _find_end(data, at, kind)
    if not at <= end <= len(data):
        raise BadPage("truncated", "a JBIG2 image is cut short")
    return Segment(number, kind, tuple(named), data[at:end]), end


def _find_end(data: bytes, at: int, kind: int) -> int:
    """Return where a region of unknown length ends, after its end mark and its rows; -1 where it does not."""
    if kind != _GENERIC or at + _LEAST[kind] > len(data):
        return -1
    found = data.find(_ENDS[data[at + 17] & 1], at + _LEAST[kind])
    return found + 6 if found >= 0 else -1


def _check_segment(segment: Segment, known: set[int]) -> None:
    if len(segment.data) < _LEAST[segment.kind] or not known.issuperset(segment.named):
        raise BadPage("unreadable", "a JBIG2 image has a segment without its parts")
    flags_at = {_SYMBOLS: 1} | dict.fromkeys(_TEXT, 18)
    is_huffman = segment.kind in flags_at and segment.data[flags_at[segment.kind]] & 1  # which may hold pixels as such
    if not is_huffman and bytes(_ZEROS) in segment.data:
        raise BadPage("unreadable", "a JBIG2 image is damaged")
