"""Measuring: the files of all admitted batches in shards of some minutes of work each."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from functools import partial
from itertools import groupby
from threading import Lock
from time import perf_counter
from typing import Any
from unicodedata import normalize

from sohoa import layout
from sohoa.enums import SEALED_KINDS
from sohoa.errors import ObjectMissing, ObjectRefused, ObjectTooLarge
from sohoa.intake.check_run import ADMITTED, CheckRun, Entry, Shard, ShardPlan
from sohoa.intake.manifest import MAX_FILES, Manifest
from sohoa.intake.measured_pages import PAGES, MeasuredParts, page_table, part_key
from sohoa.logs import get_logger, seconds_since
from sohoa.pages.guard.bounds import FileBounds
from sohoa.pages.guard.guard import Guard
from sohoa.pages.page_row import ENGINE_VERSION
from sohoa.schema import MEASURED
from sohoa.settings import Settings
from sohoa.store import Store
from sohoa.work import Attempts, digest

log = get_logger(__name__)
_PROCESSES = 2
_MAX_SHARDS = 1_000
"""Airflow maps a task over 1,024 items at most."""
_STEP = "measure/"
_FILES_AT_THEIR_LIMIT = 3
"""Files that may use all of their time in a batch, where it has no other time: the rest of it is given up."""
_LONG = 0.5
"""Share of the time that a file may use: the batch of one that takes more is measured one file at a time."""
_MAX_DEATHS = 2
"""A file at which that many tasks died, with nothing else at work, is not tried again."""
_SAVED_EVERY = 15.0
"""Seconds after which measured rows are written: what a killed task loses."""
_MB = 1_000_000


@dataclass(frozen=True)
class FileTask:
    """One file to measure, with what its manifest declares, and how large the store says that it is."""

    agency: str
    batch: str
    document_id: str
    kind: str
    content: str
    paper: str
    cover: str
    device_id: str
    device_kind: str
    role: str
    sheet: int | None
    file: str
    sha256: str
    bytes: int
    prefix: str
    stored_bytes: int
    entry: str


def _file_tasks(manifest: Manifest, entry: Entry, sizes: Mapping[str, int]) -> Iterator[FileTask]:
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
                device_kind=manifest.device.kind,
                role=file.role,
                sheet=file.sheet,
                file=file.path,
                sha256=file.sha256,
                bytes=file.bytes,
                prefix=prefix,
                stored_bytes=sizes.get(normalize("NFC", file.path), 0),
                entry=entry.id,
            )


def plan_shards(store: Store, run: CheckRun) -> list[Shard]:
    """Cut the files that have not been measured yet into shards and write each down.

    Batches at which a task died before come last, in shards of their own.
    """
    entries = [entry for entry in run.entries() if entry.status == ADMITTED]
    measured, died = MeasuredParts.of_all(store), _died_before(store)
    found = store.each(partial(_tasks_of, store, run, measured), entries)
    calm = [task for tasks in found for task in tasks if task.entry not in died]
    suspect = [task for tasks in found for task in tasks if task.entry in died]
    parts = [(part, False) for part in _cut(calm, store.settings)]
    parts += [(list(tasks), True) for _, tasks in groupby(suspect, lambda task: task.entry)]
    shares = _shares([part for part, _ in parts], store.settings.share_seconds)
    shards = [
        _save_shard(run, number, part, shares, died if is_suspect else None)
        for number, (part, is_suspect) in enumerate(parts, start=1)
    ]
    store.delete_prefix(layout.WAREHOUSE, layout.attempts_prefix(_STEP))  # what they tell stands in the plans now
    return shards


def _tasks_of(store: Store, run: CheckRun, measured: MeasuredParts, entry: Entry) -> list[FileTask]:
    """The files of a batch that have no rows yet, with their sizes as the store lists them: 0 where it lists none.

    A manifest's word makes no work. Of a folder of many more objects than the manifest names, the first are listed.
    """
    manifest, done = run.manifest(entry), set(measured.load(store, entry)["file"].to_pylist())
    prefix = layout.batch_prefix(manifest.agency, manifest.scan_date, manifest.batch)
    count = sum(len(document.files) for document in manifest.documents)
    listed = store.list_objects(layout.LANDING, prefix, most=2 * count + MAX_FILES) if count else ()
    sizes = {normalize("NFC", info.key.removeprefix(prefix)): info.size for info in listed}
    return [task for task in _file_tasks(manifest, entry, sizes) if task.file not in done]


def _died_before(store: Store) -> dict[str, dict[str, int]]:
    """Entry at whose files tasks of earlier shards died -> file -> how many, with nothing else at work."""
    died: dict[str, dict[str, int]] = {}
    for info in store.list_objects(layout.WAREHOUSE, layout.attempts_prefix(_STEP)):
        for name, count in Attempts(store, layout.attempts_step(info.key)).deaths.items():
            entry, _, file = name.partition(" ")
            known = died.setdefault(entry, {})
            known[file] = known.get(file, 0) + (count if file else 0)
    return died


def _cut(tasks: list[FileTask], settings: Settings) -> Iterator[list[FileTask]]:
    """Cut into parts of about ``shard_bytes`` and ``shard_files``, larger ones where there would be too many."""
    most_bytes = max(settings.shard_bytes, sum(task.stored_bytes for task in tasks) * 3 // _MAX_SHARDS)
    most_files = max(settings.shard_files, len(tasks) * 3 // _MAX_SHARDS)
    part: list[FileTask] = []
    size = 0
    for task in tasks:
        if part and (size + task.stored_bytes > most_bytes or len(part) == most_files):
            yield part
            part, size = [], 0
        part.append(task)
        size += task.stored_bytes
    if part:
        yield part


def _shares(parts: list[list[FileTask]], seconds: int) -> dict[str, float]:
    """The CPU seconds that an agency may use in each of the shards that hold files of it."""
    shards: dict[str, int] = defaultdict(int)
    for part in parts:
        for agency in {task.agency for task in part}:
            shards[agency] += 1
    return {agency: seconds / count for agency, count in shards.items()}


def _save_shard(
    run: CheckRun,
    number: int,
    part: list[FileTask],
    shares: Mapping[str, float],
    died: Mapping[str, Mapping[str, int]] | None,
) -> Shard:
    files, agencies = [asdict(task) for task in part], sorted({task.agency for task in part})
    deaths = {f"{entry} {file}": count for entry, found in (died or {}).items() for file, count in found.items()}
    own = {task.entry for task in part}
    plan: ShardPlan = {
        "files": files,
        "seconds": {agency: shares[agency] for agency in agencies},
        "is_suspect": died is not None,
        "deaths": {name: count for name, count in deaths.items() if name.partition(" ")[0] in own},
    }
    shard = f"{number:04d}-{digest([ENGINE_VERSION, files])}"
    run.save_shard(shard, plan)
    return {"work": run.name, "shard": shard, "label": f"{agencies[0]}…{agencies[-1]} · {len(part)} tệp (files)"}


def open_guard(store: Store) -> Guard:
    """Return the processes that measure, not started yet."""
    return Guard(FileBounds.of(store.settings), _PROCESSES)


def measure_files(store: Store, run: CheckRun, shard: str, guard: Guard) -> int:
    """Measure the files of one shard that have no rows yet; the rows are written as they come.

    Where a task died at this shard before, one file at a time: one at which it dies again is told as not measured.

    Args:
        store: where the files and their rows lie.
        run: the check.
        shard: name of the shard.
        guard: as of ``open_guard``.

    Returns:
        Number of page rows written.
    """
    plan, attempts, start = run.shard(shard), Attempts(store, _STEP + shard), perf_counter()
    tasks = [FileTask(**row) for row in plan["files"]]
    attempts.deaths.update(plan["deaths"])
    entries = {entry.id: entry for entry in run.entries()}
    is_suspect = plan["is_suspect"] or bool(attempts.deaths)
    if is_suspect:
        parts, names = MeasuredParts.of_all(store), {task.entry for task in tasks}
        done = {(name, file) for name in names for file in parts.load(store, entries[name])["file"].to_pylist()}
        tasks = [task for task in tasks if (task.entry, task.file) not in done]
        log.warning("shard_begun_before", shard=shard, files=len(tasks))
    writer, budget = _Writer(store, shard, entries), _Budget(store.settings, tasks, plan["seconds"])
    measure = partial(_measure_in_time, store, budget, FileBounds.of(store.settings), guard)
    if is_suspect:
        for task in tasks:
            writer.add(task, _measure_alone(attempts, measure, task))
            writer.save()
    else:
        with attempts.at_work({task.entry for task in tasks}), ThreadPoolExecutor(_PROCESSES) as pool:
            for task, rows in zip(tasks, pool.map(measure, tasks), strict=True):
                writer.add(task, rows)
            writer.save()
    attempts.clear()
    log.info("shard_measured", files=len(tasks), pages=writer.pages, seconds=seconds_since(start))
    return writer.pages


def _measure_alone(attempts: Attempts, measure: Any, task: FileTask) -> list[dict[str, Any]] | None:
    name = f"{task.entry} {task.file}"
    if attempts.deaths[name] >= _MAX_DEATHS:
        log.error("file_not_measured", agency=task.agency, batch=task.batch, file=task.file)
        return [
            _fault(_declared(task), None, "not_measured: measuring it was cut off each time; send it as another file")
        ]
    with attempts.at_work([name]):
        rows: list[dict[str, Any]] | None = measure(task)
    return rows


class _Budget:
    """The CPU time that the batches and agencies of a shard may use."""

    def __init__(self, settings: Settings, tasks: Iterable[FileTask], seconds: Mapping[str, float]) -> None:
        self._settings, self._of_agency = settings, dict(seconds)
        floor = min(settings.batch_seconds, _FILES_AT_THEIR_LIMIT * settings.max_file_seconds)
        self._of_batch: dict[str, float] = defaultdict(lambda: floor)
        for task in tasks:
            self._of_batch[task.entry] += settings.batch_seconds_per_mb * task.stored_bytes / _MB
        self._turns: dict[str, Lock] = {}

    def turn(self, task: FileTask) -> AbstractContextManager[object]:
        """Wait for the other files of a batch of which one took long: the next may take as long, past what is left."""
        return self._turns.get(task.entry, nullcontext())

    def is_used_up(self, task: FileTask) -> bool:
        """Whether the batch of a file has used its time; if a file took long, all but what one page is given."""
        least = self._settings.batch_seconds_per_page if task.entry in self._turns else 0.0
        return self._of_batch[task.entry] <= least

    def is_to_wait(self, task: FileTask) -> bool:
        """Whether the agency of a file has used its share of this run."""
        return self._of_agency[task.agency] <= 0

    def use(self, task: FileTask, seconds: float, pages: int) -> None:
        """Count what a file has cost, and the pages measured for it; threads may count at once, a little too little."""
        self._of_agency[task.agency] -= seconds
        self._of_batch[task.entry] += pages * self._settings.batch_seconds_per_page - seconds
        if seconds > _LONG * self._settings.max_file_seconds:
            self._turns.setdefault(task.entry, Lock())


class _Writer:
    """Keeps measured rows and writes them after some seconds, an object a batch."""

    def __init__(self, store: Store, shard: str, entries: Mapping[str, Entry]) -> None:
        self._store, self._shard, self._entries = store, shard, entries
        self._rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._first: dict[str, str] = {}
        self._saved = perf_counter()
        self.pages = 0

    def add(self, task: FileTask, rows: list[dict[str, Any]] | None) -> None:
        """Take the rows of a file; None where it waits for another run."""
        if rows is None:
            return
        self._first.setdefault(task.entry, digest(task.file))
        self._rows[task.entry] += rows
        if perf_counter() - self._saved > _SAVED_EVERY:
            self.save()

    def save(self) -> None:
        """Write what has been taken."""
        for name, rows in self._rows.items():
            key = part_key(self._entries[name], f"{self._shard}-{self._first[name]}")
            self._store.put_parquet(key, page_table(rows))
            self.pages += len(rows)
        self._rows.clear()
        self._first.clear()
        self._saved = perf_counter()


def _measure_in_time(
    store: Store, budget: _Budget, limits: FileBounds, guard: Guard, task: FileTask
) -> list[dict[str, Any]] | None:
    """The page rows of one file within the time of its batch; None where its agency's share of the run is used up."""
    with budget.turn(task):
        if budget.is_used_up(task):
            text = "too_large: the pages of this batch take too much time; save them as ordinary PDF, fewer in a batch"
            return [_fault(_declared(task), None, text)]
        if budget.is_to_wait(task):
            return None
        rows, seconds = measure_file_of(store, task, limits, guard)
        budget.use(task, seconds, sum(row["error"] is None for row in rows))
        return rows


def measure_file_of(
    store: Store, task: FileTask, limits: FileBounds, guard: Guard
) -> tuple[list[dict[str, Any]], float]:
    """The page rows of one file, and the CPU seconds that they took.

    A file that is absent or has other bytes than declared is one row with ``error``.
    """
    declared = _declared(task)
    with guard.place():  # a file in memory for each guarded process, and no more
        try:
            data = store.get_spelled(layout.LANDING, task.prefix + task.file, limits.max_file_bytes)
        except ObjectMissing:
            fault = "missing: the file named in the manifest is not in the batch; send the batch again"
            return [_fault(declared, None, fault)], 0
        except ObjectTooLarge as error:
            return [_fault(declared, None, f"too_large: {error}; split the file")], 0
        except ObjectRefused as error:
            return [_fault(declared, None, f"unreadable: {error}; send it without encryption of your own")], 0
        sha256 = hashlib.sha256(data).hexdigest()
        if sha256 != task.sha256:
            fault = f"hash_mismatch: {len(data)} bytes with another SHA-256 than the manifest says; send the file again"
            return [_fault(declared, {"sha256": sha256, "bytes": len(data)}, fault)], 0
        measured = guard.measure_timed(data, task.file, task.kind in SEALED_KINDS, task.role != "page")
    return [declared | row for row in measured.rows], measured.cpu_seconds


def _declared(task: FileTask) -> dict[str, Any]:
    return {name: value for name, value in asdict(task).items() if name in PAGES.names}


def _fault(declared: dict[str, Any], known: dict[str, Any] | None, error: str) -> dict[str, Any]:
    empty: dict[str, Any] = dict.fromkeys(MEASURED.names)
    return empty | declared | {"sha256": None, "bytes": None} | (known or {}) | {"page_no": 1, "error": error}
