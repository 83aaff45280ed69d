"""Streaks: thin lines over the whole length of a page that dust or a dead sensor element leaves in a document feeder.

A streak runs parallel to the transport from one end of the image to the other, where a printed rule stops at a margin.
It is looked for on about 240 lines across it: on paper as a line darker or lighter than both its sides at 0.5 mm, in
nearly all of twelve bands and at both ends; on white paper, which hides a lighter streak, as a line on which even the
darkest ink is lighter than around it. Ruled paper makes more such lines than dust does. The method is our own.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sohoa.pages.reduce import Grey
from sohoa.pages.views import PageViews

Floats = NDArray[np.float32]

_REACH_MM = 0.5  # a streak is narrower than this
_CLIP = 24  # grey levels that one pixel may count, so that letters do not outvote the paper
_BANDS = 12
_INK_BANDS = 3
_FAINTEST = 0.5  # grey levels; less is the grain of the paper
_END = 0.007  # share of the length at both ends, where a streak still is and a printed rule is not
_MAX_DUST_LINES = 6  # dust makes no more lines than this; ruled paper does
_WHITE = 248  # paper that hides a lighter streak
_FLAT = 12  # grey levels by which the darkest ink of columns of text differs
_PALE = 0.13  # share of the columns around that may be paler: the streak itself
_LIGHTEST = 130  # a gap between words, not ink under a streak
_BED = 100  # below is scanner bed


def measure_streaks(views: PageViews) -> tuple[float, float | None]:
    """Measure the strength of the strongest streak in grey levels, 0 for none, and where it is.

    Returns:
        (strength, at most 24 on paper; millimetres from the left edge, null where there is none or where the streak
        is horizontal).
    """
    reach = max(2, round(_REACH_MM * views.px_per_mm))
    down, where = _strongest(views.rows, views.full, reach)
    across, _ = _strongest(views.columns, views.full.T, reach)
    if across > down or not down:
        return across, None
    return down, where / views.px_per_mm


def _strongest(lines: Grey, page: Grey, reach: int) -> tuple[float, int]:
    """Return the strength and column of the strongest streak down ``page``; ``lines`` are rows of it."""
    if lines.shape[1] <= 8 * reach or lines.shape[0] < _BANDS:
        return 0.0, 0
    depth = max(2, round(_END * len(page)))
    ends = [np.ascontiguousarray(part) for part in (page[:depth], page[-depth:])]
    scores = [_on_paper(lines, ends, reach, is_lighter) for is_lighter in (False, True)]
    if np.median(lines[::8, ::8]) >= _WHITE:
        scores.append(_on_ink(lines, reach))
    return max(_above_ruling(score, reach) for score in scores)


def _on_paper(lines: Grey, ends: list[Grey], reach: int, is_lighter: bool) -> Floats:
    """Return the grey levels of a streak at each column in each pair of bands, as far as it is at both ends."""
    beyond = _beyond(lines, reach, is_lighter)
    count = len(beyond) // _BANDS
    bands = beyond[: count * _BANDS].reshape(_BANDS, count, -1).sum(axis=1, dtype=np.uint16)
    bands = _local(bands.astype(np.float32) / count, reach)
    inside = np.maximum(bands[::2], bands[1::2]).min(axis=0)
    if inside.max() < _FAINTEST:
        return np.zeros_like(inside)
    at_ends = [_at_end(end, reach, is_lighter) for end in ends]
    return np.asarray(np.minimum(inside, 1.5 * np.minimum(*at_ends)), np.float32)


def _beyond(lines: Grey, reach: int, is_lighter: bool) -> Grey:
    """Return the grey levels by which each pixel is beyond both neighbours at ``reach``, at most ``_CLIP``."""
    before, here, after = lines[:, : -2 * reach], lines[:, reach:-reach], lines[:, 2 * reach :]
    if is_lighter:
        return np.asarray(cv2.min(cv2.subtract(here, cv2.max(before, after)), (_CLIP,)), np.uint8)
    return np.asarray(cv2.min(cv2.subtract(cv2.min(before, after), here), (_CLIP,)), np.uint8)


def _at_end(end: Grey, reach: int, is_lighter: bool) -> Floats:
    """Return the mean grey levels of a streak at one end of the page; no obstacle where the end is scanner bed."""
    beyond = _beyond(end, reach, is_lighter).mean(axis=0, dtype=np.float32)[None]
    is_bed = cv2.blur(end.mean(axis=0, dtype=np.float32)[None], (8 * reach + 1, 1))[0, reach:-reach] < _BED
    return np.where(is_bed, np.float32(_CLIP), _local(beyond, reach)[0])


def _local(profile: Floats, reach: int) -> Floats:
    """Return the profile less its mean over some 4 mm, so that a column of text is no streak."""
    return np.asarray(profile - cv2.blur(profile, (8 * reach + 1, 1)).reshape(profile.shape), np.float32)


def _on_ink(lines: Grey, reach: int) -> Floats:
    """Return by how much the darkest ink of each column is lighter than that around it, in all of three bands."""
    count = len(lines) // _INK_BANDS
    darkest = lines[: count * _INK_BANDS].reshape(_INK_BANDS, count, -1).min(axis=1)
    near = cv2.erode(darkest, np.ones((1, 2 * reach + 1), np.uint8), borderType=cv2.BORDER_REPLICATE)
    here = darkest[:, 2 * reach : -2 * reach]
    around = cv2.max(near[:, : -4 * reach], near[:, 4 * reach :])
    dark = int(darkest.min()) + _FLAT
    pale = cv2.blur((darkest > dark).astype(np.float32), (8 * reach + 1, 1))[:, 2 * reach : -2 * reach]
    lighter = cv2.subtract(here, around)
    lighter[(lighter > _LIGHTEST) | (around > dark) | (pale > _PALE)] = 0
    return np.pad(lighter.min(axis=0).astype(np.float32), reach)


def _above_ruling(score: Floats, reach: int) -> tuple[float, int]:
    """Return the strongest line, less the strength of one line more than dust makes, and its column."""
    is_peak = score >= cv2.dilate(score[None], np.ones((1, 2 * reach + 1), np.uint8))[0]
    order = np.sort(np.where(is_peak, score, 0))
    strength = float(order[-1] - max(0.0, order[-1 - _MAX_DUST_LINES])) if len(order) > _MAX_DUST_LINES else 0.0
    return max(0.0, strength), int(score.argmax()) + reach
