"""The tasks of reconcile_portal."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa

from sohoa.reconcile import reconcile_days as reconciliation
from sohoa.store import open_store


def take_days() -> dict[str, Any]:
    """Write down which dossier days wait to be reconciled: work, markers."""
    return reconciliation.take_days(open_store())


def reconcile_days(work: str) -> dict[str, Any]:
    """Classify and count the dossiers of each day taken; a day that breaks an invariant is not written."""
    return reconciliation.reconcile_days(open_store(), work, check_reconciliation)


def settle_days(work: str) -> dict[str, Any]:
    """Delete the markers taken; tells which days' gates stayed closed."""
    return reconciliation.settle_days(open_store(), work)


def check_reconciliation(counts: pa.Table) -> dict[date, list[str]]:
    """What is wrong with the counts, by day in the codes; a day whose gate is open is absent."""
    from sohoa.quality import gate

    closed: dict[date, list[str]] = {}
    for violation in gate.check_rows("reconciliation_daily", counts):
        for day in sorted({row["code_day"] for row in violation.rows}):
            closed.setdefault(day, []).append(violation.message)
    return closed


def reconcile(day: date | None = None) -> dict[str, Any]:
    """The whole of reconcile_portal in this process; with a day, that dossier day too where nothing has changed."""
    if day is not None:
        reconciliation.mark_day(open_store(), day)
    found = take_days()
    if not found["markers"]:
        return found
    return found | reconcile_days(found["work"]) | settle_days(found["work"])
