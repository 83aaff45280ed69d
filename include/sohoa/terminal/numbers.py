"""Numbers, days and bars as a Vietnamese reader writes them: 942.934, 97,9 %, 15/04/2024."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

UNKNOWN = "–"
_EIGHTHS = " ▏▎▍▌▋▊▉"
_LEVELS = "▁▂▃▄▅▆▇█"


def count(value: int | None) -> str:
    """A count with dots between the thousands."""
    return UNKNOWN if value is None else f"{value:,}".replace(",", ".")


def decimal(value: float | None, digits: int = 1) -> str:
    """A number with a decimal comma."""
    return UNKNOWN if value is None else f"{value:.{digits}f}".replace(".", ",")


def day(value: date) -> str:
    """A day as dd/mm/yyyy."""
    return f"{value:%d/%m/%Y}"


def days(first: date, last: date) -> str:
    """A period of days, as short as it stays clear."""
    if first == last:
        return day(first)
    return f"{first:%d/%m}–{last:%d/%m}" if first.year == last.year else f"{first:%d/%m/%y}–{last:%d/%m/%y}"


def bar(percent: float | None, width: int) -> str:
    """A bar of ``width`` cells for 0 to 100 %, in eighths of a cell."""
    if percent is None:
        return ""
    eighths = round(percent / 100 * width * 8)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def sparkline(percents: Sequence[float | None]) -> str:
    """One character a value, from ▁ at 0 % to █ at 100 %; a gap where nothing is known."""
    return "".join(" " if value is None else _LEVELS[min(7, int(value / 12.5))] for value in percents)
