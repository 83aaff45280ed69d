"""Rows of each side, for tests: a matched pair without differences by default, one value changed at a time."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from sohoa.dossier_code import dossier_day, dossier_key
from sohoa.reconcile.match_dossiers import Sides, classify
from sohoa.reconcile.received_documents import SCANS
from sohoa.schema import TABLES

DAY = date(2024, 4, 15)
NEXT_DAY = date(2024, 4, 16)
CODE, OLD_SPELLING = "H37.81.03-240415-0012", "000.03.81.H37-240415-0012"
UNIT = "06001"
"""The commune of the agency H37.81.03."""
OTHER_AGENCY, OTHER_UNIT = "H37.60", "H37.60"
DUE = datetime(2024, 4, 19, 17)  # noqa: DTZ001 (the wall clock)
SEEN, SEEN_LATER = date(2024, 4, 16), date(2024, 4, 18)


def table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    """Rows of a table by dossier day, with that day."""
    schema = pa.schema([pa.field("dossier_date", pa.date32()), *TABLES[name]])
    return pa.Table.from_pylist([_with_key(row) for row in rows], schema)


def _with_key(row: dict[str, Any]) -> dict[str, Any]:
    key = dossier_key(row["dossier_code"])
    assert key is not None
    return {"dossier_key": key, "dossier_date": dossier_day(key), **row}


def registered(**changes: Any) -> dict[str, Any]:
    """A row of the register."""
    row = {
        "dossier_code": CODE,
        "procedure_code": "1.001193",
        "handling_agency": "H37.81.03",
        "due_at": DUE,
        "status": 4,
        "components": 1,
        "has_paper_result": True,
        "is_void": False,
        "first_seen": SEEN,
    }
    return {**row, **changes}


def on_portal(**changes: Any) -> dict[str, Any]:
    """A row of the portal."""
    row = {
        "dossier_code": CODE,
        "procedure_code": "1.001193",
        "handling_agency": "H37.81.03",
        "lodged_at": datetime(2024, 4, 15, 8, 30),  # noqa: DTZ001
        "due_at": DUE,
        "status": 4,
        "is_flagged_digitised": False,
        "result_link": None,
        "synced_at": datetime(2024, 4, 15, 22),  # noqa: DTZ001
        "dt": SEEN_LATER,
        "line": 2,
        "first_seen": SEEN_LATER,
    }
    return {**row, **changes}


def in_ministry(**changes: Any) -> dict[str, Any]:
    """A row of a ministry system."""
    row = {"system": "gplx", "dossier_code": CODE, "commune_code": UNIT, "first_seen": SEEN}
    return {**row, **changes}


def scan(**changes: Any) -> dict[str, Any]:
    """A received document."""
    row = {
        "dossier_code": CODE,
        "agency": "H37.81.03",
        "document_id": "d1",
        "first_seen": DAY,
        "is_accepted_component": True,
    }
    return {**row, **changes}


def entries_of(
    register: list[dict[str, Any]] | None = None,
    portal: list[dict[str, Any]] | None = None,
    ministry: list[dict[str, Any]] | None = None,
    scans: list[dict[str, Any]] | None = None,
    absent_links: frozenset[str] = frozenset(),
) -> list[dict[str, Any]]:
    """Everything that is said of the dossiers."""
    documents = [{k: v for k, v in _with_key(row).items() if k != "dossier_code"} for row in scans or []]
    sides = Sides(
        table("register", register or []),
        table("portal", portal or []),
        table("ministry", ministry or []),
        pa.Table.from_pylist(documents, SCANS),
        absent_links,
    )
    return classify(sides).to_pylist()


def found(*sides: Any, **named: Any) -> dict[str, int]:
    """Category -> number of entries, the two sides left out."""
    counts = Counter(row["category"] for row in entries_of(*sides, **named))
    return {name: count for name, count in counts.items() if name not in {"portal", "province"}}


def entry(category: str, *sides: Any, **named: Any) -> dict[str, Any]:
    """The only entry of a category."""
    (row,) = [row for row in entries_of(*sides, **named) if row["category"] == category]
    return row
