"""The workbook holds the report's values as numbers, dates and texts that a spreadsheet can work with."""

from __future__ import annotations

import time
import zipfile
from dataclasses import replace
from datetime import date, datetime
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from openpyxl.workbook import Workbook

from sohoa.labels import LABELS
from sohoa.report.formats import write_workbook
from sohoa.report.model import WORDS, Column, Row, Table, WeekReport
from tests.report.report_samples import sample_report

REPORT = sample_report(40)
BODY = write_workbook.HEADER_ROW + 2
"""First row of values, counted from 1."""


@pytest.fixture(scope="module")
def book() -> Workbook:
    return openpyxl.load_workbook(BytesIO(write_workbook.render(REPORT)))


def as_read(column: Column, row: Row) -> Any:
    """A value of the report as a spreadsheet holds it: codes as they are called, an empty text as nothing."""
    value = row[column.key]
    if column.kind in WORDS:
        return None if value in (None, ()) else column.text(row)
    if isinstance(value, date):
        return datetime.combine(value, datetime.min.time())
    return pytest.approx(value / 100, rel=1e-12) if column.kind == "percent" and value is not None else value


@pytest.mark.parametrize("table", REPORT.tables, ids=lambda table: table.name)
def test_every_value_is_read_back(book: Workbook, table: Table) -> None:
    """Each sheet holds its table's values, unformatted: numbers as numbers, days as days, codes with their zeros."""
    sheet = book[write_workbook.sheet_name(table)]
    for row, cells in zip(table.rows, sheet.iter_rows(min_row=BODY, values_only=True), strict=True):
        assert list(cells) == [as_read(column, row) for column in table.columns]


def test_every_table_has_its_sheet_and_is_listed(book: Workbook) -> None:
    """The first sheet lists the others, with their titles, number of rows and a link to each."""
    names = [write_workbook.sheet_name(table) for table in REPORT.tables]
    assert book.sheetnames == [write_workbook.CONTENTS, write_workbook.WORDS_SHEET, *names]
    assert names == ["Tỷ lệ toàn tỉnh", "Từng đơn vị", "Danh sách tệp lỗi"]
    listed = {row[0].value: row for row in book[write_workbook.CONTENTS].iter_rows() if row[0].value in names}
    for table in REPORT.tables:
        cells = listed[write_workbook.sheet_name(table)]
        assert [cell.value for cell in cells[1:]] == [table.title_vi, table.title_en, len(table.rows)]
        assert cells[0].hyperlink.location == f"'{write_workbook.sheet_name(table)}'!A1"
        assert cells[0].hyperlink.target is None


@pytest.mark.parametrize("table", REPORT.tables, ids=lambda table: table.name)
def test_header_is_frozen_and_filtered(book: Workbook, table: Table) -> None:
    """What stays in sight is title, note and header; the filter spans the whole table."""
    sheet = book[write_workbook.sheet_name(table)]
    assert sheet.freeze_panes == f"A{BODY}"
    last = openpyxl.utils.get_column_letter(len(table.columns))
    assert sheet.auto_filter.ref == f"A{BODY - 1}:{last}{BODY - 1 + len(table.rows)}"
    labels = [cell.value.split("\n") for cell in sheet[BODY - 1]]
    assert [label[1] for label in labels] == [column.label_en for column in table.columns]


def test_number_formats_follow_the_kind(book: Workbook) -> None:
    """Thousands are grouped, percentages are percentages, days are written dd/mm/yyyy, codes stay texts."""
    formats = [cell.number_format for cell in book["Từng đơn vị"][BODY + 1]]
    assert formats == ["@", "General", "#,##0", "0.00%", "#,##0.00", "dd/mm/yyyy", "@"]


def test_columns_are_wide_enough_for_their_numbers(book: Workbook) -> None:
    """No number shows as ####: its column is wider than its text."""
    sheet = book["Từng đơn vị"]
    assert sheet.column_dimensions["C"].width > len("942.934")
    assert sheet.column_dimensions["F"].width > len("08/04/2024")


def test_same_report_same_bytes() -> None:
    """The same report gives the same bytes, at another time too."""
    first = write_workbook.render(REPORT)
    time.sleep(2.1)  # the clock of a zip file counts two seconds
    assert write_workbook.render(sample_report(40)) == first


def test_no_date_but_the_reports_own_is_in_the_file() -> None:
    """The document's date is the week's last day; the parts of the file have the format's first year."""
    with zipfile.ZipFile(BytesIO(write_workbook.render(REPORT))) as parts:
        assert "2024-04-14T00:00:00Z" in parts.read("docProps/core.xml").decode()
        assert {info.date_time[0] for info in parts.infolist()} == {1980}


@pytest.mark.parametrize(
    "words", ["Tuần", "Phải số hóa (mẫu số) (hồ sơ)", "Tỷ lệ số hóa của toàn tỉnh theo tuần", "W" * 40]
)
def test_a_heading_is_never_cut(words: str) -> None:
    """The row is as high as its highest heading: its letters fit into the lines that there are, in both languages."""
    columns = (Column("unit", words, f"{words} in English", "count"), Column("b", "Mã", "Code", "code"))
    table = Table("units", "T", "T", columns, ({"unit": 1, "b": "x"},))
    sheet = openpyxl.load_workbook(BytesIO(write_workbook.render(replace(REPORT, annex=(table,)))))["Từng đơn vị"]
    width = sheet.column_dimensions["A"].width
    lines = sheet.row_dimensions[BODY - 1].height / 15
    assert lines * width >= 1.1 * len(f"{words} {words} in English")
    assert lines <= 12


def test_the_words_of_the_report_are_a_sheet(book: Workbook) -> None:
    """Section by section, proposals last: the workbook alone tells what the figures mean."""
    said = [cell.value for (cell,) in book[write_workbook.WORDS_SHEET].iter_rows(max_col=1) if cell.value]
    expected = [
        words for section in REPORT.sections for words in (f"{section.number}. {section.title_vi}", *section.paragraphs)
    ]
    assert said == expected


def test_every_table_of_a_report_has_a_name_for_its_sheet(week_report: WeekReport) -> None:
    """In Vietnamese, short enough for a spreadsheet, none twice, without the signs that it refuses."""
    names = [write_workbook.sheet_name(table) for table in week_report.tables]
    assert len(set(names)) == len(names)
    for table, name in zip(week_report.tables, names, strict=True):
        assert name != table.name
        assert len(name) <= 31
        assert not set(name) & set("[]:*?/\\")
    assert len(LABELS["sheets"]) == len({label.vi for label in LABELS["sheets"].values()})
