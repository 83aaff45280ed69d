"""Section IV: overdue dossiers at the three levels of government."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sohoa.days import Week
from sohoa.progress.lateness import LATENESS, read_lateness
from sohoa.progress.rate import rate_percent
from sohoa.report.model import Column, Table
from sohoa.report.sentences import LEVELS_VI, SHOWN, place_name
from sohoa.store import Store

WEEKS = 26
"""Dossiers received in so many weeks up to the week's Sunday are looked at."""
_LABELS = ("Xong đúng hạn", "Xong quá hạn", "Chưa xong, còn hạn", "Chưa xong, quá hạn", "Không rõ hạn")
_COLUMNS = (
    *(
        Column(name, label, name.replace("_", " ").capitalize(), "count", "hồ sơ")
        for name, label in zip(LATENESS, _LABELS, strict=True)
    ),
    Column("late_percent", "Tỷ lệ quá hạn", "Share late", "percent", "%"),
)


def read_overdue(store: Store, week: Week) -> list[dict[str, Any]]:
    """The counts of every level and unit on the week's Sunday."""
    start = week.first - timedelta(7 * (WEEKS - 1))
    rows: list[dict[str, Any]] = read_lateness(store, start, week.last, week.last).to_pylist()
    return rows


def levels_table(rows: list[dict[str, Any]]) -> Table:
    """One row a level of government, then the sum."""
    found = []
    for level, label in LEVELS_VI.items():
        of_level = [row for row in rows if row["level"] == level]
        if of_level:
            found.append((label, *_counts(of_level)))
    if rows:
        found.append(("Cộng", *_counts(rows)))
    columns = (Column("level", "Cấp xử lý", "Level", "text"), *_COLUMNS)
    title = f"Tình hình giải quyết hồ sơ tiếp nhận trong {WEEKS} tuần"
    note = "Tỷ lệ quá hạn: hồ sơ xong quá hạn và chưa xong quá hạn trên hồ sơ rõ hạn."
    return Table("lateness", title, "Lateness by level", columns, tuple(found), note)


def units_table(rows: list[dict[str, Any]], week: Week) -> Table:
    """The units with most dossiers that are overdue and not finished."""
    late = sorted(
        (r for r in rows if r["open_overdue"]), key=lambda r: (-r["open_overdue"], r["unit_code"], str(r["level"]))
    )
    columns = (
        Column("unit_code", "Mã", "Code", "code"),
        Column("unit", "Đơn vị", "Unit", "text"),
        Column("level", "Cấp xử lý", "Level", "text"),
        *_COLUMNS,
    )
    found = tuple(
        (r["unit_code"], place_name(r["unit_code"], week.last), LEVELS_VI[r["level"]], *_counts([r]))
        for r in late[:SHOWN]
    )
    note = f"{len(found)} trong {len(late)} đơn vị có hồ sơ chưa xong đã quá hạn." if len(late) > len(found) else ""
    return Table("late_units", "Đơn vị còn nhiều hồ sơ quá hạn nhất", "Units with most overdue", columns, found, note)


def _counts(rows: list[dict[str, Any]]) -> tuple[Any, ...]:
    sums = [sum(row[name] for row in rows) for name in LATENESS]
    known, late = sum(sums[:4]), sums[1] + sums[3]
    return *sums, rate_percent(late, known)
