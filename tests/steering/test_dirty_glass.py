"""Dirt on a scanner's glass is a streak that stays at one place."""

from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa
import pytest

from sohoa.steering.dirty_glass import find_dirty_glass
from sohoa.store import with_path_key
from tests.counting_cases import table

DAY = date(2024, 4, 16)


def device_day(day: date, *streaks: tuple[int, int], device: str = "S1") -> pa.Table:
    row = {"agency": "H37.80.01", "device_id": device, "streaks": [{"x_mm": x, "pages": n} for x, n in streaks]}
    return with_path_key("device_daily", table("device_daily", [row]), day)


def days(count: int) -> list[date]:
    return [DAY + timedelta(n) for n in range(count)]


def test_a_streak_that_stays_is_dirt():
    """Three days near 104 mm: 4 pages of 103 and 6 of 105 lie at 104.2; a streak elsewhere comes and goes."""
    found = find_dirty_glass(
        pa.concat_tables(
            [
                device_day(DAY, (103, 4), (30, 9)),
                device_day(DAY + timedelta(1), (105, 3)),
                device_day(DAY + timedelta(2), (105, 3), (60, 1)),
            ]
        )
    )
    assert [(glass.x_mm, glass.days, glass.pages) for glass in found] == [(104.2, 3, 10)]
    assert (found[0].device_id, found[0].first_day, found[0].last_day) == ("S1", DAY, DAY + timedelta(2))


@pytest.mark.parametrize(
    "rows",
    [
        [device_day(day, (104, 5)) for day in days(2)],
        [*(device_day(day, (104, 5)) for day in days(3)), device_day(DAY + timedelta(9))],
        [device_day(day, (104 + 10 * number, 5)) for number, day in enumerate(days(3))],
        [device_day(day, (104, 5), device=f"S{number}") for number, day in enumerate(days(3))],
    ],
    ids=["two_days_only", "gone_on_the_last_day", "never_at_one_place", "another_device_each_day"],
)
def test_what_is_no_dirt(rows):
    """Too few days, cleaned since, wandering, or different scanners."""
    assert find_dirty_glass(pa.concat_tables(rows)) == []
