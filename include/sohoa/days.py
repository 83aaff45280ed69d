"""Days and ISO weeks: every day of a period, a week by its name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from sohoa.errors import InputError

ONE_DAY, ONE_WEEK = timedelta(days=1), timedelta(weeks=1)
YEARS = range(1990, 2100)
"""Years of which a dossier, a scan or a question may be."""
Item = TypeVar("Item")


def parse_day(text: str) -> date:
    """Read a day written as 2024-04-15.

    Raises:
        InputError: it is none, or of a year that nothing here is of.
    """
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = date.min
    if found.year not in YEARS:
        raise InputError(f"{text!r} is not a day like 2024-04-15")
    return found


@dataclass(frozen=True)
class Week:
    """An ISO week, Monday to Sunday."""

    first: date
    """Its Monday."""

    @classmethod
    def parse(cls, text: str) -> Week:
        """Read a week written as 2024-W15.

        Raises:
            InputError: it is none.
        """
        try:
            year, _, number = text.partition("-W")
            return cls(date.fromisocalendar(int(year), int(number), 1))
        except ValueError:
            raise InputError(f"{text!r} is not a week like 2024-W15") from None

    @classmethod
    def of(cls, day: date) -> Week:
        """Return the week that holds a day."""
        return cls(day - timedelta(day.weekday()))

    @property
    def name(self) -> str:
        """The week as 2024-W15."""
        return f"{self.first:%G-W%V}"

    @property
    def last(self) -> date:
        """Its Sunday."""
        return self.first + 6 * ONE_DAY

    @property
    def days(self) -> list[date]:
        """Its seven days."""
        return each_day(self.first, self.last)

    @property
    def before(self) -> Week:
        """The week before."""
        return self.back(1)

    def back(self, weeks: int) -> Week:
        """Return the week that is so many weeks earlier."""
        return Week(self.first - weeks * ONE_WEEK)


def each_day(first: date, last: date) -> list[date]:
    """Return all days from ``first`` to ``last``, both included; none where ``last`` is earlier."""
    return [first + n * ONE_DAY for n in range((last - first).days + 1)]


def in_runs(days: Iterable[date]) -> list[tuple[date, date]]:
    """Return (first, last) of each run of days that follow each other, of days in order."""
    found: list[tuple[date, date]] = []
    for day in days:
        if found and day - found[-1][1] == ONE_DAY:
            found[-1] = found[-1][0], day
        else:
            found.append((day, day))
    return found


def in_chunks(items: list[Item], size: int) -> Iterator[list[Item]]:
    """Cut ``items`` into runs of at most ``size``, in order: so that few days are held in memory at once."""
    return (items[start : start + size] for start in range(0, len(items), size))
