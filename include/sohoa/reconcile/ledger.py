"""An entry: one dossier in one category, lying in one cell."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sohoa.schema import TABLES

ENTRY = pa.schema([pa.field("code_day", pa.date32()), pa.field("dossier_date", pa.date32()), *TABLES["reconciliation"]])
"""The day in the dossier's code, the day of the cell, and the columns of ``reconciliation``."""

_PLACED = ("code_day", "dossier_date", "unit_code", "dossier_key", "dossier_code", "first_seen")


def entries(category: str, rows: pa.Table, province: Any = None, portal: Any = None) -> pa.Table:
    """Make one entry per row.

    Args:
        category: a name of ``enums.CATEGORIES``.
        rows: their days, unit, key, code and first_seen, among other columns.
        province: what the province says of each, as text, number or time; None for nothing.
        portal: what the portal says, likewise.
    """
    columns: dict[str, Any] = {name: rows[name] for name in _PLACED}
    columns |= {"province": _as_text(province, len(rows)), "portal": _as_text(portal, len(rows))}
    columns["category"] = pa.array([category] * len(rows), pa.string())
    return pa.table({name: columns[name] for name in ENTRY.names}).cast(ENTRY)


def _as_text(values: Any, count: int) -> Any:
    if values is None:
        return pa.nulls(count, pa.string())
    if pa.types.is_timestamp(values.type):
        return pc.strftime(values.cast(pa.timestamp("s")), "%Y-%m-%d %H:%M:%S")
    return values.cast(pa.string())
