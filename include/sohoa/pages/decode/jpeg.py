"""JPEG: one page, decoded strictly by libjpeg-turbo: a warning is an error, a missing end marker too.

A flaw that harms no pixel is taken out first (``jpeg_repair``). Bytes after the end marker are allowed: some cameras
and scanners append their own, and the picture is whole. To
divide the sides of a large sheet, libjpeg transforms each block to fewer pixels, which averages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, islice

import numpy as np
import simplejpeg

from sohoa.pages.decode.file_data import FileData, reading_through
from sohoa.pages.decode.flaws import note_repair
from sohoa.pages.decode.jpeg_header import JpegHeader, read_header, with_counted_height
from sohoa.pages.decode.jpeg_repair import repair_jpeg
from sohoa.pages.decode.page import Page, filled
from sohoa.pages.guard.bounds import FileBounds
from sohoa.pages.guard.faults import BadPage
from sohoa.pages.reduce import Grey

COLOURS = {1: "grey", 3: "colour", 4: "colour"}
"""Components -> colour mode."""
_CMYK = 4
_CHECK_FACTOR = 8  # all of a stream is read, few pixels are made
_COEFFICIENT_BYTES = 2
_MAX_SCANS = 200  # a progressive JPEG has about ten; thousands are made to burn time
_MAX_TRIES = 8  # the stream, and copies of it without a flaw or two


def read_pages(data: FileData, bounds: FileBounds) -> list[Page]:
    """Return the one page of a JPEG file."""
    return [filled(Page(), lambda page: fill_page(page, data, bounds))]


def fill_page(page: Page, data: FileData, bounds: FileBounds) -> None:
    """Fill a page from a whole JPEG stream, turned as its EXIF block asks.

    Raises:
        BadPage: the stream is damaged, cut short or over the bounds; what its header says is in ``page`` by then.
    """
    header = read_header(data)
    whole = with_counted_height(data, header)
    if whole is not data:
        data, header = whole, read_header(whole)
    page.width_px, page.height_px = header.width, header.height
    page.set_dpi(header.dpi)
    page.bit_depth, page.quantisation = header.bits, header.quantisation
    page.colour_mode = COLOURS.get(header.components)
    page.grey = decode_grey(data, header, page.reduction, bounds)
    page.turn(header.orientation)


def decode_grey(data: FileData, header: JpegHeader, factor: int, bounds: FileBounds) -> Grey:
    """Return all pixels in grey, uint8 (height, width).

    Args:
        data: the stream.
        header: its header.
        factor: 1, 2, 4 or 8, by which the sides are divided, rounded up.
        bounds: what may be spent.

    Raises:
        BadPage: as ``fill_page``.
    """
    coefficients = header.samples_per_pixel * _COEFFICIENT_BYTES if header.is_progressive else 0.0
    bounds.check_image(header.width, header.height, 1 / factor**2 + coefficients)
    if header.is_progressive and sum(1 for _ in islice(re.finditer(b"\xff\xda", data), _MAX_SCANS + 1)) > _MAX_SCANS:
        raise BadPage("unreadable", f"more than {_MAX_SCANS} scans")
    if header.components == 4:
        raise BadPage("wrong_format", "the JPEG is CMYK")
    return _decode(data, header, factor)


def check_stream(data: bytes, bounds: FileBounds) -> None:
    """Decode a part of a picture strictly and to few pixels, whatever its colours; of two channels, nothing is said.

    Raises:
        BadPage: as ``fill_page``.
    """
    header = read_header(data)
    if header.components == _CMYK:
        bounds.check_image(header.width, header.height, _CMYK)
        try:
            simplejpeg.decode_jpeg(data, colorspace="CMYK", min_height=1, min_width=1, min_factor=8, strict=True)
        except ValueError as error:  # all that simplejpeg raises for bad data
            raise BadPage.from_library("libjpeg", error) from None
    elif header.components in COLOURS:
        decode_grey(data, header, _CHECK_FACTOR, bounds)


def _decode(data: FileData, header: JpegHeader, factor: int) -> Grey:
    """Decode the stream, or a copy without the flaws that libjpeg warns of and that harm no pixel."""
    height, width = (-(-side // factor) if factor > 1 else 0 for side in (header.height, header.width))
    fault: ValueError | None = None
    waiting: Iterator[FileData] = iter((data,))
    for _ in range(_MAX_TRIES):
        stream = next(waiting, None)
        if stream is None:
            break
        try:
            with reading_through(stream):
                grey = simplejpeg.decode_jpeg(
                    stream, colorspace="GRAY", min_height=height, min_width=width, min_factor=factor, strict=True
                )
            note_repair(stream is not data)
            return np.asarray(grey[..., 0], np.uint8)
        except ValueError as error:  # all that simplejpeg raises for bad data, libjpeg's warnings among them
            fault = fault or error
            waiting = chain(repair_jpeg(stream, str(error)), waiting)
    raise BadPage.from_library("libjpeg", fault or ValueError())
