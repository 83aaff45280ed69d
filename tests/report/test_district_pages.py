"""The districts' pages: units by code and first day, and what lies under the name of one that has ended."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from sohoa.days import Week
from sohoa.registry import bearers
from sohoa.report.district_pages import district_pages
from sohoa.report.model import Row, Table

BEFORE, MERGER, AFTER, MUCH_LATER = (Week.parse(name) for name in ("2024-W47", "2024-W48", "2024-W49", "2025-W10"))
TRANG_DINH, LOC_BINH = "180", "188"
OLD, NEW = bearers("05998")  # Khánh Long until 30 November 2024, and with Vĩnh Tiến from 1 December on
VINH_TIEN, OFFICE = "06007", "H37.81"
DEPARTMENTS = "Khối sở, ban, ngành"
FIGURES = ("so_far_percent", "settled_denominator", "settled_percent")


def unit(code: str | None, name: str, level: str | None) -> Row:
    return {"unit_code": code, "unit": name, "level": level, **dict.fromkeys(FIGURES, 50.0), "since": "2024-W40",
            "settled": "2024-W46", "expected_percent": 80.0}  # fmt: skip


def late(code: str, first: date, overdue: int) -> Row:
    return {"unit_code": code, "valid_from": first, "stands": first == NEW.valid_from, "open_overdue": overdue}


def waits(agency: str, first: date | None, documents: int) -> Row:
    return {"agency": agency, "valid_from": first, "documents": documents, "to_scan": 0, "in_review": 0,
            "days_without_batch": 2}  # fmt: skip


def faulty(agency: str, scanned: str) -> Row:
    return {"agency": agency, "batch": f"{agency}-{scanned}-001"}


def pages(
    week: Week,
    overdue: list[Row] = (),
    agencies: list[Row] = (),
    files: list[Row] = (),
    units: list[Row] = (),
    page: str = "Huyện Tràng Định",
) -> dict[str, dict[str, Any]]:
    """Name of a row of a page -> the row."""
    known = [unit("20", "Tỉnh Lạng Sơn", "province"), unit(TRANG_DINH, "Huyện Tràng Định", "district")]
    known += [unit(LOC_BINH, "Huyện Lộc Bình", "district"), unit("05998", "Xã Khánh Long", "commune"), *units]
    blocks = [unit(None, DEPARTMENTS, None)]
    found = {"units": known, "agencies": agencies, "faulty_files": files, "all_late_units": overdue, "blocks": blocks}
    tables = {name: Table(name, name, name, (), tuple(rows)) for name, rows in found.items()}
    rows = district_pages(tables, week).rows
    return {row["unit"]: row for row in rows if row["district"] == page}


@pytest.mark.parametrize("week", [AFTER, MUCH_LATER])
def test_a_code_that_was_used_again_is_two_units(week: Week):
    """What is overdue under the old Khánh Long is not the new one's, and in the district's sum with it."""
    found = pages(week, [late("05998", OLD.valid_from, 5), late("05998", NEW.valid_from, 2)])
    assert {name: row["overdue"] for name, row in found.items()} == {
        "Huyện Tràng Định": 7, "Xã Khánh Long": 2, "Xã Khánh Long (đến hết 30/11/2024, nhập vào Xã Khánh Long)": 5,
    }  # fmt: skip


def test_a_unit_that_has_ended_is_counted_where_its_dossiers_are():
    """Overdue dossiers, faulty files and what waits of a commune that is no more; rates it has none."""
    found = pages(
        AFTER,
        [late(VINH_TIEN, date(2020, 1, 1), 3)],
        [waits("H37.81.05", date(2020, 1, 1), 4)],
        [faulty("H37.81.05", "20241125"), faulty(OFFICE, "20241203")],
        [unit(OFFICE, "UBND huyện Tràng Định", "district")],
    )
    row = found["Xã Vĩnh Tiến (đến hết 30/11/2024, nhập vào Xã Khánh Long)"]
    assert (row["overdue"], row["documents"], row["faulty"], row["settled_percent"]) == (3, 4, 1, None)
    whole = found["Huyện Tràng Định"]
    assert (whole["overdue"], whole["documents"], whole["faulty"]) == (3, 4, 2)


def test_an_office_that_outlasts_its_commune_works_for_the_next_one():
    """That of Khánh Long stands throughout: what waits is the new commune's, a file of November the old one's."""
    old = "Xã Khánh Long (đến hết 30/11/2024, nhập vào Xã Khánh Long)"
    files = [faulty("H37.81.02", "20241126"), faulty("H37.81.02", "20241203")]
    found = pages(AFTER, agencies=[waits("H37.81.02", date(2020, 1, 1), 4)], files=files)
    assert (found["Xã Khánh Long"]["documents"], found["Xã Khánh Long"]["faulty"]) == (4, 1)
    assert (found[old]["documents"], found[old]["faulty"]) == (0, 1)


def test_one_that_ends_within_the_week_keeps_its_figures():
    """It has a row with its rate, as among the units."""
    name = "Xã Vĩnh Tiến (đến hết 30/11/2024, nhập vào Xã Khánh Long)"
    found = pages(MERGER, [late(VINH_TIEN, date(2020, 1, 1), 3)], units=[unit(VINH_TIEN, name, "commune")])
    assert (found[name]["settled_percent"], found[name]["overdue"]) == (50.0, 3)
    assert found["Huyện Tràng Định"]["overdue"] == 3


def test_what_lies_in_another_district_or_in_none_is_not_its_own():
    """A commune of Lộc Bình that has ended, a department, and a code that names nothing."""
    found = pages(
        AFTER,
        [late("06574", date(2020, 1, 1), 3), late("H37.60", date(2020, 1, 1), 2)],
        [waits("H99.1", None, 9)],
        [faulty("H99.1", "20241203")],
    )
    assert {name: row["overdue"] for name, row in found.items()} == {"Huyện Tràng Định": 0, "Xã Khánh Long": 0}
    assert found["Huyện Tràng Định"]["documents"] == found["Huyện Tràng Định"]["faulty"] == 0


def test_before_the_merger_nobody_has_ended():
    """The commune itself, by the code that its successor bears later."""
    found = pages(BEFORE, [late("05998", OLD.valid_from, 5)])
    assert {name: row["overdue"] for name, row in found.items()} == {"Huyện Tràng Định": 5, "Xã Khánh Long": 5}


def test_departments_have_a_page_too():
    """Each with what waits for it; the first row is their sum, its rates those of the block."""
    found = pages(
        AFTER,
        [late("H37.60", date(2020, 1, 1), 2)],
        [waits("H37.61", date(2020, 1, 1), 4)],
        [faulty("H37.60", "20241203")],
        [unit("H37.60", "Văn phòng UBND tỉnh", "department"), unit("H37.61", "Sở Tư pháp", "department")],
        DEPARTMENTS,
    )
    assert list(found) == [DEPARTMENTS, "Văn phòng UBND tỉnh", "Sở Tư pháp"]
    whole = found[DEPARTMENTS]
    assert (whole["overdue"], whole["documents"], whole["faulty"], whole["settled_percent"]) == (2, 4, 1, 50.0)


def test_without_districts_there_are_no_pages():
    """After 1 July 2025 the table of all units is short."""
    units = [unit("20", "Tỉnh Lạng Sơn", "province"), unit("05998", "Xã Khánh Long", "commune")]
    tables = {"units": units, "agencies": (), "faulty_files": (), "blocks": [unit(None, DEPARTMENTS, None)]}
    found = {name: Table(name, name, name, (), tuple(rows)) for name, rows in tables.items()}
    assert district_pages(found, Week.parse("2025-W30")).rows == ()
