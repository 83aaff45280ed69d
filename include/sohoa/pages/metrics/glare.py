"""Glare: what the image of a lamp on a glossy, laminated or wavy page washes out.

White paper is as bright as glare, so brightness alone tells nothing.

* On a page that is **not white** almost all over, a cover or a photograph, the page net (``pages.page_net``) tells
  light from paper, print and pictures by what is around it.
* On **white paper** light can only be seen by what it hides, over cells of 3 mm: cells whose *darkest* pixel is
  brighter than the page's own paper, or ink that fades away towards a place where there is none, by steps, as light
  added to it makes it. Print that ends, or that is pale, does so at once or without an order: a plane through the ink
  contrast of the surroundings explains little of it (local coefficient of determination). Thin dotted lines and seals
  look like that too, so a cell counts a twenty-fifth there.

What glare is follows ISO/TR 19263-1; the limits and methods are our own.
"""

from __future__ import annotations

from math import sqrt

import cv2
import numpy as np
from numpy.typing import NDArray

from sohoa.pages.page_net import EVEN, PER_NAT, PageMaps, mask_sheet
from sohoa.pages.reduce import Grey
from sohoa.pages.views import PageViews, percentiles, transpose

Floats = NDArray[np.float32]
Box = tuple[float, float, float, float]

_SURE = 152  # level of the map, odds of 4.5: such a cell counts in full, one below by the square of its odds
_LEVELS = np.arange(256)
_LOST = np.rint(1000 * np.exp((_LEVELS - _SURE) / 8).clip(0, 1)).astype(np.int64)  # thousandths of a cell
_ODDS = np.rint(1e6 * np.exp((_LEVELS - 255) / PER_NAT)).astype(np.int64)  # millionths of the highest odds
_ON_SHEET = np.rint(1000 / (1 + np.exp((EVEN - _LEVELS) / PER_NAT))).astype(np.int64)  # thousandths
_SUREST = 6  # cells by which a small light is told
_SMALL = 0.13  # share of the page that a small light stands for, if nothing were surer
_AROUND = 21  # cells, a third of the page, over which the light all around is seen
_OF_AROUND = (1, 2)  # of it is taken away: light that fades off over a page is no lamp's image
_SURE_LIGHT = 0.01  # share that a small light stands for which makes all cells count in full
_ONE_IN = 0.04  # of the cells that look like glare on white paper
_CELL_MM = 3.0
_MIN_CELLS = 8  # on the shorter side
_WHITE = 248  # paper as bright as that cannot be outshone
_BLOB_LEAST = 235
_BLOB_ABOVE = 10  # grey levels above the page's own paper
_BLOB_SOFT = 0.3  # of its light is left two cells off
_LEAST_WIDE = 20  # cells, 6 cm, that a field is wide whose edges can be told to be straight
_STRAIGHT = 0.9  # of that width where an edge keeps to its line by a cell
_MARGIN = 5  # grey levels by which glare outshines a margin
_STEP_RINGS = (3, 5)  # cells around the edge of a brighter half: two inside and two outside of it
_STEP_DONE = 0.25  # of the step that is left there; light fades over more
_INK = 15  # grey levels that make a cell inked
_FULL = 0.7  # share of the inked cells below the ink contrast that stands for full ink
_FULL_LEAST = 40
_FADED = (0.08, 0.8)  # of full ink
_STEP = 0.6  # largest step to a neighbouring cell, of full ink
_REACH = 13  # cells, 39 mm: full ink and none lie that near to what fades
_FALL = 0.65  # by which the ink contrast differs there
_WINDOW = 7  # cells, 21 mm, through whose contrast the plane is laid
_PLANE = (0.5, 0.8)  # share of the variance that it explains: no glare, surely glare
_FEW = 12  # inked cells, or no plane


def find_lights(maps: PageMaps, corners: NDArray[np.float64] | None) -> tuple[float, Box | None]:
    """Measure the share of a page that is not white which light hides, 0 to 1, and where the largest is.

    A lamp's image is small and yet hides what is under it: a light stands for at least as much as its surest cells are
    sure, up to an eighth of the page, by how much they stand out from a third of the page around them. Where none does,
    all cells count for less: the light falls off over the page. What lies on the ground beside the sheet counts for
    nothing.

    Args:
        maps: what the page net sees on it.
        corners: of the sheet in a photograph, x, y as shares: a lamp in the desk beside it hides nothing; null where
            all is the page.

    Returns:
        As ``measure_glare``.
    """
    light = maps.light
    inside = mask_sheet(light.shape, corners)
    on_sheet = _ON_SHEET[maps.sheet] * inside
    share = int((_LOST[light] * on_sheet).sum()) / max(1, int(inside.sum())) / 1e6
    surest = np.sort((_ODDS[_standing_out(light)] * on_sheet).ravel())[-_SUREST:]
    small = _SMALL * sqrt(int(surest.sum()) / _SUREST / 1e9)
    sure = min(1.0, small / _SURE_LIGHT)
    return max(share * sure * sure, small), _largest_box(((light >= EVEN) & (inside > 0)).astype(np.float32))


def _standing_out(light: Grey) -> Grey:
    """Return the map of light less a part of its own level all around."""
    taken, of = _OF_AROUND
    around = np.asarray(cv2.medianBlur(light, _AROUND)).astype(np.uint16)
    return np.asarray(cv2.subtract(light, (around * taken // of).astype(np.uint8)), np.uint8)


def measure_glare(views: PageViews) -> tuple[float, Box | None]:
    """Measure the share of a white page lost to glare, 0 to 1, and where the largest is.

    Returns:
        (share; x, y, width, height of the box around the largest glare as shares of the page, null where there is
        none).
    """
    cells = _darkest_and_brightest(views)
    if cells is None:
        return 0.0, None
    darkest, brightest = cells
    own = float(percentiles(brightest, 0.5)[0])
    lost = np.maximum(_blob(darkest, brightest, own), _hole(darkest, brightest, own))
    return _ONE_IN * float(lost.mean()), _largest_box(lost)


def _darkest_and_brightest(views: PageViews) -> tuple[Grey, Grey] | None:
    small, side = views.small, max(2, round(_CELL_MM * views.small_px_per_mm))
    rows, columns = small.shape[0] // side, small.shape[1] // side
    if min(rows, columns) < _MIN_CELLS:
        return None
    darkest, brightest = (_cells(small, side, pick) for pick in (np.minimum, np.maximum))
    return darkest, brightest


def _cells(image: Grey, side: int, pick: np.ufunc) -> Grey:
    """Return the darkest or brightest pixel of each whole square of ``side`` pixels."""
    rows, columns = image.shape[0] // side, image.shape[1] // side
    bands = pick.reduce(image[: rows * side, : columns * side].reshape(rows, side, columns * side), axis=1)
    turned = transpose(bands).reshape(columns, side, rows)
    return transpose(pick.reduce(turned, axis=1))


def _blob(darkest: Grey, brightest: Grey, own: float) -> Floats:
    is_bright = darkest >= max(_BLOB_LEAST, own + _BLOB_ABOVE)
    if not is_bright.any():
        return np.zeros(darkest.shape, np.float32)
    is_blob = cv2.morphologyEx(is_bright.astype(np.uint8), cv2.MORPH_OPEN, _square(3))
    if not is_blob.any():
        return np.zeros(darkest.shape, np.float32)
    count, parts = cv2.connectedComponents(is_blob)
    soft = [
        part
        for part in range(1, count)
        if _is_soft(parts == part, brightest, own)
        and not _is_margin(parts == part, brightest)
        and not _is_strip(parts == part, brightest, own)
        and not _is_field(parts == part)
    ]
    return np.isin(parts, soft).astype(np.float32)


def _is_soft(blob: NDArray[np.bool_], brightest: Grey, own: float) -> bool:
    """Return whether the light fades around the blob; around a white field on a coloured cover it ends at once."""
    around = [cv2.dilate(blob.astype(np.uint8), _square(side)) for side in (3, 5)]
    ring = brightest[(around[1] > around[0])]
    return ring.size > 0 and float(np.median(ring)) > own + _BLOB_SOFT * (float(brightest[blob].mean()) - own)


def _is_margin(blob: NDArray[np.bool_], brightest: Grey) -> bool:
    """Return whether the blob reaches a frame that is as bright all around: the white margin of a tinted page."""
    is_frame = np.ones(blob.shape, np.bool_)
    is_frame[1:-1, 1:-1] = False
    if not (blob & is_frame).any():
        return False
    return float(np.median(brightest[is_frame])) > float(brightest[blob].mean()) - _MARGIN


def _is_strip(blob: NDArray[np.bool_], brightest: Grey, own: float) -> bool:
    """Return whether the blob is paper of a strip of the scan that is brighter from side to side and ends at once."""
    level = float(brightest[blob].mean())
    _, parts = cv2.connectedComponents((brightest >= (own + level) / 2).astype(np.uint8))
    numbers, counts = np.unique(parts[blob], return_counts=True)
    strip = (parts == numbers[counts.argmax()]).astype(np.uint8)
    if not (strip[0].any() and strip[-1].any()) and not (strip[:, 0].any() and strip[:, -1].any()):
        return False
    near, far = (_square(side) for side in _STEP_RINGS)
    outside = brightest[cv2.dilate(strip, far) > cv2.dilate(strip, near)]
    inside = brightest[cv2.erode(strip, near) > cv2.erode(strip, far)]
    if not (outside.size and inside.size):
        return False
    rest = _STEP_DONE * (level - own)
    return float(np.median(inside)) >= level - rest and float(np.median(outside)) <= own + rest


def _is_field(blob: NDArray[np.bool_]) -> bool:
    """Return whether two opposite edges of the blob are straight: a field that was printed around, or left white."""
    return any(_has_straight_edges(turned) for turned in (blob, blob.T))


def _has_straight_edges(blob: NDArray[np.bool_]) -> bool:
    columns = blob[:, blob.any(axis=0)]
    if columns.shape[1] < _LEAST_WIDE:
        return False
    top, bottom = columns.argmax(axis=0), columns[::-1].argmax(axis=0)
    return all(float((np.abs(edge - np.median(edge)) <= 1).mean()) >= _STRAIGHT for edge in (top, bottom))


def _hole(darkest: Grey, brightest: Grey, own: float) -> Floats:
    near, far = _square(3), _square(_REACH)
    paper = cv2.dilate(brightest, near)
    contrast = np.asarray(cv2.subtract(paper, cv2.erode(darkest, near)), np.uint8)
    is_inked = contrast > _INK
    inked = contrast[is_inked]
    full = percentiles(inked, _FULL)[0] if inked.size >= 20 else 0
    if full < _FULL_LEAST:
        return np.zeros(contrast.shape, np.float32)
    ink = np.minimum(contrast / np.float32(full), np.float32(1.2))
    is_bright = paper >= (own - 8 if own >= _WHITE else max(own + 8, 245))
    fades = (ink > _FADED[0]) & (ink < _FADED[1]) & is_bright
    fades &= cv2.morphologyEx(ink, cv2.MORPH_GRADIENT, near) < _STEP
    fades &= cv2.morphologyEx(ink, cv2.MORPH_GRADIENT, far) > _FALL
    if not fades.any():
        return np.zeros(contrast.shape, np.float32)
    near_fades = _box_around(fades, _WINDOW)
    order = np.zeros(ink.shape, np.float32)
    explained = _plane_share(ink[near_fades], is_inked[near_fades])
    order[near_fades] = np.clip((explained - _PLANE[0]) / (_PLANE[1] - _PLANE[0]), 0, 1)
    return np.asarray(cv2.morphologyEx(np.where(fades, order, 0), cv2.MORPH_OPEN, _square(2)), np.float32)


def _box_around(cells: NDArray[np.bool_], more: int) -> tuple[slice, slice]:
    """Return the smallest box that holds all true cells, and ``more`` cells on each side."""
    spans = (np.flatnonzero(cells.any(axis=axis)) for axis in (1, 0))
    rows, columns = (slice(max(0, int(span[0]) - more), int(span[-1]) + more + 1) for span in spans)
    return rows, columns


def _plane_share(ink: Floats, is_inked: NDArray[np.bool_]) -> Floats:
    """Return how much of the variance of inked cells in each window a plane explains; 0 where there is too little."""
    weight = is_inked.astype(np.float32)
    y, x = (axis.astype(np.float32) for axis in np.indices(ink.shape))
    count = _sum(weight) + 1e-3
    mean_x, mean_y, mean = (_sum(weight * value) / count for value in (x, y, ink))
    xx = _sum(weight * x * x) / count - mean_x**2 + 0.1
    yy = _sum(weight * y * y) / count - mean_y**2 + 0.1
    xy = _sum(weight * x * y) / count - mean_x * mean_y
    xi = _sum(weight * x * ink) / count - mean_x * mean
    yi = _sum(weight * y * ink) / count - mean_y * mean
    variance = _sum(weight * ink * ink) / count - mean**2
    determinant = np.maximum(xx * yy - xy**2, 0.05)
    explained = (xi * xi * yy - 2 * xi * yi * xy + yi * yi * xx) / determinant
    return np.where((count > _FEW) & (variance > 0.004), explained / np.maximum(variance, 0.004), 0)


def _sum(values: Floats) -> Floats:
    size = (_WINDOW, _WINDOW)
    return np.asarray(cv2.boxFilter(values, -1, size, normalize=False, borderType=cv2.BORDER_CONSTANT), np.float32)


def _largest_box(lost: Floats) -> Box | None:
    is_lost = (lost > 0.3).astype(np.uint8)
    if not is_lost.any():
        return None
    _, _, boxes, _ = cv2.connectedComponentsWithStats(cv2.morphologyEx(is_lost, cv2.MORPH_CLOSE, _square(5)))
    x, y, width, height, _ = boxes[1 + boxes[1:, cv2.CC_STAT_AREA].argmax()].tolist()
    rows, columns = lost.shape
    return x / columns, y / rows, width / columns, height / rows


def _square(side: int) -> Grey:
    return np.ones((side, side), np.uint8)
