"""Smaller copies of a page and its ink against the paper: what several metrics start from."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]

cv2.setNumThreads(1)  # pages are spread over workers; results must not depend on a thread count

_LONG_SIDE_PX = 1754  # 150 dpi of an A4 page
_LOWEST_DPI = 100  # thinner than 0.2 mm is the finest stroke that counts: half a pixel here


def reduce_page(grey: Grey, dpi: float | None) -> Grey:
    """The page at about 1754 px on its long side, but never below 100 dpi where the resolution is known.

    The factor is whole, so that area averaging is exact and fast. An unknown or absurd resolution stops at a factor
    of four, so that thin lines of a large sheet are not averaged away.
    """
    largest = int(dpi / _LOWEST_DPI) if dpi is not None and dpi > 0 else 4
    factor = max(1, min(round(max(grey.shape) / _LONG_SIDE_PX), largest, min(grey.shape)))
    return _shrink(grey, factor)


def fit_long_side(grey: Grey, pixels: int, enlarge: float) -> Grey:
    """The page scaled to ``pixels`` on its long side, enlarged at most ``enlarge`` times.

    A whole factor by area averaging, the rest by bilinear interpolation: four times as fast as averaging over broken
    areas.
    """
    scale = min(enlarge, pixels / max(grey.shape))
    size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
    whole = _shrink(grey, min(int(1 / scale), min(grey.shape)))
    return whole if whole.shape == size[::-1] else _grey(cv2.resize(whole, size, interpolation=cv2.INTER_LINEAR))


def darker_than_paper(grey: Grey, size: int, ignore: int) -> Grey:
    """Grey levels by which each pixel is darker than the paper around it, less ``ignore``, never below 0.

    The paper is the grey closing with a ``size`` × ``size`` square: strokes narrower than the square vanish from it,
    pictures, shadows and dark borders stay.
    """
    paper = cv2.morphologyEx(grey, cv2.MORPH_CLOSE, np.ones((size, size), np.uint8))
    return _grey(cv2.subtract(cv2.subtract(paper, grey), (ignore,)))


def _shrink(grey: Grey, factor: int) -> Grey:
    if factor <= 1:
        return grey
    width, height = grey.shape[1] // factor, grey.shape[0] // factor
    whole = grey[: height * factor, : width * factor]
    return _grey(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA))


def _grey(image: object) -> Grey:
    return np.asarray(image, np.uint8)
