"""Rows of pixels of 8 bits a channel, from unpacked data that is never held whole: of a PNG, of an image in a PDF."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable, Iterator

from PIL import Image

from sohoa.pages.decode import pillow
from sohoa.pages.guard.faults import BadPage

CHANNELS = {1: 0, 2: 4, 3: 2, 4: 6}
"""Channels of a pixel -> colour type of a PNG."""
_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_BAND_SHARE = 8  # of what Pillow converts at a time: a band exists in several copies


def read_bands(
    parts: Iterable[bytes],
    size: tuple[int, int],
    channels: int,
    factor: int,
    is_filtered: bool,
    mode: str | None = None,
) -> Iterator[Image.Image]:
    """Yield the picture in bands, each but the last of a multiple of ``factor`` rows.

    Args:
        parts: the unpacked data, cut anywhere; read to its end.
        size: width and height.
        channels: bytes of a pixel.
        factor: by which the rows will be divided.
        is_filtered: each row begins with the filter of PNG by which it was coded.
        mode: Pillow's name of the colours, where it is not that of as many channels of a PNG.

    Raises:
        BadPage: truncated, where rows are missing; unreadable, where one has no filter that there is.
    """
    width, height = size
    row = width * channels
    rows = max(1, pillow.BAND_PX // (_BAND_SHARE * width * factor)) * factor
    before, done = bytes(row), 0
    for block in _blocks(parts, row + is_filtered, height, rows):
        count = len(block) // (row + is_filtered)
        if is_filtered:  # a PNG of its own, begun by the row before
            block = _unfiltered(b"\0" + before + block, width, count + 1, channels)[row:]
            before = block[-row:]
        done += count
        yield Image.frombytes(mode or _MODES[channels], (width, count), block)
    if done < height:
        raise BadPage("truncated", "an image has fewer bytes than its header says")


def _blocks(parts: Iterable[bytes], row: int, height: int, rows: int) -> Iterator[bytes]:
    """Yield whole rows, ``rows`` at a time and at last those that are left."""
    waiting, left = bytearray(), height
    for part in parts:
        if left:
            waiting += part
        while left and len(waiting) >= min(rows, left) * row:
            taken = min(rows, left) * row
            yield bytes(waiting[:taken])
            del waiting[:taken]
            left -= taken // row
    if left and len(waiting) >= row:
        yield bytes(waiting[: len(waiting) // row * row])


def _unfiltered(rows: bytes, width: int, height: int, channels: int) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, CHANNELS[channels], 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 0)), (b"IEND", b""))
    whole = b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )
    return pillow.to_bytes(pillow.open_image(io.BytesIO(b"\x89PNG\r\n\x1a\n" + whole)))
