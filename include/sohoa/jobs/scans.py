"""The tasks of check_scan_batches, and a person's decision about what was scanned."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow as pa

from sohoa import layout
from sohoa.intake import admission, captures, plan, publish, receipts, shards
from sohoa.intake.plan import ADMITTED, Entry, work_key
from sohoa.progress import reviews
from sohoa.quality import duplicates, failures, sheets, thresholds, verdicts
from sohoa.schema import TABLES
from sohoa.store import Store, open_store

JUDGED_TABLES = ("pages", "documents", "batches")


def discover_batches() -> dict[str, Any]:
    """List the inbox and write down what lies in it: work, markers."""
    store = open_store()
    markers = admission.discover_markers(store)
    return {"work": plan.save_markers(store, markers), "markers": len(markers)}


def admit_batches(work: str) -> dict[str, Any]:
    """Decide about each marker: how many are admitted, refused, repeated."""
    store = open_store()
    entries = admission.admit(store, plan.load_markers(store, work))
    plan.save_entries(store, work, entries)
    return {status: sum(entry.status == status for entry in entries) for status in plan.STATUSES}


def plan_shards(work: str) -> list[dict[str, str]]:
    """Cut the admitted files into shards: one pointer (work, shard, label) a mapped task."""
    store = open_store()
    manifests = _manifests(store, plan.load_entries(store, work))
    tasks = [task for manifest in manifests.values() for task in shards.file_tasks(manifest)]
    return shards.plan_shards(store, work, tasks)


def measure_shard(work: str, shard: str) -> dict[str, Any]:
    """Measure the pages of one shard."""
    return {"pages": shards.measure_shard(open_store(), work, shard)}


def judge_batches(work: str) -> dict[str, Any]:
    """Let Great Expectations judge every page, then documents and batches; close the gates that must close."""
    from sohoa.quality import gate

    store = open_store()
    entries = plan.load_entries(store, work)
    limits = thresholds.load_thresholds(store.settings.profile)
    manifests = _manifests(store, entries)
    declared = publish.declared_documents(manifests.values())
    pages = _compared(store, entries, declared, gate.judge_pages(shards.load_pages(store, work), limits))
    documents = verdicts.judge_documents(declared, pages, limits)
    kept = [entry for entry in entries if entry.status in {ADMITTED, plan.REFUSED}]
    batches = publish.batch_table(kept, manifests, documents, limits.version, verdicts.worst)
    tables = {"pages": pages, "documents": documents, "batches": batches}
    for name, rows in tables.items():
        store.put_parquet(work_key(work, f"judged/{name}.parquet"), rows)
    closed = _closed_batches(tables)
    store.put_json(layout.WAREHOUSE, work_key(work, "closed.json"), closed)
    return {name: rows.num_rows for name, rows in tables.items()} | {"closed": len(closed)}


def _compared(store: Store, entries: list[Entry], declared: pa.Table, pages: pa.Table) -> pa.Table:
    """The pages with what only others tell: earlier captures of the same sheet, tiles of the sheet of a reference."""
    days = store.settings.duplicate_days
    new = captures.list_captures(entries, declared, pages)
    values = {
        "twin": duplicates.find_twins(new, captures.load_earlier(store, entries, days), days),
        "uncovered_ratio": sheets.find_uncovered(pages),
    }
    for name, column in values.items():
        pages = pages.set_column(pages.column_names.index(name), TABLES["pages"].field(name), column)
    return pages.drop_columns("sketch")


def publish_batches(work: str) -> dict[str, Any]:
    """Write pages, documents and batches of every batch whose gate is open."""
    store = open_store()
    tables, closed = _judged(store, work)
    return {"batches": publish.publish(store, plan.load_entries(store, work), tables, set(closed))}


def write_receipts(work: str) -> dict[str, Any]:
    """Give every agency its receipts, and the slips with pictures of what to scan again."""
    from sohoa.report import slips

    store = open_store()
    tables, closed = _judged(store, work)
    limits = thresholds.load_thresholds(store.settings.profile)
    failed = failures.find_failures(tables["pages"], limits)
    entries = plan.load_entries(store, work)
    told = receipts.gather(entries, tables, closed, limits.own_limit("duplicate_page"), failed)
    return {"receipts": slips.write_slips(store, told)}


def settle_batches(work: str) -> dict[str, Any]:
    """Pending markers in, inbox markers out, old pictures away; tells which gates stayed closed."""
    from sohoa.report import slips

    store = open_store()
    entries = plan.load_entries(store, work)
    if not entries:
        return {"settled": 0, "closed": []}
    closed = store.get_json(layout.WAREHOUSE, work_key(work, "closed.json"))
    settled = publish.settle(store, entries, set(closed))
    slips.prune_slips(store, entries)
    plan.clean_up(store)
    return {"settled": settled, "closed": [f"{batch}: {'; '.join(why)}" for batch, why in sorted(closed.items())]}


def _manifests(store: Store, entries: list[Entry]) -> dict[str, Any]:
    return {entry.name: publish.manifest_of(store, entry) for entry in entries if entry.status == ADMITTED}


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
    from sohoa.report import slips

    store = open_store()
    decided = reviews.Review(agency, document_id, decision, approver, reason, decided_at)
    row = reviews.record_review(store, decided)
    slips.revise_slip(store, agency, row["batch"], row["scan_date"])
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
