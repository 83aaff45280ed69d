"""A workbook: each sheet is read or named as not read, and a cell that shows no value of its own is none."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from tests.feeds.feed_rows import HEADER, cells, csv_bytes, read, row, saved, workbook_bytes, xlsx_bytes


def numbers(rows: list[dict[str, Any]]) -> list[int]:
    """The numbers of the dossiers, in the order of the file."""
    return [int(found["dossier_key"].rpartition("-")[2]) for found in rows]


def test_all_sheets_are_one_file() -> None:
    """An export that was cut into sheets: the rows of all of them, lines counted on; empty sheets are none."""
    parts = [HEADER, cells(1), cells(2)], [], [HEADER, cells(3)], [[None]], [HEADER, cells(4)]
    sheets = {str(number): part for number, part in enumerate(parts, start=1)}
    rows, rejects, count = read(workbook_bytes(sheets), "a.xlsx")
    assert (numbers(rows), rejects, count) == ([1, 2, 3, 4], [], 4)
    assert [found["line"] for found in rows] == [2, 3, 5, 7]


def test_each_sheet_has_its_own_columns() -> None:
    """Another order of columns, and more of them, on the second sheet."""
    other = ["GhiChu", *reversed(HEADER)]
    sheets = {"1": [HEADER, cells(1)], "2": [other, ["x", *reversed(cells(2))]]}
    rows, rejects, _ = read(workbook_bytes(sheets), "a.xlsx")
    assert rejects == []
    expected, _, _ = read(csv_bytes(row(1), row(2)))
    assert rows == [expected[0], expected[1] | {"line": 4}]


def test_a_row_that_cannot_be_used_is_told_by_sheet_and_line() -> None:
    """As the sender sees them in the program; of a single sheet the line is enough."""
    bad = cells(9, SoThanhPhan="hai")
    _, (one, other), _ = read(workbook_bytes({"Quý 1": [HEADER, cells(1), bad], "Quý 2": [HEADER, bad]}), "a.xlsx")
    assert (one.line, other.line, other.field, other.value) == (3, 5, "SoThanhPhan", "hai")
    assert one.problem.startswith("Trang tính “Quý 1”, dòng 3: ")
    assert other.problem.startswith("Trang tính “Quý 2”, dòng 2: ")
    _, (alone,), _ = read(xlsx_bytes(HEADER, bad), "a.xlsx")
    assert (alone.line, alone.problem) == (2, other.problem.partition(": ")[2])


def hidden_first() -> bytes:
    sheets = {"Danh mục": [["Mã", "Tên"]], "Hồ sơ": [HEADER, cells(1)]}
    book = openpyxl.load_workbook(io.BytesIO(workbook_bytes(sheets)))
    book["Danh mục"].sheet_state = "hidden"
    return saved(book)


def without_header() -> bytes:
    return workbook_bytes({"1": [HEADER, cells(1)], "2": [cells(2), cells(3)]})


def with_other_columns() -> bytes:
    return workbook_bytes({"1": [HEADER, cells(1)], "Tổng": [HEADER[:-1], cells(2)[:-1]]})


@pytest.mark.parametrize(
    ("make", "title"),
    [(hidden_first, "ẩn “Danh mục”"), (without_header, "“2”"), (with_other_columns, "“Tổng”")],
)
def test_a_sheet_that_is_not_read_is_named(make: Callable[[], bytes], title: str) -> None:
    """A hidden one, one that goes on without a header, one that lacks a column: the others are read."""
    rows, (reject,), count = read(make(), "a.xlsx")
    assert (numbers(rows), count) == ([1], 2)
    assert (reject.line, reject.field) == (None, None)
    assert title in reject.problem and "không được đọc" in reject.problem and "NgayCapNhat" in reject.problem


def test_a_hidden_sheet_with_the_header_is_read() -> None:
    """Hidden or not, its rows are the province's."""
    book = openpyxl.load_workbook(io.BytesIO(workbook_bytes({"1": [HEADER, cells(1)], "2": [HEADER, cells(2)]})))
    book["2"].sheet_state = "veryHidden"
    rows, rejects, _ = read(saved(book), "a.xlsx")
    assert (numbers(rows), rejects) == ([1, 2], [])


def test_the_later_sheet_decides_a_tie() -> None:
    """The same dossier at the same time on two sheets: the line of the second is the greater one."""
    sheets = {"1": [HEADER, *(cells(n) for n in (1, 2, 3))], "2": [HEADER, cells(1, SoThanhPhan=7)]}
    rows, _, _ = read(workbook_bytes(sheets), "a.xlsx")
    same = [found for found in rows if found["dossier_key"].endswith("-1")]
    assert max(same, key=lambda found: found["line"])["components"] == 7


def test_empty_rows_are_lines() -> None:
    """Before the header, and between the rows."""
    rows, rejects, _ = read(xlsx_bytes([], [], HEADER, [], cells(1), [None, ""], cells(2, LoaiBo="?")), "a.xlsx")
    assert [found["line"] for found in rows] == [5]
    assert [reject.line for reject in rejects] == [7]


def test_dates_and_texts_of_numbers() -> None:
    """Real dates, dates without a time, and numbers kept as text or as numbers are what they show."""
    day, moment = date(2024, 4, 15), datetime(2024, 4, 15, 9)  # noqa: DTZ001 (Excel has no zones)
    typed = cells(1, NgayTiepNhan=day, NgayCapNhat=moment, SoThanhPhan="12.0", TrangThaiHoSo=4.0, LoaiBo=False)
    wrong = cells(2, MaDonViHanhChinh=6001), cells(3, NgayHenTra="16/5/2024")
    rows, rejects, _ = read(xlsx_bytes(HEADER, typed, *wrong), "a.xlsx")
    same = row(1, NgayTiepNhan="20240415000000", NgayCapNhat="20240415090000", SoThanhPhan="12")
    assert rows == read(csv_bytes(same))[0]
    assert [(reject.line, reject.field, reject.value) for reject in rejects] == [
        (3, "MaDonViHanhChinh", "6001"), (4, "NgayHenTra", "16/5/2024")
    ]  # fmt: skip


def computed(data: bytes, results: dict[str, tuple[str, str]]) -> bytes:
    """The workbook with type and result of its formulas, by cell: openpyxl writes none."""
    source, sink = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    with zipfile.ZipFile(sink, "w") as target:
        for part in source.infolist():
            text = source.read(part).decode()
            for cell, (kind, value) in results.items():
                uncomputed = f'<c r="{cell}"[^>]*>(<f>[^<]*</f>)<v ?/?>(</v>)?'
                text = re.sub(uncomputed, rf'<c r="{cell}" t="{kind}">\1<v>{value}</v>', text)
            target.writestr(part, text)
    return sink.getvalue()


def formula(field: str, number: int) -> str:
    """The cell of a field in the row of this number."""
    return f"{openpyxl.utils.get_column_letter(HEADER.index(field) + 1)}{number + 1}"


def test_a_formula_counts_by_its_result() -> None:
    """A number, a text, a text without a letter; one without a result rejects its row, even where it may be empty."""
    whole = [cells(n, MienSoHoa='=IF(A1="","",B1)') for n in (1, 2, 3)] + [cells(4, SoThanhPhan="=1+2")]
    data = computed(
        xlsx_bytes(HEADER, *whole),
        {
            formula("MienSoHoa", 1): ("str", "dùng chung"),
            formula("MienSoHoa", 2): ("str", ""),
            formula("SoThanhPhan", 4): ("n", "3"),
        },
    )
    rows, (reject,), _ = read(data, "a.xlsx")
    assert [(found["line"], found["exemption"], found["components"]) for found in rows] == [
        (2, "dùng chung", 3), (3, None, 3), (5, None, 3)
    ]  # fmt: skip
    assert (reject.line, reject.field, reject.value) == (4, "MienSoHoa", '=IF(A1="","",B1)')


def test_a_formula_that_failed_is_no_value() -> None:
    """#N/A is not a reason of exemption and not the code of a procedure."""
    data = xlsx_bytes(HEADER, cells(1, MienSoHoa="#N/A"), cells(2, MaTTHC="#REF!"), cells(3))
    rows, rejects, _ = read(data, "a.xlsx")
    assert numbers(rows) == [3]
    assert [(reject.field, reject.value) for reject in rejects] == [("MienSoHoa", "#N/A"), ("MaTTHC", "#REF!")]


def merged(*ranges: str) -> bytes:
    """Rows 1 to 6 with merged cells: of these only the first shows a value."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    for values in (HEADER, *(cells(n) for n in range(1, 7))):
        sheet.append(values)
    for area in ranges:
        sheet.merge_cells(area)
    return saved(book)


def test_rows_with_a_part_of_a_merged_cell_are_told() -> None:
    """F is the commune, which may be empty: without its value the dossier would be the agency's."""
    rows, rejects, count = read(merged("F2:F4", "G6:H6"), "a.xlsx")
    assert (numbers(rows), count) == ([1, 4, 6], 6)
    assert [reject.line for reject in rejects] == [3, 4, 6]
    assert all("ô gộp" in reject.problem for reject in rejects)


def test_a_merged_title_is_no_header() -> None:
    """A title over the table, or a header of two lines: what is missing is told, nothing is read wrongly."""
    book = openpyxl.load_workbook(io.BytesIO(xlsx_bytes(["SỔ HỒ SƠ"], HEADER, cells(1))))
    book.active.merge_cells("A1:P1")
    rows, (reject,), _ = read(saved(book), "a.xlsx")
    assert rows == [] and "MaHoSo" in reject.problem
    rows, (reject,), _ = read(merged("A1:A2"), "a.xlsx")
    assert numbers(rows) == [2, 3, 4, 5, 6] and reject.line == 2


def test_a_workbook_without_rows_is_told() -> None:
    """No sheet has anything, or the only one has a header alone: the first is an error, the second a quiet day."""
    for sheets in ({"1": []}, {"1": [], "2": [[None, ""]]}):
        rows, (reject,), _ = read(workbook_bytes(sheets), "a.xlsx")
        assert rows == [] and "trống" in reject.problem
    assert read(xlsx_bytes(HEADER), "a.xlsx") == ([], [], 0)


def test_a_title_is_shown_on_one_short_line() -> None:
    """What a program wrote as a title cannot break a message."""
    data = workbook_bytes({"1": [HEADER, cells(1)], "2": [["x"]]})
    source, sink = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    with zipfile.ZipFile(sink, "w") as target:
        for part in source.infolist():
            body = source.read(part)
            target.writestr(part, body.replace(b'name="2"', f'name="a&#10;\u202eb{"x" * 5000}"'.encode()))
    _, (reject,), _ = read(sink.getvalue(), "a.xlsx")
    title = reject.problem.partition("”")[0]
    assert len(title) < 60 and not set(title) & {"\n", "\u202e"}
