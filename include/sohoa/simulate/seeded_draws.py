"""Seeded draws that keep their proportions on small samples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

import numpy as np

Choice = TypeVar("Choice")


def generator(seed: int, *parts: str) -> np.random.Generator:
    """A generator of its own for each (seed, parts)."""
    return np.random.default_rng([seed, *("/".join(parts).encode())])


class EvenDraws:
    """Draws from [0, 1) that fall once into each stratum of every block."""

    def __init__(self, rng: np.random.Generator, strata: int = 20) -> None:
        """Draw from ``rng``, ``strata`` strata to a block."""
        self._rng, self._strata = rng, strata
        self._block: list[float] = []

    def draw(self) -> float:
        """The next draw."""
        if not self._block:
            self._block = list((self._rng.permutation(self._strata) + self._rng.random(self._strata)) / self._strata)
        return float(self._block.pop())

    def choose(self, weights: Mapping[Choice, float]) -> Choice:
        """One of the keys, in proportion to its weight."""
        left = self.draw() * sum(weights.values())
        for choice, weight in weights.items():
            left -= weight
            if left < 0:
                return choice
        return choice


def whole_parts(shares: Iterable[float]) -> list[int]:
    """Whole numbers whose running sums stay within one half of those of ``shares``."""
    parts, total, given = [], 0.0, 0
    for share in shares:
        total += share
        parts.append(round(total) - given)
        given += parts[-1]
    return parts
