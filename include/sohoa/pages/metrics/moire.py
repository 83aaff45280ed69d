"""Moiré: a period in the paper that neither print nor paper makes, as from screens, laminate or Newton's rings.

The brightest tiles of the page carry the least ink. What ink they have is masked, the paper's own shading is taken
off, and the highest peak of the power spectrum is set against the median of the spectrum: the slowly bent period of
moiré and the growing one of Newton's rings are straight and even within 11 mm. The method is our own.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sohoa.pages.reduce import Grey
from sohoa.pages.views import PageViews

Floats = NDArray[np.float32]

_TILE = 64  # px of ``page``: 11 mm of A4
_TILES = 3
_INK = 40  # grey levels that ink is darker than paper
_MIN_PAPER = 0.3  # of a tile, or nothing can be said
_NOISE = 0.6  # grey levels of noise that any paper has
_HANN = np.outer(np.hanning(_TILE), np.hanning(_TILE)).astype(np.float32)
_FREQUENCY = np.hypot(*np.meshgrid(np.fft.fftfreq(_TILE), np.fft.rfftfreq(_TILE), indexing="ij")) * _TILE
_BAND = (_FREQUENCY > 3.5) & (_FREQUENCY < 29)  # 0.4 to 3 mm of A4


def measure_moire(views: PageViews) -> float | None:
    """Measure the strongest period over the noise of the paper, in its standard deviations; median of three tiles.

    Null where the page is smaller than a tile.
    """
    tiles = _brightest_tiles(views)
    if not tiles:
        return None
    residuals = np.stack([_residual(tile) for tile in tiles])
    spectra = np.fft.rfft2(residuals)
    power = (spectra.real**2 + spectra.imag**2).astype(np.float32)
    peaks = np.array([cv2.blur(tile, (3, 3))[_BAND].max() for tile in power])
    floor = np.median(power[:, _BAND], axis=1) + _NOISE**2 * float((_HANN**2).sum()) / 9
    return float(np.median(np.sqrt(peaks / floor)))


def _brightest_tiles(views: PageViews) -> list[Grey]:
    page, cells = views.page, views.eighth
    side = _TILE // 8
    down, across = len(cells) // side, cells.shape[1] // side
    if not down or not across:
        return []
    levels = cells[: down * side, : across * side].reshape(down, side, across, side).sum(axis=(1, 3), dtype=np.int64)
    order = np.argsort(-levels.ravel(), kind="stable")[:_TILES]
    places = (divmod(int(k), across) for k in order)
    return [page[y * _TILE : (y + 1) * _TILE, x * _TILE : (x + 1) * _TILE] for y, x in places]


def _residual(tile: Grey) -> Floats:
    """Free the tile of its ink and its shading, faded towards its frame; zero where too little of it is paper."""
    paper = cv2.blur(cv2.dilate(tile, np.ones((7, 7), np.uint8)), (15, 15))
    ink = cv2.dilate(cv2.subtract(paper, tile), np.ones((5, 5), np.uint8))
    is_paper = (ink <= _INK).astype(np.float32)
    if float(is_paper.mean()) < _MIN_PAPER:
        return np.zeros(tile.shape, np.float32)
    shading = cv2.blur(tile * is_paper, (31, 31)) / np.maximum(cv2.blur(is_paper, (31, 31)), 0.05)
    return np.asarray((tile - shading) * is_paper * _HANN, np.float32)
