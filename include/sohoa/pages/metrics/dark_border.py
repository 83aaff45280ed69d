"""Dark border: how much of a side is scanner bed."""

from __future__ import annotations

from sohoa.pages.reduce import Grey
from sohoa.pages.views import PageViews

_DEPTHS = {0.003: 0.6, 0.006: 1.0, 0.01: 1.0}
"""Depth of a strip, of the side that stands on it -> what it counts: a line of less than 2 mm of A4 is as often the
edge of the sheet as the bed."""
_BED = 50  # mean grey of a strip that is bed


def measure_border(views: PageViews) -> float:
    """Measure the share of the worst side along which the frame is dark, 0 to 1."""
    return max(dark_shares(views))


def dark_shares(views: PageViews) -> tuple[float, float, float, float]:
    """Return the share along which the frame is dark at the top, bottom, left and right, 0 to 1.

    Where the sheet ends inside the picture, the ground beside it is none of its border.
    """
    small = views.small
    sides = zip((small, small[::-1], small.T, small.T[::-1]), views.at_frame, strict=True)
    top, bottom, left, right = (_dark_share(side) if at_frame else 0.0 for side, at_frame in sides)
    return top, bottom, left, right


def _dark_share(side: Grey) -> float:
    """Return the share of the first rows of ``side`` that are dark, at the worst depth."""
    strips = [side[: max(1, round(depth * len(side)))] for depth in _DEPTHS]
    if strips[-1].min() >= _BED:
        return 0.0
    return max(
        weight * float((strip.mean(axis=0) < _BED).mean())
        for strip, weight in zip(strips, _DEPTHS.values(), strict=True)
    )
