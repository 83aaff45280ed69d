"""Pages of a PDF in colour: the JPEG that a page is, else a small drawing of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import numpy as np
import pypdfium2

from sohoa.pages.decode import pdf_content, pdf_images, pdf_open
from sohoa.pages.decode.file_data import FileData
from sohoa.pages.decode.pdf_render import PDFIUM
from sohoa.pages.guard.faults import BadPage
from sohoa.pages.reduce import Grey

_MAX_PAGES = 100_000  # of a file whose pages have been counted before
_RENDER_SCALE = 36 / 72  # 36 dpi
_MAX_RENDERED = 2_000  # pixels of a side


@contextmanager
def _faults() -> Iterator[None]:
    try:
        yield
    except (pypdfium2.PdfiumError, *pdf_images.PIKEPDF_ERRORS) as error:
        raise BadPage.from_library("PDF", error) from None


class PdfColours:
    """The pages of one PDF; what cannot be read raises ``BadPage``."""

    def __init__(self, data: FileData) -> None:
        """Open it."""
        self._data = data
        with _faults():
            self._pdf = pdf_open.open_pdf(pdf_open.without_zeros(bytes(data)), _MAX_PAGES)

    def close(self) -> None:
        """Let go of it."""
        self._pdf.close()

    def find_jpeg(self, number: int) -> tuple[bytes, int] | None:
        """Return the JPEG that is all of the page ``number`` from 1, and its quarter turns; null where none is."""
        with _faults():
            page = self._pdf.pages[number - 1]
            box = pdf_content.visible_box(page)
            placed, is_alone = pdf_content.find_placed(page, box)
            if not (len(placed) == 1 and is_alone and placed[0].fills(box) and placed[0].quarter is not None):
                return None
            stream = pdf_images.plain_jpeg(placed[0].image)
            return None if stream is None else (stream, placed[0].quarter - box.turn // 90)

    def draw(self, number: int, least_px: int) -> Grey:
        """Draw the page with at least so many pixels on its long side, in blue, green, red."""
        with _faults():
            box = pdf_content.visible_box(self._pdf.pages[number - 1])
            long_side = max(box.width, box.height)
            scale = min(max(_RENDER_SCALE, least_px / long_side), _MAX_RENDERED / long_side)
            with PDFIUM, closing(pypdfium2.PdfDocument(self._data)) as document:
                return np.array(document[number - 1].render(scale=scale, draw_annots=False).to_numpy())[..., :3].copy()
