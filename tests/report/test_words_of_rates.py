"""What the first section calls a change, and where it says a rate stands on its path."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pytest

from benchmarks.courses import is_right
from sohoa.days import Week
from sohoa.enums import ForecastReason
from sohoa.progress.compare_periods import Comparison, Period
from sohoa.progress.young_weeks import Age, Estimate
from sohoa.report.model import Row, Table
from sohoa.report.sections.agency_attention import _longest_vi, build
from sohoa.report.sections.digitisation_rates import change_vi, unchanged_points
from sohoa.report.sections.outlook import gap_vi, outlook_vi
from sohoa.report.sections.unit_rates import _SETTLED, _departments_vi
from sohoa.report.sentences import against_path, keeps_path, share
from sohoa.steering.forecast import Outlook
from sohoa.steering.target_line import RequiredWork, TargetLine, TargetOutlook
from sohoa.store import Store

YOUNG = Age(None, pa.table({}), None, Estimate(7, 8.5, 10))
SETTLED = replace(YOUNG, estimate=None)


@pytest.mark.parametrize(
    ("age", "rate", "before", "due", "unchanged"),
    [
        (SETTLED, 50.0, 49.0, 100, 1.0),  # chance makes seven points of a hundred dossiers
        (SETTLED, 50.0, 49.0, 50_000, 0.32),
        (YOUNG, 4.71, 4.21, 5_304, 0.40),  # 0,5 of these became 1,4
        (YOUNG, 4.25, 4.0, 100, 0.5),  # half of what the week comes to: half a point
        (YOUNG, 12.0, 11.0, 100, 1.0),  # above the estimate already
        (replace(YOUNG, estimate=Estimate(0, 0, 0)), 0.0, 0.5, 900, 0.24),  # nothing is digitised yet
    ],
)
def test_hardly_any_is_what_chance_makes_and_never_more_than_a_point(
    age: Age, rate: float, before: float, due: int, unchanged: float
):
    """A point of what the week comes to, less where there are dossiers enough to tell."""
    assert unchanged_points(age, rate, before, due) == pytest.approx(unchanged, abs=0.01)


@pytest.mark.parametrize(
    ("said", "truth", "unchanged", "right"),
    [
        (0.25, 2.8, 0.45, False),  # called hardly any, and it was more than a point
        (0.5, 1.4, 0.4, True),
        (0.5, 1.4, 1.0, False),
        (-0.3, 0.8, 0.5, True),  # hardly any, and it was
        (-0.6, 0.8, 0.5, False),  # called a fall
        (0.6, 0.8, 0.5, True),
        (-3.0, 2.0, 1.0, False),
        (3.0, 2.0, 1.0, True),
    ],
)
def test_a_monday_is_right_by_its_words(said: float, truth: float, unchanged: float, right: bool):
    """The benchmark counts what is read: a change of more than a point may not be called hardly any."""
    assert is_right(said, truth, unchanged) == right


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (Estimate(0.3, 1.4, 2.5), "tăng 1,4 điểm phần trăm so với tuần trước (từ 0,3 đến 2,5)"),
        (Estimate(-0.9, 1.4, 3.7), "tăng 1,4 điểm phần trăm so với tuần trước (từ giảm 0,9 đến tăng 3,7)"),
        (Estimate(-5.6, -3.0, -0.4), "giảm 3,0 điểm phần trăm so với tuần trước (từ 0,4 đến 5,6)"),
        (Estimate(-1.0, -0.49, 0.02), "gần như không đổi so với tuần trước (từ giảm 1,0 đến tăng 0,0)"),
        (Estimate(-1.5, -0.5, 0.5), "giảm 0,5 điểm phần trăm so với tuần trước (từ giảm 1,5 đến tăng 0,5)"),
    ],
)
def test_what_a_change_comes_to_is_said_with_its_way_and_its_interval(change: Estimate, words: str):
    """Less than half a point is hardly any, whatever its sign."""
    assert change_vi(change) == words


@pytest.mark.parametrize(
    ("rate", "words"),
    [(None, "–"), (0.0, "0,00 %"), (0.001, "dưới 0,01 %"), (0.0049, "dưới 0,01 %"), (0.005, "0,01 %"), (42, "42,00 %")],
)
def test_a_share_of_something_is_not_nothing(rate: float | None, words: str):
    """Four results of four hundred thousand."""
    assert share(rate).replace("\u00a0", " ") == words


@pytest.mark.parametrize(
    ("rate", "expected", "words", "keeps"),
    [
        (60.0, 71.15, "chậm 11,15 điểm so với lộ trình (71,15 %)", False),
        (70.7, 71.15, "đúng lộ trình (71,15 %)", True),
        (70.65, 71.15, "chậm 0,50 điểm so với lộ trình (71,15 %)", False),
        (72.0, 71.15, "vượt 0,85 điểm so với lộ trình (71,15 %)", True),
    ],
)
def test_a_rate_is_ahead_of_its_path_on_it_or_behind(rate: float, expected: float, words: str, keeps: bool):
    """Half a point away it is on it."""
    assert against_path(rate, expected).replace("\u00a0", " ") == words
    assert keeps_path(rate, expected) == keeps


def test_a_week_without_a_working_day_has_no_last_one(clean_store: Store):
    """In the week of Tết nobody is asked why nothing was sent; in the week after somebody may be."""
    tet = Week(date(2025, 1, 27))
    assert build(clean_store, tet).paragraphs[0].startswith("Tuần này không có ngày làm việc nào")
    after = build(clean_store, tet.back(-1)).paragraphs[0]
    assert after.startswith("Ngày làm việc cuối của tuần (07/02/2025)")


@pytest.mark.parametrize(
    ("reason", "is_said"),
    [(None, True), ("beyond_horizon", True), ("too_old", True), ("too_few_weeks", False), ("too_few_dossiers", False)],
)
def test_weeks_that_are_missing_are_told_where_the_others_are_enough(reason: ForecastReason | None, is_said: bool):
    """Where no forecast can be made at all, nothing is enough up to some week."""
    monday = date(2024, 4, 8)
    ahead = Outlook(monday, monday + timedelta(14), None, None, None, None, reason, 1)
    assert bool(list(gap_vi(ahead))) == is_said


def silent(agency: str, days: int, dossiers: int) -> Row:
    return {"agency": agency, "agency_name": f"UBND {agency}", "days_without_batch": days, "dossiers": dossiers}


def test_the_longest_silences_are_in_the_text():
    """The table begins with who has most dossiers; the text names who has sent nothing for longest."""
    rows = (silent("a", 1, 90), silent("b", 4, 80), silent("c", 9, 3), silent("d", 4, 7), silent("e", 3, 1))
    (line,) = _longest_vi(Table("silent", "x", "x", (), rows))
    assert line == (
        "4 cơ quan không gửi từ 3 ngày làm việc liền, lâu nhất: UBND c (9 ngày làm việc, 3 hồ sơ chờ); UBND b (4 ngày "
        "làm việc, 80 hồ sơ chờ); UBND d (4 ngày làm việc, 7 hồ sơ chờ)."
    )
    assert list(_longest_vi(Table("silent", "x", "x", (), rows[:1]))) == []


def block(code: str | None, settled: tuple[int, int] | None, before: float | None = None) -> dict[str, Any]:
    done, due = settled or (None, None)
    rate = 100 * done / due if done is not None and due is not None else None
    return {
        "unit_code": code, "settled_numerator": done, "settled_denominator": due, "settled_percent": rate,
        "before_percent": before,
    }  # fmt: skip


def test_what_only_the_departments_have_is_a_sentence_and_no_column():
    """After a merger no commune has a settled week."""
    blocks = [block(None, (153, 194)), block("06001", None)]
    said = _departments_vi(blocks, ()).replace("\u00a0", " ")
    assert said == (
        "Khối sở, ban, ngành trong tuần ổn định: 153/194 hồ sơ, 78,87 %; các đơn vị khác chưa có tuần ổn định."
    )
    assert _departments_vi([block(None, None), block("06001", None)], ()) == ""
    assert _departments_vi(blocks, _SETTLED) == ""


def test_the_path_and_the_work_of_a_day_name_their_days():
    """What the path asks for at the end of the week, and from when to when the work is counted."""
    line = TargetLine(date(2023, 1, 1), date(2023, 12, 31), 5.6, 86.0)
    period = Period(date(2023, 4, 24), date(2023, 4, 30))
    work = RequiredWork(32.0, 900, 300, 170, line.end, 20.0, 30.4, 91.0)
    ahead = TargetOutlook(
        Outlook(None, None, None, None, None, None, "too_few_weeks", 0),
        work,
        Comparison(period, period, None, None, None, "no_dossiers"),
        False,
    )
    path, each_day, *_ = (words.replace("\u00a0", " ") for words in outlook_vi(ahead, line, date(2023, 4, 30)))
    assert path == (
        "Lộ trình từ ngày 01/01/2023 đến ngày 31/12/2023: từ 5,60 % lên 86,00 %; đến hết ngày 30/04/2023 là 32,03 %."
    )
    assert each_day == (
        "Để cả lộ trình đạt 86,00 % vào ngày 31/12/2023: từ ngày 01/05/2023 đến ngày 31/12/2023 còn 170 ngày làm việc, "
        "mỗi ngày phải số hóa khoảng 30 hồ sơ, khoảng 91 trang, trong khi mỗi ngày phát sinh khoảng 20 hồ sơ; tính cả "
        "hồ sơ nhận đến hết ngày 30/04/2023 còn chưa đạt."
    )
