"""TIFF: a page a directory; every strip and tile lies inside the file.

Pillow gets a copy of the directory in which what writers leave out or write in their own way stands as libtiff wants
it: sizes of strips, tiles listed as strips, a colour map of 8 bits. Turns are made here.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import suppress

import numpy as np
from PIL import Image

from sohoa.pages.decode import fax, jpeg, jpeg_header, pillow, tags
from sohoa.pages.decode.fax import Edit, FaxCoding
from sohoa.pages.decode.file_data import FileData, reading_through
from sohoa.pages.decode.flaws import note_repair
from sohoa.pages.decode.libtiff import refusing_damaged_fax
from sohoa.pages.decode.page import Page, filled
from sohoa.pages.decode.tags import Changes, Tags, TiffFile, first
from sohoa.pages.decode.tiff_pieces import Pieces, find_pieces
from sohoa.pages.guard.bounds import FileBounds
from sohoa.pages.guard.faults import BadPage
from sohoa.pages.reduce import Grey

_OLD_JPEG, _JPEG = 6, 7
_JPEG_END, _JPEG_TAIL = b"\xff\xd9", 16  # some writers leave the end mark out, or fill up behind it
_WEBP = 50001  # which Pillow's libtiff is built without
_REDUCED, _MASK, _OLD_REDUCED = 1, 4, 2  # bits of SUBFILE; a value of OLD_SUBFILE
_WHITE_IS_ZERO, _BLACK_IS_ZERO = 0, 1
_DEPTHS = {1, 2, 4, 8, 16}  # bits of a channel; Pillow opens others, and scales them wrongly
_DEEP = 16  # bits of a channel, of which Pillow does not turn white and black round
_MAX_BELOW = 16  # directories that one file may keep under others
_MAP_FACTOR = 257  # 8 bits -> 16
_EXIF, _GPS, _XMP, _IPTC, _PHOTOSHOP, _ICC = 34665, 34853, 700, 33723, 34377, 34675
_LEFT_OUT: Changes = dict.fromkeys((tags.ORIENTATION, _EXIF, _GPS, _XMP, _IPTC, _PHOTOSHOP, _ICC))


def read_pages(data: FileData, bounds: FileBounds) -> Iterator[Page]:
    """Yield pages of a TIFF file in the order of its directories.

    Raises:
        BadPage: the header is damaged, or there are more pages than the limit.
    """
    file = tags.open_tiff(data)
    offsets, end = _directories(file, bounds)
    for offset in _page_offsets(file, offsets):
        with reading_through(data):
            page = filled(Page(), lambda page, offset=offset: _fill(page, file, offset, bounds))  # type: ignore[misc]
        yield page
    if end is not None:
        yield Page(fault=end)


def read_colour(data: FileData, number: int, factor_of: Callable[[int, int], int]) -> tuple[Grey, int]:
    """Return the page ``number`` from 1 as stored, and its orientation.

    Args:
        data: the file.
        number: page from 1.
        factor_of: of width and height, by what the sides are divided, rounded up; each pixel is then a mean.

    Returns:
        uint8 (height, width, 3) in red, green, blue.

    Raises:
        BadPage: there is no such page, or it cannot be read.
    """
    file = tags.open_tiff(data)
    offsets = _page_offsets(file, _directories(file, None)[0])
    offset = offsets[number - 1]
    found = file.read(offset)
    pieces = find_pieces(found, offset, len(data))
    factor = factor_of(first(found, tags.WIDTH, 0), first(found, tags.HEIGHT, 0))

    def decode(edit: Edit | None) -> Grey:
        parts = []
        for _, image, band in _bands(file, offset, found, pieces, factor, edit):
            with refusing_damaged_fax():
                colour = np.asarray(pillow.to_rgb(image), np.uint8)
            colour = band.paint_missing(~colour if _is_deep_negative(found) else colour, 1)
            parts.append(np.asarray(Image.fromarray(colour).reduce(factor), np.uint8))
        return np.vstack(parts)

    pieces.check_fax(data, found)
    coding = FaxCoding.of(found)
    picture = fax.decode_whole(coding, decode) if coding else decode(None)
    return picture, first(found, tags.ORIENTATION, 1)


def _directories(file: TiffFile, bounds: FileBounds | None) -> tuple[list[int], BadPage | None]:
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
        if bounds is not None:
            bounds.check_pages(len(offsets))
        offset = following
    return list(offsets), None if offsets else BadPage("unreadable", "the TIFF has no page")


def _page_offsets(file: TiffFile, offsets: list[int]) -> list[int]:
    """Return the directories that are pages: reduced copies and masks are none, unless there is nothing else."""
    pages = [offset for offset in offsets if not _is_copy(file, offset)]
    return pages or [offset for offset in _below(file, offsets) if not _is_copy(file, offset)] or offsets


def _below(file: TiffFile, offsets: list[int]) -> list[int]:
    """Return the directories that others name: cameras keep the picture itself there, under its thumbnail."""
    found: list[int] = []
    for offset in offsets:
        with suppress(BadPage):
            found += file.read(offset).get(tags.SUB_DIRECTORIES, ())[:_MAX_BELOW]
    return list(dict.fromkeys(found))[:_MAX_BELOW]


def _is_copy(file: TiffFile, offset: int) -> bool:
    try:
        found = file.read(offset)
    except BadPage:  # told when the page is read
        return False
    is_old = first(found, tags.OLD_SUBFILE, 0) == _OLD_REDUCED
    return bool(first(found, tags.SUBFILE, 0) & (_REDUCED | _MASK)) or is_old


def _fill(page: Page, file: TiffFile, offset: int, bounds: FileBounds) -> None:
    found = file.read(offset)
    _read_facts(page, found, bounds)
    whole = _old_jpeg(file.data, found)
    if whole is not None:
        _fill_from_jpeg(page, whole, bounds)
    else:
        pieces = find_pieces(found, offset, len(file.data))
        compression = first(found, tags.COMPRESSION, 1)
        _check_piece(pieces.split(found), found, page, bounds)
        pieces.check_ends(file.data, compression)
        note_repair(pieces.is_mended or _has_narrow_map(found))
        if compression == _JPEG:
            page.quantisation = _quantisation(file.data, found, pieces)
        pieces.check_fax(file.data, found)
        grey = _decode(file, offset, found, pieces, page)
        pieces.check_deflate(file.data, found)
        if compression == _JPEG:
            _check_jpeg(file.data, found, pieces, bounds)
        page.grey = pieces.paint_missing(~grey if _is_deep_negative(found) else grey, page.reduction)
    page.turn(first(found, tags.ORIENTATION, 1))


def _read_facts(page: Page, found: Tags, bounds: FileBounds) -> None:
    """Read what the directory says of the page as stored, and check what decoding it would need."""
    page.width_px, page.height_px = first(found, tags.WIDTH, 0), first(found, tags.HEIGHT, 0)
    page.bit_depth = max(found.get(tags.BITS, ()) or (1,))
    page.set_dpi(tags.dpi_of(found))
    bytes_per_pixel = pillow.bytes_per_pixel(first(found, tags.SAMPLES, 1), page.bit_depth or 1)
    bounds.check_image(page.width_px, page.height_px, 1)
    if tags.TILE_WIDTH in found:
        bounds.check_image(first(found, tags.TILE_WIDTH, 0), first(found, tags.TILE_HEIGHT, 0), bytes_per_pixel)


def _check_piece(pieces: Pieces, found: Tags, page: Page, bounds: FileBounds) -> None:
    """Refuse a page whose strips or tiles are too large: each is unpacked whole, and held by Pillow beside it."""
    samples, bits = first(found, tags.SAMPLES, 1), page.bit_depth or 1
    needed = pillow.bytes_per_pixel(samples, bits) + samples * bits / 8
    bounds.check_image(pieces.grid.width * pieces.grid.across, min(pieces.grid.height, page.height_px or 1), needed)


def _decode(file: TiffFile, offset: int, found: Tags, pieces: Pieces, page: Page) -> Grey:
    """Return all pixels in grey: band by band, so that a large page is never held in colour."""

    def decode(edit: Edit | None) -> Grey:
        size = first(found, tags.WIDTH, 0), first(found, tags.HEIGHT, 0)
        return pillow.decode_bands(opened(edit), size, page.reduction)

    def opened(edit: Edit | None) -> Iterator[Image.Image]:
        for _, image, _ in _bands(file, offset, found, pieces, page.reduction, edit):
            page.colour_mode = pillow.colour_mode(image, page.bit_depth or 1)
            yield image
            del image

    coding = FaxCoding.of(found)
    return fax.decode_whole(coding, decode) if coding else decode(None)


def _bands(
    file: TiffFile, offset: int, found: Tags, pieces: Pieces, factor: int, edit: Edit | None = None
) -> Iterator[tuple[int, Image.Image, Pieces]]:
    """Yield the bands of a page: first row, image as opened, strips or tiles.

    Raises:
        BadPage: as ``_open``.
    """
    width, height = first(found, tags.WIDTH, 0), first(found, tags.HEIGHT, 0)
    most = max(1, pillow.BAND_PX // width)
    is_apart = first(found, tags.COMPRESSION, 1) != _OLD_JPEG  # of which more than strips and tiles is needed
    if height > most and is_apart:
        for top, band in pieces.split(found).bands(most, factor):
            rows = min(height - top, band.grid.down * band.grid.height)
            yield top, _open(file, offset, found, band, {tags.HEIGHT: (rows,)}, True, edit), band
    else:
        yield 0, _open(file, offset, found, pieces, {}, is_apart, edit), pieces


def _open(
    file: TiffFile,
    offset: int,
    found: Tags,
    pieces: Pieces,
    changes: Changes,
    is_apart: bool,
    edit: Edit | None,
) -> Image.Image:
    """Return the image of some strips or tiles of a page, by a copy of it: a broken page before it does not matter.

    Raises:
        BadPage: wrong_format, where it is sound and of a kind that Pillow does not read.
    """
    changes = _LEFT_OUT | pieces.changes | changes
    if _has_narrow_map(found):
        changes |= {tags.COLOUR_MAP: tuple(value * _MAP_FACTOR for value in found[tags.COLOUR_MAP])}
    if _is_deep_negative(found):
        changes |= {tags.PHOTOMETRIC: (_BLACK_IS_ZERO,)}
    copy = file.excerpt(offset, changes, pieces.spans if is_apart else None, pieces.listed, edit)
    with suppress(BadPage):
        is_read = first(found, tags.COMPRESSION, 1) != _WEBP
        if is_read and set(found.get(tags.BITS, (1,))) <= _DEPTHS:
            return pillow.open_image(io.BytesIO(copy))
    raise BadPage("wrong_format", _kind(found))


def _kind(found: Tags) -> str:
    bits = " ".join(map(str, found.get(tags.BITS, (1,))))
    names = f"compression {first(found, tags.COMPRESSION, 1)}, photometric {first(found, tags.PHOTOMETRIC, 0)}"
    return f"the TIFF has {bits} bits in {first(found, tags.SAMPLES, 1)} channels, {names}"


def _has_narrow_map(found: Tags) -> bool:
    """Return whether the colours of a palette are of 8 bits, where the standard asks for 16."""
    return 0 < max(found.get(tags.COLOUR_MAP, ()), default=0) < _MAP_FACTOR - 1


def _is_deep_negative(found: Tags) -> bool:
    is_negative = first(found, tags.PHOTOMETRIC, _BLACK_IS_ZERO) == _WHITE_IS_ZERO
    return is_negative and found.get(tags.BITS) == (_DEEP,)


def _old_jpeg(data: FileData, found: Tags) -> bytes | None:
    """Return the whole JPEG stream that an old-style page (compression 6) consists of, null where it has none."""
    start = first(found, tags.OLD_JPEG, 0)
    if first(found, tags.COMPRESSION, 1) != _OLD_JPEG or not 0 < start < len(data):
        return None
    end = start + first(found, tags.OLD_JPEG_BYTES, 0)
    stream = data[start : end if end > start else len(data)]
    return stream if stream.startswith(b"\xff\xd8") and b"\xff\xda" in stream else None


def _fill_from_jpeg(page: Page, stream: bytes, bounds: FileBounds) -> None:
    header = jpeg_header.read_header(stream)
    if (header.width, header.height) != (page.width_px, page.height_px):
        raise BadPage("unreadable", "the picture has other sides than its header says")
    page.quantisation, page.colour_mode = header.quantisation, jpeg.COLOURS.get(header.components)
    page.grey = jpeg.decode_grey(stream, header, page.reduction, bounds)


def _check_jpeg(data: FileData, found: Tags, pieces: Pieces, bounds: FileBounds) -> None:
    """Decode each JPEG strictly and to few pixels: libtiff fills in what is missing.

    Raises:
        BadPage: truncated or unreadable.
    """
    apart = bytes(found.get(tags.JPEG_TABLES, ())).removesuffix(_JPEG_END)
    for start, end in dict.fromkeys(pieces.spans):
        stream = data[start:end]
        stream = apart + stream[2:] if apart else stream
        jpeg.check_stream(stream if _JPEG_END in stream[-_JPEG_TAIL:] else stream + _JPEG_END, bounds)


def _quantisation(data: FileData, found: Tags, pieces: Pieces) -> tuple[tuple[int, ...], ...]:
    """Return the tables of a page that is stored as JPEG: kept apart, or in its first strip or tile."""
    apart = bytes(found.get(tags.JPEG_TABLES, ()))
    start, size = pieces.offsets[0], pieces.counts[0]
    for stream in (apart, data[start : start + size]):
        try:
            quantisation = jpeg_header.read_header(stream).quantisation if stream else ()
        except BadPage:  # the decoder will say what is wrong with it
            continue
        if quantisation:
            return quantisation
    return ()
