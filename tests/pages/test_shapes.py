"""Images of any shape and content get a row: what can be said is said, the rest is null."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from sohoa.pages import measure_page
from sohoa.pages.views import PageViews

_SIDES = (1, 2, 3, 8, 31, 32, 33, 64, 331, 1000, 20_000, 65_535)
_SHAPES = [shape for shape in itertools.product(_SIDES, _SIDES) if shape[0] * shape[1] <= 22_000_000]


def _contents(shape: tuple[int, int]) -> list[np.ndarray]:
    noise = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    return [np.zeros(shape, np.uint8), np.full(shape, 255, np.uint8), np.where(noise > 250, 40, 230).astype(np.uint8)]


@pytest.mark.parametrize("shape", _SHAPES, ids=str)
def test_any_shape_is_measured(shape: tuple[int, int]) -> None:
    """OpenCV takes arrays of up to four values for scalars, and filters fail on an image narrower than they are."""
    for content in _contents(shape) if shape[0] * shape[1] < 1_000_000 else _contents(shape)[2:]:
        for dpi in (None, 300.0):
            row = measure_page._measure_pixels(PageViews.of(content, dpi))
            assert 0 <= row["ink_ratio"] <= 1
            assert not {name for name, value in row.items() if isinstance(value, float) and not np.isfinite(value)}
