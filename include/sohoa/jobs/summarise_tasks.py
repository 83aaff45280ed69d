"""The tasks of summarise_progress, and figures kept as they were printed."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sohoa import registry
from sohoa.counting import summarise_days
from sohoa.days import Week
from sohoa.progress import revisions
from sohoa.quality import thresholds
from sohoa.store import open_store, with_path_key


def take_pending() -> dict[str, Any]:
    """Write down which days the pending markers touch: work, markers."""
    return summarise_days.take_pending(open_store())


def summarise_dossiers(work: str) -> dict[str, Any]:
    """Join register and documents for each dossier day touched."""
    return summarise_days.summarise_dossiers(open_store(), work)


def summarise_progress(work: str) -> dict[str, Any]:
    """Count each dossier day touched; a day that breaks an invariant is not written."""
    return summarise_days.summarise_progress(open_store(), work, check_progress)


def summarise_quality(work: str) -> dict[str, Any]:
    """Count the defects of each scan day touched."""
    store = open_store()
    limits = thresholds.load_thresholds(store.settings.profile)
    return summarise_days.summarise_quality(store, work, limits.judged_columns())


def settle_summaries(work: str) -> dict[str, Any]:
    """Delete the markers taken; tells which days' gates stayed closed."""
    return summarise_days.settle_summaries(open_store(), work)


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


def keep_week(first_day: date) -> dict[str, Any]:
    """Keep the figures of the week of this Monday as printed; the same figures are kept once."""
    return {"week": Week.of(first_day).name, "print": revisions.keep_reported(open_store(), first_day)}


def summarise() -> dict[str, Any]:
    """The whole of summarise_progress in this process."""
    found = take_pending()
    if not found["markers"]:
        return found
    work = found["work"]
    counts = found | summarise_dossiers(work) | summarise_progress(work) | summarise_quality(work)
    return counts | settle_summaries(work)
