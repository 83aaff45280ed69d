"""Rates against baseline, target and the scoring line; and weeks."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from sohoa.progress.rate import progress_share, score_766, weekly_progress
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
