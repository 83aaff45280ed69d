"""Rates against baseline, target and the scoring line; weeks and worst units."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from sohoa.progress.rate import progress_share, score_766, weekly_progress, worst_units
from sohoa.schema import TABLES


def daily(day: date, unit: str, numerator: int, denominator: int, **values: Any) -> dict[str, Any]:
    counts = {"numerator": numerator, "denominator": denominator, "received": denominator, "finished": numerator}
    return {"dossier_date": day, "unit_code": unit, "definition": "dn_and", "stage": "all"} | counts | values


def rows(*found: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(
        list(found), pa.schema([pa.field("dossier_date", pa.date32()), *TABLES["progress_daily"]])
    )


def test_progress_runs_from_baseline_to_target():
    """0 at the baseline, 1 at the target, a half between them; unknown stays unknown."""
    assert [progress_share(rate, 5.6, 86.0) for rate in (5.6, 45.8, 86.0)] == pytest.approx([0, 0.5, 1])
    assert progress_share(None, 5.6, 86.0) is None


def test_score_is_full_from_eighty_per_cent():
    """40 % gives half the points, 80 % and more all of them."""
    assert [score_766(rate, 4) for rate in (0.0, 40.0, 80.0, 100.0)] == [0, 2, 4, 4]
    assert score_766(None, 4) is None


def test_weeks_run_monday_to_sunday():
    """Sunday closes a week; the days around New Year belong to the ISO week's own year."""
    sunday, monday, new_year = date(2024, 4, 14), date(2024, 4, 15), date(2024, 12, 31)
    found = weekly_progress(
        rows(
            daily(new_year, "20", 0, 0),
            daily(monday, "20", 1, 4),
            daily(sunday, "20", 2, 2),
            daily(monday, "178", 9, 9),
        ),
        "20",
    ).to_pylist()
    shown = [(row["week"], row["numerator"], row["denominator"], row["rate_percent"]) for row in found]
    assert shown == [("2024-W15", 2, 2, 100.0), ("2024-W16", 1, 4, 25.0), ("2025-W01", 0, 0, None)]
    assert found[0]["first_day"] == date(2024, 4, 8)


def test_other_definitions_stay_out():
    """A week sums one definition and stage only."""
    day = date(2024, 4, 15)
    found = weekly_progress(rows(daily(day, "20", 1, 2), daily(day, "20", 2, 2, definition="dn_or")), "20", "dn_or")
    assert found["numerator"].to_pylist() == [2]


def test_the_lowest_rate_is_the_worst():
    """By rate over all days, then by size; a unit without denominator has no rate; other levels stay out."""
    day, next_day = date(2024, 4, 15), date(2024, 4, 16)
    table = rows(
        daily(day, "05971", 1, 2),
        daily(next_day, "05971", 1, 2),
        daily(day, "05974", 0, 1),
        daily(day, "05977", 0, 3),
        daily(day, "06001", 0, 0),
        daily(day, "178", 0, 9),
        daily(day, "H37.60", 0, 9),
    )
    found = worst_units(table, "commune", 9)
    assert found["unit_code"].to_pylist() == ["05977", "05974", "05971"]
    assert found["rate_percent"].to_pylist() == [0.0, 0.0, 50.0]
    assert worst_units(table, "district", 3)["unit_code"].to_pylist() == ["178"]


def test_a_code_used_again_is_another_unit():
    """06001 was a commune until 2025 and is another one, of the same name, since: two rows."""
    day, later = date(2024, 4, 15), date(2025, 7, 1)
    found = worst_units(rows(daily(day, "06001", 0, 1), daily(later, "06001", 0, 1)), "commune", 9)
    assert found["unit_code"].to_pylist() == ["06001", "06001"]
    assert len(set(found["name"].to_pylist())) == 1
