"""Reads from the store what steering needs: outlook and pace of a unit, standings, silent agencies, equipment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pyarrow.compute as pc

from sohoa import layout
from sohoa.counting.count_devices import DirtyGlass, dirty_glass
from sohoa.days import each_day
from sohoa.progress.compare_periods import Comparison, Period, compare, period_before
from sohoa.progress.rate import weekly_progress
from sohoa.progress.unit_progress import Question, read_days
from sohoa.registry import Campaign
from sohoa.steering.agency_activity import Freshness, freshness
from sohoa.steering.forecast import Outlook, outlook
from sohoa.steering.rank_campaigns import Standing, rank_units
from sohoa.steering.scanner_capacity import Capacity, LargeFormatNeed, capacity, large_format_needs
from sohoa.steering.target_line import Pace, Path, pages_per_dossier, required_pace
from sohoa.store import Store

_HISTORY = timedelta(2 * 364)
"""Days whose weekly rates a forecast rests on."""
_SCANS = timedelta(56)
"""Scan days from which the pages of a dossier are taken."""
_WAITING = timedelta(364)
"""How long a dossier can wait before it is given up."""


@dataclass(frozen=True)
class Prospect:
    """A unit on its way to the target."""

    outlook: Outlook
    pace: Pace
    last_week: Comparison
    """The last whole ISO week against the one before."""


@dataclass(frozen=True)
class Equipment:
    """What the scanners of some days tell."""

    dirty_glass: list[DirtyGlass]
    capacity: list[Capacity]
    large_format: list[LargeFormatNeed]


def read_prospect(store: Store, question: Question, path: Path, last_day: date) -> Prospect:
    """Where a unit stands on its path on a day, and when it will arrive.

    Args:
        store: the store.
        question: the unit and the definition, one that counts dossiers.
        path: from where to where.
        last_day: the last day that is known whole.
    """
    start = min(last_day - _HISTORY, path.start)
    rows = read_days(store, question, start - timedelta(start.weekday()), last_day)
    asked = question.unit_code, question.definition, question.stage
    whole_weeks = last_day - timedelta(last_day.isoweekday() % 7)  # the last Sunday
    week = Period(whole_weeks - timedelta(6), whole_weeks)
    scans = store.read_table("documents", each_day(last_day - _SCANS, last_day))
    pages = pages_per_dossier(scans, question.unit_code)
    weekly = weekly_progress(rows.filter(pc.field("dossier_date") <= whole_weeks), *asked)
    return Prospect(
        outlook(weekly, path.target_percent),
        required_pace(rows, question.unit_code, path, last_day, pages, question.definition, question.stage),
        compare(rows, question.unit_code, week, last_day, question.definition, question.stage),
    )


def read_standings(store: Store, campaign: Campaign, last_day: date) -> list[Standing]:
    """How the units of a campaign stand on a day."""
    period = Period(campaign.start, min(campaign.end, last_day))
    if period.days < 1:
        return []
    rows = store.read_table("progress_daily", each_day(period_before(period).first, period.last), layout.DAY)
    return rank_units(rows, campaign, last_day)


def read_freshness(store: Store, day: date) -> list[Freshness]:
    """What each agency did on a day, and what of it waits."""
    days = each_day(day - _WAITING, day)
    dossiers = store.read_table("dossiers", days, layout.DAY)
    return freshness(dossiers, store.read_table("batches", days), store.read_table("notices"), day)


def read_equipment(store: Store, first: date, last: date) -> Equipment:
    """What the scanners did from ``first`` to ``last``, and what waits on the last day."""
    devices = store.read_table("device_daily", each_day(first, last), layout.DAY)
    documents = store.read_table("documents", each_day(first, last))
    waiting = read_freshness(store, last)
    return Equipment(dirty_glass(devices), capacity(devices, waiting), large_format_needs(documents, devices))
