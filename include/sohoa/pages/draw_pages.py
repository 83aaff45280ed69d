"""Small pictures of pages that failed, and where on them a metric found what it found."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np

from sohoa.pages.decode import file_format
from sohoa.pages.decode.colour import ColourReader
from sohoa.pages.decode.file_data import FileData
from sohoa.pages.metrics.dark_border import dark_shares
from sohoa.pages.metrics.edge_cut import count_cuts
from sohoa.pages.metrics.foreign_object import find_foreign_object, find_hand
from sohoa.pages.page_net import paint_maps
from sohoa.pages.reduce import Grey
from sohoa.pages.sheet import view_sheet
from sohoa.pages.views import MIN_SIDE_PX, PageViews

LONG_SIDE_PX = 320
"""Of a picture: a page is recognised, small print is not read."""

_QUALITY = 60
_MM_PER_INCH = 25.4
_SIDE = 0.04  # of the page: how deep the strip at a side is that stands for the side
MEASURED_PX = 1754  # 150 dpi of A4, what the metrics of the frame look at
_SIDES = (
    (0.0, 0.0, 1.0, _SIDE),
    (0.0, 1 - _SIDE, 1.0, _SIDE),
    (0.0, 0.0, _SIDE, 1.0),
    (1 - _SIDE, 0.0, _SIDE, 1.0),
)  # top, bottom, left, right

Box = tuple[float, float, float, float]


def draw_pages(data: FileData, wanted: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Draw pictures of some pages of one file, for what is not kept in their rows.

    Args:
        data: the file.
        wanted: of each page ``page_no``; ``columns``, the metrics to find the place of (keys of ``PLACES``, others are
            ignored); ``width_mm`` as in its row.

    Returns:
        Of each page ``jpeg`` (base64), its ``width`` and ``height`` in pixels, and ``places``: column -> box as shares
        of the page, only where there is one. Empty where no picture can be had.
    """
    needs_detail = any(set(PLACES).intersection(page["columns"]) for page in wanted)
    least_px = MEASURED_PX if needs_detail else LONG_SIDE_PX
    with ColourReader(data, file_format(data)) as reader:
        return [_draw(reader.page(page["page_no"], least_px), page) for page in wanted]


def _draw(colour: Grey | None, page: dict[str, Any]) -> dict[str, Any]:
    if colour is None:
        return {}
    small = _fit(colour)
    coded = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1]
    columns = [name for name in PLACES if name in page["columns"]]
    return {
        "jpeg": base64.b64encode(coded.tobytes()).decode("ascii"),
        "width": small.shape[1],
        "height": small.shape[0],
        "places": find_places(colour, columns, page["width_mm"]),
    }


def _fit(colour: Grey) -> Grey:
    scale = min(1.0, LONG_SIDE_PX / max(colour.shape[:2]))
    size = [max(1, round(side * scale)) for side in colour.shape[1::-1]]
    return np.asarray(cv2.resize(colour, size, interpolation=cv2.INTER_AREA), np.uint8)


def find_places(colour: Grey, columns: Sequence[str], width_mm: float | None) -> dict[str, Box]:
    """Find where on a page these metrics see what they measure, as shares of it; keys of ``PLACES``."""
    if not columns or min(colour.shape[:2]) < MIN_SIDE_PX:
        return {}
    grey = np.asarray(cv2.cvtColor(colour, cv2.COLOR_BGR2GRAY), np.uint8)
    whole = PageViews.of(grey, grey.shape[1] / width_mm * _MM_PER_INCH if width_mm else None, lambda: colour)
    views, sheet = view_sheet(whole)
    found = {name: PLACES[name](views) for name in columns}
    boxes = {name: box for name, box in found.items() if box is not None}
    placed = boxes if sheet is None else {name: sheet.box_in_picture(box) for name, box in boxes.items()}
    if "foreign_object" in columns and "foreign_object" not in placed:
        _, hand = find_hand(colour, paint_maps(colour), None if sheet is None else sheet.corners)
        placed |= {} if hand is None else {"foreign_object": hand}
    return placed


def _worst_side(values: Sequence[float]) -> Box | None:
    return _SIDES[int(np.argmax(values))] if max(values) > 0 else None


PLACES: dict[str, Callable[[PageViews], Box | None]] = {
    "edge_cut": lambda views: _worst_side(count_cuts(views)),
    "border_dark": lambda views: _worst_side(dark_shares(views)),
    "foreign_object": find_foreign_object,
}
"""Metric whose place is not kept in the row of a page -> how it is found."""
