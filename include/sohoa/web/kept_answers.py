"""Small answers that take seconds to find, kept on this machine: a server that starts again finds none of them anew."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sohoa.web.kept_files import part_suffix, remove_leftovers, touch

MOST = 200
"""Answers that are kept; those that nobody has asked for longest go first."""


class KeptAnswers:
    """Answers of this release by what they were found from. Threads may share it; processes may share its folder."""

    def __init__(self, folder: Path) -> None:
        """Keep them in ``folder``."""
        self._folder = folder
        remove_leftovers(folder)

    def get(self, name: tuple[Any, ...], find: Callable[[], Any], may_keep: Callable[[], bool] = lambda: True) -> Any:
        """Return the answer of a name.

        Args:
            name: what it is found from.
            find: finds it where it is not kept: whatever JSON can hold.
            may_keep: whether what was found just now is what the name says.
        """
        file = self._folder / f"{sha256(repr((version('sohoa'), name)).encode()).hexdigest()}.json"
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):  # the latter: the disk was full, or the machine stopped
            found = find()
            if may_keep():
                self._write(file, found)
        else:
            touch(file)
        return found

    def _write(self, file: Path, found: Any) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = file.with_suffix(part_suffix())
        part.write_text(json.dumps(found), encoding="utf-8")
        part.replace(file)
        with suppress(FileNotFoundError):  # another server makes room at this moment
            kept = sorted(self._folder.glob("*.json"), key=lambda one: one.stat().st_mtime, reverse=True)
            for old in kept[MOST:]:
                old.unlink(missing_ok=True)
