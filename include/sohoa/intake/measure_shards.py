"""Measuring: the files of all admitted batches in shards of some minutes of work each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import Any

import pyarrow as pa

from sohoa import layout
from sohoa.enums import SEALED_KINDS
from sohoa.errors import ObjectMissing, ObjectTooLarge
from sohoa.intake.check_run import CheckRun, Shard
from sohoa.intake.manifest import Manifest
from sohoa.logs import get_logger, seconds_since
from sohoa.pages.guard.bounds import FileBounds
from sohoa.pages.guard.guard import Guard
from sohoa.pages.page_row import ENGINE_VERSION
from sohoa.schema import MEASURED, TABLES, VERDICT
from sohoa.store import Store
from sohoa.work import digest

log = get_logger(__name__)
_PROCESSES = 2
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


def _file_tasks(manifest: Manifest) -> Iterator[FileTask]:
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


def declared_files(manifests: Iterable[Manifest]) -> pa.Table:
    """One row per file to measure, the fields of ``FileTask``."""
    return pa.Table.from_pylist([asdict(task) for manifest in manifests for task in _file_tasks(manifest)])


def cut_shards(run: CheckRun, files: pa.Table, shard_bytes: int) -> list[Shard]:
    """Cut files, rows of ``declared_files``, into shards of about ``shard_bytes`` and write each down."""
    tasks = [FileTask(**row) for row in files.to_pylist()]
    shards = [_save_shard(run, number, part) for number, part in enumerate(_parts(tasks, shard_bytes), start=1)]
    run.save_plan([shard["shard"] for shard in shards])
    return shards


def _save_shard(run: CheckRun, number: int, part: list[FileTask]) -> Shard:
    rows = [asdict(task) for task in part]
    shard = f"{number:04d}-{digest([ENGINE_VERSION, rows])}"
    run.save_shard(shard, rows)
    agencies = sorted({task.agency for task in part})
    return {"work": run.name, "shard": shard, "label": f"{agencies[0]}…{agencies[-1]} · {len(part)} tệp (files)"}


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


def measure_files(store: Store, run: CheckRun, shard: str) -> int:
    """Measure the files of one shard; a shard measured before, by the same engine, is not measured again.

    Returns:
        Number of page rows written.
    """
    pages = run.pages(shard)
    if pages is None:
        pages = page_table(_measure(store, [FileTask(**row) for row in run.shard(shard)]))
        run.save_pages(shard, pages)
    return len(pages)


def _measure(store: Store, tasks: list[FileTask]) -> list[dict[str, Any]]:
    start, limits = perf_counter(), FileBounds.of(store.settings)
    # a file in memory for each guarded process, and no more
    with Guard(limits, _PROCESSES) as guard, ThreadPoolExecutor(_PROCESSES) as pool:
        measured = pool.map(lambda task: measure_file_of(store, task, limits, guard), tasks)
        rows = [row for found in measured for row in found]
    log.info("shard_measured", files=len(tasks), pages=len(rows), seconds=seconds_since(start))
    return rows


def measure_file_of(store: Store, task: FileTask, limits: FileBounds, guard: Guard) -> list[dict[str, Any]]:
    """The page rows of one file; a file that is absent or has other bytes than declared is one row with ``error``."""
    declared = {name: value for name, value in asdict(task).items() if name in PAGES.names}
    try:
        data = store.get_spelled(layout.LANDING, task.prefix + task.file, limits.max_file_bytes)
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


def load_pages(run: CheckRun) -> pa.Table:
    """All page rows that the shards of this run have measured, in the shards' order."""
    parts = run.measured()
    return pa.concat_tables(parts) if parts else PAGES.empty_table()
