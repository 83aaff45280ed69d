"""How a Vietnamese reader sees numbers and dates, the same everywhere: 942.934; 97,92 %; 07/04/2024; "–" for null."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Literal

Kind = Literal["text", "code", "count", "percent", "number", "date", "week"]
UNKNOWN = "–"
_SWAP = str.maketrans(",.-", ".,\u2212")


def decimal(value: float | None, digits: int = 1) -> str:
    """Write a number with a decimal comma, dots for thousands and a minus sign, no hyphen; 0 has no sign."""
    return UNKNOWN if value is None else f"{value:z,.{digits}f}".translate(_SWAP)


def count(value: int | None) -> str:
    """Write a count: 942.934."""
    return decimal(value, 0)


def number(value: float | None) -> str:
    """Write a number with two decimals, an integer without."""
    return decimal(value, 0 if isinstance(value, int) else 2)


def signed(value: float, digits: int = 0) -> str:
    """Write a difference with its sign; 0 has none."""
    return ("+" if value > 0 else "") + decimal(value, digits)


def percent(value: float | None) -> str:
    """Write a percentage, which is in per cent, with two decimals and its sign after a no-break space: 97,92 %."""
    return UNKNOWN if value is None else decimal(value, 2) + "\u00a0%"


def day(value: date | None) -> str:
    """Write a day: 07/04/2024."""
    return UNKNOWN if value is None else f"{value:%d/%m/%Y}"


def days(first: date, last: date) -> str:
    """Write a period of days as short as it stays clear: 15/04–21/04."""
    if first == last:
        return day(first)
    return f"{first:%d/%m}–{last:%d/%m}" if first.year == last.year else f"{first:%d/%m/%y}–{last:%d/%m/%y}"


def week(name: str) -> str:
    """Write an ISO week as a title has it: "2024-W03" is "Tuần 03 năm 2024"."""
    year, _, number = name.partition("-W")
    return f"Tuần {number} năm {year}"


def ended_name(name: str, last_day: date, heirs: Sequence[str], is_direct: bool = True) -> str:
    """Name a unit that is no more: "Xã A (đến hết 30/06/2025, nhập vào Xã B)", or "nay thuộc Xã C"."""
    into = f", {'nhập vào' if is_direct else 'nay thuộc'} {', '.join(heirs)}" if heirs else ""
    return f"{name} (đến hết {day(last_day)}{into})"


def format_value(value: Any, kind: Kind) -> str:
    """Write a value of a table by its kind."""
    if value is None:
        return UNKNOWN
    return str(value) if kind in ("text", "code") else _WRITERS[kind](value)


_WRITERS: dict[Kind, Callable[[Any], str]] = {
    "count": count,
    "number": number,
    "percent": percent,
    "date": day,
    "week": week,
}
