"""The ranking of a campaign's units: their rates since its start, their place, and the change against before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from sohoa import layout
from sohoa.days import each_day
from sohoa.progress.compare_periods import Comparison, Period, compare, period_before
from sohoa.registry import Campaign, find_agency, unit_at
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
        A unit for each row of progress of definition dn_and; empty before the campaign's first day is over.
    """
    period = Period(campaign.start, min(campaign.end, last_day))
    if period.days < 1:
        return []
    wanted = (pc.field("definition") == "dn_and") & (pc.field("stage") == "all")
    inside = (pc.field("dossier_date") >= period.first) & (pc.field("dossier_date") <= period.last)
    rows = progress.filter(wanted)
    sums = rows.filter(inside).group_by("unit_code", use_threads=False)
    found = sums.aggregate([("numerator", "sum"), ("denominator", "sum")]).to_pylist()
    ranks: list[UnitRank] = []
    for level in campaign.scope:
        units = [row for row in found if _level(row["unit_code"], period.last) == level]
        ranks += _rank(level, [(row, compare(rows, row["unit_code"], period, last_day)) for row in units], campaign)
    return ranks


def _rank(level: str, units: list[tuple[dict[str, int | str], Comparison]], campaign: Campaign) -> list[UnitRank]:
    rates = sorted((c.rate_percent for _, c in units if c.rate_percent is not None), reverse=True)
    found = [
        UnitRank(
            place=None if against.rate_percent is None else 1 + rates.index(against.rate_percent),
            unit_code=str(row["unit_code"]),
            level=level,
            denominator=int(row["denominator_sum"]),
            numerator=int(row["numerator_sum"]),
            rate_percent=against.rate_percent,
            is_reached=_is_reached(against.rate_percent, campaign.target_percent),
            against=against,
        )
        for row, against in units
    ]
    return sorted(found, key=lambda unit: (unit.place is None, unit.place or 0, -unit.denominator, unit.unit_code))


def _is_reached(rate: float | None, target: float | None) -> bool | None:
    return None if rate is None or target is None else rate >= target


def _level(code: str, day: date) -> str | None:
    """Return department, district or commune; a district office counts within its district."""
    unit, agency = unit_at(code, day), find_agency(code)
    if unit is not None:
        return unit.level
    return "department" if agency is not None and agency.kind == "department" else None
