"""A page for each district: how far its office and communes are, and what waits for them, in one table.

It is made of the tables of the report alone, so that it can say nothing else than they do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from sohoa.days import Week
from sohoa.format_value import day, percent
from sohoa.format_value import week as week_name
from sohoa.registry import Bearer, district_name, find_agency
from sohoa.report.by_district import DISTRICT, row_owner
from sohoa.report.model import Column, Row, Table
from sohoa.report.sentences import SO_FAR

_SUMS = ("documents", "to_scan", "in_review", "faulty", "overdue")
_RATES = ("so_far_percent", "settled_denominator", "settled_percent")
_COLUMNS = (
    Column("unit", "Đơn vị", "Unit", "text"),
    DISTRICT,
    SO_FAR[-1],
    Column("settled_denominator", "Tuần ổn định: hồ sơ", "Settled week: to digitise", "count"),
    Column("settled_percent", "Tuần ổn định: tỷ lệ", "Settled week: rate", "percent", "%"),
    Column("documents", "Tài liệu chờ", "Documents waiting", "count"),
    Column("to_scan", "Phải quét lại", "To scan again", "count"),
    Column("in_review", "Chờ kiểm tra", "Waiting for a person", "count"),
    Column("days_without_batch", "Ngày không gửi", "Days without batch", "count"),
    Column("faulty", "Tệp lỗi", "Faulty files", "count"),
    Column("overdue", "Hồ sơ quá hạn", "Overdue dossiers", "count"),
)
Tables = Mapping[str, Table]


def district_pages(tables: Tables, week: Week) -> Table:
    """Make one row per district that stands at the end of the week, one for its office and one for each commune.

    Args:
        tables: the tables of the sections, with those that they do not print.
        week: the week.
    """
    units = [(row, row_owner(row, week)) for row in tables["units"].rows]
    standing = [(row, owner) for row, owner in units if owner is not None and owner.stands_on(week.last)]
    waiting = _by_unit(tables, week)
    rows: list[Row] = []
    for row, district in standing:
        if district.level == "district" and district.code.isdigit():
            inside = [
                _row(own, waiting.get(owner.code, {}), district)
                for own, owner in standing
                if owner.level in {"district", "commune"}
                and owner != district
                and district_name(owner.code, owner.valid_from) == district.name
            ]
            whole = {name: sum(one[name] for one in inside) for name in _SUMS}
            rows += [_row(row, whole, district), *inside]
    title = "Từng huyện, thành phố: kết quả và việc còn phải làm"
    return Table("districts", title, "District by district", _COLUMNS, tuple(rows), _note(tables), DISTRICT.key)


def _row(unit: Row, waiting: Mapping[str, Any], district: Bearer) -> Row:
    return {
        DISTRICT.key: district.name,
        "unit_code": unit["unit_code"],
        "unit": unit["unit"],
        **{name: unit[name] for name in _RATES},
        "days_without_batch": waiting.get("days_without_batch"),
        **{name: waiting.get(name, 0) for name in _SUMS},
    }


def _by_unit(tables: Tables, week: Week) -> dict[str, dict[str, Any]]:
    """What waits of each commune or district office that stands at the end of the week, by code."""
    found: dict[str, dict[str, Any]] = {}
    faulty = Counter(row["agency"] for row in tables["faulty_files"].rows)
    for row in tables["agencies"].rows:
        agency = None if row["valid_from"] is None else find_agency(row["agency"], row["valid_from"])
        if agency is None or not agency.works_on(week.last):
            continue
        unit = agency.unit_code if agency.kind == "commune" else agency.code
        found[unit] = {
            **{name: row[name] for name in ("documents", "to_scan", "in_review")},
            "days_without_batch": row["days_without_batch"],
            "faulty": faulty.pop(agency.code, 0),
            "overdue": 0,
        }
    for code, files in faulty.items():
        agency = find_agency(code, week.last)
        if agency is not None:
            unit = agency.unit_code if agency.kind == "commune" else agency.code
            found.setdefault(unit, dict.fromkeys(_SUMS, 0))["faulty"] += files
    for code, overdue in _overdue(tables):
        found.setdefault(code, dict.fromkeys(_SUMS, 0))["overdue"] += overdue
    return found


def _overdue(tables: Tables) -> Iterator[tuple[str, int]]:
    late = tables.get("all_late_units")
    yield from ((row["unit_code"], row["open_overdue"]) for row in (late.rows if late else ()) if row["stands"])


def _note(tables: Tables) -> str:
    """What “so far” and “settled” are."""
    province = next(row for row in tables["units"].rows if row["level"] == "province")
    if province["so_far_percent"] is None:
        return "Chưa có tuần nào ổn định nên chưa có tỷ lệ."
    since, settled = (week_name(province[name]).lower() for name in ("since", "settled"))
    return (
        f"Lũy kế từ {since} đến hết {settled}, tuần ổn định mới nhất; lộ trình đến hết ngày "
        f"{day(Week.parse(province['settled']).last)} là {percent(province['expected_percent'])}, toàn tỉnh đạt "
        f"{percent(province['so_far_percent'])}. Hàng đầu là cả huyện."
    )
