"""Working days of public offices in Viet Nam: weekends, Tết and public holidays, and days that the government moves.

Holidays by law and most moved days come from the package holidays, which follows the labour code and the yearly
announcements; ``data/calendar.csv`` holds what it lacks. Years not announced yet follow the law alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from sohoa.days import each_day
from sohoa.registry.data_files import read_data, read_rows

_SATURDAY = 5


@dataclass(frozen=True)
class MovedDay:
    """A day off that is worked, or a working day that is off, by a decision of the government or the province."""

    day: date
    is_working: bool
    name_vi: str
    source: str


@cache
def is_working_day(day: date) -> bool:
    """Tell whether offices are open: a Saturday only where it makes up for a day that was moved.

    Batches of other Saturdays are as valid as any; they are only not demanded.

    Raises:
        SettingsError: the file that ``SOHOA_CALENDAR_FILE`` names is missing or malformed.
    """
    moved = _moved_days().get(day)
    if moved is not None:
        return moved.is_working
    if day in _holidays():
        return False
    return day.weekday() < _SATURDAY or day in _holidays().weekend_workdays


def working_days(first: date, last: date) -> tuple[date, ...]:
    """Return the working days from ``first`` to ``last``, both included."""
    return tuple(day for day in each_day(first, last) if is_working_day(day))


def holiday_name(day: date) -> str | None:
    """Tell what a day off is called in Vietnamese; None for working days and plain weekends."""
    moved = _moved_days().get(day)
    if moved is not None:
        return None if moved.is_working else moved.name_vi
    name: str | None = _holidays().get(day)
    return name


@cache
def _holidays() -> Any:
    from holidays import country_holidays  # here: importing it takes a third of a second, and few look a day up

    return country_holidays("VN", language="vi")


def _moved_days() -> dict[date, MovedDay]:
    found: dict[date, MovedDay] = read_data("calendar", _read_days)
    return found


def _read_days(file: Path) -> dict[date, MovedDay]:
    days = map(_moved_day, read_rows(file))
    return {moved.day: moved for moved in days}


def _moved_day(row: dict[str, str]) -> MovedDay:
    return MovedDay(
        day=date.fromisoformat(row["day"]),
        is_working={"1": True, "0": False}[row["is_working"]],
        name_vi=row["name_vi"],
        source=row["source"],
    )
