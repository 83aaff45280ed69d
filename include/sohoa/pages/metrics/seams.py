"""Seams: where the strips of a large-format scan are stitched with a shift or a step in brightness.

A row next to its neighbour differs little, or by one sign where a rule begins. Across a seam with a shift it differs
much and by both signs, and the difference goes when one row is moved along the other: the normalised correlation of
the two, at its best lag against lag zero, proves the seam and gives the shift. On tints, patterns and pictures greys
go on across a seam, and the edges in them break off: there the edges of two rows are matched, and have to agree at
several places, for one letter matches another anywhere. A step in brightness is a sharp change of the paper over the
whole width; more than 15 % is the edge of a sheet or of a picture. The method is our own.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sohoa.pages.reduce import Grey, halve
from sohoa.pages.views import PageViews, each_nth, group_rows, lowest, transpose

Floats = NDArray[np.float32]
Places = NDArray[np.intp]
Edges = NDArray[np.float64]
"""Grey levels from each pixel of a row to the next."""

_LIMIT_MM = 0.3
_LIMIT_GAIN = 0.02
_FARTHEST_MM = 3.0
_CANDIDATES = 16
_GRAIN = 1.0  # grey level, by which rows of bare paper differ by both signs
_GAPS = np.array([1, 2, 3, 4])  # rows that a seam may fill with one tone, which begins, or ends, at a candidate:
_IN_GAP = np.concatenate([_GAPS // 2 + 1, -(_GAPS // 2)])  # its middle,
_ABOVE_GAP, _BELOW_GAP = np.concatenate([0 * _GAPS, -_GAPS]), np.concatenate([1 + _GAPS, 0 * _GAPS + 1])  # its ends
_MARGIN = 0.05  # of the page where no strip ends
_PLAIN = 24  # grey levels between which a row without content stays
_MIN_SPREAD = 3.0  # standard deviation of a row that can be matched, grey levels
_SAMPLE = 3  # each third row tells where a seam down the page may be
_CLEAR = 0.15  # by which the best lag must beat lag zero
_GROUPS = 12
_RULE, _RULE_SHARE = 15, 0.75  # grey levels of ink, and share of the height
_END = 0.02  # of the height
_OFFICE_MM = (180, 320)  # long side of a white sheet that no scanner stitches
_BREAKS = 12  # places where edges break off most
_SOFT = 0.4  # grey levels of its edges in which a row is as good as bare
_LEAST_BREAK = 0.1  # by which edges go on less than from row to row around
_STILL = 0.4  # correlation of the edges of two rows that no seam parts is higher
_LINES = (-2, -1, 0, 1, 2, 3)  # rows around a break, from the last before it
_PAIRS = ((1, 4), (2, 3), (1, 5), (0, 4))  # of those, above and below a break, where rows may be blended or blank
_NEAREST = 8  # rows from the ends of a page where none is looked for, and from a printed rule to where it is not
_RULE_RUN, _RULED = 40, 0.2  # such a part of a row at least is one run of a rule; share of the row that runs fill
_PARTS = 12  # of a row
_LEAST_PARTS = 2.0  # of them that the edges fill, if they were alike
_RICH = 0.02  # of all edges: such a part has a say
_AGREEING = 0.65  # of the rich parts match better moved than not
_MATCHED = (0.2, 0.4)  # of the edges of the middle part, from nothing to sure
_ALIKE, _ASIDE = 0.45, 0.75  # of the best match that lag zero, or another lag, may reach
_SLANT = 0.2  # by which rows that no seam parts may match better moved
_LEAST_LAG, _PEAK = 2, 3  # pixels
_MIN_PX = 64
_BAND = 384  # rows
_LARGEST_GAIN = 0.15


def measure_seams(views: PageViews) -> float | None:
    """Measure the worst step between strips: 1 for 0.3 mm or 2 % of the brightness, 0 for none; null on a tiny page."""
    if min(views.page.shape) < _MIN_PX:
        return None
    views = views.picture or views  # where a seam is straight
    page, scale, is_office = views.page, views.page_px_per_mm, _is_office_page(views)
    row_breaks, column_breaks = (None, None) if is_office else (_row_breaks(page), _column_breaks(page))
    shift = max(
        _worst_shift(page, _mixed_steps(page, 1), row_breaks, scale),
        _worst_shift(page.T, _mixed_steps(page[each_nth(len(page), _SAMPLE)], 0), column_breaks, scale),
    )
    gain = max(_worst_gain(views.half_paper, views.ink), _worst_gain(transpose(views.half_paper), views.ink.T))
    return float(max(shift / _LIMIT_MM, gain / _LIMIT_GAIN))


def _is_office_page(views: PageViews) -> bool:
    """Tell whether the page is a white sheet of A4 or so: no scanner stitches those, and their greys tell enough."""
    shortest, longest = _OFFICE_MM
    return views.is_scaled and shortest < max(views.page.shape) / views.page_px_per_mm < longest and views.is_white


def _worst_gain(paper: Grey, ink: Grey) -> float:
    """Return the largest sharp step of the paper between two columns over the whole height, as a share of it.

    Args:
        paper: grey of the paper.
        ink: the ink on it, at twice the size.
    """
    if paper.shape[1] < _MIN_PX // 2:
        return 0.0
    groups = np.log(np.maximum(group_rows(paper, _GROUPS), 30))
    mean = cv2.blur(groups, (9, 1))
    wide, sharp = mean[:, 14:] - mean[:, :-14], (groups[:, 4:] - groups[:, :-4])[:, 5:-5]
    edge = max(1, round(_MARGIN * paper.shape[1]))
    wide, sharp = wide[:, edge:-edge], sharp[:, edge:-edge]
    rises, falls = np.minimum(wide, sharp), np.minimum(-wide, -sharp)
    least_rise, least_fall, most_rise, most_fall = lowest(np.hstack([rises, falls, -rises, -falls]), 1).reshape(4, -1)
    low = np.maximum(
        np.where(-most_rise > _LARGEST_GAIN, 0, least_rise), np.where(-most_fall > _LARGEST_GAIN, 0, least_fall)
    )
    low = np.maximum(low, 0)
    if low.max(initial=0.0) > _LIMIT_GAIN / 2:
        low[_is_ruled(halve(np.ascontiguousarray(ink)))[7 + edge : -7 - edge]] = 0
    return float(low.max(initial=0.0))


def _is_ruled(ink: Grey) -> NDArray[np.bool_]:
    """Find columns near a line printed over most of the height but not to its ends: a tinted field, not a seam."""
    line = np.ones((max(3, len(ink) // 10), 1), np.uint8)
    is_ink = cv2.morphologyEx(cv2.compare(ink, (_RULE,), cv2.CMP_GT), cv2.MORPH_OPEN, line)
    end = max(1, round(_END * len(ink)))
    whole, top, bottom = (_share(part) for part in (is_ink, is_ink[:end], is_ink[-end:]))
    return np.asarray((whole > _RULE_SHARE) & (np.minimum(top, bottom) < _RULE_SHARE), np.bool_)


def _share(is_ink: Grey) -> Floats:
    share = cv2.reduce(is_ink, 0, cv2.REDUCE_AVG, dtype=cv2.CV_32F) / 255
    return np.asarray(cv2.dilate(share, np.ones((1, 9), np.uint8))[0], np.float32)


def _mixed_steps(image: Grey, axis: int) -> Floats:
    """Measure how much neighbours along the other axis differ by both signs, in grey levels: 0 if all step one way.

    Band by band, which is read once: all differences of a large sheet are 15 MB.
    """
    steps, greys = [], []
    for row in range(0, len(image) - axis, _BAND):
        band = image[row : row + _BAND + axis]
        before, after = (band[:-1], band[1:]) if axis else (band[:, :-1], band[:, 1:])
        steps.append(_sums(cv2.absdiff(before, after), axis))
        greys.append(_sums(before if axis else band, axis))
    if axis:
        step, grey = np.concatenate(steps), np.concatenate([*greys, _sums(image[-1:], axis)])
    else:
        step, grey = np.add.reduce(steps), np.add.reduce(greys)
    mixed = step - np.abs(grey[1:] - grey[:-1])
    return np.asarray(mixed / np.float32(image.shape[axis]), np.float32)


def _sums(image: Grey, axis: int) -> NDArray[np.int32]:
    return np.asarray(cv2.reduce(image, axis, cv2.REDUCE_SUM, dtype=cv2.CV_32S), np.int32).ravel()


def _worst_shift(page: Grey, mixed: Floats, breaks: Places | None, scale: float) -> float:
    """Return the largest shift in mm between two rows of ``page``, less where the rows do not match well.

    Args:
        page: the page.
        mixed: of each row, how much the next one differs by both signs.
        breaks: rows whose edges do not go on in the next; null where edges are not matched.
        scale: pixels per millimetre.
    """
    far = min(page.shape[1] // 4, round(_FARTHEST_MM * scale))
    rows = _candidates(mixed)
    both = rows if breaks is None else np.union1d(rows, breaks)
    both = both[(both >= _NEAREST) & (both < len(page) - _NEAREST)]
    go_on = _go_on(*_edges(np.ascontiguousarray(page[[both - 1, both + 2]])))  # a row of a seam may be blended
    edges = 0.0 if breaks is None else _worst_edge_shift(page, both[go_on <= _STILL], far)
    return max(_grey_shift(page, np.setdiff1d(rows, both[go_on > _STILL]), far), edges) / scale


def _grey_shift(page: Grey, rows: Places, far: int) -> float:
    """Return the largest shift in pixels between one of these rows and the next, by all that they show."""
    owner, above, below = _pairs(page, rows)
    found = _match(page[above], page[below], far)
    seen = np.flatnonzero(found)
    if not seen.size:
        return 0.0
    found[seen] = np.minimum(found[seen], _match(page[below[seen]], page[above[seen]], far))  # each along the other
    shifts = np.zeros(len(rows), np.float32)
    np.maximum.at(shifts, owner, found)
    seen = np.flatnonzero(shifts)
    if not seen.size:
        return 0.0
    near = np.concatenate([rows[seen] - _GAPS[-1], rows[seen] + _GAPS[-1]])
    usual = _match(page[near], page[near + 1], far).reshape(2, -1).max(axis=0)
    return max(0.0, float((shifts[seen] - usual).max()))


def _candidates(mixed: Floats) -> Places:
    """Return the rows that differ from the next by both signs far more than those around."""
    line = mixed[None]
    usual = (cv2.blur(line, (15, 1)) * 15 - cv2.blur(line, (3, 1)) * 3) / 12
    excess = (line / (usual + _GRAIN))[0]
    edge = max(6, round(_MARGIN * excess.size))
    excess[:edge] = excess[-edge:] = 0
    excess[excess < cv2.dilate(excess[None], np.ones((1, 7), np.uint8))[0]] = 0
    places = np.flatnonzero(excess > 0)
    return places[np.argsort(excess[places], kind="stable")[-_CANDIDATES:]]


def _pairs(page: Grey, rows: Places) -> tuple[Places, Places, Places]:
    """Return the rows to be matched at each candidate, its own and those across a gap of one tone.

    Slanting lines shift from every row to the next: what rows before and after do alike is no seam.

    Returns:
        (position in ``rows``, row above, row below).
    """
    around = page[:, ::4][rows[:, None] + _IN_GAP]
    owner, gap = np.nonzero(around.max(axis=2) - around.min(axis=2) < _PLAIN)
    across = rows[owner]
    return (
        np.concatenate([np.arange(len(rows)), owner]),
        np.concatenate([rows, across + _ABOVE_GAP[gap]]),
        np.concatenate([rows + 1, across + _BELOW_GAP[gap]]),
    )


def _match(above: Grey, below: Grey, far: int) -> Floats:
    """Find the pixels by which each row of ``below`` is shifted against that of ``above``, both (pair, x); 0: none.

    A match that is best at the farthest shift is none: so match the ends of a printed rule and letters under it.

    All sums are of whole numbers below 2^53, so that no order of adding, which differs among processors, rounds them.
    """
    core, other = above[:, far:-far].astype(np.float64), below.astype(np.float64)
    size, width = core.shape[1], other.shape[1]
    mean = other.sum(axis=1, keepdims=True) / width
    power = (other * other).sum(axis=1) - mean[:, 0] ** 2 * width
    spread = (core * core).sum(axis=1) - core.sum(axis=1) ** 2 / size
    can_match = (spread >= _MIN_SPREAD**2 * size) & (power >= _MIN_SPREAD**2 * width)
    sums = _sum_windows(other, size)
    there = _sum_windows(other * other, size) - 2 * mean * sums + size * mean**2
    products = np.reshape([np.correlate(*pair, "valid") for pair in zip(other, core, strict=True)], sums.shape)
    products -= core.sum(axis=1, keepdims=True) / size * sums
    match = products / np.sqrt(np.maximum(spread, 1.0)[:, None] * np.maximum(there, 1.0))
    lag = match.argmax(axis=1)
    moved, still = match.max(axis=1), np.maximum(0.0, match[:, far])
    sure = np.minimum(np.maximum((moved - still - _CLEAR) * moved * 2.5, 0.0), 1.0)
    is_peak = (lag > 0) & (lag < 2 * far)
    return np.asarray(np.where(can_match & is_peak, sure * np.abs(lag - far), 0.0), np.float32)


def _sum_windows(rows: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Return the sum of each window of ``size`` places in each row, (row, start)."""
    first = rows[:, :size].sum(axis=1, keepdims=True)
    change = np.cumsum(rows[:, size:] - rows[:, :-size], axis=1)
    return np.concatenate([first, first + change], axis=1)


def _row_breaks(page: Grey) -> Places:
    """Find the rows whose edges go on in the next far less than from row to row around: in two quarters of them."""
    eighth = page.shape[1] // 8
    difference, edge = np.zeros(len(page) - 1, np.int32), np.zeros(len(page), np.int32)
    for left in (eighth, page.shape[1] - 3 * eighth):
        for row in range(0, len(page) - 1, _BAND):
            band = page[row : row + _BAND + 1, left : left + 2 * eighth]
            steps = cv2.absdiff(band[:, 1:], band[:, :-1])
            difference[row : row + len(steps) - 1] += _sums(cv2.absdiff(steps[:-1], steps[1:]), 1)
            edge[row : row + len(steps) - 1] += _sums(steps[:-1], 1)
        edge[-1] += _sums(steps[-1:], 1)[0]
    return _breaks(difference, edge, 4 * eighth - 2)


def _column_breaks(page: Grey) -> Places:
    """Find the columns whose edges go on in the next far less than from column to column around, at each third row."""
    above, below = (rows[each_nth(len(page) - 1, _SAMPLE)] for rows in (page[:-1], page[1:]))
    differences, edges = [], []
    for row in range(0, len(above), _BAND // _SAMPLE):
        band = slice(row, row + _BAND // _SAMPLE)
        steps = cv2.absdiff(above[band], below[band])
        differences.append(_sums(cv2.absdiff(steps[:, :-1], steps[:, 1:]), 0))
        edges.append(_sums(steps, 0))
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
    """Return by how much each number that is the lowest of five lies below the third lowest of eight around it."""
    padded = np.pad(line, 6, mode="edge")
    around = np.stack([padded[6 + off : 6 + off + line.size] for off in (-6, -5, -4, -3, 3, 4, 5, 6)])
    below = lowest(around, 2) - line
    edge = max(8, round(_MARGIN * line.size))
    below[:edge] = below[-edge:] = 0
    below[below < cv2.dilate(below[None], np.ones((1, 5), np.uint8))[0]] = 0
    return np.asarray(below, np.float32)


def _worst_edge_shift(page: Grey, rows: Places, far: int) -> float:
    """Return the largest shift in pixels at one of these breaks, by the edges alone.

    Edges are whole numbers, so that no order of adding rounds them.
    """
    lines = _edges(np.ascontiguousarray(page[rows[:, None] + np.array(_LINES)]))
    goes_on = (np.abs(lines[:, :2]).max(axis=(1, 2)) > 0) & (np.abs(lines[:, 4:]).max(axis=(1, 2)) > 0)
    is_filled = goes_on & _is_filled(_part_sums(lines[:, 1] ** 2 + lines[:, 4] ** 2))
    is_filled[is_filled] = [not _is_at_rule(page, row) for row in rows[is_filled].tolist()]
    filled = zip(rows[is_filled].tolist(), lines[is_filled], strict=True)
    return max((_edge_shift(page, row, around, far) for row, around in filled), default=0.0)


def _is_at_rule(page: Grey, row: int) -> bool:
    """Return whether a rule is printed at a break: what stands under one may stand otherwise than what is above it."""
    around = np.minimum(page[row - _NEAREST], page[row + _NEAREST])
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
    return sure * abs(lag) if sure and not _slants(page, row, below - above, far) else 0.0


def _slants(page: Grey, row: int, gap: int, far: int) -> bool:
    """Return whether rows on either side of a break, as far apart, match better when one is moved."""
    starts = np.array([row - _PEAK - gap, row + _PEAK + 1])
    above, below = _edges(page[starts]), _edges(page[starts + gap])
    usual = (_match_edges(*pair, far) for pair in zip(above, below, strict=True))
    return any(bool(match.max() - match[far] > _SLANT) for match in usual)


def _edges(rows: Grey) -> Edges:
    return np.asarray(rows[..., 1:].astype(np.float64) - rows[..., :-1], np.float64)


def _go_on(above: Edges, below: Edges) -> Edges:
    """Return the correlation of the edges of each row of ``above`` and of ``below`` as they stand, both (pair, x)."""
    pairs = (above, below), (above, above), (below, below)
    products, power, there = (np.einsum("ij,ij->i", *pair) for pair in pairs)
    bare = _SOFT * above.shape[1]
    return np.asarray(products / np.sqrt((power + bare) * (there + bare)), np.float64)


def _match_edges(above: Edges, below: Edges, far: int) -> Edges:
    """Return the correlation of the edges of two rows, by lag from ``-far`` to ``far``."""
    core = above[far:-far]
    bare = _SOFT * core.size
    there = _sum_windows((below * below)[None], core.size)[0]
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
