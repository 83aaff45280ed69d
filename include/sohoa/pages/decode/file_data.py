"""Page files on disk: opened without blocking, and large JPEG and TIFF files mapped instead of read."""

from __future__ import annotations

import mmap
import os
import stat
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from sohoa.pages.guard.bounds import FileBounds
from sohoa.pages.guard.faults import BadPage

FileData = bytes | mmap.mmap
"""The bytes of a file."""

_MAPPED_FROM = 8_388_608  # bytes
_MAPPED = (b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # JPEG and TIFF: read front to back, in parts
_CHUNK = 1 << 20
_LET_GO_EVERY = 0.02  # seconds, in which a decoder reads through about 1.5 MB


def read_file(path: Path, bounds: FileBounds) -> FileData:
    """Return the bytes of a regular file; any other kind would block or answer nonsense.

    A large JPEG or TIFF is mapped: its decoder needs no copy. It must not be cut short while it is measured.

    Raises:
        BadPage: missing, unreadable, or too_large.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise BadPage("unreadable", "not a regular file")
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as stream:
            found = os.fstat(stream.fileno())
            if not stat.S_ISREG(found.st_mode):  # replaced since the first look
                raise BadPage("unreadable", "not a regular file")
            bounds.check_file(found.st_size)
            return _read(stream, found.st_size)
    except FileNotFoundError:
        raise BadPage("missing", "no such file") from None
    except (OSError, ValueError) as error:  # no permission, a loop of links, a failing disk; a NUL in the name
        raise BadPage("unreadable", type(error).__name__) from None


def read_piped(stream: BinaryIO, size: int) -> FileData:
    """Return the next ``size`` bytes of a pipe; many of them by way of a file without a name, as ``read_file`` does."""
    if size < _MAPPED_FROM:
        return stream.read(size)
    with tempfile.TemporaryFile() as file:
        left = size
        while left and (part := stream.read(min(left, _CHUNK))):
            left -= file.write(part)
        file.seek(0)
        return _read(file, size)


def _read(stream: BinaryIO, size: int) -> FileData:
    if size >= _MAPPED_FROM:
        if stream.read(len(_MAPPED[-1])).startswith(_MAPPED):
            return mmap.mmap(stream.fileno(), size, prot=mmap.PROT_READ)
        stream.seek(0)
    return stream.read(size)


@contextmanager
def reading_through(data: FileData) -> Iterator[None]:
    """Let go of what lies in memory of a mapped file while a decoder reads through it.

    The system keeps a file's pages anyway, but counts those that are mapped as this process's own: 84 MB for A0 at
    600 dpi. A page that is needed again is mapped again.
    """
    if not isinstance(data, mmap.mmap):
        yield
        return
    is_done = threading.Event()
    thread = threading.Thread(target=_let_go, args=(data, is_done), daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_done.set()
        thread.join()


def _let_go(data: mmap.mmap, is_done: threading.Event) -> None:
    is_last = False
    while not is_last:
        is_last = is_done.wait(_LET_GO_EVERY)
        data.madvise(mmap.MADV_DONTNEED)
