"""Dark border: how much of a side is scanner bed."""

from __future__ import annotations

from sohoa.pages.reduce import Grey
from sohoa.pages.views import PageViews

_DEPTHS = (0.003, 0.01)  # of the side that stands on it: a thin line at the frame, and a strip
_BED = 50  # mean grey of a strip that is bed


def measure_border(views: PageViews) -> float:
    """Measure the share of the worst side along which the frame is dark, 0 to 1."""
    return max(dark_shares(views))


def dark_shares(views: PageViews) -> tuple[float, float, float, float]:
    """Return the share along which the frame is dark at the top, bottom, left and right, 0 to 1."""
    small = views.small
    top, bottom, left, right = (_dark_share(side) for side in (small, small[::-1], small.T, small.T[::-1]))
    return top, bottom, left, right


def _dark_share(side: Grey) -> float:
    """Return the share of the first rows of ``side`` that are dark, at the worse depth."""
    strips = (side[: max(1, round(depth * len(side)))].mean(axis=0) for depth in _DEPTHS)
    return max(float((strip < _BED).mean()) for strip in strips)
