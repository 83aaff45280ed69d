"""Bring the summaries up to date with all that is pending, in steps that may be killed and done again.

``take_pending`` writes down what one run has to do, the ``summarise_*`` functions do it, ``settle_summaries`` deletes
the markers. Only days that a marker touches are read. A plan that is gone was settled: then there is nothing to do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sohoa import layout
from sohoa.counting.count_backlog import merge_backlog
from sohoa.counting.count_defects import quality_of_day
from sohoa.counting.count_devices import devices_of_day
from sohoa.counting.count_progress import progress_of_day
from sohoa.counting.join_dossiers import DOCUMENT_COLUMNS, merge_dossiers, split_by_dossier_day
from sohoa.counting.record_review import add_decisions
from sohoa.days import in_chunks
from sohoa.errors import ObjectMissing
from sohoa.store import ObjectInfo, Store

JOB = "summarise"

Check = Callable[[dict[date, pa.Table], dict[date, pa.Table]], dict[date, list[str]]]
"""(progress rows by day, dossiers by day) -> day -> what is wrong with its rows; a day where all is well is absent."""

_THREADS = 8
_DAYS_AT_ONCE = 64
"""Days that one check takes: it costs much the same for one as for many."""
_TAKEN = ["scan_date", *DOCUMENT_COLUMNS]
"""What is read of the documents."""
_NOTHING: dict[str, list[Any]] = {"markers": [], "dossier_days": [], "scan_days": [], "batches": []}


def take_pending(store: Store) -> dict[str, Any]:
    """Write down all that is pending as the plan of one run.

    Returns:
        ``work``, the run's name, the same for the same markers; ``markers``, how many there are. Where there are none,
        nothing is written.
    """
    found = list(store.list_objects(layout.WAREHOUSE, layout.PENDING))
    work = hashlib.sha256("\n".join(map(_identity, found)).encode()).hexdigest()[:16]
    if found:
        with ThreadPoolExecutor(_THREADS) as pool:
            markers = list(pool.map(lambda info: _read_marker(store, info), found))
        store.put_json(layout.WAREHOUSE, _plan_key(work), _make_plan(markers))
    else:
        store.delete_prefix(layout.WAREHOUSE, layout.work_prefix(JOB))
    return {"work": work, "markers": len(found)}


def summarise_dossiers(store: Store, work: str) -> dict[str, int]:
    """Write the dossiers and the backlog of the days touched, with the documents of the batches taken."""
    plan = _read_plan(store, work)
    with ThreadPoolExecutor(_THREADS) as pool:
        documents = _read_all_documents(store, pool, plan["batches"])
        list(pool.map(lambda day: _summarise_backlog_of(store, day, documents), _backlog_days(documents)))
        by_day = split_by_dossier_day(documents)
        none = documents.slice(0, 0)
        days = [date.fromisoformat(day) for day in plan["dossier_days"]]
        dossiers = sum(pool.map(lambda day: _summarise_dossiers_of(store, day, by_day.get(day, none)), days))
    return {"days": len(days), "dossiers": dossiers}


def summarise_progress(store: Store, work: str, check: Check) -> dict[str, int]:
    """Write the progress of the days touched; a day whose rows fail ``check`` keeps the rows it had."""
    plan = _read_plan(store, work)
    if not plan["markers"]:
        return {"days": 0, "closed": 0}
    days = [date.fromisoformat(day) for day in plan["dossier_days"]]
    closed: dict[str, list[str]] = {}
    for some in in_chunks(days, _DAYS_AT_ONCE):
        found = _summarise_progress_of(store, some, check)
        closed |= {day.isoformat(): problems for day, problems in found.items()}
    store.put_json(layout.WAREHOUSE, _closed_key(work), closed)
    return {"days": len(days), "closed": len(closed)}


def _summarise_progress_of(store: Store, days: list[date], check: Check) -> dict[date, list[str]]:
    with ThreadPoolExecutor(_THREADS) as pool:
        dossiers = dict(zip(days, pool.map(lambda day: _read_dossiers(store, day), days), strict=True))
        rows = {day: progress_of_day(day, dossiers[day]) for day in days}
        closed = check(rows, dossiers)
        written = [day for day in days if day not in closed]
        list(pool.map(lambda day: store.write_table("progress_daily", day, layout.DAY, rows[day]), written))
    return closed


def summarise_quality(store: Store, work: str, judged: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    """Write the defect counts and the devices of the scan days touched, from all that was scanned on those days."""
    days = [date.fromisoformat(day) for day in _read_plan(store, work)["scan_days"]]
    for day in days:
        pages, documents, batches = (store.read_table(name, [day]) for name in ("pages", "documents", "batches"))
        store.write_table("quality_daily", day, layout.DAY, quality_of_day(pages, judged))
        store.write_table("device_daily", day, layout.DAY, devices_of_day(pages, documents, batches))
    return {"days": len(days)}


def settle_summaries(store: Store, work: str) -> dict[str, Any]:
    """Delete the markers that were taken; those of a closed day stay, and so does one written again since.

    Returns:
        ``settled``, how many were deleted; ``closed``, a line for each problem of a closed day.
    """
    plan = _read_plan(store, work)
    if not plan["markers"]:
        return {"settled": 0, "closed": []}
    closed = store.get_json(layout.WAREHOUSE, _closed_key(work))
    _ask_for_reconciliation(store, work, plan["dossier_days"])
    unchanged = {_identity(info) for info in store.list_objects(layout.WAREHOUSE, layout.PENDING)}
    keys = [
        marker["key"]
        for marker in plan["markers"]
        if marker["identity"] in unchanged and closed.keys().isdisjoint(marker["days"])
    ]
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(lambda key: store.delete(layout.WAREHOUSE, key), keys))
    store.delete(layout.WAREHOUSE, _plan_key(work))  # first: a clean-up killed after it has nothing left to decide
    store.delete_prefix(layout.WAREHOUSE, layout.work_prefix(JOB))  # of killed runs too: one summary runs at a time
    lines = [f"{day}: {problem}" for day, problems in sorted(closed.items()) for problem in problems]
    return {"settled": len(keys), "closed": lines}


def _ask_for_reconciliation(store: Store, work: str, days: list[str]) -> None:
    """Mark the dossier days whose documents may have changed."""
    keys = [layout.unreconciled_key(date.fromisoformat(day), f"summarise-{work}") for day in days]
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(lambda key: store.put_json(layout.WAREHOUSE, key, {"work": work}), keys))


def _plan_key(work: str) -> str:
    return layout.work_prefix(JOB, work) + "plan.json"


def _closed_key(work: str) -> str:
    return layout.work_prefix(JOB, work) + "closed.json"


def _identity(info: ObjectInfo) -> str:
    """A marker as it was seen: one written again later is another."""
    return f"{info.key} {info.etag} {info.last_modified.isoformat()}"


def _read_marker(store: Store, info: ObjectInfo) -> dict[str, Any]:
    """A marker with the dossier days it touches and, of a scan or a review, its scan day and batch."""
    marker = store.get_json(layout.WAREHOUSE, info.key)
    seen = {"key": info.key, "identity": _identity(info)}
    batch = [marker["scan_date"], marker["batch"]] if "batch" in marker else None
    if "day" in marker:
        days = [] if marker["day"] is None else [marker["day"]]
        return {**seen, "days": days, "review": batch} if batch else {**seen, "days": days}
    documents = store.read_table("documents", [date.fromisoformat(marker["scan_date"])], name=marker["batch"])
    return {**seen, "days": [day.isoformat() for day in split_by_dossier_day(documents)], "scan": batch}


def _make_plan(markers: list[dict[str, Any]]) -> dict[str, list[Any]]:
    batches = {kind: {tuple(marker[kind]) for marker in markers if kind in marker} for kind in ("scan", "review")}
    return {
        "markers": markers,
        "dossier_days": sorted({day for marker in markers for day in marker["days"]}),
        "scan_days": sorted({day for day, _ in batches["scan"]}),
        "batches": sorted(batches["scan"] | batches["review"]),
    }


def _read_plan(store: Store, work: str) -> dict[str, list[Any]]:
    try:
        plan: dict[str, list[Any]] = store.get_json(layout.WAREHOUSE, _plan_key(work))
    except ObjectMissing:
        return _NOTHING
    return plan


def _read_all_documents(store: Store, pool: ThreadPoolExecutor, batches: list[list[str]]) -> pa.Table:
    """The documents of some batches with their path key and the newest decision about each."""
    days = sorted({date.fromisoformat(day) for day, _ in batches})
    reviews = dict(zip(days, pool.map(lambda day: store.read_table("reviews", [day]), days), strict=True))
    parts = pool.map(lambda batch: _read_documents(store, batch[0], batch[1], reviews), batches)
    empty = add_decisions(store.read_table("documents", []), store.read_table("reviews", []))
    return pa.concat_tables([empty.select(_TAKEN), *parts])


def _read_documents(store: Store, scan_date: str, batch: str, reviews: Mapping[date, pa.Table]) -> pa.Table:
    day = date.fromisoformat(scan_date)
    documents = store.read_table("documents", [day], name=batch)
    return add_decisions(documents, reviews[day]).select(_TAKEN)


def _backlog_days(documents: pa.Table) -> list[date]:
    """Scan days on which these documents add to the backlog."""
    days = documents.filter(pc.equal(documents["kind"], "backlog_result"))["scan_date"]
    return sorted(pc.unique(days).to_pylist())


def _summarise_backlog_of(store: Store, day: date, documents: pa.Table) -> None:
    old = store.read_table("backlog_documents", [day], name=layout.DAY)
    rows = merge_backlog(old, documents.filter(pc.equal(documents["scan_date"], day)))
    store.write_table("backlog_documents", day, layout.DAY, rows)


def _read_dossiers(store: Store, day: date) -> pa.Table:
    return store.read_table("dossiers", [day], name=layout.DAY)


def _summarise_dossiers_of(store: Store, day: date, documents: pa.Table) -> int:
    register = store.read_table("register", [day], name=layout.DAY)
    rows = merge_dossiers(_read_dossiers(store, day), register, documents)
    store.write_table("dossiers", day, layout.DAY, rows)
    return len(rows)
