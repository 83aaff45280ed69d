"""Documents that came in and are not done: those that wait for a person's decision, and those to be scanned again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sohoa.counting.document_states import document_states
from sohoa.counting.own_days import with_owner
from sohoa.counting.record_review import add_decisions
from sohoa.days import each_day, in_chunks
from sohoa.steering.agency_activity import Office
from sohoa.store import Store

WEEKS = 12
"""Scan days of so many weeks are looked at."""
_DAYS_AT_ONCE = 7
_COLUMNS = ["scan_date", "agency", "document_id", "replaces", "is_received", "verdict", "decision", "not_scanned"]
_WAITS = {"in_review": "in_review", "rejected": "to_scan", "unreceived": "to_scan"}
"""State of a document -> what it waits for."""


@dataclass(frozen=True)
class Waiting:
    """What waits of one agency."""

    agency: str
    valid_from: date | None
    """With its code it names the office."""
    in_review: int
    """Documents that a person has to look at."""
    oldest_review: date | None
    """Scan day of the oldest of these."""
    to_scan: int
    """Documents that a slip has asked for again: not good enough, or their files missing or altered."""
    oldest_scan: date | None

    @property
    def office(self) -> Office:
        """Code and first day."""
        return self.agency, self.valid_from


def read_waiting(store: Store, last: date) -> list[Waiting]:
    """Read what waits on a day, of the scans of ``WEEKS`` weeks up to it."""
    days = each_day(last - timedelta(weeks=WEEKS, days=-1), last)
    parts, replaced = [], set[tuple[str, str]]()
    for some in in_chunks(days, _DAYS_AT_ONCE):
        documents = add_decisions(store.read_table("documents", some), store.read_table("reviews", some))
        documents = documents.select(_COLUMNS)
        replacing = documents.filter(pc.is_valid(documents["replaces"])).select(["agency", "replaces"]).to_pylist()
        replaced |= {(row["agency"], row["replaces"]) for row in replacing}
        parts += list_waiting(documents)
    return _by_office(row for row in parts if (row["agency"], row["document_id"]) not in replaced)


def list_waiting(documents: pa.Table) -> list[dict[str, Any]]:
    """List the documents that wait, as agency, document_id, scan_date and ``waits``: in_review | to_scan.

    What was listed without a scan waits for a scanner, not for another scan, and is left out.

    Args:
        documents: rows of ``documents`` with their path key and ``decision``.
    """
    rows = documents.append_column("state", document_states(documents))
    rows = rows.filter(pc.and_(pc.is_in(rows["state"], pa.array(list(_WAITS))), pc.is_null(rows["not_scanned"])))
    names = ("agency", "document_id", "scan_date")
    return [{name: row[name] for name in names} | {"waits": _WAITS[row["state"]]} for row in rows.to_pylist()]


def _by_office(rows: Iterable[dict[str, Any]]) -> list[Waiting]:
    """Sum up by office, most documents first."""
    table = pa.Table.from_pylist(
        list(rows),
        pa.schema(
            [
                pa.field("agency", pa.string()),
                pa.field("document_id", pa.string()),
                pa.field("scan_date", pa.date32()),
                pa.field("waits", pa.string()),
            ]
        ),
    )
    days: dict[Office, dict[str, list[date]]] = defaultdict(lambda: defaultdict(list))
    for row in with_owner(table, "scan_date").to_pylist():
        days[row["agency"], row["valid_from"]][row["waits"]].append(row["scan_date"])
    found = [
        Waiting(
            *office,
            len(of["in_review"]),
            min(of["in_review"], default=None),
            len(of["to_scan"]),
            min(of["to_scan"], default=None),
        )
        for office, of in days.items()
    ]
    return sorted(found, key=lambda one: (-one.in_review - one.to_scan, one.agency, one.valid_from or date.min))
