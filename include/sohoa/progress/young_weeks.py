"""Which weeks are too young to be judged, and what a young week may come to.

The province's last weeks are recounted as they were known at the ages 0, 1, 2 … weeks after the newest moment (a
run-off triangle). The ratios of the rates from age to age, pooled over the weeks, say what a week of an age still has
to gain: the chain ladder of reserving for late claims (T. Mack, "Distribution-free calculation of the standard error of
chain ladder reserve estimates", ASTIN Bulletin 23, 1993), which is also how cases reported late are nowcast.
``benchmarks/mondays.py`` tests it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sohoa.counting.count_progress import MEASURES, RATES, measure_dossiers, placed_dossiers, progress_of_day
from sohoa.counting.own_days import with_valid_from
from sohoa.days import Week
from sohoa.progress.known_then import Moment, WeekRecord, read_records
from sohoa.progress.rate import rate_percent
from sohoa.store import Store, with_path_key

WEEKS = 8
"""Weeks that are looked back, and the age in weeks from which a week is taken as settled whatever came later."""
SETTLED_POINTS = 1.0
"""A week is settled once it is not expected to gain as much as this in all the time after."""
MIN_WEEKS = 4
"""Weeks with dossiers before this one below which nothing is said of how weeks go on."""
_WIDENING = 1.5
"""A rate that rises from week to week goes on otherwise than the weeks before: by what made intervals hold some four
weeks of five of a simulated province on its way from 5 to 70 %."""
Z = 1.2815515655446004  # quantile of the normal distribution that leaves 10 % on either side

Counts = tuple[int, int]
"""Numerator and denominator."""
DayCounts = npt.NDArray[np.int64]
"""Weekday × ``Counts`` and, of both, the dossiers with nothing to digitise."""


@dataclass(frozen=True)
class Estimate:
    """What the rate of a young week may come to, per cent, with an interval that should hold it in four of five."""

    low: float
    middle: float
    high: float


@dataclass(frozen=True)
class Age:
    """How a week is known, the week before at the same age, and which week is settled."""

    moment: Moment | None
    """None where the register has no dossier of the week."""
    before: pa.Table
    """Rows of ``progress_daily`` of the week before as known seven days earlier, with ``valid_from``."""
    settled: Week | None
    """The newest week that is settled; the week itself where it is old enough; None where none is yet."""
    estimate: Estimate | None
    """Of the week itself, while it is young and enough weeks lie before it."""
    run_off: tuple[tuple[DayCounts, ...], ...] = ()
    """Of the week and each one before it the province's counts at each age that it has had."""

    def is_young(self, week: Week) -> bool:
        """Tell whether a week is too young to be judged."""
        return self.settled is None or week.first > self.settled.first

    def forecast_from(self, week: Week) -> date:
        """Return the last day that a forecast made after a week rests on: young weeks would pull it down.

        It lies before all days where no week is settled, and is the week's last where the register tells nothing of it.
        """
        if self.moment is None:
            return week.last
        return date.min if self.settled is None else self.settled.last


def read_age(store: Store, week: Week) -> Age:
    """Read how a week is known and how the weeks before it went on."""
    records = read_records(store, [week.back(back) for back in range(WEEKS + 1)])
    own, before = next(records), next(records)
    moment = own.moment
    if moment is None:
        return Age(None, with_valid_from(store.read_table("progress_daily", [])), None, None)
    rows = progress_at(before, moment.earlier(1))
    if moment.last_day - week.last >= timedelta(weeks=WEEKS):
        return Age(moment, rows, week, None)
    by_day = tuple(_run_off(record, moment, back) for back, record in enumerate((own, before, *records)))
    run_off = [list(map(week_counts, ages)) for ages in by_day]
    steps = _settled_steps(run_off)
    settled = None if steps is None else week.back(steps)
    return Age(moment, rows, settled, estimate(run_off) if steps != 0 else None, by_day)


def progress_at(record: WeekRecord, moment: Moment) -> pa.Table:
    """Count a week's progress as it was known at a moment: rows of ``progress_daily`` with ``valid_from``."""
    known = record.known_at(moment)
    days = sorted(pc.unique(known["dossier_date"]).to_pylist())
    parts = [
        with_path_key("progress_daily", progress_of_day(day, rows.drop_columns("dossier_date")), day)
        for day in days
        for rows in (known.filter(pc.equal(known["dossier_date"], pa.scalar(day))),)
    ]
    none = with_path_key("progress_daily", progress_of_day(moment.register, known.slice(0, 0)), moment.register)
    return with_valid_from(pa.concat_tables([none.slice(0, 0), *parts]))


def _run_off(record: WeekRecord, moment: Moment, back: int) -> tuple[DayCounts, ...]:
    """The province's counts of one week, so many weeks old, at each age that it has had; none without dossiers."""
    if not len(record.dossiers):
        return ()
    states = [*(record.known_at(moment.earlier(weeks)) for weeks in range(back, 0, -1)), record.dossiers]
    return tuple(map(_province_counts, states))


def _province_counts(dossiers: pa.Table) -> DayCounts:
    rows = placed_dossiers(dossiers)
    found = measure_dossiers(rows)
    accepted, due = (
        found[:, MEASURES.index(name), RATES.index(("dn_and", "all"))] for name in ("accepted", "denominator")
    )
    documents = found[:, MEASURES.index("denominator"), RATES.index(("dn_store", "all"))]
    counts = np.zeros((7, 3), np.int64)
    weekdays = pc.day_of_week(rows["dossier_date"]).to_numpy()
    np.add.at(counts, weekdays, np.stack([accepted, due, due * (documents == 0)], axis=1))
    return counts


def week_counts(days: DayCounts) -> Counts:
    """Sum up the days of a week."""
    numerator, denominator, _ = days.sum(axis=0).tolist()
    return numerator, denominator


def link_ratios(run_off: list[list[Counts]]) -> list[tuple[float, float, int]]:
    """Pool how the weeks' rates went on from each age to the next.

    Args:
        run_off: of each week back (0 first) its counts at the ages 0, 1, 2 …; empty where it has no dossiers.

    Returns:
        Of each age: the ratio, its relative deviation between weeks, and the number of weeks; as far as any week tells.
    """
    found = []
    for age in range(max(map(len, run_off), default=1) - 1):
        pairs = [week[age : age + 2] for week in run_off if len(week) > age + 1 and week[age][0] and week[age + 1][1]]
        if not pairs:
            break
        then, now = ([sum(pair[at][place] for pair in pairs) for place in (0, 1)] for at in (0, 1))
        pooled = _ratio((then[0], then[1]), (now[0], now[1]))
        weights = [pair[0][0] for pair in pairs]
        squares = sum(w * (_ratio(*pair) / pooled - 1) ** 2 for w, pair in zip(weights, pairs, strict=True))
        spread = math.sqrt(squares / sum(weights) * len(pairs) / max(1, len(pairs) - 1)) if pooled else 0.0
        found.append((pooled, spread, len(pairs)))
    return found


def _ratio(then: Counts, now: Counts) -> float:
    return (now[0] / now[1]) / (then[0] / then[1])


def estimate(run_off: list[list[Counts]], back: int = 0) -> Estimate | None:
    """Estimate what a week comes to; None where too few weeks lie before the newest one.

    Args:
        run_off: as for ``link_ratios``.
        back: which week, by how many weeks it lies back.
    """
    known = link_ratios(run_off)
    now = rate_percent(*run_off[back][-1]) if run_off[back] else None
    if now is None or len(known) < MIN_WEEKS:
        return None
    middle = now * math.prod(ratio for ratio, _, _ in known[back:])
    width = math.exp(_WIDENING * Z * math.sqrt(sum(spread**2 * (1 + 1 / weeks) for _, spread, weeks in known[back:])))
    return Estimate(*(min(100.0, rate) for rate in (middle / width, middle, middle * width)))


def _settled_steps(run_off: list[list[Counts]]) -> int | None:
    """How many weeks back the newest settled week lies; None where nothing tells yet."""
    ages = len(link_ratios(run_off))
    for back in range(ages):
        expected = estimate(run_off, back)
        if expected is not None and expected.middle - (rate_percent(*run_off[back][-1]) or 0) < SETTLED_POINTS:
            return back
    return len(run_off) - 1 if run_off[-1] and ages >= MIN_WEEKS else None
