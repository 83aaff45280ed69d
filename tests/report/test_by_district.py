"""Units and agencies of one name are told apart by their district, as it stood on their days."""

from __future__ import annotations

import pytest

from sohoa.days import Week
from sohoa.report.by_district import DISTRICT, with_districts
from sohoa.report.model import Column, Table
from sohoa.report.sentences import AGENCY_NAME

BEFORE, MERGER, AFTER = (Week.parse(name) for name in ("2025-W26", "2025-W27", "2025-W28"))
UNITS = (Column("unit_code", "Mã", "Code", "code"), Column("unit", "Đơn vị", "Unit", "text"))
HOA_BINH = {"06103": "Huyện Bình Gia", "06274": "Huyện Văn Quan", "06397": "Huyện Hữu Lũng", "06508": "Huyện Chi Lăng"}
OFFICES = ("H37.82.13", "H37.85.04", "H37.87.05", "H37.88.16")
FILES = (AGENCY_NAME, Column("batch", "Lô", "Batch", "code"))
ENDED = "{} (đến hết 30/06/2025, nhập vào {})"


def units(*rows: tuple[str, str]) -> Table:
    return Table("units", "Đơn vị", "Units", UNITS, tuple({"unit_code": code, "unit": name} for code, name in rows))


def files(*found: tuple[str, str, tuple[str, ...]]) -> Table:
    """(batch, verdict, defects) of a file each."""
    rows = tuple(
        {"agency_name": "UBND xã Hòa Bình", "batch": batch, "verdict": verdict, "defects": defects}
        for batch, verdict, defects in found
    )
    return Table("faulty_files", "Tệp lỗi", "Faulty files", FILES, rows)


def shown(table: Table) -> list[str | None]:
    return [row[DISTRICT.key] for row in table.rows]


def test_four_communes_of_one_name_lie_in_four_districts():
    """The column stands right after the name."""
    table = with_districts(units(*((code, "Xã Hòa Bình") for code in HOA_BINH)), BEFORE)
    assert [column.key for column in table.columns] == ["unit_code", "unit", "district"]
    assert shown(table) == list(HOA_BINH.values())


def test_a_district_its_office_and_a_department():
    """A district lies in itself, its office in it, a department and the province in none."""
    rows = [("178", "Thành phố Lạng Sơn"), ("H37.80", "x"), ("H37.60", "Văn phòng UBND tỉnh"), ("20", "Tỉnh Lạng Sơn")]
    assert shown(with_districts(units(*rows), BEFORE)) == ["Thành phố Lạng Sơn", "Thành phố Lạng Sơn", None, None]


def test_a_batch_tells_the_agency_and_its_district():
    """Where rows have no code the batch's is put before the name."""
    batches = [(f"{office}-20250624-001", "rejected", ()) for office in OFFICES]
    table = with_districts(files(*batches), BEFORE)
    assert [column.key for column in table.columns] == ["agency", "agency_name", "district", "batch"]
    assert [row["agency"] for row in table.rows] == list(OFFICES)
    assert shown(table) == list(HOA_BINH.values())


@pytest.mark.parametrize(
    ("name", "district"),
    [(ENDED.format("Xã Hòa Bình", "Xã Thiện Long"), "Huyện Bình Gia"), ("Xã Thiện Long (từ 01/07/2025)", None)],
)
def test_a_code_that_passed_on_within_the_week_is_read_by_its_name(name: str, district: str | None):
    """06103 was Xã Hòa Bình of Bình Gia until 30 June 2025 and is Xã Thiện Long from 1 July on, in no district."""
    other = ("06274", ENDED.format("Xã Hòa Bình", "Xã Văn Quan"))
    assert shown(with_districts(units(("06103", name), other), MERGER))[0] == district


def test_where_no_district_stands_there_is_no_column():
    """After 1 July 2025; a column that is there already is not doubled."""
    assert with_districts(units(("06103", "Xã Thiện Long")), AFTER).columns == UNITS
    once = with_districts(units(("06103", "Xã Hòa Bình")), BEFORE)
    assert with_districts(once, BEFORE) == once
