"""How fresh the feeds are: the newest day of which a file has been imported, source by source."""

from __future__ import annotations

from datetime import date

from sohoa.feeds.sources import SOURCES
from sohoa.imported_files import imported_days
from sohoa.store import Store


def newest_files(store: Store) -> dict[str, date | None]:
    """Return source -> day of the newest file that has been imported; None where there never was one."""
    return {name: max(imported_days(store, name), default=None) for name in SOURCES}
