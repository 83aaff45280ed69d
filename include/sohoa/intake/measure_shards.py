"""Measuring: the files of all admitted batches in shards of some minutes of work each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa

from sohoa import layout
from sohoa.enums import SEALED_KINDS
from sohoa.errors import ObjectMissing, ObjectTooLarge
from sohoa.intake.check_run import digest, work_key
from sohoa.intake.manifest import Manifest
from sohoa.pages.columns import ENGINE_VERSION
from sohoa.pages.guard.bounds import Limits
from sohoa.pages.guard.guard import Guard
from sohoa.schema import MEASURED, TABLES, VERDICT
from sohoa.store import Store

_THREADS = 2
PAGES = pa.schema(
    [*(field for field in TABLES["pages"] if field.name not in VERDICT.names), pa.field("sketch", pa.string())]
)
"""A page row before it is judged; tiles and references with their sketch."""


@dataclass(frozen=True)
class FileTask:
    """One file to measure, with what its manifest declares."""

    agency: str
    batch: str
    document_id: str
    kind: str
    content: str
    paper: str
    cover: str
    device_id: str
    role: str
    sheet: int | None
    file: str
    sha256: str
    bytes: int
    prefix: str


def file_tasks(manifest: Manifest) -> Iterator[FileTask]:
    """The files of a batch, in the manifest's order."""
    prefix = layout.batch_prefix(manifest.agency, manifest.scan_date, manifest.batch)
    for document in manifest.documents:
        for file in document.files:
            yield FileTask(
                agency=manifest.agency,
                batch=manifest.batch,
                document_id=document.document_id,
                kind=document.kind,
                content=document.content,
                paper=document.paper,
                cover=document.cover,
                device_id=manifest.device.id,
                role=file.role,
                sheet=file.sheet,
                file=file.path,
                sha256=file.sha256,
                bytes=file.bytes,
                prefix=prefix,
            )


def plan_shards(store: Store, work: str, tasks: list[FileTask]) -> list[dict[str, str]]:
    """Cut the files into shards of about ``settings.shard_bytes`` and write each down.

    Returns:
        One pointer a shard, for a mapped task: work, shard, label.
    """
    pointers = []
    for number, part in enumerate(_parts(tasks, store.settings.shard_bytes), start=1):
        rows = [asdict(task) for task in part]
        shard = f"{number:04d}-{digest([ENGINE_VERSION, rows])}"
        store.put_json(layout.WAREHOUSE, work_key(work, f"shards/{shard}.json"), rows)
        agencies = sorted({task.agency for task in part})
        label = f"{agencies[0]}…{agencies[-1]} · {len(part)} tệp (files)"
        pointers.append({"work": work, "shard": shard, "label": label})
    store.put_json(layout.WAREHOUSE, work_key(work, "shards.json"), [pointer["shard"] for pointer in pointers])
    return pointers


def _parts(tasks: list[FileTask], limit: int) -> Iterator[list[FileTask]]:
    part: list[FileTask] = []
    size = 0
    for task in tasks:
        if part and size + task.bytes > limit:
            yield part
            part, size = [], 0
        part.append(task)
        size += task.bytes
    if part:
        yield part


def measure_shard(store: Store, work: str, shard: str) -> int:
    """Measure the files of one shard; a shard measured before, by the same engine, is not measured again.

    Returns:
        Number of page rows written.
    """
    key = work_key(work, f"pages/{shard}.parquet")
    if store.stat(layout.WAREHOUSE, key) is not None:
        return int(store.get_parquet(key).num_rows)
    tasks = [FileTask(**row) for row in store.get_json(layout.WAREHOUSE, work_key(work, f"shards/{shard}.json"))]
    limits = Limits.of(store.settings)
    with Guard(limits, _THREADS) as guard, ThreadPoolExecutor(_THREADS) as pool:
        measured = pool.map(lambda task: measure_file_of(store, task, limits, guard), tasks)
        rows = [row for found in measured for row in found]
    store.put_parquet(key, page_table(rows))
    return len(rows)


def measure_file_of(store: Store, task: FileTask, limits: Limits, guard: Guard) -> list[dict[str, Any]]:
    """The page rows of one file; a file that is absent or has other bytes than declared is one row with ``error``."""
    declared = {name: value for name, value in asdict(task).items() if name in PAGES.names}
    try:
        data = store.get(layout.LANDING, task.prefix + task.file, limits.max_file_bytes)
    except ObjectMissing:
        return [
            _fault(declared, None, "missing: the file named in the manifest is not in the batch; send the batch again")
        ]
    except ObjectTooLarge as error:
        return [_fault(declared, None, f"too_large: {error}; split the file")]
    sha256 = hashlib.sha256(data).hexdigest()
    if sha256 != task.sha256:
        fault = f"hash_mismatch: {len(data)} bytes with another SHA-256 than the manifest says; send the file again"
        return [_fault(declared, {"sha256": sha256, "bytes": len(data)}, fault)]
    measured = guard.measure_bytes(data, task.file, task.kind in SEALED_KINDS, task.role != "page")
    return [declared | row for row in measured]


def _fault(declared: dict[str, Any], known: dict[str, Any] | None, error: str) -> dict[str, Any]:
    empty: dict[str, Any] = dict.fromkeys(MEASURED.names)
    return empty | declared | {"sha256": None, "bytes": None} | (known or {}) | {"page_no": 1, "error": error}


def page_table(rows: list[dict[str, Any]]) -> pa.Table:
    """Page rows as a table, before judging."""
    return pa.Table.from_pylist(rows, schema=PAGES)


def load_pages(store: Store, work: str) -> pa.Table:
    """All page rows that the shards of this run have measured, in the shards' order.

    A run that was killed and planned again may have left shards that are not in its plan any more.
    """
    planned = store.get_json(layout.WAREHOUSE, work_key(work, "shards.json"))
    parts = [store.get_parquet(work_key(work, f"pages/{shard}.parquet")) for shard in planned]
    return pa.concat_tables(parts) if parts else PAGES.empty_table()
