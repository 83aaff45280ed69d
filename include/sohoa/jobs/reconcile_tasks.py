"""The tasks of reconcile_portal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import pyarrow as pa

from sohoa.pending import mark_unreconciled
from sohoa.reconcile.reconcile_days import Reconciled, classify_days, delete_markers, take_markers
from sohoa.store import open_store
from sohoa.work import Settled, Taken

__all__ = [
    "check_reconciliation",
    "reconcile",
    "reconcile_days",
    "settle_days",
    "take_days",
]


class ReconcileCounts(Taken, Reconciled, Settled):
    """What one whole reconciliation did."""


def take_days(asked: Iterable[date] = ()) -> Taken:
    """Write down which dossier days wait to be reconciled; those that were asked for too, changed or not."""
    store = open_store()
    store.each(lambda day: mark_unreconciled(store, day, "asked"), asked)
    return take_markers(store)


def reconcile_days(work: str) -> Reconciled:
    """Classify and count the dossiers of each day taken; a day that breaks an invariant is not written."""
    return classify_days(open_store(), work, check_reconciliation)


def settle_days(work: str) -> Settled:
    """Delete the markers taken; tells which days' gates stayed closed."""
    return delete_markers(open_store(), work)


def check_reconciliation(counts: pa.Table) -> dict[date, list[str]]:
    """What is wrong with the counts, by day in the codes; a day whose gate is open is absent."""
    from sohoa.quality import gate

    closed: dict[date, list[str]] = {}
    for violation in gate.check_rows("reconciliation_daily", counts):
        for day in sorted({row["code_day"] for row in violation.rows}):
            closed.setdefault(day, []).append(violation.message)
    return closed


def reconcile(day: date | None = None) -> ReconcileCounts:
    """Do the whole of reconcile_portal in this process; with a day, that dossier day too where nothing has changed."""
    found = take_days([] if day is None else [day])
    work = found["work"]
    return {**found, **reconcile_days(work), **settle_days(work)}
