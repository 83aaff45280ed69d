"""A feed file becomes register rows; what cannot be read becomes a reject with line, field and reason."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from sohoa.feeds.import_files import FeedFile, read_file
from sohoa.feeds.read_file import read_chunks
from sohoa.feeds.sources import REGISTER
from sohoa.schema import TABLES
from tests.feeds.feed_rows import (
    DT,
    GOOD_ROW,
    HEADER,
    LIMIT,
    csv_bytes,
    feed_file,
    parquet_bytes,
    read,
    row,
    xlsx_bytes,
)


def test_a_good_row_maps_every_field():
    """Vietnamese fields become the columns of the table; empty text is null; times are local."""
    rows, rejects, count = read(csv_bytes(row()))
    assert (rejects, count) == ([], 1)
    found = rows[0]
    assert read_file(REGISTER, feed_file("b.csv"), csv_bytes(row()), LIMIT, read_chunks)[0][
        "feed_file"
    ].to_pylist() == ["b.csv"]
    assert found.keys() == {*TABLES["register"].names, "dossier_date", "is_correction"}
    assert found["dossier_key"] == "H37.81.03-240415-12"
    assert found["dossier_code"] == GOOD_ROW["MaHoSo"]
    assert (found["unit_code"], found["handling_agency"], found["commune_code"]) == ("06001", "H37.81.03", "06001")
    assert found["lodged_at"] == datetime(2024, 4, 15, 8, 30)  # noqa: DTZ001 (the wall clock)
    assert found["finished_at"] is found["returned_at"] is found["exemption"] is None
    assert (found["status"], found["components"], found["channel"]) == (4, 3, 1)
    assert (found["has_paper_result"], found["is_void"]) == (True, False)
    assert (found["dt"], found["line"], found["first_seen"]) == (DT, 2, DT)
    assert found["dossier_date"] == date(2024, 4, 15)


def test_both_spellings_of_a_dossier_have_one_key():
    """The old spelling and the new one, with any number of leading zeros, are the same dossier."""
    rows, _, _ = read(csv_bytes(row(), row(MaHoSo="000.03.81.H37-240415-00012")))
    assert {found["dossier_key"] for found in rows} == {"H37.81.03-240415-12"}


BAD_VALUES = [
    ("MaHoSo", ""),
    ("MaHoSo", "H37.81.03-241315-0012"),
    ("MaHoSo", "29A-12345"),
    ("KenhThucHien", "4"),
    ("MaDonViHanhChinh", "6001"),
    ("NgayTiepNhan", "15/04/2024"),
    ("NgayTiepNhan", "20240231083000"),
    ("NgayTiepNhan", "20240415246000"),
    ("NgayHenTra", "20240415"),
    ("NgayKetThucXuLy", "00010101000000"),
    ("NgayTra", "2024041508300O"),
    ("TrangThaiHoSo", ""),
    ("TrangThaiHoSo", "0"),
    ("TrangThaiHoSo", "11"),
    ("SoThanhPhan", ""),
    ("SoThanhPhan", "-1"),
    ("SoThanhPhan", "12.5"),
    ("SoThanhPhan", "12."),
    ("SoThanhPhan", "1e1"),
    ("SoThanhPhan", "+3"),
    ("SoThanhPhan", "٣"),
    ("SoThanhPhan", "1000000000"),
    ("SoThanhPhan", "99999999999999999999"),
    ("MaDonViHanhChinh", "99999"),
    ("MaHoSo", "H37.81.03-240418-0012"),
    ("MaHoSo", "000.03.81.H37-250415-0012"),
    ("CoKetQuaGiay", "co"),
    ("LoaiBo", "2"),
    ("MienSoHoa", "#N/A"),
    ("MienSoHoa", "=IF(A2=1,1,0)"),
    ("NgayCapNhat", ""),
    ("NgayCapNhat", "20240415 090000"),
    ("NgayCapNhat", "20990101000000"),
]


@pytest.mark.parametrize(("field", "value"), BAD_VALUES)
def test_a_bad_value_rejects_its_row_and_no_other(field, value):
    """The reject names line, field and value; the rows around it are used."""
    rows, rejects, count = read(csv_bytes(row(1), row(2, **{field: value}), row(3)))
    assert [found["line"] for found in rows] == [2, 4]
    assert count == 3
    (reject,) = rejects
    assert (reject.line, reject.field, reject.value) == (3, field, value or None)
    assert reject.problem.endswith(".")


@pytest.mark.parametrize(
    "field", [field for field in REGISTER.fields if not field.is_required], ids=lambda field: field.source
)
def test_fields_that_may_be_empty_are_null(field):
    """An empty field that is not required is null, not a reject and not zero."""
    rows, rejects, _ = read(csv_bytes(row(**{field.source: "  "})))
    assert rejects == [] and rows[0][field.target] is None


def test_a_dossier_belongs_to_its_commune_else_to_its_agency():
    """The commune that the code means on the dossier's own day, else the agency; else the row is rejected."""
    rows, rejects, _ = read(
        csv_bytes(
            row(1, DonViXuLy="H37.61", MaDonViHanhChinh="05971"),
            row(2, DonViXuLy="H37.61", MaDonViHanhChinh=""),
            row(4, DonViXuLy="H99.1", MaDonViHanhChinh="05971"),
            row(5, DonViXuLy="H99.1", MaDonViHanhChinh=""),
            row(6, DonViXuLy="", MaDonViHanhChinh=""),
        )
    )
    assert [found["unit_code"] for found in rows] == ["05971", "H37.61", "05971"]
    assert [(reject.line, reject.field) for reject in rejects] == [(5, "DonViXuLy"), (6, "DonViXuLy")]
    assert "15/04/2024" in rejects[0].problem and rejects[0].value == "H99.1 / "


@pytest.mark.parametrize(
    ("day", "code", "unit", "is_split"),
    [
        ("241129", "06574", "06574", False),
        ("241204", "06574", "06559", False),  # whole into Tam Gia
        ("241204", "05995", "06040", False),  # Thất Khê, under its new code
        ("250702", "06574", "06565", False),  # and what became of that
        ("250702", "06187", "06187", False),
        ("250702", "06622", "06613", True),
    ],
)
def test_a_code_out_of_use_means_the_successor(day, code, unit, is_split):
    """Of a split commune the default one, marked; a code in use means who bears it that day."""
    times = {"NgayTiepNhan": f"20{day}080000", "NgayHenTra": "", "NgayCapNhat": f"20{day}090000"}
    body = csv_bytes(row(MaHoSo=f"H37.60-{day}-0001", DonViXuLy="H37.60", MaDonViHanhChinh=code, **times))
    rows, rejects, _ = read_file(REGISTER, feed_file(dt=date(2025, 7, 3)), body, 1_000_000, read_chunks)
    assert rejects == []
    (found,) = rows.to_pylist()
    assert (found["unit_code"], found["is_split"]) == (unit, is_split)


@pytest.mark.parametrize("number", ["7", "07", "0007", "00007", "000000007"])
def test_the_spelling_that_the_tables_print_is_read(number):
    """The number of a dossier without its zeros, or with any."""
    rows, rejects, _ = read(csv_bytes(row(MaHoSo=f"H37.81.03-240415-{number}")))
    assert (rows[0]["dossier_key"], rejects) == ("H37.81.03-240415-7", [])


@pytest.mark.parametrize(("value", "components"), [("12.0", 12), ("1000", 1000), (" 3 ", 3), ("1000000", 1_000_000)])
def test_numbers_of_components_have_no_bound_of_ours(value, components):
    """However many there are, and as Excel writes them."""
    rows, rejects, _ = read(csv_bytes(row(SoThanhPhan=value)))
    assert (rows[0]["components"], rejects) == (components, [])


def test_lines_are_those_of_the_file():
    """Empty lines and rows are no rows, yet they count as lines; a byte order mark, CRLF and spaces do not matter."""
    header, first, second = csv_bytes(row(1), row(2)).decode().split("\r\n")[:3]
    data = "\ufeff" + "\r\n".join([header.replace(",", " , "), "", first, ",,,", "x,y", second]) + "\r\n"
    rows, rejects, count = read(data.encode())
    assert [found["line"] for found in rows] == [3, 6]
    assert [reject.line for reject in rejects] == [5]
    assert count == 3


def test_an_unclosed_quote_spoils_one_row_only():
    """A row is one line, so the rest of the file is not swallowed."""
    header, first, second, third = csv_bytes(row(1), row(2), row(3)).decode().split("\r\n")[:4]
    rows, rejects, _ = read("\n".join([header, first, '"' + second, third]).encode())
    assert [found["line"] for found in rows] == [2, 4]
    assert [reject.line for reject in rejects] == [3]


def test_a_line_without_end_spoils_itself_only():
    """A line of 200,000 characters that holds no row is one reject."""
    rows, rejects, _ = read(csv_bytes(row(1)) + b"x" * 200_000 + b"\r\n" + csv_bytes(row(2)).splitlines()[1])
    assert [found["line"] for found in rows] == [2, 4]
    assert [reject.line for reject in rejects] == [3]


def test_columns_may_come_in_any_order_and_more_of_them():
    """Columns are found by name; unknown ones are left out."""
    columns = ["GhiChu", *reversed(HEADER)]
    expected, _, _ = read(csv_bytes(row()))
    assert read(csv_bytes({**row(), "GhiChu": "x, y"}, columns=columns))[0] == expected


def test_a_long_value_is_shortened():
    """A reject does not carry a page of text."""
    _, (reject,), _ = read(csv_bytes(row(MaHoSo="x" * 5000)))
    assert len(reject.value) <= 80


UNUSABLE = {
    "empty.csv": b"",
    "no_header_row.csv": b"\n\n",
    "column_missing.csv": csv_bytes(row(), columns=HEADER[:-1]),
    "column_twice.csv": csv_bytes(row(), columns=[*HEADER, "MaHoSo"]),
    "utf16.csv": csv_bytes(row(), encoding="utf-16"),
    "one_bad_byte.csv": csv_bytes(row(1), row(2)) + b"\xff\xfe\n",
    "endless_field.csv": csv_bytes(row(1)) + b'"' + b"x" * 200_000,
    "not_parquet.parquet": csv_bytes(row()),
    "cut.parquet": parquet_bytes(pa.table({name: ["x"] for name in HEADER}))[:-20],
    "column_missing.parquet": parquet_bytes(pa.table({"MaHoSo": ["x"]})),
    "nested.parquet": parquet_bytes(pa.table({name: [[1]] for name in HEADER})),
    "not_xlsx.xlsx": csv_bytes(row()),
    "no_workbook.xlsx": b"PK\x05\x06" + bytes(18),
    "cut.xlsx": xlsx_bytes(HEADER)[:-40],
    "empty.xlsx": xlsx_bytes(),
    "old_excel.xls": b"\xd0\xcf\x11\xe0",
    "no_suffix": csv_bytes(row()),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_an_unusable_file_is_one_reject(name):
    """Nothing of the file is used, and one reject without line says why."""
    rows, rejects, count = read(UNUSABLE[name], name)
    assert (rows, count) == ([], 1)
    (reject,) = rejects
    assert (reject.line, reject.field, reject.value) == (None, None, None)
    assert reject.problem.endswith(".")


def test_a_missing_column_is_named():
    """The reason tells the sender which column to add."""
    _, (reject,), _ = read(UNUSABLE["column_missing.csv"])
    assert "NgayCapNhat" in reject.problem


def test_an_archive_that_unpacks_too_large_is_not_opened():
    """The limit holds for the unpacked size too, so a small file cannot fill the memory."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/workbook.xml", bytes(LIMIT + 1))
    assert "quá lớn" in read(sink.getvalue(), "bomb.xlsx")[1][0].problem
    narrow = parquet_bytes(pa.table({name: pa.array(["x"] * 700_000).dictionary_encode() for name in HEADER}))
    assert len(narrow) < LIMIT / 10
    assert "quá lớn" in read(narrow, "bomb.parquet")[1][0].problem


def test_a_file_outside_its_place_is_one_reject():
    """Without a day in its key a file is not used, and the reason says where to put it."""
    file = FeedFile("register/new.csv", "etag", "register", DT, is_placed=False, is_correction=False)
    rows, (reject,), _ = read_file(REGISTER, file, csv_bytes(row()), LIMIT, read_chunks)
    assert rows.num_rows == 0 and "register/dt=" in reject.problem


@pytest.mark.parametrize("name", ["a.parquet", "A.PARQUET", "a.xlsx"])
def test_all_formats_give_the_same_rows(name):
    """CSV, Parquet and XLSX of the same text are the same rows with the same lines."""
    given = [row(1), row(2, NgayCapNhat="x"), row(3, MienSoHoa="Đã có dữ liệu dùng chung")]
    cells = [[each[column] for column in HEADER] for each in given]
    data = parquet_bytes(pa.Table.from_pylist(given)) if "xlsx" not in name else xlsx_bytes(HEADER, *cells)
    assert read(data, name) == read(csv_bytes(*given))


def test_typed_columns_are_read_as_what_they_show():
    """Numbers, flags and times that an export typed give the same row as their text."""
    expected, _, _ = read(csv_bytes(row()))
    values: dict = dict(row())
    values |= {name: int(values[name]) for name in ("KenhThucHien", "TrangThaiHoSo", "SoThanhPhan", "NgayTiepNhan")}
    values |= {"CoKetQuaGiay": True, "LoaiBo": False, "NgayHenTra": datetime(2024, 4, 19, 17)}  # noqa: DTZ001 (Excel has no zones)
    assert read(xlsx_bytes(HEADER, [values[name] for name in HEADER]), "a.xlsx")[0] == expected
    table = pa.Table.from_pylist([{**values, "NgayTra": None}])
    floats = table.set_column(HEADER.index("SoThanhPhan"), "SoThanhPhan", table["SoThanhPhan"].cast(pa.float64()))
    zoned = pa.array([datetime(2024, 4, 15, 2, tzinfo=UTC)], pa.timestamp("us", "UTC"))
    zoned_table = floats.set_column(HEADER.index("NgayCapNhat"), "NgayCapNhat", zoned)
    assert read(parquet_bytes(zoned_table), "a.parquet")[0] == expected
