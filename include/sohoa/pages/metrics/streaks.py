"""Streaks: thin lines that dust or a dead sensor element leaves over the height of a page in a document feeder.

A streak keeps to one column of pixels, over nearly the whole height, and shows in the paper between the print: darker
or lighter than paper on both its sides by about as much everywhere. A printed rule is as dark as ink, ends at a
margin, bears other rules that begin at it, or leaves its column where the sheet lies askew; print leaves the paper
between its lines alone, and what lies within 5 mm of the frame is an edge of the sheet.
Paper that is white to the last level hides a lighter streak. Ruled paper makes more such lines than dust does. The
method is our own.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from sohoa.pages.reduce import Grey
from sohoa.pages.views import PageViews, lowest, percentiles

Floats = NDArray[np.float32]
Levels = NDArray[np.int16]
Places = NDArray[np.intp]

_REACH_MM = 0.5  # a streak is narrower than this
_FRAME_MM = 5.0
_CLIP = 12  # grey levels that one pixel may count, so that letters do not outvote the paper
_FAINTEST = 0.5  # grey levels on average; less is the grain of the paper
_CANDIDATES = 24  # columns of a page that are looked at closely
_COARSE, _COARSE_LOST = 12, 2  # bands of the height at first sight, and those that may be without
_BANDS = 24  # of the height
_KNOWN = 0.1  # of a band that is paper on both sides of the column, or nothing is known of it
_MIN_KNOWN = (12, 22)  # bands, down and across the page
_STEADY = 0.5  # of its usual strength that a streak has in a band
_UNSTEADY = 0.15  # of the bands in which it may be twice as strong: it lies over print there
_LEAST = 3  # grey levels
_RULE_REACHES = 20  # on one side of a line, as far as a rule that begins at it goes at least
_RULE = (0.25, 0.9)  # of these that are dark on its other side at most, and on this side at least
_AS_DARK = 0.75  # of the line that such a rule is dark
_MOST_RULES = 1  # that may begin at a streak by chance
_END_REACHES = 4  # from the end of a line, where none may: that is a corner
_PRESENT = (0.86, 0.99)  # share of the bands in which it is, down and across the page; print ends at a margin
_PAPER = 0.75  # of the page's paper; darker is print, a picture or the bed
_AS_INK = (0.55, 0.35)  # of the paper: a line that much darker is drawn with ink, down and across the page
_MAX_DUST_LINES = 6  # dust makes no more lines than this; ruled paper does


@dataclass(frozen=True)
class _Side:
    """A page and some rows across it, in the direction in which streaks run down.

    Attributes:
        page: all of it.
        lines: evenly spread rows of it.
        reach: pixels to what lies beside a streak.
        margin: pixels at both sides that are not looked at.
        paper: grey of the paper.
        known: bands of its length in which paper must be seen beside a streak.
        present: share of these in which a streak is.
        as_ink: share of the paper by which a line drawn with ink is darker.
    """

    page: Grey
    lines: Grey
    reach: int
    margin: int
    paper: int
    known: int
    present: float
    as_ink: float


def measure_streaks(views: PageViews) -> tuple[float, float | None]:
    """Measure the strength of the strongest streak in grey levels, below 1 for none, and where it is.

    Returns:
        (strength; millimetres from the left edge, null where there is none or where the streak is horizontal).
    """
    scale = views.px_per_mm
    reach, margin = max(2, round(_REACH_MM * scale)), max(3, round(_FRAME_MM * scale))
    paper = percentiles(views.rows[:, ::8], 0.7)[0]
    down, where = _strongest(
        _Side(views.full, views.rows, reach, margin, paper, _MIN_KNOWN[0], _PRESENT[0], _AS_INK[0])
    )
    across, _ = _strongest(
        _Side(views.full.T, views.columns, reach, margin, paper, _MIN_KNOWN[1], _PRESENT[1], _AS_INK[1])
    )
    if across > down or down < 1:
        return max(across, down), None
    return down, where / scale


def _strongest(side: _Side) -> tuple[float, int]:
    """Return the strength and column of the strongest streak down the page, less that of one line more than dust is."""
    if side.lines.shape[1] <= 2 * side.margin + 8 * side.reach or len(side.lines) < _BANDS:
        return 0.0, 0
    scores = _mean_beyond(side.lines, side.reach)
    found: list[tuple[float, int]] = []
    for sign, score in zip((1, -1), scores, strict=True):
        columns = _candidates(score, side)
        found += zip(_on_paper(side, columns, sign), columns.tolist(), strict=True)
    found.sort(reverse=True)
    strongest, column = found[0] if found else (0.0, 0)
    ruling = found[_MAX_DUST_LINES][0] if len(found) > _MAX_DUST_LINES else 0.0
    trace = float(scores[:, side.margin : -side.margin].max()) / (_CLIP + 1)
    return max(strongest - ruling, trace, 0.0), column


def _mean_beyond(lines: Grey, reach: int) -> Floats:
    """Return by how much each column is darker, and lighter, than both its sides, in all but two bands: (2, x).

    Less that of the columns around, so that a column of text does not stand out.
    """
    before, here, after = lines[:, : -2 * reach], lines[:, reach:-reach], lines[:, 2 * reach :]
    darker, lighter = cv2.subtract(cv2.min(before, after), here), cv2.subtract(here, cv2.max(before, after))
    count = len(lines) // _COARSE
    bands = np.zeros((_COARSE, 2, lines.shape[1]), np.float32)
    for sign, beyond in enumerate((darker, lighter)):
        clipped = np.asarray(cv2.min(beyond, (_CLIP,)), np.uint8)[: count * _COARSE].reshape(_COARSE, count, -1)
        bands[:, sign, reach:-reach] = clipped.sum(axis=1, dtype=np.uint16) / np.float32(count)
    bands -= cv2.blur(bands.reshape(2 * _COARSE, -1), (8 * reach + 1, 1)).reshape(bands.shape)
    return lowest(bands.reshape(_COARSE, -1), _COARSE_LOST).reshape(2, -1)


def _candidates(score: Floats, side: _Side) -> Places:
    """Return the columns that stand out most, the strongest within its reach each."""
    is_peak = score >= cv2.dilate(score[None], np.ones((1, 2 * side.reach + 1), np.uint8))[0]
    is_peak &= score >= _FAINTEST
    is_peak[: side.margin] = is_peak[-side.margin :] = False
    columns = np.flatnonzero(is_peak)
    return columns[np.argsort(-score[columns], kind="stable")[:_CANDIDATES]]


def _on_paper(side: _Side, columns: Places, sign: int) -> list[float]:
    """Return the grey levels by which each column is darker (sign 1) or lighter than the paper on both its sides.

    0 where it is not so in nearly all bands of the height, or is as dark as ink.
    """
    if not columns.size:
        return []
    here, before, after = (side.page[:, columns + away].T.astype(np.int16) for away in (0, -side.reach, side.reach))
    is_paper = np.minimum(before, after) >= _PAPER * side.paper
    beyond = np.minimum(before, after) - here if sign > 0 else here - np.maximum(before, after)
    edges = np.linspace(0, here.shape[1], _BANDS + 1).astype(np.intp)
    shows = _shows(beyond, is_paper, edges) >= side.present
    return [
        _strength(side, column, beyond[k], is_paper[k], edges) if is_there else 0.0
        for k, (column, is_there) in enumerate(zip(columns.tolist(), shows.tolist(), strict=True))
    ]


def _shows(beyond: Levels, is_paper: NDArray[np.bool_], edges: Places) -> NDArray[np.float64]:
    """Return the share of the bands in which more than half of a column's paper shows a streak at all."""
    known, without = (
        np.add.reduceat(pixels, edges[:-1], axis=1, dtype=np.intp)
        for pixels in (is_paper, is_paper & (beyond < _LEAST))
    )
    is_known = known >= _least_known(edges)
    is_there = is_known & (without <= (known - 1) // 2)
    return np.asarray(is_there.sum(axis=1) / np.maximum(1, is_known.sum(axis=1)), np.float64)


def _strength(side: _Side, column: int, beyond: Levels, is_paper: NDArray[np.bool_], edges: Places) -> float:
    bands = [beyond[low:high][is_paper[low:high]] for low, high in pairwise(edges)]
    levels = np.array([_middle(band) for band in bands if len(band) >= _least_known(edges)])
    if len(levels) < side.known:
        return 0.0
    usual = _middle(levels)
    is_there, is_more = levels >= max(_LEAST, _STEADY * usual), levels > 2 * usual
    is_streak = is_there.mean() >= side.present and is_more.mean() <= _UNSTEADY and usual < side.as_ink * side.paper
    return float(usual) if is_streak and not _bears_rules(side, column, beyond, usual) else 0.0


def _bears_rules(side: _Side, column: int, beyond: NDArray[np.int16], usual: int) -> bool:
    """Return whether rules begin at the line, on one side of it: the border of a table, or a corner of a frame."""
    level = _AS_DARK * usual
    left, right = (
        (side.page[:, max(0, start) : start + (_RULE_REACHES - 1) * side.reach] < side.paper - level).mean(axis=1)
        for start in (column - _RULE_REACHES * side.reach, column + side.reach)
    )
    is_rule = (np.minimum(left, right) <= _RULE[0]) & (np.maximum(left, right) >= _RULE[1])
    begins = np.flatnonzero(is_rule[1:] & ~is_rule[:-1]) + 1
    run = _END_REACHES * side.reach
    is_line = cv2.blur((beyond >= level).astype(np.float32), (1, run)).ravel() > _STEADY
    rows = np.flatnonzero(is_line)
    ends = rows[[0, -1]] if rows.size else rows
    is_corner = bool((np.abs(begins[:, None] - ends) <= run).any())
    return is_corner or begins.size > _MOST_RULES


def _least_known(edges: Places) -> float:
    """Return the pixels of a band that must be paper, or nothing is known of it."""
    return max(1.0, _KNOWN * float(edges[-1]) / _BANDS)


def _middle(values: Levels) -> int:
    """Return the lower median, a whole number."""
    middle = (len(values) - 1) // 2
    return int(np.partition(values, middle)[middle])
