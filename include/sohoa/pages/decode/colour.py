"""A second, small decoding in colour of pages that have been decoded before in grey."""

from __future__ import annotations

from contextlib import closing
from types import TracebackType

import cv2
import numpy as np
import pikepdf
import pypdfium2
import simplejpeg

from sohoa.pages.decode import jpeg_header, pdf_content, pdf_images, pdf_open, png, tiff
from sohoa.pages.decode.file_data import FileData, reading_through
from sohoa.pages.decode.page import turn_upright
from sohoa.pages.decode.pdf_render import PDFIUM
from sohoa.pages.decode.pillow import PILLOW_ERRORS
from sohoa.pages.guard.faults import BadPage
from sohoa.pages.reduce import Grey

_FACTOR = 8
_MAX_PAGES = 100_000  # of a file whose pages have been counted before
_RENDER_SCALE = 36 / 72  # 36 dpi
_MAX_RENDERED = 2_000  # pixels of a side


class ColourReader:
    """Pages of one file in colour, at about an eighth of their sides."""

    def __init__(self, data: FileData, name: str | None) -> None:
        """Read a file of the format ``name``, what ``file_format`` says of it."""
        self._data, self._name = data, name
        self._pdf: pikepdf.Pdf | None = None
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
        except (BadPage, MemoryError, pypdfium2.PdfiumError, cv2.error, *pdf_images.PIKEPDF_ERRORS, *PILLOW_ERRORS):
            return None

    def _from_pdf(self, number: int, least_px: int) -> Grey:
        if self._pdf is None:
            self._pdf = pdf_open.open_pdf(pdf_open.without_zeros(bytes(self._data)), _MAX_PAGES)
        page = self._pdf.pages[number - 1]
        box = pdf_content.visible_box(page)
        placed, is_alone = pdf_content.find_placed(page, box)
        if len(placed) == 1 and is_alone and placed[0].fills(box) and placed[0].quarter is not None:
            stream = pdf_images.plain_jpeg(placed[0].image)
            if stream is not None:
                colour, _ = self._from_jpeg(number, stream, least_px)
                return np.ascontiguousarray(np.rot90(colour, placed[0].quarter - box.turn // 90))
        long_side = max(box.width, box.height)
        scale = min(max(_RENDER_SCALE, least_px / long_side), _MAX_RENDERED / long_side)
        with PDFIUM, closing(pypdfium2.PdfDocument(self._data)) as document:
            return np.array(document[number - 1].render(scale=scale, draw_annots=False).to_numpy())[..., :3].copy()

    def _from_picture(self, number: int, least_px: int) -> Grey:
        def divisor(width: int, height: int) -> int:
            return max(1, min(_factor(max(width, height), least_px), width, height))

        if self._name == "tiff":
            with reading_through(self._data):
                colour, orientation = tiff.read_colour(self._data, number, divisor)
            return turn_upright(colour[..., ::-1].copy(), orientation)
        return png.read_colour(bytes(self._data), divisor)[..., ::-1].copy()

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
