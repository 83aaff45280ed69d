"""The line from the baseline to the target: where a unit should be on a day, and the work per day to arrive on time.

The rate is that of all dossiers of the line's days up to its end. A dossier of an earlier day that is scanned late
still counts, so what is missing so far is part of the work that is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import pyarrow as pa
import pyarrow.compute as pc

from sohoa import layout
from sohoa.days import ONE_DAY, Week, each_day
from sohoa.progress.compare_periods import Comparison, Period, compare, own_period
from sohoa.progress.rate import weekly_progress
from sohoa.progress.unit_progress import ProgressQuery, read_days
from sohoa.registry import bearer_at, leaf_unit, working_days
from sohoa.steering.forecast import HISTORY, Forecast, Outlook, forecast_target
from sohoa.store import Store

_RECENT = timedelta(56)
"""Dossier days from which the usual number per day is taken; scan days from which the pages per dossier are taken."""

_SCANS = pa.schema([pa.field("agency", pa.string()), pa.field("scan_date", pa.date32())])


@dataclass(frozen=True)
class TargetLine:
    """A straight line from a rate on the day before ``start`` to another on ``end``; per cent."""

    start: date
    end: date
    baseline_percent: float
    target_percent: float

    def percent_on(self, day: date) -> float:
        """Return the rate of the line on a day; level before and after it."""
        share = ((day - self.start).days + 1) / ((self.end - self.start).days + 1)
        return self.baseline_percent + min(1.0, max(0.0, share)) * (self.target_percent - self.baseline_percent)


def line_on(waypoints: Sequence[tuple[date, float]], day: date) -> TargetLine:
    """Return the part of a path that a day lies on: level before the first waypoint and after the last.

    Args:
        waypoints: days in order, each with the rate to have at its end, per cent; at least two.
        day: the day; the line of one after the last waypoint ends on it.
    """
    for (start, low), (end, high) in pairwise(waypoints):
        if day <= end:
            return TargetLine(start + ONE_DAY, end, low, high)
    last, rate = waypoints[-1]
    return TargetLine(last + ONE_DAY, day, rate, rate)


@dataclass(frozen=True)
class RequiredWork:
    """What a unit has done since the start of its line and what is left to do."""

    expected_percent: float
    """The rate of the line."""
    denominator: int
    """Dossiers due of the line's days so far."""
    numerator: int
    """Of these, digitised."""
    days_left: int
    """Working days until ``end``."""
    end: date
    """The end of the line, or the unit's own last day before it."""
    due_per_day: float | None
    """Dossiers that come in per working day, by the unit's own days of the last eight weeks from the first day to the
    last on which any dossier is known; None where none of them was a working day."""
    required_dossiers: float | None
    """Dossiers to digitise per working day, old and new, to end at the target; 0 where it is certain already, None
    where no day is left or nobody knows how many come in."""
    required_pages: float | None
    """The same in pages; None where the pages of a dossier are not known."""


@dataclass(frozen=True)
class TargetOutlook:
    """A unit on its way to the target."""

    outlook: Outlook
    required: RequiredWork
    last_week: Comparison
    """The last whole ISO week against the one before."""
    is_approximate: bool
    """A commune of the unit was split in these days, and counts whole for its default successor."""


def read_target_outlook(
    store: Store,
    query: ProgressQuery,
    line: TargetLine,
    last_day: date,
    settled: date,
    forecast: Forecast | None = None,
) -> TargetOutlook:
    """Read where a unit is on its line on a day, what is left to do, and when it will arrive.

    Args:
        store: the store.
        query: the unit and the definition, one that counts dossiers.
        line: from where to where.
        last_day: the last day that is known whole.
        settled: the last day whose figures are settled (``Age.forecast_from``): the forecast rests on no later one.
        forecast: as for ``forecast_target``.
    """
    rows = read_days(store, query, Week.of(min(last_day - HISTORY, line.start)).first, last_day)
    asked = query.unit_code, query.definition, query.stage
    week = Week.of(last_day + ONE_DAY).before  # the last one that is over
    own = query.own_days(last_day)
    weekly = weekly_progress(rows.filter(pc.field("dossier_date") <= min(week.last, settled)), *asked)
    outlook = forecast_target(weekly, line.target_percent, last_day, own.last, forecast)  # before the scans are held
    scans = store.read_table("documents", each_day(query.first_day(last_day - _RECENT, last_day), last_day))
    pages = pages_per_dossier(scans, query, last_day)
    return TargetOutlook(
        outlook,
        required_work(
            rows, query.unit_code, line, last_day, pages, query.definition, query.stage, own, _fed_period(store)
        ),
        compare(rows, query.unit_code, Period(week.first, week.last), last_day, query.definition, query.stage, own),
        bool(pc.any(rows["is_approximate"]).as_py()),
    )


def required_work(
    progress: pa.Table,
    unit_code: str,
    line: TargetLine,
    last_day: date,
    pages_per_dossier: float | None,
    definition: str = "dn_and",
    stage: str = "all",
    own: Period | None = None,
    fed: Period | None = None,
) -> RequiredWork:
    """Compute what a unit has to digitise per day to reach the target at the end of its line.

    Args:
        progress: rows of ``progress_daily`` with their path key, from the line's start and of the last eight weeks.
        unit_code: the unit.
        line: from where to where.
        last_day: the last day that is known whole.
        pages_per_dossier: pages that a digitised dossier takes (``pages_per_dossier``).
        definition: a definition that counts dossiers.
        stage: its stage.
        own: the unit's own days, which alone count; None: those of the unit that bears the code on ``last_day``.
        fed: the days from the first to the last of which the register tells anything; None: all. On other days nobody
            knows how many came in.
    """
    own = own or own_period(bearer_at(unit_code, last_day))
    rows = progress.filter(
        (pc.field("unit_code") == unit_code) & (pc.field("definition") == definition) & (pc.field("stage") == stage)
    )
    due, done = _sum_counts(rows, max(line.start, own.first), min(last_day, line.end))
    end = min(line.end, own.last)
    days_left = len(working_days(max(last_day + ONE_DAY, line.start), end))
    fed = fed or own
    recent = max(last_day - _RECENT + ONE_DAY, own.first, fed.first)
    newest = min(last_day, own.last, fed.last)
    recent_days = len(working_days(recent, newest))
    due_per_day = _sum_counts(rows, recent, newest)[0] / recent_days if recent_days else None
    required = None
    if due_per_day is not None and days_left:
        required = max(0.0, line.target_percent / 100 * (due + due_per_day * days_left) - done) / days_left
    pages = required * pages_per_dossier if required is not None and pages_per_dossier is not None else None
    return RequiredWork(line.percent_on(last_day), due, done, days_left, end, due_per_day, required, pages)


def _fed_period(store: Store) -> Period | None:
    """The days from the first to the last of which the register tells anything."""
    keys = [item.key for item in store.list_objects(layout.WAREHOUSE, layout.table_prefix("progress_daily"))]
    return Period(layout.table_day(keys[0]), layout.table_day(keys[-1])) if keys else None


def pages_per_dossier(documents: pa.Table, query: ProgressQuery, last_day: date) -> float | None:
    """Compute the mean number of pages per dossier of a unit's agencies; None where none was received.

    Args:
        documents: rows of the table ``documents`` with their path key ``scan_date``.
        query: the unit and the map; documents of the agencies at and below it count, by who scanned them.
        last_day: the last day asked for.
    """
    belongs = pc.and_(pc.is_valid(documents["dossier_key"]), documents["is_received"])
    rows = documents.filter(belongs)
    places = rows.group_by(_SCANS.names).aggregate([]).to_pylist()
    inside = pa.Table.from_pylist([place for place in places if _is_inside(query, last_day, **place)], _SCANS)
    rows = rows.select([*_SCANS.names, "dossier_key", "pages_found"]).join(inside, _SCANS.names, join_type="inner")
    dossiers = len(pc.unique(rows["dossier_key"]))
    return pc.sum(rows["pages_found"]).as_py() / dossiers if dossiers else None


def _is_inside(query: ProgressQuery, last_day: date, agency: str, scan_date: date) -> bool:
    leaf = leaf_unit(agency, None, scan_date)
    return leaf is not None and query.counts(leaf, scan_date, last_day)


def _sum_counts(rows: pa.Table, first: date, last: date) -> tuple[int, int]:
    """Sum up (denominator, numerator) over some days."""
    inside = rows.filter((pc.field("dossier_date") >= first) & (pc.field("dossier_date") <= last))
    due, done = (int(pc.sum(inside[name]).as_py() or 0) for name in ("denominator", "numerator"))
    return due, done
