"""Agencies that should have scanned on a day and did not, separately from agencies that gave notice.

An agency is silent on a working day if dossiers of it are not scanned yet and it has no batch of that scan day. A
notice (no connection, no work, device down) that covers the day names another reason than neglect. A batch that arrives
late is counted on its own scan day, so the agency is no longer silent when the day is looked at again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sohoa.counting.own_days import with_owner
from sohoa.days import ONE_DAY, each_day
from sohoa.enums import ACTIVITY_STATES, ActivityState, NoticeKind
from sohoa.registry import bearer_at, is_working_day, working_days
from sohoa.steering.passed_on import Office, offices_now, stands
from sohoa.steering.unscanned_dossiers import unscanned_dossiers
from sohoa.steering.unscanned_months import read_unscanned
from sohoa.store import Store

_BATCHES = timedelta(364)
"""Batches older than this are not read; dossiers wait however long."""


@dataclass(frozen=True)
class PassedOn:
    """What waits of an office that is no more and one office has now."""

    office: Office | None
    """None where nobody is known to have it."""
    dossiers: int
    documents: int
    oldest: date
    since: date | None
    """First day without the former office; None where its last is not known."""


@dataclass(frozen=True)
class AgencyActivity:
    """What one agency did on one day; all of it on the days on which the code is its own."""

    agency: str
    state: ActivityState
    note: str | None
    """What its notice says."""
    last_batch: date | None
    """Newest scan day up to this one."""
    days_without_batch: int
    """Working days in a row, this one included, without a batch while dossiers were not scanned."""
    dossiers: int
    """Dossiers that are not scanned yet."""
    documents: int
    """Documents to scan for them."""
    oldest: date | None
    """Day of the oldest of these dossiers."""
    oldest_key: str | None
    valid_from: date | None
    """With its code it names the office; None where nobody ever bore the code."""
    passed_on: tuple[PassedOn, ...] = ()
    """Of an office that is no more: who has now what waits, all of it in parts."""
    inherited: int = 0
    """Documents to scan that were such an office's and are its own now; they are not in ``documents``."""

    @property
    def office(self) -> Office:
        """Code and first day."""
        return self.agency, self.valid_from


@dataclass(frozen=True)
class _Circumstances:
    """What an agency is judged by beside its batches and dossiers."""

    day: date
    is_refused: bool
    """A batch of the day was refused."""
    notice: dict[str, Any] | None
    """Its notice that covers the day."""
    stands: bool
    is_working: bool


def read_activity(store: Store, day: date, standing: date | None = None) -> list[AgencyActivity]:
    """Read from the store what each agency did on a day, and what it has not scanned yet, however old.

    Args:
        store: the store.
        day: the day.
        standing: as for ``list_activity``.
    """
    dossiers = read_unscanned(store, day)
    batches = store.read_table("batches", each_day(day - _BATCHES, day)).select(["scan_date", "agency", "refusal"])
    return list_activity(dossiers, batches, store.read_table("notices"), day, standing)


def list_activity(
    dossiers: pa.Table, batches: pa.Table, notices: pa.Table, day: date, standing: date | None = None
) -> list[AgencyActivity]:
    """List what each agency with dossiers or batches did on a day, each that bore a code by its own days.

    Args:
        dossiers: rows of the table ``dossiers`` with their path key, as far back as dossiers may lie unscanned.
        batches: rows of the table ``batches`` with their path key; after a refused one an agency is not silent.
        notices: rows of the table ``notices``.
        day: the day.
        standing: the day on which agencies have to exist, and until which the work of those that do not has been passed
            on: who has it now is judged by it too. None: the same day, and each is judged by its own dossiers alone.

    Returns:
        By state, in the order of ``ACTIVITY_STATES``, then most days without a batch, then agency; an agency that does
        not exist on the day is listed while dossiers of it wait.
    """
    unscanned = _by_office(unscanned_dossiers(dossiers, day).rename_columns({"handling_agency": "agency"}))
    past = batches.filter(pc.less_equal(batches["scan_date"], day))
    scanned = _scan_days(past.filter(pc.is_null(past["refusal"])))
    refused = _scan_days(past.filter(pc.is_valid(past["refusal"])))
    told = with_owner(notices, "start").sort_by("start").to_pylist()
    given = [row for row in told if row["start"] <= day and (row["end"] is None or day <= row["end"])]
    in_force = {(row["agency"], row["valid_from"]): row for row in given}  # the newest holds
    end = standing or day
    given_on = {office: _passed_on(office, rows, end) for office, rows in unscanned.items() if not stands(office, end)}
    inherited = _by_heir(given_on if standing else {})
    offices = {*unscanned, *inherited, *(office for office in scanned if stands(office, end))}
    found = [
        _activity_of(
            office,
            unscanned[office],
            inherited[office],
            scanned[office],
            _Circumstances(
                day,
                day in refused[office],
                in_force.get(office),
                stands(office, end),
                is_working_day(day),
            ),
            given_on.get(office, ()),
        )
        for office in sorted(offices, key=lambda office: (office[0], office[1] or date.min))
    ]
    return sorted(found, key=lambda row: (ACTIVITY_STATES.index(row.state), -row.days_without_batch, row.agency))


def _activity_of(
    office: Office,
    unscanned: list[dict[str, Any]],
    inherited: Sequence[PassedOn],
    scanned: set[date],
    at: _Circumstances,
    passed_on: tuple[PassedOn, ...],
) -> AgencyActivity:
    own = unscanned[0] if unscanned else None
    own_days = [row["dossier_date"] for row in unscanned[:1]]
    days = [*own_days, *(max(part.oldest, part.since or part.oldest) for part in inherited)]
    waits_since = min((day for day in days if day <= at.day), default=None)
    last = max(scanned, default=None)
    state = _state(waits_since is not None, at.day in scanned, at)
    quiet = 0 if waits_since is None else _days_without_batch(office, waits_since, last, at.day)
    return AgencyActivity(
        agency=office[0],
        state=state,
        note=at.notice["note"] if at.notice is not None and state == at.notice["notice_kind"] else None,
        last_batch=last,
        days_without_batch=quiet if at.stands else 0,
        dossiers=len(unscanned),
        documents=sum(row["documents"] for row in unscanned),
        oldest=own["dossier_date"] if own else None,
        oldest_key=own["dossier_key"] if own else None,
        valid_from=office[1],
        passed_on=passed_on,
        inherited=sum(part.documents for part in inherited),
    )


def _passed_on(office: Office, unscanned: list[dict[str, Any]], day: date) -> tuple[PassedOn, ...]:
    pieces = [(office, row["unit_code"], row["dossier_date"]) for row in unscanned]
    now = offices_now(pieces, day)
    bearer = None if office[1] is None else bearer_at(office[0], office[1])
    since = None if bearer is None or bearer.last_day is None else bearer.last_day + ONE_DAY
    found: dict[Office | None, list[dict[str, Any]]] = defaultdict(list)
    for piece, row in zip(pieces, unscanned, strict=True):
        found[now[piece]].append(row)
    return tuple(
        PassedOn(heir, len(rows), sum(row["documents"] for row in rows), rows[0]["dossier_date"], since)
        for heir, rows in found.items()
    )


def _by_heir(passed_on: Mapping[Office, Iterable[PassedOn]]) -> dict[Office, list[PassedOn]]:
    """Return what each office has of those that are no more."""
    found: dict[Office, list[PassedOn]] = defaultdict(list)
    for part in (part for parts in passed_on.values() for part in parts):
        if part.office is not None:
            found[part.office].append(part)
    return found


def _state(has_unscanned: bool, has_sent: bool, at: _Circumstances) -> ActivityState:
    if not at.stands:
        return "no_agency"
    if has_sent:
        return "sent"
    if not has_unscanned:
        return "nothing_waits"
    if not at.is_working:
        return "day_off"
    if at.notice is None:
        return "refused" if at.is_refused else "silent"
    kind: NoticeKind = at.notice["notice_kind"]
    return kind


def _days_without_batch(office: Office, oldest: date, last: date | None, day: date) -> int:
    """Count the working days of the office since its last batch on which a dossier was there to scan; a dossier may be
    older than the office that has it now.
    """
    first = max(oldest, office[1] or oldest, oldest if last is None else last + timedelta(1))
    return len(working_days(first, day))


def _by_office(unscanned: pa.Table) -> dict[Office, list[dict[str, Any]]]:
    found: dict[Office, list[dict[str, Any]]] = defaultdict(list)
    for row in with_owner(unscanned, "dossier_date").to_pylist():
        found[row["agency"], row["valid_from"]].append(row)
    return found


def _scan_days(batches: pa.Table) -> dict[Office, set[date]]:
    """Return office -> the scan days of its batches."""
    found: dict[Office, set[date]] = defaultdict(set)
    for row in with_owner(batches.select(["agency", "scan_date"]), "scan_date").to_pylist():
        found[row["agency"], row["valid_from"]].add(row["scan_date"])
    return found
