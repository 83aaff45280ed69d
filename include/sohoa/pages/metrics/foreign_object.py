"""Foreign object: a finger or clip that covers part of the page from its frame inwards.

On a page that is not white, of which a small view in colour is read for the page net, a hand is told by its colour:
redder than skin's least and than the page itself. The net's map of objects says how far such a field, and any other
object found there, is to be believed: wood, leather and yellowed paper have colours of skin too.
"""

from __future__ import annotations

from math import ceil

import cv2
import numpy as np
from numpy.typing import NDArray

from sohoa.pages.page_net import CELL_PX, EVEN, PER_NAT, PageMaps, fit_view, mask_sheet
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
_RED, _REDDER = 150, 16  # Cr of skin at least, and above the page's own
_BLUE = (90, 127)  # Cb of skin
_DARKEST_SKIN = 50  # luma
_HAND = (0.003, 0.25)  # share of the picture that a hand covers
_HAND_AT_FRAME = (0.02, 0.5)  # share of a side of the frame that it cuts; more is a desk
_HAND_SOLID = 0.3  # of its box
_HALF = 2  # pixels of the net's view that one of the view for hands stands for
_BELIEVED = np.rint(1000 * np.exp((np.arange(256) - EVEN) / PER_NAT).clip(0, 1)).astype(np.int64)  # thousandths

Box = tuple[float, float, float, float]
Corners = NDArray[np.float64]


def measure_foreign_object(views: PageViews) -> float:
    """Measure the share of the page that the largest object at the frame covers, 0 to 1.

    An object is a solid field darker than the paper, without ink, that lies on paper, that one side or one corner of
    the frame cuts over 6 to 45 mm and that ends sharply. A field with straight sides in one tone is print, as a
    letterhead's; a black corner is the bed; a tinted or folded one is a triangle; what has all tones is a picture.
    """
    found = views.once(_find)
    return 0.0 if found is None else found[0]


def find_foreign_object(views: PageViews) -> Box | None:
    """Return x, y, width, height of the box around that object as shares of the page, null where there is none."""
    found = views.once(_find)
    return None if found is None else found[1]


def find_hand(colour: Grey, maps: PageMaps, corners: Corners | None) -> tuple[float, Box | None]:
    """Measure the share of a page that is not white which a hand at the frame covers, 0 to 1, and where it is.

    Args:
        colour: the page in blue, green, red, uint8 (height, width, 3).
        maps: what the page net sees on it.
        corners: of the sheet in a photograph, x, y as shares: a hand beside it covers nothing; null where all is the
            page.
    """
    skin = _skin(shrink(fit_view(colour), _HALF))
    believed = _believed(maps, skin.shape) * mask_sheet(skin.shape, corners)
    count, parts, boxes, _ = cv2.connectedComponentsWithStats(skin, connectivity=4)
    found: tuple[float, Box | None] = (0.0, None)
    for part in range(1, count):
        x, y, width, height, area = boxes[part].tolist()
        is_size = _HAND[0] <= area / skin.size <= _HAND[1] and area >= _HAND_SOLID * width * height
        if is_size and _reaches_in(parts == part):
            share = int(believed[parts == part].sum()) / 1000 / skin.size
            rows, columns = skin.shape
            found = max(
                found, (share, (x / columns, y / rows, width / columns, height / rows)), key=lambda hand: hand[0]
            )
    return found


def believe(share: float, box: Box, maps: PageMaps) -> float:
    """Return the share of an object in a box, x, y, width, height as shares, as far as the page net believes in it."""
    rows, columns = maps.object.shape
    x, y, width, height = box
    down = slice(int(y * rows), max(int(y * rows) + 1, ceil((y + height) * rows)))
    along = slice(int(x * columns), max(int(x * columns) + 1, ceil((x + width) * columns)))
    cells = _BELIEVED[maps.object[down, along]]
    return float(share * int(cells.sum()) / max(1, 1000 * cells.size))


def _skin(view: Grey) -> Grey:
    """Return 1 where a view in blue, green and red has the colour of skin, in whole numbers."""
    blue, green, red = (view[..., plane].astype(np.int32) for plane in range(3))
    luma = (299 * red + 587 * green + 114 * blue) // 1000
    redness, blueness = EVEN + 713 * (red - luma) // 1000, EVEN + 564 * (blue - luma) // 1000
    least = max(_RED, int(np.sort(redness, axis=None)[redness.size // 2]) + _REDDER)
    is_skin = (redness >= least) & (blueness >= _BLUE[0]) & (blueness <= _BLUE[1]) & (luma > _DARKEST_SKIN)
    opened = cv2.morphologyEx(is_skin.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    return np.asarray(opened, np.uint8)


def _believed(maps: PageMaps, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Return how far the net believes in an object at each place of the view for hands, in thousandths."""
    size = CELL_PX // _HALF
    cells = _BELIEVED[maps.object].repeat(size, axis=0).repeat(size, axis=1)
    return np.asarray(cells[: shape[0], : shape[1]], np.int64)


def _reaches_in(part: NDArray[np.bool_]) -> bool:
    """Return whether the frame cuts the part at one side or one corner, not along most of a side."""
    cuts = [float(line.mean()) for line in (part[0], part[-1], part[:, 0], part[:, -1])]
    return _HAND_AT_FRAME[0] <= max(cuts) <= _HAND_AT_FRAME[1] and sum(cut > 0 for cut in cuts) <= 2


def _find(views: PageViews) -> tuple[float, Box] | None:
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
