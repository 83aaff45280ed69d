"""Objects that nobody will read any more: of batches that no longer wait, of runs long dead, old logs of tasks."""

from __future__ import annotations

from datetime import datetime, timedelta

from sohoa import layout
from sohoa.logs import get_logger
from sohoa.store import ObjectInfo, Store
from sohoa.upkeep.needed_files import waiting_batches

log = get_logger(__name__)

_MAX_LISTED = 10_000
"""Of each kind in one run."""


def delete_orphans(store: Store, now: datetime) -> int:
    """Delete measured rows and attempts of batches that do not wait, and work of runs, older than ``abandoned_days``.

    None of it is a table or a file of an agency; a batch that is checked again is measured again.

    Returns:
        How many objects were deleted.
    """
    oldest = now - timedelta(store.settings.abandoned_days)
    found = [
        item
        for prefix in (layout.MEASURED, layout.ATTEMPTS, layout.WORK)
        for item in store.list_objects(layout.WAREHOUSE, prefix, most=_MAX_LISTED)
        if item.last_modified < oldest
    ]
    if not found:
        return 0
    waiting = {layout.measured_prefix(agency, batch) for agency, batch in waiting_batches(store, now)}
    gone = [item.key for item in found if not _is_of_waiting(item, waiting)]
    store.each(lambda key: store.delete(layout.WAREHOUSE, key), gone)
    if gone:
        log.info("orphans_deleted", objects=len(gone), older_than_days=store.settings.abandoned_days)
    return len(gone)


def delete_old_logs(store: Store, now: datetime) -> int:
    """Delete logs of tasks that lie in the store and are older than ``events_days``: each hour those of another DAG.

    Returns:
        How many there were.
    """
    dags = store.list_folders(layout.WAREHOUSE, layout.LOGS)
    if not dags:
        return 0
    oldest = now - timedelta(store.settings.events_days)
    found = store.list_objects(layout.WAREHOUSE, dags[int(now.timestamp() // 3_600) % len(dags)])
    gone = [item.key for item in found if item.last_modified < oldest]
    store.each(lambda key: store.delete(layout.WAREHOUSE, key), gone)
    if gone:
        log.info("task_logs_deleted", objects=len(gone), older_than_days=store.settings.events_days)
    return len(gone)


def _is_of_waiting(item: ObjectInfo, waiting: set[str]) -> bool:
    return item.key.startswith(layout.MEASURED) and any(item.key.startswith(prefix) for prefix in waiting)
