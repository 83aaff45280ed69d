"""JPEG quality: how hard an image was compressed, read from its quantisation tables."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

# Tables K.1 (luminance) and K.2 (chrominance) of ITU-T T.81, which libjpeg scales, in natural order.
_LUMINANCE = (
    "16 11 10 16 24 40 51 61 12 12 14 19 26 58 60 55 14 13 16 24 40 57 69 56 14 17 22 29 51 87 80 62 "
    "18 22 37 56 68 109 103 77 24 35 55 64 81 104 113 92 49 64 78 87 103 121 120 101 72 92 95 98 112 100 103 99"
)
_CHROMINANCE = (
    "17 18 24 47 99 99 99 99 18 21 26 66 99 99 99 99 24 26 56 99 99 99 99 99 47 66 99 99 99 99 99 99 "
    "99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99"
)


def _scaled_tables() -> NDArray[np.float64]:
    """Return both tables at every libjpeg quality, (100, 2, 64): row ``q - 1`` is quality q."""
    base = np.array([_LUMINANCE.split(), _CHROMINANCE.split()], np.int64)
    quality = np.arange(1, 101)
    scale = np.where(quality < 50, 5000 // quality, 200 - 2 * quality)
    return np.clip((base[None] * scale[:, None, None] + 50) // 100, 1, 255).astype(np.float64)


_STANDARD = np.log(_scaled_tables())


def measure_jpeg_quality(tables: Sequence[Sequence[int]]) -> float | None:
    """Measure the libjpeg quality, 1 (coarsest) to 100, whose tables are nearest to these.

    Exact for tables that libjpeg made; for others the one with the least mean difference of logarithms.

    Args:
        tables: quantisation tables of 64 steps in natural order; luminance first by custom.

    Returns:
        The quality, null where there is no table.
    """
    usable = tuple(tuple(table) for table in tables if len(table) == 64 and min(table) > 0)
    return _nearest_quality(usable) if usable else None


@lru_cache(maxsize=64)
def _nearest_quality(usable: tuple[tuple[int, ...], ...]) -> float:
    """Return the quality for these tables: the pages of one scanner have the same ones."""
    misfit = np.zeros(100)
    for table in usable:
        difference = np.abs(_STANDARD - np.log(np.asarray(table, np.float64)))
        misfit += difference.mean(axis=2).min(axis=1)
    return float(misfit.argmin() + 1)
