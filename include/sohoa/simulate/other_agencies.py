"""Agencies and days that are other than they were."""

from __future__ import annotations

import numpy as np

from sohoa.simulate.arrays import Bools, Ints, Times
from sohoa.simulate.offices import Offices


def others(offices: Offices, agency: Ints, day: Times, moved: Bools, rng: np.random.Generator) -> Ints:
    """Return the same agencies, but another one that works on that day, if there is one, where ``moved``."""
    found = agency.copy()
    for today in np.unique(day[moved]):
        rows = np.flatnonzero(moved & (day == today))
        working = np.flatnonzero(offices.works_on(np.array([today]))[0])
        if len(working) > 1:
            picks = rng.integers(1, len(working), len(rows))
            found[rows] = working[(np.searchsorted(working, agency[rows]) + picks) % len(working)]
    return found


def strangers(offices: Offices, agency: Ints, day: Times, moved: Bools, rng: np.random.Generator) -> Ints:
    """Return the same agencies, but where ``moved`` one that does not work on that day or never did."""
    found = agency.copy()
    for today in np.unique(day[moved]):
        rows = np.flatnonzero(moved & (day == today))
        idle = np.flatnonzero(~offices.works_on(np.array([today]))[0])
        found[rows] = idle[rng.integers(0, len(idle), len(rows))]
    return found


def shifted(offices: Offices, agency: Ints, day: Times, moved: Bools, rng: np.random.Generator) -> Times:
    """Return the same days, but one to three days off where ``moved``, if the agency works then."""
    shift = rng.integers(1, 4, len(day)) * rng.choice([-1, 1], len(day))
    found = day + np.where(moved, shift, 0)
    works = offices.leaves(agency[moved], found[moved]) != None  # noqa: E711 (element by element)
    found[np.flatnonzero(moved)[~works]] = day[np.flatnonzero(moved)[~works]]
    return found
