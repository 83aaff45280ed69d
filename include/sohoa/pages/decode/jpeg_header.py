"""The header of a JPEG stream: what it says before any pixel is decoded."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import itemgetter

from sohoa.pages.decode.file_data import FileData
from sohoa.pages.decode.flaws import note_repair
from sohoa.pages.decode.tags import ORIENTATION, dpi_of, first, open_tiff
from sohoa.pages.guard.faults import BadPage

EOI, SOS = 0xD9, 0xDA
_SOI, _DQT, _APP0, _APP1 = 0xD8, 0xDB, 0xE0, 0xE1
_LINES = b"\xff\xdc\0\4"  # the marker that gives the height after the first scan, and its length
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BARE = {0x01, _SOI, *range(0xD0, 0xD8)}  # markers without a length
_PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}
_MAX_SEGMENTS = 4096
_SAME = 0.01
_ZIGZAG = (
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61,
    54, 47, 55, 62, 63,
)  # fmt: skip
_in_natural_order = itemgetter(*sorted(range(64), key=_ZIGZAG.__getitem__))


@dataclass
class JpegHeader:
    """What the segments before the first scan say; null or empty where they are silent."""

    width: int = 0
    height: int = 0
    components: int = 0
    bits: int = 0
    is_progressive: bool = False
    samples_per_pixel: float = 0.0
    height_at: int = 0
    orientation: int = 1
    tables: dict[int, tuple[int, ...]] = field(default_factory=dict)
    densities: list[tuple[float, float]] = field(default_factory=list)

    @property
    def dpi(self) -> tuple[float, float] | None:
        """Resolution in pixels per inch; null where JFIF and EXIF are silent, or contradict each other."""
        if not self.densities:
            return None
        x, y = self.densities[0]
        same = all(abs(u - x) <= _SAME * x and abs(v - y) <= _SAME * y for u, v in self.densities)
        return (x, y) if same else None

    @property
    def quantisation(self) -> tuple[tuple[int, ...], ...]:
        """Quantisation tables in natural order, by number."""
        return tuple(self.tables[number] for number in sorted(self.tables))


def read_header(data: FileData) -> JpegHeader:
    """Return the header of a JPEG stream, or of the tables that a TIFF keeps apart.

    Raises:
        BadPage: truncated where it ends before the first scan, unreadable where it is not well formed.
    """
    header = JpegHeader()
    for marker, start, end in segments(data):
        body = data[start:end]
        if marker in _FRAMES:
            _read_frame(header, marker, body)
            header.height_at = start + 1
        elif marker == _DQT:
            header.tables.update(_read_tables(body))
        elif marker == _APP0 and body[:5] == b"JFIF\0" and len(body) >= 12:
            _read_jfif(header, body)
        elif marker == _APP1 and body[:6] == b"Exif\0\0":
            _read_exif(header, body[6:])
    return header


def with_height(data: FileData, header: JpegHeader, height: int) -> bytes:
    """Return the stream with another height in its header, where scanners that feed paper leave 0 or a large number."""
    return data[: header.height_at] + height.to_bytes(2, "big") + data[header.height_at + 2 :]


def with_counted_height(data: FileData, header: JpegHeader) -> FileData:
    """Return a stream whose header gives no height with the one that follows the first scan, if one does."""
    at = data.find(_LINES, header.height_at) if header.height_at and not header.height else -1
    height = int.from_bytes(data[at + len(_LINES) : at + len(_LINES) + 2], "big") if at >= 0 else 0
    note_repair(height > 0)  # the standard allows it, but hardly a reader does
    return with_height(data, header, height) if height else data


def segments(data: FileData) -> Iterator[tuple[int, int, int]]:
    """Yield (marker, start, end of its body) of each segment before the first scan; last ``SOS`` or ``EOI`` itself.

    Bytes between two segments are passed over, as every reader does.

    Raises:
        BadPage: as ``read_header``.
    """
    at = 2
    for _ in range(_MAX_SEGMENTS):
        at = _next_marker(data, at)
        marker = data[at + 1]
        if marker in (SOS, EOI):
            yield marker, at, at
            return
        at += 2
        if marker in _BARE:
            continue
        length = int.from_bytes(data[at : at + 2], "big")
        if at + length > len(data):
            raise BadPage("truncated", "the JPEG ends inside its header")
        yield marker, at + 2, at + max(2, length)
        at += max(2, length)
    raise BadPage("unreadable", f"the JPEG header has more than {_MAX_SEGMENTS} segments")


def _next_marker(data: FileData, start: int) -> int:
    """Return the place of the first marker from ``start`` on: 0xFF and then neither 0 nor 0xFF, which only fill."""
    at = start
    while (at := data.find(b"\xff", at)) >= 0 and at + 1 < len(data):
        if data[at + 1] not in (0, 0xFF):
            return at
        at += 1
    if start + 2 > len(data) or at >= 0:
        raise BadPage("truncated", "the JPEG ends inside its header")
    raise BadPage("unreadable", f"no JPEG marker from byte {start} on")


def _read_frame(header: JpegHeader, marker: int, body: bytes) -> None:
    if len(body) < 6 or len(body) < 6 + 3 * body[5] or body[5] == 0:
        raise BadPage("unreadable", "the JPEG frame header is malformed")
    header.bits, header.height, header.width, header.components = struct.unpack_from(">BHHB", body)
    header.is_progressive = marker in _PROGRESSIVE
    factors = [divmod(body[7 + 3 * k], 16) for k in range(header.components)]
    most = max(h for h, _ in factors) * max(v for _, v in factors)
    if most == 0:
        raise BadPage("unreadable", "the JPEG sampling factors are malformed")
    header.samples_per_pixel = sum(h * v for h, v in factors) / most


def _read_tables(body: bytes) -> Iterator[tuple[int, tuple[int, ...]]]:
    at = 0
    while at < len(body):
        layout = ">64H" if body[at] >> 4 else ">64B"
        if at + 1 + struct.calcsize(layout) > len(body):
            raise BadPage("unreadable", "a JPEG quantisation table is malformed")
        steps = struct.unpack_from(layout, body, at + 1)
        yield body[at] & 15, _in_natural_order(steps)
        at += 1 + struct.calcsize(layout)


def _read_jfif(header: JpegHeader, body: bytes) -> None:
    unit, x, y = struct.unpack_from(">BHH", body, 7)
    if unit in (1, 2) and x and y:
        factor = 2.54 if unit == 2 else 1.0
        header.densities.append((x * factor, y * factor))


def _read_exif(header: JpegHeader, block: bytes) -> None:
    try:
        exif = open_tiff(block)
        tags = exif.read(exif.first)
    except BadPage:  # a broken EXIF block says nothing; the picture is unharmed
        note_repair()
        return
    header.orientation = first(tags, ORIENTATION, 1)
    dpi = dpi_of(tags)
    if dpi is not None:
        header.densities.append(dpi)
