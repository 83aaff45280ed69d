"""The table of limits: what they find on labelled pages, and where there is nothing."""

from __future__ import annotations

from typing import Any

import pytest

from sohoa.schema import MEASURED
from tools.judge_limits import judge_limits, share, table_rows


def page(labels: dict[str, str], **values: Any) -> tuple[dict[str, str], dict[str, Any]]:
    return labels, dict.fromkeys(MEASURED.names) | {"error": None} | values


def test_hits_and_false_alarms_are_counted_by_limit_and_unlabelled_pages_left_out() -> None:
    """Three pages with streaks of which two are found; two without of which one is; one that nobody vouches for."""
    strengths = [("1", 20.0), ("1", 9.0), ("1", 2.0), ("0", 12.0), ("0", 0.0), ("-1", 30.0)]
    pages = [
        page({"streak": label, "clean": "1" if label == "0" else "0"}, streak_strength=v) for label, v in strengths
    ]
    counts = judge_limits([*pages, page({"streak": "1"}, streak_strength=None, error="unreadable: x")])
    (name,) = (name for name in counts if name.startswith("streaks"))
    assert counts[name] == {"hits": [2, 3], "false_alarms": [1, 2]}
    assert counts["clean"] == {"note": [1, 2], "review": [1, 2], "reject": [0, 2]}
    assert ("1 of 2" in row[1] for row in table_rows(counts))


@pytest.mark.parametrize(
    ("found", "of", "text"),
    [(0, 0, "0 of 0"), (0, 100, "0 of 100 (0.0% to 3.7%)"), (5, 10, "5 of 10 (23.7% to 76.3%)")],
)
def test_a_share_has_its_interval(found: int, of: int, text: str) -> None:
    """By Wilson's formula; none of a hundred may still be one in twenty-seven."""
    assert share(found, of) == text
