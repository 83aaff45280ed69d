"""Packages by RFC 8493, one after the other: written as a draft, verified from the disk, then given their name.

A package that has its name is whole. One that is there already is verified again and left as it is: whoever was killed
runs the same command once more. Of the packages one at a time takes room; how much is known before it is begun.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import bagit

from sohoa import layout
from sohoa.archive.index_files import CheckedFile, broken_limits, dossiers_csv, files_csv
from sohoa.archive.originals import ArchivedDossier, LeftOut, Original
from sohoa.archive.read_marks import MarksReader
from sohoa.errors import ArchiveError, ObjectMissing
from sohoa.intake.committed_files import HashingFile, committed_versions
from sohoa.logs import get_logger
from sohoa.quality.limit_entry import FileLimit
from sohoa.store import Store

log = get_logger(__name__)

INDEX = {"dossiers": "muc-luc/ho-so.csv", "files": "muc-luc/tai-lieu.csv"}
"""Where the index lies in the payload."""
CHECKSUMS = ["sha256", "sha512"]
_SPARE = 0.02
"""Of a package's size what its index, its checksums and the file system take on top, at most."""
_SPARE_BYTES = 16 << 20
_GB = 1_000_000_000


@dataclass(frozen=True)
class Bag:
    """One package that is there, whole and verified."""

    path: Path
    dossiers: int
    documents: int
    files: int
    bytes: int
    remarks: int
    """Files of which the index says something (docs/archive.md)."""
    is_new: bool
    """Whether this run has written it."""


class BagWriter:
    """Writes the packages of one hand-over into one folder."""

    def __init__(
        self, store: Store, folder: Path, limits: Sequence[FileLimit], marks: MarksReader, about: Mapping[str, str]
    ) -> None:
        """Name all that its packages have in common.

        Args:
            store: only read.
            folder: where the packages go.
            limits: what files are held against.
            marks: reads PDFs.
            about: what ``bag-info.txt`` says of each.
        """
        self._store, self._folder, self._limits, self._marks, self._about = store, folder, limits, marks, about

    def write(self, name: str, count: str, dossiers: Sequence[ArchivedDossier], left: LeftOut) -> Bag | None:
        """Write a package, or verify the one that is there; None where none of its dossiers can go.

        Args:
            name: of its folder.
            count: which of how many it is, as RFC 8493 has it: `2 of 3`, `1 of ?`.
            dossiers: what goes into it.
            left: takes what cannot go: files that are gone, altered, or refused by a limit.

        Raises:
            ArchiveError: the disk has no room, or what lies there is another package, or a damaged one.
        """
        target = self._folder / name
        if target.exists():
            return self._verify(target, dossiers, left)
        draft = self._folder / f".{name}.draft"
        shutil.rmtree(draft, ignore_errors=True)
        self._require_room(name, dossiers)
        checked = self._fetch(draft, dossiers, left)
        kept = [one for one in dossiers if f"{one.folder}/{one.originals[0].name}" in checked]
        if not kept:
            shutil.rmtree(draft, ignore_errors=True)
            return None
        for path, data in _index(kept, checked).items():
            (draft / path).parent.mkdir(parents=True, exist_ok=True)
            (draft / path).write_bytes(data)
        info = {**self._about, "External-Identifier": name, "Bag-Count": count}
        bagit.make_bag(str(draft), info, checksums=CHECKSUMS)
        _drop_from_memory(draft)
        if _sums(_validate(draft)) != _expected(kept, checked):
            raise ArchiveError(
                f"{draft} does not hold what was written into it: the disk damages files, or takes names for the same "
                "that differ in capitals alone; take another disk"
            )
        draft.rename(target)
        log.info("package_written", package=name, dossiers=len(kept), files=len(checked))
        return _told(target, kept, checked, is_new=True)

    def _verify(self, target: Path, dossiers: Sequence[ArchivedDossier], left: LeftOut) -> Bag:
        """See that a package is whole, and the one that would be written now.

        What could not go when it was written may still not go; what can go by now makes another package.
        """
        written = _sums(_validate(target))
        kept = [one for one in dossiers if f"data/{one.folder}/{one.originals[0].name}" in written]
        checked = {
            path: self._check(one, dossier.code, target / "data" / path)
            for dossier in kept
            for path, one in _paths(dossier)
        }
        lacking = [one for one in dossiers if one not in kept]
        attempt = self._folder / f".{target.name}.draft"
        is_more = bool(self._fetch(attempt, lacking, left)) if lacking else False
        shutil.rmtree(attempt, ignore_errors=True)
        if written != _expected(kept, checked) or is_more:
            raise ArchiveError(
                f"{target} holds another package than would be written now: what is accepted has changed since, or it "
                "was made with other options; name a new folder"
            )
        return _told(target, kept, checked, is_new=False)

    def _fetch(self, draft: Path, dossiers: Sequence[ArchivedDossier], left: LeftOut) -> dict[str, CheckedFile]:
        """Write the files of all dossiers that can go whole; path in the payload -> the file."""
        checked: dict[str, CheckedFile] = {}
        for dossier in dossiers:
            found = {}
            for path, one in _paths(dossier):
                problem = self._fetch_one(one, draft / path)
                if problem is None:
                    found[path] = self._check(one, dossier.code, draft / path)
                    problem = "file_refused" if any(_is_refusing(each) for each in found[path].broken) else None
                if problem is not None:
                    left.add(problem, dossier.code, one.row["document_id"])
                    log.warning("original_not_archived", reason=problem, batch=one.row["batch"], file=one.file.path)
                    shutil.rmtree(draft / dossier.folder, ignore_errors=True)
                    found = {}
                    break
            checked |= found
        return checked

    def _fetch_one(self, one: Original, path: Path) -> str | None:
        """Write one file as its manifest names it; else say why that cannot be."""
        path.parent.mkdir(parents=True, exist_ok=True)
        problem = "file_gone"
        for key, version_id in committed_versions(self._store, one.prefix, one.file):
            try:
                with path.open("wb") as file:
                    sink = HashingFile(file)
                    self._store.download(layout.LANDING, key, sink, version_id)
            except ObjectMissing:
                continue
            if sink.sha256 == one.file.sha256:
                return None
            problem = "file_altered"
        return problem

    def _check(self, one: Original, code: str, path: Path) -> CheckedFile:
        marks = self._marks.read(path) if one.page.get("format") == "pdf" else None
        return CheckedFile(one, marks, broken_limits(self._limits, code, one, marks))

    def _require_room(self, name: str, dossiers: Sequence[ArchivedDossier]) -> None:
        needed = int(sum(one.bytes for one in dossiers) * (1 + _SPARE)) + _SPARE_BYTES
        free = shutil.disk_usage(self._folder).free
        if free < needed:
            raise ArchiveError(
                f"{self._folder} has no room for {name}: {needed / _GB:.1f} GB are needed, {free / _GB:.1f} GB free; "
                "free some space, or name a folder on another disk. Packages that are there already stay"
            )


def _paths(dossier: ArchivedDossier) -> Iterator[tuple[str, Original]]:
    for one in dossier.originals:
        yield f"{dossier.folder}/{one.name}", one


def _is_refusing(limit: FileLimit) -> bool:
    return limit.severity == "reject"


def _index(dossiers: Sequence[ArchivedDossier], checked: Mapping[str, CheckedFile]) -> dict[str, bytes]:
    return {INDEX["dossiers"]: dossiers_csv(dossiers), INDEX["files"]: files_csv(dossiers, checked)}


def _expected(dossiers: Sequence[ArchivedDossier], checked: Mapping[str, CheckedFile]) -> dict[str, str]:
    """What a package must hold: path -> SHA-256, of its files as their manifests name them."""
    files = {f"data/{path}": one.original.file.sha256 for path, one in checked.items()}
    return files | {f"data/{path}": _sha256(data) for path, data in _index(dossiers, checked).items()}


def _sums(bag: bagit.Bag) -> dict[str, str]:
    """What a package holds: path -> SHA-256."""
    return {path: sums["sha256"] for path, sums in bag.payload_entries().items()}


def _validate(folder: Path) -> bagit.Bag:
    """Read a package from the disk and hold every file against both its checksums.

    Raises:
        ArchiveError: it is none, or a file of it is damaged, missing or too many.
    """
    try:
        bag = bagit.Bag(str(folder))
        bag.validate()
    except bagit.BagError as error:
        raise ArchiveError(
            f"{folder} is damaged ({error}): delete this folder and run the same command again"
        ) from None
    return bag


def _drop_from_memory(folder: Path) -> None:
    """Have the disk take what was written, and forget it: what is verified is what lies on the disk."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _told(path: Path, dossiers: Sequence[ArchivedDossier], checked: Mapping[str, CheckedFile], is_new: bool) -> Bag:
    originals = [one for dossier in dossiers for one in dossier.originals]
    documents = {(one.row["agency"], one.row["document_id"]) for one in originals}
    remarks = sum(bool(one.broken) for one in checked.values())
    size = sum(one.file.bytes for one in originals)
    return Bag(path, len(dossiers), len(documents), len(originals), size, remarks, is_new)


def software_agent() -> str:
    """Name this program as a package names what made it."""
    return f"sohoa {version('sohoa')}, bagit-python {version('bagit')}"
