"""Bleed-through: how much of the paper shows the other side."""

from __future__ import annotations

import cv2
import numpy as np

from sohoa.pages.reduce import Grey, halve
from sohoa.pages.views import PageViews, percentiles

_STRONGEST = 0.995  # share of the page that is not its blackest ink
_INK_SHARE = 0.4  # of the blackest ink, where ink begins
_MIN_INK = 15  # grey levels
_BAND_PX = 64  # of ``small``, 22 mm of A4
_HALO_PX = 7  # of ``small`` around ink, 2.4 mm of A4, that its own edges may darken
_AROUND_PX = 21  # of half ``small``, 14 mm of A4, over which paper is even
_LEAST_SEEN = 8 * 255  # of it that is bare, or the paper there is not known
_SAMPLE = 8  # every eighth row tells how bright the paper is
_SAMPLE_ROWS = 48  # tell how strong its ink is and how it varies
_PAPER_SHARE = 0.8  # of the page's bright paper; darker is a picture, a shadow or the bed
_MIN_SHOWN = 5  # grey levels by which the other side shows
_MIN_IN_PICTURE = 8  # in a photograph, whose print in grey and grain vary as much as weak print of the other side
_SPREADS = 3.25  # standard deviations of the paper that it must exceed
_RULE_PX = 8  # of half ``small``, longer than a stroke of a letter: ruled paper
_HALF_SHOWN = 120  # of 255: two of four pixels
_ZERO = 64  # where a depth of 0 stands in their histogram
_MIN_BARE = 0.03  # share of the page that is paper without ink, or nothing can be said


def measure_bleed_through(views: PageViews) -> float | None:
    """Measure the share of ink-free paper on which the other side shows, 0 to 1; null where there is too little paper.

    What shows through is a few grey levels darker than the bare paper around it, more than the paper's own texture
    (taken from its brighter half, which nothing darkens), wider than a pixel, and neither near ink nor a long line.
    Dense text that shows through covers about 6 % of the paper. The method is our own.
    """
    small, ink = _bands(views.small), _bands(views.ink)
    bare = _far_from_ink(ink)
    around = _around(small, bare)
    bright = percentiles(views.half_paper[::_SAMPLE], 0.8)[0]
    used = cv2.bitwise_and(bare, _above(around, round(_PAPER_SHARE * bright)))
    count = cv2.countNonZero(used)
    if count < _MIN_BARE * small.size:
        return None
    low, middle = _levels(_sample(around), _sample(small), _sample(used))
    least_shown = _MIN_SHOWN if views.picture is None else _MIN_IN_PICTURE
    least = int(middle + max(least_shown, _SPREADS * (middle - low)))
    shows = _above(cv2.subtract(around, small), max(0, least))
    return _area_without_rules(cv2.bitwise_and(shows, used)) / max(float(count), 0.2 * small.size)


def _far_from_ink(ink: Grey) -> Grey:
    """Return 255 where no ink is near, else 0."""
    strongest = percentiles(_sample(ink), _STRONGEST)[0]
    near = cv2.dilate(ink, np.ones((_HALO_PX, _HALO_PX), np.uint8))
    ink_levels = int(max(_MIN_INK, _INK_SHARE * strongest))
    return np.asarray(cv2.threshold(near, ink_levels, 255, cv2.THRESH_BINARY_INV)[1], np.uint8)


def _above(image: Grey, level: int) -> Grey:
    """Return 255 where the image is above a level, else 0."""
    return np.asarray(cv2.threshold(image, level, 255, cv2.THRESH_BINARY)[1], np.uint8)


def _bands(image: Grey) -> Grey:
    """Return every second band of ``_BAND_PX`` rows, from both ends inwards, one under the other; all of a low image.

    A page that is turned upside down shows the same bands.
    """
    count = len(image) // (4 * _BAND_PX)
    if not count:
        return image
    ends = image[: 2 * count * _BAND_PX], image[-2 * count * _BAND_PX :]
    bands = (end.reshape(count, 2, _BAND_PX, image.shape[1])[:, side] for side, end in enumerate(ends))
    return np.concatenate([band.reshape(-1, image.shape[1]) for band in bands])


def _sample(bands: Grey) -> Grey:
    """Return ``_SAMPLE_ROWS`` rows and more, evenly spread."""
    return bands[:: max(1, len(bands) // _SAMPLE_ROWS)]


def _around(small: Grey, bare: Grey) -> Grey:
    """Return the mean grey of the bare paper around each pixel, in whole numbers, 0 where hardly any is seen."""
    size = (_AROUND_PX, _AROUND_PX)
    greys, seen = (
        np.asarray(cv2.boxFilter(halve(image), cv2.CV_32S, size, normalize=False))
        for image in (cv2.bitwise_and(small, bare), bare)
    )
    mean = np.asarray(cv2.divide(greys, cv2.max(seen, 1), scale=255, dtype=cv2.CV_64F))
    known = mean.astype(np.uint8) * (seen >= _LEAST_SEEN)  # of whole numbers: no quotient is rounded up to one
    return np.asarray(cv2.resize(known, small.shape[::-1], interpolation=cv2.INTER_LINEAR), np.uint8)


def _levels(around: Grey, small: Grey, used: Grey) -> tuple[float, float]:
    """Return the depth of the brighter paper, one standard deviation off, and of the middle, in grey levels."""
    deeper, higher = cv2.subtract(around, small), cv2.subtract(small, around)
    depth = cv2.subtract(cv2.add(deeper, (_ZERO,)), higher)  # one of them is 0
    counts = cv2.calcHist([depth], [0], np.ascontiguousarray(used), [256], [0, 256])
    total = np.cumsum(np.ravel(counts), dtype=np.float64)
    low, middle = np.interp((0.16 * total[-1], 0.5 * total[-1]), total, np.arange(256) - _ZERO).tolist()
    return low, middle


def _area_without_rules(shows: Grey) -> float:
    """Return the pixels that show, those of long thin lines and single ones left out."""
    solid = np.asarray(cv2.morphologyEx(shows, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)), np.uint8)
    if not cv2.countNonZero(solid):
        return 0.0
    is_shown = _above(halve(shows), _HALF_SHOWN)
    across = cv2.morphologyEx(is_shown, cv2.MORPH_OPEN, np.ones((1, _RULE_PX), np.uint8))
    down = cv2.morphologyEx(is_shown, cv2.MORPH_OPEN, np.ones((_RULE_PX, 1), np.uint8))
    rules = cv2.dilate(cv2.max(across, down), np.ones((3, 3), np.uint8))
    return cv2.sumElems(cv2.subtract(halve(solid), rules))[0] * 4 / 255
