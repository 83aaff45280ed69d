"""Seams: where the strips of a large-format scan are stitched with a shift or a step in brightness.

A row next to its neighbour differs little, or by one sign where a rule begins. Across a seam with a shift it differs
much and by both signs, and the difference goes when one row is moved along the other: the normalised correlation of
the two, at its best lag against lag zero, proves the seam and gives the shift. On tints, patterns and pictures greys
go on across a seam, and the edges in them break off: there the edges of two rows are matched, and have to agree at
several places, for one letter matches another anywhere. A step in brightness is a sharp change of the paper over the
whole width, not back again, as at a fold; more than 15 % is the edge of a sheet or of a picture. The method is our own.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sohoa.pages.broken_edges import (
    AT_ONCE,
    BAND,
    MARGIN,
    NEAREST,
    SAMPLE,
    Floats,
    Places,
    column_breaks,
    edges_of,
    find_moved,
    going_on,
    row_breaks,
    sum_lines,
    sum_windows,
    worst_edge_shift,
)
from sohoa.pages.reduce import Grey, halve
from sohoa.pages.views import PageViews, each_nth, group_rows, lowest, transpose

_LIMIT_MM = 0.3
_LIMIT_GAIN = 0.02
_FARTHEST_MM = 3.0
_CANDIDATES = 16
_GRAIN = 1.0  # grey level, by which rows of bare paper differ by both signs
_GAPS = np.array([1, 2, 3, 4])  # rows that a seam may fill with one tone, which begins, or ends, at a candidate:
_IN_GAP = np.concatenate([_GAPS // 2 + 1, -(_GAPS // 2)])  # its middle,
_ABOVE_GAP, _BELOW_GAP = np.concatenate([0 * _GAPS, -_GAPS]), np.concatenate([1 + _GAPS, 0 * _GAPS + 1])  # its ends
_PLAIN = 24  # grey levels between which a row without content stays
_MIN_SPREAD = 3.0  # standard deviation of a row that can be matched, grey levels
_CLEAR = 0.15  # by which the best lag must beat lag zero
_SEEMS_CLEAR = 0.05  # likewise at first sight
_FINE = 0.4  # of what a row varies by at half its length that it varies by within each two pixels: it is lost there
_ASIDE, _PEAK = 0.95, 3  # of the best match that another lag, so many pixels away, may reach
_BESIDE = np.array([3, 6])  # rows from a candidate to where greys must go on from row to row
_USUAL = 0.4  # correlation of such rows at least
_GROUPS = 12
_BACK = 15  # columns within which the paper steps back from a fold
_RULE, _RULE_SHARE = 15, 0.75  # grey levels of ink, and share of the height
_END = 0.02  # of the height
_OFFICE_MM = (180, 320)  # long side of a white sheet that no scanner stitches
_STILL = 0.4  # correlation of the edges of two rows that no seam parts is higher
_SUREST = 10  # breaks of a white sheet of A4 that are looked at
_MIN_PX = 64
_LARGEST_GAIN = 0.15


def measure_seams(views: PageViews) -> float | None:
    """Measure the worst step between strips: 1 for 0.3 mm or 2 % of the brightness, 0 for none; null on a tiny page."""
    if min(views.page.shape) < _MIN_PX:
        return None
    views = views.picture or views  # where a seam is straight
    page, scale, is_office = views.page, views.page_px_per_mm, _is_office_page(views)
    rows, columns = row_breaks(page, is_office), column_breaks(page, is_office)
    shift = max(
        _worst_shift(page, _mixed_steps(page, 1), rows, scale, is_office),
        _worst_shift(page.T, _mixed_steps(page[each_nth(len(page), SAMPLE)], 0), columns, scale, is_office),
    )
    gain = max(_worst_gain(views.half_paper, views.ink), _worst_gain(transpose(views.half_paper), views.ink.T))
    return float(max(shift / _LIMIT_MM, gain / _LIMIT_GAIN))


def _is_office_page(views: PageViews) -> bool:
    """Tell whether the page is a white sheet of A4 or so: no scanner stitches those, and a quick look is enough."""
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
    edge = max(1, round(MARGIN * paper.shape[1]))
    wide, sharp = wide[:, edge:-edge], sharp[:, edge:-edge]
    rises, falls = np.minimum(wide, sharp), np.minimum(-wide, -sharp)
    if not _is_step(rises) and not _is_step(falls):
        return 0.0
    least_rise, least_fall, most_rise, most_fall = lowest(np.hstack([rises, falls, -rises, -falls]), 1).reshape(4, -1)
    rise = np.maximum(np.where(-most_rise > _LARGEST_GAIN, 0, least_rise), 0)
    fall = np.maximum(np.where(-most_fall > _LARGEST_GAIN, 0, least_fall), 0)
    low = np.maximum(rise - _most_near(fall), fall - _most_near(rise))
    low = np.maximum(low, 0)
    if low.max(initial=0.0) > _LIMIT_GAIN / 2:
        low[_is_ruled(halve(np.ascontiguousarray(ink)))[7 + edge : -7 - edge]] = 0
    return float(low.max(initial=0.0))


def _is_step(rises: Floats) -> bool:
    """Return whether any column rises in all groups of rows but one."""
    is_rise = cv2.compare(rises, (0,), cv2.CMP_GT)
    return bool(cv2.reduce(is_rise, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S).max() >= 255 * (len(rises) - 1))


def _most_near(steps: Floats) -> Floats:
    """Return the largest step within ``_BACK`` columns of each: a fold of the paper darkens it there and back."""
    return np.asarray(cv2.dilate(steps[None], np.ones((1, 2 * _BACK + 1), np.uint8))[0], np.float32)


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
    for row in range(0, len(image) - axis, BAND):
        band = image[row : row + BAND + axis]
        before, after = (band[:-1], band[1:]) if axis else (band[:, :-1], band[:, 1:])
        steps.append(sum_lines(cv2.absdiff(before, after), axis))
        greys.append(sum_lines(before if axis else band, axis))
    if axis:
        step, grey = np.concatenate(steps), np.concatenate([*greys, sum_lines(image[-1:], axis)])
    else:
        step, grey = np.add.reduce(steps), np.add.reduce(greys)
    mixed = step - np.abs(grey[1:] - grey[:-1])
    return np.asarray(mixed / np.float32(image.shape[axis]), np.float32)


def _worst_shift(page: Grey, mixed: Floats, breaks: Places, scale: float, is_office: bool) -> float:
    """Return the largest shift in mm between two rows of ``page``, less where the rows do not match well.

    Args:
        page: the page.
        mixed: of each row, how much the next one differs by both signs.
        breaks: rows whose edges do not go on in the next, the surest last.
        scale: pixels per millimetre.
        is_office: whether edges are matched only where a first look at the surest breaks says so.
    """
    far = min(page.shape[1] // 4, round(_FARTHEST_MM * scale))
    rows = _candidates(mixed)
    broken = breaks[-_SUREST:] if is_office else np.union1d(rows, breaks)
    broken = broken[(broken >= NEAREST) & (broken < len(page) - NEAREST)]
    broken = find_moved(page, broken, far) if is_office else broken
    edges = worst_edge_shift(page, broken[~_goes_on(page, broken)], far) if broken.size else 0.0
    return max(_grey_shift(page, rows, far, is_office), edges) / scale


def _goes_on(page: Grey, rows: Places) -> NDArray[np.bool_]:
    """Return whether the edges of each row go on in the second next: no seam parts them, which may blend one row."""
    alike = going_on(*edges_of(np.ascontiguousarray(page[[rows - 1, rows + 2]])))
    return np.asarray(alike > _STILL, np.bool_)


def _grey_shift(page: Grey, rows: Places, far: int, is_office: bool) -> float:
    """Return the largest shift in pixels between one of these rows and the next, by all that they show."""
    owner, above, below = _pairs(page, rows)
    if is_office and owner.size:
        seems = _seems_moved(page[np.concatenate([above, below])], far)
        owner, above, below = owner[seems], above[seems], below[seems]
    if not owner.size:
        return 0.0
    found = _match(page[above], page[below], far)
    seen = np.flatnonzero(found)
    seen = seen[~_goes_on(page, rows[owner[seen]])] if seen.size else seen
    if not seen.size:
        return 0.0
    found = np.minimum(found[seen], _match(page[below[seen]], page[above[seen]], far))  # each along the other
    found[~_go_on_beside(page, above[seen], below[seen])] = 0
    shifts = np.zeros(len(rows), np.float32)
    np.maximum.at(shifts, owner[seen], found)
    seen = np.flatnonzero(shifts)
    if not seen.size:
        return 0.0
    near = np.concatenate([rows[seen] - _GAPS[-1], rows[seen] + _GAPS[-1]])
    usual = _match(page[near], page[near + 1], far).reshape(2, -1).max(axis=0)
    return max(0.0, float((shifts[seen] - usual).max()))


def _go_on_beside(page: Grey, above: Places, below: Places) -> NDArray[np.bool_]:
    """Return whether greys go on from row to row, as they stand, on both sides of each pair of rows.

    Dithered tints and hatching match moved at one row or another by chance, and from row to row hardly ever as they
    stand. Where nothing is beside a pair nothing is known.
    """
    starts = np.stack([above - _BESIDE[:, None] - 1, below + _BESIDE[:, None]], axis=1).clip(0, len(page) - 2)
    lines, width = page[np.stack([starts, starts + 1])].astype(np.int64), page.shape[1]
    total = lines.sum(axis=-1)
    spread = width * np.einsum("...x,...x", lines, lines) - total * total
    common = width * np.einsum("...x,...x", *lines) - total[0] * total[1]
    is_alike = common >= _USUAL * np.sqrt(spread.astype(np.float64)).prod(axis=0)
    is_bare = spread.min(axis=0) < (_MIN_SPREAD * width) ** 2
    return np.asarray((is_alike | is_bare).any(axis=0).all(axis=0), np.bool_)


def _candidates(mixed: Floats) -> Places:
    """Return the rows that differ from the next by both signs far more than those around."""
    line = mixed[None]
    usual = (cv2.blur(line, (15, 1)) * 15 - cv2.blur(line, (3, 1)) * 3) / 12
    excess = (line / (usual + _GRAIN))[0]
    edge = max(6, round(MARGIN * excess.size))
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


def _seems_moved(rows: Grey, far: int) -> NDArray[np.bool_]:
    """Return which pairs of rows match better when one is moved, at first sight: at half their length.

    Those with much that half the length does not show, as fine patterns and letters of few pixels, are looked at too,
    and those that match nowhere there. Sums are exact, as in ``_match``.

    Args:
        rows: those above, then those below, (row, x).
        far: pixels of the farthest shift.
    """
    far = -(-far // 2)
    halves, steps = _halves(rows)
    seen, lost = np.einsum("ij,ij->i", halves, halves), np.einsum("ij,ij->i", steps, steps)
    above, other = np.split(halves, 2)
    core, still = above[:, far:-far], other[:, far:-far]
    is_faint = seen + lost < 4 * _MIN_SPREAD**2 * core.shape[1]
    is_fine = (lost > _FINE * seen).reshape(2, -1).any(axis=0) & ~is_faint.reshape(2, -1).any(axis=0)
    match = np.array([np.correlate(*pair, "valid") for pair in zip(other, core, strict=True)])
    power, there = np.einsum("ij,ij->i", core, core), np.einsum("ij,ij->i", still, still)
    best = match.max(axis=1)
    is_better = best - np.maximum(0.0, match[:, far]) > _SEEMS_CLEAR * np.sqrt(power * there)
    return np.asarray(is_better | is_fine | (best <= 0), np.bool_)


def _halves(rows: Grey) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the sums of each two neighbours of a row less about their mean, whole numbers, and the differences.

    An odd last one is left.
    """
    pairs = np.ascontiguousarray(rows[:, : rows.shape[1] // 2 * 2]).view(np.uint16)
    first, second = pairs & 255, pairs >> 8
    sums = first + second
    mean = sums.sum(axis=1, keepdims=True, dtype=np.int64) // sums.shape[1]
    return np.subtract(sums, mean, dtype=np.float64), np.subtract(first, second, dtype=np.float64)


def _match(above: Grey, below: Grey, far: int) -> Floats:
    """Do as ``_match_few`` with any number of rows, a few at a time."""
    parts = (slice(first, first + AT_ONCE) for first in range(0, len(above), AT_ONCE))
    found = [_match_few(above[part], below[part], far) for part in parts]
    return np.concatenate(found) if found else np.empty(0, np.float32)


def _match_few(above: Grey, below: Grey, far: int) -> Floats:
    """Find the pixels by which each row of ``below`` is shifted against that of ``above``, both (pair, x); 0: none.

    A match that is best at the farthest shift is none: so match the ends of a printed rule and letters under it. Nor
    is one that is as good elsewhere: so match a pattern and equal marks.

    All sums are of whole numbers below 2^53, so that no order of adding, which differs among processors, rounds them.
    """
    core, other = above[:, far:-far].astype(np.float64), below.astype(np.float64)
    size, width = core.shape[1], other.shape[1]
    squares = other * other
    total, square_total = other.sum(axis=1, keepdims=True), squares.sum(axis=1, keepdims=True)
    mean, core_total = total / width, core.sum(axis=1, keepdims=True)
    power = square_total[:, 0] - mean[:, 0] ** 2 * width
    spread = np.einsum("ij,ij->i", core, core) - core_total[:, 0] ** 2 / size
    can_match = (spread >= _MIN_SPREAD**2 * size) & (power >= _MIN_SPREAD**2 * width)
    sums = sum_windows(other, total, size)
    there = sum_windows(squares, square_total, size) - 2 * mean * sums + size * mean**2
    products = np.reshape([np.correlate(*pair, "valid") for pair in zip(other, core, strict=True)], sums.shape)
    products -= core_total / size * sums
    match = products / np.sqrt(np.maximum(spread, 1.0)[:, None] * np.maximum(there, 1.0))
    lag = match.argmax(axis=1)
    moved, still = match.max(axis=1), np.maximum(0.0, match[:, far])
    sure = np.minimum(np.maximum((moved - still - _CLEAR) * moved * 2.5, 0.0), 1.0)
    is_aside = np.abs(np.arange(2 * far + 1) - lag[:, None]) > _PEAK
    is_peak = (lag > 0) & (lag < 2 * far) & (np.where(is_aside, match, 0).max(axis=1) <= _ASIDE * moved)
    return np.asarray(np.where(can_match & is_peak, sure * np.abs(lag - far), 0.0), np.float32)
