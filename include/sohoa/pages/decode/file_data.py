"""Page files on disk: opened without blocking, and large JPEG and TIFF files mapped instead of read."""

from __future__ import annotations

import mmap
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from sohoa.pages.guard.bounds import FileBounds
from sohoa.pages.guard.faults import BadPage
from sohoa.pages.guard.open_file import open_file

FileData = bytes | mmap.mmap
"""The bytes of a file."""

_MAPPED_FROM = 8_388_608  # bytes
_MAPPED = (b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # JPEG and TIFF: read front to back, in parts
_LET_GO_EVERY = 0.004  # seconds, in which a decoder that only copies reads through some 10 MB


def read_file(path: Path, bounds: FileBounds) -> FileData:
    """Return the bytes of a regular file, as ``read_open`` does.

    Raises:
        BadPage: missing, unreadable, or too_large.
    """
    with open_file(path, bounds) as stream:
        return read_open(stream)


def read_open(stream: BinaryIO) -> FileData:
    """Return the bytes of an open file.

    A large JPEG or TIFF is mapped: its decoder needs no copy. It must not be cut short while it is measured.

    Raises:
        BadPage: unreadable.
    """
    try:
        size = os.fstat(stream.fileno()).st_size
        if size >= _MAPPED_FROM:
            if stream.read(len(_MAPPED[-1])).startswith(_MAPPED):
                return mmap.mmap(stream.fileno(), size, access=mmap.ACCESS_READ)
            stream.seek(0)
        return stream.read()
    except OSError as error:  # a failing disk
        raise BadPage("unreadable", type(error).__name__) from None


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
        if sys.platform != "win32":  # which has no such call
            data.madvise(mmap.MADV_DONTNEED)
