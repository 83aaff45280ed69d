"""What a young week's change comes to: its sign from many ages, holidays day by day, nothing where nothing tells."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pytest

from sohoa.days import Week
from sohoa.progress.week_change import HARDLY, WEEKS, estimate_change
from sohoa.progress.young_weeks import DayCounts

WEEK = Week(date(2024, 6, 3))  # no holiday in it or in the eight weeks after 6 May
AGES = (0.35, 0.75, 0.95, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
"""Share of what a week comes to that is known at each age."""
NOTHING = 3
"""Dossiers a day with nothing to digitise."""


def days(rate: float, share: float, dossiers: int, is_there: Callable[[int], bool] = lambda _: True) -> DayCounts:
    """A week's counts: so many dossiers on each working day, what is known of the rate that they come to."""
    found = np.zeros((7, 3), np.int64)
    for day in filter(is_there, range(5)):
        found[day] = round(NOTHING + share * rate / 100 * (dossiers - NOTHING)), dossiers, NOTHING
    return found


def run_off(rates: list[float], dossiers: int = 1000) -> list[list[DayCounts]]:
    """The counts of weeks that come to these rates, the newest first."""
    return [[days(rate, AGES[age], dossiers) for age in range(back + 1)] for back, rate in enumerate(rates)]


@pytest.mark.parametrize(
    ("rates", "least", "most"),
    [
        ([50 - 4 * n for n in range(9)], 2.0, 5.0),
        ([18 + 4 * n for n in range(9)], -5.0, -2.0),
        ([50.0] * 9, -HARDLY, HARDLY),
        ([56.0, *[50.0] * 8], 2.0, 7.0),  # what the newest week alone says is not lost
        ([44.0, 50.0, 47.0, 44.0, 41.0, 38.0, 35.0, 32.0, 29.0], -7.0, -1.0),  # it turns
    ],
    ids=["rises", "falls", "level", "jumps", "turns"],
)
def test_the_change_comes_to_what_the_weeks_do(rates: list[float], least: float, most: float):
    """In points once settled, not in those of the first Sunday, of which there are a third."""
    change = estimate_change(run_off(rates), WEEK, WEEK.last)
    assert change is not None
    assert least < change.middle < most
    assert change.low < change.middle < change.high


@pytest.mark.parametrize("dossiers", [20, 100, 1000])
def test_the_fewer_dossiers_the_wider_is_the_interval_and_the_less_is_said(dossiers: int):
    """A jump of the newest week alone, of which chance could be the reason."""
    few, many = (estimate_change(run_off([56.0, *[50.0] * 8], size), WEEK, WEEK.last) for size in (dossiers, 10_000))
    assert few is not None
    assert many is not None
    assert few.high - few.low > many.high - many.low
    assert few.middle < many.middle


def test_what_a_single_sunday_hides_is_told_by_the_weeks_before():
    """A rise of two points a week, and a newest week that by chance stands where the one before stood at its age."""
    found = run_off([30 - 2 * n for n in range(9)])
    found[0] = [days(28, AGES[0], 1000)]
    change = estimate_change(found, WEEK, WEEK.last)
    assert change is not None
    assert change.middle > HARDLY


def test_a_holiday_leaves_the_days_on_which_both_weeks_worked():
    """29 April to 1 May 2024: that week's dossiers of Thursday and Friday against the same days of the week before.

    Those of the holidays, which hardly anybody handed in and nobody handled, would say that the rate collapsed.
    """
    week = Week(date(2024, 4, 29))
    found = run_off([50.0] * 9)
    found[0] = [days(50, AGES[0], 1000, lambda day: day > 2) + np.array([[0, 300, 0]] * 3 + [[0, 0, 0]] * 4)]
    change = estimate_change(found, week, week.last)
    assert change is not None
    assert abs(change.middle) < HARDLY


def test_weeks_are_compared_at_ages_with_as_many_working_days():
    """The week before a holiday had two days to be scanned in, the one before it five: they are compared at age 0."""
    week = Week(date(2024, 4, 29))
    found = run_off([50.0] * 9)
    found[1] = [days(50, AGES[0], 1000), days(50, 0.45, 1000)]  # the holiday's week brought hardly any scan
    change = estimate_change(found, week, week.last)
    assert change is not None
    assert abs(change.middle) < HARDLY


def test_a_week_without_a_working_day_is_not_compared():
    """Tết 2025; the week after has no like one before it, either."""
    tet = Week(date(2025, 1, 27))
    assert estimate_change(run_off([50.0] * 9), tet, tet.last) is None
    assert estimate_change(run_off([50.0] * 9), tet.back(-1), tet.back(-1).last) is None


@pytest.mark.parametrize("weeks", [0, 1, 2, 4])
def test_where_nothing_tells_nothing_is_said(weeks: int):
    """A site's first weeks, as of the rate itself, and one without any dossier before it."""
    found = run_off([50.0] * weeks)
    assert estimate_change(found, WEEK, WEEK.last) is None
    assert estimate_change([*found, []], WEEK, WEEK.last) is None


def test_weeks_far_back_hardly_weigh():
    """What was before the weeks that are read together changes nothing."""
    rates = [50 - 2.0 * n for n in range(9)]
    other = rates[: WEEKS + 1] + [rates[WEEKS]] * (8 - WEEKS)
    assert WEEKS < 8
    one, two = (estimate_change(run_off(some), WEEK, WEEK.last) for some in (rates, other))
    assert one is not None
    assert two is not None
    assert one.middle == pytest.approx(two.middle, abs=0.05)


def test_a_report_made_later_reads_later_ages():
    """A week that is printed again three weeks later: its age is counted from then on."""
    later = WEEK.last + timedelta(weeks=3)
    shares = [[days(rate, AGES[min(age + 3, 8)], 1000) for age in range(back + 1)] for back, rate in
              enumerate([50 - 4 * n for n in range(9)])]  # fmt: skip
    change = estimate_change(shares, WEEK, later)
    assert change is not None
    assert change.middle == pytest.approx(4.0, abs=0.6)
