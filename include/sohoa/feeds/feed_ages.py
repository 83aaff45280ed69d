"""How fresh the feeds are: the newest day of which a file has been imported, source by source."""

from __future__ import annotations

from datetime import date, datetime

from sohoa.feeds.sources import SOURCES
from sohoa.imported_files import imported_days
from sohoa.settings import TIME_ZONE
from sohoa.store import Store


def newest_files(store: Store) -> dict[str, date | None]:
    """Return source -> day of the newest file that has been imported; None where there never was one."""
    return {name: _newest(store, name) for name in SOURCES}


def _newest(store: Store, source: str) -> date | None:
    """Look at two calendar years, and only where nothing came in them at all: ten years are thousands of files."""
    since = date(datetime.now(TIME_ZONE).year - 1, 1, 1)
    recent = set[date]() if SOURCES[source].has_systems else imported_days(store, source, since)
    return max(recent or imported_days(store, source), default=None)
