"""How fresh the feeds are: the newest day of which a file has been imported, source by source."""

from __future__ import annotations

from datetime import date

from sohoa import layout
from sohoa.feeds.sources import SOURCES
from sohoa.store import Store


def newest_files(store: Store) -> dict[str, date | None]:
    """Return source -> day of the newest file that has been imported; None where there never was one."""
    return {name: _newest(store, name) for name in SOURCES}


def _newest(store: Store, source: str) -> date | None:
    prefix = f"{layout.IMPORTED}{layout.feed_prefix(source)}"
    keys = (item.key.removeprefix(layout.IMPORTED) for item in store.list_objects(layout.WAREHOUSE, prefix))
    days = (layout.split_feed_key(key)[1] for key in keys)
    return max((day for day in days if day is not None), default=None)
