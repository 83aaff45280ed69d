"""Bars and sparklines of block characters."""

from __future__ import annotations

from collections.abc import Sequence

_EIGHTHS = " ▏▎▍▌▋▊▉"
_LEVELS = "▁▂▃▄▅▆▇█"


def bar(percent: float | None, width: int) -> str:
    """Draw a bar of ``width`` cells for 0 to 100 %, in eighths of a cell."""
    if percent is None:
        return ""
    eighths = round(percent / 100 * width * 8)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def sparkline(percents: Sequence[float | None]) -> str:
    """Draw one character per value, from ▁ at 0 % to █ at 100 %; a gap where nothing is known."""
    return "".join(" " if value is None else _LEVELS[min(7, int(value / 12.5))] for value in percents)
