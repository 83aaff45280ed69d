"""The document ids that agencies have used: one object an agency and year of the batch, so that none is used twice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from sohoa import layout
from sohoa.errors import ObjectDamaged, ObjectMissing
from sohoa.logs import get_logger
from sohoa.schema import fit
from sohoa.store import Store

log = get_logger(__name__)

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
    parts = store.each(lambda key: _load(store, agency, layout.documents_year(key)), keys)
    return pa.concat_tables([SCHEMA.empty_table(), *parts])


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
        known = _load(store, agency, year)
        others = known.filter(pc.invert(pc.is_in(known["batch"], pa.array(sorted({one.batch for one in found})))))
        new = pa.Table.from_pylist([vars(one) for one in found], SCHEMA)
        store.put_parquet(layout.documents_key(agency, year), pa.concat_tables([others, new]).sort_by("document_id"))


def _load(store: Store, agency: str, year: int) -> pa.Table:
    """Read what is kept of a year; where that is damaged, what the table ``documents`` says of it."""
    try:
        return store.get_parquet(layout.documents_key(agency, year), SCHEMA)
    except ObjectMissing:
        return SCHEMA.empty_table()
    except ObjectDamaged as error:
        log.warning("found_in_tables", key=error.key, reason=str(error))
        return _find_again(store, agency, year)


def _find_again(store: Store, agency: str, year: int) -> pa.Table:
    """Read from the table ``documents`` what is kept of a year: it is written first, and of the same batches."""
    start = date(year, 1, 1)
    days = (start + timedelta(number) for number in range((date(year + 1, 1, 1) - start).days))
    keys = [key for key in store.table_keys("documents", days) if key.rpartition("/")[2].startswith(f"{agency}-")]
    parts = store.each(lambda key: fit("documents", store.get_parquet(key)).select(SCHEMA.names).cast(SCHEMA), keys)
    return pa.concat_tables([SCHEMA.empty_table(), *parts]).sort_by("document_id")
