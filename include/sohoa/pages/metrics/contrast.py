"""Contrast: how far the ink stands from its paper."""

from __future__ import annotations

import numpy as np

from sohoa.pages.views import PageViews, percentiles

_MIN_LEVELS = 12  # grey levels; less is the grain of a sheet without ink
_SHARE = 0.02  # of all windows hold more contrast than the page is said to have


def measure_contrast(views: PageViews) -> float | None:
    """Measure the grey levels between ink and paper, up to 255; null where there is no ink, not even faded.

    The range within 4 mm along a scan line that one window in fifty exceeds: fine lines count as much as bold letters,
    and shade over the page counts for nothing.
    """
    ranges = np.concatenate([views.across.range.ravel(), views.along.range.ravel()])
    contrast = percentiles(ranges, 1 - _SHARE)[0]
    return float(contrast) if contrast >= _MIN_LEVELS else None
