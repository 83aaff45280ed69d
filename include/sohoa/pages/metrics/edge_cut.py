"""Cut-off: letters that the frame of the picture cuts.

A letter is a piece of ink of a letter's size on clean paper. One at the frame is cut where writing goes on from it:
inwards, as the line of which it was the end, or along the frame, as a line that is sliced lengthwise. Rules and frames
are longer than letters, the black edge of a sheet makes more specks than letters, a seal across the edge is red, and a
picture has no clean paper: none of them is writing that is cut. On a page that is dark all over, as a cover, writing
may be light; and where the size on paper is not known, it may be larger than on A4. The method is our own.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sohoa.pages.reduce import Grey
from sohoa.pages.views import PageViews, level_at, percentiles

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
    found = _count_any_size(views.page, views)
    if max(found) and views.without_red is not None:
        found = _count_any_size(views.without_red, views)
    if level_at(views.paper_counts, 0.5) >= _DARK:
        return found
    return _most(found, _count_any_size(255 - views.page, views))


def _count_any_size(page: Grey, views: PageViews) -> Sides:
    found = _count(page, views, views.page_px_per_mm)
    return found if views.is_scaled else _most(found, _count(page, views, _CLOSER * views.page_px_per_mm))


def _most(some: Sides, others: Sides) -> Sides:
    top, bottom, left, right = map(max, some, others)
    return top, bottom, left, right


def _count(page: Grey, views: PageViews, scale: float) -> Sides:
    sides = zip((page, page[::-1], page.T, page.T[::-1]), views.at_frame, strict=True)
    pale = _pale_ink(views)
    strips = [_strip(side, scale, pale) if at_frame else None for side, at_frame in sides]
    if all(strip is None for strip in strips):
        return 0.0, 0.0, 0.0, 0.0
    paper = percentiles(page[::4, ::4], 0.8)[0]
    top, bottom, left, right = (0.0 if strip is None else _cut(strip, scale, paper, pale) for strip in strips)
    return top, bottom, left, right


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
    return np.ascontiguousarray(strip) if _is_ink(near[1:2], paper, 0, pale).any() else None


def _around_px(scale: float) -> int:
    return max(3, round(_AROUND_MM * scale)) | 1


def _cut(strip: Grey, scale: float, page_paper: int, pale: float | None) -> float:
    """Return the letters that the frame cuts along the first row of the strip, other strokes as a part of one."""
    around = np.ones((_around_px(scale),) * 2, np.uint8)
    paper = np.asarray(cv2.morphologyEx(cv2.medianBlur(strip, 3), cv2.MORPH_CLOSE, around), np.uint8)[1:]
    is_ink = _is_ink(strip[1:], paper, page_paper, pale)  # the outermost row may be a blend
    if not is_ink[0].any():
        return 0.0
    count, parts, boxes, _ = cv2.connectedComponentsWithStats(is_ink.astype(np.uint8), connectivity=8)
    pieces = boxes[1:].T / np.array([[scale]] * 4 + [[scale**2]])
    contact = np.bincount(parts[0], minlength=count)[1:] / scale
    is_letter, is_cut = _letters(pieces, contact)
    is_grey = (cv2.subtract(paper, strip[1:]) > _GREY * paper) & ~is_ink
    clean = [k for k in np.flatnonzero(is_cut) if _is_on_paper(is_ink, is_grey, pieces[:, k] * scale, scale)]
    ends = _followed(pieces[:, clean], pieces[:, is_letter & (contact == 0)])
    found = max(ends, _longest_line(pieces[:, clean]))
    is_writing = found >= _LEAST_OF_SPECKS * (contact > 0).sum()
    return (found if is_writing else 0) + len(clean) / (len(clean) + _HALF_SURE)


def _is_ink(grey: Grey, paper: Grey, page_paper: int, pale: float | None) -> NDArray[np.bool_]:
    """Return what is ink on such paper; brighter paper never makes it less."""
    is_dark = cv2.subtract(paper, grey) > (np.maximum(_INK_LEAST, _INK * paper) if pale is None else pale)
    return np.asarray(is_dark & (paper > max(_PAPER[0] * page_paper, _PAPER[1])), np.bool_)


def _letters(pieces: Floats, contact: Floats) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which pieces are of a letter's size, and which may be what the frame leaves of one."""
    _, _, width, height, area = pieces
    low, high = _LETTER_MM
    longer = np.maximum(width, height)
    is_letter = (longer >= low) & (longer <= high) & (area >= _LETTER_MM2) & (area <= _SOLID * width * height)
    least, most = _CONTACT_MM
    is_cut = (longer <= high) & (contact >= least) & (contact <= most) & (np.minimum(width, height) >= _PART_MM)
    return is_letter, is_cut


def _is_on_paper(is_ink: NDArray[np.bool_], is_grey: NDArray[np.bool_], box: Floats, scale: float) -> bool:
    """Return whether the ground around a piece of that box is paper, not a picture."""
    left, _, width, height, _ = box
    around = _GROUND_MM * scale
    area = slice(0, int(height + around)), slice(int(max(0, left - around)), int(left + width + around))
    ink, grey = float(is_ink[area].mean()), float(is_grey[area].mean())
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
