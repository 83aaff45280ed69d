"""The tasks of check_scan_batches, and a person's decision about what was scanned."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow as pa

from sohoa import layout
from sohoa.counting import record_review
from sohoa.intake import admission, check_run, earlier_pages, measure_shards
from sohoa.intake import publish_batches as publishing
from sohoa.intake.check_run import ADMITTED, Entry, work_key
from sohoa.quality import duplicate_pages, failed_limits, thresholds, tile_coverage, verdicts
from sohoa.schema import TABLES
from sohoa.slips.receipt_facts import collect_receipt_facts
from sohoa.store import Store, open_store

JUDGED_TABLES = ("pages", "documents", "batches")


def discover_batches() -> dict[str, Any]:
    """List the inbox and write down what lies in it: work, markers."""
    store = open_store()
    markers = admission.discover_markers(store)
    return {"work": check_run.save_markers(store, markers), "markers": len(markers)}


def admit_batches(work: str) -> dict[str, Any]:
    """Decide about each marker: how many are admitted, refused, repeated."""
    store = open_store()
    entries = admission.admit(store, check_run.load_markers(store, work))
    check_run.save_entries(store, work, entries)
    return {status: sum(entry.status == status for entry in entries) for status in check_run.STATUSES}


def plan_shards(work: str) -> list[dict[str, str]]:
    """Cut the admitted files into shards: one pointer (work, shard, label) a mapped task."""
    store = open_store()
    manifests = _manifests(store, check_run.load_entries(store, work))
    tasks = [task for manifest in manifests.values() for task in measure_shards.file_tasks(manifest)]
    return measure_shards.plan_shards(store, work, tasks)


def measure_shard(work: str, shard: str) -> dict[str, Any]:
    """Measure the pages of one shard."""
    return {"pages": measure_shards.measure_shard(open_store(), work, shard)}


def judge_batches(work: str) -> dict[str, Any]:
    """Let Great Expectations judge every page, then documents and batches; close the gates that must close."""
    from sohoa.quality import gate

    store = open_store()
    entries = check_run.load_entries(store, work)
    limits = thresholds.load_thresholds(store.settings.profile)
    manifests = _manifests(store, entries)
    declared = publishing.declared_documents(manifests.values())
    pages = _compared(store, entries, declared, gate.judge_pages(measure_shards.load_pages(store, work), limits))
    documents = verdicts.judge_documents(declared, pages, limits)
    kept = [entry for entry in entries if entry.status in {ADMITTED, check_run.REFUSED}]
    batches = publishing.batch_table(kept, manifests, documents, limits.version, verdicts.worst)
    tables = {"pages": pages, "documents": documents, "batches": batches}
    for name, rows in tables.items():
        store.put_parquet(work_key(work, f"judged/{name}.parquet"), rows)
    closed = _closed_batches(tables)
    store.put_json(layout.WAREHOUSE, work_key(work, "closed.json"), closed)
    return {name: rows.num_rows for name, rows in tables.items()} | {"closed": len(closed)}


def _compared(store: Store, entries: list[Entry], declared: pa.Table, pages: pa.Table) -> pa.Table:
    """The pages with what only others tell: earlier captures of the same sheet, tiles of the sheet of a reference."""
    days = store.settings.duplicate_days
    new = earlier_pages.list_captures(entries, declared, pages)
    values = {
        "twin": duplicate_pages.find_twins(new, earlier_pages.load_earlier(store, entries, days), days),
        "uncovered_ratio": tile_coverage.find_uncovered(pages),
    }
    for name, column in values.items():
        pages = pages.set_column(pages.column_names.index(name), TABLES["pages"].field(name), column)
    return pages.drop_columns("sketch")


def publish_batches(work: str) -> dict[str, Any]:
    """Write pages, documents and batches of every batch whose gate is open."""
    store = open_store()
    tables, closed = _judged(store, work)
    return {"batches": publishing.publish(store, check_run.load_entries(store, work), tables, set(closed))}


def write_receipts(work: str) -> dict[str, Any]:
    """Give every agency its receipts, and the slips with pictures of what to scan again."""
    from sohoa.slips import write_slips

    store = open_store()
    tables, closed = _judged(store, work)
    limits = thresholds.load_thresholds(store.settings.profile)
    failed = failed_limits.find_failures(tables["pages"], limits)
    entries = check_run.load_entries(store, work)
    facts = collect_receipt_facts(entries, tables, closed, limits.own_limit("duplicate_page"), failed)
    return {"receipts": write_slips.write_slips(store, facts)}


def settle_batches(work: str) -> dict[str, Any]:
    """Pending markers in, inbox markers out, old pictures away; tells which gates stayed closed."""
    from sohoa.slips import write_slips

    store = open_store()
    entries = check_run.load_entries(store, work)
    if not entries:
        return {"settled": 0, "closed": []}
    closed = store.get_json(layout.WAREHOUSE, work_key(work, "closed.json"))
    settled = publishing.settle(store, entries, set(closed))
    write_slips.prune_slips(store, entries)
    check_run.clean_up(store)
    return {"settled": settled, "closed": [f"{batch}: {'; '.join(why)}" for batch, why in sorted(closed.items())]}


def _manifests(store: Store, entries: list[Entry]) -> dict[str, Any]:
    return {entry.name: publishing.manifest_of(store, entry) for entry in entries if entry.status == ADMITTED}


def _judged(store: Store, work: str) -> tuple[dict[str, pa.Table], dict[str, list[str]]]:
    tables = {name: store.get_parquet(work_key(work, f"judged/{name}.parquet")) for name in JUDGED_TABLES}
    return tables, store.get_json(layout.WAREHOUSE, work_key(work, "closed.json"))


def _closed_batches(tables: dict[str, pa.Table]) -> dict[str, list[str]]:
    from sohoa.quality import gate

    closed: dict[str, list[str]] = {}
    for name, rows in tables.items():
        for violation in gate.check_rows(name, rows):
            for batch in sorted({str(row["batch"]) for row in violation.rows}):
                closed.setdefault(batch, []).append(f"{name}: {violation.message}")
    return closed


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


def check() -> dict[str, Any]:
    """The whole of check_scan_batches in this process."""
    found = discover_batches()
    work = found["work"]
    if not found["markers"]:
        return found
    counts = found | admit_batches(work)
    for pointer in plan_shards(work):
        measure_shard(pointer["work"], pointer["shard"])
    counts |= judge_batches(work) | publish_batches(work) | write_receipts(work)
    return counts | settle_batches(work)
