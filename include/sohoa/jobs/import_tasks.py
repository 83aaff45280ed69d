"""The tasks of import_feeds."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sohoa.feeds import import_files
from sohoa.settings import TIME_ZONE
from sohoa.store import open_store

FEED_WINDOW, SUNDAY = timedelta(days=60), 6


def feed_window(run_after: datetime, is_scheduled: bool) -> str | None:
    """The first day of the feed files that a run looks at: on Sundays, and where somebody asked for the run, all."""
    today = run_after.astimezone(TIME_ZONE).date()
    return (today - FEED_WINDOW).isoformat() if is_scheduled and today.weekday() != SUNDAY else None


def discover_feeds(since: str | None = None) -> dict[str, Any]:
    """List the feed files that are new or changed, since a day where one is given: work, files."""
    return import_files.discover_feeds(open_store(), date.fromisoformat(since) if since else None)


def import_feed_files(work: str) -> dict[str, Any]:
    """Merge the feed files into the tables of source rows."""
    return import_files.import_feed_files(open_store(), work)


def settle_feeds(work: str) -> dict[str, Any]:
    """Mark the files as imported; tells which have too many unusable rows."""
    return import_files.settle_feeds(open_store(), work)


def import_all(since: str | None = None) -> dict[str, Any]:
    """The whole of import_feeds in this process."""
    found = discover_feeds(since)
    if not found["files"]:
        return found
    return found | import_feed_files(found["work"]) | settle_feeds(found["work"])
