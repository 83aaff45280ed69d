"""A simulated province without images into a store, as if it had arrived and every batch had been judged."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sohoa import layout
from sohoa.known_documents import SCHEMA, KnownDocument, save_documents
from sohoa.pending import PendingScan
from sohoa.store import Store


def upload_province(folder: Path, store: Store) -> int:
    """Upload what ``simulate`` wrote, keep its document ids, and mark them as pending, one marker per scan day.

    Returns:
        How many objects ``simulate`` wrote.
    """
    files = [(bucket, path) for bucket in layout.BUCKETS for path in (folder / bucket).rglob("*") if path.is_file()]
    store.each(lambda file: _put(store, folder, *file), files)
    documents = folder / layout.WAREHOUSE / layout.table_prefix("documents")
    keep_ids(store, pq.read_table(documents, columns=["agency", *SCHEMA.names]))
    store.each(lambda path: _mark(store, path.name.rpartition("=")[2]), documents.iterdir())
    return len(files)


def keep_ids(store: Store, documents: pa.Table) -> None:
    """Keep the ids of these documents as a check does."""
    known: dict[str, list[KnownDocument]] = defaultdict(list)
    for row in documents.select(["agency", *SCHEMA.names]).to_pylist():
        known[row.pop("agency")].append(KnownDocument(**row))
    store.each(lambda agency: save_documents(store, agency, known[agency]), sorted(known))


def _put(store: Store, folder: Path, bucket: str, path: Path) -> None:
    store.put(bucket, path.relative_to(folder / bucket).as_posix(), path.read_bytes())


def _mark(store: Store, day: str) -> None:
    marker: PendingScan = {"kind": "scan", "batch": layout.DAY, "scan_date": day}
    store.put_json(layout.WAREHOUSE, layout.pending_scan_key("20", day), marker)
