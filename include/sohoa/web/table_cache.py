"""Tables of the store kept on this machine: one LIST a table tells what changed, and only that is read again.

Of a table that has an object a batch or a decision, tens of thousands a year, only the months asked for are listed. The
rows of a table's objects lie together in one local Parquet file a month, which also holds the ETag of each object: a
page that asks for a year opens twelve files, and a restart reads nothing that it has. The folder is bounded; the months
that nobody has asked for longest go first. A month of which an object is damaged stays as it was last read.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from sohoa import layout
from sohoa.errors import ObjectDamaged, StoreError, TableBeingRead
from sohoa.logs import get_logger
from sohoa.schema import TABLES, fit
from sohoa.store import ObjectInfo, Store, with_path_key
from sohoa.web.kept_files import remove_leftovers
from sohoa.web.kept_rows import KEY, Etags, count_new, renew_rows
from sohoa.web.listing import Listing

log = get_logger(__name__)

USED_SECONDS = 60.0
"""A file that was asked for in this time may be about to be read: it stays."""
MOST_AT_ONCE = 1_000
"""Objects that a request waits for: some seconds. Where more are new, they are read behind it."""
DAMAGED_SECONDS = 60.0
"""After so long it is tried whether an object that was damaged has been brought back."""
TOLD_SECONDS = 150.0
"""Damage that no read has met for so long is told no more: nobody knows whether it is still there, or is shown it."""
BY_MONTH = frozenset({"documents", "batches", "reviews", "page_reviews"})
"""Tables that are listed month by month."""


@dataclass(frozen=True)
class _Objects:
    """The objects of a table, or of one month of it."""

    infos: list[ObjectInfo]
    months: dict[str, Etags]
    version: str
    """Another one as soon as any object is another."""


@dataclass(frozen=True)
class Damage:
    """An object of a table that is damaged, and from when the rows are that are shown meanwhile."""

    error: ObjectDamaged
    shown_from: datetime | None
    """When the rows of its month were last those of the store; None where they were never read here."""
    seen: float
    """When it was seen, by the monotonic clock."""


class TableCache:
    """Tables of one store. Threads may share it; processes may share its folder."""

    def __init__(self, store: Store, folder: Path, most_bytes: int) -> None:
        """Keep tables of ``store`` in ``folder``, which takes at most about ``most_bytes``."""
        self._store, self._folder, self._most_bytes = store, folder, most_bytes
        remove_leftovers(folder)
        self._days = {table: Listing(table, self._asking_days(table)) for table in BY_MONTH}
        self._listings: dict[tuple[str, str], Listing[_Objects]] = {}
        """By table and month; a table that is listed whole has the month ""."""
        self._writing = {table: threading.Lock() for table in TABLES}
        self._lock, self._behind = threading.Lock(), set[str]()
        """Tables that are read behind the requests."""
        self._damages: dict[Path, Damage] = {}
        """By the local file of the month."""

    def damages(self) -> list[Damage]:
        """Tell of damaged objects for which older rows are shown, as far as reads have met them."""
        return [one for _, one in self._met_lately() if one.shown_from is not None]

    def is_damaged(self, *tables: str) -> bool:
        """Tell whether reads of these tables have met damaged objects: what is made of them may be of older rows."""
        return any(file.parent.name in tables for file, _ in self._met_lately())

    def _met_lately(self) -> list[tuple[Path, Damage]]:
        since = time.monotonic() - TOLD_SECONDS
        return [(file, one) for file, one in sorted(self._damages.items()) if one.seen >= since]

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

        Raises:
            TableBeingRead: too much of it is new for a request to wait for; it is read behind it.
            ObjectDamaged: an object is damaged, and no older rows of its month are kept here.
        """
        months = {month: etags for part in self._list(table, days) for month, etags in part.months.items()}
        asked = None if days is None else _months_of(days)
        wanted = [month for month in sorted(months) if asked is None or month in asked]
        files = [self._file(table, month) for month in wanted]
        self._bring_up(table, {month: months[month] for month in wanted})
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
            ends = pc.ends_with(pc.field(KEY).cast(pa.string()), f"/{name}.parquet")
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
        listed = list(self._listings.items())  # at once: another request may add a month
        for listing in [self._days.get(table), *(one for (name, _), one in listed if name == table)]:
            if listing is not None:
                listing.expire()

    def _list(self, table: str, days: Collection[date] | None) -> list[_Objects]:
        """The objects of a table: of the months of these days where it is listed by month, else all."""
        months = [""]
        if table in BY_MONTH:
            known = _months_of(self._days[table].get())
            months = sorted(known if days is None else known & _months_of(days))
        listings = [
            self._listings.setdefault((table, month), Listing(table, self._asking(table, month))) for month in months
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

    def _bring_up(self, table: str, months: dict[str, Etags]) -> None:
        """Make the local files of these months hold these objects; where many are new, behind the request."""
        files = {month: self._file(table, month) for month in months}
        new = {month: count_new(file, months[month]) for month, file in files.items()}
        for month in [month for month, count in new.items() if count is None]:
            self._damages.pop(files[month], None)
        stale = {month: months[month] for month, file in files.items() if new[month] is not None and self._is_due(file)}
        count = sum(new[month] or 0 for month in stale)
        if stale and (count > MOST_AT_ONCE or table in self._behind):
            self._renew_behind(table, stale)
            raise TableBeingRead(table, count)
        self._renew(table, stale, set(files.values()))
        for damage in [self._damages[file] for file in files.values() if file in self._damages]:
            if damage.shown_from is None:
                raise damage.error

    def _is_due(self, file: Path) -> bool:
        """Whether a month is to be read: not where an object of it was found damaged a moment ago."""
        damage = self._damages.get(file)
        return damage is None or time.monotonic() - damage.seen >= DAMAGED_SECONDS

    def _renew_behind(self, table: str, months: dict[str, Etags]) -> None:
        def renew() -> None:
            try:
                self._renew(table, months, {self._file(table, month) for month in months})
            except StoreError as error:  # whoever asks next begins again
                log.warning("table_waits", table=table, reason=str(error))
            finally:
                self._behind.discard(table)

        with self._lock:
            if table in self._behind:
                return
            self._behind.add(table)
        threading.Thread(target=renew, daemon=True).start()

    def _renew(self, table: str, months: dict[str, Etags], kept: set[Path]) -> None:
        """Write the files of these months, the newest first, and make room but for ``kept``."""
        for month, etags in sorted(months.items(), reverse=True):
            file = self._file(table, month)
            with self._writing[table]:
                try:
                    renew_rows(file, etags, _local_schema(table), partial(self._read_object, table))
                except ObjectDamaged as error:  # the other months are read all the same
                    log.warning("object_damaged", table=table, reason=str(error))
                    self._damages[file] = Damage(error, _last_used(file), time.monotonic())
                else:
                    self._damages.pop(file, None)
        if months:
            self._make_room(kept)

    def _read_object(self, table: str, key: str) -> pa.Table:
        return with_path_key(table, fit(table, self._store.get_parquet(key)), layout.table_day(key))

    def _make_room(self, kept: set[Path]) -> None:
        """Take away what nobody has asked for longest, but not what is being read, here or in another request."""
        found = [(file.stat(), file) for file in self._folder.glob("*/*.parquet")]
        total = sum(stat.st_size for stat, _ in found)
        for stat, file in sorted(found, key=lambda one: one[0].st_mtime):
            if total <= self._most_bytes or time.time() - stat.st_mtime < USED_SECONDS:
                return
            if file not in kept and file not in self._damages:
                file.unlink(missing_ok=True)
                total -= stat.st_size


def _last_used(file: Path) -> datetime | None:
    """When a local file was last found to be as the store is; None where there is none."""
    try:
        return datetime.fromtimestamp(file.stat().st_mtime, UTC)
    except FileNotFoundError:
        return None


def _months_of(days: Iterable[date]) -> set[str]:
    return {f"{day:%Y-%m}" for day in days}


def _local_schema(table: str) -> pa.Schema:
    path_key = pa.field(layout.PATH_KEY[table], pa.date32())
    return pa.schema([path_key, *TABLES[table], pa.field(KEY, pa.string())])
