"""Small objects become few: the decisions of each day of a month that is over lie in one object, with the same rows.

First the merged object is written, with the names of those that it was made of; readers leave those out from then on
(``Store.in_force``). An hour later, when nobody reads by an older listing any more, they are deleted. Killed anywhere,
the next run goes on.
"""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import date, datetime, timedelta

import pyarrow as pa

from sohoa import layout
from sohoa.errors import ObjectDamaged
from sohoa.logs import get_logger
from sohoa.schema import TABLES, fit
from sohoa.store import HOLDS, ObjectInfo, Store

log = get_logger(__name__)

_READ_WITHIN = timedelta(hours=1)
"""So long may pass between a listing and the reading of what it names."""
_MAX_DAYS = 62
"""Days of a table that one run merges or clears."""


def merge_days(store: Store, now: datetime) -> int:
    """Merge decisions of months that are over, and delete those that were merged an hour ago or more.

    Returns:
        How many objects were deleted.
    """
    return sum(_merge_table(store, table, now) for table in layout.MERGED_TABLES)


def _merge_table(store: Store, table: str, now: datetime) -> int:
    by_day: dict[date, list[ObjectInfo]] = defaultdict(list)
    for item in store.list_objects(layout.WAREHOUSE, layout.table_prefix(table)):
        by_day[layout.table_day(item.key)].append(item)
    over = [
        day
        for day in sorted(by_day)
        if day < now.date().replace(day=1)
        and {i.key for i in by_day[day]} != {layout.table_key(table, day, layout.DAY)}
    ]
    gone: list[str] = []
    for day in over[:_MAX_DAYS]:
        try:
            gone += _merge_day(store, table, day, by_day[day], now)
        except ObjectDamaged as error:  # its day stays as it is
            log.warning("day_not_merged", table=table, day=day, reason=str(error))
    store.each(lambda key: store.delete(layout.WAREHOUSE, key), gone)
    if gone:
        log.info("decisions_merged", table=table, objects=len(gone), days=len(over))
    return len(gone)


def _merge_day(store: Store, table: str, day: date, objects: list[ObjectInfo], now: datetime) -> list[str]:
    """Merge a day's objects where some are not merged yet, else tell which of them may go."""
    whole = layout.table_key(table, day, layout.DAY)
    held = store.merged_objects(whole) if any(item.key == whole for item in objects) else {}
    others = [item for item in objects if item.key != whole]
    new = [item for item in others if held.get(item.key) != item.etag]
    if new:
        _write(store, table, day, [item for item in objects if item in new or item.key == whole], others)
    elif all(now - item.last_modified > _READ_WITHIN for item in objects):
        return [item.key for item in others]
    return []


def _write(store: Store, table: str, day: date, read: list[ObjectInfo], holds: list[ObjectInfo]) -> None:
    """Write the rows of a day's objects as one, each once, in the order of their keys."""
    rows = pa.concat_tables([fit(table, store.get_parquet(item.key)) for item in read])
    distinct = {json.dumps(row, sort_keys=True, default=str): row for row in rows.to_pylist()}
    metadata = {**(TABLES[table].metadata or {}), HOLDS: json.dumps({item.key: item.etag for item in holds}).encode()}
    whole = pa.Table.from_pylist(list(distinct.values()), schema=TABLES[table]).replace_schema_metadata(metadata)
    store.put_parquet(layout.table_key(table, day, layout.DAY), whole)
