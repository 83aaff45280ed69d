"""Measure files in processes of their own, so that a file that breaks its decoder costs a row and nothing else.

A decoder may crash, run for ever or fill the memory; the system then ends the process (``RLIMIT_CPU``,
``RLIMIT_DATA``), and a new one takes its place. The processes are started by ``subprocess``, which also works inside
the daemonic processes in which a scheduler runs its tasks. Rows are those of ``measure_page``.
"""

from __future__ import annotations

import json
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from queue import LifoQueue
from types import TracebackType
from typing import Any

from sohoa.errors import MeasuringError
from sohoa.pages.guard.bounds import FileBounds
from sohoa.pages.guard.faults import BadPage
from sohoa.pages.page_row import PageRow
from sohoa.settings import child_environment

_COMMAND = (sys.executable, "-P", "-m", "sohoa.pages.guard.child_process")
_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # each thread would reserve memory
_WALL_PER_CPU = 5  # a process that waits for nothing gets its CPU time much sooner, on a busy machine too
_ATTEMPTS = 2  # a process may be ended from outside: the file is blamed when a fresh one ends too
_LAST_WORDS = 4096  # bytes


class Guard:
    """A few processes that measure files. Safe to call from as many threads."""

    def __init__(self, bounds: FileBounds, processes: int) -> None:
        self._limits = bounds
        self._idle: LifoQueue[_Process | None] = LifoQueue()
        self._count = processes
        self._started: set[_Process] = set()
        self._is_closed = False
        for _ in range(processes):
            self._idle.put(None)  # started when first needed

    def __enter__(self) -> Guard:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self._is_closed = True
        for process in tuple(self._started):
            process.kill()
        for _ in range(self._count):  # also those at work: their callers see them end
            idle = self._idle.get()
            if idle is not None:
                idle.end()

    def measure_file(self, path: Path, with_colour: bool = False) -> list[PageRow]:
        """Do as ``measure_page.measure_file``.

        Raises:
            MeasuringError: no process can be started, or the guard is closed.
        """
        return self._measure({"file": str(path), "with_colour": with_colour}, None)

    def measure_bytes(
        self, data: bytes, file: str, with_colour: bool = False, with_sketch: bool = False
    ) -> list[PageRow]:
        """Do as ``measure_page.measure_bytes``; if asked, add ``sketch``, which ``draw_sketches`` makes.

        Raises:
            MeasuringError: no process can be started, or the guard is closed.
        """
        return self._measure({"file": file, "with_colour": with_colour, "with_sketch": with_sketch}, data)

    def draw_pages(self, data: bytes, file: str, wanted: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Do as ``draw_pages.draw_pages``; nothing where the process does not outlive it.

        Raises:
            MeasuringError: no process can be started, or the guard is closed.
        """
        try:
            return self._ask({"file": file, "with_colour": False, "wanted": wanted}, data, None)
        except _Ended:
            return []

    def _measure(self, request: dict[str, Any], data: bytes | None) -> list[PageRow]:
        fault = None
        for _ in range(_ATTEMPTS):
            try:
                return self._ask(request, data, None)
            except _Ended as end:
                fault = end.fault
                if end.is_final:
                    break
        try:
            return self._ask(request, data, fault)
        except _Ended as end:
            raise MeasuringError(f"{request['file']} cannot even be read: {end.fault}") from None

    def _ask(self, request: dict[str, Any], data: bytes | None, fault: BadPage | None) -> list[Any]:
        with self._process() as process:
            return process.ask(request, data, fault)

    @contextmanager
    def _process(self) -> Iterator[_Process]:
        process = self._idle.get()
        try:
            if self._is_closed:
                raise MeasuringError("measuring was stopped")
            if process is None:
                process = _Process(self._limits)
                self._started.add(process)
            yield process
        finally:
            if process is not None and not process.is_alive:
                self._started.discard(process)
                process = None
            self._idle.put(process)


class _Ended(Exception):
    """A process ended, or was ended, without an answer: what to say of the file, and whether to try no more."""

    def __init__(self, fault: BadPage, is_final: bool = False) -> None:
        super().__init__(fault.detail)
        self.fault, self.is_final = fault, is_final


class _Process:
    """One process and the pipes to it."""

    def __init__(self, bounds: FileBounds) -> None:
        self._wall = _WALL_PER_CPU * bounds.max_file_seconds
        self._seconds = bounds.max_file_seconds
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed in ``end``)
        self._process = subprocess.Popen(
            _COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=child_environment(_ENVIRONMENT),
            start_new_session=True,  # Ctrl-C is for the caller, who ends this process
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._requests, self._answers = self._process.stdin, self._process.stdout
        self.is_alive = True
        try:
            self._exchange(json.dumps(asdict(bounds)).encode() + b"\n", b"")
        except _Ended as end:
            raise MeasuringError(f"a measuring process does not start: {end.fault}") from None

    def ask(self, request: dict[str, Any], data: bytes | None, fault: BadPage | None) -> list[Any]:
        """Ask for what one request says of a file, given by its path or its bytes.

        Args:
            request: ``file``, its path or name, and what is to be looked at.
            data: the bytes, null to let the process read the path.
            fault: what to say of the file, null to measure it.

        Raises:
            _Ended: the process ended.
        """
        whole = request | {
            "size": None if data is None else len(data),
            "fault": None if fault is None else (fault.code, fault.detail),
        }
        self._errors.seek(0)
        self._errors.truncate()
        return list(self._exchange(json.dumps(whole).encode() + b"\n", data or b""))

    def kill(self) -> None:
        """End the process, whatever it does; who waits for its answer sees the end."""
        self._process.kill()
        self._process.wait()

    def end(self) -> None:
        """End the process and close the pipes to it."""
        self.is_alive = False
        self.kill()
        for stream in (self._requests, self._answers, self._errors):
            try:
                stream.close()
            except BrokenPipeError:  # it ended before it had read everything
                continue

    def _exchange(self, request: bytes, data: bytes) -> Any:
        waiting = select.poll()
        waiting.register(self._answers, select.POLLIN)
        try:
            self._requests.write(request)
            self._requests.write(data)
            self._requests.flush()
        except BrokenPipeError:  # it has ended: there is no answer
            pass
        if not waiting.poll(1000 * self._wall):
            self.end()
            raise _Ended(BadPage("too_large", f"no answer after {self._wall} s"), is_final=True)
        answer = self._answers.readline()
        if not answer.endswith(b"\n"):
            raise self._ending()
        return json.loads(answer)

    def _ending(self) -> _Ended:
        """Say why the process ended without an answer."""
        status = self._process.wait()
        self._errors.seek(0)
        said = self._errors.read()[-_LAST_WORDS:].decode(errors="replace").strip().rpartition("\n")[2]
        self.end()
        if status == -signal.SIGXCPU:
            return _Ended(BadPage("too_large", f"it takes more than {self._seconds} s of CPU time"), is_final=True)
        if status < 0:
            said = f"ended by {signal.Signals(-status).name} {said}".strip()
        return _Ended(BadPage.from_library("decoder", RuntimeError(said or f"ended with status {status}")))
