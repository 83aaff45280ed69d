"""Opening page files without blocking: what is no regular file, missing or too large is told at once."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import BinaryIO

from sohoa.pages.guard.bounds import FileBounds
from sohoa.pages.guard.faults import BadPage

if sys.platform == "win32":
    _FLAGS = os.O_BINARY | os.O_NOINHERIT
else:
    _FLAGS = os.O_NONBLOCK | os.O_CLOEXEC


def open_file(path: Path, bounds: FileBounds) -> BinaryIO:
    """Open a regular file; any other kind would block or answer nonsense.

    Raises:
        BadPage: missing, unreadable, or too_large.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise BadPage("unreadable", "not a regular file")
        stream = os.fdopen(os.open(path, os.O_RDONLY | _FLAGS), "rb")
    except FileNotFoundError:
        raise BadPage("missing", "no such file") from None
    except (OSError, ValueError) as error:  # no permission, a loop of links, a failing disk; a NUL in the name
        raise BadPage("unreadable", type(error).__name__) from None
    try:
        found = os.fstat(stream.fileno())
        if not stat.S_ISREG(found.st_mode):  # replaced since the first look
            raise BadPage("unreadable", "not a regular file")
        bounds.check_file(found.st_size)
    except BadPage:
        stream.close()
        raise
    return stream
