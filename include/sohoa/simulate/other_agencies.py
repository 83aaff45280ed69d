"""Agencies and days that are other than they were, and numbers within groups."""

from __future__ import annotations

import numpy as np

from sohoa.simulate.spelled_codes import Bools, Ints, Offices, Times


def others(offices: Offices, agency: Ints, day: Times, moved: Bools, rng: np.random.Generator) -> Ints:
    """The same agencies, but another one that works on that day where ``moved``."""
    found = agency.copy()
    for today in np.unique(day[moved]):
        rows = np.flatnonzero(moved & (day == today))
        working = np.flatnonzero(offices.works_on(np.array([today]))[0])
        picks = rng.integers(1, len(working), len(rows))
        found[rows] = working[(np.searchsorted(working, agency[rows]) + picks) % len(working)]
    return found


def strangers(offices: Offices, agency: Ints, day: Times, moved: Bools, rng: np.random.Generator) -> Ints:
    """The same agencies, but where ``moved`` one that no longer or not yet works on that day, or never did."""
    found = agency.copy()
    for today in np.unique(day[moved]):
        rows = np.flatnonzero(moved & (day == today))
        idle = np.flatnonzero(~offices.works_on(np.array([today]))[0])
        found[rows] = idle[rng.integers(0, len(idle), len(rows))]
    return found


def shifted(offices: Offices, agency: Ints, day: Times, moved: Bools, rng: np.random.Generator) -> Times:
    """The same days, but one to three days off where ``moved``, if the agency works then."""
    shift = rng.integers(1, 4, len(day)) * rng.choice([-1, 1], len(day))
    found = day + np.where(moved, shift, 0)
    works = offices.leaves(agency[moved], found[moved]) != None  # noqa: E711 (element by element)
    found[np.flatnonzero(moved)[~works]] = day[np.flatnonzero(moved)[~works]]
    return found


def number_within(*groups: Ints) -> Ints:
    """1, 2, 3 … within each group, in the order of the entries."""
    order = np.lexsort(groups[::-1])
    is_first = np.ones(len(order), np.bool_)
    is_first[1:] = np.any([group[order][1:] != group[order][:-1] for group in groups], axis=0)
    starts = np.maximum.accumulate(np.where(is_first, np.arange(len(order)), 0))
    numbers = np.empty(len(order), np.int64)
    numbers[order] = np.arange(len(order)) - starts + 1
    return numbers
