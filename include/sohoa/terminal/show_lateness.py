"""Lateness on a terminal: dossiers by level of government, then by unit."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from sohoa.enums import LEVELS
from sohoa.format_value import count, decimal
from sohoa.labels import label_vi

_HEADS = (
    "Đúng\nhạn",
    "Trả\nquá hạn",
    "Chưa xong\ncòn hạn",
    "Chưa xong\nquá hạn",
    "Không rõ\nhạn",
    "Chưa\ntiếp nhận",
    "Quá hạn\n%",
)


def level_table(rows: list[dict[str, Any]], names: tuple[str, ...]) -> Table:
    """Make one row per level, then the sum; the share counts what is late over all whose promise is known.

    Args:
        rows: level and the counts ``names``, one row per unit.
        names: finished in time, finished late, open in time, open overdue, unknown, not received.
    """
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    table.add_column("Cấp xử lý", vertical="bottom")
    for head in _HEADS:
        table.add_column(head, justify="right", no_wrap=True)
    for level in (*LEVELS, None):
        of_level = [row for row in rows if row["level"] == level]
        if of_level:
            table.add_row(label_vi("levels", level), *_cells(of_level, names))
    if rows:
        table.add_row("Cộng", *_cells(rows, names), style="bold")
    return table


def _cells(rows: list[dict[str, Any]], names: tuple[str, ...]) -> tuple[str, ...]:
    sums = [sum(row[name] for row in rows) for name in names]
    known, late = sum(sums[:4]), sums[1] + sums[3]
    return (*map(count, sums), decimal(100 * late / known if known else None))
