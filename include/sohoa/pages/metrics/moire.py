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
_BAND = np.flatnonzero((_FREQUENCY > 3.5) & (_FREQUENCY < 29))  # 0.4 to 3 mm of A4
_FLOOR = _NOISE**2 * float((_HANN**2).sum()) / 9


def measure_moire(views: PageViews) -> float | None:
    """Measure the strongest period over the noise of the paper, in its standard deviations; median of three tiles.

    Null where the page is smaller than a tile.
    """
    tiles = _brightest_tiles(views)
    if not tiles:
        return None
    spectra = np.fft.fft(np.fft.rfft(_residuals(tiles)), axis=1)
    power = (spectra.real**2 + spectra.imag**2).astype(np.float32)
    peaks, inside = _in_band(np.array([cv2.blur(tile, (3, 3)) for tile in power])), _in_band(power)
    middle = inside.shape[1] // 2
    inside.partition(middle, axis=1)
    heights = np.sqrt(peaks.max(axis=1) / (inside[:, middle] + _FLOOR))
    heights.sort()
    return float((heights[(len(tiles) - 1) // 2] + heights[len(tiles) // 2]) / 2)


def _in_band(spectra: Floats) -> Floats:
    """Return the numbers of each spectrum that count, (tile, place); there is a middle one among them."""
    return spectra.reshape(len(spectra), -1)[:, _BAND]


def _brightest_tiles(views: PageViews) -> list[Grey]:
    page, cells = views.page, views.eighth
    side = _TILE // 8
    down, across = len(cells) // side, cells.shape[1] // side
    if not down or not across:
        return []
    rows = cells[: down * side, : across * side].reshape(down, side, across * side).sum(axis=1, dtype=np.int32)
    levels = rows.reshape(down, across, side).sum(axis=2)
    order = np.argsort(-levels.ravel(), kind="stable")[:_TILES]
    places = (divmod(int(k), across) for k in order)
    return [page[y * _TILE : (y + 1) * _TILE, x * _TILE : (x + 1) * _TILE] for y, x in places]


def _residuals(tiles: list[Grey]) -> Floats:
    """Free the tiles of their ink and their shading, faded towards the frame; zero where too little of one is paper."""
    tile = np.reshape(cv2.merge(tiles), (_TILE, _TILE, -1))  # OpenCV filters all of them at once, as channels
    paper = cv2.blur(cv2.dilate(tile, np.ones((7, 7), np.uint8)), (15, 15))
    ink = cv2.dilate(cv2.subtract(paper, tile), np.ones((5, 5), np.uint8))
    is_paper = (np.reshape(ink, tile.shape) <= _INK).astype(np.float32)
    grey, share = (np.reshape(cv2.blur(image, (31, 31)), tile.shape) for image in (tile * is_paper, is_paper))
    residual = (tile - grey / np.maximum(share, 0.05)) * is_paper * _HANN[..., None]
    residual[..., np.array(cv2.mean(is_paper)[: len(tiles)]) < _MIN_PAPER] = 0
    return np.ascontiguousarray(residual.transpose(2, 0, 1))
