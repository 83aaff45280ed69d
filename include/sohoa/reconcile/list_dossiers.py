"""From a figure of the reconciliation down to its dossiers: the categories of a unit, then the codes behind one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sohoa import layout
from sohoa.enums import CATEGORIES
from sohoa.errors import InputError
from sohoa.registry import ancestors
from sohoa.store import Store

_FIRST = date(1970, 1, 1)


@dataclass(frozen=True)
class Line:
    """One category of a unit, with all below it, over some days."""

    category: str
    entries: int
    oldest_days: int
    """Age of the oldest, in days since it was first seen; 0 for what came later."""
    mean_days: float


@dataclass(frozen=True)
class Entry:
    """One dossier in a category."""

    dossier_date: date
    unit_code: str
    category: str
    dossier_code: str
    province: str | None
    portal: str | None
    first_seen: date


def read_lines(store: Store, unit_code: str, days: list[date], as_of: date) -> list[Line]:
    """Read the categories that occur, in the order of ``CATEGORIES``, with their age on the day ``as_of``.

    Args:
        store: the store.
        unit_code: the unit, with all below it.
        days: days of one bearer of the code that are known (``known_days.read_known_days``).
        as_of: the day.
    """
    rows = store.read_table("reconciliation_daily", days, name=layout.DAY)
    rows = rows.filter(pc.equal(rows["unit_code"], unit_code)).to_pylist()
    by_category = {name: [row for row in rows if row["category"] == name] for name in CATEGORIES}
    return [_make_line(name, found, as_of) for name, found in by_category.items() if found]


def read_entries(store: Store, unit_code: str, days: list[date], category: str) -> list[Entry]:
    """Read the dossiers in a category, by day, unit and code; of unit and days as ``read_lines``.

    Raises:
        InputError: there is no such category.
    """
    if category not in CATEGORIES:
        raise InputError(f"{category!r} is no category: use one of {', '.join(CATEGORIES)}")
    found = []
    for day in days:
        rows = store.read_table("reconciliation", [day])
        rows = rows.filter(pc.and_(pc.equal(rows["category"], category), _is_below(rows, unit_code, day)))
        order: Any = [(name, "ascending") for name in ("unit_code", "dossier_code", "province")]
        found += [_make_entry(row) for row in rows.sort_by(order).to_pylist()]
    return found


def _is_below(rows: pa.Table, unit_code: str, day: date) -> pa.ChunkedArray:
    units = pc.unique(rows["unit_code"]).to_pylist()
    below = [unit for unit in units if unit_code in (unit, *ancestors(unit, day))]
    return pc.is_in(rows["unit_code"], pa.array(below, pa.string()))


def _make_line(name: str, rows: list[dict[str, Any]], as_of: date) -> Line:
    count = sum(row["entries"] for row in rows)
    oldest = min(row["oldest_first_seen"] for row in rows)
    mean = sum(row["entries"] * (row["mean_first_seen"] - _FIRST).days for row in rows) / count
    today = (as_of - _FIRST).days
    return Line(name, count, max(0, (as_of - oldest).days), max(0.0, today - mean))


def _make_entry(row: dict[str, Any]) -> Entry:
    return Entry(**{name: row[name] for name in Entry.__dataclass_fields__})
