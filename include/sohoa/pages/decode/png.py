"""PNG: one page; every chunk lies inside the file and has its checksum, the last is IEND."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator

from sohoa.pages.decode import pillow
from sohoa.pages.decode.page import Page, filled
from sohoa.pages.faults import BadPage
from sohoa.pages.limits import Limits

_SIGNATURE = 8
_NEEDED = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}  # the rest is text and profiles, which can be bombs
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_METRES_PER_INCH = 0.0254


def read_pages(data: bytes, limits: Limits) -> list[Page]:
    """The one page of a PNG file."""
    return [filled(Page(), lambda page: _fill(page, data, limits))]


def _fill(page: Page, data: bytes, limits: Limits) -> None:
    needed: list[bytes | memoryview] = [data[:_SIGNATURE]]
    bytes_per_pixel = 0.0
    for name, body, whole in _chunks(data):
        if name == b"IHDR":
            bytes_per_pixel = _read_header(page, body, limits)
        elif name == b"pHYs" and len(body) == 9 and body[8] == 1:
            x, y = struct.unpack_from(">II", body)
            page.set_dpi((x * _METRES_PER_INCH, y * _METRES_PER_INCH))
        if name in _NEEDED:
            needed.append(whole)
    if not bytes_per_pixel:
        raise BadPage("unreadable", "the PNG has no header")
    image = pillow.open_image(io.BytesIO(b"".join(needed)))
    page.colour_mode = pillow.colour_mode(image, page.bit_depth or 8)
    page.grey = pillow.decode_grey(image)


def _read_header(page: Page, body: bytes, limits: Limits) -> float:
    """Bytes that one pixel needs to decode; the header's facts go into ``page``."""
    if len(body) != 13:
        raise BadPage("unreadable", "the PNG header is malformed")
    page.width_px, page.height_px, page.bit_depth, kind = struct.unpack_from(">IIBB", body)
    channels = _CHANNELS.get(kind, 4)
    bytes_per_pixel = 1.0 + channels * max(1, (page.bit_depth or 8) // 8)
    limits.check_image(page.width_px or 0, page.height_px or 0, bytes_per_pixel)
    return bytes_per_pixel


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes, memoryview]]:
    """(name, first 32 bytes of the body, whole chunk) up to IEND."""
    view, at = memoryview(data), _SIGNATURE
    while at + 12 <= len(data):
        length, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        end = at + 12 + length
        if end > len(data):
            raise BadPage("truncated", f"the PNG ends inside its chunk {name!r}")
        if zlib.crc32(view[at + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
            raise BadPage("unreadable", f"the PNG chunk {name!r} has a wrong checksum")
        yield name, data[at + 8 : min(end - 4, at + 40)], view[at:end]
        if name == b"IEND":
            return
        at = end
    raise BadPage("truncated", "the PNG has no IEND chunk")
