"""Measure files in processes of their own, so that a file that breaks its decoder costs a row and nothing else.

A decoder may crash, run for ever or fill the memory; the system then ends the process, and a new one takes its place.
Rows are those of ``measure_page``.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import LifoQueue
from types import TracebackType
from typing import Any, BinaryIO, NamedTuple, cast

from sohoa.errors import MeasuringError
from sohoa.guarded.process import Cause, GuardedProcess, ProcessEnded, command_of, start_process
from sohoa.pages.file_row import fault_row, identify_open
from sohoa.pages.guard.bounds import FileBounds
from sohoa.pages.guard.faults import BadPage
from sohoa.pages.guard.open_file import open_file
from sohoa.pages.page_row import PageRow

_COMMAND = command_of("sohoa.pages.guard.child_process")
_WALL_PER_CPU = 5  # a process that waits for nothing gets its CPU time much sooner, on a busy machine too
_ATTEMPTS = 2  # a process may be ended from outside: the file is blamed when a fresh one ends too


class Measured(NamedTuple):
    """The rows of a file, and the CPU time that it took, every try with it, in seconds."""

    rows: list[PageRow]
    cpu_seconds: float


class Guard:
    """A few processes that measure files. Safe to call from as many threads."""

    def __init__(self, bounds: FileBounds, processes: int) -> None:
        self._bounds = bounds
        self._idle: LifoQueue[GuardedProcess | None] = LifoQueue()
        self._count = processes
        self._started: set[GuardedProcess] = set()
        self._is_closed = False
        self._own = threading.local()  # ``place``: the process that this thread has, None while it is not started
        for _ in range(processes):
            self._idle.put(None)  # started when first needed

    def __enter__(self) -> Guard:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self._is_closed = True
        for process in tuple(self._started):
            process.kill()
        for idle in [self._idle.get() for _ in range(self._count)]:  # also those at work: their callers see them end
            if idle is not None:
                idle.end()
            self._idle.put(None)  # for those who still wait, and are told

    @contextmanager
    def place(self) -> Iterator[None]:
        """Keep one process for this thread: of files that are read inside, as many are held as there are processes.

        Raises:
            MeasuringError: the guard is closed.
        """
        if hasattr(self._own, "place"):
            yield
            return
        self._own.place = self._idle.get()
        try:
            if self._is_closed:
                raise MeasuringError("measuring was stopped")
            yield
        finally:
            self._idle.put(self._own.place)
            del self._own.place

    def measure_file(self, path: Path, with_colour: bool = False) -> list[PageRow]:
        """Do as ``measure_page.measure_file``.

        Raises:
            MeasuringError: no process can be started, or the guard is closed.
        """
        with self.place():
            try:
                file = open_file(path, self._bounds)
            except BadPage as fault:
                return [fault_row({"file": str(path)}, fault)]
            with file:
                return self._measure(_Question({"file": str(path), "with_colour": with_colour}, file))

    def measure_bytes(
        self, data: bytes, file: str, with_colour: bool = False, with_sketch: bool = False
    ) -> list[PageRow]:
        """Do as ``measure_page.measure_bytes``; if asked, add ``sketch``, which ``draw_sketches`` makes.

        Raises:
            MeasuringError: no process can be started, or the guard is closed.
        """
        return self.measure_timed(data, file, with_colour, with_sketch).rows

    def measure_timed(self, data: bytes, file: str, with_colour: bool = False, with_sketch: bool = False) -> Measured:
        """Do as ``measure_bytes``, and tell the CPU time.

        Raises:
            MeasuringError: no process can be started, or the guard is closed.
        """
        with self.place(), _as_file(data) as opened:
            question = _Question({"file": file, "with_colour": with_colour, "with_sketch": with_sketch}, opened)
            return Measured(self._measure(question), question.cpu_seconds)

    def draw_pages(self, data: bytes, file: str, wanted: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Do as ``draw_pages.draw_pages``; nothing where processes do not outlive it.

        Raises:
            MeasuringError: no process can be started, or the guard is closed.
        """
        with self.place(), _as_file(data) as opened:
            try:
                return self._answer(_Question({"file": file, "wanted": wanted}, opened))
            except ProcessEnded:
                return []

    def draw_view(self, data: bytes, file: str, view: dict[str, Any]) -> dict[str, Any] | None:
        """Do as ``draw_views.draw_view``.

        Raises:
            MeasuringError: no process can be started, or the guard is closed.
            ProcessEnded: processes do not outlive it.
        """
        with self.place(), _as_file(data) as opened:
            return next(iter(self._answer(_Question({"file": file, "view": view}, opened))), None)

    def _measure(self, question: _Question) -> list[PageRow]:
        try:
            return self._answer(question)
        except ProcessEnded as end:  # what is known without decoding needs no other process
            if end.cause is Cause.SECONDS:  # by the clock of limits, which counts in ticks
                question.cpu_seconds = max(question.cpu_seconds, self._bounds.max_file_seconds)
            name = question.request["file"]
            try:
                return [fault_row(identify_open(question.file, name), self._fault(end))]
            except BadPage as fault:
                return [fault_row({"file": name}, fault)]

    def _answer(self, question: _Question) -> list[Any]:
        for _ in range(_ATTEMPTS - 1):
            try:
                return self._ask(question)
            except ProcessEnded as end:
                if end.is_final:
                    raise
        return self._ask(question)

    def _ask(self, question: _Question) -> list[Any]:
        process, seconds = self._running_process(), self._bounds.max_file_seconds
        before = process.cpu_seconds
        request = {**question.request, "bounds": asdict(self._bounds)}
        try:
            process.ask(request, question.file, seconds, _WALL_PER_CPU * seconds)
            return list(process.read_json())
        finally:
            question.cpu_seconds += process.cpu_seconds - before
            if not process.is_alive:
                self._started.discard(process)
                self._own.place = None

    def _running_process(self) -> GuardedProcess:
        """The process of this thread, started where there is none."""
        if self._is_closed:
            raise MeasuringError("measuring was stopped")
        process: GuardedProcess | None = self._own.place
        if process is None:
            process = self._own.place = start_process(_COMMAND, self._bounds.max_memory_bytes)
            self._started.add(process)
            if self._is_closed:  # meanwhile
                process.kill()
        return process

    def _fault(self, end: ProcessEnded) -> BadPage:
        """What to say of a file whose process ended."""
        match end.cause:
            case Cause.SECONDS:
                return BadPage("too_large", f"it takes more than {self._bounds.max_file_seconds} s of CPU time")
            case Cause.SILENCE:
                return BadPage("too_large", end.said)
            case Cause.OUTSIDE:
                return BadPage("not_measured", f"decoder: {end.said}")
            case Cause.CRASH:
                return BadPage.from_library("decoder", RuntimeError(end.said))


@dataclass
class _Question:
    """What one request says of an open file, and the CPU time that it has cost."""

    request: dict[str, Any]
    file: BinaryIO
    cpu_seconds: float = 0.0


@contextmanager
def _as_file(data: bytes) -> Iterator[BinaryIO]:
    """These bytes as a file without a name, which can be handed over to a process and mapped there."""
    with cast(BinaryIO, tempfile.TemporaryFile(buffering=0)) as file:
        rest = memoryview(data)
        while rest:
            rest = rest[file.write(rest) :]
        yield file
