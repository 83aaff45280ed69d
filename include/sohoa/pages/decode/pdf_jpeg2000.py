"""JPEG 2000 images of a PDF: what the codestream says of itself, and whether it is whole.

OpenJPEG decodes damaged data without a word. What any damage but a few bits leaves behind is looked for here: parts
that do not follow each other to the end marker; two bytes of FF90 or more, which coded data never holds; zeros in a
row, of which it holds a dozen, and one more for each empty packet. After ISO/IEC 15444-1, annexes A, B and I.
"""

from __future__ import annotations

import io
import re
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

from sohoa.pages.decode.pillow import PILLOW_ERRORS
from sohoa.pages.guard.bounds import FileBounds
from sohoa.pages.guard.faults import BadPage
from sohoa.pages.reduce import Grey

_SOC, _COD, _SOT, _SOD = 0xFF4F, 0xFF52, 0xFF90, 0xFF93
_START = b"\xff\x4f\xff\x51"
_BOX_START = b"\0\0\0\x0cjP  "
_MAX_SEGMENTS = 100_000
_MAX_COMPONENTS = 8
_NO_CODED_DATA = re.compile(rb"\xff[\x90\x93-\xff]")
_NO_MARKERS_EITHER = re.compile(rb"\xff[\x90-\xff]")
_MAX_EMPTY = 10_000_000
_ZEROS = 64  # in a row; a dozen were the most in pages of every kind
_BYTES_PER_SAMPLE = 9  # OpenJPEG's and its wavelet's four each, and Pillow's own


@dataclass(frozen=True)
class Jpeg2000Header:
    """What a JPEG 2000 image says before any pixel is decoded."""

    width: int
    height: int
    components: int
    bits: int
    palette: tuple[tuple[int, ...], ...]
    start: int
    tile: tuple[int, int]
    tiles: int


def read_header(data: bytes) -> Jpeg2000Header:
    """Return what the codestream says, and the palette of the boxes around it.

    Raises:
        BadPage: truncated or unreadable, where it is not well formed.
    """
    start, palette = _codestream(data)
    body = data[start + 6 : start + 6 + 36 + 3]
    if data[start : start + 4] != _START:
        raise BadPage("unreadable", "no JPEG 2000 codestream")
    if len(body) < 39:
        raise BadPage("truncated", "the JPEG 2000 image ends inside its header")
    right, bottom, left, top = struct.unpack_from(">4I", body, 2)
    (components,) = struct.unpack_from(">H", body, 34)
    if not 0 < components <= _MAX_COMPONENTS:
        raise BadPage("unreadable", f"the JPEG 2000 image has {components} components")
    tile_width, tile_height, tile_left, tile_top = struct.unpack_from(">4I", body, 18)
    if not tile_width or not tile_height:
        raise BadPage("unreadable", "the JPEG 2000 image has tiles without a side")
    tiles = -(-(right - tile_left) // tile_width) * -(-(bottom - tile_top) // tile_height)
    sides = min(right - left, tile_width), min(bottom - top, tile_height)
    return Jpeg2000Header(right - left, bottom - top, components, (body[36] & 127) + 1, palette, start, sides, tiles)


def _codestream(data: bytes) -> tuple[int, tuple[tuple[int, ...], ...]]:
    """Return where the codestream begins, and the colours of the palette before it, empty where there is none."""
    if not data.startswith(_BOX_START):
        return 0, ()
    palette: tuple[tuple[int, ...], ...] = ()
    for kind, at, end in _boxes(data, 0, len(data)):
        if kind == b"jp2h":
            inner = (data[a:b] for name, a, b in _boxes(data, at, end) if name == b"pclr")
            palette = next((_colours(body) for body in inner), ())
        elif kind == b"jp2c":
            return at, palette
    raise BadPage("truncated", "the JPEG 2000 image ends before its codestream")


def _boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield (type, where its content begins, where it ends) of each box."""
    for _ in range(_MAX_SEGMENTS):
        if at + 8 > end:
            return
        length, kind, header = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8], 8
        if length == 1:
            length, header = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        stop = end if length == 0 else at + length
        yield kind, at + header, min(stop, end)
        if stop <= at:
            return
        at = stop


def _colours(body: bytes) -> tuple[tuple[int, ...], ...]:
    """Return the colours of a palette whose values are bytes; another is not looked into."""
    count, columns = int.from_bytes(body[:2], "big"), body[2] if len(body) > 2 else 0
    values = body[3 + columns : 3 + columns + count * columns]
    if not columns or len(values) < count * columns or any(depth & 127 > 7 for depth in body[3 : 3 + columns]):
        return ((0, 1, 2),)
    return tuple(tuple(values[k : k + columns]) for k in range(0, len(values), columns))


def check_codestream(data: bytes, header: Jpeg2000Header) -> None:
    """Refuse a codestream that is cut short, damaged, or lacks a tile or a part of one.

    Raises:
        BadPage: truncated or unreadable.
    """
    at, packets, has_markers = _main_header(data, header)
    pattern = _NO_CODED_DATA if has_markers else _NO_MARKERS_EITHER
    parts: Counter[int] = Counter()
    promised: dict[int, int] = {}
    for _ in range(_MAX_SEGMENTS):
        if data[at : at + 2] == b"\xff\xd9" or at == len(data):  # the end marker alone may be missing
            if len(parts) < header.tiles or any(parts[tile] < count for tile, count in promised.items()):
                raise BadPage("truncated", "a JPEG 2000 image lacks tiles or parts of them")
            return
        if data[at : at + 2] != b"\xff\x90":
            raise _bad(data, at)
        end, body = _part(data, at)
        tile = int.from_bytes(data[at + 4 : at + 6], "big")
        parts[tile], promised[tile] = parts[tile] + 1, max(promised.get(tile, 0), data[at + 11])
        if pattern.search(data, body, end) or data.find(bytes(_ZEROS + packets), body, end) >= 0:
            raise BadPage("unreadable", "a JPEG 2000 image is damaged")
        at = end
    raise BadPage("unreadable", f"a JPEG 2000 image has more than {_MAX_SEGMENTS} parts")


def _bad(data: bytes, at: int) -> BadPage:
    if at + 2 > len(data):
        return BadPage("truncated", "a JPEG 2000 image is cut short")
    return BadPage("unreadable", f"no JPEG 2000 marker at byte {at}")


def _segments(data: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """Yield (marker, where its body begins, where it ends) up to the first tile part or its data, those included."""
    for _ in range(_MAX_SEGMENTS):
        marker = int.from_bytes(data[at : at + 2], "big")
        if at + 4 > len(data) or marker < _SOC:
            raise _bad(data, at)
        end = at + 2 if marker == _SOD else at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        yield marker, at + 4, end
        if marker in (_SOT, _SOD) or end <= at:
            return
        at = end


def _main_header(data: bytes, header: Jpeg2000Header) -> tuple[int, int, bool]:
    """Return where the first tile part begins, the most packets of one, and whether markers stand between them."""
    packets, has_markers = 0, False
    for marker, at, _ in _segments(data, header.start + 2):
        if marker == _SOT:
            return at - 4, packets, has_markers
        if marker == _COD:
            packets, has_markers = _packets(data[at : at + 50], header), bool(data[at] & 6)
    raise BadPage("unreadable", "a JPEG 2000 image has no data")


def _packets(body: bytes, header: Jpeg2000Header) -> int:
    """Return at most how many packets a tile has."""
    layers, levels = int.from_bytes(body[2:4], "big"), min(body[5], 32) if len(body) > 5 else 0
    packets = 0
    for level in range(levels + 1):
        sizes = body[10 + level] if body[0] & 1 and len(body) > 10 + level else 0xFF
        sides = (-(-side >> levels - level) for side in header.tile)
        across, down = (
            -(-side // (1 << power)) + 1 for side, power in zip(sides, (sizes & 15, sizes >> 4), strict=True)
        )
        packets += across * down if sizes != 0xFF else 1
    return min(packets * layers * header.components, _MAX_EMPTY)


def _part(data: bytes, at: int) -> tuple[int, int]:
    """Return where the tile part at ``at`` ends, and where its coded data begins."""
    length = int.from_bytes(data[at + 6 : at + 10], "big")
    end = at + length if length else len(data) - 2
    if end > len(data) or (not length and data[-2:] != b"\xff\xd9"):
        raise BadPage("truncated", "a JPEG 2000 image is cut short")
    for marker, _, body in _segments(data, at + 12):
        if marker == _SOD and body <= end:
            return end, body
    raise BadPage("unreadable", "a JPEG 2000 image has a part without data")


def decode_grey(data: bytes, header: Jpeg2000Header, factor: int, bounds: FileBounds) -> Grey | None:
    """Return all pixels in grey, uint8 (height, width); null where it is neither plain grey nor plain colour.

    Args:
        data: the image.
        header: its header.
        factor: 1, 2, 4 or 8, by which the sides are divided: the wavelet's own smaller picture.
        bounds: what may be spent.

    Raises:
        BadPage: too_large, truncated or unreadable.
    """
    bounds.check_image(header.width, header.height, header.components * _BYTES_PER_SAMPLE / factor**2)
    check_codestream(data, header)
    try:
        image = Image.open(io.BytesIO(data), formats=("JPEG2000",))
        image.reduce = factor.bit_length() - 1  # type: ignore[assignment, method-assign]
        image.load()
        is_plain = image.mode in ("L", "RGB") and header.bits == 8
        return np.asarray(image.convert("L"), np.uint8) if is_plain else None
    except PILLOW_ERRORS as error:
        raise BadPage.from_library("OpenJPEG", error) from None
