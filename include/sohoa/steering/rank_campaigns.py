"""The ranking of a campaign's units: their rates since its start, their place, and the change against before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from sohoa import layout
from sohoa.counting.own_days import UNIT_KEY, with_valid_from
from sohoa.days import each_day
from sohoa.progress.compare_periods import Comparison, Period, compare, own_period, period_before
from sohoa.registry import Bearer, Campaign, bearer_at
from sohoa.store import Store


@dataclass(frozen=True)
class UnitRank:
    """One unit of a campaign and its place."""

    place: int | None
    """1 for the highest rate, equal rates share it; None where nothing counts."""
    unit_code: str
    level: str
    denominator: int
    numerator: int
    rate_percent: float | None
    is_reached: bool | None
    """The rate is at the campaign's target; None where it has no target or nothing counts."""
    against: Comparison
    """The period before, where it is alike."""
    valid_from: date
    """With its code it names the unit: a code passes from one to another."""
    last_day: date | None
    """Its last day; None while it stands. An ended unit is ranked by the days that it had."""
    unit: str
    """Its name, with what follows it where it ended, and its first day where it began, within the ranking's days."""


def read_ranks(store: Store, campaign: Campaign, last_day: date) -> list[UnitRank]:
    """Read progress from the store and rank the units of a campaign up to a day."""
    period = Period(campaign.start, min(campaign.end, last_day))
    if period.days < 1:
        return []
    rows = store.read_table("progress_daily", each_day(period_before(period).first, period.last), layout.DAY)
    return rank_units(rows, campaign, last_day)


def rank_units(progress: pa.Table, campaign: Campaign, last_day: date) -> list[UnitRank]:
    """Rank the units of each level of a campaign, best first, levels in the order of its scope.

    Args:
        progress: rows of ``progress_daily`` with their path key, the period before the campaign's days included.
        campaign: the campaign.
        last_day: the last day that is known whole; a campaign that ends later is ranked up to it.

    Returns:
        Each unit that has progress of definition dn_and, those that have ended too, but no code that named nobody on
        the day, as after a correction of the registry; empty before the campaign's first day is over.
    """
    period = Period(campaign.start, min(campaign.end, last_day))
    if period.days < 1:
        return []
    wanted = (pc.field("definition") == "dn_and") & (pc.field("stage") == "all")
    inside = (pc.field("dossier_date") >= period.first) & (pc.field("dossier_date") <= period.last)
    rows = with_valid_from(progress.filter(wanted)).filter(pc.is_valid(pc.field("valid_from")))
    sums = rows.filter(inside).group_by(UNIT_KEY, use_threads=False)
    found = sums.aggregate([("numerator", "sum"), ("denominator", "sum")]).to_pylist()
    units = [(unit, row) for row in found if (unit := bearer_at(row["unit_code"], row["valid_from"])) is not None]
    ranks: list[UnitRank] = []
    for level in campaign.scope:
        peers = [
            (unit, row, compare(rows, unit.code, period, last_day, own=own_period(unit)))
            for unit, row in units
            if _level(unit) == level
        ]
        ranks += _rank(level, peers, campaign, period)
    return ranks


def _rank(
    level: str, units: list[tuple[Bearer, dict[str, int], Comparison]], campaign: Campaign, period: Period
) -> list[UnitRank]:
    rates = sorted((c.rate_percent for *_, c in units if c.rate_percent is not None), reverse=True)
    found = [
        UnitRank(
            place=None if against.rate_percent is None else 1 + rates.index(against.rate_percent),
            unit_code=unit.code,
            level=level,
            denominator=row["denominator_sum"],
            numerator=row["numerator_sum"],
            rate_percent=against.rate_percent,
            is_reached=_is_reached(against.rate_percent, campaign.target_percent),
            against=against,
            valid_from=unit.valid_from,
            last_day=unit.last_day,
            unit=unit.name_within(period.first, period.last),
        )
        for unit, row, against in units
    ]
    return sorted(found, key=lambda u: (u.place is None, u.place or 0, -u.denominator, u.unit_code, u.valid_from))


def _is_reached(rate: float | None, target: float | None) -> bool | None:
    return None if rate is None or target is None else rate >= target


def _level(unit: Bearer) -> str | None:
    """Return department, district or commune; a district office counts within its district."""
    return None if unit.level == "district" and not unit.code.isdigit() else unit.level
