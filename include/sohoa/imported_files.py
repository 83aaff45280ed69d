"""Of which days feed files have been imported, and which of them want a corrected one: what the import's marks say."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TypedDict

from sohoa import layout
from sohoa.store import Store


class FileRead(TypedDict):
    """What became of one file; kept as its mark once it is imported."""

    key: str
    etag: str
    rows: int
    rejects: int


def closed_feeds(store: Store) -> list[FileRead]:
    """Return the files of too many unusable rows whose corrected content has not come, whichever run read them."""
    keys = [info.key for info in store.list_objects(layout.WAREHOUSE, layout.CLOSED_FEEDS)]
    return store.each(lambda key: store.get_json(layout.WAREHOUSE, key), keys)


def imported_days(store: Store, source: str, since: date | None = None) -> set[date]:
    """Return the days of which a source has told: a file was imported, and none waits for its corrected content.

    Args:
        store: the store.
        source: name in ``feeds.sources.SOURCES``.
        since: only this day and later ones; not of a source whose files lie below a folder for each system.
    """
    prefix = layout.imported_prefix(source)
    after = None if since is None else f"{prefix}{layout.feed_day(since)}"
    marks = (info.key for info in store.list_objects(layout.WAREHOUSE, prefix, after=after))
    closed = (file["key"] for file in closed_feeds(store) if file["key"].startswith(layout.feed_prefix(source)))
    return _days(mark.removeprefix(layout.IMPORTED) for mark in marks) - _days(closed)


def _days(keys: Iterable[str]) -> set[date]:
    found = (layout.split_feed_key(key)[1] for key in keys)
    return {day for day in found if day is not None}
