"""From a seed to a folder: decide every dossier's fate, write what would arrive, write what is true."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from sohoa import layout
from sohoa.errors import InputError
from sohoa.registry import ministry_systems
from sohoa.simulate import province_truth as truth
from sohoa.simulate.judged_rows import LEVELS
from sohoa.simulate.lateness_truth import lateness_rows
from sohoa.simulate.ministry_feeds import write_ministries, write_small_feeds
from sohoa.simulate.plan_documents import write_scans
from sohoa.simulate.plan_dossiers import TAIL_DAYS, plan_dossiers
from sohoa.simulate.portal_feed import STORED_LINK, write_portal
from sohoa.simulate.register_feed import write_register
from sohoa.simulate.seeded_draws import generator
from sohoa.simulate.spelled_codes import Offices

_MARK = "simulated-year"


@dataclass(frozen=True)
class YearTruth:
    """What is true of a simulated year; also in ``truth/`` of its folder (see ``truth``)."""

    progress: pa.Table
    reconciliation: pa.Table
    backlog: pa.Table
    lateness: pa.Table
    """At the end of the last day, 60 days after the last dossier day."""
    lateness_before: pa.Table
    """Halfway: at the end of the day ``days // 2`` after the first."""


def simulate_year(out: Path, *, year_start: date, days: int, dossiers: int, seed: int) -> YearTruth:
    """Write the feeds of the whole province and its judged documents under ``out``; the same arguments, the same bytes.

    ``feeds/`` is as in its bucket, and so are ``documents``, ``batches`` and ``reviews`` in ``warehouse/``, one object
    a scan day. ``landing/`` has one object, to which links of the portal lead.

    Args:
        out: a new or empty folder, or one that an earlier run made, which is replaced.
        year_start: first dossier day.
        days: number of dossier days; all else follows for 60 days more.
        dossiers: how many the register has in the end.
        seed: other seeds give other years.

    Raises:
        InputError: an argument cannot be used, or ``out`` holds something else.
    """
    if days < 1 or dossiers < 1:
        raise InputError("days and dossiers must be at least 1")
    _clear(out)
    feeds, start = out / layout.FEEDS, np.array(year_start, "datetime64[D]")
    offices = Offices(_chance(seed, "offices"))
    plan = plan_dossiers(offices, start, days, dossiers, _chance(seed, "plan"))
    register = write_register(feeds, offices, plan, _chance(seed, "register"))
    scans = write_scans(out / layout.WAREHOUSE, offices, plan, _chance(seed, "scans"))
    has_component = scans.components[:, LEVELS.index("accepted")] > 0
    portal = write_portal(feeds, offices, plan, register.spelling, has_component, _chance(seed, "portal"))
    systems = tuple(dict.fromkeys(system.system for system in ministry_systems()))
    ministry = write_ministries(feeds, offices, systems, plan, portal.messages, _chance(seed, "ministry"))
    targets = write_small_feeds(feeds, offices, start, days, _chance(seed, "small feeds"))
    result = out / STORED_LINK
    result.parent.mkdir(parents=True)
    result.write_bytes(b"%PDF-1.4")
    year = truth.Year(offices, plan, register, scans, portal, ministry, targets)
    last = year_start + timedelta(days + TAIL_DAYS)
    found = YearTruth(
        progress=truth.progress_rows(year),
        reconciliation=truth.reconciliation_rows(year),
        backlog=truth.backlog_rows(year),
        lateness=lateness_rows(offices, plan, last),
        lateness_before=lateness_rows(offices, plan, year_start + timedelta(days // 2)),
    )
    truth.write_truth(out / "truth", **vars(found))
    return found


def _chance(seed: int, part: str) -> np.random.Generator:
    return generator(seed, "year", part)


def _clear(out: Path) -> None:
    """An empty ``out`` with the mark of this program in it."""
    mark = out / _MARK
    if out.exists() and any(out.iterdir()) and not mark.exists():
        raise InputError(f"{out} holds something else; give a new folder")
    for part in (layout.LANDING, layout.FEEDS, layout.WAREHOUSE, "truth"):
        if (out / part).exists():
            shutil.rmtree(out / part)
    out.mkdir(parents=True, exist_ok=True)
    mark.touch()
