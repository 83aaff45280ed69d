"""A sheet that lies on a ground, as a camera sees it: where it is, how aslant, and the sheet alone, laid flat.

A scan shows the sheet from frame to frame, with the scanner's bed along one side or some. A photograph shows it with
the ground all around, or along three sides and from aslant. What is measured then is measured on the sheet.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from sohoa.pages.reduce import Grey
from sohoa.pages.views import A4_LONG_MM, MIN_SIDE_PX, PageViews, is_level_above, percentiles

Points = NDArray[np.float64]
Box = tuple[float, float, float, float]

_SHARES = (0.08, 0.96)  # of the picture that a sheet covers; less is a thing that lies about, more is a page
_SOLID = 0.9  # of its hull that a sheet covers: print that runs to its rim may eat into it
_FITS = 0.93  # of its four-sided figure that a sheet covers: paper bends
_DARKER = 20  # grey levels by which the ground is darker than the sheet
_LABEL = (
    0.35,
    0.55,
)  # of the picture, and of a field's grey: a smaller field on a brighter ground is a package's label
_PITCH_BLACK, _MOSTLY = 2, 0.9  # grey level that no ground in the light of a room has, but a scanner's lid may
_NEAR_FRAME = 0.02  # of the long side: a sheet that near goes on beyond the picture
_ASLANT = 0.025  # opposite sides that differ more are seen from aslant; a scanner has none of it
_BOOK = 0.045  # but the bent page of a book that goes on beyond the frame
_WIDE_GROUND = (
    0.4  # share of the picture beside such a sheet that no scanner shows, but where the sheet lies along the frame
)
_LEAST_PX = 60  # of the shorter side of what is looked at: less shows no sheet
_ENDS = 0.05  # of a side, at its corners, that is not looked at: corners are torn and bent
_BENT = 0.03  # of a side by which a bent one leaves its line
_NEAR_CORNER = 0.1  # of a side: its lines meet no farther from the corner
_INSET = 0.006  # of each side: what is left of the ground at a curved rim
_BAND = 128  # rows laid flat at a time


@dataclass(frozen=True)
class Sheet:
    """A sheet on a ground.

    Attributes:
        corners: top left, top right, bottom right, bottom left; x, y as shares of the picture.
        perspective: by how much the shorter of two opposite sides is shorter, 0 to 1, of the worse pair.
        at_frame: whether the frame of the picture cuts the sheet at its top, bottom, left and right.
    """

    corners: Points
    perspective: float
    at_frame: tuple[bool, bool, bool, bool]

    def box_in_picture(self, box: Box) -> Box:
        """Return the box in the picture around a box on the sheet laid flat; both x, y, width, height as shares."""
        x, y, width, height = box
        around = np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]])
        seen = np.column_stack([around, np.ones(4)]) @ _to_picture(self.corners).T
        places = (seen[:, :2] / seen[:, 2:]).clip(0, 1)
        (left, top), (right, bottom) = places.min(axis=0).tolist(), places.max(axis=0).tolist()
        return left, top, right - left, bottom - top


def find_sheet(views: PageViews) -> Sheet | None:
    """Find the sheet of a photograph; null where the page is no photograph of a sheet, as far as can be seen."""
    paper = views.half_paper
    frame = np.concatenate([paper[0], paper[-1], paper[:, 0], paper[:, -1]])
    if min(paper.shape) < _LEAST_PX:
        return None
    at_rim = percentiles(frame, 0.5)[0]
    if not is_level_above(paper, 1 - _SHARES[0], at_rim + _DARKER - 1):
        return None
    _, is_bright = cv2.threshold(paper, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    outline = _largest(np.asarray(is_bright, np.uint8))
    if outline is None:
        return None
    quad = _four_sides(outline)
    if quad is None:
        return None
    corners = _in_order(quad)
    inside = np.zeros(paper.shape, np.uint8)
    cv2.fillConvexPoly(inside, np.rint(corners).astype(np.int32), 1)
    around = paper[cv2.dilate(inside, np.ones((9, 9), np.uint8)) == 0]
    if around.size < (1 - _SHARES[1]) * paper.size:
        return None
    sheet, ground = float(np.median(paper[inside > 0])), float(np.median(around))
    is_label = around.size > (1 - _LABEL[0]) * paper.size and ground > _LABEL[1] * sheet
    if sheet - ground < _DARKER or is_label:
        return None
    if percentiles(around, _MOSTLY)[0] <= _PITCH_BLACK:
        return None
    at_frame = _sides_at_frame(corners, paper.shape)
    perspective = _aslant(corners)
    if around.size < _WIDE_GROUND * paper.size:
        is_bed = perspective < _BOOK
    else:
        is_bed = perspective < _ASLANT and _lies_along(corners, paper.shape)
    if sum(at_frame) > 1 or (any(at_frame) and is_bed):
        return None
    height, width = paper.shape
    return Sheet(corners / (width, height), perspective, at_frame)


def view_sheet(views: PageViews) -> tuple[PageViews, Sheet | None]:
    """Return what is to be measured: the page, or of a photograph the sheet as large as A4, and where that lies."""
    sheet = find_sheet(views)
    if sheet is None:
        return views, None
    flat = lay_flat(views.full, sheet)
    dpi = max(flat.shape) / (A4_LONG_MM / 25.4)
    return replace(PageViews.of(flat, dpi), at_frame=sheet.at_frame, picture=views), sheet


def is_aslant(sheet: Sheet) -> bool:
    """Tell whether the sheet is seen from aslant, which no scanner does."""
    return sheet.perspective >= _ASLANT


def lay_flat(full: Grey, sheet: Sheet) -> Grey:
    """Return the sheet alone as if seen from above, its pixels as they are: none is blended with another."""
    height, width = full.shape
    corners = sheet.corners * (width, height)
    top, right, bottom, left = (_length(corners[at], corners[(at + 1) % 4]) for at in range(4))
    size = max(MIN_SIDE_PX, round(max(top, bottom))), max(MIN_SIDE_PX, round(max(left, right)))
    matrix = _to_picture(corners)
    insets = [0.0 if is_cut else _INSET for is_cut in sheet.at_frame]
    x = insets[2] + (1 - insets[2] - insets[3]) * (np.arange(size[0]) + 0.5) / size[0]
    y = insets[0] + (1 - insets[0] - insets[1]) * (np.arange(size[1]) + 0.5) / size[1]
    flat = np.empty((size[1], size[0]), np.uint8)
    for start in range(0, size[1], _BAND):
        rows = y[start : start + _BAND, None]
        below = matrix[2, 0] * x + matrix[2, 1] * rows + matrix[2, 2]
        from_x = (matrix[0, 0] * x + matrix[0, 1] * rows + matrix[0, 2]) / below
        from_y = (matrix[1, 0] * x + matrix[1, 1] * rows + matrix[1, 2]) / below
        flat[start : start + _BAND] = full[
            from_y.astype(np.int32).clip(0, height - 1), from_x.astype(np.int32).clip(0, width - 1)
        ]
    return flat


def _to_picture(corners: Points) -> Points:
    """Return the matrix that takes the unit square, from its top left corner, to the four corners."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners.tolist()
    sum_x, sum_y = x0 - x1 + x2 - x3, y0 - y1 + y2 - y3
    ax, ay, bx, by = x1 - x2, y1 - y2, x3 - x2, y3 - y2
    area = ax * by - bx * ay
    g, h = (sum_x * by - bx * sum_y) / area, (ax * sum_y - sum_x * ay) / area
    return np.array([[x1 - x0 + g * x1, x3 - x0 + h * x3, x0], [y1 - y0 + g * y1, y3 - y0 + h * y3, y0], [g, h, 1.0]])


def _largest(is_bright: Grey) -> NDArray[np.int32] | None:
    """Return the hull of the largest bright field, null where it is no sheet: too small, too large or ragged."""
    opened = cv2.morphologyEx(is_bright, cv2.MORPH_OPEN, np.ones((7, 7), np.uint8))
    outlines, _ = cv2.findContours(opened, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not outlines:
        return None
    largest = max(outlines, key=cv2.contourArea)
    hull = cv2.convexHull(largest)
    area = cv2.contourArea(hull)
    is_sheet = _SHARES[0] <= area / is_bright.size <= _SHARES[1] and cv2.contourArea(largest) >= _SOLID * area
    return np.asarray(hull, np.int32) if is_sheet else None


def _four_sides(hull: NDArray[np.int32]) -> Points | None:
    """Return the corners of the four-sided figure around the hull, null where the hull has another shape."""
    length = cv2.arcLength(hull, closed=True)
    for tolerance in np.arange(0.01, 0.09, 0.005):
        figure = cv2.approxPolyDP(hull, tolerance * length, closed=True)
        if len(figure) == 4:
            corners = _along_sides(hull[:, 0].astype(np.float64), figure[:, 0].astype(np.float64))
            area = cv2.contourArea(corners.astype(np.float32))
            return corners if area > 0 and _FITS <= cv2.contourArea(hull) / area <= 1 / _FITS else None
        if len(figure) < 4:
            return None
    return None


def _along_sides(hull: Points, corners: Points) -> Points:
    """Return the corners where lines through the hull's sides meet: a bent or rounded corner moves none of them."""
    lines = []
    for at in range(4):
        start, end = corners[at], corners[(at + 1) % 4]
        way = end - start
        along = _dot(hull - start, way) / _dot(way, way)
        across = np.abs(_dot(hull - start, np.array([-way[1], way[0]]))) / np.hypot(*way)
        is_near = (along > _ENDS) & (along < 1 - _ENDS) & (across < _BENT * np.hypot(*way) + 2)
        points = np.concatenate([hull[is_near], [start, end]])
        points = points[np.argsort(_dot(points - start, way), kind="stable")]
        third = -(-len(points) // 3)
        first, last = points[:third].mean(axis=0), points[-third:].mean(axis=0)
        lines.append((first, last - first))
    return np.array([_crossing(lines[at - 1], lines[at], corners[at]) for at in range(4)])


def _dot(points: Points, way: Points) -> Points:
    """Return x·x + y·y of each point, rounded alike on every processor; a product of matrices is not."""
    return np.asarray(points[..., 0] * way[0] + points[..., 1] * way[1], np.float64)


def _crossing(one: tuple[Points, Points], other: tuple[Points, Points], near: Points) -> Points:
    """Return where two lines cross; where that is far from where it should be, that place."""
    (p, u), (q, v) = one, other
    turned = u[0] * v[1] - u[1] * v[0]
    if turned == 0:
        return near
    found = p + u * (((q[0] - p[0]) * v[1] - (q[1] - p[1]) * v[0]) / turned)
    return found if np.hypot(*(found - near)) < _NEAR_CORNER * np.hypot(*u) else near


def _in_order(corners: Points) -> Points:
    """Return top left, top right, bottom right, bottom left."""
    centre = corners.mean(axis=0)
    angles = np.arctan2(corners[:, 1] - centre[1], corners[:, 0] - centre[0])
    ordered = corners[np.argsort(angles)]
    return np.roll(ordered, -int(ordered.sum(axis=1).argmin()), axis=0)


def _sides_at_frame(corners: Points, shape: tuple[int, ...]) -> tuple[bool, bool, bool, bool]:
    near = _NEAR_FRAME * max(shape) + 2
    x, y = corners[:, 0], corners[:, 1]
    return (
        bool(y[:2].min() < near), bool(y[2:].max() > shape[0] - 1 - near),
        bool(x[[0, 3]].min() < near), bool(x[1:3].max() > shape[1] - 1 - near),
    )  # fmt: skip


def _lies_along(corners: Points, shape: tuple[int, ...]) -> bool:
    """Return whether both ends of a side of the sheet are near one side of the frame."""
    near = _NEAR_FRAME * max(shape) + 2
    x, y = corners[:, 0], corners[:, 1]
    ends = (y[:2], shape[0] - 1 - y[2:], x[[0, 3]], shape[1] - 1 - x[1:3])
    return any(bool(side.max() < near) for side in ends)


def _aslant(corners: Points) -> float:
    top, right, bottom, left = (_length(corners[at], corners[(at + 1) % 4]) for at in range(4))
    return max(1 - min(pair) / max(*pair, 1e-9) for pair in ((top, bottom), (left, right)))


def _length(start: Points, end: Points) -> float:
    return float(np.hypot(*(end - start)))
