"""The tasks of recheck_scans: pages measured before are judged again by the limits in force, no image is touched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, TypedDict

import pyarrow as pa
import pyarrow.compute as pc

from sohoa import layout
from sohoa.errors import InputError
from sohoa.intake.check_run import ADMITTED, Entry, Marker
from sohoa.intake.publish_batches import of_batch
from sohoa.jobs.closed_gates import closed_batches
from sohoa.last_runs import problem_lines
from sohoa.logs import get_logger
from sohoa.pending import mark_scan
from sohoa.quality import failed_limits, thresholds, verdicts
from sohoa.quality.thresholds import Thresholds
from sohoa.settings import TIME_ZONE
from sohoa.slips.receipt_facts import ReceiptFacts, collect_receipt_facts
from sohoa.store import Store, open_store
from sohoa.task_notes import note_batches

__all__ = ["find_batches_to_recheck", "recheck", "recheck_days"]

log = get_logger(__name__)
_JUDGED = ("pages", "documents")
_SAID = ["verdict", "defects"]


class ToRecheck(TypedDict):
    """Scan days of which batches were judged by other limits than those in force, and how many batches."""

    days: list[str]
    batches: int
    limits: str


class Rechecked(TypedDict):
    """What was judged again, and of how many documents and batches something changed."""

    scan_days: int
    pages: int
    documents: int
    batches: int
    documents_changed: int
    slips: int
    closed_gates: int
    verdicts: dict[str, int]
    defects: dict[str, int]
    problems: list[str]


def find_batches_to_recheck(days: Sequence[date]) -> ToRecheck:
    """Find what is to be judged again of some scan days.

    Raises:
        InputError: no day was given, or nothing was scanned on these days.
    """
    if not days:
        raise InputError("no day to check again: give the first scan day, and the last one")
    store = open_store()
    version = thresholds.load_thresholds(store.settings.profile).version
    rows = store.read_table("batches", days)
    if not len(rows):
        raise InputError(
            f"no batch was scanned from {days[0]} to {days[-1]}; the page of batches lists the days with scans"
        )
    other = rows.filter(_is_of_others(rows, version))
    found = sorted(pc.unique(other["scan_date"]).to_pylist())
    return {"days": [day.isoformat() for day in found], "batches": len(other), "limits": version}


def recheck_days(days: Sequence[str]) -> Rechecked:
    """Judge again the batches of some scan days that other limits have judged; all others stay as they are.

    Of each batch the new slip comes first, beside the one that was delivered, then the tables, the pending marker, and
    last its row in ``batches``, which names the limits: a batch that a killed run has left is done again.
    """
    store = open_store()
    limits = thresholds.load_thresholds(store.settings.profile)
    counts: Rechecked = {
        "scan_days": 0, "pages": 0, "documents": 0, "batches": 0, "documents_changed": 0, "slips": 0,
        "closed_gates": 0, "verdicts": {}, "defects": {}, "problems": [],
    }  # fmt: skip
    found, defects = Counter[str](), Counter[str]()
    for day in map(date.fromisoformat, days):
        pages = _recheck_day(store, day, limits, counts)
        found.update(pages["verdict"].to_pylist())
        defects.update(pc.list_flatten(pages["defects"]).to_pylist())
        counts["scan_days"] += 1
    counts["verdicts"], counts["defects"] = dict(sorted(found.items())), dict(defects.most_common())
    return counts


def recheck(days: Sequence[date]) -> Rechecked:
    """Do the whole of recheck_scans in this process."""
    return recheck_days(find_batches_to_recheck(days)["days"])


def _is_of_others(batches: pa.Table, version: str) -> pa.ChunkedArray:
    """Which batches were admitted, and judged by other limits."""
    return pc.and_(pc.is_null(batches["refusal"]), pc.not_equal(batches["thresholds_version"], version))


def _recheck_day(store: Store, day: date, limits: Thresholds, counts: Rechecked) -> pa.Table:
    """Judge the batches of one scan day again, and return their pages."""
    from sohoa.quality import gate

    batches = store.read_table("batches", [day])
    batches = batches.filter(_is_of_others(batches, limits.version))
    old = {name: _of_batches(store.read_table(name, [day]), batches) for name in _JUDGED}
    pages = gate.judge_pages(old["pages"], limits)
    documents = verdicts.judge_documents(old["documents"], pages, limits)
    new = {"pages": pages, "documents": documents, "batches": _counted(batches, documents, limits)}
    closed = closed_batches(new)
    written = [row for row in new["batches"].to_pylist() if row["batch"] not in closed]
    counts["problems"] += problem_lines({batch: ["; ".join(why)] for batch, why in closed.items()}, most=None)
    counts["closed_gates"] += len(closed)
    changed = {row["batch"]: _changed(old, new, row["batch"]) for row in written}
    counts["slips"] += _write_slips(store, [row for row in written if sum(changed[row["batch"]])], new, limits)
    store.each(lambda row: _write_batch(store, day, row, new), written)
    note_batches((day, row["batch"]) for row in written)
    counts["batches"] += len(written)
    counts["pages"] += len(pages)
    counts["documents"] += len(documents)
    counts["documents_changed"] += sum(documents for documents, _ in changed.values())
    log.info("scans_rechecked", day=day, batches=len(written), pages=len(pages), limits=limits.version)
    return pages


def _of_batches(rows: pa.Table, batches: pa.Table) -> pa.Table:
    return rows.filter(pc.is_in(rows["batch"], batches["batch"].combine_chunks()))


def _counted(batches: pa.Table, documents: pa.Table, limits: Thresholds) -> pa.Table:
    """The rows of the batches with what the new verdicts add up to, and the version of the limits."""
    rows = batches.to_pylist()
    by_batch: dict[str, list[dict[str, Any]]] = {row["batch"]: [] for row in rows}
    for document in documents.select(["batch", "is_received", "verdict", "pages_accepted"]).to_pylist():
        by_batch[document["batch"]].append(document)
    for row in rows:
        found = by_batch[row["batch"]]
        row["documents_accepted"] = sum(document["verdict"] == "accepted" for document in found)
        row["pages_accepted"] = sum(document["pages_accepted"] for document in found)
        row["verdict"] = verdicts.worst(document["verdict"] for document in found)
        row["thresholds_version"] = limits.version
    return pa.Table.from_pylist(rows, schema=batches.schema)


def _changed(old: dict[str, pa.Table], new: dict[str, pa.Table], batch: str) -> tuple[int, int]:
    """How many documents and pages of a batch are judged otherwise; notes ask nothing of an agency."""
    pages, documents = (_differing(of_batch(old[name], batch), of_batch(new[name], batch)) for name in _JUDGED)
    return documents, pages


def _differing(old: pa.Table, new: pa.Table) -> int:
    said = (rows.select(_SAID).to_pylist() for rows in (old, new))
    return sum(before != after for before, after in zip(*said, strict=True))


def _write_slips(store: Store, batches: list[dict[str, Any]], tables: dict[str, pa.Table], limits: Thresholds) -> int:
    from sohoa.slips import write_slips

    entries = [_entry(row) for row in batches]
    failed = failed_limits.find_failures(tables["pages"], limits)
    facts = collect_receipt_facts(entries, tables, limits.own_limit("duplicate_page"), failed)
    return write_slips.write_slips(store, _judged_again(store, facts, limits.version)) if entries else 0


def _judged_again(store: Store, facts: Iterator[ReceiptFacts], version: str) -> Iterator[ReceiptFacts]:
    """The facts with the name of their new slips: the next number, or the one that a killed run has begun."""
    from sohoa.slips.write_slips import newest_place

    for one in facts:
        newest = newest_place(store, one.entry.marker.agency, one.entry.name, one.entry.sha256).again
        number, _, limits = newest.partition("-")
        yield replace(one, judged_again=newest if limits == version else f"{int(number or 0) + 1:02d}-{version}")


def _entry(row: dict[str, Any]) -> Entry:
    """A batch as it was admitted: what its slip needs of it."""
    key = layout.inbox_key(row["agency"], row["batch"])
    received = row["received_at"].replace(tzinfo=TIME_ZONE).isoformat()
    marker = Marker(key, None, row["manifest_etag"], 0, received)
    return Entry(marker, ADMITTED, row["manifest_sha256"], row["batch"], row["scan_date"])


def _write_batch(store: Store, day: date, row: dict[str, Any], tables: dict[str, pa.Table]) -> None:
    for name in _JUDGED:
        store.write_table(name, day, row["batch"], of_batch(tables[name], row["batch"]))
    mark_scan(store, row["agency"], row["batch"], day)
    store.write_table("batches", day, row["batch"], of_batch(tables["batches"], row["batch"]))
