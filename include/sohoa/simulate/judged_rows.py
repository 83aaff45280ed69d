"""Documents of the year as rows of ``documents``, ``batches`` and ``reviews``; verdicts without images."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sohoa import layout
from sohoa.enums import DOCUMENT_KINDS, NOT_SCANNED_REASONS
from sohoa.schema import TABLES
from sohoa.simulate.spelled_codes import SPELLINGS, Bools, Codes, Ints, Offices, Texts, Times

UPHELD_SHARE, SECOND_THOUGHTS_SHARE = 0.1, 0.3
NONE = -1
"""Name of no document."""
LEVELS = ("declared", "received", "accepted", "unaided")
"""``unaided``: accepted without a waiver."""
ACCEPTED, UNAIDED = LEVELS.index("accepted"), LEVELS.index("unaided")
_REASONS: Texts = np.array(NOT_SCANNED_REASONS, object)
_NO_TEXT = pa.scalar(None, pa.string())


@dataclass(frozen=True)
class Documents:
    """Documents before they are rows.

    ``kind`` is a place in ``vocabulary.DOCUMENT_KINDS``, ``level`` the last one reached in ``LEVELS``; ``agency``
    scanned it on the day ``scan``; ``name`` and ``replaces`` (``NONE`` for none) are numbers within the agency.
    """

    codes: Codes
    kind: Ints
    level: Ints
    agency: Ints
    scan: Times
    name: Ints
    replaces: Ints
    has_code: Bools

    def __len__(self) -> int:
        return len(self.kind)

    def take(self, rows: Ints | Bools) -> Documents:
        """Some of them."""
        return Documents(self.codes.take(rows), *(getattr(self, name)[rows] for name in _COLUMNS))

    def plus(self, more: Documents) -> Documents:
        """These and some more."""
        return Documents(
            self.codes.plus(more.codes),
            *(np.concatenate([getattr(self, name), getattr(more, name)]) for name in _COLUMNS),
        )


_COLUMNS = [name for name in Documents.__annotations__ if name != "codes"]


def concat(parts: list[Documents]) -> Documents:
    """All of them."""
    return reduce(Documents.plus, parts)


def write_documents(warehouse: Path, offices: Offices, documents: Documents, rng: np.random.Generator) -> None:
    """Write the tables ``documents``, ``batches`` and ``reviews``, one object a scan day."""
    rows = documents.take(np.lexsort([documents.agency, documents.scan]))
    table = _table(offices, rows, rng)
    in_review = pc.fill_null(pc.equal(table["verdict"], "review"), False).to_numpy()
    is_aided = (rows.level == ACCEPTED) | ((rows.level == UNAIDED) & in_review)
    decided = np.flatnonzero(is_aided)
    reviews = _reviews(table.take(pa.array(decided)), rows.level[decided], rows.scan[decided], rng)
    _write_days(warehouse, "documents", rows.scan, table)
    _write_days(warehouse, "reviews", *reviews)


def _write_days(warehouse: Path, name: str, scan: Times, table: pa.Table) -> None:
    """One object a scan day; ``batches`` with ``documents``."""
    days, starts = np.unique(scan, return_index=True)
    for day, start, end in zip(days, starts, [*starts[1:], len(table)], strict=True):
        of_day = table.slice(start, end - start)
        parts = {name: of_day, **({"batches": _batches(of_day)} if name == "documents" else {})}
        for table_name, part in parts.items():
            path = warehouse / layout.table_key(table_name, day.item(), layout.DAY)
            path.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(part, path, compression="zstd")


def _reviews(documents: pa.Table, level: Ints, scan: Times, rng: np.random.Generator) -> tuple[Times, pa.Table]:
    """Waivers, and reviews upheld; before some of them a decision that no longer holds."""
    count, schema = len(documents), TABLES["reviews"]
    decided = scan.astype("datetime64[ms]") + rng.integers(10**8, 10**9, count).astype("timedelta64[ms]")
    earlier = np.flatnonzero(rng.random(count) < SECOND_THOUGHTS_SHARE)
    decision = np.where(level == ACCEPTED, "waive", "uphold")
    places = np.concatenate([np.arange(count), earlier])
    columns = {
        **{name: documents[name].take(pa.array(places)) for name in ("agency", "batch", "document_id", "dossier_key")},
        "decision": np.concatenate([decision, np.full(len(earlier), "reject")]),
        "approver": np.full(len(places), "Người duyệt (mẫu)", object),
        "reason": np.full(len(places), "bản gốc mờ", object),
        "decided_at": np.concatenate([decided, decided[earlier] - np.timedelta64(60_000, "ms")]),
    }
    order = np.argsort(scan[places], kind="stable")
    return scan[places][order], pa.table({n: columns[n] for n in schema.names}, schema).take(pa.array(order))


def _table(offices: Offices, rows: Documents, rng: np.random.Generator) -> pa.Table:
    count, level = len(rows), rows.level
    pages, scanned = rng.integers(1, 4, count), (level > 0) | (rng.random(count) < 0.5)
    good = np.where(rng.random(count) < UPHELD_SHARE, "review", "accepted")
    verdict = np.where(level == UNAIDED, good, np.where(rng.random(count) < 0.3, "review", "rejected"))
    verdict = np.where(scanned, np.where(level == 0, "rejected", verdict), "")
    keys, codes = offices.keys(rows.codes), offices.spell(rows.codes, rng.integers(0, SPELLINGS, count))
    has_code = pa.array(rows.has_code)
    agency = pa.array(offices.codes[rows.agency], pa.string())
    columns = {
        "agency": agency,
        "batch": pc.binary_join_element_wise(agency, pc.strftime(pa.array(rows.scan), "%Y%m%d"), "001", "-"),
        "document_id": _names(rows.name),
        "dossier_key": pc.if_else(has_code, keys, _NO_TEXT),
        "dossier_code": pc.if_else(has_code, codes, _NO_TEXT),
        "procedure_code": np.full(count, "9.000101", object),
        "title": np.full(count, "Giấy tờ (mẫu)", object),
        "kind": np.array(DOCUMENT_KINDS, object)[rows.kind],
        "content": np.full(count, "text", object),
        "paper": np.where(rng.random(count) < 0.97, "a4", "a3"),
        "cover": np.where(rng.random(count) < 0.97, "matte", "glossy"),
        "device_id": pc.binary_join_element_wise(agency, "MQ1", "-"),
        "operator": np.full(count, "Người quét (mẫu)", object),
        "operator_org": pa.nulls(count, pa.string()),
        "replaces": _names(rows.replaces),
        "not_scanned": _text(np.where(scanned, "", _REASONS[rng.integers(0, len(_REASONS), count)])),
        "is_received": level > 0,
        "pages_declared": pages,
        "note_pages": np.zeros(count, np.int64),
        "pages_found": np.where(scanned, pages, 0),
        "pages_accepted": np.where(verdict == "accepted", pages, 0),
        "verdict": _text(verdict),
    }
    defects = np.where(verdict == "rejected", np.where(level == 0, "hash_mismatch", "blurred"), "")
    lists = [[name] if name else [] for name in np.where(verdict == "review", "skewed", defects).tolist()]
    columns |= {
        "defects": pa.array(lists, pa.list_(pa.string())),
        "notes": pa.array([[]] * count, pa.list_(pa.string())),
    }
    return pa.table({name: columns[name] for name in TABLES["documents"].names}, TABLES["documents"])


def _text(values: Texts) -> pa.Array:
    """Null where empty."""
    return pc.if_else(pa.array(values != ""), pa.array(values, pa.string()), _NO_TEXT)


def _names(numbers: Ints) -> pa.Array:
    names = pc.binary_join_element_wise("TL", pa.array(numbers).cast(pa.string()), "-")
    return pc.if_else(pa.array(numbers != NONE), names, _NO_TEXT)


def _batches(documents: pa.Table) -> pa.Table:
    """The rows of ``batches`` for the documents of one scan day."""
    flags = documents.append_column("accepted", pc.fill_null(pc.equal(documents["verdict"], "accepted"), False))
    sums = ["pages_declared", "pages_found", "pages_accepted", "is_received", "accepted"]
    groups = flags.group_by(["agency", "batch", "operator", "device_id"], use_threads=False)
    found = groups.aggregate([("document_id", "count"), *((name, "sum") for name in sums)])
    known = {
        **{name: found[name] for name in ("agency", "batch", "operator", "device_id")},
        **{name: found[f"{name}_sum"] for name in sums[:3]},
        "documents_declared": found["document_id_count"],
        "documents_received": found["is_received_sum"],
        "documents_accepted": found["accepted_sum"],
        "manifest_sha256": pa.array(["0" * 64] * len(found)),
        "received_at": pc.strptime(pc.utf8_slice_codeunits(found["batch"], -12, -4), "%Y%m%d", "ms"),
        "device_kind": pa.array(["adf"] * len(found)),
    }
    schema = TABLES["batches"]
    columns = [known[f.name].cast(f.type) if f.name in known else pa.nulls(len(found), f.type) for f in schema]
    return pa.table(columns, schema)
