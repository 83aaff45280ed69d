"""Streaks: thin lines that dust or a dead sensor element leaves over the height of a page in a document feeder.

A streak keeps to one column of the sensor's pixels, over nearly the whole height, and shows wherever the ground is
alike on both its sides, paper, tint or picture: darker or lighter than both by about as much everywhere. A printed rule
is as dark as ink, ends at a margin, bears other rules that begin at it, or leaves its column where the sheet lies
askew; print leaves the paper between its lines alone, an edge parts two grounds, and what lies within 5 mm of the frame
is an edge of the sheet. Of a sheet that was photographed the picture is looked at, not the sheet laid flat.
Paper that is white to the last level hides a lighter streak, but for the letters that it cuts. Ruled paper makes more
such lines than dust does. The method is our own.
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
_FLANK = 0.8  # of what a line stands out by that its flanks, or its middle, do at least
_COARSE, _COARSE_LOST = 12, 2  # bands of the height at first sight, and those that may be without
_BANDS = 24  # of the height
_KNOWN = 0.1  # of a band where the ground is alike on both sides of the column, or nothing is known of it
_MIN_KNOWN = (12, 22)  # bands, down and across the page
_STEADY = 0.5  # of its usual strength that a streak has in a band
_UNSTEADY = 0.15  # of the bands in which it may be twice as strong: it lies over print there
_LEAST = 3  # grey levels
_RULE_AWAY = 2  # reaches above a rule and below it, where it is not
_RULE_REACHES = 20  # on one side of a line, as far as a rule that begins at it goes at least
_RULE = (0.25, 0.9)  # of these that are dark on its other side at most, and on this side at least
_AS_DARK, _TOO_DARK = 0.75, 3  # of the line that such a rule is dark, and that another pen's is
_MOST_RULES = 1  # that may begin at a streak by chance
_END_REACHES = 4  # from the end of a line, where none may: that is a corner
_PRESENT = (0.86, 0.99)  # share of the bands in which it is, down and across the page; print ends at a margin
_ALIKE = 16  # grey levels by which the ground on both its sides differs at most, or it is print or an edge
_BLACK = 40  # ground darker than that cannot be much darker: the bed, or pitch black print
_STEP = 0.5  # of the strength of a line by which the grounds that it parts differ at most, or it is an edge
_PAPER, _ON_PAPER = 0.75, 0.1  # of the page's paper, and of the line that lies on ground as bright: not beside a sheet
_AS_INK = 0.55  # of the paper: a line that much darker is drawn with ink
_NEARLY = 0.9  # what a line that falls short of a streak reads at most; at least 1 is one
_DOUBTFUL = 0.3  # of that, for each reason to take a line for print: it ends at a margin, bears rules, is unsteady
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
        known: bands of its length in which the ground must be seen beside a streak.
        present: share of these in which a streak is.
    """

    page: Grey
    lines: Grey
    reach: int
    margin: int
    paper: int
    known: int
    present: float


@dataclass(frozen=True)
class _Line:
    """A column of pixels that stands out, from its top to its end.

    Attributes:
        beyond: levels by which it is darker, or lighter, than the ground on both its sides.
        step: levels by which the grounds on its sides differ.
        ground: grey of the darker of the two.
        is_seen: where they are alike.
    """

    beyond: Levels
    step: Levels
    ground: Levels
    is_seen: NDArray[np.bool_]


def measure_streaks(views: PageViews) -> tuple[float, float | None]:
    """Measure the strength of the strongest streak in grey levels, below 1 for none, and where it is.

    Returns:
        (strength; millimetres from the left edge, null where there is none or where the streak is horizontal).
    """
    views = views.picture or views
    scale = views.px_per_mm
    reach, margin = max(2, round(_REACH_MM * scale)), max(3, round(_FRAME_MM * scale))
    paper = percentiles(views.rows[:, ::8], 0.7)[0]
    down, where = _strongest(_Side(views.full, views.rows, reach, margin, paper, _MIN_KNOWN[0], _PRESENT[0]))
    across, _ = _strongest(_Side(views.full.T, views.columns, reach, margin, paper, _MIN_KNOWN[1], _PRESENT[1]))
    if across > down or down < 1:
        return max(across, down), None
    return down, where / scale


def _strongest(side: _Side) -> tuple[float, int]:
    """Return the strength and column of the strongest streak down the page, less that of one line more than dust is."""
    if side.lines.shape[1] <= 2 * side.margin + 8 * side.reach or len(side.lines) < _BANDS:
        return 0.0, 0
    found: list[tuple[float, int]] = []
    for sign in (1, -1):
        score = _mean_beyond(side.lines, side.reach, sign)
        if score is not None:
            columns = _candidates(score, side, sign)
            found += zip(_strengths(side, columns, sign), columns.tolist(), strict=True)
    found.sort(reverse=True)
    strongest, column = found[0] if found else (0.0, 0)
    ruling = found[_MAX_DUST_LINES][0] if len(found) > _MAX_DUST_LINES else 0.0
    return (strongest - ruling if strongest >= 1 else strongest), column


def _mean_beyond(lines: Grey, reach: int, sign: int) -> Floats | None:
    """Return by how much each column is darker (sign 1) or lighter than both its sides, in all but two bands: (x,).

    Less that of the columns around, so that a column of text does not stand out. Null where no column stands out.
    """
    before, here, after = lines[:, : -2 * reach], lines[:, reach:-reach], lines[:, 2 * reach :]
    darker = sign > 0
    beyond = cv2.subtract(cv2.min(before, after), here) if darker else cv2.subtract(here, cv2.max(before, after))
    clipped = np.asarray(cv2.threshold(beyond, _CLIP, 0, cv2.THRESH_TRUNC)[1], np.uint8)
    count = len(lines) // _COARSE
    clipped = clipped[: count * _COARSE].reshape(_COARSE, count, -1)
    bands = np.zeros((_COARSE, lines.shape[1]), np.float32)
    whole = np.uint8 if count * _CLIP <= 255 else np.uint16
    bands[:, reach:-reach] = clipped.sum(axis=1, dtype=whole) / np.float32(count)
    is_there = cv2.compare(bands, (_FAINTEST,), cv2.CMP_GE)  # what is taken off is no less than 0
    if cv2.reduce(is_there, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S).max() < 255 * (_COARSE - _COARSE_LOST):
        return None
    return lowest(bands - cv2.blur(bands, (8 * reach + 1, 1)), _COARSE_LOST)


def _candidates(score: Floats, side: _Side, sign: int) -> Places:
    """Return the columns that stand out most, the middle of its line each."""
    is_peak = score >= cv2.dilate(score[None], np.ones((1, 2 * side.reach + 1), np.uint8))[0]
    is_peak &= score >= _FAINTEST
    is_peak[: side.margin] = is_peak[-side.margin :] = False
    columns = np.flatnonzero(is_peak)
    strongest = columns[np.argsort(-score[columns], kind="stable")[:_CANDIDATES]].tolist()
    return np.array(list(dict.fromkeys(_middle_of_line(column, score, side, sign) for column in strongest)), np.intp)


def _middle_of_line(column: int, score: Floats, side: _Side, sign: int) -> int:
    """Return the darkest (sign 1) column of a line as good as this one within its reach: its flanks are pale."""
    near = np.arange(column - side.reach, column + side.reach + 1)
    near = near[score[near] >= _FLANK * score[column]]
    if near.size == 1:
        return column
    return int(near[(sign * side.lines[:, near].sum(axis=0, dtype=np.int64)).argmin()])


def _strengths(side: _Side, columns: Places, sign: int) -> list[float]:
    """Return the grey levels by which each column is darker (sign 1) or lighter than the ground on both its sides.

    Below 1 where it is not so in nearly all bands of the height, or is more likely print: how near it comes.
    """
    if not columns.size:
        return []
    here, before, after = (side.page[:, columns + away].T.astype(np.int16) for away in (0, -side.reach, side.reach))
    step, ground = before - after, np.minimum(before, after)
    beyond = ground - here if sign > 0 else here - np.maximum(before, after)
    is_seen = np.abs(step) <= _ALIKE
    if sign > 0:
        is_seen &= ground >= _BLACK
    edges = np.linspace(0, here.shape[1], _BANDS + 1).astype(np.intp)
    is_known, is_there = _bands(beyond, is_seen, edges)
    shares = is_there.sum(axis=1) / np.maximum(1, is_known.sum(axis=1))
    ends = np.array([0, -1])
    runs_through = np.all(is_there[:, ends] | ~is_known[:, ends], axis=1)
    nearly = _NEARLY * is_known.mean(axis=1) * (shares * shares * shares)  # print shows in half of them by chance
    doubtful = _DOUBTFUL * nearly
    return [
        _strength(side, column, _Line(beyond[k], step[k], ground[k], is_seen[k]), edges, float(nearly[k]))
        if shares[k] >= side.present
        else float((nearly if runs_through[k] else doubtful)[k])
        for k, column in enumerate(columns.tolist())
    ]


def _bands(beyond: Levels, is_seen: NDArray[np.bool_], edges: Places) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return in which bands a column's ground is known, and in which more than half of it shows a streak at all."""
    known, without = (
        np.add.reduceat(pixels, edges[:-1], axis=1, dtype=np.intp) for pixels in (is_seen, is_seen & (beyond < _LEAST))
    )
    is_known = known >= _least_known(edges)
    return is_known, is_known & (without <= (known - 1) // 2)


def _strength(side: _Side, column: int, line: _Line, edges: Places, nearly: float) -> float:
    """Return the usual strength of a line; where it is not steady, an edge, or print, how near it comes."""
    bands = [line.beyond[low:high][line.is_seen[low:high]] for low, high in pairwise(edges)]
    levels = np.array([_middle(band) for band in bands if len(band) >= _least_known(edges)])
    if len(levels) < side.known:
        return nearly
    usual = _middle(levels)
    is_there, is_more = levels >= max(_LEAST, _STEADY * usual), levels > 2 * usual
    is_steady = is_there.mean() >= side.present and is_more.mean() <= _UNSTEADY
    is_edge = abs(_middle(line.step[line.is_seen])) > _STEP * usual
    is_off = (line.ground[line.is_seen] >= _PAPER * side.paper).mean() < _ON_PAPER
    is_ink = usual >= _AS_INK * max(side.paper, _middle(line.ground[line.is_seen]))
    doubts = (not is_steady, is_edge, is_off, is_ink, _bears_rules(side, column, line.beyond, usual))
    return nearly * _DOUBTFUL ** int(sum(doubts)) if any(doubts) else float(usual)


def _bears_rules(side: _Side, column: int, beyond: NDArray[np.int16], usual: int) -> bool:
    """Return whether rules begin at the line, on one side of it: the border of a table, or a corner of a frame.

    A rule that is far darker was drawn with another pen, and happens to end there, unless the line ends there as well.
    """
    starts = column - _RULE_REACHES * side.reach, column + side.reach
    besides = [
        _darker_than_around(side.page[:, max(0, at) : at + (_RULE_REACHES - 1) * side.reach], side.reach)
        for at in starts
    ]
    is_rule, is_other = (_begins_at_line(besides, levels * usual) for levels in (_AS_DARK, _TOO_DARK))
    begins = np.flatnonzero(is_rule[1:] & ~is_rule[:-1]) + 1
    run = _END_REACHES * side.reach
    is_line = cv2.blur((beyond >= _AS_DARK * usual).astype(np.float32), (1, run)).ravel() > _STEADY
    rows = np.flatnonzero(is_line)
    ends = rows[[0, -1]] if rows.size else rows
    is_corner = bool((np.abs(begins[:, None] - ends) <= run).any())
    return is_corner or sum(not is_other[at : at + run].any() for at in begins.tolist()) > _MOST_RULES


def _begins_at_line(besides: list[Grey], level: float) -> NDArray[np.bool_]:
    """Return in which rows what lies beside a line on one side, but not on the other, is that much darker."""
    left, right = ((darker >= level).mean(axis=1) for darker in besides)
    return np.asarray((np.minimum(left, right) <= _RULE[0]) & (np.maximum(left, right) >= _RULE[1]), np.bool_)


def _darker_than_around(beside: Grey, reach: int) -> Grey:
    """Return by how much each pixel is darker than what lies 1 mm above it and below."""
    away = _RULE_AWAY * reach
    padded = cv2.copyMakeBorder(beside, away, away, 0, 0, cv2.BORDER_REPLICATE)
    return np.asarray(cv2.subtract(cv2.min(padded[: -2 * away], padded[2 * away :]), np.ascontiguousarray(beside)))


def _least_known(edges: Places) -> float:
    """Return the pixels of a band whose ground must be seen, or nothing is known of it."""
    return max(1.0, _KNOWN * float(edges[-1]) / _BANDS)


def _middle(values: Levels) -> int:
    """Return the lower median, a whole number."""
    middle = (len(values) - 1) // 2
    return int(np.partition(values, middle)[middle])
