"""What the first section calls a change, and where it says a rate stands on its path."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pyarrow as pa
import pytest

from benchmarks.courses import is_right
from sohoa.days import Week
from sohoa.enums import ForecastReason
from sohoa.progress.young_weeks import Age, Estimate
from sohoa.report.sections.agency_attention import build
from sohoa.report.sections.digitisation_rates import change_vi, unchanged_points
from sohoa.report.sections.outlook import gap_vi
from sohoa.report.sentences import against_path, keeps_path, share
from sohoa.steering.forecast import Outlook
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
