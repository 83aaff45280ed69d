"""A unit's own view says of it what the report says, and what it can do about it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sohoa.days import Week
from sohoa.registry import bearers
from sohoa.report.model import WeekReport
from sohoa.report.unit_view import LEAST_DOSSIERS, view_unit
from tests.report.unit_samples import agency_row, file_row, stored_report, unit_at_start, unit_row

HOA_BINH, BINH_GIA, PROVINCE = unit_at_start("06103"), unit_at_start("181"), unit_at_start("20")
UNITS = [
    unit_row("20", 800, 1000, 2.5), unit_row("H37.64", 9, 10), unit_row("H37.60", 1, 10), unit_row("181", 80, 100),
    unit_row("H37.82", 5, 10), unit_row("06103", 20, 31, -3.0), unit_row("06274", 30, 31), unit_row("06397", 31, 31),
    unit_row("06508", 1, LEAST_DOSSIERS - 1), unit_row("05977", 0, 0),
]  # fmt: skip


def view(code: str, units: list[Any] = UNITS, *args: Any, **named: Any) -> Any:
    return view_unit(stored_report(units, *args, **named), unit_at_start(code))


@pytest.mark.parametrize(
    ("code", "rank", "missing", "is_met"),
    [
        ("06103", (3, 3, "xã, phường, thị trấn"), 7, False),  # 26,66 of 31 dossiers are 86 %
        ("06397", (1, 3, "xã, phường, thị trấn"), 0, True),
        ("H37.60", (2, 2, "sở, ban, ngành"), 8, False),
        ("181", None, 6, False),  # one district alone is no ranking
        ("20", None, 60, False),
    ],
)
def test_rank_path_and_what_is_missing(code: str, rank: object, missing: int, is_met: bool):
    """Among units of its kind that have dossiers enough; missing is the least number that reaches the path."""
    found = view(code)
    assert (found.rank, found.missing, found.is_met) == (rank, missing, is_met)
    assert found.is_judged


@pytest.mark.parametrize(("done", "due", "missing"), [(86, 100, 0), (85, 100, 1), (43, 50, 0), (42, 50, 1), (0, 5, 5)])
def test_the_target_is_reached_exactly(done: int, due: int, missing: int):
    """86 of 100 and 43 of 50 are 86 %: nothing is missing."""
    assert view("06103", [unit_row("06103", done, due)]).missing == missing


def test_a_unit_with_few_dossiers_is_not_judged():
    """Nor one with none: no verdict, no rank, no demand for a number of dossiers."""
    few, none = view("06508"), view("05977")
    assert few.figures is not None
    assert none.figures is None
    for found in (few, none):
        assert not found.is_judged
        assert found.rank is None
        assert not found.to_do


def test_equal_rates_have_one_rank():
    """Two at the top are both first, the next is third."""
    units = [unit_row(code, done, 10) for code, done in (("06103", 9), ("06274", 9), ("06397", 8))]
    assert [view(code, units).rank[0] for code in ("06103", "06274", "06397")] == [1, 1, 3]


def test_the_settled_week_is_what_a_unit_is_ranked_by_and_its_settled_weeks_what_it_is_judged_by():
    """A young week blames nobody."""
    settled = {"settled_percent": 90.0, "settled_numerator": 9, "settled_denominator": 10, "settled_change": 1.0}
    so_far = {"so_far_numerator": 190, "so_far_denominator": 200, "so_far_percent": 95.0, "expected_percent": 71.0}
    found = view("06103", [{**unit_row("06103", 2, 31), **settled, **so_far}])
    assert found.figures is not None
    assert (found.figures.rate_percent, found.figures.change_points) == (90.0, 1.0)
    assert found.is_met
    assert found.missing == 0


@pytest.mark.parametrize(
    ("numerator", "due", "words"),
    [
        (20, 31, ", mỗi ngày làm việc 2 hồ sơ đến hết ngày 04/07/2025."),
        (20, 200, "29/06/2025)."),
        (0, 40, "29/06/2025)."),
    ],
)
def test_no_more_is_asked_for_each_day_than_a_week_brings(numerator: int, due: int, words: str):
    """What is missing of many weeks is told whole; a share of it for each day where a week can hold it."""
    row = unit_row("06103", numerator, due) | {"settled_denominator": 31, "settled_percent": 50.0}
    (line,) = view("06103", [row], [agency_row("H37.82.13")]).to_do
    assert line.startswith("Số hóa bổ sung")
    assert line.endswith(words)


def test_a_unit_reads_of_its_own_agencies_and_files_alone():
    """Four communes are called Hòa Bình: by code, not by name; a district reads of its office and all its communes."""
    agencies = [agency_row(code, dossiers=1, documents=2) for code in ("H37.82", "H37.82.13", "H37.85.04")]
    files = [file_row(code, "review") for code in ("H37.82", "H37.82.13", "H37.82.13", "H37.85.04")]
    expected = {"06103": (1, 2), "06274": (1, 1), "181": (2, 3), "H37.82": (1, 1), "20": (3, 4), "H37.60": (0, 0)}
    for code, counts in expected.items():
        found = view(code, UNITS, agencies, files)
        assert (len(found.agencies), len(found.files)) == counts, code
        assert found.waiting("documents") == 2 * counts[0]


def test_what_to_do_is_at_most_three_things_with_their_figures():
    """Scan again first, with the commonest cause and its advice; then send, then the dossiers that are missing."""
    agencies = [agency_row("H37.82.13", "silent", 4, 12, 30)]
    files = [file_row("H37.82.13", "rejected", "glare") for _ in range(3)] + [
        file_row("H37.82.13", "rejected", "skewed"), file_row("H37.82.13", "review", "skewed"),
    ]  # fmt: skip
    again, send, more = view("06103", UNITS, agencies, files).to_do
    assert again.startswith("Quét lại và gửi lô thay thế cho 4 tệp không đạt; lỗi nhiều nhất: “Bị lóa sáng” (3 tệp).")
    assert "đã 4 ngày làm việc không có lô" in send
    assert "12 hồ sơ đang chờ, lâu nhất từ ngày 02/06/2025" in send
    assert more == (
        "Số hóa bổ sung 7 hồ sơ còn thiếu để kịp lộ trình (86,00\u00a0% đến hết ngày 29/06/2025), "
        "mỗi ngày làm việc 2 hồ sơ đến hết ngày 04/07/2025."
    )


def test_nothing_to_do_where_nothing_is_wrong():
    """A unit at its target with an empty queue; one that only waits for a person's review."""
    assert view("06397", UNITS, [agency_row("H37.87.05")], [file_row("H37.87.05", "review", "glare")]).to_do == ()


@pytest.mark.parametrize(
    ("days", "asked"), [(1, "Quét 30 tài liệu"), (2, "Quét 30 tài liệu"), (3, "Gửi lô quét: đã 3")]
)
def test_a_day_without_a_batch_is_no_silence_to_answer_for(days: int, asked: str):
    """As in the report: from three working days on; until then the queue is what there is to do."""
    (line,) = view("06397", UNITS, [agency_row("H37.87.05", "silent", days, 12, 30)]).to_do
    assert line.startswith(asked)


def test_a_district_asks_its_silent_agencies_by_name():
    """Those with most dossiers first."""
    agencies = [agency_row("H37.82", "silent", 3, 3, 3), agency_row("H37.82.13", "silent", 4, 12, 30)]
    line = next(line for line in view("181", UNITS, agencies).to_do if "gửi ngay" in line)
    assert "2 cơ quan" in line
    assert line.index("UBND xã Hòa Bình (12 hồ sơ chờ)") < line.index("UBND huyện Bình Gia (3 hồ sơ chờ)")


def test_the_province_reads_the_first_proposals():
    """Those of the report, without their numbers."""
    said = tuple(f"{n}. Đề nghị số {n}." for n in range(1, 6))
    assert view("20", said=said).to_do == ("Đề nghị số 1.", "Đề nghị số 2.", "Đề nghị số 3.")


def test_a_unit_that_ended_within_the_week_hands_over():
    """06103 was Hòa Bình until 30 June 2025 and is Thiện Long from then on: each has its own figures."""
    week = Week.parse("2025-W27")
    old = "Xã Hòa Bình (đến hết 30/06/2025, nhập vào Xã Thiện Long)"
    units = [unit_row("06103", 3, 5, name=old), unit_row("06103", 22, 26, name="Xã Thiện Long (từ 01/07/2025)")]
    files = [{**file_row("H37.82.13", "rejected", "glare"), "agency_name": f"UBND {old[0].lower()}{old[1:]}"}]
    report = stored_report(units, [], files, week=week)
    ended, began = (view_unit(report, unit) for unit in bearers("06103"))
    assert ended.figures is not None
    assert began.figures is not None
    assert (ended.figures.numerator, began.figures.numerator) == (3, 22)
    assert ended.rank is None
    assert ended.to_do == ("Bàn giao cho Xã Thiện Long: 1 tệp phải quét lại, 0 tài liệu đang chờ quét.",)
    assert began.name == "Xã Thiện Long (từ 01/07/2025)"


def test_every_unit_of_a_report_has_the_figures_of_its_row(week_report: WeekReport):
    """All units, one after the other, as the report has them; files and agencies of the communes are there once."""
    report = json.loads(week_report.to_json())
    week = Week.parse(week_report.week)
    tables = {table.name: table.rows for table in week_report.annex}
    files = 0
    for row in tables["units"]:
        (unit,) = (one for one in bearers(row["unit_code"]) if one.stands_on(week.last))
        found = view_unit(report, unit)
        own = ("settled_numerator", "settled_denominator") if row["settled_percent"] else ("numerator", "denominator")
        if row["rate_percent"] is None:
            assert found.figures is None
            continue
        assert found.figures is not None
        assert (found.figures.numerator, found.figures.denominator) == tuple(row[name] for name in own)
        assert found.so_far is not None
        assert (found.so_far.numerator, found.so_far.rate_percent) == (row["so_far_numerator"], row["so_far_percent"])
        if row["level"] != "province" and not (row["level"] == "district" and unit.code.isdigit()):
            files += len(found.files)
    province = view_unit(report, bearers("20")[0])
    assert len(province.files) == len(tables["faulty_files"])
    assert files <= len(tables["faulty_files"])
