"""What an agency has sent lately, small enough to be asked at every check: one object per batch, by day received."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from sohoa import layout
from sohoa.arrow import join_names
from sohoa.errors import ObjectDamaged
from sohoa.intake.check_run import ADMITTED, Entry
from sohoa.logs import get_logger
from sohoa.schema import CAPTURES
from sohoa.store import Store

log = get_logger(__name__)


def list_captures(entries: Iterable[Entry], documents: pa.Table, pages: pa.Table) -> pa.Table:
    """The pages of admitted batches as rows of ``schema.CAPTURES``, in the order of ``pages``."""
    return _captures_of({one.name: _received(one) for one in entries if one.status == ADMITTED}, documents, pages)


def _captures_of(times: Mapping[str, datetime], documents: pa.Table, pages: pa.Table) -> pa.Table:
    """The pages of batches as captures, given when each was received."""
    names = [join_names(rows["batch"], rows["document_id"]) for rows in (pages, documents)]
    owner = pc.index_in(names[0], names[1].combine_chunks())
    received = [times[batch] for batch in pages["batch"].to_pylist()]
    columns = {name: pages[name] for name in CAPTURES.names if name in pages.column_names}
    columns |= {"received_at": pa.array(received, pa.timestamp("ms")), "replaces": documents["replaces"].take(owner)}
    return pa.table({name: columns[name] for name in CAPTURES.names}).cast(CAPTURES)


def load_earlier(store: Store, entries: Iterable[Entry], days: int) -> tuple[pa.Table, dict[str, ObjectDamaged]]:
    """What the agencies of admitted batches sent in the ``days`` before these; one LIST an agency.

    Returns:
        Rows of ``schema.CAPTURES``, and by agency the damaged object for which it cannot be said of that agency.
    """
    first: dict[str, datetime] = {}
    for entry in entries:
        if entry.status == ADMITTED:
            agency = entry.marker.agency
            first[agency] = min(first.get(agency, _received(entry)), _received(entry))
    keys = store.each(lambda agency: _keys_since(store, agency, first[agency] - timedelta(days)), sorted(first))
    parts, damaged = [CAPTURES.empty_table()], dict[str, ObjectDamaged]()
    for agency, found in zip(sorted(first), keys if days else [], strict=bool(days)):
        try:
            parts += store.each(lambda key: _load(store, key), found)
        except ObjectDamaged as error:
            damaged[agency] = error
    return pa.concat_tables(parts), damaged


def _load(store: Store, key: str) -> pa.Table:
    """Read the captures of a batch; where they are damaged, from the tables that hold the same."""
    try:
        return store.get_parquet(key, CAPTURES)
    except ObjectDamaged as error:
        batch = layout.BatchId.parse(key.rpartition("_")[2].removesuffix(".parquet"))
        if batch is None:
            raise
        log.warning("found_in_tables", key=error.key, reason=str(error))
        tables = ("batches", "documents", "pages")
        batches, documents, pages = (store.read_table(table, [batch.scan_date], batch.name) for table in tables)
        times = dict(zip(batches["batch"].to_pylist(), batches["received_at"].to_pylist(), strict=True))
        if not times:  # a killed run has not come to its row: it is owed, and among the batches of this run
            return CAPTURES.empty_table()
        return _captures_of(times, documents, pages)


def _keys_since(store: Store, agency: str, since: datetime) -> list[str]:
    """Keys of the captures received on that day or later; of a batch that was received twice the last."""
    prefix = layout.captures_prefix(agency)
    keys = [item.key for item in store.list_objects(layout.WAREHOUSE, prefix, f"{prefix}{since.date().isoformat()}")]
    return list({key.rpartition("_")[2]: key for key in keys}.values())


def save_captures(store: Store, entry: Entry, documents: pa.Table, pages: pa.Table) -> None:
    """Keep the captures of one batch for the batches after it."""
    key = layout.captures_key(entry.marker.agency, _received(entry).date(), entry.name)
    store.put_parquet(key, list_captures([entry], documents, pages))


def _received(entry: Entry) -> datetime:
    return entry.marker.received.replace(tzinfo=None)
