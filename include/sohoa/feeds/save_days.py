"""Rows of a feed into the dossier days of its table, and the markers of the days that this changes.

A killed run may have written a day without its markers, and it may have merged a file in part. Both are owed from run
to run: the next import marks the days first, and takes another content of such a file for a correction.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import partial
from itertools import pairwise
from typing import TypedDict

import numpy as np
import pyarrow as pa

from sohoa import layout
from sohoa.errors import ObjectDamaged
from sohoa.feeds.merge_rows import merge, rank_rows
from sohoa.feeds.sources import SOURCES, Source
from sohoa.logs import get_logger
from sohoa.pending import mark_register, mark_unreconciled
from sohoa.store import Store
from sohoa.work import Debts

log = get_logger(__name__)


class Owed(TypedDict):
    """What a killed import leaves to the next one."""

    days: list[tuple[str, str]]
    """Source and ISO day of days that may lack their markers."""
    files: list[tuple[str, str]]
    """Key and ETag of files that may have been merged in part."""


def load_owed(store: Store) -> Owed:
    """What a killed import has left."""
    nothing: Owed = {"days": [], "files": []}
    return Debts(store, "import").load(nothing)


def owe_files(store: Store, files: Iterable[tuple[str, str]]) -> None:
    """Remember files, by key and ETag, before any of their rows is merged."""
    owed = load_owed(store)
    _owe(store, owed["days"], [*owed["files"], *files])


def list_begun_files(store: Store) -> list[tuple[str, str]]:
    """Key and ETag of files that a killed import may have merged in part; those marked as imported are forgotten."""
    marks = {(key, etag): layout.imported_key(key, etag) for key, etag in load_owed(store)["files"]}
    imported = [key for (key, _), mark in marks.items() if store.stat(layout.WAREHOUSE, mark) is not None]
    if imported:
        forget_files(store, imported)
    return [(key, etag) for key, etag in marks if key not in imported]


def forget_files(store: Store, keys: Iterable[str]) -> None:
    """Forget files that have been imported."""
    owed, imported = load_owed(store), set(keys)
    _owe(store, owed["days"], [(key, etag) for key, etag in owed["files"] if key not in imported])


def mark_owed_days(store: Store, writer: str) -> None:
    """Mark the days that a killed import may have left without markers."""
    owed = load_owed(store)
    if owed["days"]:
        store.each(lambda place: _mark(store, writer, *place), owed["days"])
        _owe(store, [], owed["files"])


def _owe(store: Store, days: Iterable[tuple[str, str]], files: Iterable[tuple[str, str]]) -> None:
    # tuples come back from JSON as lists
    owed: Owed = {"days": sorted({(a, b) for a, b in days}), "files": sorted({(a, b) for a, b in files})}
    if owed["days"] or owed["files"]:
        Debts(store, "import").owe(owed)
    else:
        Debts(store, "import").clear()


def _mark(store: Store, writer: str, source: str, iso_day: str) -> None:
    day = date.fromisoformat(iso_day)
    if SOURCES[source].is_counted:
        mark_register(store, day, writer)
    if SOURCES[source].is_compared:
        mark_unreconciled(store, day, writer)


def save_rows(store: Store, source: Source, rows: pa.Table, writer: str) -> tuple[set[date], dict[date, ObjectDamaged]]:
    """Merge rows into the days that they belong to; a day whose rows change is written and gets its markers.

    Args:
        store: the store.
        source: a feed whose table is by dossier day.
        rows: its rows as ``merge`` takes them, of any days.
        writer: name of the run, which its markers carry.

    Returns:
        The days that changed, and those of which the object is damaged: what it holds cannot be merged with.
    """
    rows = rows.sort_by("dossier_date")
    days, starts = np.unique(rows["dossier_date"].to_numpy(), return_index=True)
    parts = [rows.slice(start, end - start) for start, end in pairwise([*starts.tolist(), rows.num_rows])]
    merged = dict(zip(days.tolist(), store.each(partial(_merge_day, store, source), days.tolist(), parts), strict=True))
    damaged = {day: table for day, table in merged.items() if isinstance(table, ObjectDamaged)}
    changed = {day: table for day, table in merged.items() if isinstance(table, pa.Table)}
    if changed:
        owed = load_owed(store)
        _owe(store, [*owed["days"], *((source.name, day.isoformat()) for day in changed)], owed["files"])
        store.each(lambda day: store.write_table(source.name, day, layout.DAY, changed[day]), changed)
        mark_owed_days(store, writer)
    return set(changed), damaged


def _merge_day(store: Store, source: Source, day: date, rows: pa.Table) -> pa.Table | ObjectDamaged | None:
    """The day's rows in force, None where they are what the table holds; the error where that is damaged."""
    schema = source.schema
    try:
        old = store.read_table(source.name, [day], name=layout.DAY).select(schema.names)
    except ObjectDamaged as error:
        log.warning("day_not_merged", source=source.name, day=day, reason=str(error))
        return error
    new = merge(source, rank_rows(old, False), rows.drop_columns("dossier_date")).select(schema.names).cast(schema)
    return None if new.equals(old) else new
