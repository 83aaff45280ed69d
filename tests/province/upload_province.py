"""A simulated province without images into a store, as if it had arrived and every batch had been judged."""

from __future__ import annotations

from pathlib import Path

from sohoa import layout
from sohoa.pending import PendingScan
from sohoa.store import Store


def upload_province(folder: Path, store: Store) -> int:
    """Upload what ``simulate`` wrote, and mark its documents as pending, one marker per scan day.

    Returns:
        How many objects there are, markers left out.
    """
    files = [(bucket, path) for bucket in layout.BUCKETS for path in (folder / bucket).rglob("*") if path.is_file()]
    store.each(lambda file: _put(store, folder, *file), files)
    days = (folder / layout.WAREHOUSE / layout.table_prefix("documents")).iterdir()
    store.each(lambda path: _mark(store, path.name.rpartition("=")[2]), days)
    return len(files)


def _put(store: Store, folder: Path, bucket: str, path: Path) -> None:
    store.put(bucket, path.relative_to(folder / bucket).as_posix(), path.read_bytes())


def _mark(store: Store, day: str) -> None:
    marker: PendingScan = {"kind": "scan", "batch": layout.DAY, "scan_date": day}
    store.put_json(layout.WAREHOUSE, layout.pending_scan_key("20", day), marker)
