"""Whether fax-coded data (ITU-T T.4 and T.6) hold all rows of their picture: libtiff leaves rows out without a word.

Of what it leaves out, it hands on what happened to lie in memory. Rows with a mark before each are counted. Behind
other data, in place of their mark of the end or of any zeros, a code word is laid that there is not: libtiff meets it
if it still looks for rows. Zeros within the data, more in a row than code words hold, end them too: it takes them for
the end.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sohoa.pages.decode import pillow, tags
from sohoa.pages.decode.tags import Tags, first
from sohoa.pages.guard.faults import BadPage
from sohoa.pages.reduce import Grey

Bits = NDArray[np.uint8]
Edit = Callable[[bytes], bytes]
"""What is done to the data of each strip before it is decoded."""

_GROUP_3 = 3
_CODINGS = {2, _GROUP_3, 4, 32771}
_HOLE = bytes(4)  # code words side by side hold 10 zeros in a row, and their padding to whole words 15 more
_END_ZEROS = 11  # at the least, before the one of an end-of-line code
_END3 = bytes([*[0] * _END_ZEROS, 1])  # bit by bit: the end-of-line code, which no other code contains
_END4 = _END3 * 2
_NO_CODE = np.array([*[0] * 9, 1, 0, 1, 1] * 16, np.uint8)  # whatever is read before, 35 bits on there is no code word
_CHUNK = 1 << 20
_TWO_WAYS = 1  # bit of T4Options: rows may rest on the row above
_LOW_BIT_FIRST = 2
_TURNED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))


@dataclass(frozen=True)
class FaxCoding:
    """How a picture is coded: values of the TIFF tags Compression, T4Options and FillOrder, and its sides."""

    compression: int
    options: int
    fill_order: int
    width: int
    height: int

    @classmethod
    def of(cls, found: Tags) -> FaxCoding | None:
        """Return how the strips of a TIFF page are coded, as high as the page; null where not as fax."""
        compression, width, height = (first(found, tag, 0) for tag in (tags.COMPRESSION, tags.WIDTH, tags.HEIGHT))
        if compression not in _CODINGS:
            return None
        return cls(compression, first(found, tags.FAX_OPTIONS, 0), first(found, tags.FILL_ORDER, 1), width, height)


def has_end_mark(data: bytes) -> bool:
    """Return whether the mark at the end of group 4 stands in it, at any bit and in either order of bits."""
    return any(_find_mark(part, _END4) is not None for part in (data, data.translate(_TURNED)))


def _find_mark(data: bytes, mark: bytes) -> int | None:
    """Return the first bit of a mark, null where there is none."""
    for start in range(0, len(data), _CHUNK):
        part = np.frombuffer(data, np.uint8, min(_CHUNK + len(mark), len(data) - start), start)
        found = np.unpackbits(part).tobytes().find(mark)
        if found >= 0:
            return 8 * start + found
    return None


def begins_with_mark(data: bytes) -> bool:
    """Return whether group 3 begins with the mark of a row: no code word has as many zeros."""
    return not any(np.unpackbits(np.frombuffer(data[:2], np.uint8))[:_END_ZEROS])


def decode_whole(coding: FaxCoding, decode: Callable[[Edit], Grey]) -> Grey:
    """Return what ``decode`` makes of fax-coded data, if they hold all rows.

    Args:
        coding: how they are coded.
        decode: decodes strips, each as it is after the edit that it is given.

    Raises:
        BadPage: truncated, where the data end before the last row; unreadable where they are damaged.
    """
    try:
        return decode(lambda data: _closed(data, coding, is_open=False))
    except BadPage:
        decode(lambda data: _closed(data, coding, is_open=True))
        raise BadPage("truncated", "fax-coded data end before the last row") from None


def decode_grey(data: bytes, coding: FaxCoding, is_black_one: bool, factor: int) -> Grey:
    """Return the picture that fax-coded data are, uint8 (height, width).

    Args:
        data: all of it.
        coding: how it is coded.
        is_black_one: whether 1 and not 0 is black, where white is what each row begins with.
        factor: by which the sides are divided.

    Raises:
        BadPage: truncated or unreadable.
    """
    check_rows(data, coding)

    def decode(edit: Edit) -> Grey:
        file = _tiff(edit(data), coding, int(is_black_one))
        return pillow.decode_grey(pillow.open_image(io.BytesIO(file)), factor)

    return decode_whole(coding, decode)


def check_rows(data: bytes, coding: FaxCoding) -> None:
    """Refuse data with a mark before each row that has fewer rows than the picture.

    Raises:
        BadPage: truncated.
    """
    if coding.compression != _GROUP_3:
        return
    rows = _count_rows(_high_bit_first(data, coding).rstrip(b"\0"), bool(coding.options & _TWO_WAYS))
    if rows is not None and rows < coding.height:
        raise BadPage("truncated", f"fax-coded data have {rows} rows of {coding.height}")


def _high_bit_first(data: bytes, coding: FaxCoding) -> bytes:
    return data.translate(_TURNED) if coding.fill_order == _LOW_BIT_FIRST else data


def _count_rows(data: bytes, is_two_way: bool) -> int | None:
    """Return the rows of group 3 by the marks before them, up to several on end; null where no mark is before one."""
    ones = np.flatnonzero(np.unpackbits(np.frombuffer(data, np.uint8)))
    marks = np.flatnonzero(np.diff(ones, prepend=-1) > _END_ZEROS)
    if not len(marks):
        return None
    following = np.diff(marks, append=len(ones)) - 1
    if is_two_way:  # a bit behind each mark says how its row is coded
        following -= np.diff(ones, append=-1)[marks] == 1
    is_empty = np.append(following <= 0, True)  # one alone, but the last, is a fault of the line, and no end
    ends = np.flatnonzero(is_empty[:-1] & is_empty[1:])
    rows = int(ends[0]) if len(ends) else len(following)
    return rows + (int(marks[0]) > 0) if rows else None


def _closed(data: bytes, coding: FaxCoding, is_open: bool) -> bytes:
    """Return data with a code word that there is not behind their last row; if open, only in place of a hole."""
    data = _high_bit_first(data.rstrip(b"\0"), coding)
    head = data.split(_HOLE, 1)[0]
    end = _find_mark(head, _END3 if coding.compression == _GROUP_3 else _END4)
    is_cut = end is not None or len(head) == len(data)
    if not (is_open and is_cut) and not _has_marks(data, coding):
        bits = np.unpackbits(np.frombuffer(head, np.uint8))[:end]
        data = np.packbits(np.concatenate([np.trim_zeros(bits, "b"), _NO_CODE])).tobytes()
    return _high_bit_first(data, coding)


def _has_marks(data: bytes, coding: FaxCoding) -> bool:
    """Return whether rows have a mark before each, by which libtiff goes."""
    return coding.compression == _GROUP_3 and _count_rows(data, False) is not None


def _tiff(data: bytes, coding: FaxCoding, photometric: int) -> bytes:
    """Return a TIFF file of one strip."""
    fields = {
        256: coding.width, 257: coding.height, 258: 1, 259: coding.compression, 262: photometric, 277: 1,
        278: coding.height, 279: len(data), 292: coding.options,
    }  # fmt: skip
    head = 8 + 2 + 12 * (len(fields) + 1) + 4
    fields[273] = head
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, fields[tag]) for tag in sorted(fields))
    return struct.pack("<2sHIH", b"II", 42, 8, len(fields)) + entries + bytes(4) + data
