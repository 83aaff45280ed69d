"""Tables brought to the shape that this release gives them, each once for a ``schema_version``, some days a run.

Files of every release are read as they are (``schema.fit``), so most tables need nothing. A table by the day that came
with a release lacks the days that were counted before it: here they are counted, the newest first.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from sohoa import layout
from sohoa.counting.count_pages import pages_of_day
from sohoa.errors import ObjectDamaged, ObjectMissing
from sohoa.logs import get_logger
from sohoa.schema import TABLES, schema_version
from sohoa.store import Store

log = get_logger(__name__)

MAX_DAYS = 124
"""Days of a table that one run counts: some 200 objects each."""


def migrate_tables(store: Store, max_days: int = MAX_DAYS) -> int:
    """Go on with each table that does not stand as this release has it.

    Returns:
        How many days were written.
    """
    done = _load(store)
    behind = [table for table in _MIGRATIONS if done.get(table) != schema_version(TABLES[table])]
    written = 0
    for table in behind:
        days, is_through = _MIGRATIONS[table](store, max_days)
        written += days
        if is_through:
            store.put_json(layout.WAREHOUSE, layout.MIGRATED_KEY, done := done | {table: schema_version(TABLES[table])})
        log.info("table_migrated", table=table, days=days, is_through=is_through)
    return written


def _load(store: Store) -> dict[str, int]:
    """The version that each table was brought to; none where nothing was yet."""
    return store.find_json(layout.WAREHOUSE, layout.MIGRATED_KEY, dict[str, int]())


def _fill_pages_daily(store: Store, max_days: int) -> tuple[int, bool]:
    """Count days that have a row in ``quality_daily`` and none here; how many, and whether none is left.

    Days at which an earlier run was killed come first: it may have written over what a summary counted meanwhile.
    """
    begun = _load_begun(store)
    missing = _days_of(store, "quality_daily") - _days_of(store, "pages_daily") - begun
    days = [*sorted(begun), *sorted(missing, reverse=True)]
    some = days[:max_days]
    if some:
        left = begun.difference(some)
        _save_begun(store, left.union(some))
        for day in some:
            _count_pages(store, day)
        _save_begun(store, left)
    return len(some), len(days) <= max_days


def _load_begun(store: Store) -> set[date]:
    """The days that may have been written over; all of them where nobody knows any more which."""
    try:
        return set(map(date.fromisoformat, store.get_json(layout.WAREHOUSE, layout.MIGRATING_KEY)))
    except ObjectMissing:
        return set()
    except ObjectDamaged as error:
        log.warning("all_days_counted_again", key=error.key, reason=str(error))
        return _days_of(store, "quality_daily")


def _save_begun(store: Store, days: set[date]) -> None:
    if days:
        store.put_json(layout.WAREHOUSE, layout.MIGRATING_KEY, sorted(day.isoformat() for day in days))
    else:
        store.delete(layout.WAREHOUSE, layout.MIGRATING_KEY)


def _count_pages(store: Store, day: date) -> None:
    """Count one day; once more where its documents have changed meanwhile, and a summary may have counted them."""
    before = None
    while before != (now := _objects_of(store, day)):
        before = now
        store.write_table("pages_daily", day, layout.DAY, pages_of_day(store.read_table("documents", [day])))


def _objects_of(store: Store, day: date) -> dict[str, str]:
    found = store.list_objects(layout.WAREHOUSE, layout.table_prefix("documents", day))
    return {info.key: info.etag for info in found}


def _days_of(store: Store, table: str) -> set[date]:
    return set(map(layout.table_day, store.list_folders(layout.WAREHOUSE, layout.table_prefix(table))))


_MIGRATIONS: dict[str, Callable[[Store, int], tuple[int, bool]]] = {"pages_daily": _fill_pages_daily}
"""Table -> what goes on with it: how many days were written, and whether all of it stands."""
