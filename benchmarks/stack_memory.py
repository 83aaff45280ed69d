"""The memory that each kind of process of a running stack takes at its peak."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread

import psutil

from sohoa.stack.processes import Server

_EVERY, _OWN_EVERY = 0.2, 10
"""Seconds between two looks; looks from one reading of the memory that is a process's own, which costs more, to the
next."""
_DECODER = "sohoa.pages.guard.child_process"


@dataclass
class Peak:
    """What processes of one kind had at most, in bytes; ``processes`` is how many there were at one time."""

    processes: int = 0
    largest: int = 0
    together: int = 0
    """RSS of all at one look: what they share is counted in each."""
    own: int = 0
    """USS of the largest: what would be free if it ended."""


class StackMemory:
    """Looks at the processes below some servers; ``peaks`` has what was seen, by kind."""

    def __init__(self, servers: Mapping[str, Server]) -> None:
        """Take the running servers, by the names to print."""
        self._roots = {server.processes()[0].pid: name for name, server in servers.items()}
        self.peaks: dict[str, Peak] = defaultdict(Peak)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Look until the block ends."""
        ended = Event()
        thread = Thread(target=self._look_until, args=(ended,))
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _look_until(self, ended: Event) -> None:
        look = 0
        while not ended.is_set():
            start = time.monotonic()
            self._look(with_own=look % _OWN_EVERY == 0)
            look += 1
            ended.wait(max(0.0, start + _EVERY - time.monotonic()))

    def _look(self, with_own: bool) -> None:
        found: dict[str, list[psutil.Process]] = defaultdict(list)
        known = {process.pid: process for process in psutil.process_iter(["ppid", "cmdline", "memory_info"])}
        for process in known.values():
            kind = self._kind(process, known)
            if kind and process.info["memory_info"]:
                found[kind].append(process)
        for kind, processes in found.items():
            peak, sizes = self.peaks[kind], [process.info["memory_info"].rss for process in processes]
            peak.processes = max(peak.processes, len(processes))
            peak.largest, peak.together = max(peak.largest, *sizes), max(peak.together, sum(sizes))
            if with_own:
                peak.own = max(peak.own, *map(_own_bytes, processes))

    def _kind(self, process: psutil.Process, known: Mapping[int, psutil.Process]) -> str | None:
        """The server's name, with how far below it; of a decoder, what it is."""
        if process.pid in self._roots:
            return self._roots[process.pid]
        depth, root = self._depth(process, known)
        if _DECODER in (process.info["cmdline"] or ()):
            return "decoder" if root else None
        return f"{root}: {'worker' if depth == 1 else 'task'}" if root else None

    def _depth(self, process: psutil.Process, known: Mapping[int, psutil.Process]) -> tuple[int, str | None]:
        depth, pid = 0, process.pid
        while pid in known and pid not in self._roots:
            depth, pid = depth + 1, known[pid].info["ppid"]
        return depth, self._roots.get(pid)


def _own_bytes(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().uss)
    except psutil.Error:  # it has ended since
        return 0
