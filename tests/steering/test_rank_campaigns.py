"""Like periods, the ranking of a campaign's units, and the work per day to arrive on time."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pytest

from sohoa.progress.carry_forward import map_dates
from sohoa.progress.compare_periods import ALL_DAYS, Period, compare, period_before
from sohoa.progress.unit_progress import ProgressQuery
from sohoa.registry import Campaign, is_working_day, working_days
from sohoa.schema import TABLES
from sohoa.steering.rank_campaigns import rank_units
from sohoa.steering.target_line import TargetLine, pages_per_dossier, required_work
from tests.counting_cases import document

MONDAY = date(2024, 5, 13)
WEEK = Period(MONDAY, MONDAY + timedelta(6))
BEFORE = Period(MONDAY - timedelta(7), MONDAY - timedelta(1))


def daily(day: date, unit: str, numerator: int, denominator: int, definition: str = "dn_and") -> dict[str, Any]:
    counts = {"numerator": numerator, "denominator": denominator}
    return {"dossier_date": day, "unit_code": unit, "definition": definition, "stage": "all"} | counts


def rows(*found: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(
        list(found), pa.schema([pa.field("dossier_date", pa.date32()), *TABLES["progress_daily"]])
    )


@pytest.mark.parametrize(("days", "weeks"), [(1, 1), (7, 1), (8, 2), (31, 5)])
def test_the_period_before_has_the_same_weekdays(days, weeks):
    """A day is compared with that weekday of the week before, a month with the same weekdays five weeks earlier."""
    before = period_before(Period(MONDAY, MONDAY + timedelta(days - 1)))
    assert before.first == MONDAY - timedelta(7 * weeks)
    assert before.days == days
    assert before.last < MONDAY


def test_like_weeks_are_compared():
    """From 1 of 4 to 3 of 4: 50 points."""
    progress = rows(daily(BEFORE.first, "20", 1, 4), daily(WEEK.first, "20", 2, 2), daily(WEEK.last, "20", 1, 2))
    found = compare(progress, "20", WEEK, WEEK.last)
    assert (found.before_percent, found.rate_percent, found.change_points, found.reason) == (25, 75, 50, None)


@pytest.mark.parametrize(
    ("first", "last_day", "unit", "reason"),
    [
        (MONDAY, MONDAY + timedelta(5), "20", "not_over"),
        (date(2024, 4, 22), date(2024, 6, 1), "20", "holidays"),  # the week before has Hùng Kings' day
        (date(2024, 12, 2), date(2024, 12, 31), "06040", "unit_changed"),  # another commune until 1 December
        (MONDAY, date(2024, 6, 1), "20", "no_dossiers"),
    ],
)
def test_unlike_periods_are_not_compared(first, last_day, unit, reason):
    """The rate itself is shown, what it would be compared with is not, and the reason is said."""
    week = Period(first, first + timedelta(6))
    then = rows(
        daily(first - timedelta(7), unit, 0 if reason == "no_dossiers" else 1, 0 if reason == "no_dossiers" else 2)
    )
    found = compare(pa.concat_tables([then, rows(daily(first, unit, 1, 1))]), unit, week, last_day)
    assert (found.rate_percent, found.before_percent, found.change_points, found.reason) == (100, None, None, reason)


CAMPAIGN = Campaign("x", "Đợt", WEEK.first, WEEK.last, 50.0, ("district", "commune"), "a test")


def test_units_are_ranked_within_their_level():
    """Districts among districts, communes among communes; equal rates share a place, no dossier means no place."""
    found = rank_units(
        rows(
            daily(WEEK.first, "178", 1, 2),
            daily(WEEK.first, "05971", 1, 4),
            daily(WEEK.first, "05974", 3, 4),
            daily(WEEK.last, "06001", 6, 8),
            daily(WEEK.first, "06004", 0, 0),
            daily(WEEK.first, "H37.60", 9, 9),
            daily(WEEK.last + timedelta(1), "05971", 9, 9),
            daily(WEEK.first, "05971", 9, 9, "dn_or"),
        ),
        CAMPAIGN,
        WEEK.last,
    )
    shown = [(unit.place, unit.unit_code, unit.level, unit.is_reached) for unit in found]
    assert shown == [
        (1, "178", "district", True),
        (1, "06001", "commune", True),
        (1, "05974", "commune", True),
        (3, "05971", "commune", False),
        (None, "06004", "commune", None),
    ]


def test_a_campaign_is_ranked_up_to_the_last_day_known():
    """On its first evening two days count for nothing yet; before it there is no ranking."""
    progress = rows(daily(WEEK.first, "05971", 1, 4), daily(WEEK.last, "05971", 4, 4))
    assert rank_units(progress, CAMPAIGN, WEEK.first)[0].rate_percent == 25
    assert rank_units(progress, CAMPAIGN, WEEK.first - timedelta(1)) == []


LINE = TargetLine(MONDAY, MONDAY + timedelta(11), 6.0, 86.0)
"""Twelve days, ten of them working days."""


def test_the_target_line_is_straight():
    """Half of the days, half of the way; level before and after."""
    shown = [LINE.percent_on(MONDAY + timedelta(n)) for n in (-5, -1, 5, 11, 99)]
    assert shown == pytest.approx([6, 6, 46, 86, 86])


def test_what_is_missing_is_shared_among_the_days_left():
    """100 due and 20 done in the first week, more come in every day: 86 % of all of them less 20, in five days."""
    recent = [day for n in range(0, 56) if (day := WEEK.last - timedelta(n)).weekday() < 5]
    progress = rows(*(daily(day, "20", 4 if day >= MONDAY else 0, 20 if day >= MONDAY else 10) for day in recent))
    work = required_work(progress, "20", LINE, WEEK.last, pages_per_dossier=3.0)
    assert (work.denominator, work.numerator, work.days_left) == (100, 20, 5)
    a_day = (100 + 10 * (len(recent) - 5)) / 37  # 40 weekdays less 18 April, 29 and 30 April, 1 May; 4 May is worked
    assert work.due_per_day == pytest.approx(a_day)
    assert work.required_dossiers == pytest.approx((0.86 * (100 + 5 * a_day) - 20) / 5)
    assert work.required_pages == pytest.approx(3 * work.required_dossiers)


@pytest.mark.parametrize(
    ("unit", "began", "last_day", "days"),
    [
        ("05983", date(2025, 7, 1), date(2025, 7, 13), 9),  # the commune of the reform
        ("06040", date(2024, 12, 1), date(2024, 12, 6), 5),  # the ward of the merger; another commune before
        ("20", None, date(2024, 5, 19), None),  # stands all the time
        ("05983", date(2025, 7, 1), date(2025, 7, 1), 1),
    ],
)
def test_a_young_unit_is_asked_for_its_own_days(unit, began, last_day, days):
    """Ten dossiers on every working day since it began are ten a day, not as many as eight weeks make of them."""
    recent = [last_day - timedelta(n) for n in range(56)]
    worked = [day for day in recent if is_working_day(day)]
    own = [day for day in worked if began is None or day >= began]
    progress = rows(*(daily(day, unit, 4, 10) for day in (worked if unit == "06040" else own)))
    work = required_work(progress, unit, TargetLine(date(last_day.year, 1, 1), last_day, 6, 86), last_day, 3.0)
    assert (len(own), work.due_per_day) == (days or len(worked), 10)
    assert (work.numerator, work.denominator) == (4 * len(own), 10 * len(own))


def test_a_map_counts_all_days_of_a_young_unit():
    """What its predecessors did before it stood is its own there."""
    worked = [day for n in range(56) if is_working_day(day := date(2025, 7, 13) - timedelta(n))]
    progress, line = rows(*(daily(day, "05983", 4, 10) for day in worked)), TargetLine(worked[-1], worked[0], 6, 86)
    assert required_work(progress, "05983", line, date(2025, 7, 13), 3.0, own=ALL_DAYS).due_per_day == 10


OFFICE_END = date(2025, 6, 30)


@pytest.mark.parametrize(
    ("code", "map_day", "last_day", "ends"),
    [
        ("H37.84", date(2025, 7, 1), date(2025, 7, 13), OFFICE_END),
        ("H37.84", date(2024, 4, 1), date(2025, 7, 13), OFFICE_END),
        ("H37.84", None, date(2025, 6, 20), OFFICE_END),
        ("06187", None, date(2025, 6, 20), OFFICE_END),
        ("06187", date(2025, 7, 1), date(2025, 7, 13), date.max),
        ("H37.60", date(2025, 7, 1), date(2025, 7, 13), date.max),
    ],
)
def test_no_day_after_its_last_is_asked_of_a_unit(code, map_day, last_day, ends):
    """An office ends on every map; what is carried to a unit of a map has no end of its own."""
    query = ProgressQuery(code, "dn_and", "all", map_day)
    own = query.own_days(last_day)
    worked = [day for n in range(56) if is_working_day(day := min(last_day, ends) - timedelta(n))]
    line = TargetLine(date(2025, 1, 1), date(2025, 12, 31), 6, 86)
    work = required_work(rows(*(daily(day, code, 4, 10) for day in worked)), code, line, last_day, 3.0, own=own)
    assert own.last == ends and work.end == min(ends, line.end)
    assert work.days_left == len(working_days(last_day + timedelta(1), work.end))
    assert (work.required_dossiers is None) == (ends < last_day)
    if ends < last_day or (code == "06187" and not map_day):
        assert work.due_per_day == 10


def test_no_day_left_asks_for_nothing():
    """After the end nobody can be told to hurry; a target that is certain asks for 0."""
    over = required_work(rows(daily(MONDAY, "20", 1, 9)), "20", LINE, LINE.end, 3.0)
    assert (over.days_left, over.required_dossiers, over.required_pages) == (0, None, None)
    done = required_work(rows(daily(MONDAY, "20", 99, 99)), "20", TargetLine(MONDAY, LINE.end, 6, 1), WEEK.last, None)
    assert (done.required_dossiers, done.required_pages) == (0, None)


def test_pages_of_a_dossier_are_those_of_the_units_own_agencies():
    """Two dossiers with 9 pages; what was not received, the backlog and another commune stay out."""
    own = {"scan_date": MONDAY, "pages_found": 3}
    documents = [
        document("a", 1, **own),
        document("b", 1, "result", **own),
        document("c", 2, **own),
        document("d", 3, is_received=False, **own),
        document("e", None, "backlog_result", **own),
        document("f", 4, agency="H37.80.02", scan_date=MONDAY, pages_found=90),
    ]
    table = pa.Table.from_pylist(documents, pa.schema([pa.field("scan_date", pa.date32()), *TABLES["documents"]]))
    queries = [ProgressQuery(unit, "dn_and", "all", None) for unit in ("05971", "20", "06001")]
    found = [pages_per_dossier(table, query, MONDAY) for query in queries]
    assert found == [pytest.approx(9 / 2), pytest.approx(99 / 3), None]
    mapped = ProgressQuery("06187", "dn_and", "all", map_dates()[-1])  # it took in the first commune
    assert pages_per_dossier(table, mapped, MONDAY) == pytest.approx(9 / 2)


def test_a_code_that_names_nobody_is_not_ranked():
    """Where the registry was corrected since: its row stays out, and the others are ranked all the same."""
    progress = rows(daily(MONDAY, "05971", 1, 2), daily(MONDAY, "H37.999", 1, 1), daily(MONDAY, "06100", 1, 1))
    campaign = Campaign("x", "Đợt", MONDAY, WEEK.last, 50.0, ("department", "commune"), "a test")
    assert {rank.unit_code for rank in rank_units(progress, campaign, WEEK.last)} == {"05971", "06100"}
    late = rows(daily(date(2025, 7, 2), "H37.80", 1, 1), daily(date(2025, 7, 2), "06187", 0, 1))
    ended = Campaign("x", "Đợt", date(2025, 7, 1), date(2025, 7, 6), None, ("district", "commune"), "a test")
    assert [rank.unit_code for rank in rank_units(late, ended, date(2025, 7, 6))] == ["06187"]
