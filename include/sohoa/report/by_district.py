"""Where an agency or unit of a table lies: names repeat (four communes are Hòa Bình), districts tell them apart.

The tables of the annex get a column with the district, and the faulty files a count by agency, which is printed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date

from sohoa.days import Week
from sohoa.layout import BatchId
from sohoa.registry import bearers, find_agency, owner_at, unit_ancestors, unit_at
from sohoa.registry.bearers import Bearer
from sohoa.report.model import Column, Row, Table
from sohoa.report.sentences import AGENCY

DISTRICT = Column("district", "Huyện", "District", "text")
"""None for the province and its departments, and for all units where no districts stand."""
_NAMES = ("unit", "agency_name")
_FILES = Column("files", "Tệp lỗi", "Faulty files", "count", "tệp")
_VERDICTS = (
    Column("rejected", "Phải quét lại", "To scan again", "count", "tệp"),
    Column("review", "Chờ kiểm tra", "To be reviewed", "count", "tệp"),
)
_COMMONEST = (
    Column("defect", "Lỗi nhiều nhất", "Commonest defect", "label", labels="defects"),
    Column("defect_files", "Tệp có lỗi này", "Files with it", "count", "tệp"),
)


def with_districts(table: Table, week: Week) -> Table:
    """Return a table with the district of each row after its name, where a row has one; with the agency's code before
    the name where only the batch tells it."""
    owners = [row_owner(row, week) for row in table.rows]
    districts = [owner and district_name(owner, week.last) for owner in owners]
    place = next((n for n, column in enumerate(table.columns) if column.key in _NAMES), None)
    if place is None:
        return table
    keys = {column.key for column in table.columns}
    before = () if keys & {"unit_code", "agency"} else (AGENCY,)
    after = (DISTRICT,) if any(districts) and DISTRICT.key not in keys else ()
    columns = (*table.columns[:place], *before, table.columns[place], *after, *table.columns[place + 1 :])
    rows = tuple(
        {**row, AGENCY.key: _code(row), DISTRICT.key: district} if before else {**row, DISTRICT.key: district}
        for row, district in zip(table.rows, districts, strict=True)
    )
    return replace(table, columns=columns, rows=rows)


def faulty_agencies(files: Table) -> Table:
    """Count the faulty files of each agency: an annex of some pages where the list has thousands of lines.

    Args:
        files: the faulty files ``with_districts``.
    """
    groups: dict[tuple[str | None, str], list[Row]] = defaultdict(list)
    for row in files.rows:
        groups[row["agency"], row["agency_name"]].append(row)
    kept = [column for column in files.columns if column.key in {AGENCY.key, DISTRICT.key, *_NAMES}]
    rows = tuple(
        {**{column.key: found[0][column.key] for column in kept}, **_counts(found)} for found in groups.values()
    )
    rows = tuple(sorted(rows, key=lambda row: (row.get("district") or "", row["agency"] or "", row["agency_name"])))
    title = "Số tệp lỗi trong tuần của từng cơ quan"
    return Table("faulty_agencies", title, "Faulty files by agency", (*kept, _FILES, *_VERDICTS, *_COMMONEST), rows)


def _counts(found: list[Row]) -> Row:
    verdicts = Counter(row["verdict"] for row in found)
    defects = Counter(name for row in found for name in row["defects"])
    commonest = min(defects, key=lambda name: (-defects[name], name), default=None)
    return {
        "files": len(found),
        **{column.key: verdicts[column.key] for column in _VERDICTS},
        "defect": commonest,
        "defect_files": defects[commonest] if commonest else None,
    }


def row_owner(row: Row, week: Week) -> Bearer | None:
    """Return the unit or agency that a row is about; None where its code names none.

    Where a code passed on within the week, the name in the row tells which of those that bore it is meant.
    """
    code = _code(row)
    if code is None:
        return None
    name = next((row[key] for key in _NAMES if key in row), None)
    known = [one for one in bearers(code) if name in {one.name_on(week.last), one.name_within(week.first, week.last)}]
    return known[-1] if known else owner_at(code, week.last)


def district_name(owner: Bearer, day: date) -> str | None:
    """Return the name of the district that a unit or agency is or lies in, on a day or on its own last one."""
    day = min(day, owner.last_day) if owner.last_day else day
    agency = find_agency(owner.code, day) if unit_at(owner.code, day) is None else None
    code = agency.unit_code if agency else owner.code
    for one in (code, *unit_ancestors(code, day)):
        unit = unit_at(one, day)
        if unit is not None and unit.level == "district":
            return unit.name
    return None


def _code(row: Row) -> str | None:
    """The code of a row's unit or agency; a batch begins with its agency's."""
    code: str | None = row.get("unit_code") or row.get("agency")
    batch = BatchId.parse(row["batch"]) if code is None and row.get("batch") else None
    return batch.agency if batch else code
