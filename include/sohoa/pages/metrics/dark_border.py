"""Dark border: how much of a side is scanner bed.

A bed is dark and without colour; what is dark and coloured along a frame is wood, cloth or a printed cover.
"""

from __future__ import annotations

from sohoa.pages.reduce import Grey
from sohoa.pages.views import PageViews

_DEPTHS = {0.003: 0.6, 0.006: 1.0, 0.01: 1.0}
"""Depth of a strip, of the side that stands on it -> what it counts: a line of less than 2 mm of A4 is as often the
edge of the sheet as the bed."""
_BED = 50  # mean grey of a strip that is bed
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
    sides = zip(_sides(views.small), colours, views.at_frame, strict=True)
    top, bottom, left, right = (_dark_share(side, colour) if at_frame else 0.0 for side, colour, at_frame in sides)
    return top, bottom, left, right


def _sides(image: Grey) -> list[Grey]:
    """Return the image from its top, bottom, left and right."""
    return [image, image[::-1], image.T, image.T[::-1]]


def _dark_share(side: Grey, chroma: Grey | None) -> float:
    """Return the share of the first rows of ``side`` that are dark and without colour, at the worst depth."""
    depths = {max(1, round(depth * len(side))): weight for depth, weight in _DEPTHS.items()}
    if side[: max(depths)].min() >= _BED:
        return 0.0
    return max(
        weight * _bed_share(side[:rows], None if chroma is None else chroma[:rows]) for rows, weight in depths.items()
    )


def _bed_share(strip: Grey, chroma: Grey | None) -> float:
    is_bed = strip.mean(axis=0) < _BED
    return float((is_bed if chroma is None else is_bed & (chroma.mean(axis=0) < _COLOURED)).mean())
