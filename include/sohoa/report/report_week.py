"""The days that the parts of the weekly report look at."""

from __future__ import annotations

from datetime import date

from sohoa.days import Week
from sohoa.registry import working_days

TREND_WEEKS, HEAT_WEEKS = 52, 12


def report_day(week: Week) -> date:
    """Return the last working day, on which agencies are asked what they did; Sunday where the week has none."""
    return max(working_days(week.first, week.last), default=week.last)
