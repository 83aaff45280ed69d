"""The document ids that agencies have used: one object an agency and year of the batch, so that none is used twice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from sohoa import layout
from sohoa.errors import ObjectMissing
from sohoa.store import Store

SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("document_id", "batch", "dossier_key", "kind")]
)  # fmt: skip


@dataclass(frozen=True)
class KnownDocument:
    """What is kept of a document id that an agency has used."""

    document_id: str
    batch: str
    dossier_key: str | None
    kind: str


def load_documents(store: Store, agency: str) -> pa.Table:
    """Read all that an agency has used: a row per document id, the fields of ``KnownDocument``."""
    keys = [item.key for item in store.list_objects(layout.WAREHOUSE, layout.documents_prefix(agency))]
    return pa.concat_tables(
        [SCHEMA.empty_table(), *(part.cast(SCHEMA) for part in store.each(store.get_parquet, keys))]
    )


def find_documents(known: pa.Table, document_ids: Iterable[str]) -> dict[str, KnownDocument]:
    """Find the documents of these ids, by id, among rows of ``load_documents``."""
    found = known.filter(pc.is_in(known["document_id"], pa.array(sorted(set(document_ids)), pa.string())))
    return {row["document_id"]: KnownDocument(**row) for row in found.to_pylist()}


def save_documents(store: Store, agency: str, documents: Iterable[KnownDocument]) -> None:
    """Keep the documents of whole batches; what was kept of these batches before goes."""
    by_year: dict[int, list[KnownDocument]] = {}
    for document in documents:
        batch = layout.BatchId.parse(document.batch)
        assert batch is not None, "only admitted batches have documents"
        by_year.setdefault(batch.scan_date.year, []).append(document)
    for year, found in by_year.items():
        key = layout.documents_key(agency, year)
        known = _load(store, key)
        others = known.filter(pc.invert(pc.is_in(known["batch"], pa.array(sorted({one.batch for one in found})))))
        new = pa.Table.from_pylist([vars(one) for one in found], SCHEMA)
        store.put_parquet(key, pa.concat_tables([others, new]).sort_by("document_id"))


def _load(store: Store, key: str) -> pa.Table:
    try:
        return store.get_parquet(key).cast(SCHEMA)
    except ObjectMissing:
        return SCHEMA.empty_table()
