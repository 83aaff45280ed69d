"""A page for each district, and one for the departments: how far each unit is, and what waits for it, in one table.

It is made of the tables of the report alone, so that it can say nothing else than they do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import Any

from sohoa.days import Week
from sohoa.format_value import day, percent
from sohoa.format_value import week as week_name
from sohoa.layout import BatchId
from sohoa.registry import Bearer, ancestors, bearer_at, find_agency, owner_at
from sohoa.report.by_district import DISTRICT, row_owner
from sohoa.report.model import Column, Row, Table
from sohoa.report.sentences import SO_FAR

_WAITS = ("documents", "to_scan", "in_review")
_SUMS = (*_WAITS, "faulty", "overdue")
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

    The departments follow in the same way. Where no districts stand there is no row: the table of units is short then.

    Who has no dossier in the settled weeks and nothing that waits has no row. Communes and offices that have ended have
    one where the week has figures of them or something waits or is overdue under their name.

    Args:
        tables: the tables of the sections, with those that they do not print.
        week: the week.
    """
    waiting = _by_unit(tables, week)
    known = ((row, row_owner(row, week)) for row in tables["units"].rows)
    units = {owner: row for row, owner in known if owner is not None}
    ended = sorted((one for one in waiting if one not in units and not one.stands_on(week.last)), key=_key)
    rows: list[Row] = []
    for district in (one for one in units if _is_district(one) and one.stands_on(week.last)):
        inside = [one for one in (*units, *ended) if one != district and _district_of(one) == district]
        rows += _page(district.name, units[district], inside, units, waiting, week)
    if rows:
        departments = next(row for row in tables["blocks"].rows if row["unit_code"] is None)
        inside = [one for one in (*units, *ended) if one.level == "department"]
        rows += _page(departments["unit"], departments, inside, units, waiting, week)
    title = "Từng huyện, thành phố và khối sở: kết quả và việc còn phải làm"
    return Table("districts", title, "District by district", _COLUMNS, tuple(rows), _note(tables), DISTRICT.key)


def _key(unit: Bearer) -> tuple[str, date]:
    return unit.code, unit.valid_from


def _is_district(unit: Bearer) -> bool:
    """Whether it is one itself, not its office."""
    return unit.level == "district" and unit.code.isdigit()


def _district_of(unit: Bearer) -> Bearer | None:
    """The district in which a commune or an office of its time lies."""
    above = (bearer_at(code, unit.valid_from) for code in ancestors(unit.code, unit.valid_from))
    return next((one for one in above if one is not None and _is_district(one)), None)


def _page(
    name: str,
    figures: Row,
    inside: list[Bearer],
    units: Mapping[Bearer, Row],
    waiting: Mapping[Bearer, Row],
    week: Week,
) -> list[Row]:
    """The rows of a page, the first one the sum of the others; none of who has no dossier and nothing that waits."""
    rows = [
        {
            **_figures(units.get(one, {}), waiting.get(one, {})),
            DISTRICT.key: name,
            "unit_code": one.code,
            "unit": units[one]["unit"] if one in units else one.name_on(week.last),
        }
        for one in inside
    ]
    whole = _figures(figures, {key: sum(row[key] for row in rows) for key in _SUMS})
    page = [{**whole, DISTRICT.key: name, "unit_code": figures["unit_code"], "unit": figures["unit"]}, *rows]
    return [row for row in page if any(row[key] for key in (*_RATES, *_SUMS))]


def _figures(figures: Row, waiting: Row) -> dict[str, Any]:
    return {
        **{name: figures.get(name) for name in _RATES},
        "days_without_batch": waiting.get("days_without_batch"),
        **{name: waiting.get(name, 0) for name in _SUMS},
    }


def _by_unit(tables: Tables, week: Week) -> dict[Bearer, dict[str, Any]]:
    """What waits, is faulty and is overdue of each commune or office, those that have ended by themselves."""
    found: dict[Bearer, dict[str, Any]] = defaultdict(lambda: dict.fromkeys(_SUMS, 0))
    for row in tables["agencies"].rows:
        if (unit := _unit_of(row["agency"], row["valid_from"], week.last)) is not None:
            for name in _WAITS:
                found[unit][name] += row[name]
            found[unit]["days_without_batch"] = row["days_without_batch"]
    for row in tables["faulty_files"].rows:
        batch = BatchId.parse(row["batch"])
        if batch is not None and (unit := _unit_of(row["agency"], batch.scan_date, batch.scan_date)) is not None:
            found[unit]["faulty"] += 1
    late = tables.get("all_late_units")
    for row in late.rows if late else ():
        if (unit := _unit_of(row["unit_code"], row["valid_from"], week.last)) is not None:
            found[unit]["overdue"] += row["open_overdue"]
    return found


def _unit_of(code: str, own_day: date | None, day: date) -> Bearer | None:
    """The unit or office that bears a code on a day of its own; of a commune's office the commune that it serves on a
    day, or served last before it: an office may outlast its commune.
    """
    owner = None if own_day is None else owner_at(code, own_day)
    if owner is not None and owner.valid_from > day:  # a wrong code: nobody bears it yet
        return None
    agency = None if owner is None else find_agency(code, owner.valid_from)
    if owner is None or agency is None or agency.kind != "commune":
        return owner
    return bearer_at(agency.unit_code, min(day, owner.last_day or day))


def _note(tables: Tables) -> str:
    """What “so far” and “settled” are."""
    province = next(row for row in tables["units"].rows if row["level"] == "province")
    if province["so_far_percent"] is None:
        return "Chưa có tuần nào ổn định nên chưa có tỷ lệ."
    since, settled = (week_name(province[name]).lower() for name in ("since", "settled"))
    return (
        f"Lũy kế từ {since} đến hết {settled}, tuần ổn định mới nhất; lộ trình đến hết ngày "
        f"{day(Week.parse(province['settled']).last)} là {percent(province['expected_percent'])}, toàn tỉnh đạt "
        f"{percent(province['so_far_percent'])}. Hàng đầu là cả huyện hoặc cả khối, kể cả đơn vị đã kết thúc; "
        "không nêu đơn vị không có hồ sơ, tài liệu nào."
    )
