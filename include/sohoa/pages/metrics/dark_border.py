"""Dark border: how much of a side is scanner bed.

A bed is dark, without colour and of one tone, for the lamp goes along with the sensor; what is coloured along a frame
is wood, cloth or a printed cover, and a ground in a photograph is lit unevenly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sohoa.pages.reduce import Grey
from sohoa.pages.views import PageViews, percentiles

Floats = NDArray[np.float64]

_DEPTHS = {0.003: 0.6, 0.006: 1.0, 0.01: 1.0}
"""Depth of a strip, of the side that stands on it -> what it counts: a line of less than 2 mm of A4 is as often the
edge of the sheet as the bed."""
_BED = (50, 60)  # mean grey of a strip that is bed; the second on a page that is itself brighter
_OF_PAGE = 0.5  # of the page's own grey that such a bed has at most
_ONE_TONE = 8  # grey levels by which a bed differs from its own middle along the frame
_PITCH_BLACK = 0.5  # grey level that no ground in the light of a room has, whatever specks lie on it
_COLOURED = 16  # mean chroma of a strip that is none, in levels between its strongest and its weakest colour
_ASKS_COLOUR = 0.1  # share of a side that is worth a look at its colour


def measure_border(views: PageViews) -> float:
    """Measure the share of the worst side along which the frame is dark, 0 to 1."""
    return max(dark_shares(views))


def dark_shares(views: PageViews) -> tuple[float, float, float, float]:
    """Return the share along which the frame is dark at the top, bottom, left and right, 0 to 1.

    Where the sheet ends inside the picture, the ground beside it is none of its border.
    """
    found = _shares(views, None)
    if max(found) >= _ASKS_COLOUR and views.small_chroma is not None:
        found = _shares(views, views.small_chroma)
    return found


def _shares(views: PageViews, chroma: Grey | None) -> tuple[float, float, float, float]:
    colours = [None] * 4 if chroma is None else _sides(chroma)
    low, high = _BED
    if all(int(side[: _deepest(side)].min()) >= high for side in _sides(views.small)):
        return 0.0, 0.0, 0.0, 0.0
    darkest = max(low, min(high, _OF_PAGE * percentiles(views.small[::4, ::4], 0.5)[0]))
    sides = zip(_sides(views.small), colours, views.at_frame, strict=True)
    top, bottom, left, right = (
        _dark_share(side, colour, darkest) if at_frame else 0.0 for side, colour, at_frame in sides
    )
    return top, bottom, left, right


def _sides(image: Grey) -> list[Grey]:
    """Return the image from its top, bottom, left and right."""
    return [image, image[::-1], image.T, image.T[::-1]]


def _deepest(side: Grey) -> int:
    """Return the rows of the deepest strip along the first row of ``side``."""
    return max(1, round(max(_DEPTHS) * len(side)))


def _dark_share(side: Grey, chroma: Grey | None, darkest: float) -> float:
    """Return the share of the first rows of ``side`` that are bed, below ``darkest``, at the worst depth."""
    if side[: _deepest(side)].min() >= darkest:
        return 0.0
    depths = {max(1, round(depth * len(side))): weight for depth, weight in _DEPTHS.items()}
    outermost = side[: min(depths)].mean(axis=0)
    return max(
        weight * _bed_share(side[:rows].mean(axis=0) < darkest, outermost, None if chroma is None else chroma[:rows])
        for rows, weight in depths.items()
    )


def _bed_share(is_dark: NDArray[np.bool_], outermost: Floats, chroma: Grey | None) -> float:
    """Return the share of the columns of a strip that are dark, without colour and, where outermost, of one tone."""
    if chroma is not None:
        is_dark = is_dark & (chroma.mean(axis=0) < _COLOURED)
    if not is_dark.any():
        return 0.0
    tone = float(np.median(outermost[is_dark]))
    is_bed = is_dark if tone <= _PITCH_BLACK else is_dark & (np.abs(outermost - tone) <= _ONE_TONE)
    return float(is_bed.mean())
