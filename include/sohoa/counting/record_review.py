"""Decisions of reviewers about scanned documents: recorded one object each, the newest of a document holds."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sohoa import layout
from sohoa.arrow import join_names
from sohoa.dossier_code import dossier_day
from sohoa.enums import DECISIONS
from sohoa.errors import InputError
from sohoa.known_documents import find_documents, load_documents
from sohoa.pending import PendingReview, mark_review
from sohoa.schema import TABLES
from sohoa.store import Store


@dataclass(frozen=True)
class Review:
    """One decision about one document."""

    agency: str
    document_id: str
    decision: str
    """One of ``enums.DECISIONS``."""
    approver: str
    reason: str
    decided_at: datetime
    """Wall clock of the province."""


def record_review(store: Store, review: Review) -> dict[str, Any]:
    """Write a decision down and mark the document's dossier day as pending.

    Returns:
        The row of the table ``reviews``, its path key included.

    Raises:
        InputError: there is no such document, or the decision does not fit it: a waiver needs a received document,
            and only a document with verdict review can be upheld.
    """
    document = _find_document(store, review.agency, review.document_id)
    _check(review, document)
    scan_date, key = document["scan_date"], document["dossier_key"]
    row = {**asdict(review), "batch": document["batch"], "dossier_key": key}
    marker: PendingReview = {
        "kind": "review",
        "batch": document["batch"],
        "scan_date": scan_date.isoformat(),
        "dossier_date": None if key is None else dossier_day(key).isoformat(),
    }
    mark_review(store, review.agency, review.document_id, marker)  # a kill after this loses nothing
    name = layout.review_name(review.agency, review.document_id, review.decided_at)
    store.write_table("reviews", scan_date, name, pa.Table.from_pylist([row], TABLES["reviews"]))
    mark_review(store, review.agency, review.document_id, marker)  # nor does a summary that took the first marker
    return {"scan_date": scan_date, **row}


def add_decisions(documents: pa.Table, reviews: pa.Table) -> pa.Table:
    """Add the column ``decision`` to documents: the newest of their reviews, null where there is none.

    Args:
        documents: rows with ``agency`` and ``document_id``.
        reviews: rows of the table ``reviews``; those of other documents are ignored.
    """
    newest = reviews.sort_by([(name, "descending") for name in ("decided_at", "decision", "approver")])
    names = [join_names(rows["agency"], rows["document_id"]) for rows in (documents, newest)]
    place = pc.index_in(names[0], names[1].combine_chunks())
    return documents.append_column("decision", newest["decision"].take(place))


def _find_document(store: Store, agency: str, document_id: str) -> dict[str, Any]:
    absent = InputError(f"agency {agency} has no document {document_id}: look the id up in the batch's receipt")
    known = find_documents(load_documents(store, agency), [document_id]).get(document_id)
    if known is None:
        raise absent
    day = layout.batch_date(known.batch, agency)
    rows = store.read_table("documents", [] if day is None else [day], name=known.batch)
    found = rows.filter(pc.equal(rows["document_id"], document_id)).to_pylist()
    if not found:
        raise absent
    return dict(found[0])


def _check(review: Review, document: dict[str, Any]) -> None:
    name = f"{review.agency} {review.document_id}"
    if review.decision not in DECISIONS:
        raise InputError(f"{review.decision!r} is no decision: use one of {', '.join(DECISIONS)}")
    if not review.approver.strip() or not review.reason.strip():
        raise InputError("a decision needs the name of who decides and the reason")
    if not document["is_received"]:
        raise InputError(f"{name} was not received (files missing or altered): it can only be scanned again")
    if review.decision == "uphold" and document["verdict"] != "review":
        raise InputError(f"{name} has verdict {document['verdict']}: only a document in review is upheld; use waive")
