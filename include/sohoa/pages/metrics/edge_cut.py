"""Cut-off: letters that the frame of the picture cuts.

A letter is a piece of ink of a letter's size on clean paper. One at the frame is cut where writing goes on from it:
inwards, as the line of which it was the end, or along the frame, as a line that is sliced lengthwise. Rules and frames
are longer than letters, the black edge of a sheet makes more specks than letters, a seal across the edge is red, and a
picture has no clean paper: none of them is writing that is cut. On a page that is dark all over, as a cover, writing
may be light; and where the size on paper is not known, it may be larger than on A4. The method is our own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from itertools import chain

import cv2
import numpy as np
from numpy.typing import NDArray

from sohoa.pages.reduce import Grey
from sohoa.pages.views import PageViews, is_level_above, percentiles

Floats = NDArray[np.float64]
Sides = tuple[float, float, float, float]

_STRIP_MM = 10.0  # along the frame, in which writing is looked for
_AROUND_MM = 4.0  # wider than strokes, over which the paper is seen
_INK = 0.22  # of the paper that ink is darker
_INK_LEAST = 25  # grey levels
_PALE = (60, 100)  # grey levels of the darkest ink of a white page that is pale all over; less is no print
_PALE_INK = 0.3  # of that, by which its ink is darker than paper
_DARKEST = 0.995  # share of a page whose ink is no darker
_GREY = 0.08  # of the paper: darker than clean paper
_PAPER = (0.55, 90)  # of the page's paper, and grey levels; darker is bed
_LETTER_MM = (0.7, 9.0)  # sides of a letter
_LETTER_MM2 = 0.25
_SOLID = 0.85  # of its box; more is a blot
_CONTACT_MM = (0.15, 6.0)  # of a letter where the frame cuts it
_PART_MM = 0.25  # sides of what the frame leaves of one
_LEAST_OF_SPECKS = 0.2  # of all pieces at the frame that are cut letters
_GROUND_MM = 2.0  # around a letter
_MOST_GREY, _MOST_INK = 0.3, 0.55  # of that ground
_GAP_MM = (-1.0, 2.0)  # to the next letter of a line
_OVERLAP = 0.3  # of the narrower of two letters of a line
_NARROWEST = 0.35  # of a letter that the next one is
_GAP_ALONG_MM = 2.5
_LEAST_SLICED_MM = 0.9  # of each of its letters that is left
_LEAST_ALONG = 4  # letters of a line that is sliced
_HALF_SURE = 20  # other strokes that count half a letter
_CLOSER = 3  # by how much a page of unknown size may be smaller than A4
_DARK = 128  # grey that half of a dark page is below
_TINY_PX = (8, 16)
_GREYER = (_GREY * np.arange(256)).astype(np.uint8)
_FEW_PX = 4 * 65_535  # hold no more pieces than labels of 16 bits tell apart: each keeps off the next


def measure_edge_cut(views: PageViews) -> float:
    """Measure letters that the worst side of the frame cuts, 0 for none.

    Where the frame runs between two lines of writing nothing is cut, and nothing can be seen. Other strokes that end at
    the frame, which no writing follows, count together less than one letter.
    """
    return max(count_cuts(views))


def count_cuts(views: PageViews) -> Sides:
    """Return letters that the frame cuts at the top, bottom, left and right, those in red ink left out.

    It cuts none where the sheet ends inside the picture.
    """
    found = _count_but_red(views)
    if is_level_above(views.half_paper, 0.5, _DARK - 1):
        return found
    return _most(enumerate(found), _counts(255 - views.page, views))


def _count_but_red(views: PageViews) -> Sides:
    """Count on the page; as soon as something is cut, on the page without what is red, where colour can be had."""
    seen = []
    for side, count in _counts(views.page, views):
        if count and (without_red := views.leave_out_red()) is not None:
            return _most(_counts(without_red, views))
        seen.append((side, count))
    return _most(seen)


def _most(*counts: Iterable[tuple[int, float]]) -> Sides:
    most = [0.0] * 4
    for side, count in chain(*counts):
        most[side] = max(most[side], count)
    top, bottom, left, right = most
    return top, bottom, left, right


def _counts(page: Grey, views: PageViews) -> Iterator[tuple[int, float]]:
    """Yield side and count of each side whose frame cuts something, for each size that the page may have."""
    pale = _pale_ink(views)
    paper = cache(lambda: percentiles(page[::4, ::4], 0.8)[0])  # most pages have no strip that asks
    for closer in (1,) if views.is_scaled else (1, _CLOSER):
        scale = closer * views.page_px_per_mm
        for side, image in enumerate((page, page[::-1], page.T, page.T[::-1])):
            strip = _strip(image, scale, pale) if views.at_frame[side] else None
            if strip is not None:
                yield side, _cut(strip, scale, paper(), pale)


def _pale_ink(views: PageViews) -> float | None:
    """Return the grey levels by which ink is darker than paper on a white page whose print is pale, else null."""
    if not views.is_white:
        return None
    darkest = percentiles(views.ink[::4, ::4], _DARKEST)[0]
    return _PALE_INK * darkest if _PALE[0] <= darkest <= _PALE[1] else None


def _strip(side: Grey, scale: float, pale: float | None) -> Grey | None:
    """Return the strip along the first row of ``side``; null where that row is clean paper, as of most sides.

    The brightest grey around stands for the paper there, which is not brighter.
    """
    strip, width = side[: round(_STRIP_MM * scale)], _around_px(scale)
    if len(strip) < _TINY_PX[0] or strip.shape[1] < _TINY_PX[1]:
        return None
    near = np.ascontiguousarray(strip[: width // 2 + 3])  # two rows more: the outermost, and the median's
    brightest = near.max(axis=0, keepdims=True)
    paper = np.asarray(cv2.dilate(brightest, np.ones((1, width + 2), np.uint8)), np.uint8)
    is_clean = not cv2.countNonZero(_darker(near[1:2], paper, _ink_levels(0, pale)))
    return None if is_clean else np.ascontiguousarray(strip)


def _around_px(scale: float) -> int:
    return max(3, round(_AROUND_MM * scale)) | 1


def _cut(strip: Grey, scale: float, page_paper: int, pale: float | None) -> float:
    """Return the letters that the frame cuts along the first row of the strip, other strokes as a part of one."""
    around = np.ones((_around_px(scale),) * 2, np.uint8)
    paper = np.asarray(cv2.morphologyEx(cv2.medianBlur(strip, 3), cv2.MORPH_CLOSE, around), np.uint8)[1:]
    grey = strip[1:]  # the outermost row may be a blend
    is_ink = _darker(grey, paper, _ink_levels(page_paper, pale))
    if not is_ink[0].any():
        return 0.0
    labels = cv2.CV_16U if is_ink.size <= _FEW_PX else cv2.CV_32S  # those of 16 bits in a third of the time
    count, parts, boxes, _ = cv2.connectedComponentsWithStats(is_ink, connectivity=8, ltype=labels)
    pieces = boxes[1:].T / np.array([[scale]] * 4 + [[scale**2]])
    contact = np.bincount(parts[0], minlength=count)[1:] / scale
    is_letter, is_cut = _letters(pieces, contact)
    if not is_cut.any():
        return 0.0
    is_grey = cv2.bitwise_and(_darker(grey, paper, _GREYER), cv2.bitwise_not(is_ink))
    clean = [k for k in np.flatnonzero(is_cut) if _is_on_paper(is_ink, is_grey, pieces[:, k] * scale, scale)]
    ends = _followed(pieces[:, clean], pieces[:, is_letter & (contact == 0)])
    found = max(ends, _longest_line(pieces[:, clean]))
    is_writing = found >= _LEAST_OF_SPECKS * (contact > 0).sum()
    return (found if is_writing else 0) + len(clean) / (len(clean) + _HALF_SURE)


def _darker(grey: Grey, paper: Grey, levels: Grey) -> Grey:
    """Return 255 where a pixel is darker than its paper by more than the level of that paper, else 0."""
    return np.asarray(cv2.compare(cv2.subtract(paper, grey), cv2.LUT(paper, levels), cv2.CMP_GT), np.uint8)


@lru_cache(maxsize=4)
def _ink_levels(page_paper: int, pale: float | None) -> Grey:
    """Return by how many levels ink is darker than each grey of paper; brighter paper never makes less of it ink."""
    paper = np.arange(256)
    least = np.maximum(_INK_LEAST, _INK * paper) if pale is None else np.full(256, pale)
    return np.where(paper > max(_PAPER[0] * page_paper, _PAPER[1]), least, 255).astype(np.uint8)


def _letters(pieces: Floats, contact: Floats) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which pieces are of a letter's size, and which may be what the frame leaves of one."""
    _, _, width, height, area = pieces
    low, high = _LETTER_MM
    longer = np.maximum(width, height)
    is_letter = (longer >= low) & (longer <= high) & (area >= _LETTER_MM2) & (area <= _SOLID * width * height)
    least, most = _CONTACT_MM
    is_cut = (longer <= high) & (contact >= least) & (contact <= most) & (np.minimum(width, height) >= _PART_MM)
    return is_letter, is_cut


def _is_on_paper(is_ink: Grey, is_grey: Grey, box: Floats, scale: float) -> bool:
    """Return whether the ground around a piece of that box is paper, not a picture."""
    left, _, width, height, _ = box
    around = _GROUND_MM * scale
    area = slice(0, int(height + around)), slice(int(max(0, left - around)), int(left + width + around))
    ink, grey = (cv2.countNonZero(image[area]) / image[area].size for image in (is_ink, is_grey))
    return ink <= _MOST_INK and grey <= _MOST_GREY * (1 - ink)


def _followed(cut: Floats, inner: Floats) -> int:
    """Return the cut letters from which a line goes on inwards: the next letter follows within 4 mm."""
    left, _, width, height, _ = (value[:, None] for value in cut)
    overlap = np.minimum(left + width, inner[0] + inner[2]) - np.maximum(left, inner[0])
    gap = inner[1] - height
    is_next = (overlap >= _OVERLAP * np.minimum(width, inner[2])) & (inner[2] >= _NARROWEST * width)
    return int((is_next & (gap >= _GAP_MM[0]) & (gap <= _GAP_MM[1])).any(axis=1).sum())


def _longest_line(cut: Floats) -> int:
    """Return the cut letters of the longest line along the frame, 0 where there are too few for one."""
    left, _, width, _, _ = cut[:, cut[3] >= _LEAST_SLICED_MM]
    order = np.argsort(left, kind="stable")
    gaps = left[order][1:] - (left + width)[order][:-1]
    breaks = np.flatnonzero(gaps > _GAP_ALONG_MM) + 1
    longest = int(np.diff(np.concatenate([[0], breaks, [left.size]])).max(initial=0))
    return longest if longest >= _LEAST_ALONG else 0
