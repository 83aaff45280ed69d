"""From judged pages to tables and markers: the end of a check run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from time import perf_counter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sohoa import layout
from sohoa.errors import ObjectRefused
from sohoa.intake.check_run import ADMITTED, REFUSED, REPEATED, CheckRun, Entry, clear_owed_markers
from sohoa.intake.earlier_pages import save_captures
from sohoa.intake.manifest import Manifest
from sohoa.intake.measured_pages import forget_measured
from sohoa.known_documents import KnownDocument, save_documents
from sohoa.logs import get_logger, seconds_since
from sohoa.pages.page_row import ENGINE_VERSION
from sohoa.pending import mark_scan
from sohoa.schema import TABLES
from sohoa.store import Store

log = get_logger(__name__)


def declared_documents(manifests: Iterable[Manifest]) -> pa.Table:
    """Document rows with what the manifests declare; what the pages tell is null."""
    rows = []
    for manifest in manifests:
        for document in manifest.documents:
            rows.append(
                document.model_dump(include=set(TABLES["documents"].names))
                | {
                    "agency": manifest.agency,
                    "batch": manifest.batch,
                    "dossier_key": document.dossier_key,
                    "device_id": manifest.device.id,
                    "operator": manifest.operator,
                    "operator_org": manifest.operator_org,
                    "pages_declared": document.pages_declared,
                    "note_pages": len(document.note_pages),
                }
            )
    return pa.Table.from_pylist(rows, schema=TABLES["documents"])


def declared_batches(manifests: Iterable[Manifest]) -> pa.Table:
    """Batch rows with what the manifests declare; all else is null."""
    rows = [
        {
            "agency": manifest.agency,
            "batch": manifest.batch,
            "operator": manifest.operator,
            "device_id": manifest.device.id,
            "device_model": manifest.device.model,
            "device_kind": manifest.device.kind,
        }
        for manifest in manifests
    ]
    return pa.Table.from_pylist(rows, schema=TABLES["batches"])


def batch_table(
    entries: Iterable[Entry],
    declared: pa.Table,
    documents: pa.Table,
    thresholds_version: str,
    worst: Callable[[Iterable[str | None]], str | None],
) -> pa.Table:
    """Batch rows of the admitted and refused entries.

    Args:
        entries: what was decided about each marker.
        declared: rows of ``declared_batches``.
        documents: judged documents.
        thresholds_version: version of the limits by which they were judged.
        worst: the worst of some verdicts.
    """
    by_batch = {row["batch"]: row for row in declared.to_pylist()}
    counts: dict[str, list[dict[str, Any]]] = defaultdict(list)
    names = ["batch", "is_received", "verdict", "pages_declared", "pages_found", "pages_accepted"]
    for row in documents.select(names).to_pylist():
        counts[row["batch"]].append(row)
    rows = []
    for entry in entries:
        if entry.status not in {ADMITTED, REFUSED}:
            continue
        row = {
            "agency": entry.marker.agency,
            "batch": entry.name,
            "manifest_sha256": entry.sha256,
            "manifest_etag": entry.marker.etag,
            "received_at": entry.marker.received.replace(tzinfo=None),
            "engine_version": ENGINE_VERSION,
            "thresholds_version": thresholds_version,
        }
        if entry.status == ADMITTED:
            rows.append(by_batch[entry.name] | row | _count(counts[entry.name], worst))
        else:
            detail = "; ".join(f"{p['where']}: {p['en']}" for p in entry.problems)
            rows.append(row | {"refusal": entry.code, "refusal_detail": detail or None})
    return pa.Table.from_pylist(rows, schema=TABLES["batches"])


def _count(documents: list[dict[str, Any]], worst: Callable[[Iterable[str | None]], str | None]) -> dict[str, Any]:
    return {
        "documents_declared": len(documents),
        "documents_received": sum(row["is_received"] for row in documents),
        "documents_accepted": sum(row["verdict"] == "accepted" for row in documents),
        "pages_declared": sum(row["pages_declared"] for row in documents),
        "pages_found": sum(row["pages_found"] for row in documents),
        "pages_accepted": sum(row["pages_accepted"] for row in documents),
        "verdict": worst(row["verdict"] for row in documents),
    }


def of_batch(rows: pa.Table, batch: str) -> pa.Table:
    """The rows of one batch."""
    return rows.filter(pc.equal(rows["batch"], batch))


def publish(store: Store, entries: Iterable[Entry], tables: dict[str, pa.Table]) -> int:
    """Write the tables of these entries.

    Returns:
        Number of batches written.
    """
    written = [entry for entry in entries if entry.status in {ADMITTED, REFUSED}]
    store.each(lambda entry: _publish_batch(store, entry, tables), written)
    known: dict[str, list[KnownDocument]] = defaultdict(list)
    names = pa.array([entry.name for entry in written], pa.string())
    for row in tables["documents"].filter(pc.is_in(tables["documents"]["batch"], names)).to_pylist():
        known[row["agency"]].append(KnownDocument(row["document_id"], row["batch"], row["dossier_key"], row["kind"]))
    store.each(lambda agency: save_documents(store, agency, known[agency]), sorted(known))
    return len(written)


def _publish_batch(store: Store, entry: Entry, tables: dict[str, pa.Table]) -> None:
    start = perf_counter()
    pages, documents, batches = (of_batch(tables[table], entry.name) for table in ("pages", "documents", "batches"))
    if entry.status == ADMITTED:
        store.write_table("pages", entry.scan_date, entry.name, pages)
        store.write_table("documents", entry.scan_date, entry.name, documents)
        save_captures(store, entry, documents, pages)
    store.write_table("batches", entry.scan_date, entry.name, batches)
    log.info(
        "batch_published",
        agency=entry.marker.agency,
        batch=entry.name,
        status=entry.status,
        documents=len(documents),
        pages=len(pages),
        seconds=seconds_since(start),
    )


def settle(store: Store, run: CheckRun, entries: list[Entry], waiting: Collection[str]) -> list[str]:
    """Write pending markers, keep manifests and delete those versions of the inbox markers.

    Args:
        store: the store.
        run: the run.
        entries: what is done.
        waiting: agencies of which batches wait: what is owed of them stays owed.

    Returns:
        A line for each marker that the store does not let go of.
    """
    problems = store.each(lambda entry: _settle_entry(store, run, entry), entries)
    forget_measured(store)
    clear_owed_markers(store, entries, waiting)
    return [problem for problem in problems if problem is not None]


def _settle_entry(store: Store, run: CheckRun, entry: Entry) -> str | None:
    marker = entry.marker
    if entry.status == ADMITTED:
        mark_scan(store, marker.agency, entry.name, entry.scan_date)
    if entry.status != REPEATED and entry.has_copy:
        key = layout.manifest_key(marker.agency, marker.batch, entry.sha256)
        store.put(layout.WAREHOUSE, key, run.manifest_body(entry), "application/json; charset=utf-8")
    try:
        store.delete(layout.LANDING, marker.key, marker.version_id)
    except ObjectRefused as error:
        return f"{entry.name}: {error}"
    return None
