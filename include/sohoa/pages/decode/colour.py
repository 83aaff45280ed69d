"""A second, small decoding in colour of pages that have been decoded before, without fault, in grey."""

from __future__ import annotations

import io
from contextlib import closing
from types import TracebackType

import cv2
import numpy as np
import pikepdf
import pypdfium2
import simplejpeg
from PIL import Image

from sohoa.pages.decode import jpeg_header, pdf_content, pdf_images
from sohoa.pages.decode.pdf_render import PDFIUM
from sohoa.pages.decode.pillow import PILLOW_ERRORS
from sohoa.pages.faults import BadPage
from sohoa.pages.files import FileData, reading_through
from sohoa.pages.reduce import Grey

_FACTOR = 8
_RENDER_SCALE = 36 / 72  # 36 dpi
_MOST_RENDERED = 2_000  # pixels of a side


class ColourReader:
    """Pages of one file in colour, at about an eighth of their sides."""

    def __init__(self, data: FileData, name: str | None) -> None:
        self._data, self._name = data, name
        self._pdf: pikepdf.Pdf | None = None

    def __enter__(self) -> ColourReader:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        if self._pdf is not None:
            self._pdf.close()

    def page(self, number: int) -> Grey | None:
        """Page ``number`` from 1, uint8 (height, width, 3) in blue, green, red; null where it cannot be had."""
        try:
            if self._name == "jpeg":
                return _from_jpeg(self._data)
            return self._from_pdf(number) if self._name == "pdf" else _from_picture(self._data, number)
        except (BadPage, MemoryError, pypdfium2.PdfiumError, cv2.error, *pdf_images.PIKEPDF_ERRORS, *PILLOW_ERRORS):
            return None

    def _from_pdf(self, number: int) -> Grey:
        if self._pdf is None:
            self._pdf = pikepdf.open(io.BytesIO(self._data), inherit_page_attributes=False)
        page = self._pdf.pages[number - 1]
        box = pdf_content.visible_box(page)
        scan, is_alone = pdf_content.find_scan(page, box)
        if scan is not None and is_alone and pdf_images.filters_of(scan.image) == ["/DCTDecode"]:
            return _from_jpeg(bytes(scan.image.read_raw_bytes()))
        scale = min(_RENDER_SCALE, _MOST_RENDERED / max(box.width, box.height))
        with PDFIUM, closing(pypdfium2.PdfDocument(self._data)) as document:
            return np.array(document[number - 1].render(scale=scale, draw_annots=False).to_numpy())[..., :3].copy()


def _from_jpeg(data: FileData) -> Grey:
    header = jpeg_header.read_header(data)
    height, width = -(-header.height // _FACTOR), -(-header.width // _FACTOR)
    with reading_through(data):
        return np.asarray(
            simplejpeg.decode_jpeg(data, colorspace="BGR", min_height=height, min_width=width, min_factor=_FACTOR)
        )


def _from_picture(data: FileData, number: int) -> Grey:
    with Image.open(io.BytesIO(data), formats=("PNG", "TIFF")) as image:
        image.seek(number - 1)
        small = image.convert("RGB").reduce(max(1, min(_FACTOR, *image.size)))
        return np.asarray(small, np.uint8)[..., ::-1].copy()
