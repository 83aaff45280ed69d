"""Working days: Tết, public holidays, moved days."""

from __future__ import annotations

from datetime import date

import pytest

from sohoa.errors import SettingsError
from sohoa.registry import holiday_name, is_working_day, working_days

TET = {  # announced first and last day off, weekends around them left out
    2023: (date(2023, 1, 20), date(2023, 1, 26)),
    2024: (date(2024, 2, 8), date(2024, 2, 14)),
    2025: (date(2025, 1, 27), date(2025, 1, 31)),
    2026: (date(2026, 2, 16), date(2026, 2, 20)),
    2027: (date(2027, 2, 4), date(2027, 2, 10)),
}


@pytest.mark.parametrize("year", TET)
def test_offices_are_closed_at_tet(year):
    """No working day from the first to the last day of Tết; the working days around it are worked."""
    first, last = TET[year]
    assert working_days(first, last) == ()
    before, after = date.fromordinal(first.toordinal() - 1), date.fromordinal(last.toordinal() + 1)
    assert is_working_day(before) == (before.weekday() < 5)
    assert is_working_day(after) == (after.weekday() < 5)


def test_days_are_moved():
    """The Monday before Reunification Day 2024 is off and a Saturday makes up for it; so at New Year 2026."""
    assert not is_working_day(date(2024, 4, 29))
    assert is_working_day(date(2024, 5, 4))
    assert not is_working_day(date(2026, 1, 2))
    assert is_working_day(date(2026, 1, 10))
    assert not is_working_day(date(2024, 4, 20))  # a plain Saturday


def test_a_plain_week_has_five_days_and_a_holiday_has_a_name():
    """Hùng Kings' day takes one day out of its week."""
    assert len(working_days(date(2024, 4, 8), date(2024, 4, 14))) == 5
    assert len(working_days(date(2024, 4, 15), date(2024, 4, 21))) == 4
    assert holiday_name(date(2024, 4, 18)) == "Ngày Giỗ Tổ Hùng Vương"
    assert holiday_name(date(2024, 4, 19)) is None
    assert holiday_name(date(2026, 1, 10)) is None


def test_a_province_adds_days_of_its_own(own_file):
    """A storm closes the offices for a day."""
    own_file("calendar", "day,is_working,name_vi,source\n2024-09-09,0,Bão,province\n")
    assert not is_working_day(date(2024, 9, 9))
    assert holiday_name(date(2024, 9, 9)) == "Bão"


def test_a_file_that_cannot_be_used_is_named(own_file):
    """The message names setting and file."""
    own_file("calendar", "day,is_working,name_vi,source\n2024-09-09,maybe,Bão,province\n")
    with pytest.raises(SettingsError, match=r"SOHOA_CALENDAR_FILE: .*calendar\.csv"):
        is_working_day(date(2024, 9, 9))
