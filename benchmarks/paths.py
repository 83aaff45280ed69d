"""Weekly paths of made-up units toward the target: what a forecast has to live with, from a seed.

A path climbs from about 5.6 % along an S-curve to a ceiling of its own, in part below the target. On the way it stalls
for weeks, is lifted by campaigns, half of which fade, falls back while a scanner is broken, wanders, and is seen
through few dossiers; hardly any come in the weeks of Tết.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WEEKS = 104
_START = 0.056
_TET = (3, 4, 55, 56)


@dataclass(frozen=True)
class Path:
    """One unit: dossiers digitised and dossiers due, a number for each week."""

    numerator: NDArray[np.int64]
    denominator: NDArray[np.int64]


def make_path(seed: int, number: int) -> Path:
    """The path of one unit; the same arguments give the same path."""
    rng = np.random.default_rng([seed, number])
    weekly = float(np.exp(rng.uniform(np.log(8), np.log(800))))
    season = np.where(np.isin(np.arange(WEEKS), _TET), 0.1, 1.0)
    due = rng.poisson(weekly * season * np.exp(rng.normal(0, 0.12, WEEKS)))
    logit = _climb(rng) + _campaigns(rng) - _breakdown(rng) + np.cumsum(rng.normal(0, rng.uniform(0.01, 0.08), WEEKS))
    seen = logit + rng.normal(0, rng.uniform(0.03, 0.2), WEEKS)
    return Path(rng.binomial(due, 1 / (1 + np.exp(-seen))).astype(np.int64), due.astype(np.int64))


def _climb(rng: np.random.Generator) -> NDArray[np.float64]:
    """The S-curve in logits, its clock stopped in up to two stalls."""
    is_moving = np.ones(WEEKS, np.bool_)
    for _ in range(rng.integers(0, 3)):
        first = rng.integers(0, WEEKS)
        is_moving[first : first + rng.integers(4, 17)] = False
    clock = np.cumsum(is_moving) - 1.0
    ceiling, middle, speed = rng.uniform(0.7, 0.97), rng.uniform(10, 80), rng.uniform(4, 16)
    share = 1 / (1 + np.exp(-(clock - middle) / speed))
    rate = _START + (ceiling - _START) * share
    return np.asarray(np.log(rate / (1 - rate)), np.float64)


def _campaigns(rng: np.random.Generator) -> NDArray[np.float64]:
    """Up to two lifts of the level within three weeks; half of them fade afterwards."""
    lift, weeks = np.zeros(WEEKS), np.arange(WEEKS)
    for _ in range(rng.integers(0, 3)):
        first, length, height = rng.integers(0, WEEKS), rng.integers(4, 14), rng.uniform(0.2, 1.0)
        rise = np.clip((weeks - first + 1) / 3, 0, 1)
        fades = rng.random() < 0.5
        lift += height * rise * (np.exp(-np.clip(weeks - first - length, 0, None) / 4) if fades else 1)
    return lift


def _breakdown(rng: np.random.Generator) -> NDArray[np.float64]:
    """One unit in three loses its scanner for some weeks."""
    fall = np.zeros(WEEKS)
    if rng.random() < 1 / 3:
        first = rng.integers(0, WEEKS)
        fall[first : first + rng.integers(2, 7)] = rng.uniform(0.5, 1.5)
    return fall
