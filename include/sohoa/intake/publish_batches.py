"""From judged pages to tables, receipts and markers: the end of a check run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sohoa import layout
from sohoa.errors import ObjectMissing
from sohoa.intake.admission import read_manifest
from sohoa.intake.check_run import ADMITTED, OTHER_CONTENT, REFUSED, REPEATED, Entry
from sohoa.intake.earlier_pages import save_captures
from sohoa.intake.manifest import Manifest, parse_manifest
from sohoa.pages.columns import ENGINE_VERSION
from sohoa.schema import TABLES
from sohoa.store import Store

_THREADS = 8
Check = Callable[[dict[str, pa.Table]], dict[str, list[str]]]
"""A gate: tables of a run -> batch -> what is wrong with its rows (absent where nothing is)."""


def manifest_of(store: Store, entry: Entry) -> Manifest:
    """The manifest of an admitted entry, read again from its own version.

    Raises:
        ObjectMissing: that version is gone, because the entry has been settled meanwhile.
    """
    body = read_manifest(store, entry.marker, store.settings.max_manifest_bytes)
    if body is None:
        raise ObjectMissing(f"landing/{entry.marker.key} version {entry.marker.version_id} is gone")
    return parse_manifest(body)


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


def batch_table(
    entries: list[Entry],
    manifests: dict[str, Manifest],
    documents: pa.Table,
    thresholds_version: str,
    worst: Callable[[Iterable[str | None]], str | None],
) -> pa.Table:
    """One row an admitted or refused entry."""
    counts: dict[str, list[dict[str, Any]]] = defaultdict(list)
    names = ["batch", "is_received", "verdict", "pages_declared", "pages_found", "pages_accepted"]
    for row in documents.select(names).to_pylist():
        counts[row["batch"]].append(row)
    rows = []
    for entry in entries:
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
            row |= _admitted(manifests[entry.name], counts[entry.name], worst)
        else:
            detail = "; ".join(f"{p['where']}: {p['en']}" for p in entry.problems)
            row |= {"refusal": entry.code, "refusal_detail": detail or None}
        rows.append(row)
    return pa.Table.from_pylist(rows, schema=TABLES["batches"])


def _admitted(
    manifest: Manifest, documents: list[dict[str, Any]], worst: Callable[[Iterable[str | None]], str | None]
) -> dict[str, Any]:
    return {
        "operator": manifest.operator,
        "device_id": manifest.device.id,
        "device_model": manifest.device.model,
        "device_kind": manifest.device.kind,
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


def publish(store: Store, entries: list[Entry], tables: dict[str, pa.Table], closed: set[str]) -> int:
    """Write the tables of every entry whose gate is open; returns how many batches were written."""
    open_entries = [e for e in entries if e.status in {ADMITTED, REFUSED} and e.name not in closed]
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(lambda entry: _publish_batch(store, entry, tables), open_entries))
    return len(open_entries)


def _publish_batch(store: Store, entry: Entry, tables: dict[str, pa.Table]) -> None:
    if entry.status == ADMITTED:
        for table in ("pages", "documents"):
            store.write_table(table, entry.scan_date, entry.name, of_batch(tables[table], entry.name))
        save_captures(store, entry, *(of_batch(tables[table], entry.name) for table in ("documents", "pages")))
        for row in of_batch(tables["documents"], entry.name).to_pylist():
            known = {name: row[name] for name in ("batch", "dossier_key", "kind")}
            store.put_json(layout.WAREHOUSE, layout.document_key(row["agency"], row["document_id"]), known)
    store.write_table("batches", entry.scan_date, entry.name, of_batch(tables["batches"], entry.name))


def settle(store: Store, entries: list[Entry], closed: set[str]) -> int:
    """Pending marker in, manifest copied, that version of the inbox marker out; a closed batch keeps its marker."""
    done = [entry for entry in entries if entry.name not in closed]
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(lambda entry: _settle_entry(store, entry), done))
    return len(done)


def _settle_entry(store: Store, entry: Entry) -> None:
    marker = entry.marker
    if entry.status in {ADMITTED, OTHER_CONTENT}:
        # with other content under its id, the batch first committed may not have been settled before a kill
        pending = {"agency": marker.agency, "batch": entry.name, "scan_date": entry.scan_date.isoformat()}
        store.put_json(layout.WAREHOUSE, layout.pending_scan_key(marker.agency, entry.name), pending)
    if entry.status != REPEATED:
        target = layout.manifest_key(marker.agency, marker.batch, entry.sha256)
        store.copy((layout.LANDING, marker.key, marker.version_id), (layout.WAREHOUSE, target))
    store.delete(layout.LANDING, marker.key, marker.version_id)
