"""Sketches: pages so small that the captures of one sheet can be laid on one another."""

from __future__ import annotations

import base64

import cv2
import numpy as np

from sohoa.pages.decode import file_format, read_pages
from sohoa.pages.decode.file_data import FileData
from sohoa.pages.decode.page import Page
from sohoa.pages.guard.bounds import FileBounds
from sohoa.pages.reduce import Grey

SKETCH_DPI = 20
_MAX_PX = 4_000  # of a side: 5 m of paper


def draw_sketches(data: FileData, bounds: FileBounds) -> list[str | None]:
    """Draw each page at ``SKETCH_DPI`` as a grey PNG in base64; null where its scale is not known or nothing came out.

    Raises:
        BadPage: the file cannot be read; for one that was measured without fault this does not happen.
    """
    return [_draw(page) for page in read_pages(data, file_format(data), bounds)]


def read_sketch(text: str) -> Grey:
    """Return the image of a sketch, uint8 (height, width)."""
    return np.asarray(cv2.imdecode(np.frombuffer(base64.b64decode(text), np.uint8), cv2.IMREAD_GRAYSCALE), np.uint8)


def _draw(page: Page) -> str | None:
    if page.grey is None or not (page.dpi_x and page.dpi_y and page.width_px and page.height_px):
        return None
    size = [
        round(pixels / dpi * SKETCH_DPI) for pixels, dpi in ((page.width_px, page.dpi_x), (page.height_px, page.dpi_y))
    ]
    if not 0 < min(size) <= max(size) <= _MAX_PX:
        return None
    coded = cv2.imencode(".png", cv2.resize(page.grey, size, interpolation=cv2.INTER_AREA))[1]
    return base64.b64encode(coded.tobytes()).decode("ascii")
