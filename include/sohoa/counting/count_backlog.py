"""The backlog: paper results issued before and still in force. A stream of its own, in no other rate."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from sohoa.counting.document_states import REACHED, document_states, has_reached
from sohoa.counting.own_days import with_owner
from sohoa.schema import TABLES

_SCHEMA = TABLES["backlog_documents"]
_LEVELS = tuple(REACHED)
_OFFICE = ["agency", "valid_from"]


def merge_backlog(old: pa.Table, documents: pa.Table) -> pa.Table:
    """Merge what is known now of the backlog documents of one scan day.

    Args:
        old: the day's rows of ``backlog_documents``; those of the batches in ``documents`` are replaced.
        documents: the day's documents in newly taken batches, of any kind, with their decisions.

    Returns:
        Rows of ``backlog_documents`` by agency, batch and document.
    """
    is_redone = pc.is_in(old["batch"], pc.unique(documents["batch"]))
    new = documents.filter(pc.equal(documents["kind"], "backlog_result")).select(_SCHEMA.names)
    rows = pa.concat_tables([old.select(_SCHEMA.names).filter(pc.invert(is_redone)), new])
    return rows.sort_by([(name, "ascending") for name in ("agency", "batch", "document_id")]).combine_chunks()


def backlog_of(documents: pa.Table, targets: pa.Table) -> pa.Table:
    """Count how much of the backlog each agency has digitised so far, each that bore a code by its own days.

    Args:
        documents: rows of ``backlog_documents`` with their path key, of all days up to the one asked for.
        targets: rows of ``backlog`` with their path key, up to that day; the newest of an agency holds.

    Returns:
        agency, valid_from (with its code it names the agency), last_day (the newest scan day or day of a target),
        declared, received, accepted, waived, and denominator: the results in force that it has to digitise, null where
        it never said; by agency.
    """
    states = document_states(documents)
    counts = {level: pa.array(has_reached(states, level)).cast(pa.int64()) for level in _LEVELS}
    rows = with_owner(pa.table({"agency": documents["agency"], "scanned": documents["scan_date"], **counts}), "scanned")
    sums = rows.group_by(_OFFICE, use_threads=False).aggregate(
        [("scanned", "max"), *((level, "sum") for level in _LEVELS)]
    )
    sums = sums.rename_columns([*_OFFICE, "scanned", *_LEVELS])
    both = sums.join(_newest(targets), _OFFICE, join_type="full outer")
    both = both.sort_by([(name, "ascending") for name in _OFFICE])
    known = {level: pc.fill_null(both[level], 0) for level in _LEVELS}
    waived = pc.subtract(known["accepted"], known.pop("unaided"))
    last_day = pc.max_element_wise(both["scanned"], both["told"])
    offices = {name: both[name] for name in _OFFICE}
    return pa.table({**offices, "last_day": last_day, "denominator": both["denominator"], **known, "waived": waived})


def _newest(targets: pa.Table) -> pa.Table:
    """Return agency, valid_from, denominator, and told: the day of that target."""
    newest: dict[tuple[str, date | None], tuple[int, date]] = {}
    for row in with_owner(targets, "dt").sort_by([("dt", "ascending"), ("line", "ascending")]).to_pylist():
        newest[row["agency"], row["valid_from"]] = (row["results"], row["dt"])
    columns = zip(*newest.values(), strict=True) if newest else ([], [])
    results, told = (list(values) for values in columns)
    return pa.table(
        {
            "agency": pa.array([agency for agency, _ in newest], pa.string()),
            "valid_from": pa.array([valid_from for _, valid_from in newest], pa.date32()),
            "denominator": pa.array(results, pa.int64()),
            "told": pa.array(told, pa.date32()),
        }
    )
