"""Orientation: by which quarter turn the text of a page stands wrong."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sohoa.pages.reduce import Grey
from sohoa.pages.views import A4_LONG_MM, PageViews, group_rows

Floats = NDArray[np.float32]

_INK_CAP = 96  # grey levels that one pixel may count
_STRIP_MM = 14.0  # a few words: so wide that skew does not blur a line
_PEAK_MM = 2.5  # half the distance of the nearest lines
_BODY = 0.5  # of its line's densest row is a row of small letters
_LEAST_INK = 4.0  # mean grey levels of such a row
_HEIGHT_MM = (0.8, 4.5)  # of small letters and capitals
_ZONE = 0.6  # of that height are the zones above and below
_CLEAR = 0.3  # of a row of the line a row beyond the zones may hold
_LEAST_ZONE = 0.04  # of the line, or it has neither ascenders nor descenders
_ONE_LINE = 0.3  # at most which one line counts
_FEWEST = 4  # lines
_SURE_AXIS = 0.6  # log of the odds of lines across against along
_SURE = 2.5  # standard errors by which ascenders must outweigh descenders, or the other way round
_LEAST_RISE = 0.02  # of the lines' ink


@dataclass(frozen=True)
class Lines:
    """What text lines of one direction show.

    Attributes:
        count: lines found in all strips.
        density: mean ink of the inked rows of the strips, weighed by ink: high where rows are lines.
        rise: mean over the lines of the ink above the small letters less that below, by the ink between.
        sureness: ``rise`` in its standard errors.
    """

    count: int
    density: float
    rise: float
    sureness: float


def measure_orientation(views: PageViews) -> int | None:
    """Degrees by which the content is turned clockwise, 0, 90, 180 or 270; null where unsure.

    More ink stands above the small letters of Latin text (b, d, f, h, k, l, t, capitals, nearly all Vietnamese marks)
    than hangs below: the statistic of ascenders (D. S. Bloomberg et al., "Measuring document image skew and
    orientation", SPIE 2422, 1995), read here from row profiles of strips. Handwriting may mislead it; other scripts,
    drawings and pages of a few words are left undecided.
    """
    ink = np.asarray(cv2.min(views.ink, (_INK_CAP,)), np.uint8)
    scale = max(ink.shape) / A4_LONG_MM  # a false resolution would hide all lines
    upright = _find_lines(_strips(np.asarray(cv2.transpose(ink), np.uint8), scale), scale)
    turned = _find_lines(np.ascontiguousarray(_strips(ink, scale)[::-1]), scale)
    axis = 3 * np.log(max(upright.density, 1) / max(turned.density, 1))
    axis += 0.7 * np.log((upright.count + 5) / (turned.count + 5))
    lines, first = (upright, 0) if axis > 0 else (turned, 90)
    if abs(axis) < _SURE_AXIS or abs(lines.sureness) < _SURE or abs(lines.rise) < _LEAST_RISE:
        return None
    return first if lines.rise > 0 else first + 180


def _strips(columns: Grey, scale: float) -> Floats:
    """Mean ink along the second axis of ``columns``, (position, strip)."""
    return np.ascontiguousarray(group_rows(columns, max(1, round(len(columns) / scale / _STRIP_MM))).T)


def _find_lines(profile: Floats, scale: float) -> Lines:
    """Lines across a profile (position, strip)."""
    density = float((profile**2).sum() / max(1.0, float(profile.sum())))
    strip, top, end = _bodies(profile, scale)
    height = end - top
    zone = np.maximum(1, np.round(_ZONE * height).astype(int))
    fits = (height >= max(2, _HEIGHT_MM[0] * scale)) & (height <= _HEIGHT_MM[1] * scale)
    fits &= (top >= 2 * zone) & (end + 2 * zone < len(profile))
    rises = _rises(profile, *(values[fits] for values in (strip, top, end, zone)))
    if len(rises) < _FEWEST:
        return Lines(len(rises), density, 0.0, 0.0)
    rise = float(rises.mean())
    return Lines(len(rises), density, rise, rise / (float(rises.std()) / np.sqrt(len(rises)) + 1e-4))


def _bodies(profile: Floats, scale: float) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Strip, first row and row after the last of each run of dense rows."""
    reach = max(2, round(_PEAK_MM * scale))
    peak = cv2.dilate(profile, np.ones((2 * reach + 1, 1), np.uint8))
    is_dense = (profile > _BODY * peak) & (peak > _LEAST_INK)
    steps = np.diff(is_dense.T.astype(np.int8), axis=1, prepend=0, append=0)
    strip, top = np.nonzero(steps == 1)
    return strip, top, np.nonzero(steps == -1)[1]


def _rises(
    profile: Floats, strip: NDArray[np.intp], top: NDArray[np.intp], end: NDArray[np.intp], zone: NDArray[np.intp]
) -> Floats:
    """Ink above less ink below, by the ink of the body, of each line that stands free and has any."""
    total = np.concatenate([np.zeros_like(profile[:1]), np.cumsum(profile, axis=0)])
    body = np.maximum(total[end, strip] - total[top, strip], 1.0)
    above, below = total[top, strip] - total[top - zone, strip], total[end + zone, strip] - total[end, strip]
    beyond = np.maximum(profile[top - zone - 1, strip], profile[end + zone, strip])
    used = (beyond < _CLEAR * body / (end - top)) & (np.maximum(above, below) > _LEAST_ZONE * body)
    return np.asarray(np.clip((above - below)[used] / body[used], -_ONE_LINE, _ONE_LINE), np.float32)
