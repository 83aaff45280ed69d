"""Smaller copies of a page: what several metrics start from."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]

cv2.setNumThreads(1)  # pages are spread over workers; results must not depend on a thread count

LONG_SIDE_PX = 1754
"""150 dpi of an A4 page."""
_BAND = 128  # rows of what is made at a time: the rest of a large sheet takes no memory
_LOWEST_DPI = 100  # thinner than 0.2 mm is the finest stroke that counts: half a pixel here


def reduce_page(grey: Grey, dpi: float | None) -> Grey:
    """Return the page at about 1754 px on its long side, but never below 100 dpi where the resolution is known.

    The factor is whole, so that area averaging is exact and fast. An unknown or absurd resolution stops at a factor
    of four, so that thin lines of a large sheet are not averaged away.
    """
    largest = int(dpi / _LOWEST_DPI) if dpi is not None and dpi > 0 else 4
    factor = max(1, min(round(max(grey.shape) / LONG_SIDE_PX), largest, *grey.shape))
    return shrink(grey, factor)


def fit_long_side(grey: Grey, pixels: int, enlarge: float) -> Grey:
    """Return the page scaled to ``pixels`` on its long side, enlarged at most ``enlarge`` times.

    A whole factor by area averaging, the rest by bilinear interpolation: four times as fast as averaging over broken
    areas.
    """
    scale = min(enlarge, pixels / max(grey.shape))
    size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
    whole = shrink(grey, min(int(1 / scale), *grey.shape))
    return whole if whole.shape == size[::-1] else _grey(cv2.resize(whole, size, interpolation=cv2.INTER_LINEAR))


def halve(grey: Grey) -> Grey:
    """Return the image at half size, an odd last row or column left out; a side of one pixel stays."""
    factors = [2 if side > 1 else 1 for side in grey.shape]
    height, width = (side // factor for side, factor in zip(grey.shape, factors, strict=True))
    whole = grey[: height * factors[0], : width * factors[1]]
    return _grey(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA))


def shrink(grey: Grey, factor: int) -> Grey:
    """Return the image at one ``factor``-th of its size by averaging whole squares; what is left over is cut off."""
    if factor <= 1:
        return grey
    height, width = grey.shape[0] // factor, grey.shape[1] // factor
    whole = grey[: height * factor, : width * factor]
    if factor == 3:
        return _third(whole)
    return _grey(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA))


def _third(whole: Grey) -> Grey:
    """Return the image at a third of its size, to the bit as ``INTER_AREA`` does: no mean of nine lies half-way.

    The means around all pixels, of which those in the middle of a square are kept, take a third of the time.
    """
    third = np.empty((whole.shape[0] // 3, whole.shape[1] // 3, *whole.shape[2:]), np.uint8)
    for top in range(0, len(third), _BAND):
        band = cv2.blur(whole[3 * top : 3 * (top + _BAND)], (3, 3))
        third[top : top + _BAND] = band[1::3, 1::3]
    return third


def _grey(image: object) -> Grey:
    return np.asarray(image, np.uint8)
