"""When a unit reaches the target: the date where the data tell it, silence where they do not."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from sohoa.steering.forecast import HORIZON, MONTH, Outlook, forecast_target, forecast_weeks, weeks_until, why_silent
from sohoa.steering.forecast_apart import forecast_apart

MONDAY = date(2023, 1, 2)
TARGET = 86.0


def climb(weeks: int, start: float = -2.8, step: float = 0.1, ceiling: float = 1.0) -> np.ndarray:
    """Rates that rise by the same step in logits every week, up to a ceiling."""
    return np.minimum(1 / (1 + np.exp(-(start + step * np.arange(weeks)))), ceiling)


def weekly(rates: np.ndarray, due: int = 400, finished: float = 0.95, seed: int = 1) -> pa.Table:
    """Weeks with these rates, counted in ``due`` dossiers."""
    done = np.random.default_rng(seed).binomial(due, rates)
    return pa.table(
        {
            "first_day": [MONDAY + timedelta(7 * n) for n in range(len(rates))],
            "numerator": done,
            "denominator": [due] * len(rates),
            "finished": [round(finished * due)] * len(rates),
        }
    )


def forecast(rows: pa.Table, weeks_later: int = 0) -> Outlook:
    """The forecast on the Sunday of the newest week, or some weeks later."""
    newest = max(rows["first_day"].to_pylist(), default=MONDAY)
    return forecast_target(rows, TARGET, newest + timedelta(6 + 7 * weeks_later))


def test_a_steady_climb_reaches_the_target_on_its_date():
    """40 weeks known; the 46th is at 86 %, so the month is there a week or two later: inside a narrow interval."""
    found = forecast(weekly(climb(40)))
    assert found.last_week == MONDAY + timedelta(7 * 39)
    assert found.earliest is not None
    assert found.latest is not None
    assert found.earliest <= MONDAY + timedelta(7 * 48) <= found.latest
    assert found.earliest <= found.reached <= found.latest
    assert found.latest - found.earliest < timedelta(70)
    assert found.reason is None


def test_the_interval_holds_the_middle_and_widens():
    """Low, middle, high in this order every week; the farther, the wider; rates stay rates."""
    rows = weekly(np.full(60, 0.5))
    weeks = forecast_weeks(rows["numerator"].to_numpy(), rows["denominator"].to_numpy(), 26)
    assert (weeks.low < weeks.middle).all()
    assert (weeks.middle < weeks.high).all()
    width = weeks.high - weeks.low
    assert width[25] > width[7] > width[0]
    assert weeks.low.min() >= 0
    assert weeks.paths.max() <= 1


def test_small_units_are_seen_with_more_doubt():
    """The same rates counted in 20 dossiers a week leave a wider interval than in 800."""
    widths = []
    for due in (20, 800):
        rows = weekly(climb(52, step=0.05), due)
        weeks = forecast_weeks(rows["numerator"].to_numpy(), rows["denominator"].to_numpy(), 4)
        widths.append((weeks.high - weeks.low)[3])
    assert widths[0] > 2 * widths[1]


@pytest.mark.parametrize(
    ("rates", "since"),
    [
        ([0.5] * 10 + [0.95] * 6, 13),  # four weeks from the 11th on
        ([0.95] * 20, 3),
        ([0.5] * 6 + [0.95] * 6 + [0.5] * 6 + [0.95] * 5, 21),  # reached, lost, reached again
    ],
)
def test_a_target_that_the_newest_weeks_hold_needs_no_forecast(rates, since):
    """The week since which every month has been at the target."""
    found = forecast(weekly(np.array(rates)))
    assert (found.reached, found.reason, found.weeks) == (MONDAY + timedelta(7 * since), "already", None)


@pytest.mark.parametrize("lost", [2, 10, 30])
def test_a_target_that_is_lost_again_is_not_reached(lost):
    """Six weeks at 95 %, then weeks at half of it: what was is no answer to when it will be."""
    rates = np.concatenate([np.full(20, 0.5), np.full(6, 0.95), np.full(lost, 0.3)])
    assert forecast(weekly(rates)).reason != "already"


def counted(done: list[int], due: list[int]) -> pa.Table:
    """Weeks with these very counts, all of them finished; those without dossiers have no row."""
    days = [MONDAY + timedelta(7 * n) for n in range(len(due))]
    columns = {"first_day": days, "numerator": done, "denominator": due, "finished": due}
    return pa.table(columns).filter(pa.array(np.array(due) > 0))


@pytest.mark.parametrize(
    ("done", "due", "reason"),
    [
        ([3, 3, 3, 0, 0, 0, 1], [10, 10, 10, 0, 0, 0, 1], "too_few_weeks"),
        ([3] * 30 + [1] * 4, [10] * 30 + [1] * 4, "beyond_horizon"),
        ([9] * 12, [9] * 12, "too_few_weeks"),
        ([9] * 60, [9] * 60, "too_few_dossiers"),
        ([5] * 10 + [100, 0, 0, 1], [20] * 10 + [100, 0, 0, 1], "too_few_weeks"),
        ([5] * 10 + [50, 50, 1, 1], [20] * 10 + [50, 50, 1, 1], "too_few_weeks"),
    ],
)
def test_a_target_is_not_reached_by_a_handful_of_dossiers(done, due, reason):
    """A last week with one dossier, a small unit, one good week among empty ones: four such weeks are no month."""
    found = forecast(counted(done, due))
    assert (found.reached, found.reason) == (None, reason)


@pytest.mark.parametrize("due", [[10, 10, 10, 10], [400, 0, 400, 400], [20, 20, 3, 20]])
def test_a_target_is_reached_by_a_month_with_a_holiday_week(due):
    """Ten dossiers in a middling week are enough, and one of the four weeks may be as good as empty."""
    found = forecast(counted([0, 0, *due], [400, 400, *due]))
    assert (found.reached, found.reason) == (MONDAY + timedelta(7 * 5), "already")


@pytest.mark.parametrize("rate", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("due", [20, 400])
def test_no_interval_is_without_width(rate, due):
    """Weeks that are all alike are counted in so many dossiers, and no more certain than these make them."""
    done = np.full(40, round(rate * due))
    weeks = forecast_weeks(done, np.full(40, due), 8)
    assert (weeks.high - weeks.low > 1 / due).all()
    assert (weeks.paths.max(axis=1) > weeks.paths.min(axis=1)).all()


@pytest.mark.parametrize(("later", "missing"), [(0, 0), (1, 1), (9, 9)])
def test_nothing_is_forecast_of_weeks_that_are_over(later, missing):
    """Figures stop some weeks before the last day: the gap is told, and every date lies after that day."""
    found = forecast(weekly(climb(40)), later)
    last_day = MONDAY + timedelta(7 * 39 + 6 + 7 * later)
    assert found.missing_weeks == missing
    assert found.first_week == last_day + timedelta(1)
    assert len(found.weeks.middle) == 20 - missing
    assert found.first_week <= found.earliest <= found.reached


@pytest.mark.parametrize("rates", [climb(40), np.full(40, 0.9), climb(8)], ids=["climbs", "holds", "young"])
@pytest.mark.parametrize("days_ago", [0, 1, 90])
def test_nothing_is_forecast_of_a_unit_that_has_ended(rates, days_ago):
    """Whatever its last weeks were like; on the day before its last it still is."""
    found = weekly(rates)
    newest = found["first_day"].to_pylist()[-1] + timedelta(6)
    ended = forecast_target(found, TARGET, newest, newest - timedelta(days_ago))
    assert (ended.reason, ended.weeks, ended.reached) == ("ended", None, None)
    assert forecast_target(found, TARGET, newest, newest + timedelta(1)).reason != "ended"


def test_figures_that_end_long_ago_tell_nothing():
    """Later than a forecast reaches there is none."""
    found = forecast(weekly(climb(40)), 20)
    assert (found.reason, found.weeks, found.missing_weeks) == ("too_old", None, 20)


def test_one_good_week_is_no_month():
    """A single week above the target does not reach it."""
    rates = np.full(30, 0.5)
    rates[12] = 0.99
    assert forecast(weekly(rates)).reason == "beyond_horizon"


def test_a_plateau_gets_no_date():
    """60 weeks at 50 %: most futures do not arrive within half a year, and that is what is said."""
    found = forecast(weekly(np.full(60, 0.5)))
    assert (found.reached, found.latest, found.reason) == (None, None, "beyond_horizon")
    assert found.weeks is not None
    assert len(found.weeks.middle) == HORIZON


@pytest.mark.parametrize(
    ("denominator", "reason"),
    [
        (np.full(19, 100), "too_few_weeks"),
        (np.full(20, 100), None),
        (np.full(60, 9), "too_few_dossiers"),
        (np.where(np.arange(60) % 4, 0, 100), "too_few_weeks"),
        (np.zeros(0, int), "too_few_weeks"),
    ],
)
def test_silence(denominator, reason):
    """Too short a history, too small a unit, too many empty weeks."""
    assert why_silent(denominator) == reason


def test_nothing_known_is_silence():
    """No rows, or no dossiers: a reason, and no exception."""
    empty = weekly(np.full(2, 0.5)).slice(0, 0)
    assert (forecast(empty).reason, forecast(empty).last_week) == ("too_few_weeks", None)
    assert forecast(weekly(climb(8))).reason == "too_few_weeks"


def test_young_weeks_stay_out():
    """The last two weeks have few finished dossiers and a low rate: they are no fall, so they are not looked at."""
    rows = weekly(climb(40))
    young = pa.table(
        {
            "first_day": [MONDAY + timedelta(7 * n) for n in (40, 41)],
            "numerator": [100, 10],
            "denominator": [400, 400],
            "finished": [200, 20],
        }
    )
    found = forecast(pa.concat_tables([rows, young]))
    assert found.reached == max(forecast(rows).reached, found.first_week)
    assert found.missing_weeks == 2


def test_a_gap_is_no_fall():
    """Two weeks of Tết without dossiers, and one with three: the forecast goes on as if they were not there."""
    rows = weekly(climb(44))
    whole = forecast(rows)
    gap = np.isin(np.arange(44), (20, 21))
    numerator = np.where(np.arange(44) == 22, 0, rows["numerator"].to_numpy())
    denominator = np.where(np.arange(44) == 22, 3, rows["denominator"].to_numpy())
    holed = rows.set_column(1, "numerator", pa.array(numerator)).set_column(2, "denominator", pa.array(denominator))
    holed = holed.set_column(3, "finished", pa.array(np.where(np.arange(44) == 22, 3, 380))).filter(pa.array(~gap))
    assert abs(forecast(holed).reached - whole.reached) <= timedelta(14)


def test_the_same_weeks_give_the_same_answer():
    """The futures are drawn from a fixed seed."""
    rows = weekly(climb(30))
    first, second = forecast(rows), forecast(rows)
    assert (first.earliest, first.reached, first.latest) == (second.earliest, second.reached, second.latest)
    np.testing.assert_array_equal(first.weeks.paths, second.weeks.paths)


def test_weeks_until_counts_from_the_last_week():
    """Three weeks at 90 % are known: one more at 90 % closes the month; at 0 % nothing does."""
    known, due = np.full(3, 90), np.full(3, 100)
    assert weeks_until(known, due, np.full((5, 10), 0.9), 0.86) == (1, 1, 1)
    assert weeks_until(known, due, np.zeros((5, 10)), 0.86) == (None, None, None)
    later = np.concatenate([np.zeros((MONTH, 10)), np.ones((MONTH, 10))])
    assert weeks_until(known, due, later, 0.86) == (8, 8, 8)
    half = np.where(np.arange(10) < 5, 0.9, 0.0) * np.ones((5, 1))
    assert weeks_until(known, due, half, 0.86) == (1, 1, None)


def test_a_process_of_its_own_gives_the_same_forecast():
    """Value for value, paths included: the report's bytes hang on it."""
    rates = climb(40)
    done, due = np.round(rates * 400).astype(np.int64), np.full(40, 400)
    here, apart = forecast_weeks(done, due, 8), forecast_apart(done, due, 8)
    for name in ("middle", "low", "high", "paths"):
        assert np.array_equal(getattr(here, name), getattr(apart, name)), name
