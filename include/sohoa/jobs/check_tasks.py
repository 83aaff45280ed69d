"""The tasks of check_scan_batches, and a person's decision about what was scanned."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any, TypedDict

import pyarrow as pa

from sohoa.counting import record_review
from sohoa.intake import admission, check_run, earlier_pages, measure_shards
from sohoa.intake.check_run import CheckRun, Entry, Shard
from sohoa.intake.publish_batches import batch_table, declared_batches, declared_documents, publish, settle
from sohoa.logs import get_logger
from sohoa.quality import duplicate_pages, failed_limits, thresholds, tile_coverage, verdicts
from sohoa.schema import TABLES
from sohoa.slips.receipt_facts import collect_receipt_facts
from sohoa.store import Store, open_store
from sohoa.work import Settled, Taken, clear_work

__all__ = [
    "admit_batches",
    "check",
    "discover_batches",
    "judge_batches",
    "measure_shard",
    "plan_shards",
    "publish_batches",
    "review",
    "settle_batches",
]

log = get_logger(__name__)


class Admitted(TypedDict):
    """How many markers were decided in each way."""

    admitted: int
    refused: int
    repeated: int
    other_content: int


class Measured(TypedDict):
    """How many page rows a shard has."""

    shard_pages: int


class Judged(TypedDict):
    """How many rows were judged, and of how many batches the gate closed."""

    pages: int
    documents: int
    batches: int
    closed_gates: int


class Published(TypedDict):
    """How many batches were written, and how many receipts."""

    published: int
    receipts: int


class Checked(Taken, Admitted, Judged, Published, Settled):
    """What one whole check did."""


def discover_batches() -> Taken:
    """List the inbox and write down what lies in it, and what a killed run owes."""
    store = open_store()
    markers = admission.discover_markers(store, check_run.owed_markers(store))
    if not markers:
        clear_work(store, "check")
        return {"work": "", "markers": 0}
    return {"work": CheckRun.begin(store, markers).name, "markers": len(markers)}


def admit_batches(work: str) -> Admitted:
    """Decide about each marker, and write down what the admitted manifests declare."""
    store = open_store()
    run = CheckRun(store, work)
    markers = run.markers()
    decided = admission.admit(store, markers)
    if markers:
        manifests = [found.manifest for found in decided if found.manifest is not None]
        run.save_declared("documents", declared_documents(manifests))
        run.save_declared("batches", declared_batches(manifests))
        run.save_declared("files", measure_shards.declared_files(manifests))
        run.save_entries(found.entry for found in decided)
    counts = Counter(found.entry.status for found in decided)
    return {
        "admitted": counts[check_run.ADMITTED],
        "refused": counts[check_run.REFUSED],
        "repeated": counts[check_run.REPEATED],
        "other_content": counts[check_run.OTHER_CONTENT],
    }


def plan_shards(work: str) -> list[Shard]:
    """Cut the admitted files into shards: one pointer per mapped task."""
    store = open_store()
    run = CheckRun(store, work)
    return [] if run.is_settled else measure_shards.cut_shards(run, run.declared("files"), store.settings.shard_bytes)


def measure_shard(work: str, shard: str) -> Measured:
    """Measure the pages of one shard; nothing is done, and said so, where its run has been settled."""
    store = open_store()
    run = CheckRun(store, work)
    if run.is_settled:
        log.warning("run_settled_before", work=work, shard=shard)
        return {"shard_pages": 0}
    return {"shard_pages": measure_shards.measure_files(store, run, shard)}


def judge_batches(work: str) -> Judged:
    """Let Great Expectations judge every page, then documents and batches; close the gates that must close."""
    store = open_store()
    run = CheckRun(store, work)
    entries = run.entries()
    if not entries:
        return {"pages": 0, "documents": 0, "batches": 0, "closed_gates": 0}
    tables = _judge(store, run, entries)
    closed = _closed_batches(tables)
    run.save_judged(tables, closed)
    pages, documents, batches = (len(tables[name]) for name in check_run.JUDGED_TABLES)
    return {"pages": pages, "documents": documents, "batches": batches, "closed_gates": len(closed)}


def _judge(store: Store, run: CheckRun, entries: list[Entry]) -> dict[str, pa.Table]:
    from sohoa.quality import gate

    limits = thresholds.load_thresholds(store.settings.profile)
    declared = run.declared("documents")
    judged = gate.judge_pages(measure_shards.load_pages(run), limits)
    pages = _compare_pages(store, entries, declared, judged)
    documents = verdicts.judge_documents(declared, pages, limits)
    batches = batch_table(entries, run.declared("batches"), documents, limits.version, verdicts.worst)
    return {"pages": pages, "documents": documents, "batches": batches}


def _compare_pages(store: Store, entries: list[Entry], declared: pa.Table, pages: pa.Table) -> pa.Table:
    """Add what only other pages tell: earlier captures of the same sheet, tiles of the sheet of a reference."""
    days = store.settings.duplicate_days
    new = earlier_pages.list_captures(entries, declared, pages)
    values = {
        "twin": duplicate_pages.find_twins(new, earlier_pages.load_earlier(store, entries, days), days),
        "uncovered_ratio": tile_coverage.find_uncovered(pages),
    }
    for name, column in values.items():
        pages = pages.set_column(pages.column_names.index(name), TABLES["pages"].field(name), column)
    return pages.drop_columns("sketch")


def _closed_batches(tables: dict[str, pa.Table]) -> dict[str, list[str]]:
    from sohoa.quality import gate

    closed: dict[str, list[str]] = {}
    for name, rows in tables.items():
        for violation in gate.check_rows(name, rows):
            for batch in sorted({str(row["batch"]) for row in violation.rows}):
                closed.setdefault(batch, []).append(f"{name}: {violation.message}")
    for batch, problems in closed.items():
        log.warning("gate_closed", batch=batch, problems=problems)
    return closed


def publish_batches(work: str) -> Published:
    """Write pages, documents and batches of every batch whose gate is open, then the receipts and slips of all."""
    from sohoa.slips import write_slips

    store = open_store()
    run = CheckRun(store, work)
    entries = run.entries()
    if not entries:
        return {"published": 0, "receipts": 0}
    tables, closed = run.judged(), run.closed()
    published = publish(store, entries, tables, closed)
    limits = thresholds.load_thresholds(store.settings.profile)
    failed = failed_limits.find_failures(tables["pages"], limits)
    facts = collect_receipt_facts(entries, tables, closed, limits.own_limit("duplicate_page"), failed)
    return {"published": published, "receipts": write_slips.write_slips(store, facts)}


def settle_batches(work: str) -> Settled:
    """Write pending markers, delete inbox markers, delete expired pictures; tells which gates stayed closed."""
    from sohoa.slips import write_slips

    store = open_store()
    run = CheckRun(store, work)
    if run.is_settled:
        return {"settled": 0, "problems": []}
    entries = run.entries()
    closed = run.closed() if entries else {}
    settled = settle(store, entries, closed)
    write_slips.prune_slips(store, entries)
    clear_work(store, "check")
    return {"settled": settled, "problems": [f"{batch}: {'; '.join(why)}" for batch, why in sorted(closed.items())]}


def review(
    agency: str, document_id: str, decision: str, approver: str, reason: str, decided_at: datetime
) -> dict[str, Any]:
    """Record a decision about one scanned document; its dossier day is pending then, and its slip tells of it."""
    from sohoa.slips import write_slips

    store = open_store()
    decided = record_review.Review(agency, document_id, decision, approver, reason, decided_at)
    row = record_review.record_review(store, decided)
    write_slips.revise_slip(store, agency, row["batch"], row["scan_date"])
    return row


def check() -> Checked:
    """Do the whole of check_scan_batches in this process.

    Raises:
        WorkGone: another check has settled these batches meanwhile.
    """
    found = discover_batches()
    work = found["work"]
    admitted = admit_batches(work)
    for shard in plan_shards(work):
        measure_shard(shard["work"], shard["shard"])
    judged, published = judge_batches(work), publish_batches(work)
    run = CheckRun(open_store(), work)
    if found["markers"] and run.is_settled:
        raise run.gone()
    return {**found, **admitted, **judged, **published, **settle_batches(work)}
