"""Numbers and dates as a Vietnamese reader expects them, the same in reports, slips and on the terminal."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from sohoa.format_value import Kind, count, day, days, decimal, format_value, signed

MONDAY = date(2024, 4, 15)


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (942934, "count", "942.934"),
        (0, "count", "0"),
        (-46, "count", "−46"),
        (97.92, "percent", "97,92\u00a0%"),
        (0.0, "percent", "0,00\u00a0%"),
        (1234.5, "number", "1.234,50"),
        (1285, "number", "1.285"),
        (date(2024, 4, 7), "date", "07/04/2024"),
        ("2024-W03", "week", "Tuần 03 năm 2024"),
        ("05971", "code", "05971"),
        (None, "count", "–"),
        (None, "text", "–"),
    ],
)
def test_values_are_written_the_vietnamese_way(value: Any, kind: Kind, text: str) -> None:
    """Dots for thousands, a decimal comma, days first; unknown is a dash and not zero."""
    assert format_value(value, kind) == text


def test_terminal_and_slips_choose_the_decimals_and_nothing_else() -> None:
    """1234.5 has its dot and its comma everywhere; a negative number has a minus sign and no hyphen."""
    assert [decimal(1234.5, digits) for digits in (0, 1, 2)] == ["1.234", "1.234,5", "1.234,50"]
    assert [decimal(value) for value in (0.0, 97.92, None)] == ["0,0", "97,9", "–"]
    assert [count(value) for value in (0, 942934, None)] == ["0", "942.934", "–"]
    assert [signed(value) for value in (12, 0, -1200)] == ["+12", "0", "−1.200"]


def test_a_period_is_as_short_as_it_stays_clear() -> None:
    """One day, days of a year, days of two."""
    assert day(MONDAY) == days(MONDAY, MONDAY) == "15/04/2024"
    assert days(MONDAY, MONDAY + timedelta(6)) == "15/04–21/04"
    assert days(date(2024, 12, 30), date(2025, 1, 5)) == "30/12/24–05/01/25"
