"""How a value of the report is written in Vietnamese: 942.934; 97,92 %; 07/04/2024; "–" for what is not known."""

from datetime import date
from typing import Any

from sohoa.report.model import Kind

UNKNOWN = "–"
_SWAP = str.maketrans(",.-", ".,\u2212")


def format_value(value: Any, kind: Kind) -> str:
    """The text of a value: a count with dots for thousands, a percentage or number with a decimal comma, dd/mm/yyyy.

    A percentage has two decimals and its sign after a no-break space, a number two unless it is an integer; what is
    negative has a minus sign and no hyphen. None is "–".
    """
    if value is None:
        return UNKNOWN
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    if kind == "count":
        return f"{value:,}".translate(_SWAP)
    if kind == "percent":
        return f"{value:,.2f}".translate(_SWAP) + "\u00a0%"
    if kind == "number":
        return (f"{value:,}" if isinstance(value, int) else f"{value:,.2f}").translate(_SWAP)
    return week_label(value) if kind == "week" else str(value)


def week_label(week: str) -> str:
    """An ISO week as it is titled in Vietnamese: `2024-W03` is "Tuần 03 năm 2024"."""
    year, _, number = week.partition("-W")
    return f"Tuần {number} năm {year}"
