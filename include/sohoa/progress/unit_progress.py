"""The progress of one unit over a period, as it is shown: sums by day, week or month, rates, score, way to target."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sohoa import layout
from sohoa.counting.count_backlog import backlog_of
from sohoa.counting.count_progress import MEASURES
from sohoa.days import each_day
from sohoa.errors import InputError
from sohoa.progress.carry_forward import UnitKey, find_place, progress_on_map, unit_name, unit_on_map
from sohoa.progress.compare_periods import ALL_DAYS, Period, own_period
from sohoa.progress.rate import progress_share, rate_percent, score_766
from sohoa.registry import PROVINCE, Bearer, asked_unit, leaf_unit, owner_at, unit_at
from sohoa.settings import Settings
from sohoa.store import Store

_DEFAULT_WEEKS = 12
_DAYS_UNTIL, _WEEKS_UNTIL = 14, 112
"""Periods up to so many days are shown by day, by week; longer ones by month."""


_BACKLOG_COUNTS = ("denominator", "declared", "received", "accepted", "waived")


@dataclass(frozen=True)
class ProgressQuery:
    """Which figure is asked for."""

    unit_code: str
    definition: str
    stage: str
    map_day: date | None
    """One of ``carry_forward.map_dates``; None for the map of each dossier's own day."""

    def unit_on(self, day: date) -> Bearer:
        """Return the unit: of the map, or the one that bears the code on the last day asked for.

        An office is on every map, and is the one that bears the code on that day, or last bore it.

        Raises:
            InputError: none does.
        """
        if self.map_day is None:
            return asked_unit(self.unit_code, day, has_map=True)
        return unit_on_map(self.unit_code, self.map_day, day)

    def name_on(self, day: date) -> str:
        """Return the name of ``unit_on`` a day; an office that has ended by then is named with its last day.

        Raises:
            InputError: as ``unit_on``.
        """
        return self.unit_on(day).name if self.map_day is None else unit_name(self.unit_code, self.map_day, day)

    def first_day(self, start: date, end: date) -> date:
        """Return the first day from ``start`` on that is the unit's own; with a map all days are."""
        return max(start, self.unit_on(end).valid_from) if self.map_day is None else start

    def own_days(self, day: date) -> Period:
        """Return the days of ``unit_on`` a day: with a map all days are, but of an office, which ends on any."""
        unit = self.unit_on(day)
        is_of_map = self.map_day is not None and unit_at(unit.code, unit.valid_from) is not None
        return ALL_DAYS if is_of_map else own_period(unit)

    def key_on(self, day: date) -> UnitKey:
        """Return code and first day of ``unit_on`` a day, the last day asked for."""
        return self.unit_code, self.unit_on(day).valid_from

    def counts(self, leaf: str, day: date, end: date) -> bool:
        """Tell whether what lies in a leaf unit of a day is counted here, ``end`` being the last day asked for."""
        place = find_place(self.key_on(end), leaf, day, self.map_day)
        return place is not None and place.is_counted


@dataclass(frozen=True)
class Figure:
    """The sums of one period; rates in per cent, None where nothing counts."""

    first_day: date
    last_day: date
    denominator: int
    declared: int
    received: int
    accepted: int
    """The numerator."""
    waived: int
    finished: int
    rate_percent: float | None
    """accepted / denominator."""
    received_percent: float | None
    """The official figure, which counts files only: received / denominator."""
    score_766: float | None
    target_share: float | None
    """Way from the baseline (0) to the target (1)."""
    is_approximate: bool


def newest_day(store: Store) -> date:
    """Return the newest dossier day that has progress.

    Raises:
        InputError: there is none yet.
    """
    keys = [item.key for item in store.list_objects(layout.WAREHOUSE, layout.table_prefix("progress_daily"))]
    if not keys:
        raise InputError("there is no progress yet: run `sohoa run summarise`, or let summarise_progress run")
    return layout.table_day(keys[-1])


def default_start(end: date) -> date:
    """Return the Monday from which the default period runs: 12 ISO weeks, that of ``end`` among them."""
    return end - timedelta(end.weekday() + 7 * (_DEFAULT_WEEKS - 1))


def shown_start(store: Store, end: date) -> date:
    """Return the Monday from which days until ``end`` are shown: of the default period, none before all progress."""
    start, prefix = default_start(end), layout.table_prefix("progress_daily")
    oldest = next((layout.table_day(item.key) for item in store.list_objects(layout.WAREHOUSE, prefix, most=1)), start)
    return max(start, oldest - timedelta(oldest.weekday())) if oldest <= end else start


def read_days(store: Store, query: ProgressQuery, start: date, end: date) -> pa.Table:
    """Read the query's rows by day, with ``is_approximate``; only the objects of these days are read.

    Without a map the unit is the one that bears the code on ``end``: days before it stood are not its days.

    Raises:
        InputError: no unit bears the code, or the map cannot show these days.
    """
    query.name_on(end)
    start = query.first_day(start, end)
    rows = store.read_table("progress_daily", each_day(start, end), name=layout.DAY)
    is_asked = pc.and_(pc.equal(rows["definition"], query.definition), pc.equal(rows["stage"], query.stage))
    if query.map_day is None:
        rows = rows.filter(pc.and_(is_asked, pc.equal(rows["unit_code"], query.unit_code)))
        return rows.append_column("is_approximate", pa.array([False] * len(rows), pa.bool_()))
    return progress_on_map(rows.filter(is_asked), query.map_day, query.key_on(end))


def by_period(rows: pa.Table, start: date, end: date, step: str, settings: Settings) -> list[Figure]:
    """Sum up by period.

    Args:
        rows: what ``read_days`` returns.
        start: first day.
        end: last day.
        step: day | week (Monday to Sunday) | month | all.
        settings: baseline, target and points.

    Returns:
        One figure a period in order, also for one without dossiers; the days asked for may cut the first and last.
    """
    days = rows.select(["dossier_date", *MEASURES, "is_approximate"]).to_pylist()
    found = []
    for first, last in _periods(start, end, step):
        inside = [day for day in days if first <= day["dossier_date"] <= last]
        sums = {name: sum(day[name] for day in inside) for name in MEASURES}
        found.append(make_figure(first, last, sums, any(day["is_approximate"] for day in inside), settings))
    return found


def steps(start: date, end: date) -> tuple[str, str]:
    """Choose how a period is shown: step of the table, and the finer step of the sparkline."""
    length = (end - start).days + 1
    if length <= _DAYS_UNTIL:
        return "day", "day"
    return ("week", "day") if length <= _WEEKS_UNTIL else ("month", "week")


def count_electronic_results(store: Store, query: ProgressQuery, start: date, end: date) -> int:
    """Count the dossiers of a period whose result the portal links to; this is never a rate.

    Both spellings of a code are one dossier. It lies in the register's unit, as in every rate; what is void there or
    unknown is not counted.
    """
    days = each_day(query.first_day(start, end), end)
    portal, register = (store.read_table(table, days, name=layout.DAY) for table in ("portal", "register"))
    linked = portal.filter(pc.greater(pc.utf8_length(pc.fill_null(portal["result_link"], "")), 0))["dossier_key"]
    is_counted = pc.and_(pc.is_in(register["dossier_key"], linked.combine_chunks()), pc.invert(register["is_void"]))
    owners = register.filter(is_counted).group_by(["unit_code", "dossier_date"]).aggregate([("dossier_key", "count")])
    return sum(
        number
        for leaf, day, number in zip(*(column.to_pylist() for column in owners.columns), strict=True)
        if query.counts(leaf, day, end)
    )


@dataclass(frozen=True)
class BacklogFigure:
    """The backlog of one agency up to a day; the denominator is None where the agency never said."""

    agency: str
    valid_from: date | None
    """With its code it names the agency; None for the sum of several."""
    denominator: int | None
    declared: int
    received: int
    accepted: int
    waived: int
    is_approximate: bool
    """Its commune was split since: some of it may belong to another unit of the map, or that other's to this one."""

    @property
    def rate_percent(self) -> float | None:
        """Accepted / denominator."""
        return rate_percent(self.accepted, self.denominator or 0)

    @property
    def received_percent(self) -> float | None:
        """Received / denominator."""
        return rate_percent(self.received, self.denominator or 0)


def read_backlog(store: Store, query: ProgressQuery, end: date) -> list[BacklogFigure]:
    """Read the backlog so far of each agency of a unit.

    The province's is that of every agency that ever said or scanned anything, whatever became of it: a new map takes
    nothing away. An agency of a split commune that is counted elsewhere, and part of which came here, is there with 0
    and marked.

    Args:
        store: the store.
        query: its map must be given, since days of all maps add up.
        end: the last day.

    Raises:
        InputError: no unit bears the code, or the map is older than an agency's unit.
    """
    unit = query.key_on(end)
    rows = backlog_of(_until(store, "backlog_documents", end), _until(store, "backlog", end))
    found = []
    for row in rows.sort_by([("last_day", "descending")]).to_pylist():  # the youngest first, as in progress_on_map
        day = _own_day(row["agency"], row.pop("last_day"))
        if query.unit_code == PROVINCE:
            found.append(BacklogFigure(**row, is_approximate=False))
            continue
        leaf = leaf_unit(row["agency"], None, day)
        place = None if leaf is None else find_place(unit, leaf, day, query.map_day)
        if place is not None:
            counts = row if place.is_counted else row | dict.fromkeys(_BACKLOG_COUNTS, 0)
            found.append(BacklogFigure(**counts, is_approximate=place.is_approximate))
    return sorted(found, key=lambda figure: (figure.agency, figure.valid_from or date.min))


def _own_day(agency: str, day: date) -> date:
    """Return the nearest day on which the agency whose day this is stood."""
    owner = owner_at(agency, day)
    return day if owner is None else max(owner.valid_from, min(day, owner.last_day or day))


def sum_backlog(figures: list[BacklogFigure]) -> BacklogFigure:
    """Sum up the agencies that said what they have to digitise; the scans of the others are left out, too."""
    known = [figure for figure in figures if figure.denominator is not None]
    sums = {name: sum(getattr(figure, name) for figure in known) for name in _BACKLOG_COUNTS}
    return BacklogFigure("", None, **sums, is_approximate=any(figure.is_approximate for figure in figures))


def _until(store: Store, table: str, end: date) -> pa.Table:
    keys = [item.key for item in store.list_objects(layout.WAREHOUSE, layout.table_prefix(table))]
    return store.read_table(table, {day for day in map(layout.table_day, keys) if day <= end})


def make_figure(first: date, last: date, sums: dict[str, Any], is_approximate: bool, settings: Settings) -> Figure:
    """Make a figure from the sums of a period (``MEASURES``)."""
    rate = rate_percent(sums["accepted"], sums["denominator"])
    return Figure(
        first,
        last,
        **sums,
        rate_percent=rate,
        received_percent=rate_percent(sums["received"], sums["denominator"]),
        score_766=score_766(rate, settings.points_766_digitised),
        target_share=progress_share(rate, settings.baseline_percent, settings.target_percent),
        is_approximate=is_approximate,
    )


def _periods(start: date, end: date, step: str) -> Iterator[tuple[date, date]]:
    while start <= end:
        last = {
            "day": start,
            "week": start + timedelta(6 - start.weekday()),
            "month": (start.replace(day=1) + timedelta(31)).replace(day=1) - timedelta(1),
            "all": end,
        }[step]
        yield start, min(last, end)
        start = last + timedelta(1)
