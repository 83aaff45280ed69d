"""Where an agency or unit of a table lies: names repeat (four communes are Hòa Bình), districts tell them apart.

The tables of the annex get a column with the district.
"""

from __future__ import annotations

from dataclasses import replace

from sohoa.days import Week
from sohoa.layout import BatchId
from sohoa.registry import Bearer, bearers, district_name, full_name, owner_at
from sohoa.report.model import Column, Row, Table
from sohoa.report.sentences import AGENCY

DISTRICT = Column("district", "Huyện", "District", "text")
"""None for the province and its departments, and for all units where no districts stand."""
_NAMES = ("unit", "agency_name")


def with_districts(table: Table, week: Week) -> Table:
    """Return a table with the district of each row after its name, where a row has one; with the agency's code before
    the name where only the batch tells it."""
    owners = [row_owner(row, week) for row in table.rows]
    districts = [owner and district_name(owner.code, owner.valid_from) for owner in owners]
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


def row_owner(row: Row, week: Week) -> Bearer | None:
    """Return the unit or agency that a row is about; None where its code names none.

    Where a code passed on within the week, the name in the row tells which of those that bore it is meant.
    """
    code = _code(row)
    if code is None:
        return None
    name = next((row[key] for key in _NAMES if key in row), None)
    known = [one for one in bearers(code) if name in _names(one, week)]
    of_week = [one for one in known if one.valid_from <= week.last and (one.last_day or week.last) >= week.first]
    return (of_week or known)[-1] if known else owner_at(code, week.last)


def _names(one: Bearer, week: Week) -> set[str]:
    """Every form in which a table of the week may name a unit."""
    shown = {one.name_on(week.last), one.name_within(week.first, week.last)}
    return shown | {full_name(one.code, one.valid_from, week.last)}


def _code(row: Row) -> str | None:
    """The code of a row's unit or agency; a batch begins with its agency's."""
    code: str | None = row.get("unit_code") or row.get("agency")
    batch = BatchId.parse(row["batch"]) if code is None and row.get("batch") else None
    return batch.agency if batch else code
