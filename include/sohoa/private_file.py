"""Write files that only their user can read: keys, passwords, slips and reports that were fetched."""

from __future__ import annotations

import os
from pathlib import Path


def write_private(path: Path, data: str | bytes) -> None:
    """Write a file that only this user can read (mode 0600), whole or not at all, into folders as private (mode 0700).

    Raises:
        OSError: that cannot be; it names the file, not the draft beside it.
    """
    for folder in reversed(path.parents):
        if not folder.exists():
            folder.mkdir(exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
        draft.replace(path)
    except OSError as error:
        error.filename, error.filename2 = str(path), None
        raise
