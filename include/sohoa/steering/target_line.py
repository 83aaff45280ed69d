"""The path from the baseline to the target: where a unit should stand, and what it takes a day to arrive on time.

The rate meant is that of all dossiers of the path's days up to its end. A dossier of an earlier day that is scanned
late still counts, so what is missing so far is part of the work that is left.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from sohoa.registry import ancestors, working_days

_RECENT = timedelta(56)
"""Dossier days from which the usual number a day is taken."""


@dataclass(frozen=True)
class Path:
    """A straight line from a rate on the day before ``start`` to another on ``end``; per cent."""

    start: date
    end: date
    baseline_percent: float
    target_percent: float

    def percent_on(self, day: date) -> float:
        """Where the line is on a day; level before and after it."""
        share = ((day - self.start).days + 1) / ((self.end - self.start).days + 1)
        return self.baseline_percent + min(1.0, max(0.0, share)) * (self.target_percent - self.baseline_percent)


@dataclass(frozen=True)
class Pace:
    """What a unit has done on its path and what is left to do."""

    expected_percent: float
    """Where the path is."""
    denominator: int
    """Dossiers due of the path's days so far."""
    numerator: int
    """Of these, digitised."""
    days_left: int
    """Working days until the end."""
    due_a_day: float | None
    """Dossiers that come in a working day, by the last eight weeks; None where none of them was a working day."""
    required_dossiers: float | None
    """Dossiers to digitise a working day, old and new, to end at the target; 0 where it is certain already, None where
    no day is left or nobody knows how many come in."""
    required_pages: float | None
    """The same in pages; None where the pages of a dossier are not known."""


def required_pace(
    progress: pa.Table,
    unit_code: str,
    path: Path,
    last_day: date,
    pages_per_dossier: float | None,
    definition: str = "dn_and",
    stage: str = "all",
) -> Pace:
    """What a unit has to digitise a day to reach the target at the end of its path.

    Args:
        progress: rows of ``progress_daily`` with their path key, from the path's start and of the last eight weeks.
        unit_code: the unit.
        path: from where to where.
        last_day: the last day that is known whole.
        pages_per_dossier: pages that a digitised dossier takes (``pages_per_dossier``).
        definition: a definition that counts dossiers.
        stage: its stage.
    """
    rows = progress.filter(
        (pc.field("unit_code") == unit_code) & (pc.field("definition") == definition) & (pc.field("stage") == stage)
    )
    due, done = _sums(rows, path.start, min(last_day, path.end))
    days_left = len(working_days(max(last_day + timedelta(1), path.start), path.end))
    recent = last_day - _RECENT + timedelta(1)
    recent_days = len(working_days(recent, last_day))
    a_day = _sums(rows, recent, last_day)[0] / recent_days if recent_days else None
    required = None
    if a_day is not None and days_left:
        required = max(0.0, path.target_percent / 100 * (due + a_day * days_left) - done) / days_left
    pages = required * pages_per_dossier if required is not None and pages_per_dossier is not None else None
    return Pace(path.percent_on(last_day), due, done, days_left, a_day, required, pages)


def pages_per_dossier(documents: pa.Table, unit_code: str) -> float | None:
    """Pages that a dossier of a unit's agencies takes, on average; None where none was received.

    Args:
        documents: rows of the table ``documents`` with their path key ``scan_date``.
        unit_code: the unit; documents of the agencies at and below it count, by who scanned them.
    """
    belongs = pc.and_(pc.is_valid(documents["dossier_key"]), documents["is_received"])
    rows = documents.filter(belongs)
    places = rows.group_by(["agency", "scan_date"]).aggregate([]).to_pylist()
    lines = {row["agency"]: (row["agency"], *ancestors(row["agency"], row["scan_date"])) for row in places}
    inside = {agency for agency, line in lines.items() if unit_code in line}
    rows = rows.filter(pc.is_in(rows["agency"], pa.array(sorted(inside), pa.string())))
    dossiers = len(pc.unique(rows["dossier_key"]))
    return pc.sum(rows["pages_found"]).as_py() / dossiers if dossiers else None


def _sums(rows: pa.Table, first: date, last: date) -> tuple[int, int]:
    """(denominator, numerator) over some days."""
    inside = rows.filter((pc.field("dossier_date") >= first) & (pc.field("dossier_date") <= last))
    due, done = (int(pc.sum(inside[name]).as_py() or 0) for name in ("denominator", "numerator"))
    return due, done
