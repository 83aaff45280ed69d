"""The path that a province promised: what it asks for on a day, never begun again by the calendar."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from sohoa.errors import SettingsError
from sohoa.progress.compare_periods import Period
from sohoa.registry.targets import promised_path
from sohoa.settings import Settings, load_settings
from sohoa.steering.target_line import TargetLine, line_on, required_work
from tests.steering.test_rank_campaigns import daily, rows

PATH = promised_path(Settings())
_NO_PATHS = ("2023-12-31=86", "2023-12-31=86,2022-12-31=5", "2022-12-31=5,2023-12-31=186", "x=1,y=2")
LONGER = (*PATH, (date(2025, 12, 31), 95.0))


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2022, 6, 1), 5.6), (date(2022, 12, 31), 5.6), (date(2023, 7, 2), 45.8), (date(2023, 12, 31), 86.0),
        (date(2024, 1, 1), 86.0), (date(2025, 3, 3), 86.0),
    ],
)  # fmt: skip
def test_the_path_of_2023_is_level_before_and_after(day: date, expected: float):
    """A province that ended 2023 at its target has to keep it in January."""
    assert line_on(PATH, day).percent_on(day) == pytest.approx(expected, abs=0.2)


def test_a_new_target_is_a_new_entry():
    """From 86 % at the end of 2023 to 95 % at the end of 2025: the line goes on where the other ended."""
    assert line_on(LONGER, date(2024, 1, 1)) == TargetLine(date(2024, 1, 1), date(2025, 12, 31), 86.0, 95.0)
    assert line_on(LONGER, date(2023, 5, 1)) == line_on(PATH, date(2023, 5, 1))
    assert line_on(LONGER, date(2024, 12, 31)).percent_on(date(2024, 12, 31)) == pytest.approx(90.5, abs=0.1)


@pytest.mark.parametrize(
    "text", ["2023-12-31=86", "2023-12-31=86,2022-12-31=5", "2022-12-31=5,2023-12-31=186", "x=1,y=2"]
)
def test_a_path_that_cannot_be_one_is_refused(monkeypatch: pytest.MonkeyPatch, text: str):
    """The message names the variable."""
    monkeypatch.setenv("SOHOA_RATE_PATH", text)
    with pytest.raises(SettingsError, match="SOHOA_RATE_PATH"):
        load_settings()


@pytest.mark.parametrize(
    ("fed_days", "known", "expected"),
    [(5, 5, 10.0), (40, 10, 10.0), (5, 0, 50 / 37)],
    ids=["new", "stopped", "unbounded"],
)
def test_what_comes_in_a_day_is_counted_over_the_days_that_are_known(fed_days: int, known: int, expected: float):
    """Ten dossiers on each working day; a site of one week, a feed that stopped after two, and no bound at all."""
    monday = date(2024, 5, 13)
    worked = [day for n in range(14) if (day := monday + timedelta(n)).weekday() < 5][: known or 5]
    progress = rows(*(daily(day, "20", 0, 10) for day in worked))
    last = worked[-1] if fed_days == 5 else monday + timedelta(27)
    fed = Period(worked[0], worked[-1]) if known else None
    line = TargetLine(date(2024, 1, 1), date(2024, 12, 31), 5.6, 86)
    work = required_work(progress, "20", line, last, None, fed=fed)
    assert work.due_per_day == pytest.approx(expected, rel=0.001)
