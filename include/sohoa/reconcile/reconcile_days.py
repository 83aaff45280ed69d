"""Bring the reconciliation up to date with all days touched, in steps that may be killed and done again.

``take_days`` writes down which dossier days one run has to do, ``reconcile_days`` does them, ``settle_days`` deletes
the markers. A dossier day is read and written alone; of the days on which the portal counts its dossiers only the
counts are made again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from sohoa import layout
from sohoa.days import in_chunks
from sohoa.errors import ObjectMissing
from sohoa.reconcile.count_categories import count_entries
from sohoa.reconcile.match_dossiers import Sides, classify
from sohoa.reconcile.received_documents import received_scans
from sohoa.reconcile.result_links import own_object
from sohoa.store import ObjectInfo, Store

JOB = "reconcile"
Check = Callable[[pa.Table], dict[date, list[str]]]
"""Counts by day in the codes -> that day -> what is wrong with them; a day where all is well is absent."""

_THREADS = 8
_DAYS_AT_ONCE = 64
"""Days that are classified and checked together: a check costs much the same for one as for many."""
_RECOUNT_KEY = layout.work_prefix(JOB, "recount") + "days.json"
T = TypeVar("T")


def take_days(store: Store) -> dict[str, Any]:
    """Write down the days that wait as the plan of one run.

    Returns:
        ``work``, the run's name, the same for the same markers; ``markers``, how many there are. Where there are none,
        nothing is written.
    """
    found = list(store.list_objects(layout.WAREHOUSE, layout.UNRECONCILED))
    markers = {info.key: _identity(info) for info in found}
    work = hashlib.sha256("\n".join(markers.values()).encode()).hexdigest()[:16]
    if markers:
        store.put_json(layout.WAREHOUSE, _work_key(work, "plan"), markers)
    else:
        store.delete_prefix(layout.WAREHOUSE, layout.work_prefix(JOB))
    return {"work": work, "markers": len(markers)}


def mark_day(store: Store, day: date) -> None:
    """Let the next run do a dossier day, whether or not anything has changed."""
    store.put_json(layout.WAREHOUSE, layout.unreconciled_key(day, "asked"), {})


def reconcile_days(store: Store, work: str, check: Check) -> dict[str, int]:
    """Do the days of a plan; one whose counts fail ``check`` keeps what it had. A settled plan is nothing to do."""
    markers = _load(store, _work_key(work, "plan"), {})
    if not markers:
        return {"days": 0, "closed": 0}
    days = sorted({layout.unreconciled_day(key) for key in markers})
    closed = reconcile(store, days, check)
    problems = {day.isoformat(): lines for day, lines in sorted(closed.items())}
    store.put_json(layout.WAREHOUSE, _work_key(work, "closed"), problems)
    return {"days": len(days), "closed": len(closed)}


def settle_days(store: Store, work: str) -> dict[str, Any]:
    """Delete the markers that were taken; those of a closed day stay, and so does one written again since.

    Returns:
        ``settled``, how many were deleted; ``closed``, a line for each problem of a closed day.
    """
    markers = _load(store, _work_key(work, "plan"), {})
    if not markers:
        return {"settled": 0, "closed": []}
    closed = store.get_json(layout.WAREHOUSE, _work_key(work, "closed"))
    unchanged = {_identity(info) for info in store.list_objects(layout.WAREHOUSE, layout.UNRECONCILED)}
    done = [key for key, seen in markers.items() if seen in unchanged]
    done = [key for key in done if layout.unreconciled_day(key).isoformat() not in closed]
    _map(lambda key: store.delete(layout.WAREHOUSE, key), done)
    store.delete(layout.WAREHOUSE, _work_key(work, "plan"))  # first: a clean-up killed after it decides nothing more
    store.delete_prefix(layout.WAREHOUSE, layout.work_prefix(JOB))
    return {"settled": len(done), "closed": [f"{day}: {line}" for day, lines in closed.items() for line in lines]}


def reconcile(store: Store, days: Iterable[date], check: Check) -> dict[date, list[str]]:
    """Classify the dossiers of some days again, and count again each cell in which one lies or lay.

    Returns:
        Day -> what is wrong with its counts; such a day keeps what it had.
    """
    days, closed = sorted(set(days)), dict[date, list[str]]()
    recount = {date.fromisoformat(day) for day in _load(store, _RECOUNT_KEY, [])}  # of a run that was killed
    for chunk in in_chunks(days, _DAYS_AT_ONCE):
        entries = classify(read_sides(store, chunk))
        found = check(count_entries(entries, ("code_day", "dossier_date")))
        kept = {day: entries.filter(pc.equal(entries["code_day"], pa.scalar(day))) for day in chunk if day not in found}
        recount |= {cell for cells in _map(partial(_cells_of, store), kept, kept.values()) for cell in cells}
        store.put_json(layout.WAREHOUSE, _RECOUNT_KEY, sorted(day.isoformat() for day in recount))
        _map(partial(_write_entries, store), kept, kept.values())
        closed |= found
    _map(partial(_count_cell_day, store), sorted(recount))
    store.delete(layout.WAREHOUSE, _RECOUNT_KEY)
    return closed


def read_sides(store: Store, days: list[date]) -> Sides:
    """What the tables say of the dossiers of some days; links to the own store are looked up."""
    tables = ("register", "portal", "ministry", "dossiers")
    register, portal, ministry, dossiers = (store.read_table(table, days, name=layout.DAY) for table in tables)
    return Sides(register, portal, ministry, received_scans(dossiers), _absent_links(store, portal))


def _absent_links(store: Store, portal: pa.Table) -> frozenset[str]:
    links = [link for link in pc.unique(portal["result_link"]).to_pylist() if link and own_object(link)]
    return frozenset(
        link for link, there in zip(links, _map(partial(_is_there, store), links), strict=True) if not there
    )


def _is_there(store: Store, link: str) -> bool:
    place = own_object(link)
    return place is not None and store.stat(*place) is not None


def _cells_of(store: Store, day: date, entries: pa.Table) -> set[date]:
    """The days of all cells in which the dossiers of a day lie now or lay before."""
    return _known_cells(store, day) | set(pc.unique(entries["dossier_date"]).to_pylist())


def _known_cells(store: Store, day: date) -> set[date]:
    return {date.fromisoformat(cell) for cell in _load(store, layout.reconciled_key(day), [])}


def _write_entries(store: Store, day: date, entries: pa.Table) -> None:
    """One object a day of cells, named by the day in the codes; what cells no longer hold goes."""
    before, now = _known_cells(store, day), set(pc.unique(entries["dossier_date"]).to_pylist())
    name = day.isoformat()
    _put_cells(store, day, before | now)
    for cell in sorted(now):
        part = entries.filter(pc.equal(entries["dossier_date"], pa.scalar(cell)))
        store.write_table("reconciliation", cell, name, part)
    for cell in sorted(before - now):
        store.delete(layout.WAREHOUSE, layout.table_key("reconciliation", cell, name))
    _put_cells(store, day, now)


def _put_cells(store: Store, day: date, cells: set[date]) -> None:
    store.put_json(layout.WAREHOUSE, layout.reconciled_key(day), sorted(cell.isoformat() for cell in cells))


def _count_cell_day(store: Store, day: date) -> None:
    entries = store.read_table("reconciliation", [day])
    if len(entries):
        store.write_table("reconciliation_daily", day, layout.DAY, count_entries(entries))
    else:
        store.delete(layout.WAREHOUSE, layout.table_key("reconciliation_daily", day, layout.DAY))


def _load(store: Store, key: str, default: Any) -> Any:
    try:
        return store.get_json(layout.WAREHOUSE, key)
    except ObjectMissing:
        return default


def _work_key(work: str, name: str) -> str:
    return f"{layout.work_prefix(JOB, work)}{name}.json"


def _identity(info: ObjectInfo) -> str:
    """A marker as it was seen: one written again later is another."""
    return f"{info.key} {info.etag} {info.last_modified.isoformat()}"


def _map(work: Callable[..., T], *items: Iterable[Any]) -> list[T]:
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(work, *items))
