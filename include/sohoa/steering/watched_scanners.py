"""The control charts of every scanner, told day after day, and kept so that they can go on from where they stood."""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from sohoa import layout, registry
from sohoa.counting.count_devices import OwnDevice
from sohoa.counting.own_days import with_owner
from sohoa.days import in_chunks
from sohoa.defects import DEFECTS
from sohoa.errors import ObjectDamaged
from sohoa.logs import get_logger
from sohoa.steering.control_charts import LEARNED_FROM, Chart, Departure, Limits, Point
from sohoa.store import ObjectInfo, Store

log = get_logger(__name__)

VOLUME = "volume"
MEASURES = (VOLUME, *DEFECTS)
"""What is watched: pages per scan day, and of each defect the share of pages that have it."""
_RULES = 1
"""Raised with every change to what a chart does: what was kept before is no use then."""
_DAYS_AT_ONCE = 64
_COLUMNS = ["scan_date", "agency", "device_id", "pages_received", "defect_pages"]


@dataclass(frozen=True)
class Incident:
    """One scanner out of its limits. Observed value and limits are those of its first day."""

    agency: str
    device_id: str | None
    measure: str
    """One of ``MEASURES``."""
    first_day: date
    last_day: date
    """The newest day out of limits."""
    closed_day: date | None
    """The scan day on which it was back in limits; None while it is open."""
    days: tuple[date, ...]
    """Scan days out of limits."""
    pages_counted: int
    """Pages with the defect; of the volume, pages."""
    sample_size: int
    """Pages; of the volume 1, the day."""
    centre: float
    """Expected pages_counted / sample_size: a share of pages; of the volume, pages per scan day."""
    lower: float
    upper: float


class _Scanner:
    """One scanner: its charts, and its newest days, from which the chart of a defect that it never had begins."""

    def __init__(self, charts: dict[str, Chart], days: Iterable[Point]) -> None:
        self.charts, self.days = charts, deque(days, LEARNED_FROM)

    def add(self, row: dict[str, Any]) -> Iterator[tuple[str, Departure]]:
        """Take the next day; yield the departures that it ends, with their measure."""
        day, pages = row["scan_date"], row["pages_received"]
        bad = {item["defect"]: item["pages"] for item in row["defect_pages"]}
        for defect in bad:
            if defect not in self.charts:  # nothing of what it was so far is out of limits
                self.charts[defect] = Chart(False, [Point(one.day, 0, one.count) for one in self.days])
        for measure, chart in self.charts.items():
            # a page of a document that is not received has defects and is not counted
            counted = (pages, 1) if measure == VOLUME else (min(bad.get(measure, 0), pages), pages)
            departure = chart.add(Point(day, *counted))
            if departure is not None:
                yield measure, departure
        self.days.append(Point(day, pages, 1))


class WatchedScanners:
    """All scanners as far as their days have been told."""

    def __init__(self, until: date = date.min) -> None:
        """Begin; of the days before ``until`` all has been told."""
        self.until = until
        self.scanners: dict[OwnDevice, _Scanner] = {}
        self.ended: list[Incident] = []

    def read(self, store: Store, days: Iterable[date]) -> None:
        """Tell of the days from ``until`` on, in their order; they must be all there are up to the last of them."""
        left = [day for day in days if day >= self.until]
        for some in in_chunks(left, _DAYS_AT_ONCE):
            self.add(store.read_table("device_daily", some, layout.DAY))

    def add(self, devices: pa.Table) -> None:
        """Tell of rows of ``device_daily`` with their path key, all later than those before."""
        rows = with_owner(devices.select(_COLUMNS), "scan_date").to_pylist()
        for row in sorted(rows, key=lambda row: row["scan_date"]):
            if row["pages_received"]:
                scanner = row["agency"], row["device_id"], row["valid_from"]
                watched = self.scanners.setdefault(scanner, _Scanner({VOLUME: Chart(is_volume=True)}, ()))
                self.ended += [_incident(scanner, *found) for found in watched.add(row)]

    def incidents(self) -> list[Incident]:
        """List all incidents, those that are open too, by first day, agency, device and measure."""
        still_open = [
            _incident(scanner, measure, chart.departure)
            for scanner, watched in self.scanners.items()
            for measure, chart in watched.charts.items()
            if chart.departure is not None
        ]
        return sorted([*self.ended, *still_open], key=_incident_order)


def load_watch(store: Store, days: Sequence[ObjectInfo], last_until: date) -> WatchedScanners:
    """Load where the charts stood, on ``last_until`` or earlier; where nothing is kept that fits, they begin anew.

    What cannot be read is as good as not kept: all that is lost is the time in which the days are told again.

    Args:
        store: the store.
        days: the objects of ``device_daily``.
        last_until: only what was told of days before this one.
    """
    if store.stat(layout.WAREHOUSE, layout.CHARTS_KEY) is None:
        return WatchedScanners()
    try:
        kept = store.get_json(layout.WAREHOUSE, layout.CHARTS_KEY)
        until = date.fromisoformat(kept["until"])
        if until > last_until or kept["told"] != _digest(days, until):
            return WatchedScanners()
        return _load(kept, until)
    except (ObjectDamaged, ValueError, TypeError, KeyError, AttributeError) as error:  # or of another shape
        log.warning("kept_charts_unreadable", key=layout.CHARTS_KEY, reason=repr(error))
        return WatchedScanners()


def _load(kept: dict[str, Any], until: date) -> WatchedScanners:
    watch = WatchedScanners(until)
    watch.ended = [_load_incident(row) for row in kept["ended"]]
    for one in kept["scanners"]:
        agency, device, valid_from = one["scanner"]
        charts = {measure: _load_chart(measure, *chart) for measure, chart in one["charts"]}
        scanner = agency, device, None if valid_from is None else date.fromisoformat(valid_from)
        watch.scanners[scanner] = _Scanner(charts, _load_points(one["days"]))
    return watch


def save_watch(
    store: Store, watch: WatchedScanners, days: Sequence[ObjectInfo], found_after: Sequence[ObjectInfo]
) -> None:
    """Keep where the charts stand on ``watch.until``.

    Args:
        store: the store.
        watch: the charts.
        days: the objects of ``device_daily`` as listed before they were read.
        found_after: as listed after that: where they differ, other objects may have been read, and nothing is kept.
    """
    if _digest(days, watch.until) != _digest(found_after, watch.until):
        return
    scanners = [
        {
            "scanner": scanner,
            "days": _points(watched.days),
            "charts": [
                (measure, (_points(chart.known), _points(chart.out), chart.opened and asdict(chart.opened)))
                for measure, chart in watched.charts.items()
            ],
        }
        for scanner, watched in watch.scanners.items()
    ]
    kept = {
        "until": watch.until, "told": _digest(days, watch.until), "scanners": scanners,
        "ended": [asdict(incident) for incident in watch.ended],
    }  # fmt: skip
    store.put(
        layout.WAREHOUSE, layout.CHARTS_KEY, json.dumps(kept, default=date.isoformat).encode(), "application/json"
    )


def _digest(days: Iterable[ObjectInfo], until: date) -> str:
    """Name what the charts were told of the days before one, and by which rules whose each scanner is."""
    told = [(info.key, info.etag) for info in days if layout.table_day(info.key) < until]
    rules = (_RULES, MEASURES, registry.agencies())
    return hashlib.sha256(repr((told, rules)).encode()).hexdigest()


def _points(points: Iterable[Point]) -> list[tuple[date, int, int]]:
    return [(point.day, point.count, point.n) for point in points]


def _load_points(rows: Iterable[tuple[str, int, int]]) -> list[Point]:
    return [Point(date.fromisoformat(day), count, n) for day, count, n in rows]


def _load_chart(measure: str, known: Any, out: Any, opened: dict[str, float] | None) -> Chart:
    limits = None if opened is None else Limits(**opened)
    return Chart(measure == VOLUME, _load_points(known), _load_points(out), limits)


def _load_incident(row: dict[str, Any]) -> Incident:
    days = {name: date.fromisoformat(row[name]) for name in ("first_day", "last_day", "closed_day")}
    return Incident(**{**row, **days, "days": tuple(map(date.fromisoformat, row["days"]))})


def _incident(scanner: OwnDevice, measure: str, found: Departure) -> Incident:
    first, days = found.points[0], tuple(point.day for point in found.points)
    limits = found.limits.centre, found.limits.lower, found.limits.upper
    return Incident(*scanner[:2], measure, first.day, days[-1], found.closed_day, days, first.count, first.n, *limits)


def _incident_order(incident: Incident) -> tuple[Any, ...]:
    return incident.first_day, incident.agency, incident.device_id or "", MEASURES.index(incident.measure)
