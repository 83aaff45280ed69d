"""Like with like: a period is compared with an earlier one only where both have the same days.

The period before has the same weekdays, so it ends a whole number of weeks earlier. Where holidays leave it another
number of working days, or the unit was another one then, there is nothing to compare with.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from sohoa.enums import ComparisonReason
from sohoa.progress.rate import rate_percent
from sohoa.registry import Bearer, bearer_at, working_days


@dataclass(frozen=True)
class Period:
    """Some days, both ends included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1


ALL_DAYS = Period(date.min, date.max)


@dataclass(frozen=True)
class Comparison:
    """A unit's rate in a period and in the one before, in per cent."""

    period: Period
    before: Period
    rate_percent: float | None
    before_percent: float | None
    """None where the periods are unlike or nothing counted."""
    change_points: float | None
    reason: ComparisonReason | None
    """Why there is no change; None where there is one."""


def period_before(period: Period) -> Period:
    """Return the nearest earlier period of the same weekdays that does not overlap."""
    weeks = timedelta(7 * -(-period.days // 7))
    return Period(period.first - weeks, period.last - weeks)


def compare(
    progress: pa.Table,
    unit_code: str,
    period: Period,
    last_day: date,
    definition: str = "dn_and",
    stage: str = "all",
    own: Period | None = None,
) -> Comparison:
    """Compare a unit's rate with the period before.

    Args:
        progress: rows of ``progress_daily`` with their path key, of both periods at least.
        unit_code: the unit.
        period: the period.
        last_day: the last day that is known whole; a period that ends later is not over.
        definition: the definition.
        stage: its stage.
        own: the days on which the code is this unit's, all others being another's; None: those of the unit that bears
            it on the period's last day.
    """
    before, own = period_before(period), own or own_period(bearer_at(unit_code, period.last))
    asked = {"unit_code": unit_code, "definition": definition, "stage": stage}
    rows = within(rows_of(progress, **asked), own)
    now, then = _rate_of(rows, period), _rate_of(rows, before)
    reason = _why_unlike(own, period, before, last_day)
    if reason is not None:
        return Comparison(period, before, now, None, None, reason)
    if now is None or then is None:
        return Comparison(period, before, now, then, None, "no_dossiers")
    return Comparison(period, before, now, then, now - then, None)


def rows_of(rows: pa.Table, **values: str | date) -> pa.Table:
    """Return the rows that have these values in the columns of these names."""
    for name, value in values.items():
        rows = rows.filter(pc.equal(rows[name], pa.scalar(value, rows[name].type)))
    return rows


def within(rows: pa.Table, period: Period) -> pa.Table:
    """Return the rows whose dossier day lies in a period.

    A mask of a column takes a tenth of the time of an expression, which starts a plan for each question.
    """
    first, last = (pa.scalar(day, pa.date32()) for day in (period.first, period.last))
    days = rows["dossier_date"]
    return rows.filter(pc.and_(pc.greater_equal(days, first), pc.less_equal(days, last)))


def own_period(unit: Bearer | None) -> Period:
    """Return the days on which a unit stands; all days where no unit is known."""
    return ALL_DAYS if unit is None else Period(unit.valid_from, unit.last_day or date.max)


def _why_unlike(own: Period, period: Period, before: Period, last_day: date) -> ComparisonReason | None:
    if period.last > last_day:
        return "not_over"
    if len(working_days(period.first, period.last)) != len(working_days(before.first, before.last)):
        return "holidays"
    return "unit_changed" if own.first > before.first or own.last < period.last else None


def _rate_of(rows: pa.Table, period: Period) -> float | None:
    inside = within(rows, period)
    return rate_percent(*(pc.sum(inside[name]).as_py() or 0 for name in ("numerator", "denominator")))
