"""PNG: one page; every chunk lies inside the file, the last is IEND, and no row is missing.

A chunk whose checksum is wrong makes the file damaged, unless the picture does without it: then it says nothing.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image

from sohoa.pages.decode import pillow
from sohoa.pages.decode.flaws import note_repair
from sohoa.pages.decode.page import Page, filled
from sohoa.pages.decode.pixel_rows import CHANNELS, read_bands
from sohoa.pages.guard.bounds import FileBounds
from sohoa.pages.guard.faults import BadPage
from sohoa.pages.reduce import Grey

_SIGNATURE = 8
_NEEDED = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}  # the rest is text and profiles, which can be bombs
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_METRES_PER_INCH = 0.0254
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))  # Adam7
_PIECE = 1 << 20


def read_pages(data: bytes, bounds: FileBounds) -> list[Page]:
    """Return the one page of a PNG file."""
    return [filled(Page(), lambda page: _fill(page, data, bounds))]


def _fill(page: Page, data: bytes, bounds: FileBounds) -> None:
    needed: list[bytes | memoryview] = [data[:_SIGNATURE]]
    bytes_per_pixel = 0.0
    for name, body, whole in _chunks(data):
        if name == b"IHDR":
            bytes_per_pixel = _read_header(page, body, bounds)
        elif name == b"pHYs" and len(body) == 9 and body[8] == 1:
            x, y = struct.unpack_from(">II", body)
            page.set_dpi((x * _METRES_PER_INCH, y * _METRES_PER_INCH))
        if name in _NEEDED:
            needed.append(whole)
    if not bytes_per_pixel:
        raise BadPage("unreadable", "the PNG has no header")
    image = pillow.open_image(io.BytesIO(b"".join(needed)))
    page.colour_mode = pillow.colour_mode(image, page.bit_depth or 8)
    bands = _bands(image, needed, page.reduction)
    if bands is not None:
        page.grey = pillow.decode_bands(bands, image.size, page.reduction)
        return
    grey = pillow.decode_grey(image, page.reduction)
    _check_rows(image, needed)
    page.grey = grey


def read_colour(data: bytes, factor_of: Callable[[int, int], int]) -> Grey:
    """Return the picture, uint8 (height, width, 3) in red, green, blue.

    Args:
        data: the file.
        factor_of: of width and height, by what the sides are divided, rounded up; each pixel is then a mean.

    Raises:
        BadPage: it cannot be read.
    """
    needed: list[bytes | memoryview] = [
        data[:_SIGNATURE],
        *(whole for name, _, whole in _chunks(data) if name in _NEEDED),
    ]
    image = pillow.open_image(io.BytesIO(b"".join(needed)))
    factor = factor_of(*image.size)
    bands = _bands(image, needed, factor) or (image,)
    return np.vstack([np.asarray(pillow.to_small_rgb(band, factor), np.uint8) for band in bands])


def _bands(image: Image.Image, chunks: list[bytes | memoryview], factor: int) -> Iterator[Image.Image] | None:
    """Return the bands of a large picture whose rows follow one another; null of another, which Pillow decodes whole.

    Raises:
        BadPage: as ``read_bands``, and unreadable where the data do not unpack.
    """
    *_, depth, kind, _, _, interlaced = _header(chunks)
    if image.width * image.height <= pillow.BAND_PX or depth != 8 or interlaced or kind not in CHANNELS.values():
        return None
    parts = _unpacked(chunks, image.height * (1 + image.width * _CHANNELS[kind]))
    return _with_info(read_bands(parts, image.size, _CHANNELS[kind], factor, True), image)


def _with_info(bands: Iterator[Image.Image], image: Image.Image) -> Iterator[Image.Image]:
    for band in bands:
        band.info = image.info  # the colour that is transparent
        yield band


def _header(chunks: list[bytes | memoryview]) -> tuple[int, ...]:
    (*_, header) = (bytes(chunk[8:21]) for chunk in chunks if bytes(chunk[4:8]) == b"IHDR")
    return struct.unpack(">IIBBBBB", header)


def _unpacked(chunks: list[bytes | memoryview], size: int) -> Iterator[bytes]:
    """Yield the first ``size`` bytes that the data unpack to, and no more than a piece after them."""
    unpacker = zlib.decompressobj()
    try:
        for chunk in chunks:
            rest = bytes(chunk[8:-4]) if bytes(chunk[4:8]) == b"IDAT" else b""
            while rest and size > 0 and not unpacker.eof:
                part = unpacker.decompress(rest, _PIECE)
                size -= len(part)
                yield part
                rest = unpacker.unconsumed_tail
    except zlib.error as error:
        raise BadPage("unreadable", f"the PNG is damaged: {error}") from None


def _read_header(page: Page, body: bytes, bounds: FileBounds) -> float:
    """Return the bytes that one pixel needs to decode; the header's facts go into ``page``."""
    if len(body) != 13:
        raise BadPage("unreadable", "the PNG header is malformed")
    page.width_px, page.height_px, page.bit_depth, kind = struct.unpack_from(">IIBB", body)
    channels = _CHANNELS.get(kind, 4)
    is_banded = page.bit_depth == 8 and kind in CHANNELS.values() and not body[12]
    bytes_per_pixel = 1.0 if is_banded else pillow.bytes_per_pixel(channels, page.bit_depth or 8)
    bounds.check_image(page.width_px or 0, page.height_px or 0, bytes_per_pixel)
    return bytes_per_pixel


def _check_rows(image: Image.Image, chunks: list[bytes | memoryview]) -> None:
    """Refuse an image whose last rows are missing: Pillow leaves them at zero and says nothing.

    Raises:
        BadPage: truncated.
    """
    width, height, depth, kind, _, _, interlaced = _header(chunks)
    last_row = image.crop((0, image.height - 1, image.width, image.height))
    if not interlaced and any(last_row.tobytes()):
        return
    bits = depth * _CHANNELS.get(kind, 4)
    size = 0
    for x, y, step_x, step_y in _PASSES if interlaced else ((0, 0, 1, 1),):
        columns, rows = (-((start - side) // step) for start, side, step in ((x, width, step_x), (y, height, step_y)))
        size += rows * (1 + -(-columns * bits // 8)) if columns > 0 else 0
    if not _unpacks_to(size, [chunk[8:-4] for chunk in chunks if bytes(chunk[4:8]) == b"IDAT"]):
        raise BadPage("truncated", "the PNG has fewer rows than its header says")


def _unpacks_to(size: int, parts: list[bytes | memoryview]) -> bool:
    unpacker = zlib.decompressobj()
    for part in parts:
        rest = bytes(part)
        while rest and size > 0:
            size -= len(unpacker.decompress(rest, _PIECE))
            rest = unpacker.unconsumed_tail
    return size <= len(unpacker.flush())


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes, memoryview]]:
    """Yield (name, first 32 bytes of the body, whole chunk) up to IEND, of those that are whole."""
    view, at = memoryview(data), _SIGNATURE
    while at + 12 <= len(data):
        length, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        end = at + 12 + length
        if end > len(data):
            raise BadPage("truncated", f"the PNG ends inside its chunk {name!r}")
        if zlib.crc32(view[at + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
            if name in _NEEDED or not name.isalpha() or name[:1].isupper():
                raise BadPage("unreadable", f"the PNG chunk {name!r} has a wrong checksum")
            note_repair()
        else:
            yield name, data[at + 8 : min(end - 4, at + 40)], view[at:end]
        if name == b"IEND":
            note_repair(end < len(data))
            return
        at = end
    raise BadPage("truncated", "the PNG has no IEND chunk")
