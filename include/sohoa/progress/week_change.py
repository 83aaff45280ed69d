"""What the change of a young week against the week before comes to, once both are settled.

One week at its first age says little: a few hundred dossiers of thousands are digitised on the first Sunday, and chance
alone moves that by as much as a common change. So the last weeks are read together, each against the one before it *at
the same age*, the newest at its first Sunday, the one before that a week older, and so on. Each change is brought to
what it comes to by the chain ladder (``young_weeks``), and they are joined as a course whose weekly step itself moves
a little from week to week (a local linear trend: A. C. Harvey, Forecasting, structural time series models and the
Kalman filter, 1989, chapter 2). What is read of a week is so never older weeks alone, nor the newest alone.

Holidays: where one of two weeks has fewer working days, only the weekdays on which both worked are compared; and each
at the greatest age up to which both had as many working days to be finished and scanned in.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from sohoa.arrow import Bools
from sohoa.days import ONE_DAY, Week
from sohoa.progress.young_weeks import MIN_WEEKS, Counts, DayCounts, Estimate, Z, link_ratios
from sohoa.registry import is_working_day, working_days

WEEKS = 6
"""Changes that are read together; what lies further back hardly weighs."""
DRIFT = 2.0
"""Points by which the change of a week differs from that of the week before (one standard deviation)."""
_USUAL = 3.0
"""Points that a week's change has where nothing is known of it (one standard deviation)."""
HARDLY = 0.5
"""A change of less is called hardly any: nearer to none than to a point, which is where a change begins to matter."""

Change = tuple[float, float]
"""Points once settled, and their variance by chance."""


def estimate_change(run_off: Sequence[Sequence[DayCounts]], week: Week, last_day: date) -> Estimate | None:
    """Estimate what a week's change comes to; None where no week can be compared or the ladder says nothing yet.

    Args:
        run_off: of the week (0) and each week back its counts by weekday at the ages 0, 1, 2 …; empty without dossiers.
        week: the newest of them.
        last_day: up to which they are known at their newest ages.
    """
    ratios = [ratio for ratio, _, _ in link_ratios([[_counts(days) for days in ages] for ages in run_off])]
    known = [_change(run_off, week, back, ratios, last_day) for back in range(min(WEEKS, len(run_off) - 1))]
    if not known or known[0] is None or len(ratios) < MIN_WEEKS:
        return None
    middle, variance = 0.0, _USUAL**2
    for change in known[::-1]:
        variance += DRIFT**2
        if change is not None:
            gain = variance / (variance + change[1])
            middle, variance = middle + gain * (change[0] - middle), variance * (1 - gain)
    width = Z * math.sqrt(variance)
    return Estimate(middle - width, middle, middle + width)


def _change(
    run_off: Sequence[Sequence[DayCounts]], week: Week, back: int, ratios: Sequence[float], last_day: date
) -> Change | None:
    """The change of one week against the one before; None where they have no working day in common, or no dossiers."""
    own, before = week.back(back), week.back(back + 1)
    is_compared = _common_days(own, before)
    for age in range(back, -1, -1):
        until = last_day - timedelta(weeks=back - age)
        is_there = age < len(run_off[back]) and age < len(run_off[back + 1])
        if is_there and _has_as_many_days(own, before, until):
            now, then = (_counts(run_off[place][age][is_compared]) for place in (back, back + 1))
            return _difference(now, then, math.prod(ratios[age:])) if now[1] and then[1] else None
    return None


def _counts(days: DayCounts) -> Counts:
    """The counts of some days; what has nothing to digitise, which is there at once, is left out of the numerator."""
    numerator, denominator, nothing = days.sum(axis=0).tolist()
    return numerator - nothing, denominator


def _difference(now: Counts, then: Counts, grows: float) -> Change:
    rate, other = now[0] / now[1], then[0] / then[1]
    chance = rate * (1 - rate) / now[1] + other * (1 - other) / then[1]
    least = 1 / now[1] ** 2 + 1 / then[1] ** 2  # nothing digitised is not known for sure
    return 100 * grows * (rate - other), (100 * grows) ** 2 * max(chance, least)


def _common_days(one: Week, other: Week) -> Bools:
    """The weekdays that are compared: all, or where a holiday makes the weeks unlike those on which both worked."""
    if len(working_days(one.first, one.last)) == len(working_days(other.first, other.last)):
        return np.ones(7, np.bool_)
    both = zip(one.days, other.days, strict=True)
    return np.array([is_working_day(day) and is_working_day(other_day) for day, other_day in both], np.bool_)


def _has_as_many_days(own: Week, before: Week, until: date) -> bool:
    """Whether both weeks had as many working days since, the one before seven days earlier."""
    since = [working_days(week.last + ONE_DAY, day) for week, day in ((own, until), (before, until - timedelta(7)))]
    return len(since[0]) == len(since[1])
