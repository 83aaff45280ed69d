"""Files that pages keep on this machine, in folders that several servers may share."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from pathlib import Path
from shutil import rmtree

_OLD_SECONDS = 3_600.0


def touch(path: Path) -> None:
    """Say that something was used now; nothing where it has been taken away meanwhile."""
    with suppress(FileNotFoundError):
        os.utime(path)


def part_suffix() -> str:
    """End of the name of what this thread of this server is writing: threads of two servers may have one number."""
    return f".{os.getpid()}-{threading.get_ident()}.part"


def remove_leftovers(folder: Path) -> None:
    """Take away what a server that was killed had half written, an hour ago or more: another one may write now."""
    for part in folder.rglob("*.part"):
        with suppress(FileNotFoundError):  # another server does the same
            if time.time() - part.stat().st_mtime > _OLD_SECONDS:
                rmtree(part) if part.is_dir() else part.unlink()
