"""Bring the summaries up to date with all that is pending, in steps that may be killed and done again.

``take_markers`` writes down what one run has to do, ``write_dossiers``, ``count_dossier_days`` and ``count_scan_days``
do it, ``delete_markers`` ends it. Only days that a marker touches are read. Nothing is owed from run to run: the
markers stay until all is counted, and each day is counted again from the tables alone. A marker that needs a damaged
object is held: it stays as those of a closed day do, and the others are done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from time import perf_counter
from typing import TypedDict

import pyarrow as pa
import pyarrow.compute as pc

from sohoa import layout
from sohoa.counting.count_backlog import merge_backlog
from sohoa.counting.count_defects import quality_of_day
from sohoa.counting.count_devices import devices_of_day
from sohoa.counting.count_pages import pages_of_day
from sohoa.counting.count_progress import RATES, progress_of_day
from sohoa.counting.hold_markers import but_damaged
from sohoa.counting.join_dossiers import DOCUMENT_COLUMNS, merge_dossiers, split_by_dossier_day
from sohoa.counting.record_review import add_decisions
from sohoa.counting.taken_markers import (
    TakenMarker,
    batches_of,
    dossier_days,
    load_markers,
    plan_of,
    read_marker,
)
from sohoa.days import in_chunks
from sohoa.errors import ObjectDamaged
from sohoa.last_runs import note_end, note_nothing_to_do, problem_lines
from sohoa.logs import get_logger, seconds_since
from sohoa.pending import mark_unreconciled
from sohoa.registry import PROVINCE
from sohoa.store import Store
from sohoa.work import Settled, Taken, clear_work, delete_taken, digest, identity

Check = Callable[[dict[date, pa.Table], dict[date, pa.Table]], dict[date, list[str]]]
"""(progress rows by day, dossiers by day) -> day -> what is wrong with its rows; a day where all is well is absent."""

log = get_logger(__name__)
_DAYS_AT_ONCE = 64
"""Days that one check takes: it costs much the same for one as for many."""
_TAKEN = ["scan_date", *DOCUMENT_COLUMNS]
"""What is read of the documents."""


class DossiersWritten(TypedDict):
    """How many dossier days were joined, and how many dossiers they have."""

    dossier_days: int
    dossiers: int


class ProgressCounted(TypedDict):
    """How many dossier days were counted, the gates of how many closed, and the province's sums over those written.

    The sums are of the default definition, as in `progress_daily`.
    """

    progress_days: int
    closed_gates: int
    numerator: int
    denominator: int


class QualityCounted(TypedDict):
    """How many scan days were counted, and of them pages, and pages that are accepted."""

    scan_days: int
    pages: int
    pages_accepted: int


def take_markers(store: Store) -> Taken:
    """Write down all that is pending as the plan of one run; where nothing is, delete what killed runs have left."""
    found = list(store.list_objects(layout.WAREHOUSE, layout.PENDING))
    if not found:
        clear_work(store, "summarise")
        note_nothing_to_do(store, "summarise")
        return {"work": "", "markers": 0}
    work = digest([identity(info) for info in found])
    taken, held = list[TakenMarker](), dict[str, str]()
    for info, marker in zip(found, store.each(partial(read_marker, store), found), strict=True):
        if isinstance(marker, ObjectDamaged):
            held[info.key] = str(marker)
            log.warning("marker_held", key=info.key, reason=held[info.key])
        else:
            taken.append(marker)
    plan_of(store, work).save("held", held)
    plan_of(store, work).save("markers", taken)
    return {"work": work, "markers": len(found)}


@but_damaged
def write_dossiers(store: Store, work: str) -> DossiersWritten:
    """Write the dossiers and the backlog of the days touched, with the documents of the batches taken."""
    markers = load_markers(store, work)
    documents = _read_all_documents(store, batches_of(markers))
    store.each(lambda day: _write_backlog(store, day, documents), _backlog_days(documents))
    by_day, none = split_by_dossier_day(documents), documents.slice(0, 0)
    days = dossier_days(markers)
    dossiers = store.each(lambda day: _write_dossiers(store, day, by_day.get(day, none)), days)
    return {"dossier_days": len(days), "dossiers": sum(dossiers)}


@but_damaged
def count_dossier_days(store: Store, work: str, check: Check) -> ProgressCounted:
    """Write the progress of the days touched; a day whose rows fail ``check`` keeps the rows it had."""
    markers = load_markers(store, work)
    counts: ProgressCounted = {"progress_days": 0, "closed_gates": 0, "numerator": 0, "denominator": 0}
    if not markers:
        return counts
    days, closed = dossier_days(markers), dict[str, list[str]]()
    for some in in_chunks(days, _DAYS_AT_ONCE):
        found = _count_progress(store, some, check, counts)
        closed |= {day.isoformat(): problems for day, problems in found.items()}
    plan_of(store, work).save("closed", closed)
    counts["progress_days"], counts["closed_gates"] = len(days), len(closed)
    return counts


def _count_progress(store: Store, days: list[date], check: Check, counts: ProgressCounted) -> dict[date, list[str]]:
    start = perf_counter()
    dossiers = dict(zip(days, store.each(partial(_read_dossiers, store), days), strict=True))
    rows = {day: progress_of_day(day, dossiers[day]) for day in days}
    closed = check(rows, dossiers)
    written = [day for day in days if day not in closed]
    store.each(lambda day: store.write_table("progress_daily", day, layout.DAY, rows[day]), written)
    for day in written:
        log.info("dossier_day_counted", day=day, dossiers=len(dossiers[day]))
        counts["numerator"] += _of_province(rows[day], "numerator")
        counts["denominator"] += _of_province(rows[day], "denominator")
    for day, problems in closed.items():
        log.warning("gate_closed", day=day, problems=problems)
    log.info("dossier_days_counted", days=len(written), seconds=seconds_since(start))
    return closed


def _of_province(rows: pa.Table, count: str) -> int:
    """A count of the province by the default definition; 0 for a day without a dossier."""
    definition, stage = RATES[0]
    is_asked = pc.and_(pc.equal(rows["definition"], definition), pc.equal(rows["stage"], stage))
    return pc.sum(rows.filter(pc.and_(is_asked, pc.equal(rows["unit_code"], PROVINCE)))[count]).as_py() or 0


@but_damaged
def count_scan_days(store: Store, work: str, judged: Mapping[str, tuple[str, ...]]) -> QualityCounted:
    """Write defects, accepted pages and devices of the scan days touched, from all that was scanned on those days."""
    days = sorted({day for marker in load_markers(store, work) for day in marker["scan_days"]})
    counts: QualityCounted = {"scan_days": len(days), "pages": 0, "pages_accepted": 0}
    for day in map(date.fromisoformat, days):
        start = perf_counter()
        pages, documents, batches = (store.read_table(name, [day]) for name in ("pages", "documents", "batches"))
        store.write_table("quality_daily", day, layout.DAY, quality_of_day(pages, judged))
        store.write_table("pages_daily", day, layout.DAY, pages_of_day(documents))
        store.write_table("device_daily", day, layout.DAY, devices_of_day(pages, documents, batches))
        log.info("scan_day_counted", day=day, pages=len(pages), seconds=seconds_since(start))
        counts["pages"] += len(pages)
        counts["pages_accepted"] += pages["verdict"].to_pylist().count("accepted")
    return counts


def delete_markers(store: Store, work: str) -> Settled:
    """Delete the markers that were taken; those held and of a closed day stay, and so does one written again since."""
    plan, markers = plan_of(store, work), load_markers(store, work)
    held = plan.load("held", dict[str, str]())
    if not markers and not held:
        return {"settled": 0, "problems": []}
    closed: dict[str, list[str]] = plan.read("closed") if markers else {}
    store.each(lambda day: mark_unreconciled(store, day, f"summarise-{work}"), dossier_days(markers))
    done = [marker for marker in markers if closed.keys().isdisjoint(marker["dossier_days"])]
    settled = delete_taken(store, layout.PENDING, [(marker["key"], marker["identity"]) for marker in done])
    plan.forget("held")
    plan.forget("markers")  # first: a clean-up killed after it has nothing left to decide
    clear_work(store, "summarise")
    problems = problem_lines(closed | {key: [said] for key, said in held.items()})
    return note_end(store, "summarise", {"settled": settled, "problems": problems})


def _read_all_documents(store: Store, batches: list[tuple[date, str]]) -> pa.Table:
    """The documents of some batches with their path key and the newest decision about each."""
    days = sorted({day for day, _ in batches})
    reviews = dict(zip(days, store.each(lambda day: store.read_table("reviews", [day]), days), strict=True))
    parts = store.each(lambda batch: _read_documents(store, batch[0], batch[1], reviews), batches)
    empty = add_decisions(store.read_table("documents", []), store.read_table("reviews", []))
    return pa.concat_tables([empty.select(_TAKEN), *parts])


def _read_documents(store: Store, day: date, batch: str, reviews: Mapping[date, pa.Table]) -> pa.Table:
    documents = store.read_table("documents", [day], name=batch)
    return add_decisions(documents, reviews[day]).select(_TAKEN)


def _backlog_days(documents: pa.Table) -> list[date]:
    """Scan days on which these documents add to the backlog."""
    days = documents.filter(pc.equal(documents["kind"], "backlog_result"))["scan_date"]
    return sorted(pc.unique(days).to_pylist())


def _write_backlog(store: Store, day: date, documents: pa.Table) -> None:
    old = store.read_table("backlog_documents", [day], name=layout.DAY)
    rows = merge_backlog(old, documents.filter(pc.equal(documents["scan_date"], day)))
    store.write_table("backlog_documents", day, layout.DAY, rows)


def _read_dossiers(store: Store, day: date) -> pa.Table:
    return store.read_table("dossiers", [day], name=layout.DAY)


def _write_dossiers(store: Store, day: date, documents: pa.Table) -> int:
    register = store.read_table("register", [day], name=layout.DAY)
    rows = merge_dossiers(_read_dossiers(store, day), register, documents)
    store.write_table("dossiers", day, layout.DAY, rows)
    return len(rows)
