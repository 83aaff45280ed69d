"""The week that is reported, and the days that its parts look at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sohoa.errors import InputError
from sohoa.registry import working_days

_DAY = timedelta(days=1)
TREND_WEEKS, HEAT_WEEKS = 52, 12


@dataclass(frozen=True)
class Week:
    """An ISO week, Monday to Sunday."""

    first: date
    last: date

    @classmethod
    def parse(cls, text: str) -> Week:
        """The week written as 2024-W15.

        Raises:
            InputError: it is none.
        """
        try:
            year, _, number = text.partition("-W")
            first = date.fromisocalendar(int(year), int(number), 1)
        except ValueError:
            raise InputError(f"{text!r} is not a week like 2024-W15") from None
        return cls(first, first + 6 * _DAY)

    @property
    def name(self) -> str:
        """As 2024-W15."""
        return f"{self.first:%G-W%V}"

    @property
    def before(self) -> Week:
        """The week before."""
        return Week(self.first - 7 * _DAY, self.last - 7 * _DAY)

    @property
    def days(self) -> list[date]:
        """Its seven days."""
        return days_between(self.first, self.last)

    @property
    def desk_day(self) -> date:
        """Its last working day, on which agencies are asked what they did; Sunday where it has none."""
        return max(working_days(self.first, self.last), default=self.last)

    def back(self, weeks: int) -> date:
        """The Monday from which so many weeks run, this one among them."""
        return self.first - 7 * (weeks - 1) * _DAY


def days_between(first: date, last: date) -> list[date]:
    """All days from ``first`` to ``last``."""
    return [first + n * _DAY for n in range((last - first).days + 1)]
