"""The tasks of import_feeds."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sohoa.feeds.import_files import FilesFound, FilesMerged, find_new_files, mark_imported, merge_files
from sohoa.jobs.asked_days import asked_days
from sohoa.settings import TIME_ZONE
from sohoa.store import open_store
from sohoa.work import Settled

__all__ = [
    "discover_feeds",
    "feed_window",
    "import_all",
    "import_feed_files",
    "settle_feeds",
]

FEED_WINDOW, SUNDAY = timedelta(days=60), 6


class Imported(FilesFound, FilesMerged, Settled):
    """What one whole import did."""


def feed_window(run_after: datetime, is_scheduled: bool, asked: str | None = None) -> str | None:
    """The first day of the feed files that a run looks at: on Sundays, and where somebody asked for the run, all.

    Args:
        run_after: when the run is due.
        is_scheduled: whether the clock has started it.
        asked: the day that somebody asked for, which holds then.

    Raises:
        InputError: ``asked`` is no day.
    """
    if asked:
        return asked_days(asked, None)[0].isoformat()
    today = run_after.astimezone(TIME_ZONE).date()
    return (today - FEED_WINDOW).isoformat() if is_scheduled and today.weekday() != SUNDAY else None


def discover_feeds(since: str | None = None) -> FilesFound:
    """List the feed files that are new or changed, since a day where one is given."""
    return find_new_files(open_store(), date.fromisoformat(since) if since else None)


def import_feed_files(work: str) -> FilesMerged:
    """Merge the feed files into the tables of source rows."""
    return merge_files(open_store(), work)


def settle_feeds(work: str) -> Settled:
    """Mark the files as imported; tells which have too many unusable rows."""
    return mark_imported(open_store(), work)


def import_all(since: str | None = None) -> Imported:
    """Do the whole of import_feeds in this process."""
    found = discover_feeds(since)
    return {**found, **import_feed_files(found["work"]), **settle_feeds(found["work"])}
