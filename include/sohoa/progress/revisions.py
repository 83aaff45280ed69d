"""Figures as they were printed, and what was revised since: by how much and why.

A print keeps the sums of its week and the dossiers behind them. Late batches, corrected registers and reviews change
past days; the difference to what is known now is taken apart cause by cause, so that the parts add up to the whole.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Set
from datetime import date
from typing import Any

import pyarrow as pa

from sohoa import layout
from sohoa.counting.count_progress import MEASURES, progress_of_day
from sohoa.counting.join_dossiers import list_documents
from sohoa.counting.own_days import UNIT_KEY, with_valid_from
from sohoa.days import ONE_DAY, Week
from sohoa.enums import REVISION_CAUSES
from sohoa.errors import InputError
from sohoa.progress.known_then import LOADED_LATER
from sohoa.schema import TABLES
from sohoa.store import Store, with_path_key

_KEY = [*UNIT_KEY, "definition", "stage"]
_CHANGES = ("numerator", "denominator", "received")
REVISIONS = pa.schema(
    [
        *(TABLES["reported"].field(name) for name in _KEY),
        pa.field("cause", pa.string()),
        *(pa.field(f"{name}_change", pa.int64()) for name in _CHANGES),
    ]
)
_DOSSIER = TABLES["dossiers"]
_STATE = [name for name in _DOSSIER.names if name not in {"dossier_key", "documents"}]
_Batch = tuple[str, str]
_Rows = dict[tuple[date, str], dict[str, Any]]
_Sums = dict[tuple[Any, ...], dict[str, int]]
"""(unit_code, valid_from, definition, stage) -> counts; in changes by cause with the cause."""


def keep_reported(store: Store, first_day: date) -> str:
    """Keep the figures of a week as printed; the same figures are kept once.

    Args:
        store: the store.
        first_day: the week's Monday.

    Returns:
        The name of the print, a hash of its content.
    """
    figures, dossiers = _read_sums(store, first_day), _read_dossiers(store, first_day)
    name = _content_hash(figures, dossiers)
    store.write_table("reported_dossiers", first_day, name, dossiers)
    store.write_table("reported", first_day, name, figures)  # last: it is what makes the print known
    return name


def newest_print(store: Store, first_day: date) -> str:
    """Return the name of the newest print of a week, by the time at which the store took it.

    Raises:
        InputError: the week was never printed.
    """
    found = list(store.list_objects(layout.WAREHOUSE, layout.table_prefix("reported", first_day)))
    if not found:
        raise InputError(f"the week of {first_day} was never printed: `sohoa run keep --week` keeps its figures")
    newest = max(found, key=lambda item: (item.last_modified, item.key))
    return newest.key.rpartition("/")[2].removesuffix(".parquet")


def revised_since(store: Store, first_day: date, name: str) -> tuple[pa.Table, pa.Table]:
    """Read a print of a week and what was revised since.

    Returns:
        (the figures as printed: rows of ``reported``; the revisions, see ``revisions``).
    """
    printed = store.read_table("reported", [first_day], name).drop_columns("first_day")
    old = store.read_table("reported_dossiers", [first_day], name).drop_columns("first_day")
    new = _read_dossiers(store, first_day)
    return printed, revisions(printed, old, _read_sums(store, first_day), new, _late_batches(store, old, new))


def revisions(
    printed: pa.Table, old: pa.Table, now: pa.Table, new: pa.Table, late: Set[_Batch] = frozenset()
) -> pa.Table:
    """Compare two states of a week: what changed, by unit, rate and cause.

    Args:
        printed: sums of the week then, rows of ``reported``.
        old: its dossiers then, rows of ``reported_dossiers``.
        now: sums of the week now.
        new: its dossiers now.
        late: agency and id of the batches that were sent late; what others have brought since was not scanned yet.

    Returns:
        Columns of ``REVISIONS``: of each unit and rate the causes that changed it, in the order of
        ``enums.REVISION_CAUSES``; the changes of a unit and rate add up to the difference between ``now`` and
        ``printed``.
    """
    before, after = _by_day_and_key(old), _by_day_and_key(new)
    changed = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    left = _difference(_sums(printed), _sums(now))
    found: _Sums = {}
    last = _measure({key: before[key] for key in changed if key in before})
    for cause, rows in _steps(before, after, changed, late):
        current = _measure(rows)
        for key, change in _difference(last, current).items():
            found[(*key, cause)] = change
            left[key] = {name: left.get(key, {}).get(name, 0) - change[name] for name in _CHANGES}
        last = current
    found |= {(*key, "recounted"): change for key, change in left.items() if any(change.values())}
    return _revisions_table(found)


def _late_batches(store: Store, old: pa.Table, new: pa.Table) -> set[_Batch]:
    """The batches that only ``new`` has and that came more than a day after their scan day."""
    known, found = (set(map(_batch_of, list_documents(dossiers).to_pylist())) for dossiers in (old, new))
    days = {batch: layout.batch_date(batch[1], batch[0]) for batch in found - known}
    rows = store.read_table("batches", sorted({day for day in days.values() if day is not None})).to_pylist()
    received = {_batch_of(row): row["received_at"].date() for row in rows if row["received_at"] is not None}
    delays = {batch: received[batch] - day for batch, day in days.items() if day is not None and batch in received}
    return {batch for batch, delay in delays.items() if ONE_DAY < delay <= LOADED_LATER}


def _batch_of(row: dict[str, Any]) -> _Batch:
    return row["agency"], row["batch"]


def _steps(
    before: _Rows, after: _Rows, changed: list[tuple[date, str]], late: Set[_Batch]
) -> Iterator[tuple[str, _Rows]]:
    """Yield the changed dossiers after each cause: what the causes so far explain as it is now, the rest as it was."""
    rows = {key: before.get(key, _unknown(key[1])) for key in changed}
    now = {key: after.get(key, _unknown(key[1])) for key in changed}
    for key, row in rows.items():
        if not row["in_register"]:
            rows[key] = _with_state(row, now[key])
    yield "late_register", dict(rows)
    rows = {key: _with_state(row, now[key]) for key, row in rows.items()}
    yield "corrected_register", dict(rows)
    for cause, are_late in (("new_batch", False), ("late_batch", True)):
        came = {
            key: [entry for entry in now[key]["documents"] if (_batch_of(entry) in late) == are_late] for key in rows
        }
        rows = {key: row | {"documents": _with_new(row["documents"], came[key])} for key, row in rows.items()}
        yield cause, dict(rows)
    for key, row in rows.items():
        decided = {_document_name(entry): entry["decision"] for entry in now[key]["documents"]}
        entries = [entry | {"decision": decided.get(_document_name(entry))} for entry in row["documents"]]
        rows[key] = row | {"documents": entries}
    yield "review", dict(rows)
    yield "judged_again", now


def _with_state(row: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    return row | {name: other[name] for name in _STATE}


def _with_new(known: list[dict[str, Any]], came: list[dict[str, Any]]) -> list[dict[str, Any]]:
    batches = set(map(_batch_of, known))
    return known + [entry for entry in came if _batch_of(entry) not in batches]


def _document_name(entry: dict[str, Any]) -> tuple[str, str, str]:
    return entry["agency"], entry["batch"], entry["document_id"]


def _unknown(key: str) -> dict[str, Any]:
    nothing = dict.fromkeys(_STATE) | {"in_register": False}
    return {"dossier_key": key, **nothing, "documents": []}


def _by_day_and_key(dossiers: pa.Table) -> _Rows:
    rows = dossiers.to_pylist()
    return {(row.pop("dossier_date"), row["dossier_key"]): row for row in rows}


def _measure(rows: _Rows) -> _Sums:
    """Count what some dossiers add to each unit and rate."""
    by_day: dict[date, list[dict[str, Any]]] = defaultdict(list)
    for (day, _), row in rows.items():
        by_day[day].append(row)
    tables = [
        with_path_key("progress_daily", progress_of_day(day, pa.Table.from_pylist(found, _DOSSIER)), day)
        for day, found in by_day.items()
    ]
    return _sums(with_valid_from(pa.concat_tables(tables))) if tables else {}


def _sums(progress: pa.Table) -> _Sums:
    sums: _Sums = defaultdict(lambda: dict.fromkeys(_CHANGES, 0))
    for row in progress.select([*_KEY, *_CHANGES]).to_pylist():
        count = sums[tuple(row[name] for name in _KEY)]
        for name in _CHANGES:
            count[name] += row[name]
    return dict(sums)


def _difference(old: _Sums, new: _Sums) -> _Sums:
    """Subtract ``old`` from ``new``, key by key; what is absent counts as 0, and equal keys are left out."""
    nothing = dict.fromkeys(_CHANGES, 0)
    found = {
        key: {name: new.get(key, nothing)[name] - old.get(key, nothing)[name] for name in _CHANGES}
        for key in old.keys() | new.keys()
    }
    return {key: change for key, change in found.items() if any(change.values())}


def _revisions_table(found: _Sums) -> pa.Table:
    order = sorted(found, key=lambda key: (*key[:-1], REVISION_CAUSES.index(key[-1])))
    rows = [
        dict(zip((*_KEY, "cause"), key, strict=True)) | {f"{name}_change": found[key][name] for name in _CHANGES}
        for key in order
    ]
    return pa.Table.from_pylist(rows, REVISIONS)


def _read_sums(store: Store, first_day: date) -> pa.Table:
    """Read the sums of a week, rows of ``reported`` in order."""
    rows = with_valid_from(store.read_table("progress_daily", Week(first_day).days))
    counts = ["numerator", *MEASURES]
    sums = rows.group_by(_KEY, use_threads=False).aggregate([(name, "sum") for name in counts])
    sums = sums.rename_columns([*_KEY, *counts]).sort_by([(name, "ascending") for name in _KEY])
    return sums.select(TABLES["reported"].names).cast(TABLES["reported"])


def _read_dossiers(store: Store, first_day: date) -> pa.Table:
    return store.read_table("dossiers", Week(first_day).days, layout.DAY).sort_by(
        [("dossier_date", "ascending"), ("dossier_key", "ascending")]
    )


def _content_hash(*tables: pa.Table) -> str:
    text = json.dumps([table.to_pylist() for table in tables], default=str, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
