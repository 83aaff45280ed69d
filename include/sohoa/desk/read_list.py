"""The list of documents that an agency writes beside its scans: ``danh-sach.xlsx`` or ``danh-sach.csv``.

A row names files of one document; rows with the same dossier, kind and title are one document. Its columns are the
fields of a manifest's document, and ``files``: names or patterns in the folder, separated by semicolons.
"""

from __future__ import annotations

import csv
import io
import unicodedata
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from sohoa.clean_text import clean, escape_name
from sohoa.desk.scans import Problem, ScanFile, ScannedDocument, Scans, name_in_batch, slot_of
from sohoa.errors import InputError

REQUIRED = ("dossier_code", "kind", "title", "files")
OPTIONAL = (
    "document_id", "procedure_code", "content", "paper", "cover", "physical_pages", "note_pages", "replaces",
    "not_scanned", "ask_reviewer", "role", "sheet",
)  # fmt: skip
"""Columns that may be absent, or empty: what is declared for all documents then stands."""
_OF_FILES = ("files", "role", "sheet")
_NUMBERS = ("physical_pages", "sheet")
_MAX_BYTES = 20_000_000
_MAX_ROWS = 20_000
_BAD_WORKBOOK = (
    AttributeError, IndexError, InvalidFileException, KeyError, OSError, ParseError, TypeError, ValueError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip

Row = dict[str, str]


def read_list(folder: Path, file: Path, paths: Iterable[Path], declared: Mapping[str, object]) -> Scans:
    """Read the documents of a list.

    Args:
        folder: in which the files lie.
        file: the list.
        paths: all page files of the folder; those that no row names are loose.
        declared: fields of documents whose row does not tell them.

    Raises:
        InputError: the list cannot be read, or lacks a column.
    """
    rows = _read_rows(file)
    names = {name_in_batch(folder, path): path for path in paths}
    scans, used, groups = Scans(), set[str](), defaultdict[str, list[tuple[int, Row]]](list)
    for line, row in rows:
        lacking = [name for name in ("kind", "title") if not row[name]]
        if lacking:
            scans.problems.append(Problem(_place(file, line), f"Thiếu {', '.join(lacking)}. Hãy điền vào danh sách."))
            continue
        groups[row.get("document_id") or slot_of({**row, "dossier_code": row["dossier_code"] or None})].append(
            (line, row)
        )
    for slot, found in groups.items():
        document, problems = _document(file, slot, found, names, declared)
        used.update(scan.name for scan in document.files)
        scans.problems += problems
        if not problems:
            scans.documents.append(document)
    scans.loose = [ScanFile(path, name) for name, path in names.items() if name not in used]
    return scans


def _place(file: Path, line: int) -> str:
    return f"{file.name}, dòng {line}"


def _document(
    file: Path, slot: str, rows: list[tuple[int, Row]], names: Mapping[str, Path], declared: Mapping[str, object]
) -> tuple[ScannedDocument, list[Problem]]:
    line, first = rows[0]
    given: dict[str, Any] = {name: first[name] for name in (*REQUIRED, *OPTIONAL) if first.get(name)}
    fields = {**declared, "dossier_code": None, **{n: v for n, v in given.items() if n not in _OF_FILES}}
    problems = []
    try:
        fields |= {name: int(fields[name]) for name in _NUMBERS if isinstance(fields.get(name), str)}
        if "note_pages" in fields:
            fields["note_pages"] = [int(number) for number in str(fields["note_pages"]).replace(",", ";").split(";")]
    except ValueError:
        problems.append(Problem(_place(file, line), "Số trang phải là số nguyên. Hãy sửa trong danh sách."))
    files: list[ScanFile] = []
    for line, row in rows:
        sheet = row.get("sheet", "")
        if sheet and not sheet.isdecimal():
            problems.append(Problem(_place(file, line), "Cột sheet phải là số nguyên. Hãy sửa trong danh sách."))
            continue
        found, missing = _find_files(row["files"], names)
        problems += [Problem(_place(file, line), f"Không có tệp {clean(name)} trong thư mục.") for name in missing]
        files += [
            ScanFile(names[name], name, row.get("role") or "page", int(sheet) if sheet else None) for name in found
        ]
    return ScannedDocument(slot, _place(file, rows[0][0]), fields, tuple(files)), problems


def _find_files(cell: str, names: Mapping[str, Path]) -> tuple[list[str], list[str]]:
    """The files that a cell names, in its order, and the names that fit none."""
    found, missing = list[str](), list[str]()
    for part in filter(None, (part.strip().replace("\\", "/") for part in cell.split(";"))):
        pattern = unicodedata.normalize("NFC", part).removeprefix("./")
        fitting = [pattern] if pattern in names else [name for name in names if fnmatchcase(name, pattern)]
        found += [name for name in fitting if name not in found]
        if not fitting:
            missing.append(part)
    return found, missing


def _read_rows(file: Path) -> list[tuple[int, Row]]:
    """Line and cells of each row that is not empty, by their columns."""
    try:
        data = file.read_bytes()
        if len(data) > _MAX_BYTES:
            raise InputError(f"{escape_name(file)}: danh sách quá lớn, tối đa {_MAX_BYTES // 1_000_000} MB")
        lines = list(_workbook_lines(data) if file.suffix.lower() == ".xlsx" else _csv_lines(data))
    except _BAD_WORKBOOK as error:
        raise InputError(f"{escape_name(file)}: không đọc được danh sách ({type(error).__name__}: {error})") from None
    header = [unicodedata.normalize("NFC", cell).strip().lower() for cell in lines[0]] if lines else []
    while header and not header[-1]:
        header.pop()
    unknown = [name for name in header if name and name not in (*REQUIRED, *OPTIONAL)]
    lacking = [name for name in REQUIRED if name not in header]
    if unknown or lacking or len(set(header)) < len(header):
        raise InputError(
            f"{escape_name(file)}: dòng đầu phải là tên cột {', '.join(REQUIRED)}, và có thể thêm "
            f"{', '.join(OPTIONAL)}; thiếu: {', '.join(lacking) or '–'}; "
            f"không biết: {clean(', '.join(unknown)) or '–'}"
        )
    numbered = [(line, cells) for line, cells in enumerate(lines[1:], start=2) if any(cells)]
    rows = [(line, dict(zip(header, _padded(cells, len(header)), strict=False))) for line, cells in numbered]
    if len(rows) > _MAX_ROWS:
        raise InputError(f"{escape_name(file)}: danh sách có quá {_MAX_ROWS} dòng; hãy chia thành nhiều thư mục")
    return rows


def _padded(cells: list[str], size: int) -> list[str]:
    return [*cells, *[""] * (size - len(cells))]


def _csv_lines(data: bytes) -> Iterator[list[str]]:
    text = data.decode("utf-8-sig")
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)  # Excel writes semicolons where the comma is the decimal sign
    for cells in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
        yield [unicodedata.normalize("NFC", cell).strip() for cell in cells]


def _workbook_lines(data: bytes) -> Iterator[list[str]]:
    sheet = load_workbook(io.BytesIO(data), read_only=True, data_only=True).worksheets[0]
    for row in sheet.iter_rows(values_only=True, max_row=_MAX_ROWS + 2, max_col=64):
        yield [_text(value) for value in row]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return unicodedata.normalize("NFC", str(value)).strip()
