"""Rendering by PDFium, for pages that are not one full-page image."""

from __future__ import annotations

import math
import threading
from types import TracebackType

import numpy as np
import pypdfium2

from sohoa.pages.decode.page import MAX_GREY_PX
from sohoa.pages.decode.pdf_content import Box
from sohoa.pages.guard.bounds import FileBounds
from sohoa.pages.guard.faults import BadPage
from sohoa.pages.reduce import Grey

RENDER_DPI = 200
_POINTS_PER_INCH = 72.0
_BYTES_PER_PIXEL = 5  # the grey bitmap, and PDFium's own copy of an image in colour
_WHOLE_PX = 40_000_000  # A3 at 400 dpi; a larger page is rendered in bands, whose edges of letters may differ by a hair
_BAND_PX = 12_000_000
_HALF = 0.5
_BELOW = 1 - 1e-6  # PDFium rounds sides up: a hair less gives the image's own size, and no pixel is resampled
PDFIUM = threading.Lock()  # PDFium is not thread-safe


class Renderer:
    """One PDF in PDFium, opened when the first page is rendered."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._document: pypdfium2.PdfDocument | None = None

    def __enter__(self) -> Renderer:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        if self._document is not None:
            with PDFIUM:
                self._document.close()

    def render(self, number: int, box: Box, size: tuple[int, int] | None, bounds: FileBounds, paper: int = 255) -> Grey:
        """Return a page in grey: at the resolution of its images, else at 200 dpi.

        Args:
            number: page from 0.
            box: what is shown of the page.
            size: width and height in pixels of the page as its images make it up, if they do.
            bounds: what may be spent.
            paper: grey of what nothing is drawn on.

        Raises:
            BadPage: too_large before anything is rendered, unreadable where PDFium fails.
        """
        dpi = size[0] / box.width * _POINTS_PER_INCH * _BELOW if size else RENDER_DPI
        width, height = (max(1, round(side / _POINTS_PER_INCH * dpi)) for side in (box.width, box.height))
        while size is not None and width * height > MAX_GREY_PX:
            dpi, width, height = dpi / 2, max(1, width // 2), max(1, height // 2)
        bounds.check_image(width, height, _BYTES_PER_PIXEL)
        try:
            with PDFIUM:
                return self._render(number, dpi / _POINTS_PER_INCH, paper)
        except (pypdfium2.PdfiumError, ValueError, IndexError) as error:  # damaged page; bitmap refused; no such page
            raise BadPage.from_library("PDFium", error) from None

    def _render(self, number: int, scale: float, paper: int) -> Grey:
        if self._document is None:
            self._document = pypdfium2.PdfDocument(self._data)
        page = self._document[number]
        try:
            width, height = (math.ceil(side * scale) for side in (page.get_width(), page.get_height()))
            rows = height if width * height <= _WHOLE_PX else max(1, _BAND_PX // width)
            bands = [
                _render_band(page, scale, paper, top, max(0, height - top - rows)) for top in range(0, height, rows)
            ]
            return bands[0] if len(bands) == 1 else np.vstack(bands)
        finally:
            page.close()


def _render_band(page: pypdfium2.PdfPage, scale: float, paper: int, above: int, below: int) -> Grey:
    """Return the page but for the rows above and below."""
    crop = (0, max(0, below - _HALF) / scale, 0, max(0, above - _HALF) / scale)  # pypdfium2 rounds up to whole rows
    fill = (paper, paper, paper, 255)
    bitmap = page.render(scale=scale, crop=crop, grayscale=True, draw_annots=False, fill_color=fill)
    try:
        return np.array(bitmap.to_numpy()).reshape(bitmap.height, bitmap.width).astype(np.uint8, copy=False)
    finally:
        bitmap.close()
