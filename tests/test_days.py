"""Days and weeks: each day once, ISO weeks across the turn of the year."""

from __future__ import annotations

from datetime import date

import pytest

from sohoa.days import Week, each_day, in_chunks, in_runs
from sohoa.errors import InputError


def test_each_day_includes_both_ends() -> None:
    """29 February stands between its neighbours; a period that ends before it begins has no day."""
    assert each_day(date(2024, 2, 28), date(2024, 3, 1)) == [date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1)]
    assert each_day(date(2024, 3, 1), date(2024, 2, 29)) == []


def test_chunks_hold_every_item_once() -> None:
    """The last chunk is what is left over."""
    assert list(in_chunks([1, 2, 3, 4, 5], 2)) == [[1, 2], [3, 4], [5]]


def test_days_that_follow_each_other_are_a_run() -> None:
    """Across the end of a month; no day is no run."""
    days = [date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1), date(2024, 3, 4)]
    assert in_runs(days) == [(date(2024, 2, 28), date(2024, 3, 1)), (date(2024, 3, 4), date(2024, 3, 4))]
    assert in_runs([]) == []


@pytest.mark.parametrize(
    ("day", "name", "first"),
    [
        (date(2024, 4, 14), "2024-W15", date(2024, 4, 8)),
        (date(2024, 12, 31), "2025-W01", date(2024, 12, 30)),
        (date(2021, 1, 3), "2020-W53", date(2020, 12, 28)),
    ],
)
def test_a_day_is_in_its_iso_week(day: date, name: str, first: date) -> None:
    """A week at the turn of the year bears the year of its Thursday, and its name is read back as the same week."""
    week = Week.of(day)
    assert (week.name, week.first) == (name, first)
    assert Week.parse(name) == week
    assert day in week.days
    assert week.before.last < week.first


@pytest.mark.parametrize("text", ["2024-W54", "2024-15", "2024W15", "", "W15-2024"])
def test_what_is_no_week_is_refused(text: str) -> None:
    """The message shows how a week is written."""
    with pytest.raises(InputError, match="2024-W15"):
        Week.parse(text)
