"""Incidents: a scanner whose defects or pages per day leave its own control limits.

Limits are those of Laney's p′ and u′ charts (D. B. Laney, Improved control charts for attributes, Quality Engineering
14(4), 2002, 531-537): those of the p and u charts, widened by how much more the days differ than chance would have it.
In place of three standard deviations stand probability limits (D. C. Montgomery, Introduction to Statistical Quality
Control, chapter 7), which also hold where defects are rare. Limits come from the newest 25 scan days in control before
the day, so what is known later changes no earlier day, and the order in which days arrive changes nothing.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from itertools import pairwise
from math import ceil, isnan, sqrt
from typing import Any

import pyarrow as pa
from scipy.special import bdtrik, pdtrik

from sohoa import layout
from sohoa.counting.count_devices import OwnDevice
from sohoa.counting.own_days import with_owner
from sohoa.days import each_day
from sohoa.defects import DEFECTS
from sohoa.logs import get_logger
from sohoa.schema import TABLES
from sohoa.store import Store

log = get_logger(__name__)

VOLUME = "volume"
MEASURES = (VOLUME, *DEFECTS)
"""What is watched: pages per scan day, and of each defect the share of pages that have it."""

_LEARNED_FROM = 25
"""Scan days behind the limits: the 20 to 25 samples of the textbook. A scanner with fewer is not judged yet."""
_TAIL = 1e-5
"""Chance that a day leaves one limit although nothing has changed. Some 230 scanners with 20 measures on 250 days are a
million charted points a year: a dozen false incidents in the whole province."""
_MOVING_RANGE = 1.128
"""Mean range of two values of a normal distribution, in standard deviations."""


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


@dataclass(frozen=True)
class Point:
    """One scan day of a chart: ``count`` in ``n``."""

    day: date
    count: int
    n: int


@dataclass(frozen=True)
class Limits:
    """What a point is held against, as count / n."""

    centre: float
    lower: float
    upper: float


def update_incidents(store: Store) -> dict[str, int]:
    """Bring the table ``incidents`` up to date with ``device_daily``: days whose incidents changed are written anew."""
    found = find_incidents(store.read_table("device_daily", name=layout.DAY))
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
    days = (info.key for info in store.list_objects(layout.WAREHOUSE, layout.table_prefix("device_daily")))
    known = [day for day in map(layout.table_day, days) if day <= last_day]
    found = find_incidents(store.read_table("device_daily", known, layout.DAY))
    return [incident for incident in found if incident.first_day >= first_day]


def find_incidents(devices: pa.Table) -> list[Incident]:
    """Find all incidents, by first day, agency, device and measure.

    Args:
        devices: rows of ``device_daily`` with their path key ``scan_date``: all scan days, in any order.
    """
    columns = ["scan_date", "agency", "device_id", "pages_received", "defect_pages"]
    series: dict[OwnDevice, list[dict[str, Any]]] = defaultdict(list)
    for row in with_owner(devices.select(columns), "scan_date").to_pylist():
        if row["pages_received"]:
            series[row["agency"], row["device_id"], row["valid_from"]].append(row)
    found = [
        Incident(agency, device_id, measure, *rest)
        for (agency, device_id, _), rows in series.items()
        for measure, points in _charts(sorted(rows, key=lambda row: row["scan_date"]))
        for rest in _walk(points, measure == VOLUME)
    ]
    return sorted(found, key=_incident_order)


def control_limits(baseline: Sequence[Point], n: int, is_volume: bool) -> Limits:
    """Compute the limits for a point of ``n``, from the points before it.

    Args:
        baseline: at least two points in control, in the order of their days.
        n: pages of the day to judge; 1 for the volume.
        is_volume: counts without an upper bound (u′) in place of shares (p′), and a lower limit too.
    """
    centre, low, high = _by_chance(sum(point.count for point in baseline), sum(p.n for p in baseline), n, is_volume)
    spread = 1.0 if is_volume else 1 - centre
    scores = [(point.count - point.n * centre) / sqrt(point.n * centre * spread) for point in baseline]
    ranges = [abs(after - before) for before, after in pairwise(scores)]
    widening = max(1.0, sum(ranges) / len(ranges) / _MOVING_RANGE)
    upper, lower = centre + widening * (high - centre), centre - widening * (centre - low)
    return Limits(centre, max(0.0, lower) if is_volume else 0.0, upper)


def _by_chance(count: int, total: int, n: int, is_volume: bool) -> tuple[float, float, float]:
    """Return centre, lower and upper limit as chance alone has them.

    Args:
        count: of all points of the baseline together.
        total: their ``n`` together.
        n: as for ``control_limits``.
        is_volume: as there.
    """
    # half a count more: a series without a defect so far must not take the first one for a change (Jeffreys)
    centre = (count + 0.5) / (total + (not is_volume))
    high = _quantile(pdtrik(1 - _TAIL, centre) if is_volume else bdtrik(1 - _TAIL, n, centre))
    low = _quantile(pdtrik(_TAIL, centre)) if is_volume else 0
    return centre, low / n, high / n


class _Baseline:
    """The newest points in control, at most ``_LEARNED_FROM``, and their sums."""

    def __init__(self, points: Sequence[Point] = ()) -> None:
        self.points = deque(points)
        self._count, self._total = sum(point.count for point in points), sum(point.n for point in points)

    def learn(self, point: Point) -> None:
        if self.is_full:
            oldest = self.points.popleft()
            self._count, self._total = self._count - oldest.count, self._total - oldest.n
        self.points.append(point)
        self._count, self._total = self._count + point.count, self._total + point.n

    @property
    def is_full(self) -> bool:
        return len(self.points) == _LEARNED_FROM

    def has_as_usual(self, point: Point, is_volume: bool) -> bool:
        """Tell whether a point is within what chance alone has, and so within its limits, which are never narrower.

        This takes a tenth of the time of the limits, and all but a few points of a year are so.
        """
        centre, low, high = _by_chance(self._count, self._total, point.n, is_volume)
        value = point.count / point.n
        return low <= centre <= high and centre - (centre - low) <= value <= centre + (high - centre)


def _quantile(value: float) -> int:
    """Return the whole number at or above; 0 where even that is likelier than asked for, which SciPy says by nan."""
    return 0 if isnan(value) else ceil(value)


def _charts(rows: list[dict[str, Any]]) -> Iterator[tuple[str, list[Point]]]:
    """Yield measure and points of one scanner's days, without defects that it never had."""
    yield VOLUME, [Point(row["scan_date"], row["pages_received"], 1) for row in rows]
    bad = [{item["defect"]: item["pages"] for item in row["defect_pages"]} for row in rows]
    for defect in sorted({name for found in bad for name in found}, key=MEASURES.index):
        # a page of a document that is not received has defects and is not counted
        counts = [min(found.get(defect, 0), row["pages_received"]) for found, row in zip(bad, rows, strict=True)]
        yield (
            defect,
            [Point(row["scan_date"], count, row["pages_received"]) for row, count in zip(rows, counts, strict=True)],
        )


def _walk(points: Iterable[Point], is_volume: bool) -> Iterator[tuple[Any, ...]]:
    """Yield the incidents of a chart: first, last and closing day, days, pages counted, sample size, centre, limits.

    Points out of limits teach nothing, unless they stay out for as long as limits are learned from: then that is how
    this scanner works now, and the incident ends.
    """
    known = _Baseline()
    out: list[Point] = []
    opened: Limits | None = None
    for point in points:
        if not known.is_full or (opened is None and known.has_as_usual(point, is_volume)):
            known.learn(point)
            continue
        limits = control_limits(known.points, point.n, is_volume)
        is_out = not limits.lower <= point.count / point.n <= limits.upper
        if is_out:
            opened = opened or limits
            out.append(point)
        if opened is not None and (not is_out or len(out) == _LEARNED_FROM):
            yield _entry(out, opened, point.day)
            known = known if not is_out else _Baseline(out)
            out, opened = [], None
        if not is_out:
            known.learn(point)
    if opened is not None:
        yield _entry(out, opened, None)


def _entry(out: list[Point], limits: Limits, closed_day: date | None) -> tuple[Any, ...]:
    first, days = out[0], tuple(point.day for point in out)
    return first.day, days[-1], closed_day, days, first.count, first.n, limits.centre, limits.lower, limits.upper


def _as_of(incident: Incident, day: date) -> Incident:
    days = tuple(found for found in incident.days if found <= day)
    closed = incident.closed_day if incident.closed_day is not None and incident.closed_day <= day else None
    return replace(incident, days=days, last_day=days[-1], closed_day=closed)


def _incident_order(incident: Incident) -> tuple[Any, ...]:
    return incident.first_day, incident.agency, incident.device_id or "", MEASURES.index(incident.measure)


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
