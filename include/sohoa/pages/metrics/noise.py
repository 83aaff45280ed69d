"""Noise: how grainy the paper is."""

from __future__ import annotations

import numpy as np

from sohoa.pages.views import PageViews

_CALM = 0.15  # share of the windows that are calmer than the one that stands for the paper
_STEP = 2 / np.sqrt(np.pi)  # mean absolute difference of two pixels with noise of standard deviation 1
_LIGHTNESS = 100 / 255  # L* a grey level: sRGB and L* are both near a power of 1/2.3


def measure_noise(views: PageViews) -> float:
    """Measure the standard deviation of the grain of the paper in L*, 0 for none.

    From the mean step between neighbouring pixels within 4 mm of the calmer scan lines, which carry no ink. It stands
    in for the noise of FADGI and ISO 19264-1, which is taken from a grey target.
    """
    steps = np.concatenate([views.across.mean_step.ravel(), views.along.mean_step.ravel()])
    calm = int(_CALM * steps.size)
    return float(np.partition(steps, calm)[calm] / _STEP * _LIGHTNESS)
