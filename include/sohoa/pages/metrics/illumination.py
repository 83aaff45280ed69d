"""Light: how unevenly the paper is lit."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sohoa.pages.page_net import EVEN, PER_NAT, PageMaps
from sohoa.pages.reduce import Grey
from sohoa.pages.views import PageViews, percentiles

_CELL_PX = 4  # of ``small``: 1.4 mm of A4
_SHARP = 0.028  # of its grey that the paper changes within 1.7 mm: print, not shade
_SHARP_FROM = np.ceil(_SHARP * np.maximum(np.arange(256), 30)).astype(np.uint8)  # change, for each grey of paper
_BED = 40  # grey levels that only scanner bed has
_DARK, _BRIGHT = 0.04, 0.95  # shares of the paper that are darker than what is compared
_LEAST_PAPER = 0.1  # of the page, or it is a picture: how that was lit nobody knows
_LEAST_PART = 0.005  # of the page; a smaller field hardly counts
_EDGE_CELLS = (5, 6)  # 7 or 8 mm beyond a field: there print and things have ended, and shade still fades
_BRIDGED_CELLS = 21  # 30 mm: print on a field is narrower in one direction
_ENDED = 0.6  # of all around a field
_HARDLY_GROUND = EVEN - 2 * PER_NAT  # level of the net's map of the sheet: one chance in eight, so that shade stays

Paper = tuple[Grey, NDArray[np.bool_]]
"""Grey of the paper by cells, and which of them tell how it is lit."""


def measure_illumination(views: PageViews) -> float:
    """Measure one minus the dark over the bright level (p4, p95) of the paper, 0 for even light or without paper.

    Pictures, tints and what lies beside the sheet are left out: fields that a sharp edge closes off from the largest
    one. Shade falls from beyond the frame and fades. The method is our own.
    """
    return _range(*views.once(find_paper)) or 0.0


def find_paper(views: PageViews) -> Paper:
    """Find the paper that tells how the page is lit."""
    cells, is_smooth = _cells(np.asarray(cv2.medianBlur(views.half_paper, 3), np.uint8))
    return cells, _is_lit(is_smooth) & (cells > _BED)


def measure_on_sheet(paper: Paper, maps: PageMaps) -> float:
    """Measure it where the page net sees a sheet: a desk is darker by itself, not by shade.

    Where the net sees hardly any sheet, all is measured; a part of the paper never reads more than all of it.
    """
    cells, is_lit = paper
    sheet = cv2.resize(maps.sheet, cells.shape[::-1], interpolation=cv2.INTER_NEAREST)
    everywhere, on_sheet = _range(cells, is_lit) or 0.0, _range(cells, is_lit & (sheet >= _HARDLY_GROUND))
    return everywhere if on_sheet is None else min(everywhere, on_sheet)


def _range(cells: Grey, is_lit: NDArray[np.bool_]) -> float | None:
    """Return one minus the dark over the bright level of the lit cells, null where they are too few."""
    used = cells[is_lit]
    if used.size < _LEAST_PAPER * cells.size:
        return None
    dark, bright = percentiles(used, _DARK, _BRIGHT)
    return 1.0 - dark / max(bright, 1)


def _cells(paper: Grey) -> tuple[Grey, Grey]:
    """Return the paper by cells, and where it changes but slowly, uint8 0 or 1."""
    size = tuple(max(1, side * 2 // _CELL_PX) for side in paper.shape[::-1])
    steps = cv2.morphologyEx(paper, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    cells, change = (
        np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8) for image in (paper, steps)
    )
    is_smooth = cv2.compare(cv2.LUT(cells, _SHARP_FROM), change, cv2.CMP_GT)
    is_smooth = cv2.threshold(is_smooth, 0, 1, cv2.THRESH_BINARY)[1]
    return cells, np.asarray(cv2.erode(is_smooth, np.ones((3, 3), np.uint8), borderValue=1), np.uint8)


def _is_lit(is_smooth: Grey) -> NDArray[np.bool_]:
    """Return which cells are the largest field, or hang together with the frame and fade into what is around."""
    count, parts = cv2.connectedComponents(is_smooth, connectivity=4, ltype=cv2.CV_16U)
    areas, keep = np.ravel(cv2.calcHist([parts], [0], None, [count], [0, count])), np.zeros(count, bool)
    for side in (parts[0], parts[-1], parts[:, 0], parts[:, -1]):
        keep[side] = True
    largest = 1 + int(areas[1:].argmax()) if count > 1 else 0
    for part in np.flatnonzero(keep & (areas >= _LEAST_PART * is_smooth.size)):
        keep[part] = part in (0, largest) or not _ends_at_once((parts == part).astype(np.uint8), is_smooth)
    keep[largest] = True
    keep[0] = False
    return np.asarray(keep.take(parts), np.bool_)


def _ends_at_once(part: Grey, is_smooth: Grey) -> bool:
    """Return whether the paper is smooth again 7 or 8 mm beyond the field."""
    bridged = cv2.morphologyEx(part, cv2.MORPH_CLOSE, np.ones((_BRIDGED_CELLS,) * 2, np.uint8))
    outlines, _ = cv2.findContours(bridged, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    whole = cv2.drawContours(bridged, outlines, -1, 1, cv2.FILLED)  # with the print on it
    return any(_share_around(whole, is_smooth, reach) >= _ENDED for reach in _EDGE_CELLS)


def _share_around(field: Grey, is_smooth: Grey, reach: int) -> float:
    """Return how much of the line at that distance around a field is smooth, 0 where all of it is beyond the frame."""
    near, far = (cv2.dilate(field, np.ones((2 * cells + 1,) * 2, np.uint8)) for cells in (reach - 1, reach))
    around = is_smooth[far > near]
    return float(around.mean()) if around.size else 0.0
