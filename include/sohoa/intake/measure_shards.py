"""Measure the files of a shard, within the time of their batch and the share of their agency."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from functools import partial
from threading import Lock
from time import perf_counter
from typing import Any

from sohoa import layout
from sohoa.enums import SEALED_KINDS
from sohoa.errors import ObjectMissing, ObjectRefused, ObjectTooLarge
from sohoa.intake.check_run import CheckRun, Entry
from sohoa.intake.measured_pages import PAGES, MeasuredParts, page_table, part_key
from sohoa.intake.shards import STEP, FileTask
from sohoa.logs import get_logger, seconds_since
from sohoa.pages.guard.bounds import FileBounds
from sohoa.pages.guard.guard import Guard
from sohoa.schema import MEASURED
from sohoa.settings import Settings
from sohoa.store import Store
from sohoa.work import Attempts, digest

log = get_logger(__name__)
_PROCESSES = 2
_FILES_AT_THEIR_LIMIT = 3
"""Files that may use all of their time in a batch, where it has no other time: the rest of it is given up."""
_LONG = 0.5
"""Share of the time that a file may use: the batch of one that takes more is measured one file at a time."""
_MAX_DEATHS = 2
"""A file at which that many tasks died, with nothing else at work, is not tried again."""
_SAVED_EVERY = 15.0
"""Seconds after which measured rows are written: what a killed task loses."""
_MB = 1_000_000


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
    plan, attempts, start = run.shard(shard), Attempts(store, STEP + shard), perf_counter()
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
