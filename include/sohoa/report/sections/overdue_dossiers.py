"""Section IV: overdue dossiers by level of government."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sohoa.days import Week
from sohoa.enums import LEVELS
from sohoa.format_value import count, day, percent
from sohoa.progress.lateness import LATENESS, WITH_DEADLINE, read_lateness
from sohoa.progress.rate import rate_percent
from sohoa.registry import bearer_at, full_name
from sohoa.report.model import Column, Table
from sohoa.report.sections.part import Part
from sohoa.report.sentences import MAX_ROWS
from sohoa.store import Store

TOTAL = "total"
WEEKS = 26
"""Dossiers received in so many weeks up to the week's Sunday are looked at."""
_LABELS = (
    "Xong đúng hạn",
    "Xong quá hạn",
    "Chưa xong, còn hạn",
    "Chưa xong, quá hạn",
    "Không rõ hạn",
    "Chưa tiếp nhận",
)
_COLUMNS = (
    *(
        Column(name, label, name.replace("_", " ").capitalize(), "count", "hồ sơ")
        for name, label in zip(LATENESS, _LABELS, strict=True)
    ),
    Column("late_percent", "Tỷ lệ quá hạn", "Share late", "percent", "%"),
)


def build(store: Store, week: Week) -> Part:
    """Make section IV."""
    rows = read_overdue(store, week)
    if not rows:
        return Part(("Chưa có hồ sơ nào trong sổ tiếp nhận.",))
    total = _sums(rows)
    said = (
        f"Đến ngày {day(week.last)}, {count(total['open_overdue'])} hồ sơ chưa giải quyết xong đã quá hạn, "
        f"{count(total['finished_late'])} hồ sơ đã trả nhưng quá hạn; tỷ lệ quá hạn {percent(total['late_percent'])}."
    )
    late = units_table(rows, week)
    first = late.rows[:MAX_ROWS]
    is_cut = len(first) < len(late.rows)
    note = f"{len(first)} trong {len(late.rows)} đơn vị có hồ sơ chưa xong đã quá hạn." if is_cut else ""
    shown = replace(late, name="late_units", rows=first, note_vi=note)
    return Part((said,), (levels_table(rows), shown), hidden=(late,))


def read_overdue(store: Store, week: Week) -> list[dict[str, Any]]:
    """Read the counts of every level and unit on the week's Sunday."""
    start = week.first - timedelta(7 * (WEEKS - 1))
    rows: list[dict[str, Any]] = read_lateness(store, start, week.last, week.last).to_pylist()
    return rows


def levels_table(rows: list[dict[str, Any]]) -> Table:
    """Make one row per level of government, then the sum."""
    by_level = {level: [row for row in rows if row["level"] == level] for level in (*LEVELS, None)}
    found = [{"level": level, **_sums(of_level)} for level, of_level in by_level.items() if of_level]
    found.append({"level": TOTAL, **_sums(rows)})
    columns = (Column("level", "Cấp xử lý", "Level", "label", labels="summed_levels"), *_COLUMNS)
    title = f"Tình hình giải quyết hồ sơ tiếp nhận trong {WEEKS} tuần"
    note = "Tỷ lệ quá hạn: hồ sơ xong quá hạn và chưa xong quá hạn trên hồ sơ rõ hạn. Chưa tiếp nhận: chưa tính hạn."
    return Table("lateness", title, "Lateness by level", columns, tuple(found), note)


def units_table(rows: list[dict[str, Any]], week: Week) -> Table:
    """List every unit with dossiers that are overdue and not finished, most first."""
    order = ("unit_code", "valid_from", "level")
    late = sorted(
        (row for row in rows if row["open_overdue"]),
        key=lambda row: (-row["open_overdue"], *(str(row[name]) for name in order)),
    )
    columns = (
        Column("unit_code", "Mã", "Code", "code"),
        Column("unit", "Đơn vị", "Unit", "text"),
        Column("level", "Cấp xử lý", "Level", "label", labels="levels"),
        *_COLUMNS,
    )
    found = tuple(
        {
            "unit_code": row["unit_code"],
            "unit": full_name(row["unit_code"], row["valid_from"], week.last),
            "valid_from": row["valid_from"],
            "stands": _stands(row, week),
            "level": row["level"],
            **_sums([row]),
        }
        for row in late
    )
    return Table("all_late_units", "Đơn vị còn nhiều hồ sơ quá hạn nhất", "Units with most overdue", columns, found)


def _stands(row: dict[str, Any], week: Week) -> bool:
    found = None if row["valid_from"] is None else bearer_at(row["unit_code"], row["valid_from"])
    return found is not None and found.stands_on(week.last)


def _sums(rows: list[dict[str, Any]]) -> dict[str, Any]:
    sums = {name: sum(row[name] for row in rows) for name in LATENESS}
    known = sum(sums[name] for name in WITH_DEADLINE)
    return sums | {"late_percent": rate_percent(sums["finished_late"] + sums["open_overdue"], known)}
