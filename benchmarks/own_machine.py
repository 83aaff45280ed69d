"""What a benchmark may do to a machine of its own: small disks that it fills, and a wall clock that it moves.

A disk is a tmpfs, which only root can mount. The clock is that of the processes that get ``Clock.environment``; the
machine's own stays, and so does that of programs that read it past the C library, as the store does.
"""

from __future__ import annotations

import os
import struct
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.timing import beside

_SOURCE = Path(__file__).with_name("shifted_clock.c")
_BALLAST = "ballast"
_BALLAST_BYTES = 4 << 20
_LOOK_S = 0.1


@dataclass(frozen=True)
class Disk:
    """A disk by itself, mounted at ``folder``."""

    folder: Path

    @contextmanager
    def full(self) -> Iterator[None]:
        """Keep it full: what is given back meanwhile is taken as well."""
        room = os.statvfs(self.folder)
        size = room.f_blocks * room.f_frsize
        self._resize(size - room.f_bfree * room.f_frsize + _BALLAST_BYTES)  # else all the room would take memory
        try:
            with beside(self._fill):
                yield
        finally:
            self._resize(size)
            (self.folder / _BALLAST).unlink()

    def _resize(self, size: int) -> None:
        subprocess.run(["mount", "-o", f"remount,size={size}", self.folder], check=True)

    def _fill(self, over: threading.Event) -> None:
        with (self.folder / _BALLAST).open("ab", buffering=0) as ballast:
            while True:
                for size in (1 << 20, 1 << 12):
                    with suppress(OSError):  # it is full
                        while ballast.write(bytes(size)) == size:
                            pass
                if over.wait(_LOOK_S):
                    return


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Disk]:
    """A disk of this size at this folder."""
    folder.mkdir(parents=True, exist_ok=True)
    size = f"size={megabytes}m,mode=0755"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "sohoa", folder], check=True)
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@dataclass(frozen=True)
class Clock:
    """A wall clock; ``folder`` keeps its library and how far it is ahead."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What a process has to get whose clock it is."""
        return {"LD_PRELOAD": str(self._library), "SHIFTED_CLOCK": str(self._file)}

    @property
    def _library(self) -> Path:
        return self.folder / "shifted_clock.so"

    @property
    def _file(self) -> Path:
        return self.folder / "ahead"

    def make(self) -> None:
        """Compile the library."""
        self.folder.mkdir(parents=True)
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", self._library, _SOURCE], check=True)
        self._file.write_bytes(struct.pack("=q", 0))

    @contextmanager
    def ahead(self, seconds: int) -> Iterator[None]:
        """Move it, and back in the end."""
        self._set(seconds)
        try:
            yield
        finally:
            self._set(0)

    def _set(self, seconds: int) -> None:
        file = os.open(self._file, os.O_WRONLY)
        try:
            os.pwrite(file, struct.pack("=q", seconds), 0)
        finally:
            os.close(file)
