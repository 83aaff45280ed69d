"""TIFF: a page a directory; every strip and tile lies inside the file."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

from sohoa.pages.decode import jpeg_header, pillow, tags
from sohoa.pages.decode.page import Page, filled
from sohoa.pages.decode.tags import Tags, TiffFile, first
from sohoa.pages.guard.bounds import FileBounds
from sohoa.pages.guard.faults import BadPage

_JPEG = 7
_SIDEWAYS = {5, 6, 7, 8}  # orientations that exchange width and height


def read_pages(data: bytes, bounds: FileBounds) -> Iterator[Page]:
    """Yield pages of a TIFF file in the order of its directories.

    Raises:
        BadPage: the header is damaged, or there are more pages than the limit.
    """
    file = tags.open_tiff(data)
    offsets, end = _directories(file, bounds)
    stream = io.BytesIO(data)
    for offset in offsets:
        yield filled(Page(), lambda page, offset=offset: _fill(page, file, offset, stream, bounds))  # type: ignore[misc]
    if end is not None:
        yield Page(fault=end)


def _directories(file: TiffFile, bounds: FileBounds) -> tuple[list[int], BadPage | None]:
    """Return the offsets of the directories, and why the chain breaks off where it does."""
    offsets: dict[int, None] = {}
    offset = file.first
    while offset:
        if offset in offsets:
            return list(offsets), BadPage("unreadable", "the chain of pages runs in a circle")
        try:
            following = file.next_directory(offset)
        except BadPage as fault:
            return list(offsets), fault
        offsets[offset] = None
        bounds.check_pages(len(offsets))
        offset = following
    return list(offsets), None if offsets else BadPage("unreadable", "the TIFF has no page")


def _fill(page: Page, file: TiffFile, offset: int, stream: io.BytesIO, bounds: FileBounds) -> None:
    found = file.read(offset)
    page.width_px, page.height_px = first(found, tags.WIDTH, 0), first(found, tags.HEIGHT, 0)
    page.bit_depth = max(found.get(tags.BITS, ()) or (1,))
    page.set_dpi(tags.dpi_of(found))
    _check_size(page, found, bounds)
    _check_data(page, found, len(file.data))
    if first(found, tags.COMPRESSION, 1) == _JPEG:
        page.quantisation = _quantisation(file.data, found)
    place, layout = file.offset_at  # let the header point at this page, so that a broken one before it does not matter
    stream.seek(place)
    stream.write(struct.pack(layout, offset))
    stream.seek(0)
    image = pillow.open_image(stream)
    page.colour_mode = pillow.colour_mode(image, page.bit_depth)
    factor = page.reduction
    page.grey = pillow.decode_grey(image, factor)
    if first(found, tags.ORIENTATION, 1) in _SIDEWAYS:
        page.swap_sides()
    if page.grey.shape != (-(-(page.height_px or 0) // factor), -(-(page.width_px or 0) // factor)):
        raise BadPage("unreadable", "the picture has other sides than its header says")


def _check_size(page: Page, found: Tags, bounds: FileBounds) -> None:
    samples = first(found, tags.SAMPLES, 1)
    bytes_per_pixel = pillow.bytes_per_pixel(samples, page.bit_depth or 1)
    bounds.check_image(page.width_px or 0, page.height_px or 0, bytes_per_pixel)
    if tags.TILE_WIDTH in found:
        bounds.check_image(first(found, tags.TILE_WIDTH, 0), first(found, tags.TILE_HEIGHT, 0), bytes_per_pixel)


def _check_data(page: Page, found: Tags, size: int) -> None:
    """Return all strips or tiles that the page needs are listed and lie inside the file."""
    is_tiled = tags.TILE_OFFSETS in found
    offsets = found.get(tags.TILE_OFFSETS if is_tiled else tags.STRIP_OFFSETS, ())
    counts = found.get(tags.TILE_COUNTS if is_tiled else tags.STRIP_COUNTS, ())
    if len(offsets) != len(counts) or len(offsets) < _needed(page, found, is_tiled):
        raise BadPage("truncated", f"{min(len(offsets), len(counts))} strips or tiles are too few for the page")
    if any(offset + count > size or not offset or not count for offset, count in zip(offsets, counts, strict=True)):
        raise BadPage("truncated", "a strip or tile does not lie inside the file")


def _needed(page: Page, found: Tags, is_tiled: bool) -> int:
    width, height = page.width_px or 0, page.height_px or 0
    if is_tiled:
        across = -(-width // max(1, first(found, tags.TILE_WIDTH, 1)))
        pieces = across * -(-height // max(1, first(found, tags.TILE_HEIGHT, 1)))
    else:
        pieces = -(-height // max(1, min(height, first(found, tags.ROWS_PER_STRIP, height))))
    return pieces * (first(found, tags.SAMPLES, 1) if first(found, tags.PLANAR, 1) == 2 else 1)


def _quantisation(data: bytes, found: Tags) -> tuple[tuple[int, ...], ...]:
    """Return the tables of a page that is stored as JPEG: kept apart, or in its first strip or tile."""
    apart = bytes(found.get(tags.JPEG_TABLES, ()))
    start = first(found, tags.TILE_OFFSETS, 0) or first(found, tags.STRIP_OFFSETS, 0)
    size = first(found, tags.TILE_COUNTS, 0) or first(found, tags.STRIP_COUNTS, 0)
    for stream in (apart, data[start : start + size]):
        try:
            quantisation = jpeg_header.read_header(stream).quantisation if stream else ()
        except BadPage:  # the decoder will say what is wrong with it
            continue
        if quantisation:
            return quantisation
    return ()
