"""The tasks of maintain_store."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypedDict

from sohoa import layout, registry, run_events
from sohoa.capacity import space
from sohoa.last_runs import note_nothing_to_do
from sohoa.logs import get_logger
from sohoa.notify import alerts
from sohoa.settings import TIME_ZONE
from sohoa.store import open_store

__all__ = [
    "check_integrity",
    "clean_landing",
    "end_uploads",
    "guard_landing",
    "maintain",
    "merge_decisions",
    "merge_events",
    "migrate_tables",
    "watch_store",
]

log = get_logger(__name__)

_RECEIVED_DAYS = 31
"""Days of which it is kept what came."""


class Cleaned(TypedDict):
    """What was taken away, and how far the way through the store has come."""

    folders: int
    versions_deleted: int
    bytes_freed: int
    batches_abandoned: int
    is_through: bool
    orphans_deleted: int
    task_logs_deleted: int


class Ended(TypedDict):
    """How many uploads in parts were ended."""

    uploads_ended: int


class Watched(TypedDict):
    """How full the store is, null where it cannot be told, and how many alerts there are."""

    used_percent: float | None
    alerts: int


class Guarded(TypedDict):
    """Whether the policy of ``landing`` is as the registry wants it."""

    policy_stands: bool


class Merged(TypedDict):
    """How many objects of the table `events` were merged into those of their days, or were too old."""

    events_merged: int


class Decided(TypedDict):
    """How many objects of decisions were merged into those of their days and are gone."""

    decisions_merged: int


class Migrated(TypedDict):
    """How many days of tables were brought to the shape that this release gives them."""

    days_migrated: int


class ReadBack(TypedDict):
    """How many files were read back, of how many batches, and how many batches are damaged."""

    files_read: int
    batches_read: int
    batches_damaged: int


class Maintained(Cleaned, Ended, Guarded, Watched, Merged, Decided, Migrated, ReadBack):
    """What one whole maintain_store did."""


def guard_landing() -> Guarded:
    """Warn where the agencies of the registry, as it is now, are not denied what they must not do in ``landing``."""
    from sohoa.upkeep import watch_policy

    codes = {agency.code for agency in registry.agencies()}
    return {"policy_stands": watch_policy.watch_policy(open_store(), codes)}


def end_uploads() -> Ended:
    """End uploads in parts that nobody has ended for days."""
    from sohoa.upkeep import end_uploads

    return {"uploads_ended": end_uploads.end_uploads(open_store(), datetime.now(TIME_ZONE))}


def clean_landing() -> Cleaned:
    """Go on through the batches and receipts: count what agencies use, take away what nobody needs."""
    from sohoa.upkeep import orphans, sweep

    store, now = open_store(), datetime.now(TIME_ZONE)
    _forget_received(now)
    found = sweep.sweep(store, now)
    return {
        **found,
        "orphans_deleted": orphans.delete_orphans(store, now),
        "task_logs_deleted": orphans.delete_old_logs(store, now),
    }


def _forget_received(now: datetime) -> None:
    store, oldest = open_store(), now.date() - timedelta(_RECEIVED_DAYS)
    for item in store.list_objects(layout.WAREHOUSE, layout.RECEIVED, most=1_000):
        if layout.received_day(item.key) < oldest:
            store.delete(layout.WAREHOUSE, item.key)


def watch_store() -> Watched:
    """Warn where the store is filling up, tell again whom an alert could not reach, bound the logs of own servers."""
    store = open_store()
    found = space.watch_space(store)
    told = alerts.tell_waiting(store)
    if store.settings.uses_embedded_store:
        from sohoa import stack  # nothing else of the jobs starts servers, and each task imports this

        stack.trim_logs(store.settings)
    note_nothing_to_do(store, "upkeep")
    return {"used_percent": None if found is None else round(found.used_percent, 1), "alerts": told}


def merge_events() -> Merged:
    """Make one object a day of what tasks did, and forget what is too old."""
    return {"events_merged": run_events.merge_events(open_store(), datetime.now(TIME_ZONE).date())}


def merge_decisions() -> Decided:
    """Make one object of the decisions of each day whose month is over."""
    from sohoa.upkeep import merge_days

    return {"decisions_merged": merge_days.merge_days(open_store(), datetime.now(TIME_ZONE))}


def migrate_tables() -> Migrated:
    """Go on with tables that an earlier release has left in another shape."""
    from sohoa.upkeep import migrate_tables

    return {"days_migrated": migrate_tables.migrate_tables(open_store())}


def check_integrity() -> ReadBack:
    """Read back some files of accepted documents, and say which are no longer what was accepted."""
    from sohoa.upkeep import check_integrity

    return {**check_integrity.check_integrity(open_store(), datetime.now(TIME_ZONE))}


def maintain() -> Maintained:
    """Do the whole of maintain_store in this process."""
    return {
        **guard_landing(),
        **merge_events(),
        **merge_decisions(),
        **migrate_tables(),
        **end_uploads(),
        **clean_landing(),
        **check_integrity(),
        **watch_store(),
    }
