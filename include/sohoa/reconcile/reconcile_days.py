"""Bring the reconciliation up to date with all days touched, in steps that may be killed and done again.

``take_markers`` writes down which dossier days one run has to do, ``classify_days`` does them, ``delete_markers`` ends
it. A dossier day is read and written alone; of the days on which the portal counts its dossiers only the counts are
made again. Which these are is owed from run to run: a kill may leave dossiers in cells that are not counted yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from functools import partial
from time import perf_counter
from typing import TypedDict

import pyarrow as pa
import pyarrow.compute as pc

from sohoa import layout
from sohoa.days import in_chunks
from sohoa.errors import ObjectDamaged, ObjectMissing
from sohoa.last_runs import note_end, note_nothing_to_do, problem_lines
from sohoa.logs import get_logger, seconds_since
from sohoa.reconcile.count_categories import count_entries
from sohoa.reconcile.match_dossiers import Sides, classify
from sohoa.reconcile.received_documents import received_scans
from sohoa.reconcile.result_links import own_object
from sohoa.store import Store
from sohoa.work import Debts, Settled, Taken, Work, clear_work, delete_taken, digest, identity

Check = Callable[[pa.Table], dict[date, list[str]]]
"""Counts by day in the codes -> that day -> what is wrong with them; a day where all is well is absent."""

log = get_logger(__name__)
_DAYS_AT_ONCE = 64
"""Days that are classified and checked together: a check costs much the same for one as for many."""


class Reconciled(TypedDict):
    """How many dossier days were classified, and the gates of how many closed."""

    reconciled_days: int
    closed_gates: int


def take_markers(store: Store) -> Taken:
    """Write down the days that wait as the plan of one run; where none does, delete what killed runs have left."""
    markers = {info.key: identity(info) for info in store.list_objects(layout.WAREHOUSE, layout.UNRECONCILED)}
    if not markers:
        if damaged := _pay_debts(store):
            raise damaged[min(damaged)]
        clear_work(store, "reconcile")
        note_nothing_to_do(store, "reconcile")
        return {"work": "", "markers": 0}
    work = digest(sorted(markers.values()))
    _plan(store, work).save("markers", markers)
    return {"work": work, "markers": len(markers)}


def classify_days(store: Store, work: str, check: Check) -> Reconciled:
    """Do the days of a plan; one whose counts fail ``check`` keeps what it had. A settled plan is nothing to do."""
    markers = _load_markers(store, work)
    if not markers:
        return {"reconciled_days": 0, "closed_gates": 0}
    days = sorted({layout.unreconciled_day(key) for key in markers})
    closed = reconcile(store, days, check)
    problems = {day.isoformat(): lines for day, lines in sorted(closed.items())}
    _plan(store, work).save("closed", problems)
    return {"reconciled_days": len(days), "closed_gates": len(closed)}


def delete_markers(store: Store, work: str) -> Settled:
    """Delete the markers that were taken; those of a closed day stay, and so does one written again since."""
    plan, markers = _plan(store, work), _load_markers(store, work)
    if not markers:
        return {"settled": 0, "problems": []}
    closed: dict[str, list[str]] = plan.read("closed")
    done = [(key, seen) for key, seen in markers.items() if layout.unreconciled_day(key).isoformat() not in closed]
    settled = delete_taken(store, layout.UNRECONCILED, done)
    plan.forget("markers")  # first: a clean-up killed after it has nothing left to decide
    clear_work(store, "reconcile")
    return note_end(store, "reconcile", {"settled": settled, "problems": problem_lines(closed)})


def _plan(store: Store, work: str) -> Work:
    return Work(store, "reconcile", work)


def _load_markers(store: Store, work: str) -> dict[str, str]:
    """Key -> identity of the markers taken."""
    return _plan(store, work).load("markers", dict[str, str]())


def reconcile(store: Store, days: Iterable[date], check: Check) -> dict[date, list[str]]:
    """Classify the dossiers of some days again, and count again each cell in which one lies or lay.

    Returns:
        Day -> what is wrong with its counts, or the damaged object that it needs; such a day keeps what it had.
    """
    recount = set(_pay_debts(store))
    days, closed = sorted(set(days)), dict[date, list[str]]()
    for some in in_chunks(days, _DAYS_AT_ONCE):
        closed |= _classify_whole(store, some, check, recount)
    return closed | {day: [str(error)] for day, error in _pay_debts(store).items()}


def _pay_debts(store: Store) -> dict[date, ObjectDamaged]:
    """Count again the cells that a run, this one or one that was killed, has touched.

    Returns:
        Days of cells of which an object is damaged: they are still owed.
    """
    debts, damaged = Debts(store, "reconcile"), dict[date, ObjectDamaged]()
    owed = debts.load(list[str]())

    def count(iso_day: str) -> None:
        day = date.fromisoformat(iso_day)
        try:
            _count_cell_day(store, day)
        except ObjectDamaged as error:
            damaged[day] = error

    store.each(count, owed)
    if damaged:
        debts.owe(sorted(day.isoformat() for day in damaged))
    elif owed:
        debts.clear()
    return damaged


def _classify_whole(store: Store, days: list[date], check: Check, recount: set[date]) -> dict[date, list[str]]:
    """Classify some days together, and where an object is damaged one by one: only the day that needs it waits."""
    try:
        return _classify(store, days, check, recount)
    except ObjectDamaged as error:
        if len(days) == 1:
            log.warning("gate_closed", day=days[0], problems=[str(error)])
            return {days[0]: [str(error)]}
    return {day: lines for one in days for day, lines in _classify_whole(store, [one], check, recount).items()}


def _classify(store: Store, days: list[date], check: Check, recount: set[date]) -> dict[date, list[str]]:
    """Write the entries of some days; adds to ``recount``, and owes, the cells that they touch."""
    start = perf_counter()
    entries = classify(read_sides(store, days))
    closed = check(count_entries(entries, ("code_day", "dossier_date")))
    kept = {day: entries.filter(pc.equal(entries["code_day"], pa.scalar(day))) for day in days if day not in closed}
    recount |= {cell for cells in store.each(partial(_cells_of, store), kept, kept.values()) for cell in cells}
    Debts(store, "reconcile").owe(sorted(day.isoformat() for day in recount))
    store.each(partial(_write_entries, store), kept, kept.values())
    for day, rows in kept.items():
        log.info("dossier_day_reconciled", day=day, entries=len(rows))
    for day, problems in closed.items():
        log.warning("gate_closed", day=day, problems=problems)
    log.info("dossier_days_reconciled", days=len(kept), seconds=seconds_since(start))
    return closed


def read_sides(store: Store, days: list[date]) -> Sides:
    """What the tables say of the dossiers of some days; links to the own store are looked up."""
    tables = ("register", "portal", "ministry", "dossiers")
    register, portal, ministry, dossiers = (store.read_table(table, days, name=layout.DAY) for table in tables)
    return Sides(register, portal, ministry, received_scans(dossiers), _absent_links(store, portal))


def _absent_links(store: Store, portal: pa.Table) -> frozenset[str]:
    links = [link for link in pc.unique(portal["result_link"]).to_pylist() if link and own_object(link)]
    there = store.each(partial(_is_there, store), links)
    return frozenset(link for link, is_there in zip(links, there, strict=True) if not is_there)


def _is_there(store: Store, link: str) -> bool:
    place = own_object(link)
    return place is not None and store.stat(*place) is not None


def _cells_of(store: Store, day: date, entries: pa.Table) -> set[date]:
    """The days of all cells in which the dossiers of a day lie now or lay before."""
    return _known_cells(store, day) | set(pc.unique(entries["dossier_date"]).to_pylist())


def _known_cells(store: Store, day: date) -> set[date]:
    """The days of the cells in which the dossiers of a day lay; of a damaged mark, as the table has them."""
    try:
        return {date.fromisoformat(cell) for cell in store.get_json(layout.WAREHOUSE, layout.reconciled_key(day))}
    except ObjectMissing:
        return set()
    except (ObjectDamaged, ValueError, TypeError) as error:  # the latter: of another shape
        log.warning("found_in_tables", key=layout.reconciled_key(day), reason=str(error))
        return {layout.table_day(key) for key in store.table_keys("reconciliation", name=day.isoformat())}


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
