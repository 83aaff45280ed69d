"""A second, small decoding in colour of pages that have been decoded before in grey."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

import cv2
import numpy as np
import simplejpeg

from sohoa.pages.decode import jpeg_header
from sohoa.pages.decode.file_data import FileData, reading_through
from sohoa.pages.decode.page import turn_upright
from sohoa.pages.guard.faults import BadPage
from sohoa.pages.reduce import Grey

if TYPE_CHECKING:  # the libraries of all formats take 15 MB and a tenth of a second
    from sohoa.pages.decode.pdf_colour import PdfColours

_FACTOR = 8


class ColourReader:
    """Pages of one file in colour, at about an eighth of their sides."""

    def __init__(self, data: FileData, name: str | None) -> None:
        """Read a file of the format ``name``, what ``file_format`` says of it."""
        self._data, self._name = data, name
        self._pdf: PdfColours | None = None
        self._last: tuple[int, int, Grey] | None = None  # page, factor and picture of the last JPEG

    def __enter__(self) -> ColourReader:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        if self._pdf is not None:
            self._pdf.close()

    def page(self, number: int, least_px: int = 0) -> Grey | None:
        """Return the page ``number`` from 1 as a reader shows it, uint8 (height, width, 3) in blue, green, red.

        Null where it cannot be had. Of a JPEG that is cut short, what is lost is grey. The last JPEG is kept: who asks
        for a page again, at the same size, waits for no decoder.

        Args:
            number: of the page.
            least_px: pixels that the long side shall have at least, where the page has as many.
        """
        try:
            if self._name == "jpeg":
                return turn_upright(*self._from_jpeg(number, self._data, least_px))
            from_file = self._from_pdf if self._name == "pdf" else self._from_picture
            return from_file(number, least_px)
        except (BadPage, MemoryError, ValueError, cv2.error):  # simplejpeg raises ValueError alone
            return None

    def _from_pdf(self, number: int, least_px: int) -> Grey:
        from sohoa.pages.decode.pdf_colour import PdfColours

        if self._pdf is None:
            self._pdf = PdfColours(self._data)
        found = self._pdf.find_jpeg(number)
        if found is None:
            return self._pdf.draw(number, least_px)
        stream, quarters = found
        colour, _ = self._from_jpeg(number, stream, least_px)
        return np.ascontiguousarray(np.rot90(colour, quarters))

    def _from_picture(self, number: int, least_px: int) -> Grey:
        from sohoa.pages.decode import pillow, png, tiff

        def divisor(width: int, height: int) -> int:
            return max(1, min(_factor(max(width, height), least_px), width, height))

        try:
            if self._name == "tiff":
                with reading_through(self._data):
                    colour, orientation = tiff.read_colour(self._data, number, divisor)
                return turn_upright(colour[..., ::-1].copy(), orientation)
            return png.read_colour(bytes(self._data), divisor)[..., ::-1].copy()
        except pillow.PILLOW_ERRORS as error:
            raise BadPage.from_library("Pillow", error) from None

    def _from_jpeg(self, number: int, data: FileData, least_px: int) -> tuple[Grey, int]:
        """Return the picture as stored, and the orientation of its EXIF block, by which a PDF does not turn it."""
        header = jpeg_header.read_header(data)
        factor = _factor(max(header.width, header.height), least_px)
        if self._last is None or self._last[:2] != (number, factor):
            self._last = number, factor, _decode(data, header, factor)
        return self._last[2], header.orientation


def _factor(side: int, least_px: int) -> int:
    """Return the whole number by which a side is divided, one that libjpeg knows."""
    factor = _FACTOR
    while factor > 1 and side / factor < least_px:
        factor //= 2
    return factor


def _decode(data: FileData, header: jpeg_header.JpegHeader, factor: int) -> Grey:
    height, width = (-(-side // factor) for side in (header.height, header.width))
    with reading_through(data):
        colour = simplejpeg.decode_jpeg(
            data, colorspace="BGR", min_height=height, min_width=width, min_factor=factor, strict=False
        )
    return np.asarray(colour, np.uint8)
