"""Bring the summaries up to date with all that is pending, in steps that may be killed and done again.

``take_markers`` writes down what one run has to do, ``write_dossiers``, ``count_dossier_days`` and ``count_scan_days``
do it, ``delete_markers`` ends it. Only days that a marker touches are read. Nothing is owed from run to run: the
markers stay until all is counted, and each day is counted again from the tables alone. A marker that needs a damaged
object is held: it stays as those of a closed day do, and the others are done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial, wraps
from time import perf_counter
from typing import Concatenate, ParamSpec, TypedDict, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from sohoa import layout
from sohoa.counting.count_backlog import merge_backlog
from sohoa.counting.count_defects import quality_of_day
from sohoa.counting.count_devices import devices_of_day
from sohoa.counting.count_pages import pages_of_day
from sohoa.counting.count_progress import RATES, progress_of_day
from sohoa.counting.join_dossiers import DOCUMENT_COLUMNS, merge_dossiers, split_by_dossier_day
from sohoa.counting.record_review import add_decisions
from sohoa.days import in_chunks
from sohoa.errors import ObjectDamaged, ObjectMissing
from sohoa.last_runs import note_end, note_nothing_to_do
from sohoa.logs import get_logger, seconds_since
from sohoa.pending import PendingReview, PendingScan, mark_unreconciled
from sohoa.registry import PROVINCE
from sohoa.store import ObjectInfo, Store
from sohoa.work import Settled, Taken, Work, clear_work, delete_taken, digest, identity

Check = Callable[[dict[date, pa.Table], dict[date, pa.Table]], dict[date, list[str]]]
"""(progress rows by day, dossiers by day) -> day -> what is wrong with its rows; a day where all is well is absent."""

log = get_logger(__name__)
P = ParamSpec("P")
T = TypeVar("T")
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


class _Batch(TypedDict):
    scan_date: str
    batch: str


class _TakenMarker(TypedDict):
    """A pending marker as it was seen, with the days that it touches."""

    key: str
    identity: str
    dossier_days: list[str]
    scan_days: list[str]
    batch: _Batch | None
    """Of a scan or a review: whose documents are read."""


def take_markers(store: Store) -> Taken:
    """Write down all that is pending as the plan of one run; where nothing is, delete what killed runs have left."""
    found = list(store.list_objects(layout.WAREHOUSE, layout.PENDING))
    if not found:
        clear_work(store, "summarise")
        note_nothing_to_do(store, "summarise")
        return {"work": "", "markers": 0}
    work = digest([identity(info) for info in found])
    taken, held = list[_TakenMarker](), dict[str, str]()
    for info, marker in zip(found, store.each(partial(_try_to_read, store), found), strict=True):
        if isinstance(marker, ObjectDamaged):
            held[info.key] = str(marker)
        else:
            taken.append(marker)
    _plan(store, work).save("held", held)
    _plan(store, work).save("markers", taken)
    return {"work": work, "markers": len(found)}


def _try_to_read(store: Store, info: ObjectInfo) -> _TakenMarker | ObjectDamaged:
    try:
        return _read_marker(store, info)
    except ObjectDamaged as error:
        return error
    except (ValueError, KeyError, TypeError) as error:  # of another shape
        return ObjectDamaged(f"{layout.WAREHOUSE}/{info.key}", repr(error))


def _but_damaged(step: Callable[Concatenate[Store, str, P], T]) -> Callable[Concatenate[Store, str, P], T]:
    """Do a step; where an object is damaged, do it again without the markers that need it: they wait."""

    @wraps(step)
    def do(store: Store, work: str, /, *args: P.args, **named: P.kwargs) -> T:
        try:
            return step(store, work, *args, **named)
        except ObjectDamaged:
            _hold_back(store, work)
        return step(store, work, *args, **named)

    return do


def _hold_back(store: Store, work: str) -> None:
    """Take the markers that need a damaged object out of a plan, and note for each which object that is.

    Their dossier days are to be reconciled all the same: an earlier step may have written them.
    """
    plan, markers = _plan(store, work), _load_markers(store, work)
    needed = {marker["key"]: _needed_by(store, marker) for marker in markers}
    keys = sorted({key for some in needed.values() for key in some})
    faults = {key: said for key, said in zip(keys, store.each(partial(_fault_of, store), keys), strict=True) if said}
    held = {name: faults[key] for name, some in needed.items() for key in some if key in faults}
    for name, said in held.items():
        log.warning("marker_held", key=name, reason=said)
    days = _dossier_days([marker for marker in markers if marker["key"] in held])
    store.each(lambda day: mark_unreconciled(store, day, f"summarise-{work}"), days)
    plan.save("held", plan.load("held", dict[str, str]()) | held)
    plan.save("markers", [marker for marker in markers if marker["key"] not in held])


def _needed_by(store: Store, marker: _TakenMarker) -> list[str]:
    """Keys of the objects without which a marker cannot be done."""
    days = [date.fromisoformat(day) for day in marker["dossier_days"]]
    keys = [key for table in ("register", "dossiers") for key in store.table_keys(table, days, layout.DAY)]
    if marker["batch"] is not None:
        day = [date.fromisoformat(marker["batch"]["scan_date"])]
        keys += store.table_keys("documents", day, marker["batch"]["batch"])
        keys += [*store.table_keys("reviews", day), *store.table_keys("backlog_documents", day, layout.DAY)]
    for iso_day in marker["scan_days"]:
        for table in ("pages", "documents", "batches"):
            keys += store.table_keys(table, [date.fromisoformat(iso_day)])
    return keys


def _fault_of(store: Store, key: str) -> str | None:
    try:
        store.get_parquet(key)
    except ObjectMissing:
        return None
    except ObjectDamaged as error:
        return str(error)
    return None


@_but_damaged
def write_dossiers(store: Store, work: str) -> DossiersWritten:
    """Write the dossiers and the backlog of the days touched, with the documents of the batches taken."""
    markers = _load_markers(store, work)
    documents = _read_all_documents(store, _batches(markers))
    store.each(lambda day: _write_backlog(store, day, documents), _backlog_days(documents))
    by_day, none = split_by_dossier_day(documents), documents.slice(0, 0)
    days = _dossier_days(markers)
    dossiers = store.each(lambda day: _write_dossiers(store, day, by_day.get(day, none)), days)
    return {"dossier_days": len(days), "dossiers": sum(dossiers)}


@_but_damaged
def count_dossier_days(store: Store, work: str, check: Check) -> ProgressCounted:
    """Write the progress of the days touched; a day whose rows fail ``check`` keeps the rows it had."""
    markers = _load_markers(store, work)
    counts: ProgressCounted = {"progress_days": 0, "closed_gates": 0, "numerator": 0, "denominator": 0}
    if not markers:
        return counts
    days, closed = _dossier_days(markers), dict[str, list[str]]()
    for some in in_chunks(days, _DAYS_AT_ONCE):
        found = _count_progress(store, some, check, counts)
        closed |= {day.isoformat(): problems for day, problems in found.items()}
    _plan(store, work).save("closed", closed)
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


@_but_damaged
def count_scan_days(store: Store, work: str, judged: Mapping[str, tuple[str, ...]]) -> QualityCounted:
    """Write defects, accepted pages and devices of the scan days touched, from all that was scanned on those days."""
    days = sorted({day for marker in _load_markers(store, work) for day in marker["scan_days"]})
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
    plan, markers = _plan(store, work), _load_markers(store, work)
    held = plan.load("held", dict[str, str]())
    if not markers and not held:
        return {"settled": 0, "problems": []}
    closed: dict[str, list[str]] = plan.read("closed") if markers else {}
    store.each(lambda day: mark_unreconciled(store, day, f"summarise-{work}"), _dossier_days(markers))
    done = [marker for marker in markers if closed.keys().isdisjoint(marker["dossier_days"])]
    settled = delete_taken(store, layout.PENDING, [(marker["key"], marker["identity"]) for marker in done])
    plan.forget("held")
    plan.forget("markers")  # first: a clean-up killed after it has nothing left to decide
    clear_work(store, "summarise")
    lines = [f"{day}: {problem}" for day, problems in sorted(closed.items()) for problem in problems]
    lines += [f"{key}: {said}" for key, said in sorted(held.items())]
    return note_end(store, "summarise", {"settled": settled, "problems": lines})


def _plan(store: Store, work: str) -> Work:
    return Work(store, "summarise", work)


def _load_markers(store: Store, work: str) -> list[_TakenMarker]:
    return _plan(store, work).load("markers", list[_TakenMarker]())


def _read_marker(store: Store, info: ObjectInfo) -> _TakenMarker:
    """A marker with the days it touches; that of a day of the register says no more than its name.

    Raises:
        ValueError, KeyError, TypeError: it says something else than its name, or is of another shape.
    """
    taken: _TakenMarker = {
        "key": info.key,
        "identity": identity(info),
        "dossier_days": [],
        "scan_days": [],
        "batch": None,
    }
    if day := layout.pending_register_day(info.key):
        return {**taken, "dossier_days": [day.isoformat()]}
    marker: PendingScan | PendingReview = store.get_json(layout.WAREHOUSE, info.key)
    taken["batch"] = {"scan_date": marker["scan_date"], "batch": marker["batch"]}
    if marker["kind"] == "review":
        taken["dossier_days"] = [marker["dossier_date"]] if marker["dossier_date"] else []
        return taken
    named = info.key.rpartition("/")[2].removesuffix(".json")
    if layout.BatchId.parse(named) and named != marker["batch"]:
        raise ValueError(f"it is of {marker['batch']}")
    documents = store.read_table("documents", [date.fromisoformat(marker["scan_date"])], name=marker["batch"])
    taken["dossier_days"] = [one.isoformat() for one in split_by_dossier_day(documents)]
    taken["scan_days"] = [marker["scan_date"]]
    return taken


def _dossier_days(markers: list[_TakenMarker]) -> list[date]:
    return sorted({date.fromisoformat(day) for marker in markers for day in marker["dossier_days"]})


def _batches(markers: list[_TakenMarker]) -> list[tuple[date, str]]:
    """Scan date and id of the batches whose documents are read, each once."""
    batches = [marker["batch"] for marker in markers if marker["batch"]]
    return sorted({(date.fromisoformat(batch["scan_date"]), batch["batch"]) for batch in batches})


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
