"""From entries to the table ``reconciliation_daily``: sums by unit, with all below it, and how long it has been so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from sohoa.reconcile.categories import EFFECTS
from sohoa.registry import ancestors

_SUMS = [("entries", "sum"), ("oldest", "min"), ("days", "sum")]


def count_entries(entries: pa.Table, by: tuple[str, ...] = ("dossier_date",)) -> pa.Table:
    """Count entries: rows of ``reconciliation_daily``, in the order of their keys.

    Args:
        entries: rows of ``reconciliation`` with ``dossier_date``.
        by: columns that are counted apart, ``dossier_date`` among them.

    Returns:
        ``by``, unit_code, category, entries, oldest_first_seen, mean_first_seen.
    """
    keys = [*by, "unit_code", "category"]
    days = entries["first_seen"].cast(pa.int32()).cast(pa.int64())
    ones = pa.array(np.ones(len(entries), np.int64))
    rows = entries.select(keys).append_column("entries", ones)
    rows = _sum_by(rows.append_column("oldest", days).append_column("days", days), keys)
    totals = _sum_by(_with_units_above(rows), keys).sort_by([(key, "ascending") for key in keys])
    mean = np.floor_divide(totals["days"].to_numpy(), np.maximum(totals["entries"].to_numpy(), 1))
    columns = {name: totals[name] for name in [*keys, "entries"]}
    columns["oldest_first_seen"] = totals["oldest"].cast(pa.int32()).cast(pa.date32())
    columns["mean_first_seen"] = pa.array(mean.astype(np.int32)).cast(pa.date32())
    return pa.table(columns)


def _sum_by(rows: pa.Table, keys: list[str]) -> pa.Table:
    found = rows.group_by(keys, use_threads=False).aggregate(_SUMS)
    return found.rename_columns([name.removesuffix("_sum").removesuffix("_min") for name in found.column_names])


def _with_units_above(rows: pa.Table) -> pa.Table:
    """Repeat each row for its unit and for every unit above it on the day of the cell."""
    units: Any = rows["unit_code"].to_pylist()
    places = list(zip(units, rows["dossier_date"].to_pylist(), strict=True))
    lines = {place: (place[0], *ancestors(*place)) for place in set(places)}
    lengths = [len(lines[place]) for place in places]
    repeated = rows.take(pa.array(np.repeat(np.arange(len(rows)), lengths)))
    codes = pa.array([code for place in places for code in lines[place]], pa.string())
    return repeated.set_column(repeated.column_names.index("unit_code"), "unit_code", codes)


def balance(counts: dict[str, int]) -> tuple[int, int]:
    """Return (portal − province, what the categories explain of it) of one cell or of a sum of cells."""
    difference = counts.get("portal", 0) - counts.get("province", 0)
    return difference, sum(effect * counts.get(name, 0) for name, effect in EFFECTS.items())
