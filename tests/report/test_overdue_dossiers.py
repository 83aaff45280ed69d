"""Overdue dossiers against the week before, the communes apart."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

import pytest

from sohoa import layout
from sohoa.days import Week
from sohoa.progress.lateness import LATENESS
from sohoa.registry import bearer_at
from sohoa.report.sections import overdue_dossiers, proposals
from sohoa.store import Store
from tests.counting_cases import table

WEEK = Week.parse("2024-W18")  # Monday 29 April
DAY = date(2024, 4, 8)


def dossier(number: int, due: date, handling_agency: str = "H37.60", finished: date | None = None) -> dict[str, Any]:
    key = f"H37.60-{DAY:%y%m%d}-{number}"
    return {
        "dossier_key": key, "dossier_code": key, "unit_code": "20", "handling_agency": handling_agency, "components": 1,
        "status": 9 if finished else 4, "has_paper_result": True, "is_void": False,
        "finished_at": finished and datetime.combine(finished, time(9)),
        "lodged_at": datetime.combine(DAY, time(8)), "due_at": datetime.combine(due, time(17)),
    }  # fmt: skip


LATE_LONG = dossier(1, date(2024, 4, 15))
LATE_SINCE = dossier(2, date(2024, 4, 30))
RESOLVED = dossier(3, date(2024, 4, 15), finished=date(2024, 5, 2))
COMMUNE = dossier(4, date(2024, 4, 30), "H37.80.01")
IN_TIME = dossier(5, date(2024, 6, 30))


@pytest.mark.parametrize(
    ("rows", "words", "total"),
    [
        (
            [LATE_LONG, LATE_SINCE],
            "2 hồ sơ {LATE}, tăng 1 hồ sơ so với ngày 28/04/2024 (1 hồ sơ)",
            (2, 1),
        ),
        (
            [LATE_LONG, RESOLVED],
            "1 hồ sơ {LATE}, giảm 1 hồ sơ so với ngày 28/04/2024 (2 hồ sơ)",
            (1, 2),
        ),
        (
            [LATE_LONG, IN_TIME],
            "1 hồ sơ {LATE}, không đổi so với ngày 28/04/2024 (1 hồ sơ)",
            (1, 1),
        ),
        ([LATE_LONG, COMMUNE], "; riêng cấp xã 1 hồ sơ, tăng 1 hồ sơ;", (2, 1)),
    ],
)
def test_overdue_is_said_against_the_week_before(clean_store: Store, rows: list[dict[str, Any]], words: str, total):
    """Of the same dossiers, as they were on the Sunday before."""
    clean_store.write_table("register", DAY, layout.DAY, table("register", rows))
    part = overdue_dossiers.build(clean_store, WEEK)
    assert words.format(LATE="chưa giải quyết xong đã quá hạn") in part.paragraphs[0].replace("\u00a0", " ")
    last = part.tables[0].rows[-1]
    assert (last["open_overdue"], last["overdue_before"]) == total


def test_a_dossier_of_the_oldest_week_is_in_both_counts(clean_store: Store):
    """What was received before the weeks that are looked at is in neither."""
    for day in (date(2023, 10, 31), date(2023, 11, 7)):
        clean_store.write_table("register", day, layout.DAY, table("register", [dossier(1, date(2024, 1, 15))]))
    last = overdue_dossiers.build(clean_store, WEEK).tables[0].rows[-1]
    assert (last["open_overdue"], last["overdue_before"]) == (1, 1)


def test_communes_have_a_table_of_their_own(clean_store: Store):
    """Departments with more overdue dossiers do not hide them."""
    clean_store.write_table("register", DAY, layout.DAY, table("register", [LATE_LONG, LATE_SINCE, COMMUNE]))
    tables = {one.name: one.rows for one in overdue_dossiers.build(clean_store, WEEK).tables}
    assert [row["open_overdue"] for row in tables["late_units"]] == [2]
    assert [row["level"] for row in tables["late_communes"]] == ["commune"]


def test_who_took_a_unit_in_is_asked_for_what_it_left():
    """After two mergers it is who stands in the week, for all of its forerunners; of a district's office nobody is."""
    week = Week.parse("2025-W28")
    left = [
        ("06007", date(2024, 11, 1), "commune", 7), ("05998", date(2025, 3, 3), "commune", 5),  # both in Đoàn Kết now
        ("06001", date(2025, 7, 2), "commune", 1), ("H37.62", date(2025, 1, 6), "department", 12),
        ("H37.80", date(2025, 6, 2), "district", 40),
    ]  # fmt: skip
    rows = []
    for code, day, level, number in left:
        owner = bearer_at(code, day)
        assert owner is not None
        counts = dict.fromkeys(LATENESS, 0) | {"open_overdue": number}
        rows.append({"unit_code": code, "valid_from": owner.valid_from, "level": level, **counts})
    late = overdue_dossiers.units_table(rows, week)
    found = {(one.who, one.what) for one in proposals._overdue({"all_late_units": late}) or []}
    assert found == {
        ("Xã Đoàn Kết", "giải quyết dứt điểm 13 hồ sơ chưa xong đã quá hạn (cả của đơn vị cũ nhập vào)"),
        ("Sở Tài chính", "giải quyết dứt điểm 12 hồ sơ chưa xong đã quá hạn (cả của đơn vị cũ nhập vào)"),
    }
