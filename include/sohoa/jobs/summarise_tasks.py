"""The tasks of summarise_progress, and figures kept as they were printed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TypedDict

import pyarrow as pa
import pyarrow.compute as pc

from sohoa import registry
from sohoa.counting import summarise_days
from sohoa.counting.summarise_days import DossiersWritten, ProgressCounted, QualityCounted
from sohoa.days import Week
from sohoa.pending import mark_register
from sohoa.progress import revisions
from sohoa.progress.rate import rate_percent
from sohoa.quality import thresholds
from sohoa.store import open_store, with_path_key
from sohoa.work import Settled, Taken

__all__ = [
    "check_progress",
    "keep_week",
    "settle_summaries",
    "summarise",
    "summarise_dossiers",
    "summarise_progress",
    "summarise_quality",
    "take_pending",
]


class RateCounted(ProgressCounted):
    """Also the rate of the province over the days written, per cent; null where nothing was written."""

    rate_percent: float | None


class Summarised(Taken, DossiersWritten, RateCounted, QualityCounted, Settled):
    """What one whole summary did."""


class Kept(TypedDict):
    """A week whose figures are kept as printed, and the name of the print."""

    week: str
    print: str


def take_pending(asked: Iterable[date] = ()) -> Taken:
    """Write down which days the pending markers touch; dossier days that were asked for too, changed or not."""
    store = open_store()
    store.each(lambda day: mark_register(store, day, "asked"), asked)
    return summarise_days.take_markers(store)


def summarise_dossiers(work: str) -> DossiersWritten:
    """Join register and documents for each dossier day touched."""
    return summarise_days.write_dossiers(open_store(), work)


def summarise_progress(work: str) -> RateCounted:
    """Count each dossier day touched; a day that breaks an invariant is not written."""
    counted = summarise_days.count_dossier_days(open_store(), work, check_progress)
    rate = rate_percent(counted["numerator"], counted["denominator"])
    return {**counted, "rate_percent": None if rate is None else round(rate, 2)}


def summarise_quality(work: str) -> QualityCounted:
    """Count the defects of each scan day touched."""
    store = open_store()
    limits = thresholds.load_thresholds(store.settings.profile)
    return summarise_days.count_scan_days(store, work, limits.judged_columns())


def settle_summaries(work: str) -> Settled:
    """Delete the markers taken; tells which days' gates stayed closed."""
    return summarise_days.delete_markers(open_store(), work)


def check_progress(rows: dict[date, pa.Table], dossiers: dict[date, pa.Table]) -> dict[date, list[str]]:
    """What is wrong with the progress rows of some days; a day whose gate is open is absent."""
    from sohoa.quality import gate

    leaves = {
        (day, code) for day, table in dossiers.items() for code in pc.unique(table["unit_code"]).to_pylist() if code
    }
    parents = registry.parents_above(leaves)
    whole = pa.concat_tables([with_path_key("progress_daily", table, day) for day, table in rows.items()])
    closed: dict[date, list[str]] = {}
    for violation in gate.check_rows("progress_daily", whole, parents, leaves):
        for day in sorted({row["dossier_date"] for row in violation.rows}):
            closed.setdefault(day, []).append(violation.message)
    return closed


def keep_week(first_day: date) -> Kept:
    """Keep the figures of the week of this Monday as printed; the same figures are kept once."""
    return {"week": Week.of(first_day).name, "print": revisions.keep_reported(open_store(), first_day)}


def summarise(day: date | None = None) -> Summarised:
    """Do the whole of summarise_progress in this process; with a day, that dossier day too where nothing changed."""
    found = take_pending([] if day is None else [day])
    work = found["work"]
    return {
        **found,
        **summarise_dossiers(work),
        **summarise_progress(work),
        **summarise_quality(work),
        **settle_summaries(work),
    }
