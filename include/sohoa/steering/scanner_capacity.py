"""What more scanners would change: the queue against the documents scanned per day, and sheets too large for A4."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sohoa import layout
from sohoa.counting.document_states import document_states
from sohoa.counting.own_days import with_owner
from sohoa.days import each_day
from sohoa.enums import PAPERS
from sohoa.steering.agency_activity import AgencyActivity
from sohoa.steering.passed_on import Office, offices_now, stands
from sohoa.store import Store

LARGE_PAPERS = ("a3", "a2", "a1", "a0", "other")
"""Papers that the A4 scanner of a one-stop office cannot take. No legal text draws the line."""


@dataclass(frozen=True)
class Capacity:
    """One agency: what is not scanned yet against what its scanners do."""

    agency: str
    devices: int
    """Scanners it used in the days given."""
    scan_days: int
    documents_per_day: float | None
    """Documents received for each of its scan days; None where it had none."""
    unscanned: int
    """Documents that are not scanned yet."""
    days_to_clear: float | None
    """Scan days until all are scanned, if none came in; None where nobody knows how much it can scan."""
    valid_from: date | None
    """With its code it names the office, as in ``AgencyActivity``."""


@dataclass(frozen=True)
class LargeFormatNeed:
    """One agency that has large sheets to digitise and never used a large-format scanner."""

    agency: str
    never_scanned: int
    """Sheets declared without a scan because they are too large or there is no device."""
    rejected: int
    """Pages of large documents that were scanned and rejected."""
    documents: int
    papers: tuple[str, ...]
    """Which papers, in the order of ``enums.PAPERS``."""
    valid_from: date | None
    """With its code it names the office, as in ``AgencyActivity``."""


def read_capacity(
    store: Store, first: date, last: date, agencies: Iterable[AgencyActivity], passed_on: date | None = None
) -> tuple[list[Capacity], list[LargeFormatNeed]]:
    """Read what the scanners did from ``first`` to ``last``: ``list_capacity`` and ``large_format_needs`` of it."""
    days = each_day(first, last)
    devices, documents = store.read_table("device_daily", days, layout.DAY), store.read_table("documents", days)
    return list_capacity(devices, agencies), large_format_needs(documents, devices, passed_on)


def list_capacity(devices: pa.Table, agencies: Iterable[AgencyActivity]) -> list[Capacity]:
    """List unscanned documents against documents scanned per day, longest queue first; no agency without a queue.

    Args:
        devices: rows of ``device_daily`` with their path key ``scan_date``, of some weeks up to the day asked for.
        agencies: what is not scanned yet on that day; for those that are no more nobody scans.
    """
    used: dict[Office, set[str | None]] = defaultdict(set)
    days: dict[Office, set[date]] = defaultdict(set)
    documents: Counter[Office] = Counter()
    for row in with_owner(devices, "scan_date").to_pylist():
        office = row["agency"], row["valid_from"]
        used[office].add(row["device_id"])
        days[office].add(row["scan_date"])
        documents[office] += row["documents_received"]
    found = []
    for unit in (unit for unit in agencies if unit.state != "no_agency"):
        scan_days, used_here = len(days[unit.office]), len(used[unit.office])
        per_day = documents[unit.office] / scan_days if scan_days else None
        queue = unit.documents + unit.inherited
        to_clear = queue / per_day if per_day else None
        found.append(Capacity(unit.agency, used_here, scan_days, per_day, queue, to_clear, unit.valid_from))
    waiting = [row for row in found if row.unscanned]
    return sorted(waiting, key=lambda row: (row.days_to_clear is not None, -(row.days_to_clear or 0), -row.unscanned))


def large_format_needs(documents: pa.Table, devices: pa.Table, passed_on: date | None = None) -> list[LargeFormatNeed]:
    """List the agencies that lack a large-format scanner, most sheets first.

    Counted are documents on large paper that no later one replaces: not scanned because too large or for want of a
    device, and those rejected.

    Args:
        documents: rows of the table ``documents`` with their path key ``scan_date``, of the days asked for.
        devices: rows of ``device_daily`` of the same days; an agency with a large-format scanner lacks none.
        passed_on: what communes' offices need that are no more on this day, those need that follow them; None: it is
            told by who scanned.
    """
    large = with_owner(devices.filter(pc.equal(devices["device_kind"], "large_format")), "scan_date")
    equipped = {(row["agency"], row["valid_from"]) for row in large.to_pylist()}
    states = document_states(documents.append_column("decision", pa.nulls(len(documents), pa.string())))
    in_force = documents.filter(pc.not_equal(states, "replaced"))
    needs: dict[Office, list[dict[str, Any]]] = defaultdict(list)
    lacking = with_owner(in_force.filter(pc.is_valid(in_force["paper"])), "scan_date").to_pylist()
    lacking = [row for row in lacking if _is_never_scanned(row) or _is_rejected(row)]
    heirs = _heirs({(row["agency"], row["valid_from"]) for row in lacking}, passed_on)
    for row in lacking:
        office = row["agency"], row["valid_from"]
        office = heirs.get(office, office)
        if office not in equipped:
            needs[office].append(row)
    found = [_need(*office, rows) for office, rows in needs.items()]
    return sorted(
        found, key=lambda need: (-need.never_scanned - need.rejected, need.agency, need.valid_from or date.min)
    )


def _heirs(offices: set[Office], day: date | None) -> dict[Office, Office]:
    """Who follows the offices that are no more on a day, where that is known."""
    if day is None:
        return {}
    ended = [(office, None, office[1]) for office in offices if office[1] is not None and not stands(office, day)]
    return {office: heir for (office, _, _), heir in offices_now(ended, day).items() if heir is not None}


def _is_never_scanned(row: dict[str, Any]) -> bool:
    """An A4 sheet fits every scanner, whatever reason was given."""
    return row["not_scanned"] in {"too_large", "no_device"} and row["paper"] in LARGE_PAPERS


def _is_rejected(row: dict[str, Any]) -> bool:
    return row["not_scanned"] is None and row["verdict"] == "rejected" and row["paper"] in LARGE_PAPERS


def _need(agency: str, valid_from: date | None, rows: list[dict[str, Any]]) -> LargeFormatNeed:
    never = sum(row["pages_declared"] - (row["note_pages"] or 0) for row in rows if _is_never_scanned(row))
    rejected = sum(row["pages_found"] - row["pages_accepted"] for row in rows if not _is_never_scanned(row))
    papers = {row["paper"] for row in rows}
    return LargeFormatNeed(agency, never, rejected, len(rows), tuple(p for p in PAPERS if p in papers), valid_from)
