"""Section IV: overdue dossiers by level of government."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any

from sohoa import layout
from sohoa.days import Week
from sohoa.enums import LEVELS
from sohoa.format_value import count, day, percent
from sohoa.progress.lateness import LATENESS, WITH_DEADLINE, read_lateness_on
from sohoa.progress.rate import rate_percent
from sohoa.registry import bearer_at, full_name
from sohoa.report.model import Column, Row, Table
from sohoa.report.sections.part import Part
from sohoa.report.sentences import MAX_ROWS
from sohoa.store import Store

TOTAL = "total"
LEAST_KNOWN = 30
"""Dossiers with a deadline below which a share of late ones says nothing."""
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

_THEN = Column("overdue_before", "Tuần trước chưa xong, quá hạn", "Overdue a week before", "count", "hồ sơ")


def build(store: Store, week: Week) -> Part:
    """Make section IV."""
    rows, before = read_overdue(store, week)
    if not rows:
        return Part(("Chưa có hồ sơ nào trong sổ tiếp nhận.",))
    total, first = _sums(rows), _first_known(store, week)
    said = (
        f"Trong số hồ sơ tiếp nhận từ ngày {day(first)}, đến ngày {day(week.last)} còn "
        f"{count(total['open_overdue'])} hồ sơ chưa giải quyết xong đã quá hạn"
        f"{_against_vi(rows, before, week)}; {count(total['finished_late'])} hồ sơ đã trả nhưng quá hạn; tỷ lệ quá hạn "
        f"{percent(total['late_percent'])}."
    )
    late = units_table(rows, week)
    communes = [row for row in late.rows if row["level"] == "commune"]
    others = [row for row in late.rows if row["level"] != "commune"]
    shown = (
        _first(late, "late_units", "Cơ quan cấp tỉnh, cấp huyện còn nhiều hồ sơ quá hạn nhất", others),
        _first(late, "late_communes", "Cấp xã còn nhiều hồ sơ quá hạn nhất", communes),
    )
    return Part((said,), (levels_table(rows, before, week, first), *shown), hidden=(late,))


def _against_vi(rows: list[dict[str, Any]], before: list[dict[str, Any]], week: Week) -> str:
    """How many were overdue a week earlier, all and the communes'; nothing where there were no dossiers yet."""
    if not before:
        return ""
    now, then = _overdue(rows), _overdue(before)
    own, own_then = (_overdue(row for row in counts if row["level"] == "commune") for counts in (rows, before))
    return (
        f", {_moved_vi(now - then)} so với ngày {day(week.before.last)} ({count(then)} hồ sơ); riêng cấp xã "
        f"{count(own)} hồ sơ, {_moved_vi(own - own_then)}"
    )


def _overdue(rows: Iterable[dict[str, Any]]) -> int:
    return sum(row["open_overdue"] for row in rows)


def _moved_vi(change: int) -> str:
    return "không đổi" if not change else f"{'tăng' if change > 0 else 'giảm'} {count(abs(change))} hồ sơ"


def _first(late: Table, name: str, title: str, rows: list[Row]) -> Table:
    first = tuple(rows[:MAX_ROWS])
    columns = tuple(one for one in late.columns if one.key != "level" or len({row["level"] for row in rows}) > 1)
    note = f"Bảng nêu {len(first)} trong tổng số {count(len(rows))} đơn vị có hồ sơ chưa xong đã quá hạn."
    return replace(
        late, name=name, title_vi=title, columns=columns, rows=first, note_vi=note if len(first) < len(rows) else ""
    )


def read_overdue(store: Store, week: Week) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Read the counts of every level and unit on the week's Sunday, and on the Sunday before.

    The dossiers are those since the first of the ``WEEKS`` up to the week: on the earlier day too, so that none is
    missing later only because it has grown too old.
    """
    now, before = read_lateness_on(store, _first_day(week), week.last, [week.last, week.before.last])
    return now.to_pylist(), before.to_pylist()


def _first_day(week: Week) -> date:
    """The first day whose dossiers are looked at."""
    return week.back(WEEKS - 1).first


def _first_known(store: Store, week: Week) -> date:
    """The first of these days of which anything is known: a site may be younger."""
    keys = store.list_objects(layout.WAREHOUSE, layout.table_prefix("register"), most=1)
    return max([_first_day(week), *(layout.table_day(one.key) for one in keys)])


def levels_table(rows: list[dict[str, Any]], before: list[dict[str, Any]], week: Week, first: date) -> Table:
    """Make one row per level of government, then the sum; what was overdue a week earlier stands beside it."""
    by_level = {level: [[r for r in of if r["level"] == level] for of in (rows, before)] for level in (*LEVELS, None)}
    found = [{"level": level, **_then_and_now(*both)} for level, both in by_level.items() if any(both)]
    found.append({"level": TOTAL, **_then_and_now(rows, before)})
    columns = (
        Column("level", "Cấp xử lý", "Level", "label", labels="summed_levels"),
        *_COLUMNS[:-1],
        _THEN,
        _COLUMNS[-1],
    )
    title = f"Tình hình giải quyết hồ sơ tiếp nhận từ ngày {day(first)}"
    note = (
        "Tỷ lệ quá hạn: hồ sơ xong quá hạn và chưa xong quá hạn trên hồ sơ rõ hạn. Chưa tiếp nhận: chưa tính hạn. Tuần "
        f"trước: đến hết ngày {day(week.before.last)}, cũng của hồ sơ nhận từ ngày {day(first)}, theo "
        "số liệu nay có."
    )
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
            "heir": _heir(row, week),
            "level": row["level"],
            **_sums([row]),
        }
        for row in late
    )
    return Table("all_late_units", "Đơn vị còn nhiều hồ sơ quá hạn nhất", "Units with most overdue", columns, found)


def _then_and_now(rows: list[dict[str, Any]], before: list[dict[str, Any]]) -> dict[str, Any]:
    return _sums(rows) | {_THEN.key: _overdue(before)}


def _stands(row: dict[str, Any], week: Week) -> bool:
    found = None if row["valid_from"] is None else bearer_at(row["unit_code"], row["valid_from"])
    return found is not None and found.stands_on(week.last)


def _heir(row: dict[str, Any], week: Week) -> Row | None:
    """Who has the dossiers at the end of the week: the unit itself while it stands, else who took it in; None where
    nobody is known to.
    """
    found = None if row["valid_from"] is None else bearer_at(row["unit_code"], row["valid_from"])
    heir = next((one for one in found.heirs_on(week.last) if one.stands_on(week.last)), None) if found else None
    if heir is None:
        return None
    name = full_name(heir.code, heir.valid_from, week.last)
    return {"unit_code": heir.code, "valid_from": heir.valid_from, "unit": name}


def _sums(rows: list[dict[str, Any]]) -> dict[str, Any]:
    sums = {name: sum(row[name] for row in rows) for name in LATENESS}
    known = sum(sums[name] for name in WITH_DEADLINE)
    late = rate_percent(sums["finished_late"] + sums["open_overdue"], known) if known >= LEAST_KNOWN else None
    return sums | {"late_percent": late}
