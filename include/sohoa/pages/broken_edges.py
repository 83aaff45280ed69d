"""Where edges break off at one line of a page and go on shifted: what a seam does on tints, patterns and pictures.

The method is our own; docs/pagenet.md tells how it was found.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sohoa.pages.reduce import Grey
from sohoa.pages.views import each_nth

Floats = NDArray[np.float32]
Places = NDArray[np.intp]
Edges = NDArray[np.float64]
"""Grey levels from each pixel of a row to the next."""

BAND = 384
"""Rows that are read at a time."""
AT_ONCE = 8
"""Pairs of rows that are matched at a time."""
MARGIN = 0.05
"""Of the page where no strip ends."""
SAMPLE = 3
"""Each third row tells where a seam down the page may be."""
NEAREST = 8
"""Rows from the ends of a page where none is looked for, and from a printed rule to where it is not."""
_BREAKS = 12  # places where edges break off most
_WIDTH, _QUICK_WIDTH = 4, 6  # each of two parts of a page's width tells where edges break off: a fourth, or a sixth
_QUICK_SAMPLE = 6  # rows of which one tells it
_LEAST_MOVED = 0.1  # of the edges of two lines that match at first sight when one is moved
_SOFT = 0.4  # grey levels of its edges in which a row is as good as bare
_LEAST_BREAK = 0.1  # by which edges go on less than from row to row around
_LINES = (-2, -1, 0, 1, 2, 3)  # rows around a break, from the last before it
_PAIRS = ((1, 4), (2, 3), (1, 5), (0, 4))  # of those, above and below a break, where rows may be blended or blank
_RULE = 15  # grey levels by which a printed rule is darker
_RULE_RUN, _RULED = 40, 0.2  # such a part of a row at least is one run of a rule; share of the row that runs fill
_PARTS = 12  # of a row
_LEAST_PARTS = 2.0  # of them that the edges fill, if they were alike
_RICH = 0.02  # of all edges: such a part has a say
_AGREEING = 0.65  # of the rich parts match better moved than not
_MATCHED = (0.2, 0.4)  # of the edges of the middle part, from nothing to sure
_ALIKE, _ASIDE = 0.45, 0.75  # of the best match that lag zero, or another lag, may reach
_SLANT = 0.2  # by which rows that no seam parts may match better moved
_USUAL = 0.3  # match of rows that no seam parts at least, on one side of it
_OTHER = 0.2  # and on the other, or the match across it is better than any beside it
_KEPT = 0.42  # of that match is the one across a seam
_LEAST_LAG, _PEAK = 2, 3  # pixels


def row_breaks(page: Grey, is_quick: bool) -> Places:
    """Find the rows whose edges go on in the next far less than from row to row around, the farthest from it last.

    Args:
        page: the page.
        is_quick: whether fewer of its pixels are looked at.
    """
    width = _QUICK_WIDTH if is_quick else _WIDTH
    quarter, half = page.shape[1] // 8 * 2, page.shape[1] // (2 * width)
    difference, edge = np.zeros(len(page) - 1, np.int32), np.zeros(len(page), np.int32)
    for middle in (quarter, page.shape[1] - quarter):
        for row in range(0, len(page) - 1, width * BAND):
            band = page[row : row + width * BAND + 1, middle - half : middle + half]
            steps = cv2.absdiff(band[:, 1:], band[:, :-1])
            difference[row : row + len(steps) - 1] += sum_lines(cv2.absdiff(steps[:-1], steps[1:]), 1)
            edge[row : row + len(steps) - 1] += sum_lines(steps[:-1], 1)
        edge[-1] += sum_lines(steps[-1:], 1)[0]
    return _breaks(difference, edge, 4 * half - 2)


def column_breaks(page: Grey, is_quick: bool) -> Places:
    """Find the columns whose edges go on in the next far less than from column to column around, likewise."""
    sample = each_nth(len(page) - 1, _QUICK_SAMPLE if is_quick else SAMPLE)
    above, below = page[:-1][sample], page[1:][sample]
    differences, edges = [], []
    for row in range(0, len(above), BAND // SAMPLE):
        band = slice(row, row + BAND // SAMPLE)
        steps = cv2.absdiff(above[band], below[band])
        differences.append(sum_lines(cv2.absdiff(steps[:, :-1], steps[:, 1:]), 0))
        edges.append(sum_lines(steps, 0))
    return _breaks(np.add.reduce(differences), np.add.reduce(edges), len(above))


def _breaks(difference: NDArray[np.int32], edge: NDArray[np.int32], length: int) -> Places:
    """Return where edges break off most, at most ``_BREAKS`` places.

    Args:
        difference: by how much the edges of a line and the next differ.
        edge: edges of each line, in grey levels.
        length: places of a line where an edge may be.
    """
    alike = 1 - difference / (edge[1:] + edge[:-1] + _SOFT * length)
    breaks = _below_around(alike.astype(np.float32))
    places = np.flatnonzero(breaks >= _LEAST_BREAK)
    return places[np.argsort(breaks[places], kind="stable")[-_BREAKS:]]


def _below_around(line: Floats) -> Floats:
    """Return by how much each number lies below the mean of eight around it, where that is most of five in a row."""
    row = line[None]
    below = ((cv2.blur(row, (13, 1)) * 13 - cv2.blur(row, (5, 1)) * 5) / 8 - row)[0]
    edge = max(8, round(MARGIN * line.size))
    below[:edge] = below[-edge:] = 0
    below[below < cv2.dilate(below[None], np.ones((1, 5), np.uint8))[0]] = 0
    return np.asarray(below, np.float32)


def going_on(above: Edges, below: Edges) -> Edges:
    """Return the correlation of the edges of each row of ``above`` and of ``below`` as they stand, both (pair, x)."""
    pairs = (above, below), (above, above), (below, below)
    products, power, there = (np.einsum("ij,ij->i", *pair) for pair in pairs)
    bare = _SOFT * above.shape[1]
    return np.asarray(products / np.sqrt((power + bare) * (there + bare)), np.float64)


def find_moved(page: Grey, rows: Places, far: int) -> Places:
    """Return the breaks at which edges match better when one row is moved, at first sight: few are left."""
    if not rows.size:
        return rows
    pairs = page[[rows - 1, rows + 2]].reshape(2 * len(rows), -1)  # a row of a seam may be blended
    edges = np.asarray(cv2.subtract(pairs[:, 1:], pairs[:, :-1], dtype=cv2.CV_64F), np.float64)
    core, below = edges[: len(rows), far:-far], edges[len(rows) :]
    match = np.array([np.correlate(*pair, "valid") for pair in zip(below, core, strict=True)])
    power, there = (np.einsum("ij,ij->i", part, part) + _SOFT * core.shape[1] for part in (core, below))
    lag, best = match.argmax(axis=1), match.max(axis=1)
    is_aside = np.abs(np.arange(2 * far + 1) - lag[:, None]) > _PEAK
    is_clear = (match[:, far] <= _ALIKE * best) & (np.where(is_aside, match, 0).max(axis=1) <= _ASIDE * best)
    is_lag = (np.abs(lag - far) >= _LEAST_LAG) & (lag > 0) & (lag < 2 * far)
    is_match = best * best > _LEAST_MOVED**2 * power * there
    return np.asarray(rows[is_lag & is_clear & is_match], np.intp)


def worst_edge_shift(page: Grey, rows: Places, far: int) -> float:
    """Return the largest shift in pixels at one of these breaks, by the edges alone.

    Edges are whole numbers, so that no order of adding rounds them. A few breaks at a time: of a large sheet their
    lines are many megabytes.
    """
    parts = (rows[first : first + AT_ONCE] for first in range(0, len(rows), AT_ONCE))
    shifts = [found for part in parts for found in _edge_shifts(page, part, far)]
    return next((shift for shift, row in sorted(shifts, reverse=True) if shift and not _is_at_rule(page, row)), 0.0)


def _edge_shifts(page: Grey, rows: Places, far: int) -> list[tuple[float, int]]:
    """Return the shift at each of a few breaks, and the break; only of those that have edges around."""
    lines = edges_of(np.ascontiguousarray(page[rows[:, None] + np.array(_LINES)]))
    goes_on = (np.abs(lines[:, :2]).max(axis=(1, 2)) > 0) & (np.abs(lines[:, 4:]).max(axis=(1, 2)) > 0)
    is_filled = goes_on & _is_filled(_part_sums(lines[:, 1] ** 2 + lines[:, 4] ** 2))
    filled = zip(rows[is_filled].tolist(), lines[is_filled], strict=True)
    return [(_edge_shift(page, row, around, far), row) for row, around in filled]


def _is_at_rule(page: Grey, row: int) -> bool:
    """Return whether a rule is printed at a break: what stands under one may stand otherwise than what is above it."""
    around = np.minimum(page[row - NEAREST], page[row + NEAREST])
    darker = cv2.subtract(np.broadcast_to(around, (len(_LINES), around.size)), page[row + np.array(_LINES)])
    run = np.ones((1, max(3, around.size // _RULE_RUN)), np.uint8)
    is_rule = cv2.morphologyEx(cv2.compare(darker, (_RULE,), cv2.CMP_GT), cv2.MORPH_OPEN, run)
    return bool(cv2.reduce(is_rule, 1, cv2.REDUCE_AVG, dtype=cv2.CV_32F).max() > 255 * _RULED)


def _edge_shift(page: Grey, row: int, lines: Edges, far: int) -> float:
    """Return the pixels by which edges are shifted at a break, less where they match in part, 0 where it is none.

    Args:
        page: the page.
        row: the last before the break.
        lines: edges of ``_LINES`` around it.
        far: pixels of the farthest shift.
    """
    match, above, below, lag = np.empty(0), 0, 0, 0
    for pair in _PAIRS:
        tried = _match_edges(lines[pair[0]], lines[pair[1]], far)
        if not match.size or tried.max() > match.max():
            match, (above, below), lag = tried, pair, int(tried.argmax()) - far
        if abs(lag) < _LEAST_LAG:
            return 0.0
    best, at = float(match.max()), lag + far
    aside = np.delete(match, np.s_[max(0, at - _PEAK) : at + _PEAK + 1])
    if abs(lag) == far or match[far] > _ALIKE * best or aside.max(initial=0.0) > _ASIDE * best:
        return 0.0
    sure = min(  # each along the other
        _parts_matched(lines[above, far:-far], lines[below], far, far + lag),
        _parts_matched(lines[below, far:-far], lines[above], far, far - lag),
    )
    return sure * abs(lag) if sure and _stands_out(page, row, below - above, match, far) else 0.0


def _stands_out(page: Grey, row: int, gap: int, moved: Edges, far: int) -> bool:
    """Return whether edges go on as they stand beside a break, and not when moved as they are across it.

    Rows of slanting lines match better moved everywhere, a pattern when moved by its period, rows of dots hardly
    ever, rows of bars that are drawn anew at each line match across one by chance, and equal marks that stand under
    one another begin or end at one line, beside which their edges go on badly.

    Args:
        page: the page.
        row: the last before the break.
        gap: rows between those that were matched across it.
        moved: their match by lag.
        far: pixels of the farthest shift.
    """
    at, best = int(moved.argmax()), float(moved.max())
    starts = np.array([row - _PEAK - gap, row + _PEAK + 1])
    above, below = edges_of(page[starts]), edges_of(page[starts + gap])
    around = [_match_edges(*pair, far) for pair in zip(above, below, strict=True)]
    slants = any(match.max() - match[far] > _SLANT or match[at] > _ASIDE * best for match in around)
    other, usual = sorted(float(match[far]) for match in around)
    kept = _KEPT if other >= _OTHER else 1.0
    return not slants and usual >= _USUAL and best >= kept * usual


def edges_of(rows: Grey) -> Edges:
    """Return the edges of each row, which is the last axis."""
    return np.asarray(rows[..., 1:].astype(np.float64) - rows[..., :-1], np.float64)


def _match_edges(above: Edges, below: Edges, far: int) -> Edges:
    """Return the correlation of the edges of two rows, by lag from ``-far`` to ``far``."""
    core = above[far:-far]
    bare = _SOFT * core.size
    squares = (below * below)[None]
    there = sum_windows(squares, squares.sum(axis=1, keepdims=True), core.size)[0]
    products = np.correlate(below, core, "valid")
    return np.asarray(products / np.sqrt(((core * core).sum() + bare) * (there + bare)), np.float64)


def _part_sums(values: Edges) -> Edges:
    starts = np.arange(_PARTS) * values.shape[-1] // _PARTS
    return np.asarray(np.add.reduceat(values, starts, axis=-1), np.float64)


def _is_filled(power: Edges) -> NDArray[np.bool_]:
    """Return whether there are edges in several parts of a row, or in one or two alone; squares are counted exactly."""
    parts = power.astype(np.int64)
    whole, squares = parts.sum(axis=-1), (parts * parts).sum(axis=-1)
    return np.asarray((whole > 0) & (whole * whole >= _LEAST_PARTS * squares), np.bool_)


def _parts_matched(above: Edges, other: Edges, far: int, at: int) -> float:
    """Return how surely the edges match at several places along the rows when one is moved, 0 to 1."""
    still, below = other[far : far + above.size], other[at : at + above.size]
    power = _part_sums(above * above) + _part_sums(below * below)
    if not _is_filled(power):
        return 0.0
    is_rich = power >= _RICH * power.sum()
    moved = _part_sums(above * below)
    if (moved > _part_sums(above * still))[is_rich].mean() < _AGREEING:
        return 0.0
    least, most = _MATCHED
    matched = float(np.median(2 * moved[is_rich] / power[is_rich]))
    return min(1.0, max(0.0, (matched - least) / (most - least)))


def sum_windows(rows: NDArray[np.float64], sums: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Return the sum of each window of ``size`` places in each row, (row, start), from those of whole rows, (row, 1).

    All are of whole numbers, so that no order of adding rounds them.
    """
    last = rows[:, size:]
    first = sums - last.sum(axis=1, keepdims=True)
    return np.concatenate([first, first + np.cumsum(last - rows[:, :-size], axis=1)], axis=1)


def sum_lines(image: Grey, axis: int) -> NDArray[np.int32]:
    """Return the sum of each row (axis 1) or column (axis 0)."""
    return np.asarray(cv2.reduce(image, axis, cv2.REDUCE_SUM, dtype=cv2.CV_32S), np.int32).ravel()
