"""What the tests of the report's content share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sohoa.report.model import WeekReport
from sohoa.store import Store

WEEK, MONDAY = "2023-W16", date(2023, 4, 17)


@dataclass(frozen=True)
class Reported:
    """A store that is only read, the week in it, and the week's report."""

    store: Store
    week: str
    first: date
    report: WeekReport
