"""The files of a site: columns, templates, and rows with line numbers, whatever is wrong with them."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from sohoa.errors import InputError
from sohoa.registry.data_files import DATA

REQUIRED = {
    "units": ("code", "valid_from", "valid_to", "name", "level", "kind", "parent"),
    "successors": ("valid_from", "old_code", "new_code", "share", "is_default"),
    "agencies": ("code", "name", "kind", "unit_code", "valid_from", "valid_to"),
    "campaigns": ("code", "name_vi", "start", "end", "target_percent", "scope", "source"),
    "ministries": ("system", "name", "ministry", "valid_from", "valid_to"),
    "calendar": ("day", "is_working", "name_vi", "source"),
    "targets": ("day", "percent"),
}
"""File -> the columns that it must have."""
OPTIONAL = {
    "units": ("lat", "lon", "source", "licence"),
    "successors": ("note", "source", "licence"),
    "agencies": ("successor", "evidence"),
    "ministries": ("evidence",),
    "targets": ("source",),
}
"""File -> the columns that it may have."""


@dataclass(frozen=True)
class Fault:
    """What is wrong, and where."""

    file: str
    line: int | None
    """None where it is about the whole file."""
    text: str

    def __str__(self) -> str:
        """Write it as ``units.csv, line 12: …``."""
        return f"{self.file}{'' if self.line is None else f', line {self.line}'}: {self.text}"


@dataclass(frozen=True)
class Line:
    """One row of a file."""

    number: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        """Return a cell, without the blanks around it; empty where the row has none."""
        return self.cells.get(column, "")


def write_site(folder: Path, is_empty: bool) -> list[Path]:
    """Write all files of a site into a new or empty folder: Lạng Sơn's as an example, or their headers alone.

    Raises:
        InputError: there is something in the folder.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder}: name a folder that is new or empty; nothing in it is overwritten")
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name in REQUIRED:
        text = (DATA / f"{name}.csv").read_text(encoding="utf-8")
        path = folder / f"{name}.csv"
        path.write_text(text.split("\n")[0] + "\n" if is_empty else text, encoding="utf-8-sig")
        written.append(path)
    return written


def read_lines(file: Path, name: str, faults: list[Fault]) -> list[Line]:
    """Read the rows of a file; what is wrong with its form is added to ``faults``, and then it has no rows."""
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        faults.append(Fault(file.name, line, "it is not UTF-8: save it as `CSV UTF-8`"))
        return []
    except OSError as error:
        faults.append(Fault(file.name, None, f"it cannot be read ({error.strerror})"))
        return []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(row)]
    except csv.Error:
        faults.append(Fault(file.name, reader.line_num, "a quotation mark does not end, or stands inside a cell"))
        return []
    heads = rows[0][1] if rows else []
    if _has_wrong_columns(file.name, name, heads, faults):
        return []
    for number, row in rows[1:]:
        if len(row) != len(heads):
            faults.append(Fault(file.name, number, f"it has {len(row)} cells, the header {len(heads)}"))
    return [Line(number, dict(zip(heads, row, strict=False))) for number, row in rows[1:]]


def _has_wrong_columns(file: str, name: str, heads: list[str], faults: list[Fault]) -> bool:
    required, known = REQUIRED[name], (*REQUIRED[name], *OPTIONAL.get(name, ()))
    if len(heads) <= 1 and any(mark in "".join(heads) for mark in ";\t"):
        faults.append(Fault(file, 1, "the columns are separated by something else than commas"))
        return True
    missing = [column for column in required if column not in heads]
    wrong = [f"column {column} is missing: it has {', '.join(required)}" for column in missing]
    wrong += [f"there is no column {head!r}: use {', '.join(known)}" for head in heads if head not in known]
    wrong += [f"column {head} is there twice" for head in sorted({head for head in heads if heads.count(head) > 1})]
    faults.extend(Fault(file, 1, text) for text in wrong)
    return bool(wrong)
