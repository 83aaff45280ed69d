"""TIFF directories, bounded: offsets and counts are believed only where they lie inside the data. EXIF is one too."""

from __future__ import annotations

import math
import struct
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from sohoa.pages.decode.file_data import FileData
from sohoa.pages.guard.faults import BadPage

SUBFILE, OLD_SUBFILE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 254, 255, 256, 257, 258, 259, 262
STRIP_OFFSETS, ORIENTATION, SAMPLES, ROWS_PER_STRIP, STRIP_COUNTS = 273, 274, 277, 278, 279
X_RESOLUTION, Y_RESOLUTION, PLANAR, RESOLUTION_UNIT = 282, 283, 284, 296
FILL_ORDER, FAX_OPTIONS = 266, 292
COLOUR_MAP, TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_COUNTS, SUB_DIRECTORIES = 320, 322, 323, 324, 325, 330
JPEG_TABLES, OLD_JPEG, OLD_JPEG_BYTES, SUBSAMPLING = 347, 513, 514, 530
_USED = {
    SUBFILE, OLD_SUBFILE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, STRIP_OFFSETS, ORIENTATION, SAMPLES,
    ROWS_PER_STRIP, STRIP_COUNTS, X_RESOLUTION, Y_RESOLUTION, PLANAR, RESOLUTION_UNIT, COLOUR_MAP, TILE_WIDTH,
    TILE_HEIGHT, TILE_OFFSETS, TILE_COUNTS, SUB_DIRECTORIES, JPEG_TABLES, OLD_JPEG, OLD_JPEG_BYTES, SUBSAMPLING,
    FILL_ORDER, FAX_OPTIONS,
}  # fmt: skip
_TYPES = {1: "B", 3: "H", 4: "I", 5: "II", 7: "B", 13: "I", 16: "Q"}  # BYTE SHORT LONG RATIONAL UNDEFINED IFD LONG8
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_MAX_COPIED = 65_536  # bytes of a value; what pixels need is smaller
_BYTE = 1  # an orientation written so is left over from a turn that was made: readers pass it over
_NUMBERS = _TYPES | {11: "f", 12: "d"}  # FLOAT DOUBLE
_RESOLUTIONS = {X_RESOLUTION, Y_RESOLUTION}
_MAX_VALUES = 1_000_000  # strips of one page; A0 at 600 dpi has 28 087 rows
_INCH, _CENTIMETRE = 2, 3

Tags = dict[int, tuple[int, ...]]
Span = tuple[int, int]
Changes = dict[int, tuple[int, ...] | None]
"""Tag -> its values from now on, null to leave it out."""


@dataclass(frozen=True)
class TiffFile:
    """The data of a TIFF file and how its numbers are written."""

    data: FileData
    order: str
    is_big: bool
    first: int

    @property
    def offset_at(self) -> tuple[int, str]:
        """Where the header keeps the offset of the first directory, and as what."""
        return (8, f"{self.order}Q") if self.is_big else (4, f"{self.order}I")

    def next_directory(self, offset: int) -> int:
        """Return the offset of the directory after the one at ``offset``, 0 after the last.

        Raises:
            BadPage: truncated, where the directory does not lie inside the file.
        """
        count, entries, size = self._span(offset)
        return int(self._unpack("Q" if self.is_big else "I", entries + count * size)[0])

    def read(self, offset: int) -> Tags:
        """Return the values of the tags that this package uses, of the directory at ``offset``.

        Raises:
            BadPage: truncated, where the directory or a value does not lie inside the file.
        """
        count, entries, size = self._span(offset)
        tags: Tags = {}
        for k in range(count):
            at = entries + k * size
            tag, kind = self._unpack("HH", at)
            if tag in _RESOLUTIONS and kind in _NUMBERS:
                tags[tag] = _as_fraction(self._values(at, _NUMBERS[kind]))
            elif tag in _USED and kind in _TYPES and (tag, kind) != (ORIENTATION, _BYTE):
                tags[tag] = self._values(at, _TYPES[kind])
        return tags

    def excerpt(
        self,
        offset: int,
        changes: Changes,
        spans: tuple[Span, ...] | None,
        listed: tuple[int, int],
        edit: Callable[[bytes], bytes] | None = None,
    ) -> bytes:
        """Return a file of one page that holds the directory at ``offset`` and the data that the page needs.

        Args:
            offset: where the directory lies.
            changes: what to write in place of what it says.
            spans: where the data begin and end in this file; null to keep the whole file before the directory.
            listed: the tags that list where the data begin, and how long they are.
            edit: what is done to the data of each span; null to take them as they are.

        Raises:
            BadPage: truncated, where the directory does not lie inside the file.
        """
        place, layout = self.offset_at
        start = place + struct.calcsize(layout)
        body, placed = ([self.data[start:]], []) if spans is None else self._gather(spans, start, edit)
        if spans is not None:
            places, sizes = tuple(begin for begin, _ in placed), tuple(end - begin for begin, end in placed)
            changes = changes | {listed[0]: places, listed[1]: sizes}
        end = start + sum(map(len, body))
        at = end + end % 2
        head = self.data[:place] + struct.pack(layout, at)
        return b"".join((head, *body, bytes(at - end), self._rewrite(offset, changes, at)))

    def _gather(
        self, spans: tuple[Span, ...], start: int, edit: Callable[[bytes], bytes] | None
    ) -> tuple[list[bytes], list[Span]]:
        """Return the data of spans, and where each of those lies in a file that has them from ``start`` on."""
        if edit is not None:
            edited = {(begin, end): edit(self.data[begin:end]) for begin, end in spans}
            at = dict(zip(edited, accumulate(map(len, edited.values()), initial=start), strict=False))
            return list(edited.values()), [(at[span], at[span] + len(edited[span])) for span in spans]
        kept = _merged(spans)
        begins = [begin for begin, _ in kept]
        places = list(accumulate((end - begin for begin, end in kept), initial=start))
        found = [bisect_right(begins, begin) - 1 for begin, _ in spans]
        shifts = [places[k] - begins[k] for k in found]
        moved = [(begin + shift, end + shift) for (begin, end), shift in zip(spans, shifts, strict=True)]
        return [self.data[begin:end] for begin, end in kept], moved

    def _rewrite(self, offset: int, changes: Changes, end: int) -> bytes:
        """Return a copy of the directory at ``offset`` for the place ``end``, with its values and nothing after it."""
        count, entries, size = self._span(offset)
        wide = "Q" if self.is_big else "I"
        room = struct.calcsize("=" + wide)
        bodies: dict[int, tuple[bytes, bytes]] = {}
        for k in range(count):
            at = entries + k * size
            body = self._body(at, room)
            if body is not None:
                bodies[self._unpack("H", at)[0]] = self.data[at : at + size - room], body
        for tag, values in changes.items():
            bodies.pop(tag, None)
            if values is not None:
                code, kind = ("H", 3) if tag == COLOUR_MAP else (wide, 16 if self.is_big else 4)
                body = struct.pack(f"{self.order}{len(values)}{code}", *values)
                bodies[tag] = struct.pack(f"{self.order}HH{wide}", tag, kind, len(values)), body
        values_at, written, behind = end + len(self._head(0)) + len(bodies) * size + room, [], bytearray()
        for tag in sorted(bodies):
            entry, body = bodies[tag]
            if len(body) > room:
                body, behind = struct.pack(self.order + wide, values_at + len(behind)), behind + body
                behind += bytes(len(behind) % 2)
            written.append(entry + body.ljust(room, b"\0"))
        return self._head(len(bodies)) + b"".join(written) + struct.pack(self.order + wide, 0) + bytes(behind)

    def _body(self, at: int, room: int) -> bytes | None:
        """Return the values of the entry at ``at``; null where they are outside the file, or no fact of pixels."""
        _, kind, count = self._unpack("HHQ" if self.is_big else "HHI", at)
        size, place = _SIZES.get(kind, 0) * count, at + (12 if self.is_big else 8)
        if size <= room:
            return bytes(self.data[place : place + room])
        place = int(self._unpack("Q" if self.is_big else "I", place)[0])
        return bytes(self.data[place : place + size]) if size <= min(_MAX_COPIED, len(self.data) - place) else None

    def _head(self, count: int) -> bytes:
        return struct.pack(self.order + ("Q" if self.is_big else "H"), count)

    def _span(self, offset: int) -> tuple[int, int, int]:
        count = int(self._unpack("Q" if self.is_big else "H", offset)[0])
        entries, size = (offset + 8, 20) if self.is_big else (offset + 2, 12)
        if entries + count * size > len(self.data):
            raise BadPage("truncated", f"a directory at byte {offset} does not lie inside the file")
        return count, entries, size

    def _values(self, at: int, code: str) -> tuple[Any, ...]:
        wide = "Q" if self.is_big else "I"
        count = int(self._unpack(wide, at + 4)[0])
        if count > _MAX_VALUES:
            raise BadPage("unreadable", f"a tag claims {count} values")
        layout = f"{count * len(code)}{code[0]}"
        place = at + 4 + struct.calcsize("=" + wide)
        if struct.calcsize("=" + layout) > struct.calcsize("=" + wide):
            place = int(self._unpack(wide, place)[0])
        return self._unpack(layout, place)

    def _unpack(self, layout: str, offset: int) -> tuple[Any, ...]:
        try:
            return struct.unpack_from(self.order + layout, self.data, offset)
        except (struct.error, OverflowError):  # an offset past 2^63, in a BigTIFF
            raise BadPage("truncated", f"byte {offset} does not lie inside the file") from None


def _merged(spans: tuple[Span, ...]) -> list[Span]:
    """Return the parts of a file that spans cover, each once."""
    parts: list[Span] = []
    for begin, end in sorted(spans):
        if parts and begin <= parts[-1][1]:
            parts[-1] = parts[-1][0], max(end, parts[-1][1])
        else:
            parts.append((begin, end))
    return parts


def open_tiff(data: FileData) -> TiffFile:
    """Return the header of a TIFF file or of an EXIF block.

    Raises:
        BadPage: the header is cut short or is none.
    """
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None or len(data) < 8:
        raise BadPage("truncated" if order else "unreadable", "there is no TIFF header")
    is_big = struct.unpack_from(order + "H", data, 2)[0] == 43
    if is_big and len(data) < 16:
        raise BadPage("truncated", "there is no TIFF header")
    at, layout = (8, f"{order}Q") if is_big else (4, f"{order}I")
    return TiffFile(data, order, is_big, struct.unpack_from(layout, data, at)[0])


def first(tags: Tags, tag: int, default: int) -> int:
    """Return the first value of a tag."""
    return tags[tag][0] if tags.get(tag) else default


def _as_fraction(values: tuple[Any, ...]) -> tuple[int, ...]:
    """Return numerator and denominator of one number, whatever its type; nothing where it is none."""
    if len(values) == 1:
        return float(values[0]).as_integer_ratio() if math.isfinite(values[0]) else ()
    return values if len(values) == 2 and isinstance(values[0], int) else ()


def dpi_of(tags: Tags) -> tuple[float, float] | None:
    """Return the resolution in pixels per inch, null where it is absent, relative or nonsense."""
    unit = {_INCH: 1.0, _CENTIMETRE: 2.54}.get(first(tags, RESOLUTION_UNIT, _INCH))
    x, y = (tags.get(tag, ()) for tag in (X_RESOLUTION, Y_RESOLUTION))
    if unit is None or len(x) != 2 or len(y) != 2 or 0 in (*x, *y):
        return None
    return x[0] / x[1] * unit, y[0] / y[1] * unit
