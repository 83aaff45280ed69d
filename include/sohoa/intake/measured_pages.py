"""Page rows of batches that are not settled yet: written as they come, so that no page is measured twice.

They outlive the run that measured them. A batch is judged once all its files have rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from sohoa import layout
from sohoa.errors import ObjectDamaged
from sohoa.intake.check_run import Entry
from sohoa.intake.manifest import Manifest
from sohoa.logs import get_logger
from sohoa.pages.page_row import ENGINE_VERSION
from sohoa.schema import TABLES, VERDICT
from sohoa.store import ObjectInfo, Store

log = get_logger(__name__)

PAGES = pa.schema(
    [*(field for field in TABLES["pages"] if field.name not in VERDICT.names), pa.field("sketch", pa.string())]
)
"""A page row before it is judged; tiles and references with their sketch."""


@dataclass(frozen=True)
class MeasuredParts:
    """Where the page rows of batches lie; those of another engine do not count."""

    _by_entry: dict[str, list[ObjectInfo]]

    @classmethod
    def of_all(cls, store: Store) -> MeasuredParts:
        """List the rows of all batches: one LIST, mostly of nothing."""
        found: dict[str, list[ObjectInfo]] = defaultdict(list)
        for info in store.list_objects(layout.WAREHOUSE, layout.MEASURED):
            found[info.key.rpartition("/")[0]].append(info)
        return cls(found)

    def size(self, entry: Entry) -> int:
        """Bytes of the rows of an entry."""
        return sum(info.size for info in self._of(entry))

    def load(self, store: Store, entry: Entry) -> pa.Table:
        """The rows of an entry, those of each file once; damaged ones are as good as not measured yet."""
        parts, seen = [PAGES.empty_table()], set[str]()
        for info in self._of(entry):
            try:
                rows = store.get_parquet(info.key, PAGES)
            except ObjectDamaged as error:
                log.warning("measured_again", key=error.key, reason=str(error))
                continue
            new = set(rows["file"].to_pylist()) - seen
            parts.append(rows.filter(pc.is_in(rows["file"], pa.array(sorted(new), pa.string()))))
            seen |= new
        return pa.concat_tables(parts)

    def _of(self, entry: Entry) -> list[ObjectInfo]:
        return self._by_entry.get(part_key(entry, "").rpartition("/")[0], [])


def part_key(entry: Entry, part: str) -> str:
    """Return the key of one part of the rows of an entry."""
    return layout.measured_key(entry.marker.agency, entry.name, entry.sha256, ENGINE_VERSION, part)


def in_order(rows: pa.Table, manifest: Manifest) -> pa.Table | None:
    """The rows in the order of the manifest's files, None where a file has none yet."""
    files = pa.array([file.path for document in manifest.documents for file in document.files], pa.string())
    if not pc.all(pc.is_in(files, rows["file"].combine_chunks()), min_count=0).as_py():
        return None
    places = pa.table({"file": pc.index_in(rows["file"], files), "page_no": rows["page_no"]})
    return rows.take(pc.sort_indices(places, [("file", "ascending"), ("page_no", "ascending")]))


def forget_measured(store: Store) -> None:
    """Delete the rows of batches that no marker in the inbox waits for: they are settled, or were withdrawn."""
    inbox = (layout.split_inbox_key(info.key) for info in store.list_objects(layout.LANDING, layout.INBOX))
    waiting = {layout.measured_prefix(agency, batch) for agency, batch in inbox}
    keys = [info.key for info in store.list_objects(layout.WAREHOUSE, layout.MEASURED)]
    gone = [key for key in keys if "/".join(key.split("/")[:3]) + "/" not in waiting]
    store.each(lambda key: store.delete(layout.WAREHOUSE, key), gone)


def page_table(rows: Iterable[dict[str, object]]) -> pa.Table:
    """Page rows as a table, before judging."""
    return pa.Table.from_pylist(list(rows), schema=PAGES)
