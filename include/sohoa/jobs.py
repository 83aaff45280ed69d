"""One function a task. The DAGs and the command line call these and nothing deeper.

Every job may be killed and run again: what it writes depends on its input alone, and the markers that say what there
is to do are deleted last. Great Expectations costs seconds to import, so only the jobs that judge import it.
"""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sohoa import layout, registry
from sohoa.errors import GateClosed
from sohoa.intake import admission, captures, feeds, plan, publish, receipts, shards
from sohoa.intake.plan import ADMITTED, Entry, work_key
from sohoa.progress import summaries
from sohoa.quality import duplicates, sheets, thresholds, verdicts
from sohoa.schema import TABLES
from sohoa.store import Store, open_store, with_path_key

JUDGED_TABLES = ("pages", "documents", "batches")


# check_scan_batches


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
    """Give every agency its receipts."""
    store = open_store()
    tables, closed = _judged(store, work)
    bits = thresholds.load_thresholds(store.settings.profile).own_limit("duplicate_page")
    return {"receipts": receipts.write_receipts(store, plan.load_entries(store, work), tables, set(closed), bits)}


def settle_batches(work: str) -> dict[str, Any]:
    """Pending markers in, inbox markers out; tells which gates stayed closed."""
    store = open_store()
    entries = plan.load_entries(store, work)
    if not entries:
        return {"settled": 0, "closed": []}
    closed = store.get_json(layout.WAREHOUSE, work_key(work, "closed.json"))
    settled = publish.settle(store, entries, set(closed))
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


# import_feeds


def discover_feeds() -> dict[str, Any]:
    """List the feed files that are new or changed: work, files."""
    return feeds.discover_feeds(open_store())


def import_feed_files(work: str) -> dict[str, Any]:
    """Merge the feed files into the tables of source rows."""
    return feeds.import_feed_files(open_store(), work)


def settle_feeds(work: str) -> dict[str, Any]:
    """Mark the files as imported; tells which have too many unusable rows."""
    return feeds.settle_feeds(open_store(), work)


# summarise_progress


def take_pending() -> dict[str, Any]:
    """Write down which days the pending markers touch: work, markers."""
    return summaries.take_pending(open_store())


def summarise_dossiers(work: str) -> dict[str, Any]:
    """Join register and documents for each dossier day touched."""
    return summaries.summarise_dossiers(open_store(), work)


def summarise_progress(work: str) -> dict[str, Any]:
    """Count each dossier day touched; a day that breaks an invariant is not written."""
    return summaries.summarise_progress(open_store(), work, check_progress)


def summarise_quality(work: str) -> dict[str, Any]:
    """Count the defects of each scan day touched."""
    store = open_store()
    limits = thresholds.load_thresholds(store.settings.profile)
    return summaries.summarise_quality(store, work, limits.judged_columns())


def settle_summaries(work: str) -> dict[str, Any]:
    """Delete the markers taken; tells which days' gates stayed closed."""
    return summaries.settle_summaries(open_store(), work)


def check_progress(rows: dict[date, pa.Table], dossiers: dict[date, pa.Table]) -> dict[date, list[str]]:
    """What is wrong with the progress rows of some days; a day whose gate is open is absent."""
    from sohoa.quality import gate

    leaves = {
        (day, code) for day, table in dossiers.items() for code in pc.unique(table["unit_code"]).to_pylist() if code
    }
    parents = {place: above for leaf in sorted(leaves) for place, above in _parents(*leaf)}
    whole = pa.concat_tables([with_path_key("progress_daily", table, day) for day, table in rows.items()])
    closed: dict[date, list[str]] = {}
    for violation in gate.check_rows("progress_daily", whole, parents, leaves):
        for day in sorted({row["dossier_date"] for row in violation.rows}):
            closed.setdefault(day, []).append(violation.message)
    return closed


def _parents(day: date, code: str) -> list[tuple[tuple[date, str], str]]:
    line = (code, *registry.ancestors(code, day))
    return [((day, unit), above) for unit, above in pairwise(line)]


# all of them


def report_closed(closed: list[str]) -> None:
    """Fail visibly where a gate stayed closed; everything else has been written by then.

    Raises:
        GateClosed: names the rows.
    """
    if closed:
        raise GateClosed(f"{len(closed)} closed: " + " | ".join(closed[:20]))


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


def import_all() -> dict[str, Any]:
    """The whole of import_feeds in this process."""
    found = discover_feeds()
    if not found["files"]:
        return found
    return found | import_feed_files(found["work"]) | settle_feeds(found["work"])


def summarise() -> dict[str, Any]:
    """The whole of summarise_progress in this process."""
    found = take_pending()
    if not found["markers"]:
        return found
    work = found["work"]
    counts = found | summarise_dossiers(work) | summarise_progress(work) | summarise_quality(work)
    return counts | settle_summaries(work)
