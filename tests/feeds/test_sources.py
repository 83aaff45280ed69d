"""The feeds beside the register: which columns they fill, which row is in force, what is refused."""

from __future__ import annotations

import io
from datetime import date, datetime
from typing import Any

import openpyxl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sohoa.dossier_code import dossier_key
from sohoa.feeds.import_files import FeedFile, read_file
from sohoa.feeds.merge_rows import merge, no_rows
from sohoa.feeds.message_fields import parse_key
from sohoa.feeds.read_file import read_chunks
from sohoa.feeds.sources import SOURCES
from sohoa.schema import TABLES
from tests.feeds.source_rows import CODE, GOOD, OLD_SPELLING, csv_of

DT, LIMIT = date(2024, 4, 16), 1_000_000
KEY = "H37.81.03-240415-12"


def wall(*parts: int) -> datetime:
    return datetime(*parts)  # noqa: DTZ001 (the wall clock)


def read(name: str, *rows: dict[str, str], dt: date = DT, system: str = "gplx", data: bytes = b"", file: str = "a.csv"):
    folder = f"{name}/{system}" if name == "ministry" else name
    place = FeedFile(f"{folder}/dt={dt}/{file}", "etag", name, dt, is_placed=True, is_correction=False)
    found, rejects, _ = read_file(SOURCES[name], place, data or csv_of(*rows), LIMIT, read_chunks)
    if "feed_file" in found.column_names:  # files of one content are compared under one name
        names = pa.array(["a.csv"] * len(found), pa.string())
        found = found.set_column(found.column_names.index("feed_file"), "feed_file", names)
    return found, rejects


def in_force(name: str, *parts) -> list[dict[str, Any]]:
    return merge(SOURCES[name], no_rows(SOURCES[name]), *(found for found, _ in parts)).to_pylist()


def test_a_portal_row_maps_every_field():
    """The code is kept as spelled beside the key."""
    found, rejects = read("portal", GOOD["portal"])
    (row,) = found.to_pylist()
    assert rejects == [] and set(TABLES["portal"].names) < row.keys()
    assert (row["dossier_key"], row["dossier_code"], row["dossier_date"]) == (KEY, CODE, date(2024, 4, 15))
    assert (row["handling_agency"], row["procedure_code"], row["status"]) == ("H37.81.03", "1.001193", 4)
    assert (row["lodged_at"], row["due_at"]) == (wall(2024, 4, 15, 8, 30), wall(2024, 4, 19, 17))
    assert (row["is_flagged_digitised"], row["result_link"]) == (True, "https://kho.example.vn/1")
    assert (row["synced_at"], row["first_seen"], row["line"]) == (wall(2024, 4, 15, 22), DT, 2)


def test_the_portal_keeps_each_spelling_and_the_newest_of_it():
    """Two spellings are two rows; of one spelling the newest NgayDongBo holds, then the later day, then the line."""
    day_1 = [
        {**GOOD["portal"], "TrangThaiHoSo": "2"},
        {**GOOD["portal"], "TrangThaiHoSo": "9", "NgayDongBo": "20240415210000"},
        {**GOOD["portal"], "TrangThaiHoSo": "4"},
        {**GOOD["portal"], "MaHoSo": OLD_SPELLING, "TrangThaiHoSo": "1"},
    ]
    rows = in_force("portal", read("portal", *day_1))
    assert [(r["dossier_code"], r["status"]) for r in rows] == [(OLD_SPELLING, 1), (CODE, 4)]
    later = read("portal", {**GOOD["portal"], "TrangThaiHoSo": "5"}, dt=date(2024, 4, 17))
    for parts in ((read("portal", *day_1), later), (later, read("portal", *day_1))):
        rows = in_force("portal", *parts)
        assert [(r["dossier_code"], r["status"], r["first_seen"]) for r in rows] == [
            (OLD_SPELLING, 1, DT),
            (CODE, 5, DT),
        ]


def test_a_ministry_row_names_its_system_and_the_later_day_holds():
    """No time says which is newer: the later dt, then the later line, of each system alone."""
    first = read("ministry", GOOD["ministry"], {**GOOD["ministry"], "TrangThaiHoSo": "5"})
    later = read("ministry", {**GOOD["ministry"], "MaHoSo": OLD_SPELLING, "TrangThaiHoSo": "9"}, dt=date(2024, 4, 18))
    other = read("ministry", GOOD["ministry"], system="dkkd")
    assert [(r["system"], r["status"]) for r in in_force("ministry", first)] == [("gplx", 5)]
    rows = in_force("ministry", later, other, first)
    assert [(r["system"], r["status"], r["first_seen"]) for r in rows] == [("dkkd", 4, DT), ("gplx", 9, DT)]


def test_the_status_history_keeps_every_change_once():
    """The same change in any spelling is one; another moment or status is another."""
    again = {**GOOD["status"], "MaHoSo": OLD_SPELLING}
    rows = [GOOD["status"], again, {**again, "TrangThai": "4"}, {**again, "ThoiDiem": "20240415093001"}]
    found = in_force("status", read("status", *rows), read("status", GOOD["status"], dt=date(2024, 4, 17)))
    assert [(r["changed_at"], r["status"]) for r in found] == [
        (wall(2024, 4, 15, 9, 30), 4),
        (wall(2024, 4, 15, 9, 30), 5),
        (wall(2024, 4, 15, 9, 30, 1), 5),
    ]


def test_the_small_feeds_keep_their_rows():
    """Days may be written with or without a time; text may hold commas."""
    report, backlog, notices = (
        read(name, GOOD[name])[0].drop_columns("is_correction").to_pylist()
        for name in ("national_report", "backlog", "notices")
    )
    assert report == [
        {"unit_code": "20", "start": date(2024, 4, 1), "end": date(2024, 4, 30), "dossiers_received": 26600, "line": 2}
    ]
    assert backlog == [{"agency": "H37.60", "results": 1200, "line": 2}]
    assert notices == [
        {
            "agency": "H37.81.03",
            "start": date(2024, 4, 15),
            "end": date(2024, 4, 16),
            "notice_kind": "no_connection",
            "note": "mất mạng, chờ sửa",
            "line": 2,
        }
    ]


def test_a_commune_s_agency_reports_for_its_commune():
    """Counts know communes by their own code."""
    found, _ = read("national_report", {**GOOD["national_report"], "MaDonVi": "H37.81.03"})
    assert found["unit_code"].to_pylist() == ["06001"]


BAD_VALUES = [
    ("portal", "MaHoSo", "x"),
    ("portal", "TrangThaiHoSo", ""),
    ("portal", "HoSoCoThanhPhanSoHoa", "co"),
    ("portal", "NgayDongBo", ""),
    ("portal", "NgayDongBo", "20240420000000"),
    ("ministry", "MaDonViHanhChinh", "6001"),
    ("ministry", "TrangThaiHoSo", "11"),
    ("status", "TrangThai", "0"),
    ("status", "ThoiDiem", "20240231000000"),
    ("status", "ThoiDiem", "20240420000000"),
    ("national_report", "MaDonVi", "99"),
    ("national_report", "TuNgay", "2024-04-01"),
    ("national_report", "DenNgay", "20240331"),
    ("national_report", "TiepNhan", "-1"),
    ("backlog", "MaDonVi", "06001"),
    ("backlog", "SoKetQua", ""),
    ("notices", "Loai", "no_idea"),
    ("notices", "DenNgay", "20240414"),
]


@pytest.mark.parametrize(("name", "field", "value"), BAD_VALUES)
def test_a_bad_value_rejects_its_row_and_no_other(name, field, value):
    """The reject names line, field and value, and says what to write."""
    found, rejects = read(name, GOOD[name], {**GOOD[name], field: value}, GOOD[name])
    assert found["line"].to_pylist() == [2, 4]
    (reject,) = rejects
    assert (reject.line, reject.field, reject.value) == (3, field, value or None)
    assert reject.problem.endswith(".")


@pytest.mark.parametrize(
    ("name", "field", "column"),
    [
        ("portal", "NgayTiepNhan", "lodged_at"),
        ("portal", "HoSoCoThanhPhanSoHoa", "is_flagged_digitised"),
        ("portal", "DonViXuLy", "handling_agency"),
        ("ministry", "TrangThaiHoSo", "status"),
        ("notices", "DenNgay", "end"),
    ],
)
def test_fields_that_may_be_empty_are_null(name, field, column):
    """Null where it is not known, never a guess."""
    found, rejects = read(name, {**GOOD[name], field: ""})
    assert rejects == [] and found[column].to_pylist() == [None]


def xlsx_of(*rows: dict[str, Any]) -> bytes:
    book = openpyxl.Workbook()
    for cells in (list(rows[0]), *(list(row.values()) for row in rows)):
        book.active.append(cells)
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


@pytest.mark.parametrize("name", GOOD)
def test_a_workbook_gives_the_same_rows(name):
    """Every source may come as .xlsx."""
    found, rejects = read(name, data=xlsx_of(GOOD[name], GOOD[name]), file="a.xlsx")
    assert rejects == [] and found.equals(read(name, GOOD[name], GOOD[name])[0])


def test_a_day_typed_as_a_date_is_that_day():
    """Spreadsheets know dates of their own."""
    row: dict[str, Any] = {**GOOD["national_report"], "TuNgay": date(2024, 4, 1), "TiepNhan": 26600}
    assert read("national_report", data=xlsx_of(row), file="a.xlsx")[0]["start"].to_pylist() == [date(2024, 4, 1)]


@given(
    st.lists(
        st.one_of(
            st.from_regex(r"(000\.\d{2}\.\d{2}\.H37|H37(\.\d{2,3}){0,3})-24041\d-\d{4,5}", fullmatch=True),
            st.text(st.sampled_from("H37.-0124 "), max_size=24),
            st.none(),
        ),
        max_size=8,
    )
)
def test_many_codes_at_once_have_the_keys_that_each_has(codes):
    """The fast way to the keys of a file is the slow one's."""
    import pyarrow as pa

    expected = [None if code is None else dossier_key(code) for code in codes]
    assert parse_key(pa.array(codes, pa.string())).to_pylist() == expected
