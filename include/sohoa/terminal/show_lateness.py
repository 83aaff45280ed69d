"""Lateness on a terminal: dossiers by level of government, then by unit."""

from __future__ import annotations

from datetime import date
from typing import Any

from rich.text import Text

from sohoa.enums import LEVELS
from sohoa.format_value import count, day, days, decimal
from sohoa.labels import label_vi
from sohoa.terminal.grid import Grid

_HEADS = (
    "Đúng\nhạn",
    "Trả\nquá hạn",
    "Chưa xong\ncòn hạn",
    "Chưa xong\nquá hạn",
    "Không rõ\nhạn",
    "Chưa\ntiếp nhận",
    "Quá hạn\n%",
)


def level_table(rows: list[dict[str, Any]], names: tuple[str, ...]) -> Grid:
    """Make one row per level, then the sum; the share counts what is late over all whose promise is known.

    Args:
        rows: level and the counts ``names``, one row per unit.
        names: finished in time, finished late, open in time, open overdue, unknown, not received.
    """
    table = Grid()
    table.text("Cấp xử lý")
    table.figures(*_HEADS)
    for level in (*LEVELS, None):
        of_level = [row for row in rows if row["level"] == level]
        if of_level:
            table.row(label_vi("levels", level), *_cells(of_level, names))
    if rows:
        table.row("Cộng", *_cells(rows, names), style="bold")
    return table


def heading(first: date, last: date, until: date) -> Text:
    """Say whose lateness it is, and on which day."""
    period = day(first) if first == last else f"{day(first)} – {day(last)}"
    return Text.assemble(("Hạn trả kết quả", "bold"), f" · hồ sơ tiếp nhận {period} · tính đến hết {day(until)}\n")


def nothing_line(first: date, last: date) -> Text:
    """Say that the register has no dossier of these days."""
    return Text(f"Sổ hồ sơ chưa có hồ sơ nào của {days(first, last)}: không phải là không có hồ sơ trễ hạn.", "yellow")


def _cells(rows: list[dict[str, Any]], names: tuple[str, ...]) -> tuple[str, ...]:
    sums = [sum(row[name] for row in rows) for name in names]
    known, late = sum(sums[:4]), sums[1] + sums[3]
    return (*map(count, sums), decimal(100 * late / known if known else None))
