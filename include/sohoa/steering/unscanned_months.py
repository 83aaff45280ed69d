"""Dossiers that may not be scanned yet, of all years: those of months long over are kept, one object a month.

A dossier waits however long, and few of old months do. What is kept of a month names the objects of ``dossiers`` that
it was made of: where one has changed since, the month is read whole, and kept anew with the next report.
"""

from __future__ import annotations

import hashlib
from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sohoa import layout
from sohoa.arrow import Bools
from sohoa.counting.join_dossiers import list_documents
from sohoa.days import in_chunks
from sohoa.errors import ObjectDamaged
from sohoa.logs import get_logger
from sohoa.schema import TABLES, schema_version
from sohoa.steering.unscanned_dossiers import scan_days, unscanned_dossiers
from sohoa.store import ObjectInfo, Store

log = get_logger(__name__)

_SETTLED = timedelta(days=90)
"""So long after its last day a month is kept: by then nearly all of it is scanned that will be."""
_RULES = 1
"""Raised with every change to what is unscanned: what was kept before is no use then."""
_DAYS_AT_ONCE = 7
_MADE_OF = b"made_of"


def read_unscanned(store: Store, day: date) -> pa.Table:
    """Read the dossiers up to a day that may not be scanned at its end, by day: all that are, and few that are not.

    Returns:
        Rows of ``dossiers`` with their path key.
    """
    kept = {info.key for info in store.list_objects(layout.WAREHOUSE, layout.UNSCANNED)}
    parts = [store.read_table("dossiers", [])]
    for month, objects in _months(store).items():
        is_kept = _kept_from(month) <= day and layout.unscanned_key(month) in kept
        rows = _read_kept(store, month, objects) if is_kept else None
        days = [found for found in map(_day, objects) if found <= day]
        parts += _read_days(store, days, day) if rows is None else [rows]
    return pa.concat_tables(parts)


def keep_months(store: Store) -> int:
    """Keep what may not be scanned yet of each month that is long over and whose dossiers have changed.

    Returns:
        How many months were kept anew.
    """
    months = _months(store)
    newest = max((_day(objects[-1]) for objects in months.values()), default=date.min)
    kept = {info.key for info in store.list_objects(layout.WAREHOUSE, layout.UNSCANNED)}
    written = 0
    for month, objects in months.items():
        since, key = _kept_from(month), layout.unscanned_key(month)
        if since <= newest and not (key in kept and _read_kept(store, month, objects) is not None):
            rows = pa.concat_tables(_read_days(store, list(map(_day, objects)), since, with_later=True))
            if _digest(store.list_objects(layout.WAREHOUSE, _prefix(month))) != _digest(objects):
                continue  # another job was at it: what was read may be of other objects than these
            store.put_parquet(key, rows.replace_schema_metadata({_MADE_OF: _digest(objects).encode()}))
            written += 1
    if written:
        log.info("unscanned_months_kept", months=written)
    return written


def _months(store: Store) -> dict[str, list[ObjectInfo]]:
    """Month -> the objects of its days in ``dossiers``, one a day; both in their order."""
    found: dict[str, list[ObjectInfo]] = defaultdict(list)
    for info in store.list_objects(layout.WAREHOUSE, layout.table_prefix("dossiers")):
        found[f"{_day(info):%Y-%m}"].append(info)
    return dict(found)


def _prefix(month: str) -> str:
    return f"{layout.table_prefix('dossiers')}{layout.PATH_KEY['dossiers']}={month}"


def _kept_from(month: str) -> date:
    """The first day of which a month that is kept tells."""
    first = date.fromisoformat(f"{month}-01")
    return first.replace(day=monthrange(first.year, first.month)[1]) + _SETTLED


def _read_kept(store: Store, month: str, objects: list[ObjectInfo]) -> pa.Table | None:
    """What is kept of a month; None where it was made of other objects than there are, or cannot be read."""
    key = layout.unscanned_key(month)
    try:
        rows = store.get_parquet(key)
        _require_columns(rows, store.read_table("dossiers", []).schema)
    except (ValueError, ObjectDamaged) as error:
        log.warning("kept_month_unreadable", key=key, reason=str(error))
        return None
    is_of_these = (rows.schema.metadata or {}).get(_MADE_OF) == _digest(objects).encode()
    return rows.replace_schema_metadata() if is_of_these else None


def _require_columns(rows: pa.Table, schema: pa.Schema) -> None:
    """Raise ``ValueError`` where a table has other columns, so that no other table can be joined to it."""
    if not rows.schema.equals(schema):
        raise ValueError(f"its columns are {rows.schema.names}")


def _read_days(store: Store, days: list[date], day: date, with_later: bool = False) -> Iterator[pa.Table]:
    """Read the dossiers of some days that are not scanned at the end of a day, and those with a later scan if asked."""
    for some in in_chunks(days, _DAYS_AT_ONCE):
        rows = store.read_table("dossiers", some, layout.DAY)
        left = pc.is_in(rows["dossier_key"], unscanned_dossiers(rows, day)["dossier_key"].combine_chunks())
        yield rows.filter(pc.or_(left, pa.array(_scanned_later(rows, day))) if with_later else left)


def _scanned_later(rows: pa.Table, day: date) -> Bools:
    """Tell which dossiers have a document scanned after a day: what they lack may change then."""
    documents = list_documents(rows)
    later = documents.filter(pc.greater(scan_days(documents), day))
    found = np.zeros(len(rows), np.bool_)
    found[later["row"].to_numpy()] = True
    return found


def _digest(objects: Iterable[ObjectInfo]) -> str:
    rules = (_RULES, schema_version(TABLES["dossiers"]))
    told = [(info.key, info.etag) for info in objects]
    return hashlib.sha256(repr((rules, told)).encode()).hexdigest()


def _day(info: ObjectInfo) -> date:
    return layout.table_day(info.key)
