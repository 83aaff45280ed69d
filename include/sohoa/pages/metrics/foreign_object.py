"""Foreign object: a finger or clip that covers part of the page from its frame inwards."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sohoa.pages.reduce import Grey, shrink
from sohoa.pages.views import PageViews, percentiles

_DARKER = (0.12, 0.45)  # of the paper; the second parts an object from shade that it lies in
_SHARP = 0.08  # of the paper that the object's edge drops within 2 mm; a shadow fades
_MIN_MM2 = 60.0
_WIDTH_MM = (6.0, 45.0)  # along the frame: thinner is ink, longer is bed or a picture
_REACH_MM = (6.0, 90.0)  # into the page
_SOLID = 0.6  # of its box that it fills; a corner of the bed or a folded one is a triangle, half of it
_BED = 70  # grey levels; darker, from one side of a corner to the other, is the bed
_STRAIGHT = 0.85  # of its box that print with straight sides fills
_FLAT = 0.025  # of the paper by which the tone of print differs within it; a thing has a lit and a shaded side
_PICTURE = 0.4  # of the paper by which it differs in a picture
_MOST_MARKS = 0.25  # of it that carries marks; more is a picture or print
_MARK = 20  # grey levels
_ON_PAPER = 0.7  # of the ground around an object that is as light as paper
_GROUND = 0.65  # of the paper


def measure_foreign_object(views: PageViews) -> float:
    """Measure the share of the page that the largest object at the frame covers, 0 to 1.

    An object is a solid field darker than the paper, without ink, that lies on paper, that one side or one corner of
    the frame cuts over 6 to 45 mm and that ends sharply. A field with straight sides in one tone is print, as a
    letterhead's; a black corner is the bed; a tinted or folded one is a triangle; what has all tones is a picture.
    """
    found = _find(views)
    return 0.0 if found is None else found[0]


def find_foreign_object(views: PageViews) -> tuple[float, float, float, float] | None:
    """Return x, y, width, height of the box around that object as shares of the page, null where there is none."""
    found = _find(views)
    return None if found is None else found[1]


def _find(views: PageViews) -> tuple[float, tuple[float, float, float, float]] | None:
    """Return the share of the page and box of the largest object."""
    thin = views.half_paper
    paper = percentiles(thin[::2, ::2], 0.7)[0]
    frame = min(int(side.min()) for side in (thin[:2], thin[-2:], thin[:, :2], thin[:, -2:]))
    if frame >= (1 - _DARKER[0]) * paper:
        return None
    cells, marks, scale = _square_millimetres(views)
    objects = [box for darker in _DARKER for box in _objects(cells, marks, paper, (1 - darker) * paper, scale)]
    if not objects:
        return None
    x, y, width, height, area = max(objects, key=lambda box: box[-1])
    rows, columns = cells.shape
    return area / cells.size, (x / columns, y / rows, width / columns, height / rows)


def _objects(cells: Grey, marks: Grey, paper: int, level: float, scale: float) -> list[list[int]]:
    """Return x, y, width, height and area, in cells, of the objects darker than ``level``."""
    count, parts, boxes, _ = cv2.connectedComponentsWithStats((cells < level).astype(np.uint8), connectivity=4)
    return [
        boxes[part].tolist()
        for part in range(1, count)
        if boxes[part, cv2.CC_STAT_AREA] >= _MIN_MM2 * scale**2
        and _lies_at_frame(parts, part, boxes[part].tolist(), scale)
        and _drop_at_edge(cells, parts == part) >= _SHARP * paper
        and float((marks[parts == part] > _MARK).mean()) <= _MOST_MARKS
        and _is_thing(cells, parts == part, boxes[part].tolist(), paper)
    ]


def _square_millimetres(views: PageViews) -> tuple[Grey, Grey, float]:
    """Return the paper and the ink by cells of about 1 mm, and cells per millimetre."""
    factor = max(1, min(round(views.small_px_per_mm), *views.paper.shape))
    return shrink(views.paper, factor), shrink(views.ink, factor), views.small_px_per_mm / factor


def _lies_at_frame(parts: NDArray[np.int32], part: int, box: list[int], scale: float) -> bool:
    """Return whether one side or one corner of the frame cuts the part as it would cut a finger."""
    width, height, area = box[2:]
    if area < _SOLID * width * height or width == parts.shape[1] or height == parts.shape[0]:
        return False
    lines = ((parts[:, 0], width), (parts[:, -1], width), (parts[0], height), (parts[-1], height))
    cuts = [(int((line == part).sum()) / scale, reach / scale) for line, reach in lines]
    cuts = [cut for cut in cuts if cut[0]]
    if not 1 <= len(cuts) <= 2:
        return False
    cut, reach = max(cuts)[0], max(reach for _, reach in cuts)
    return _WIDTH_MM[0] <= cut <= _WIDTH_MM[1] and _REACH_MM[0] <= reach <= _REACH_MM[1]


def _is_thing(cells: Grey, part: NDArray[np.bool_], box: list[int], paper: int) -> bool:
    """Return whether the part lies on paper and is neither print with straight sides, nor bed, nor a picture."""
    x, y, width, height, _ = box
    inside, square = part.astype(np.uint8), np.ones((3, 3), np.uint8)
    tones = cells[cv2.erode(inside, square, borderValue=1) > 0]
    low, high = percentiles(tones if tones.size else cells[part], 0.1, 0.9)
    ground = cells[(cv2.dilate(inside, square, iterations=3) > cv2.dilate(inside, square))]
    middle = percentiles(tones if tones.size else cells[part], 0.55)[
        0
    ]  # letters in white leave half of a block as it is
    is_straight = _outlined(part[y : y + height, x : x + width]) >= _STRAIGHT
    is_print = is_straight and middle - low <= _FLAT * paper
    is_corner = (x == 0 or x + width == cells.shape[1]) and (y == 0 or y + height == cells.shape[0])
    is_bed = is_corner and (low + high) / 2 < _BED
    is_on_paper = ground.size > 0 and float((ground >= _GROUND * paper).mean()) >= _ON_PAPER
    return is_on_paper and not is_print and not is_bed and high - low <= _PICTURE * paper


def _outlined(part: NDArray[np.bool_]) -> float:
    """Return the share of its box that a part fills with all that lies between the ends of its rows."""
    width = part.shape[1]
    ends = width - part.argmax(axis=1) - part[:, ::-1].argmax(axis=1)
    return float(ends.sum() / part.size)


def _drop_at_edge(cells: Grey, part: NDArray[np.bool_]) -> float:
    """Return the grey levels between just inside and just outside of the part."""
    inside, square = part.astype(np.uint8), np.ones((3, 3), np.uint8)
    outside = cv2.dilate(inside, square, iterations=2) > cv2.dilate(inside, square)
    rim = inside > cv2.erode(inside, square, borderValue=1)
    return float(cells[outside].mean() - cells[rim].mean()) if outside.any() and rim.any() else 0.0
