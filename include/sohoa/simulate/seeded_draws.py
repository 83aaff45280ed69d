"""Random numbers that the same seed gives again."""

from __future__ import annotations

import numpy as np


def generator(seed: int, *parts: str) -> np.random.Generator:
    """Make a generator of its own for each (seed, parts)."""
    return np.random.default_rng([seed, *("/".join(parts).encode())])
