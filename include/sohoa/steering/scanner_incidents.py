"""Incidents: a scanner whose defects or pages per day leave its own control limits (``control_charts``).

The order in which days arrive changes nothing. A chart goes on from day to day, so where it stood some months ago is
kept with the names of the days that it was told of: while these are the same, no older day is read again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import date, timedelta

import pyarrow as pa

from sohoa import layout
from sohoa.days import each_day
from sohoa.logs import get_logger
from sohoa.schema import TABLES
from sohoa.steering.watched_scanners import Incident, WatchedScanners, load_watch, save_watch
from sohoa.store import ObjectInfo, Store

log = get_logger(__name__)

_KEPT_BEFORE = timedelta(days=90)
"""Days older than this before the newest one hardly ever change: where the charts stood then is kept."""


def update_incidents(store: Store) -> dict[str, int]:
    """Bring the table ``incidents`` up to date with ``device_daily``: days whose incidents changed are written anew."""
    found = _watch(store, _scan_days(store)).incidents()
    now, then = _by_first_day(found), _by_first_day(_incidents(store.read_table("incidents")))
    for day in sorted(now.keys() | then.keys()):
        if day not in now:
            store.delete(layout.WAREHOUSE, layout.table_key("incidents", day, layout.DAY))
        elif now[day] != then.get(day):
            store.write_table("incidents", day, layout.DAY, _incidents_table(now[day]))
    still_open = sum(incident.closed_day is None for incident in found)
    log.info("incidents_updated", incidents=len(found), open=still_open)
    return {"incidents": len(found), "open": still_open}


def read_incidents(store: Store, first_day: date, last_day: date) -> list[Incident]:
    """Read the incidents that opened from ``first_day`` to ``last_day``, as known at the end of ``last_day``.

    An incident opens once, so a report of these days lists it and no later report does.
    """
    days = each_day(first_day, last_day)
    return [_as_of(incident, last_day) for incident in _incidents(store.read_table("incidents", days, layout.DAY))]


def find_opened(store: Store, first_day: date, last_day: date) -> list[Incident]:
    """Find what ``read_incidents`` reads, from what the scanners did and not from the table.

    A report so says the same whether ``update_incidents`` has run before or not.
    """
    days = [info for info in _scan_days(store) if _day(info) <= last_day]
    watch = load_watch(store, days, first_day)
    watch.read(store, map(_day, days))
    return [incident for incident in watch.incidents() if incident.first_day >= first_day]


def _scan_days(store: Store) -> list[ObjectInfo]:
    """The objects of ``device_daily``, one a day, in their order."""
    return list(store.list_objects(layout.WAREHOUSE, layout.table_prefix("device_daily")))


def _watch(store: Store, days: list[ObjectInfo]) -> WatchedScanners:
    """Watch the scanners on all days; where they stood at the begin of a month some time ago is kept on the way."""
    if not days:
        return WatchedScanners()
    kept_until = (_day(days[-1]) - _KEPT_BEFORE).replace(day=1)
    watch = load_watch(store, days, kept_until)
    old = [day for day in map(_day, days) if day < kept_until]
    if old and watch.until < kept_until:
        watch.read(store, old)
        watch.until = kept_until
        save_watch(store, watch, days, _scan_days(store))
    watch.read(store, map(_day, days))
    return watch


def _day(info: ObjectInfo) -> date:
    return layout.table_day(info.key)


def _as_of(incident: Incident, day: date) -> Incident:
    days = tuple(found for found in incident.days if found <= day)
    closed = incident.closed_day if incident.closed_day is not None and incident.closed_day <= day else None
    return replace(incident, days=days, last_day=days[-1], closed_day=closed)


def _by_first_day(incidents: Iterable[Incident]) -> dict[date, list[Incident]]:
    days: dict[date, list[Incident]] = defaultdict(list)
    for incident in incidents:
        days[incident.first_day].append(incident)
    return dict(days)


def _incidents(rows: pa.Table) -> list[Incident]:
    return [Incident(**row | {"days": tuple(row["days"])}) for row in rows.to_pylist()]


def _incidents_table(incidents: list[Incident]) -> pa.Table:
    rows = [asdict(incident) for incident in incidents]
    return pa.Table.from_pylist(rows, TABLES["incidents"])
