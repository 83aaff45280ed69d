"""One day's dossiers: the register's state joined with the documents that agencies scanned."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sohoa.arrow import join_names
from sohoa.dossier_code import days_of
from sohoa.schema import TABLES

_SCHEMA = TABLES["dossiers"]
_ENTRY = _SCHEMA.field("documents").type.value_type
_ENTRY_NAMES = [field.name for field in _ENTRY]
DOCUMENT_COLUMNS = ["dossier_key", *_ENTRY_NAMES]
"""What a dossier keeps of its documents, and the dossier; ``record_review.add_decisions`` adds ``decision``."""

_STATE = [name for name in _SCHEMA.names if name not in {"dossier_key", "in_register", "documents"}]
_ORDER = [(name, "ascending") for name in ("dossier_key", "agency", "batch", "document_id")]


def split_by_dossier_day(documents: pa.Table) -> dict[date, pa.Table]:
    """Split documents by dossier day; backlog results belong to no dossier and are left out.

    Args:
        documents: rows of the table ``documents``, with any of its columns, ``dossier_key`` and ``kind`` among them.

    Returns:
        Day -> its documents with the columns given, days in order.
    """
    belongs = pc.and_(pc.is_valid(documents["dossier_key"]), pc.not_equal(documents["kind"], "backlog_result"))
    rows = documents.filter(belongs)
    days = days_of(rows["dossier_key"])
    rows, found, first = rows.take(pc.sort_indices(days)), {}, 0
    for day, count in sorted(Counter(days.to_pylist()).items()):
        found[day] = rows.slice(first, count)
        first += count
    return found


def list_documents(dossiers: pa.Table) -> pa.Table:
    """List the documents of dossiers, one row per document.

    Returns:
        ``row`` (position of its dossier in ``dossiers``, from 0), ``dossier_key`` and the fields of a document.
    """
    lists = dossiers["documents"].combine_chunks()
    row, entries = pc.list_parent_indices(lists), pc.list_flatten(lists)
    fields = {name: pc.struct_field(entries, name) for name in _ENTRY_NAMES}
    return pa.table({"row": row, "dossier_key": dossiers["dossier_key"].take(row), **fields})


def merge_dossiers(old: pa.Table | None, register: pa.Table, documents: pa.Table) -> pa.Table:
    """Merge what is known now of the dossiers of one day.

    Doing it again changes nothing, and neither does the order in which batches arrive.

    Args:
        old: the day's dossiers as last written; their documents are kept, except those of the batches in ``documents``.
        register: the day's rows of the table ``register``; their state replaces the one in ``old``.
        documents: the day's documents in newly taken batches (see ``split_by_dossier_day``), with ``DOCUMENT_COLUMNS``.

    Returns:
        Rows of the table ``dossiers`` by dossier_key, documents by (agency, batch, document_id). A dossier that has
        documents and no register row is kept with ``in_register`` false.
    """
    entries = _merge_documents(old, documents)
    keys = _sorted_keys(register["dossier_key"], entries["dossier_key"])
    place = pc.index_in(keys, register["dossier_key"].combine_chunks())  # null where the register lacks the dossier
    state = {name: register[name].take(place) for name in _STATE}
    columns = {"dossier_key": keys, "in_register": pc.is_valid(place), **state, "documents": _nest(entries, keys)}
    return pa.table(columns).select(_SCHEMA.names).cast(_SCHEMA).combine_chunks()


def _merge_documents(old: pa.Table | None, documents: pa.Table) -> pa.Table:
    """Merge old and new entries in order; a batch's new entries replace its old ones."""
    new = documents.select(DOCUMENT_COLUMNS)
    if old is not None:
        kept = list_documents(old).select(DOCUMENT_COLUMNS)
        is_redone = pc.is_in(_batch_of(kept), pc.unique(_batch_of(new)))
        new = pa.concat_tables([kept.filter(pc.invert(is_redone)), new])
    return new.sort_by(_ORDER)


def _batch_of(documents: pa.Table) -> Any:
    return join_names(documents["agency"], documents["batch"])


def _sorted_keys(*columns: Any) -> pa.Array:
    keys = pc.unique(pa.chunked_array([chunk for column in columns for chunk in column.chunks], pa.string()))
    return keys.take(pc.sort_indices(keys))


def _nest(entries: pa.Table, keys: pa.Array) -> pa.Array:
    """Return the list of entries of each key; both are sorted by key."""
    place = pc.index_in(entries["dossier_key"].combine_chunks(), keys).to_numpy()
    ends = np.cumsum(np.bincount(place, minlength=len(keys)))
    offsets = pa.array(np.concatenate([[0], ends]), pa.int32())
    fields = [entries[name].combine_chunks() for name in _ENTRY_NAMES]
    return pa.ListArray.from_arrays(offsets, pa.StructArray.from_arrays(fields, fields=list(_ENTRY)))
