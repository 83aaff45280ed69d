"""Tables of the store kept on this machine: one LIST a table tells what changed, and only that is read again.

Of a table that has an object a batch or a decision, tens of thousands a year, only the months asked for are listed. The
rows of a table's objects lie together in one local Parquet file a month, which also holds the ETag of each object: a
page that asks for a year opens twelve files, and a restart reads nothing that it has. The folder is bounded; the months
that nobody has asked for longest go first.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, Generic, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from sohoa import layout
from sohoa.errors import ObjectMissing, StoreError
from sohoa.logs import get_logger
from sohoa.schema import TABLES, fit
from sohoa.store import ObjectInfo, Store, with_path_key
from sohoa.web.kept_files import remove_leftovers, touch

log = get_logger(__name__)

FRESH_SECONDS = 10.0
"""For so long a listing is taken as it is."""
KEPT_SECONDS = 600.0
"""For so long an older one still serves, while a new one is made behind it; after that the asker waits."""
USED_SECONDS = 60.0
"""A file that was asked for in this time may be about to be read: it stays."""
_KEY = "_key"
_OBJECTS = b"objects"
BY_MONTH = frozenset({"documents", "batches", "reviews", "page_reviews"})
"""Tables that are listed month by month."""
Etags = dict[str, str]
"""Key of an object -> its ETag."""
T = TypeVar("T")


class _Listing(Generic[T]):
    """What one question to the store has told."""

    def __init__(self, name: str, ask: Callable[[], T]) -> None:
        self._name, self._ask = name, ask
        self._lock, self._is_renewing = threading.Lock(), False
        self._told: tuple[float, T] | None = None
        """When it was asked, by the monotonic clock, and what came; None before the first time."""

    def get(self) -> T:
        """Return what the store told; an older answer while a new one is got behind it, if it is not too old."""
        told = self._told
        age = None if told is None else time.monotonic() - told[0]
        if told is not None and age is not None and age < KEPT_SECONDS:
            if age >= FRESH_SECONDS and not self._is_renewing:
                self._is_renewing = True
                threading.Thread(target=self._renew, daemon=True).start()
            return told[1]
        with self._lock:
            if self._told is None or time.monotonic() - self._told[0] >= FRESH_SECONDS:
                self._told = time.monotonic(), self._ask()
            return self._told[1]

    def expire(self) -> None:
        """Ask the store again before the next answer."""
        self._told = None

    def _renew(self) -> None:
        try:
            with self._lock:
                self._told = time.monotonic(), self._ask()
        except StoreError as error:
            log.warning("listing_waits", table=self._name, reason=str(error))  # the older one serves: the next get asks
        finally:
            self._is_renewing = False


@dataclass(frozen=True)
class _Objects:
    """The objects of a table, or of one month of it."""

    infos: list[ObjectInfo]
    months: dict[str, Etags]
    version: str
    """Another one as soon as any object is another."""


class TableCache:
    """Tables of one store. Threads may share it; processes may share its folder."""

    def __init__(self, store: Store, folder: Path, most_bytes: int) -> None:
        """Keep tables of ``store`` in ``folder``, which takes at most about ``most_bytes``."""
        self._store, self._folder, self._most_bytes = store, folder, most_bytes
        remove_leftovers(folder)
        self._days = {table: _Listing(table, self._asking_days(table)) for table in BY_MONTH}
        self._listings: dict[tuple[str, str], _Listing[_Objects]] = {}
        """By table and month; a table that is listed whole has the month ""."""
        self._writing = {table: threading.Lock() for table in TABLES}

    def read(
        self,
        table: str,
        days: Collection[date] | None = None,
        columns: list[str] | None = None,
        where: pc.Expression | None = None,
        name: str | None = None,
    ) -> pa.Table:
        """Read rows of a table, its path key the first column, in the order of the objects' keys.

        Args:
            table: name in ``schema.TABLES``.
            days: only these days; all where None.
            columns: only these, beside the path key.
            where: only rows of which this holds.
            name: only the objects of this name.
        """
        months = {month: etags for part in self._list(table, days) for month, etags in part.months.items()}
        asked = None if days is None else _months_of(days)
        wanted = [month for month in sorted(months) if asked is None or month in asked]
        files = [self._file(table, month) for month in wanted]
        written = [month for month in wanted if self._renew_month(table, month, months[month])]
        if written:
            self._make_room(set(files))
        path_key = layout.PATH_KEY[table]
        shown = [
            path_key,
            *(TABLES[table].names if columns is None else [name for name in columns if name != path_key]),
        ]
        schema = _local_schema(table)
        if not files:
            return pa.schema([schema.field(name) for name in shown]).empty_table()
        chosen = where
        if days is not None:
            inside = pc.field(path_key).isin(pa.array(sorted(set(days)), pa.date32()))
            chosen = inside if chosen is None else chosen & inside
        if name is not None:
            ends = pc.ends_with(pc.field(_KEY).cast(pa.string()), f"/{name}.parquet")
            chosen = ends if chosen is None else chosen & ends
        found = ds.dataset([str(file) for file in files], schema=schema, format="parquet")
        return found.to_table(columns=shown, filter=chosen)

    def infos(self, table: str) -> list[ObjectInfo]:
        """List the objects of a table, by key."""
        return [info for part in self._list(table, None) for info in part.infos]

    def days(self, table: str) -> list[date]:
        """List the days of a table in order; of one that is listed by month some may have no object any more."""
        if table in BY_MONTH:
            return self._days[table].get()
        return sorted({layout.table_day(info.key) for info in self.infos(table)})

    def newest_day(self, table: str) -> date | None:
        """Return the newest day of which a table has an object; None where it has none."""
        for month in sorted(_months_of(self.days(table)), reverse=True):
            infos = [info for part in self._list(table, [date.fromisoformat(f"{month}-01")]) for info in part.infos]
            if infos:
                return layout.table_day(infos[-1].key)
        return None

    def version(self, *tables: str, days: Collection[date] | None = None) -> str:
        """Name what these tables hold: another name as soon as any object of them is another.

        Args:
            tables: names in ``schema.TABLES``.
            days: of a table that is listed by month, only the months of these days count; all where None.
        """
        return "-".join(part.version for table in tables for part in self._list(table, days))

    def expire(self, table: str) -> None:
        """Ask the store again before the next read of a table."""
        for listing in [self._days.get(table), *(one for (name, _), one in self._listings.items() if name == table)]:
            if listing is not None:
                listing.expire()

    def _list(self, table: str, days: Collection[date] | None) -> list[_Objects]:
        """The objects of a table: of the months of these days where it is listed by month, else all."""
        months = [""]
        if table in BY_MONTH:
            known = _months_of(self._days[table].get())
            months = sorted(known if days is None else known & _months_of(days))
        listings = [
            self._listings.setdefault((table, month), _Listing(table, self._asking(table, month))) for month in months
        ]
        return (
            self._store.each(lambda listing: listing.get(), listings)
            if len(listings) > 1
            else [listing.get() for listing in listings]
        )

    def _asking_days(self, table: str) -> Callable[[], list[date]]:
        prefix = layout.table_prefix(table)
        return lambda: [layout.table_day(key) for key in self._store.list_folders(layout.WAREHOUSE, prefix)]

    def _asking(self, table: str, month: str) -> Callable[[], _Objects]:
        return lambda: self._ask(layout.table_prefix(table) + (f"{layout.PATH_KEY[table]}={month}" if month else ""))

    def _ask(self, prefix: str) -> _Objects:
        found = self._store.list_objects(layout.WAREHOUSE, prefix)
        infos = self._store.in_force(info for info in found if info.key.endswith(".parquet"))
        months: dict[str, Etags] = {}
        for info in infos:
            months.setdefault(f"{layout.table_day(info.key):%Y-%m}", {})[info.key] = info.etag
        return _Objects(infos, months, sha256(json.dumps(months, sort_keys=True).encode()).hexdigest()[:16])

    def _file(self, table: str, month: str) -> Path:
        version = (TABLES[table].metadata or {})[b"schema_version"].decode()
        return self._folder / table / f"{month}.v{version}.parquet"

    def _renew_month(self, table: str, month: str, etags: Etags) -> bool:
        """Make the local file of a month hold these objects; whether it had to be written."""
        file = self._file(table, month)
        with self._writing[table]:
            known = _objects_in(file)
            if known == etags:
                touch(file)
                return False
            kept = {key for key, etag in etags.items() if known.get(key) == etag}
            rows = pa.concat_tables([_kept_rows(file, kept, table), *self._fetch(table, sorted(etags.keys() - kept))])
            _write(file, rows.sort_by(_KEY), etags)
        return True

    def _fetch(self, table: str, keys: list[str]) -> list[pa.Table]:
        found = self._store.each(lambda key: self._object(table, key), keys)
        return [rows for rows in found if rows is not None]

    def _object(self, table: str, key: str) -> pa.Table | None:
        try:
            rows = self._store.get_parquet(key)
        except ObjectMissing:  # deleted since it was listed: the next listing lacks it
            return None
        rows = with_path_key(table, fit(table, rows), layout.table_day(key))
        return rows.append_column(_KEY, pa.repeat(pa.scalar(key), len(rows))).cast(_local_schema(table))

    def _make_room(self, kept: set[Path]) -> None:
        """Take away what nobody has asked for longest, but not what is being read, here or in another request."""
        found = [(file.stat(), file) for file in self._folder.glob("*/*.parquet")]
        total = sum(stat.st_size for stat, _ in found)
        for stat, file in sorted(found, key=lambda one: one[0].st_mtime):
            if total <= self._most_bytes or time.time() - stat.st_mtime < USED_SECONDS:
                return
            if file not in kept:
                file.unlink(missing_ok=True)
                total -= stat.st_size


def _months_of(days: Iterable[date]) -> set[str]:
    return {f"{day:%Y-%m}" for day in days}


def _local_schema(table: str) -> pa.Schema:
    path_key = pa.field(layout.PATH_KEY[table], pa.date32())
    return pa.schema([path_key, *TABLES[table], pa.field(_KEY, pa.string())])


def _objects_in(file: Path) -> Etags:
    """The ETag of each object whose rows a local file holds; none where it is not there or no such file."""
    try:
        metadata: Any = pq.read_schema(file).metadata or {}
    except (FileNotFoundError, pa.ArrowInvalid):  # the latter: the disk was full, or the machine stopped
        return {}
    found: Etags = json.loads(metadata.get(_OBJECTS, b"{}"))
    return found


def _kept_rows(file: Path, kept: set[str], table: str) -> pa.Table:
    if not kept:
        return _local_schema(table).empty_table()
    rows = pq.ParquetFile(file).read()
    return rows.filter(pc.is_in(rows[_KEY], pa.array(sorted(kept)))).cast(_local_schema(table))


def _write(file: Path, rows: pa.Table, etags: Etags) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = file.with_suffix(f".{threading.get_ident()}.part")
    metadata = {_OBJECTS: json.dumps(etags, sort_keys=True).encode()}
    pq.write_table(rows.replace_schema_metadata(metadata), part, compression="zstd", row_group_size=16_384)
    part.replace(file)
