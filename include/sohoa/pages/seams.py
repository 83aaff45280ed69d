"""Seams: where the strips of a large-format scan are stitched with a shift or a step in brightness.

A row next to its neighbour differs little, or by one sign where a rule begins. Across a seam with a shift it differs
much and by both signs, and the difference goes when one row is moved along the other: the normalised correlation of
the two, at its best lag against lag zero, proves the seam and gives the shift. A step in brightness is a sharp change
of the paper over the whole width; more than 15 % is the edge of a sheet or of a picture. The method is our own.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sohoa.pages.reduce import Grey, halve
from sohoa.pages.views import PageViews, group_rows

Floats = NDArray[np.float32]

_LIMIT_MM = 0.3
_LIMIT_GAIN = 0.02
_FARTHEST_MM = 3.0
_CANDIDATES = 10  # rows that are looked at closely
_GAPS = (1, 2, 3, 4)  # rows that a seam may fill with one tone
_MARGIN = 0.05  # of the page where no strip ends
_PLAIN = 24  # grey levels between which a row without content stays
_LEAST_SPREAD = 3.0  # standard deviation of a row that can be matched, grey levels
_SAMPLE = 3  # every third line across tells where a seam may be
_CLEAR = 0.15  # by which the best lag must beat lag zero
_GROUPS = 12
_RULE, _RULE_SHARE = 15, 0.75  # grey levels of ink, and share of the height
_END = 0.02  # of the height
_LEAST_PX = 64
_LARGEST_GAIN = 0.15


def measure_seams(views: PageViews) -> float | None:
    """Worst step between strips: 1 is a shift of 0.3 mm or 2 % of the brightness, 0 none; null on a tiny page."""
    page, scale = views.page, views.page_px_per_mm
    if min(page.shape) < _LEAST_PX:
        return None
    turned = np.asarray(cv2.transpose(page), np.uint8)
    shift = max(_worst_shift(page, turned, scale), _worst_shift(turned, page, scale))
    gain = max(
        _worst_gain(image, ink) for image, ink in ((views.half_paper, views.ink), (views.half_paper.T, views.ink.T))
    )
    return float(max(shift / _LIMIT_MM, gain / _LIMIT_GAIN))


def _worst_gain(paper: Grey, ink: Grey) -> float:
    """Largest sharp step of the paper between two columns over the whole height, as a share of it.

    Args:
        paper: grey of the paper.
        ink: the ink on it, at twice the size.
    """
    paper = np.ascontiguousarray(paper)
    groups = np.log(np.maximum(group_rows(paper, _GROUPS), 30))
    mean = cv2.blur(groups, (9, 1))
    wide, sharp = mean[:, 14:] - mean[:, :-14], (groups[:, 4:] - groups[:, :-4])[:, 5:-5]
    edge = max(1, round(_MARGIN * paper.shape[1]))
    low = np.zeros(wide.shape[1] - 2 * edge, np.float32)
    for sign in (1, -1):
        step = np.minimum(sign * wide, sign * sharp)[:, edge:-edge]
        most, least = -_second_lowest(-step), _second_lowest(step)
        low = np.maximum(low, np.where(most > _LARGEST_GAIN, 0, least))
    if low.max(initial=0.0) > _LIMIT_GAIN / 2:
        low[_is_ruled(halve(np.ascontiguousarray(ink)))[7 + edge : -7 - edge]] = 0
    return float(low.max(initial=0.0))


def _second_lowest(values: Floats) -> Floats:
    """The second lowest value of each column."""
    rest = values.copy()
    rest[values.argmin(axis=0), np.arange(values.shape[1])] = np.inf
    return np.asarray(rest.min(axis=0), np.float32)


def _is_ruled(ink: Grey) -> NDArray[np.bool_]:
    """Columns near which a line is printed over most of the height but not to its ends: a tinted field, not a seam."""
    line = np.ones((max(3, len(ink) // 10), 1), np.uint8)
    is_ink = cv2.morphologyEx(cv2.compare(ink, (_RULE,), cv2.CMP_GT), cv2.MORPH_OPEN, line)
    end = max(1, round(_END * len(ink)))
    whole, top, bottom = (_share(part) for part in (is_ink, is_ink[:end], is_ink[-end:]))
    return np.asarray((whole > _RULE_SHARE) & (np.minimum(top, bottom) < _RULE_SHARE), np.bool_)


def _share(is_ink: Grey) -> Floats:
    share = cv2.reduce(is_ink, 0, cv2.REDUCE_AVG, dtype=cv2.CV_32F) / 255
    return np.asarray(cv2.dilate(share, np.ones((1, 9), np.uint8))[0], np.float32)


def _worst_shift(page: Grey, turned: Grey, scale: float) -> float:
    """Largest shift in mm between two rows of ``page``, less where the rows do not match well."""
    far = min(page.shape[1] // 4, round(_FARTHEST_MM * scale))
    return max((_shift(page, row, far) for row in _candidates(turned[::_SAMPLE])), default=0.0) / scale


def _candidates(lines: Grey) -> list[int]:
    """Places along the lines where all step by both signs far more than around."""
    before, after = lines[:, :-1], lines[:, 1:]
    more, less = (
        np.asarray(cv2.reduce(cv2.subtract(*pair), 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S), np.float32)
        for pair in ((after, before), (before, after))
    )
    mixed = 2 / len(lines) * np.minimum(more, less)
    usual = (cv2.blur(mixed, (15, 1)) * 15 - cv2.blur(mixed, (3, 1)) * 3) / 12
    excess = (mixed / (usual + 0.3))[0]
    edge = max(6, round(_MARGIN * lines.shape[1]))
    excess[:edge] = excess[-edge:] = 0
    excess[excess < cv2.dilate(excess[None], np.ones((1, 7), np.uint8))[0]] = 0
    order = np.argsort(excess, kind="stable")[-_CANDIDATES:]
    return [int(place) for place in order if excess[place] > 0]


def _shift(page: Grey, row: int, far: int) -> float:
    """Pixels by which what follows ``row`` is shifted against it, also across a gap of one tone.

    Slanting lines shift from every row to the next: what rows before and after do alike is no seam.
    """
    pairs = [(row, row + 1)]
    reach = max(_GAPS)
    thin = page[row - reach : row + reach + 2, ::4]
    is_plain = (thin.max(axis=1).astype(np.int16) - thin.min(axis=1) < _PLAIN).tolist()
    for gap in _GAPS:
        if is_plain[reach + 1 + gap // 2]:
            pairs.append((row, row + 1 + gap))
        if is_plain[reach - gap // 2]:
            pairs.append((row - gap, row + 1))
    shift = max(_match(page[above], page[below], far) for above, below in pairs)
    if not shift:
        return 0.0
    return max(0.0, shift - max(_match(page[near], page[near + 1], far) for near in (row - reach, row + reach)))


def _match(above: Grey, below: Grey, far: int) -> float:
    core, other = above[far:-far].astype(np.float32), below.astype(np.float32)
    core -= core.mean()
    other -= other.mean()
    power = np.concatenate([[0.0], np.cumsum(other * other)])
    spread = float(np.vdot(core, core))
    if spread < _LEAST_SPREAD**2 * len(core) or power[-1] < _LEAST_SPREAD**2 * len(other):
        return 0.0
    there = np.maximum(power[len(core) :] - power[: -len(core)], 1.0)
    match = np.correlate(other, core, "valid") / np.sqrt(spread * there)
    lag = int(match.argmax())
    moved, still = float(match[lag]), max(0.0, float(match[far]))
    return min(1.0, max(0.0, (moved - still - _CLEAR) * moved * 2.5)) * abs(lag - far)
