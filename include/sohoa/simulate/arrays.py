"""Arrays with one entry per thing, and what is drawn or counted on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Times = npt.NDArray[Any]
"""Days (unit D) or moments (unit s) on the wall clock, or one of them."""
Shares = npt.NDArray[np.float64]
Texts = npt.NDArray[np.object_]

NO_MOMENT, NO_DAY = np.datetime64("NaT", "s"), np.datetime64("NaT", "D")


@dataclass(frozen=True)
class Entries:
    """Columns of one length, arrays or ``Entries`` themselves: one entry per thing."""

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))

    def take(self, places: Ints | Bools) -> Self:
        """Return some of them."""
        columns = {field.name: getattr(self, field.name) for field in fields(self)}
        return type(self)(
            **{name: c.take(places) if isinstance(c, Entries) else c[places] for name, c in columns.items()}
        )

    def plus(self, *more: Self) -> Self:
        """Return these and more."""
        columns = {field.name: [getattr(part, field.name) for part in (self, *more)] for field in fields(self)}
        return type(self)(
            **{
                name: parts[0].plus(*parts[1:]) if isinstance(parts[0], Entries) else np.concatenate(parts)
                for name, parts in columns.items()
            }
        )


def day_array(start: date, end: date) -> Times:
    """Return each day from ``start`` to ``end``."""
    days: Times = np.datetime64(start, "D") + np.arange((end - start).days + 1)
    return days


def even_draws(rng: np.random.Generator, count: int) -> Shares:
    """Draw ``count`` numbers from [0, 1), one from each of as many equal parts: small samples keep proportions."""
    draws: Shares = (rng.permutation(count) + rng.random(count)) / max(1, count)
    return draws


def choose(draws: Shares, weights: Mapping[Any, float]) -> Ints:
    """Return a place in ``weights`` for each draw from [0, 1), in proportion to the weights."""
    ends = np.cumsum(list(weights.values()))
    found: Ints = np.searchsorted(ends / ends[-1], draws, side="right")
    return np.minimum(found, len(weights) - 1)


def pick_some(rng: np.random.Generator, count: int, share: float, least: int) -> Ints:
    """Pick places of ``count`` things, ascending: a share of them, at least so many as far as there are any."""
    places: Ints = rng.choice(count, min(count, max(least, round(count * share))), replace=False)
    return np.sort(places)


def number_within(*groups: Ints) -> Ints:
    """Number the entries of each group 1, 2, 3 … in their order."""
    order = np.lexsort(groups[::-1])
    is_first = np.ones(len(order), np.bool_)
    is_first[1:] = np.any([group[order][1:] != group[order][:-1] for group in groups], axis=0)
    starts = np.maximum.accumulate(np.where(is_first, np.arange(len(order)), 0))
    numbers = np.empty(len(order), np.int64)
    numbers[order] = np.arange(len(order)) - starts + 1
    return numbers
