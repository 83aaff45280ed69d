"""One guarded process, seen from its caller: start it, ask it, tell how it ended and what it cost.

Processes are started by ``subprocess``, which also works inside the daemonic processes in which a scheduler runs its
tasks. They get a few variables of the environment, no secret among them.
"""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import nullcontext
from enum import Enum
from functools import lru_cache
from typing import Any, BinaryIO, cast

from sohoa.errors import MeasuringError
from sohoa.guarded.handover import LENGTH_BYTES, send_request
from sohoa.guarded.limits import OUT_OF_TIME_ON_WINDOWS
from sohoa.logs import get_logger
from sohoa.settings import decoder_environment

log = get_logger(__name__)
_ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",  # each thread would reserve memory
    "OMP_NUM_THREADS": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system",  # the others reserve a gigabyte at once
    # glibc: what a step of a page frees is kept for the next one, and not given back to the system and asked for again,
    "MALLOC_TRIM_THRESHOLD_": "67108864",
    "MALLOC_MMAP_THRESHOLD_": "12582912",  # but for copies of an A0 sheet, of 15.5 MB each
}
if sys.platform == "win32":
    _FROM_OUTSIDE: tuple[int, ...] = ()  # cannot be told from a failure of its own
    _OUT_OF_TIME: tuple[int, ...] = (OUT_OF_TIME_ON_WINDOWS,)
else:
    _FROM_OUTSIDE = (-signal.SIGKILL, -signal.SIGTERM, -signal.SIGHUP, -signal.SIGINT)
    _OUT_OF_TIME = (-signal.SIGPROF, -signal.SIGXCPU)  # of the timer, and of the limit
_STARTS = 3
_START_SECONDS = 120  # a busy machine has loaded the libraries by then
_LAST_WORDS = 4096  # bytes
_MAX_BLOCK = 536_870_912  # bytes: what the memory bounds of one that reads honest files leave room for
_PROCESS_CLOCK = 2  # with the process id, the clock of its CPU time


class Cause(Enum):
    """Why a process ended without an answer."""

    CRASH = "it failed"
    OUTSIDE = "somebody, or the system for want of memory, ended it"
    SECONDS = "it used up its CPU time"
    SILENCE = "it did not answer in time, and was ended"


class ProcessEnded(Exception):
    """A process ended, or was ended, without an answer: why, and its last words."""

    def __init__(self, cause: Cause, said: str) -> None:
        super().__init__(said)
        self.cause, self.said = cause, said

    @property
    def is_final(self) -> bool:
        """Whether asking a fresh process would cost as much again and end the same way."""
        return self.cause in (Cause.SECONDS, Cause.SILENCE)


def command_of(module: str) -> tuple[str, ...]:
    """Return the command that runs ``main`` of a module, with no module from the working directory."""
    return (sys.executable, "-P", "-m", module)


def start_process(command: tuple[str, ...], memory_bytes: int) -> GuardedProcess:
    """Start a process; once more where it is ended from outside while it starts.

    Args:
        command: what to run; it calls ``serve``.
        memory_bytes: more memory than that is refused to it.

    Raises:
        MeasuringError: it does not start.
    """
    for left in reversed(range(_STARTS)):
        try:
            return GuardedProcess(command, memory_bytes)
        except ProcessEnded as end:
            if end.cause is not Cause.OUTSIDE or not left:
                raise MeasuringError(f"a process that reads files does not start: {end.said}") from None
    raise AssertionError


class GuardedProcess:
    """One process and the socket to it."""

    def __init__(self, command: tuple[str, ...], memory_bytes: int) -> None:
        self._errors = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 (closed in ``end``)
        environment = decoder_environment(_ENVIRONMENT)
        self._process, self._socket, theirs = _start_with_socket(command, self._errors, environment)
        self._answers = self._socket.makefile("rb")
        self._seconds = 0.0
        self.is_alive = True
        self._socket.settimeout(_START_SECONDS)
        self._send({"memory_bytes": memory_bytes}, None)
        with theirs or nullcontext():
            if not self.read_json()["is_confined"]:
                _tell_not_confined()

    @property
    def cpu_seconds(self) -> float:
        """CPU time that it has used so far, until its end; 0 on Windows, where no agency's share depends on it."""
        if self.is_alive and sys.platform != "win32":
            try:
                self._seconds = time.clock_gettime((~self._process.pid << 3) | _PROCESS_CLOCK)
            except OSError:  # ``kill`` has seen its end
                return self._seconds
        return self._seconds

    def ask(self, request: Mapping[str, Any], file: BinaryIO | None, seconds: int, wall_seconds: float) -> None:
        """Ask for something; the answer is to be read block by block.

        Args:
            request: what ``serve`` gets.
            file: an open file that comes with it, read from its start; nothing of it waits to be written.
            seconds: CPU time that the whole answer may take.
            wall_seconds: how long to wait for each block of it.
        """
        self._errors.seek(0)
        self._errors.truncate()
        self._socket.settimeout(wall_seconds)
        self._send({**request, "seconds": seconds}, file)

    def read_block(self) -> bytes:
        """Return the next block of the answer.

        Raises:
            ProcessEnded: the process ended, or did not answer.
        """
        try:
            length = int.from_bytes(self._read(LENGTH_BYTES))
            if length > _MAX_BLOCK:
                self.end()
                raise ProcessEnded(Cause.CRASH, f"MemoryError: an answer of {length} bytes")
            return self._read(length)
        except TimeoutError:
            waited = self._socket.gettimeout()
            self.end()
            raise ProcessEnded(Cause.SILENCE, f"no answer after {waited:.0f} s") from None

    def read_json(self) -> Any:
        """Return the next block of the answer, which is JSON.

        Raises:
            ProcessEnded: the process ended, did not answer, or not in JSON.
        """
        block = self.read_block()
        try:
            return json.loads(block)
        except ValueError:
            self.end()
            raise ProcessEnded(Cause.CRASH, "a garbled answer") from None

    def kill(self) -> None:
        """End the process, whatever it does; who waits for its answer sees the end."""
        self._process.kill()

    def end(self) -> None:
        """End the process and close the socket to it."""
        self._note_seconds()
        self.kill()
        self._process.wait()
        for stream in (self._answers, self._socket, self._errors):
            stream.close()

    def _note_seconds(self) -> None:
        """Read its clock for the last time: there is none after ``wait``."""
        self._seconds = self.cpu_seconds
        self.is_alive = False

    def _send(self, request: Mapping[str, Any], file: BinaryIO | None) -> None:
        try:
            send_request(self._socket, request, file)
        except (BrokenPipeError, ConnectionResetError, ConnectionAbortedError):  # it has ended: there is no answer
            return

    def _read(self, size: int) -> bytes:
        try:
            found = self._answers.read(size)
        except ConnectionResetError:  # it ended before it had read the request
            found = b""
        if len(found) < size:
            raise self._ending()
        return found

    def _ending(self) -> ProcessEnded:
        """Say why the process ended without an answer."""
        self._note_seconds()
        status = self._process.wait()
        self._errors.seek(0)
        said = self._errors.read()[-_LAST_WORDS:].decode(errors="replace").strip().rpartition("\n")[2]
        self.end()
        if status in _OUT_OF_TIME:
            return ProcessEnded(Cause.SECONDS, said)
        if status < 0:
            said = f"ended by {signal.Signals(-status).name} {said}".strip()
        cause = Cause.OUTSIDE if status in _FROM_OUTSIDE else Cause.CRASH
        return ProcessEnded(cause, said or f"ended with status {status}")


def _start_with_socket(
    command: tuple[str, ...], printed: BinaryIO, environment: dict[str, str]
) -> tuple[subprocess.Popen[bytes], socket.socket, socket.socket | None]:
    """Start a process whose standard input leads to a socket.

    Args:
        command: what to run; it calls ``serve``.
        printed: takes its standard output and standard error.
        environment: all that it gets.

    Returns:
        The process, the caller's end of the socket, and the other end where it has to stay open until the process has
        answered.
    """
    ours, theirs = socket.socketpair()
    if sys.platform == "win32":
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=printed,
            stderr=printed,
            env=environment,
            creationflags=subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW,
        )
        assert process.stdin is not None
        with process.stdin as stdin:
            stdin.write(theirs.share(process.pid))
        return process, ours, theirs
    with theirs:
        process = subprocess.Popen(
            command,
            stdin=theirs.fileno(),
            stdout=printed,
            stderr=printed,
            env=environment,
            start_new_session=True,  # Ctrl-C is for the caller, who ends this process
        )
    return process, ours, None


@lru_cache(maxsize=1)
def _tell_not_confined() -> None:
    """Say once what this system cannot do: the bounds on size, time and memory hold all the same."""
    log.info("decoders_not_confined", reason="this system has no Landlock")
