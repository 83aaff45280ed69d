"""The words of the pages: each that a page uses is there, none is left over, and each language writes its own way."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from sohoa.labels import LABELS
from sohoa.report import chart_specs
from sohoa.web.languages import Language
from sohoa.web.site import FOR_EDITORS, NAVIGATION

WEB = Path(chart_specs.__file__).parents[1] / "web"
SOURCES = "\n".join(path.read_text(encoding="utf-8") for path in WEB.rglob("*") if path.suffix in {".py", ".html"})
DYNAMIC = {
    "page_": (*NAVIGATION, *FOR_EDITORS), "empty_": ("progress", "batches", "reconciliation", "quality", "reports"),
    "state_": ("inbox", "in_work", "judged", "refused"), "why_": ("inbox", "left", "in_work"),
    "by_": ("day", "week"), "go_": ("previous", "next", "previous_bad", "next_bad"),
    "days_": ("not_reconciled", "without_portal", "without_data", "changed"),
    "mail_": ("sent", "refused", "failed", "uncertain"),
}  # fmt: skip
VI, EN = Language("vi"), Language("en")


def used() -> set[str]:
    """Words that are named whole, and those that are put together."""
    whole = set(re.findall(r"""word\(\s*["']([a-z_]+)["']\s*[,)]""", SOURCES))
    named = {name for name in LABELS["page_words"] if name is not None and re.search(rf"""["']{name}["']""", SOURCES)}
    return whole | named | {start + end for start, ends in DYNAMIC.items() for end in ends}


def test_every_word_is_there_and_none_is_left_over() -> None:
    assert used() - LABELS["page_words"].keys() == set()
    assert LABELS["page_words"].keys() - used() == set()


def test_whatever_a_visit_opens_has_its_label_and_no_label_is_left_over() -> None:
    opened = set(re.findall(r"""site\.(?:page|note)\(\s*request, viewer, "([a-z_]+)\"""", SOURCES))
    assert {"scan", "report_file", "visits"} < opened
    assert LABELS["opened_pages"].keys() == opened


def test_both_languages_take_the_same_values() -> None:
    for name, label in LABELS["page_words"].items():
        assert label.vi.count("{}") == label.en.count("{}"), name


def test_the_words_of_charts_are_those_that_charts_have() -> None:
    """A title that the report changes would stay Vietnamese on an English page."""
    source = Path(chart_specs.__file__).read_text(encoding="utf-8")
    for name, label in LABELS["chart_words"].items():
        assert f'"{label.vi}"' in source, name


@pytest.mark.parametrize(
    ("value", "vi", "en"),
    [(942934, "942.934", "942,934"), (None, "–", "–"), (0, "0", "0"), (-1234, "−1.234", "−1,234")],
)
def test_counts(value: int | None, vi: str, en: str) -> None:
    assert (VI.count(value), EN.count(value)) == (vi, en)


def test_days_moments_and_shares() -> None:
    day, moment = date(2024, 4, 7), datetime.fromisoformat("2024-04-07T08:30")
    assert (VI.day(day), EN.day(day)) == ("07/04/2024", "7 Apr 2024")
    assert (VI.minute(moment), EN.minute(moment)) == ("08:30 07/04/2024", "08:30 7 Apr 2024")
    assert (VI.percent(97.92), EN.percent(97.92)) == ("97,92\u00a0%", "97.92\u00a0%")


@pytest.mark.parametrize(
    ("waited", "vi"),
    [
        (timedelta(minutes=5), "5 phút"),
        (timedelta(hours=2), "2 giờ"),
        (timedelta(days=3), "3 ngày"),
        (timedelta(-1), "0 phút"),
    ],
)
def test_ages(waited: timedelta, vi: str) -> None:
    assert VI.age(waited.total_seconds()) == vi
