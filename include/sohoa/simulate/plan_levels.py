"""How far the documents of each dossier get, so that the share of digitised dossiers climbs as it should."""

from __future__ import annotations

import math

import numpy as np

from sohoa.simulate.arrays import Bools, Ints, even_draws
from sohoa.simulate.offices import Offices
from sohoa.simulate.plan_dossiers import Dossiers

LEVELS = ("declared", "received", "accepted", "unaided")
"""``unaided``: accepted without a waiver."""
DECLARED, RECEIVED, ACCEPTED, UNAIDED = range(len(LEVELS))
START_SHARE, END_SHARE, STEEPNESS = 0.056, 0.86, 10.0
TOUCHED_SHARE, OUTSIDE_SHARE = 0.34, 0.25
"""Dossiers with scans, of those that are not digitised in the end, and of those that do not count."""
SPOILED_SHARE = 0.2
"""Dossiers whose scans are all bad, of those without a paper result that were touched and are not digitised."""
RECEIVED_SHARE, ACCEPTED_SHARE, UNAIDED_SHARE = 0.98, 0.98, 0.95
"""Documents of a dossier that get from one level to the next, unless it is to be digitised and they are its last."""


def target_share(elapsed: float) -> float:
    """Return the share of dossiers digitised after this share of the days (0 to 1): an S from 5.6 % to 86 %."""
    low, high = _logistic(-STEEPNESS / 2), _logistic(STEEPNESS / 2)
    rise = (_logistic(STEEPNESS * (elapsed - 0.5)) - low) / (high - low)
    return START_SHARE + (END_SHARE - START_SHARE) * rise


def plan_levels(offices: Offices, dossiers: Dossiers, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Return two arrays of dossier × ``LEVELS``: how many components and results stand in the end.

    All that is wanted is accepted of as many dossiers as the S-curve asks for on each day, and of no other.
    """
    wanted, paper = dossiers.components, dossiers.has_paper.astype(np.int64)
    digitised = _choose_digitised(offices, dossiers, rng)
    share = np.where(dossiers.counts, TOUCHED_SHARE, OUTSIDE_SHARE)
    touched = digitised | (even_draws(rng, len(dossiers)) < share)
    components = _levels(wanted, touched, digitised, rng)
    results = _levels(paper, touched & dossiers.is_finished, digitised, rng)
    done = ((components[:, ACCEPTED] > 0) | (wanted == 0)) & ((results[:, ACCEPTED] > 0) | (paper == 0))
    too_much = done & touched & ~digitised & dossiers.counts
    results[too_much & (paper > 0)] = 0
    is_spoiled = rng.random(len(dossiers)) < SPOILED_SHARE
    components[too_much & (paper == 0) & ~is_spoiled] = 0
    components[np.flatnonzero(too_much & (paper == 0) & is_spoiled), ACCEPTED:] = 0
    return components, results


def _choose_digitised(offices: Offices, dossiers: Dossiers, rng: np.random.Generator) -> Bools:
    """Day after day as many dossiers as the S-curve asks for, those of keener offices first."""
    days, counts, nothing = dossiers.codes.day, dossiers.counts, (dossiers.components == 0) & ~dossiers.has_paper
    possible = counts & (dossiers.is_finished | ~dossiers.has_paper)
    rank = offices.keenness[dossiers.codes.agency] + 0.8 * rng.random(len(days)) + 9.0 * nothing
    found, wanted, given = np.zeros(len(days), np.bool_), 0.0, 0
    length = max(np.timedelta64(1, "D"), days.max() - days.min())
    for day in np.unique(days):
        today = np.flatnonzero((days == day) & possible)
        wanted += np.sum(counts[days == day]) * target_share(float((day - days.min()) / length))
        chosen = max(round(wanted) - given, int(np.sum(nothing[today])))
        chosen = min(chosen, len(today))
        given += chosen
        found[today[np.argsort(-rank[today], kind="stable")[:chosen]]] = True
    return found


def _levels(wanted: Ints, touched: Bools, digitised: Bools, rng: np.random.Generator) -> Ints:
    """Entry × ``LEVELS``: mostly what is wanted, at times less or one more, and some where nothing is wanted."""
    least = (digitised & (wanted > 0)).astype(np.int64)
    declared = np.maximum(least, wanted + rng.choice([0, -1, 1], len(wanted), p=[0.88, 0.08, 0.04])) * touched
    counts = [declared]
    for share, floor in ((RECEIVED_SHARE, least), (ACCEPTED_SHARE, least), (UNAIDED_SHARE, 0)):
        counts.append(np.maximum(floor, rng.binomial(counts[-1], share)))
    return np.stack(counts, axis=1)


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x))
