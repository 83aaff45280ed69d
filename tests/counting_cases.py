"""Small provinces for the tests of progress: register rows and documents with defaults, and random ones."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from sohoa.counting.join_dossiers import merge_dossiers
from sohoa.counting.record_review import add_decisions
from sohoa.enums import DECISIONS
from sohoa.schema import TABLES

DAY = date(2024, 4, 15)
LEAVES = ("05971", "05974", "06001", "H37.60", "H37.80")
"""Two communes of one district, one of another, a department and the office of the first district."""
AGENCIES = ("H37.60", "H37.80.01")
VERDICTS = ("accepted", "review", "rejected", None)
KINDS = ("component", "result", "interim_result")


def key(number: int) -> str:
    """A dossier code of the day."""
    return f"H37.80.01-240415-{number}"


def dossier(number: int = 1, **values: Any) -> dict[str, Any]:
    """A register row: accepted for processing, one component, a paper result, in commune 05971."""
    row = {
        "dossier_key": key(number),
        "unit_code": "05971",
        "handling_agency": "H37.80.01",
        "status": 4,
        "components": 1,
        "has_paper_result": True,
        "is_void": False,
    }
    return row | values


def document(document_id: str, number: int | None = 1, kind: str = "component", **values: Any) -> dict[str, Any]:
    """A document: received and accepted."""
    row = {
        "agency": "H37.80.01",
        "batch": "H37.80.01-20240416-001",
        "document_id": document_id,
        "dossier_key": None if number is None else key(number),
        "kind": kind,
        "is_received": True,
        "verdict": "accepted",
    }
    return row | values


def review(document_id: str, decision: str, **values: Any) -> dict[str, Any]:
    """A reviewer's decision about a document of ``document``'s agency."""
    row = {"agency": "H37.80.01", "document_id": document_id, "decision": decision, "approver": "Trần Văn A"}
    return row | {"decided_at": datetime(2024, 4, 17, 9, 0)} | values  # noqa: DTZ001 (wall clock)


def table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    """Rows as a table of this name; what a row leaves out is null."""
    return pa.Table.from_pylist(rows, TABLES[name])


def decided(documents: list[dict[str, Any]], reviews: list[dict[str, Any]] | None = None) -> pa.Table:
    """Documents with the decisions about them."""
    return add_decisions(table("documents", documents), table("reviews", reviews or []))


def merged(
    register: list[dict[str, Any]], documents: list[dict[str, Any]], reviews: list[dict[str, Any]] | None = None
) -> pa.Table:
    """The day's dossiers from rows."""
    return merge_dossiers(None, table("register", register), decided(documents, reviews))


def by_rate(progress: pa.Table, unit: str = "20") -> dict[tuple[str, str], dict[str, int]]:
    """(definition, stage) -> the counts of one unit."""
    rows = (row for row in progress.to_pylist() if row["unit_code"] == unit)
    return {(row["definition"], row["stage"]): row for row in rows}


Province = tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]


@st.composite
def provinces(draw: st.DrawFn) -> Province:
    """Register rows, documents and reviews of one day; some documents belong to dossiers that the register lacks."""
    register = [
        dossier(
            number,
            unit_code=draw(st.sampled_from(LEAVES)),
            status=draw(st.integers(1, 10)),
            components=draw(st.integers(0, 3)),
            has_paper_result=draw(st.booleans()),
            exemption=draw(st.sampled_from([None, None, None, "shared_data"])),
            is_void=draw(st.sampled_from([False, False, False, True])),
        )
        for number in range(draw(st.integers(0, 8)))
    ]
    documents: list[dict[str, Any]] = []
    for number in range(draw(st.integers(0, 16))):
        documents.append(_draw_document(draw, f"d{number}", documents))
    decided = draw(st.lists(st.sampled_from(documents), max_size=6)) if documents else []
    reviews = [
        review(
            row["document_id"],
            draw(st.sampled_from(DECISIONS)),
            agency=row["agency"],
            decided_at=datetime(2024, 4, 17, 9, minute),  # noqa: DTZ001 (wall clock)
        )
        for minute, row in enumerate(decided)
    ]
    return register, documents, draw(st.permutations(reviews))


def _draw_document(draw: st.DrawFn, document_id: str, earlier: list[dict[str, Any]]) -> dict[str, Any]:
    agency = draw(st.sampled_from(AGENCIES))
    row = document(
        document_id,
        draw(st.integers(0, 9)),
        draw(st.sampled_from(KINDS)),
        agency=agency,
        batch=f"{agency}-20240416-00{draw(st.integers(1, 3))}",
        is_received=draw(st.booleans()),
        verdict=draw(st.sampled_from(VERDICTS)),
    )
    same = ("agency", "dossier_key", "kind")
    older = [other["document_id"] for other in earlier if all(other[name] == row[name] for name in same)]
    return row | {"replaces": draw(st.sampled_from([None, *older]))}
