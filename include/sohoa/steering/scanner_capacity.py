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
from sohoa.days import each_day
from sohoa.enums import PAPERS
from sohoa.steering.agency_activity import AgencyActivity
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
    """Which papers, in the order of ``vocabulary.PAPERS``."""


def read_capacity(
    store: Store, first: date, last: date, agencies: Iterable[AgencyActivity]
) -> tuple[list[Capacity], list[LargeFormatNeed]]:
    """Read what the scanners did from ``first`` to ``last``: ``list_capacity`` and ``large_format_needs`` of it."""
    days = each_day(first, last)
    devices, documents = store.read_table("device_daily", days, layout.DAY), store.read_table("documents", days)
    return list_capacity(devices, agencies), large_format_needs(documents, devices)


def list_capacity(devices: pa.Table, agencies: Iterable[AgencyActivity]) -> list[Capacity]:
    """List unscanned documents against documents scanned per day, longest queue first; no agency without a queue.

    Args:
        devices: rows of ``device_daily`` with their path key ``scan_date``, of some weeks up to the day asked for.
        agencies: what is not scanned yet on that day; for those that are no more nobody scans.
    """
    used: dict[str, set[str | None]] = defaultdict(set)
    days: dict[str, set[date]] = defaultdict(set)
    documents: Counter[str] = Counter()
    for row in devices.to_pylist():
        used[row["agency"]].add(row["device_id"])
        days[row["agency"]].add(row["scan_date"])
        documents[row["agency"]] += row["documents_received"]
    found = []
    for unit in (unit for unit in agencies if unit.state != "no_agency"):
        scan_days = len(days[unit.agency])
        per_day = documents[unit.agency] / scan_days if scan_days else None
        to_clear = unit.documents / per_day if per_day else None
        found.append(Capacity(unit.agency, len(used[unit.agency]), scan_days, per_day, unit.documents, to_clear))
    queue = [row for row in found if row.unscanned]
    return sorted(queue, key=lambda row: (row.days_to_clear is not None, -(row.days_to_clear or 0), -row.unscanned))


def large_format_needs(documents: pa.Table, devices: pa.Table) -> list[LargeFormatNeed]:
    """List the agencies that lack a large-format scanner, most sheets first.

    Counted are documents that no later one replaces: not scanned because too large, large ones not scanned for want of
    a device, and large ones rejected.

    Args:
        documents: rows of the table ``documents`` of the days asked for.
        devices: rows of ``device_daily`` of the same days; an agency with a large-format scanner lacks none.
    """
    equipped = set(devices.filter(pc.equal(devices["device_kind"], "large_format"))["agency"].to_pylist())
    states = document_states(documents.append_column("decision", pa.nulls(len(documents), pa.string())))
    in_force = documents.filter(pc.not_equal(states, "replaced"))
    needs: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in in_force.filter(pc.is_valid(in_force["paper"])).to_pylist():
        if row["agency"] not in equipped and (_is_never_scanned(row) or _is_rejected(row)):
            needs[row["agency"]].append(row)
    found = [_need(agency, rows) for agency, rows in needs.items()]
    return sorted(found, key=lambda need: (-need.never_scanned - need.rejected, need.agency))


def _is_never_scanned(row: dict[str, Any]) -> bool:
    return row["not_scanned"] == "too_large" or (row["not_scanned"] == "no_device" and row["paper"] in LARGE_PAPERS)


def _is_rejected(row: dict[str, Any]) -> bool:
    return row["not_scanned"] is None and row["verdict"] == "rejected" and row["paper"] in LARGE_PAPERS


def _need(agency: str, rows: list[dict[str, Any]]) -> LargeFormatNeed:
    never = sum(row["pages_declared"] - (row["note_pages"] or 0) for row in rows if _is_never_scanned(row))
    rejected = sum(row["pages_found"] - row["pages_accepted"] for row in rows if not _is_never_scanned(row))
    papers = {row["paper"] for row in rows}
    return LargeFormatNeed(agency, never, rejected, len(rows), tuple(p for p in PAPERS if p in papers))
