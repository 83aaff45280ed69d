"""Planned documents as rows of ``documents``, ``batches`` and ``reviews``: judged without images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sohoa import layout
from sohoa.enums import DOCUMENT_KINDS, NOT_SCANNED_REASONS
from sohoa.schema import TABLES
from sohoa.simulate.arrays import Ints, Texts, Times
from sohoa.simulate.batch_manifests import LARGE_SCANNER, SCANNER
from sohoa.simulate.offices import Offices
from sohoa.simulate.plan_documents import NONE, NOTE, SHEETS, Documents
from sohoa.simulate.plan_levels import ACCEPTED, DECLARED, UNAIDED
from sohoa.simulate.plan_scans import PREFIX, content_of, paper_of, title
from sohoa.simulate.sample_names import BY_CODE

UPHELD_SHARE, SECOND_THOUGHTS_SHARE, REVIEW_SHARE = 0.1, 0.3, 0.3
_NO_TEXT = pa.scalar(None, pa.string())
_KINDS: Texts = np.array(DOCUMENT_KINDS, object)
_REASONS: Texts = np.array(["", *NOT_SCANNED_REASONS], object)
_PAPERS: Texts = np.array([paper_of(sheet) for sheet in SHEETS], object)
_CONTENTS: Texts = np.array([content_of(sheet) for sheet in SHEETS], object)


def write_judged_rows(warehouse: Path, offices: Offices, documents: Documents, rng: np.random.Generator) -> None:
    """Write the tables ``documents``, ``batches`` and ``reviews``, one object per scan day."""
    table = _table(offices, documents, rng)
    in_review = pc.fill_null(pc.equal(table["verdict"], "review"), False).to_numpy()
    is_decided = (documents.level == ACCEPTED) | ((documents.level == UNAIDED) & in_review)
    decided = np.flatnonzero(is_decided)
    reviews = _reviews(table.take(pa.array(decided)), documents.level[decided], documents.scan[decided], rng)
    _write_days(warehouse, "documents", documents.scan, table)
    _write_days(warehouse, "reviews", *reviews)


def _write_days(warehouse: Path, name: str, scan: Times, table: pa.Table) -> None:
    """One object per scan day; ``batches`` with ``documents``."""
    days, starts = np.unique(scan, return_index=True)
    for day, start, end in zip(days, starts, [*starts, len(table)][1:], strict=True):
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
    count, has_code = len(rows), pa.array(rows.has_code)
    verdict = _verdicts(rows, rng)
    agency = pa.array(offices.codes[rows.agency], pa.string())
    kinds, procedures = _KINDS[rows.kind], [BY_CODE[code] for code in rows.procedure]
    columns = {
        "agency": agency,
        "batch": _batch_ids(agency, rows),
        "document_id": _names(rows.name),
        "dossier_key": pc.if_else(has_code, offices.keys(rows.codes), _NO_TEXT),
        "dossier_code": pc.if_else(has_code, offices.spell(rows.codes, rows.spelling), _NO_TEXT),
        "procedure_code": rows.procedure,
        "title": [title(procedure, kind) for procedure, kind in zip(procedures, kinds, strict=True)],
        "kind": kinds,
        "content": _CONTENTS[rows.sheet],
        "paper": _PAPERS[rows.sheet],
        "cover": np.where(rows.is_glossy, "glossy", "matte"),
        "device_id": pc.binary_join_element_wise(agency, np.where(rows.is_large, LARGE_SCANNER, SCANNER), "-"),
        "operator": np.full(count, "Người quét (mẫu)", object),
        "operator_org": _posts(offices, rows),
        "replaces": _names(rows.replaces),
        "not_scanned": _text(_REASONS[rows.reason + 1]),
        "ask_reviewer": pa.nulls(count, pa.string()),
        "is_received": rows.level > DECLARED,
        "pages_declared": np.where(rows.is_scanned, rows.images, rows.pages),
        "note_pages": (rows.sheet == NOTE) * rows.is_scanned,
        "pages_found": rows.images,
        "pages_accepted": np.where(verdict == "accepted", rows.images, 0),
        "verdict": _text(verdict),
    }
    defects = np.where(verdict == "rejected", np.where(rows.level == DECLARED, "hash_mismatch", "blurred"), "")
    lists = [[name] if name else [] for name in np.where(verdict == "review", "skewed", defects).tolist()]
    columns |= {
        "defects": pa.array(lists, pa.list_(pa.string())),
        "notes": pa.array([[]] * count, pa.list_(pa.string())),
    }
    return pa.table({name: columns[name] for name in TABLES["documents"].names}, TABLES["documents"])


def _verdicts(rows: Documents, rng: np.random.Generator) -> Texts:
    """A verdict for each level, empty where nothing was scanned."""
    good = np.where(rng.random(len(rows)) < UPHELD_SHARE, "review", "accepted")
    bad = np.where(rng.random(len(rows)) < REVIEW_SHARE, "review", "rejected")
    verdict = np.where(rows.level == UNAIDED, good, np.where(rows.level == DECLARED, "rejected", bad))
    return np.where(rows.is_scanned, verdict, "")


def _posts(offices: Offices, rows: Documents) -> pa.Array:
    """The post office where it scanned."""
    posts = pa.array([office.post for office in offices.all], pa.string())
    return pc.if_else(pa.array(rows.by_post), posts.take(pa.array(rows.agency)), _NO_TEXT)


def _batch_ids(agency: pa.Array, rows: Documents) -> pa.Array:
    numbers = pc.utf8_lpad(pa.array(rows.batch).cast(pa.string()), 3, "0")
    return pc.binary_join_element_wise(agency, pc.strftime(pa.array(rows.scan), "%Y%m%d"), numbers, "-")


def _text(values: Texts) -> pa.Array:
    """Null where empty."""
    return pc.if_else(pa.array(values != ""), pa.array(values, pa.string()), _NO_TEXT)


def _names(numbers: Ints) -> pa.Array:
    names = pc.binary_join_element_wise(PREFIX, pa.array(numbers).cast(pa.string()), "-")
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
