"""Rows of a feed into the dossier days of its table, and the markers of the days that this changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from sohoa import layout
from sohoa.errors import ObjectMissing
from sohoa.feeds.merge_rows import merge, rank_rows
from sohoa.feeds.sources import Source
from sohoa.store import Store

_THREADS = 8
_CHANGED_KEY = layout.work_prefix("import", "changed") + "days.json"
T = TypeVar("T")


def save_rows(store: Store, source: Source, rows: pa.Table, work: str) -> set[date]:
    """Merge rows into the days that they belong to; a day whose rows change is written and gets its markers.

    Args:
        store: the store.
        source: a feed whose table is by dossier day.
        rows: its rows as ``merge`` takes them, of any days.
        work: name of the run, which its markers carry.

    Returns:
        The days that changed.
    """
    rows = rows.sort_by("dossier_date")
    days, starts = np.unique(rows["dossier_date"].to_numpy(), return_index=True)
    parts = [rows.slice(start, end - start) for start, end in pairwise([*starts.tolist(), rows.num_rows])]
    tables = run_all(partial(_merge_day, store, source), days.tolist(), parts)
    changed = {day: table for day, table in zip(days.tolist(), tables, strict=True) if table is not None}
    _save(store, source, work, changed)
    return set(changed)


def run_all(work: Callable[..., T], *items: Iterable[Any]) -> list[T]:
    """``work`` on all items, a few at a time, in their order."""
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(work, *items))


def _merge_day(store: Store, source: Source, day: date, rows: pa.Table) -> pa.Table | None:
    """The day's rows in force, None where they are what the table holds."""
    schema = source.schema
    old = store.read_table(source.name, [day], name=layout.DAY).select(schema.names)
    new = merge(source, rank_rows(old, False), rows.drop_columns("dossier_date")).select(schema.names).cast(schema)
    return None if new.equals(old) else new


def _save(store: Store, source: Source, work: str, changed: dict[date, pa.Table]) -> None:
    """Write the days, then their markers; days that a killed run may have left without a marker get theirs too."""
    try:
        places = {tuple(place) for place in store.get_json(layout.WAREHOUSE, _CHANGED_KEY)}
    except ObjectMissing:
        places = set()
    places |= {(source.name, day.isoformat()) for day in changed}
    if not places:
        return
    store.put_json(layout.WAREHOUSE, _CHANGED_KEY, sorted(places))
    run_all(lambda day: store.write_table(source.name, day, layout.DAY, changed[day]), changed)
    run_all(lambda place: _put_markers(store, work, *place), sorted(places))
    store.delete(layout.WAREHOUSE, _CHANGED_KEY)


def _put_markers(store: Store, work: str, table: str, iso_day: str) -> None:
    day, marker = date.fromisoformat(iso_day), {"day": iso_day, "work": work}
    if table == "register":
        store.put_json(layout.WAREHOUSE, layout.pending_register_key(work, day), marker)
    if table != "status":  # nothing is counted from the history alone
        store.put_json(layout.WAREHOUSE, layout.unreconciled_key(day, work), marker)
