"""Agencies that should have scanned and did not, told from those that said why.

An agency is silent on a working day where dossiers of it wait and it has no batch of that scan day. A notice
(no connection, no work, device down) that covers the day names another reason than neglect. A batch that arrives late
is counted on its own scan day, so the silence ends when the day is looked at again.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sohoa.enums import ACTIVITY_STATES, ActivityState, NoticeKind
from sohoa.registry import is_working_day, working_days
from sohoa.steering.unscanned_dossiers import waiting_dossiers


@dataclass(frozen=True)
class Freshness:
    """One agency on one day."""

    agency: str
    state: ActivityState
    note: str | None
    """What its notice says."""
    last_batch: date | None
    """Newest scan day up to this one."""
    quiet_days: int
    """Working days on end, this one included, without a batch while dossiers waited."""
    dossiers: int
    """Dossiers that wait."""
    documents: int
    """Documents to scan for them."""
    oldest: date | None
    """Day of the oldest dossier that waits."""
    oldest_key: str | None


def freshness(dossiers: pa.Table, batches: pa.Table, notices: pa.Table, day: date) -> list[Freshness]:
    """What each agency with dossiers or batches did on a day.

    Args:
        dossiers: rows of the table ``dossiers`` with their path key, as far back as dossiers may wait.
        batches: rows of the table ``batches`` with their path key; a refused one is neither batch nor silence.
        notices: rows of the table ``notices``.
        day: the day.

    Returns:
        By state, in the order of ``ACTIVITY_STATES``, then the longest quiet, then agency.
    """
    waiting = _by_agency(waiting_dossiers(dossiers, day))
    past = batches.filter(pc.less_equal(batches["scan_date"], day))
    scanned = _scan_days(past.filter(pc.is_null(past["refusal"])))
    refused = _scan_days(past.filter(pc.is_valid(past["refusal"])))
    given = [row for row in notices.to_pylist() if row["start"] <= day and (row["end"] is None or day <= row["end"])]
    excuses = {row["agency"]: row for row in sorted(given, key=lambda row: row["start"])}  # the newest holds
    found = [
        _freshness(agency, waiting[agency], scanned[agency], day in refused[agency], excuses.get(agency), day)
        for agency in sorted({*waiting, *scanned})
    ]
    return sorted(found, key=lambda row: (ACTIVITY_STATES.index(row.state), -row.quiet_days, row.agency))


def _freshness(
    agency: str,
    waiting: list[dict[str, Any]],
    scanned: set[date],
    is_refused: bool,
    excuse: dict[str, Any] | None,
    day: date,
) -> Freshness:
    oldest = waiting[0] if waiting else None
    last = max(scanned, default=None)
    state = _state(bool(waiting), day in scanned, excuse, day)
    state = "refused" if state == "silent" and is_refused else state
    return Freshness(
        agency=agency,
        state=state,
        note=excuse["note"] if excuse is not None and state == excuse["notice_kind"] else None,
        last_batch=last,
        quiet_days=_quiet_days(oldest["dossier_date"], last, day) if oldest else 0,
        dossiers=len(waiting),
        documents=sum(row["documents"] for row in waiting),
        oldest=oldest["dossier_date"] if oldest else None,
        oldest_key=oldest["dossier_key"] if oldest else None,
    )


def _state(waits: bool, has_sent: bool, excuse: dict[str, Any] | None, day: date) -> ActivityState:
    if has_sent:
        return "sent"
    if not waits:
        return "nothing_waits"
    if not is_working_day(day):
        return "day_off"
    if excuse is None:
        return "silent"
    kind: NoticeKind = excuse["notice_kind"]
    return kind


def _quiet_days(oldest: date, last: date | None, day: date) -> int:
    """Working days since the last batch, as far as a dossier already waited."""
    first = oldest if last is None else max(oldest, last + timedelta(1))
    return len(working_days(first, day))


def _by_agency(waiting: pa.Table) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in waiting.to_pylist():
        found[row["handling_agency"]].append(row)
    return found


def _scan_days(batches: pa.Table) -> dict[str, set[date]]:
    """Agency -> the scan days of its batches."""
    found: dict[str, set[date]] = defaultdict(set)
    for agency, scan_date in zip(batches["agency"].to_pylist(), batches["scan_date"].to_pylist(), strict=True):
        found[agency].add(scan_date)
    return found
