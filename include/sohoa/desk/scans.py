"""What lies in an agency's folder: documents with their page files, and what cannot be made one of."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from sohoa.dossier_code import dossier_key

OWN_FOLDER = "_sohoa"
"""In an agency's folder, what ``sohoa`` writes there: slips. Nothing in it is a scan."""
NOTES = ".sohoa.json"
"""In a document's folder, what was said of it at the desk: fields of a manifest's document."""
NOTED = (
    "title", "content", "paper", "cover", "physical_pages", "note_pages", "not_scanned", "replaces", "ask_reviewer",
    "send_anyway",
)  # fmt: skip
LIST_NAMES = ("danh-sach.xlsx", "danh-sach.csv")
"""The list of documents, where there is one."""
_DIGITS = re.compile(r"(\d+)")
_NO_SCANS = ("thumbs.db", "desktop.ini")
_UNFINISHED = (".tmp", ".part", ".partial", ".crdownload", ".lock")


@dataclass(frozen=True)
class ScanFile:
    """One page file, and what it is called in its batch: its path in the folder, NFC, with slashes."""

    path: Path
    name: str
    role: str = "page"
    sheet: int | None = None


@dataclass(frozen=True)
class ScannedDocument:
    """One document as a folder or a list tells it; what they do not tell is None.

    Attributes:
        slot: names the document within its agency, now and when it is scanned again.
        place: where it stands, for people: the folder, or the line of the list.
        fields: of a manifest's document, but for ids and files.
        files: its page files, in order.
    """

    slot: str
    place: str
    fields: dict[str, object]
    files: tuple[ScanFile, ...]

    @property
    def title(self) -> str:
        """What the document is called."""
        return str(self.fields.get("title") or self.place)


@dataclass(frozen=True)
class Problem:
    """Something in the folder that cannot be sent as it is, and what to do about it, in Vietnamese."""

    place: str
    words: str


@dataclass
class Scans:
    """All that a folder holds."""

    documents: list[ScannedDocument] = field(default_factory=list)
    loose: list[ScanFile] = field(default_factory=list)
    """Files that belong to no document: their pages can be checked, and not sent."""
    problems: list[Problem] = field(default_factory=list)


def slot_of(fields: dict[str, object]) -> str:
    """Name a document by what stays the same when it is scanned again: dossier, kind and title."""
    code = fields.get("dossier_code")
    return "|".join((dossier_key(str(code)) or str(code) if code else "", str(fields["kind"]), str(fields["title"])))


def name_in_batch(folder: Path, path: Path) -> str:
    """Return what a file is called in its batch."""
    return unicodedata.normalize("NFC", path.relative_to(folder).as_posix())


def is_scan(path: Path) -> bool:
    """Tell whether a file may be a scan: not hidden, not another program's, not one that is still being written."""
    name = path.name.lower()
    return not (name.startswith((".", "~$")) or name in _NO_SCANS or name.endswith(_UNFINISHED))


def natural_key(path: Path) -> list[tuple[int, int, str]]:
    """Sort key by which page 2 comes before page 10."""
    words = _DIGITS.split(unicodedata.normalize("NFC", str(path)).lower())
    return [(0, int(word), "") if word.isdecimal() else (1, 0, word) for word in words if word]


def scans_below(folder: Path) -> Iterable[Path]:
    """List the files below a folder that may be scans, in natural order; links are followed nowhere."""
    found: list[Path] = []
    for place, folders, names in os.walk(folder):  # says nothing of a folder that vanishes meanwhile
        folders[:] = [name for name in folders if name != OWN_FOLDER]
        found += (Path(place, name) for name in names if name != OWN_FOLDER)
    return sorted((path for path in found if _is_file(path) and is_scan(path)), key=natural_key)


def _is_file(path: Path) -> bool:
    return not path.is_symlink() and path.is_file()
