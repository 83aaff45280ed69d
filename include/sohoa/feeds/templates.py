"""Empty feed files to fill in: the header as it must be, and in a workbook what each column takes."""

from __future__ import annotations

import csv
from pathlib import Path

from sohoa.errors import InputError
from sohoa.feeds.sources import SOURCES, Source
from sohoa.settings import province_code, province_head

_SUFFIXES = (".csv", ".xlsx")
_WIDTH = 20
"""Characters of a column of a workbook, as many as the longest header has."""
_H = province_head()
EXAMPLES: dict[str, tuple[str, ...]] = {
    "register": (
        f"{_H}.81.03-240415-0012", "1.001193", "LV01", "1", f"{_H}.81.03", "06001", "20240415083000", "20240419170000",
        "", "", "4", "3", "1", "", "0", "20240415090000",
    ),
    "portal": (
        f"000.03.81.{_H}-240415-0012", "1.001193", f"{_H}.81.03", "20240415083000", "20240419170000", "4", "1",
        "", "20240416020000",
    ),
    "ministry": (f"{_H}.81.03-240415-0012", "1.001193", "06001", "20240415083000", "4"),
    "status": (f"{_H}.81.03-240415-0012", "4", "20240415100000"),
    "national_report": (province_code(), "20240401", "20240430", "31250"),
    "backlog": (f"{_H}.81.03", "1520"),
    "notices": (f"{_H}.81.03", "20240415", "20240417", "no_connection", ""),
}  # fmt: skip
"""A row that can be used of each feed, in the order of its fields."""


def write_template(path: Path) -> Source:
    """Write an empty feed file: its name says which feed, its ending the format. Returns the feed.

    Raises:
        InputError: there is no such feed or format, or a file of this name.
        OSError: it cannot be written there.
    """
    source = SOURCES.get(path.stem)
    if source is None or path.suffix.lower() not in _SUFFIXES:
        names = ", ".join(SOURCES)
        raise InputError(f"{path.name}: a template is named after its feed ({names}) and ends with .csv or .xlsx")
    if path.exists():
        raise InputError(f"{path}: there is a file already; take it away, or write into another folder")
    (_write_csv if path.suffix.lower() == ".csv" else _write_workbook)(path, source)
    return source


def _write_csv(path: Path, source: Source) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:  # the mark tells Excel that it is UTF-8
        csv.writer(file).writerow(field.source for field in source.fields)


def _write_workbook(path: Path, source: Source) -> None:
    from openpyxl import Workbook
    from openpyxl.comments import Comment
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    book.remove(book.worksheets[0])
    sheet = book.create_sheet(source.name)
    for column, field in enumerate(source.fields, 1):
        cell = sheet.cell(1, column, field.source)
        cell.font = Font(bold=True)
        cell.comment = Comment(f"{'Bắt buộc' if field.is_required else 'Có thể để trống'}: {field.expected}", "sohoa")
        sheet.column_dimensions[get_column_letter(column)].width = _WIDTH
        sheet.column_dimensions[get_column_letter(column)].number_format = "@"  # text: zeros at the front stay
    sheet.freeze_panes = "A2"
    book.save(path)
