"""Texts that agencies gave, made fit to print.

Nothing stays that cannot be seen, that turns the direction of the line, or that a format cannot hold.
"""

import re

from sohoa.report.format_value import format_value, week_label
from sohoa.report.model import Column, WeekReport

UNSIGNED = "Báo cáo do hệ thống lập tự động, chưa ký."
REPLACEMENT = "\ufffd"
_BREAKS = re.compile("[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # control characters
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e0fff"  # invisible; direction
    "\ud800-\udfff\ufdd0-\ufdef\ufff9-\ufffb\ufffe\uffff]"  # surrogates and noncharacters
)


def clean(text: str) -> str:
    """The text on one line; U+FFFD shows where a control, invisible, direction or impossible character stood."""
    return _UNPRINTABLE.sub(REPLACEMENT, _BREAKS.sub(" ", text))


def shorten(text: str, limit: int) -> str:
    """The text, cut to ``limit`` characters with "…" as the last one when it is longer."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def title(report: WeekReport) -> str:
    """What the report is called."""
    return f"Báo cáo số hóa hồ sơ – {week_label(report.week)}"


def days(report: WeekReport) -> str:
    """First and last day of the report's week."""
    return f"{format_value(report.first_day, 'date')} – {format_value(report.last_day, 'date')}"


def label(column: Column) -> str:
    """The heading of a column, with the unit of its values where neither they nor the words name it."""
    has_unit = column.unit and column.kind != "percent" and column.unit.lower() not in column.label_vi.lower()
    return f"{column.label_vi} ({column.unit})" if has_unit else column.label_vi
