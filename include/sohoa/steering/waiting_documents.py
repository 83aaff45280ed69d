"""Documents that came in and are not done: those that wait for a person's decision, and those to be scanned again."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sohoa import layout
from sohoa.counting.document_states import document_states
from sohoa.counting.record_review import add_decisions
from sohoa.days import each_day, in_chunks
from sohoa.dossier_code import dossier_day
from sohoa.registry import owner_at
from sohoa.steering.passed_on import Office, offices_now, stands
from sohoa.store import Store

WEEKS = 12
"""Scan days of so many weeks are looked at."""
_DAYS_AT_ONCE = 7
_COLUMNS = ["scan_date", "agency", "document_id", "dossier_key", "replaces", "is_received", "verdict", "decision"]
_COLUMNS += ["not_scanned"]
_WAITS = {"in_review": "in_review", "rejected": "to_scan", "unreceived": "to_scan"}
"""State of a document -> what it waits for."""


@dataclass(frozen=True)
class Waiting:
    """What waits of one agency, with what it has of agencies that are no more."""

    agency: str
    valid_from: date | None
    """With its code it names the office."""
    in_review: int
    """Documents that a person has to look at."""
    to_scan: int
    """Documents that a slip has asked for again: not good enough, or their files missing or altered."""
    forerunners: tuple[Office, ...] = ()
    """The agencies that are no more and had some of it."""

    @property
    def office(self) -> Office:
        """Code and first day."""
        return self.agency, self.valid_from


def read_waiting(store: Store, last: date) -> list[Waiting]:
    """Read what waits on a day, of the scans of ``WEEKS`` weeks up to it; of an agency that is no more, it waits of the
    one that has it now, where that is known."""
    days = each_day(last - timedelta(weeks=WEEKS, days=-1), last)
    parts, replaced = [], set[tuple[str, str]]()
    for some in in_chunks(days, _DAYS_AT_ONCE):
        documents = add_decisions(store.read_table("documents", some), store.read_table("reviews", some))
        documents = documents.select(_COLUMNS)
        replacing = documents.filter(pc.is_valid(documents["replaces"])).select(["agency", "replaces"]).to_pylist()
        replaced |= {(row["agency"], row["replaces"]) for row in replacing}
        parts += list_waiting(documents)
    waits = _owned([row for row in parts if (row["agency"], row["document_id"]) not in replaced])
    return _by_office(_passed_on(store, waits, last))


def list_waiting(documents: pa.Table) -> list[dict[str, Any]]:
    """List the documents that wait, as agency, document_id, scan_date and ``waits``: in_review | to_scan.

    What was listed without a scan waits for a scanner, not for another scan, and is left out.

    Args:
        documents: rows of ``documents`` with their path key and ``decision``.
    """
    rows = documents.append_column("state", document_states(documents))
    rows = rows.filter(pc.and_(pc.is_in(rows["state"], pa.array(list(_WAITS))), pc.is_null(rows["not_scanned"])))
    names = ("agency", "document_id", "dossier_key", "scan_date")
    return [{name: row[name] for name in names} | {"waits": _WAITS[row["state"]]} for row in rows.to_pylist()]


def _owned(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add to each row ``office``, whose code it was on its scan day."""
    places = {(row["agency"], row["scan_date"]) for row in rows}
    owners = {place: owner_at(*place) for place in places}
    first = {place: None if owner is None else owner.valid_from for place, owner in owners.items()}
    return [row | {"office": (row["agency"], first[row["agency"], row["scan_date"]])} for row in rows]


def _passed_on(store: Store, rows: list[dict[str, Any]], last: date) -> list[dict[str, Any]]:
    """Give what waits of offices that are no more to those that have it now, the former in ``forerunner``."""
    ended = [row for row in rows if not stands(row["office"], last)]
    leaves = _leaf_units(store, {row["dossier_key"] for row in ended if row["dossier_key"]})
    pieces = {id(row): (row["office"], *leaves.get(row["dossier_key"], (None, row["scan_date"]))) for row in ended}
    now = offices_now(pieces.values(), last)
    for row in ended:
        heir = now[pieces[id(row)]]
        if heir is not None:
            row |= {"office": heir, "forerunner": row["office"]}
    return rows


def _leaf_units(store: Store, keys: set[str]) -> dict[str | None, tuple[str, date]]:
    """The leaf unit of each dossier, and its day."""
    found: dict[str | None, tuple[str, date]] = {}
    for some in in_chunks(sorted(set(map(dossier_day, keys))), _DAYS_AT_ONCE):
        rows = store.read_table("dossiers", some, layout.DAY).select(["dossier_key", "unit_code", "dossier_date"])
        rows = rows.filter(pc.is_in(rows["dossier_key"], pa.array(sorted(keys), pa.string())))
        found |= {row["dossier_key"]: (row["unit_code"], row["dossier_date"]) for row in rows.to_pylist()}
    return found


def _by_office(rows: Iterable[dict[str, Any]]) -> list[Waiting]:
    """Sum up by office, most documents first."""
    counts: dict[Office, Counter[str]] = defaultdict(Counter)
    forerunners: dict[Office, set[Office]] = defaultdict(set)
    for row in rows:
        counts[row["office"]][row["waits"]] += 1
        if "forerunner" in row:
            forerunners[row["office"]].add(row["forerunner"])
    found = [
        Waiting(*office, of["in_review"], of["to_scan"], tuple(sorted(forerunners[office], key=str)))
        for office, of in counts.items()
    ]
    return sorted(found, key=lambda one: (-one.in_review - one.to_scan, one.agency, one.valid_from or date.min))
