"""The store as pages read it: its tables come from the local cache, all else from the store itself."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from datetime import date
from functools import partial

import pyarrow as pa

from sohoa import layout
from sohoa.schema import TABLES
from sohoa.settings import Settings
from sohoa.store import ObjectInfo, Store
from sohoa.web.document_index import DocumentIndex
from sohoa.web.listing import Listing
from sohoa.web.table_cache import TableCache

BY_OBJECT = frozenset({"pages"})
"""Tables of which a page reads single objects: a listing of all of them would cost more than it saves."""
_BY_DAY = (layout.UNRECONCILED, layout.RECONCILED, layout.imported_prefix("portal"))
"""Prefixes of an object a day of all years, which each page of the reconciliation asks for: listed as tables are. A day
goes from the first to the second, so both are as old."""
_KEPT = 16
_TABLE_OF_PREFIX = {layout.table_prefix(table): table for table in TABLES if table not in BY_OBJECT}


class CachedStore(Store):
    """A store for reading: what is written through another one is seen after some seconds."""

    def __init__(self, settings: Settings) -> None:
        """Connect, and keep tables under ``settings.home``."""
        super().__init__(settings)
        folder = settings.home / "web" / "tables"
        self.cache = TableCache(Store(settings), folder, settings.web_cache_bytes)
        self.documents = DocumentIndex(Store(settings), folder / "_documents")
        self._listings = {prefix: Listing(prefix, partial(self._ask, prefix)) for prefix in _BY_DAY}
        self._objects: OrderedDict[tuple[str, date, str], tuple[str, pa.Table]] = OrderedDict()
        self._lock = threading.Lock()

    def read_table(self, table: str, days: Iterable[date] | None = None, name: str | None = None) -> pa.Table:
        """Rows of a table, as ``Store.read_table``, from the cache."""
        if table in BY_OBJECT:
            return super().read_table(table, days, name)
        return self.cache.read(table, None if days is None else set(days), name=name)

    def read_object(self, table: str, day: date, name: str) -> pa.Table:
        """Rows of one object of a table, as new as it is; the last ones are kept: a sheet is many pictures."""
        info = self.stat(layout.WAREHOUSE, layout.table_key(table, day, name))
        etag, key = "" if info is None else info.etag, (table, day, name)
        with self._lock:
            known = self._objects.pop(key, ("", None))
        rows = known[1] if known[1] is not None and known[0] == etag else super().read_table(table, [day], name)
        with self._lock:
            self._objects[key] = etag, rows
            while len(self._objects) > _KEPT:
                self._objects.popitem(last=False)
        return rows

    def list_objects(
        self,
        bucket: str,
        prefix: str,
        after: str | None = None,
        before: str | None = None,
        most: int | None = None,
    ) -> Iterator[ObjectInfo]:
        """Objects under a prefix, as ``Store.list_objects``; those of whole tables and some others from the cache."""
        is_whole = bucket == layout.WAREHOUSE and (after, before, most) == (None, None, None)
        if is_whole and prefix in _TABLE_OF_PREFIX:
            return iter(self.cache.infos(_TABLE_OF_PREFIX[prefix]))
        if is_whole and prefix in self._listings:
            return iter(self._listings[prefix].get())
        return super().list_objects(bucket, prefix, after, before, most)

    def _ask(self, prefix: str) -> list[ObjectInfo]:
        return list(super().list_objects(layout.WAREHOUSE, prefix))
