"""What ``sohoa archive`` does: one unit's accepted originals of some days, in packages, and a list of what stays."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sohoa.archive.index_files import left_csv
from sohoa.archive.originals import ArchivedDossier, LeftOut, asked_owner, read_dossiers
from sohoa.archive.read_marks import MarksReader
from sohoa.archive.write_bags import Bag, BagWriter, software_agent
from sohoa.errors import ArchiveError, InputError
from sohoa.format_value import day as format_day
from sohoa.quality.thresholds import load_thresholds
from sohoa.store import Store

PROFILE = "archive"
"""Profile of limits that files are held against."""
_ABSENCE = {"file_gone", "file_altered"}
"""Of an accepted original: somebody has to look."""
_MB = 1_000_000


@dataclass(frozen=True)
class HandedOver:
    """What became of a hand-over."""

    bags: tuple[Bag, ...]
    left: LeftOut
    left_file: Path | None
    """The list of what stays; None where nothing does."""

    @property
    def is_bad(self) -> bool:
        """Whether an accepted original is not in the store as it was accepted."""
        return bool(_ABSENCE & self.left.counts.keys())


def hand_over(
    store: Store, unit: str, first: date, last: date, folder: Path, size_mb: int, report: Callable[[Bag], None]
) -> HandedOver:
    """Write the packages of a unit and all below it; those that are there already are verified and left.

    Args:
        store: only read.
        unit: code of a unit, or of an office that is a leaf.
        first: first dossier day; of results of the backlog, scan day.
        last: last one.
        folder: where packages go; made where it is not there.
        size_mb: most megabytes of files in one package.
        report: told of each package.

    Raises:
        InputError: nobody bears the code in these days, or one dossier alone is larger than a package may be.
        ArchiveError: the disk has no room, another run writes here, or what lies here is another or a damaged package.
    """
    if last < first:
        raise InputError(f"the last day {last} lies before the first {first}")
    name, left, bags = asked_owner(unit, first, last), LeftOut(), list[Bag]()
    group = f"{unit}_{first}_{last}"
    about = {
        "Source-Organization": store.settings.office_parent,
        "External-Description": f"{name} ({unit}): tài liệu số hóa đã được chấp nhận, hồ sơ tiếp nhận từ "
        f"{format_day(first)} đến {format_day(last)}",
        "Bag-Group-Identifier": group,
        "Bag-Software-Agent": software_agent(),
    }
    with _only_one(folder), MarksReader(store.settings) as marks:
        writer = BagWriter(store, folder, load_thresholds(PROFILE).files, marks, about)
        dossiers = read_dossiers(store, unit, first, last, left)
        for number, (part, is_last) in enumerate(_split(dossiers, size_mb * _MB), start=1):
            count = f"{number} of {number if is_last else '?'}"
            bag = writer.write(f"{group}_{number:03d}", count, part, left)
            if bag is not None:
                bags.append(bag)
                report(bag)
        left_file = folder / f"{group}_con-lai.csv" if left.named else None
        if left_file is not None:
            left_file.write_bytes(left_csv(sorted(left.named)))
    return HandedOver(tuple(bags), left, left_file)


def _split(dossiers: Iterator[ArchivedDossier], limit: int) -> Iterator[tuple[list[ArchivedDossier], bool]]:
    """Cut dossiers into packages, each whole in one of them; with each, whether it is the last.

    Raises:
        InputError: one alone is larger than a package.
    """
    part: list[ArchivedDossier] = []
    size = 0
    for one in dossiers:
        if one.bytes > limit:
            raise InputError(f"{one.code} has {one.bytes:,} bytes: take --size-mb {-(-one.bytes // _MB)} or more")
        if part and size + one.bytes > limit:
            yield part, False
            part, size = [], 0
        part.append(one)
        size += one.bytes
    if part:
        yield part, True


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Let one run at a time write into a folder; what it writes only this user can read.

    Raises:
        ArchiveError: another one does.
    """
    umask = os.umask(0o077)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            _lock(handle, folder)
            yield
        finally:
            os.close(handle)
    finally:
        os.umask(umask)


def _lock(handle: int, folder: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ArchiveError(f"another run writes into {folder}: wait until it has ended") from None
