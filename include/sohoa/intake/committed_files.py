"""Where the bytes lie that a manifest named: a file may have been overwritten or deleted since, its version stays."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator
from typing import BinaryIO, Literal

from sohoa import layout
from sohoa.errors import ObjectMissing
from sohoa.intake.manifest import File
from sohoa.store import Store

Absence = Literal["file_gone", "file_altered"]
"""Nothing lies where a manifest says | what lies there is not what it names."""


class HashingFile:
    """Passes on what is written to it, if to anything, and hashes it."""

    def __init__(self, file: BinaryIO | None = None) -> None:
        """Begin anew."""
        self._file, self._hash = file, hashlib.sha256()

    def write(self, data: bytes) -> None:
        """Take bytes."""
        self._hash.update(data)
        if self._file is not None:
            self._file.write(data)

    @property
    def sha256(self) -> str:
        """SHA-256 of all that was written, hexadecimal."""
        return self._hash.hexdigest()


def find_absence(store: Store, prefix: str, file: File) -> Absence | None:
    """Read a file of a batch back; why its bytes are not those that the manifest names, None where they are.

    Args:
        store: only read.
        prefix: where the files of its batch lie in ``landing``.
        file: as the manifest names it.
    """
    found: Absence = "file_gone"
    for key, version_id in committed_versions(store, prefix, file):
        sink = HashingFile()
        try:
            store.download(layout.LANDING, key, sink, version_id)
        except ObjectMissing:
            continue
        if sink.sha256 == file.sha256:
            return None
        found = "file_altered"
    return found


def committed_versions(store: Store, prefix: str, file: File) -> Iterator[tuple[str, str | None]]:
    """Yield key and version where the bytes may lie: the newest in either spelling, then earlier ones of its size."""
    keys = [prefix + path for path in _spellings(file.path)]
    for key in keys:
        yield key, None
    for key in keys:
        for version in store.list_versions(layout.LANDING, key):
            is_earlier = version.key == key and not version.is_newest and not version.is_deletion
            if is_earlier and version.size == file.bytes:
                yield version.key, version.version_id


def _spellings(path: str) -> list[str]:
    return list(dict.fromkeys([path, unicodedata.normalize("NFC", path), unicodedata.normalize("NFD", path)]))
