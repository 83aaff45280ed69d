"""How often a young week's change is said with its sign, in provinces on many courses.

    .venv/bin/python -m benchmarks.courses [SEED …]

The simulator's plan is counted as each Sunday would have known it, without store and jobs: seconds for a province, for
which ``benchmarks.mondays`` takes many minutes. A rate that only rises is told by who always says that it does, so
these also fall, stay, turn, and go up and down. Components, papers and exemptions are as in the end.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from sohoa.counting.count_progress import OUT_OF_SCOPE
from sohoa.days import Week
from sohoa.enums import DOCUMENT_KINDS
from sohoa.progress.week_change import HARDLY, estimate_change
from sohoa.progress.young_weeks import WEEKS, DayCounts, Estimate
from sohoa.report.sentences import UNCHANGED_POINTS
from sohoa.simulate import plan_levels
from sohoa.simulate.plan_documents import NONE, Documents
from sohoa.simulate.plan_dossiers import STATUS, Dossiers
from sohoa.simulate.simulate_province import plan_province

START, BEFORE, MONDAYS, LATER, DOSSIERS_A_WEEK = date(2023, 3, 6), 5, 12, 8, 6_000
ALL_WEEKS = BEFORE + MONDAYS + LATER
"""Weeks of the site before the first report, those with a report, and those after which the truth is known."""
SEEDS = (3, 21, 22)
COURSES: dict[str, Callable[[float], float]] = {
    "rise": plan_levels.target_share,
    "fall": lambda elapsed: 0.75 - 0.5 * elapsed,
    "level": lambda elapsed: 0.56 + 0.01 * math.sin(elapsed * ALL_WEEKS),
    "slow": lambda elapsed: 0.3 + 0.012 * elapsed * ALL_WEEKS,
    "turn": lambda elapsed: 0.15 + 0.55 * math.sin(math.pi * elapsed),
    "wave": lambda elapsed: 0.5 + 0.06 * math.sin(2 * math.pi * elapsed * ALL_WEEKS / 9),
    "steps": lambda elapsed: 0.3 + 0.04 * (elapsed * ALL_WEEKS // 3 % 5) - 0.1 * (elapsed * ALL_WEEKS >= 15),
}
"""Share of the dossiers that are digitised in the end, by the share of the days that have gone."""


def main(*seeds: int) -> None:
    """Print of each course on how many Mondays the words were right, and how many changes their intervals held."""
    table = Table("course", *(f"seed {seed}" for seed in seeds), "held", title=f"words right of {MONDAYS} Mondays")
    for name in COURSES:
        told = [list(_told(name, seed)) for seed in seeds]
        right = [sum(one is not None and is_right(one.middle, truth, HARDLY) for one, truth in some) for some in told]
        known = [(one, truth) for some in told for one, truth in some if one is not None]
        held = sum(one.low <= truth <= one.high for one, truth in known)
        table.add_row(name, *map(str, right), f"{held} of {len(known)}")
    Console().print(table)


def is_right(said: float, truth: float, unchanged: float = UNCHANGED_POINTS) -> bool:
    """Tell whether a change was said with its sign; one of up to a point may be called hardly any, a greater never.

    Args:
        said: the change as printed.
        truth: the change as known weeks later.
        unchanged: up to where the report calls a change hardly any.
    """
    if abs(truth) <= UNCHANGED_POINTS and abs(said) <= unchanged:
        return True
    return said * truth > 0 and (abs(said) > unchanged or abs(truth) <= UNCHANGED_POINTS)


def _told(course: str, seed: int) -> Iterator[tuple[Estimate | None, float]]:
    """What each Monday says the change comes to, and what it came to."""
    with patch.object(plan_levels, "target_share", COURSES[course]):
        end = START + timedelta(7 * ALL_WEEKS - 1)
        plan = plan_province(None, START, end, ALL_WEEKS * DOSSIERS_A_WEEK, seed)
    first = Week.of(START)
    weeks = [first.back(-number) for number in range(ALL_WEEKS)]
    ages = [list(_known(plan.dossiers, plan.documents, week)) for week in weeks[: BEFORE + MONDAYS]]
    for place in range(BEFORE, BEFORE + MONDAYS):
        run_off = [ages[place - back][: back + 1] for back in range(min(WEEKS, place) + 1)]
        then, now = (_rate(ages[at][LATER]) for at in (place - 1, place))
        yield estimate_change(run_off, weeks[place], weeks[place].last), now - then


def _rate(counts: DayCounts) -> float:
    numerator, denominator, _ = counts.sum(axis=0).tolist()
    return float(100 * numerator / denominator)


def _known(dossiers: Dossiers, documents: Documents, week: Week) -> Iterator[DayCounts]:
    """The counts of a week at each age up to ``LATER``."""
    day = dossiers.codes.day.astype("datetime64[D]")
    rows = np.flatnonzero((day >= week.first) & (day <= week.last) & (dossiers.exemption == "") & ~dossiers.is_void)
    place = np.full(len(dossiers), NONE)
    place[rows] = np.arange(len(rows))
    own = np.flatnonzero((documents.owner != NONE) & (place[documents.owner] != NONE))
    scans, ended = documents.take(own), _replaced_on(documents)[own]
    owner, scanned = place[scans.owner], scans.scan.astype("datetime64[D]")
    components, has_paper = dossiers.components[rows], dossiers.has_paper[rows]
    for age in range(LATER + 1):
        last = np.datetime64(week.last + timedelta(weeks=age))
        status = _status(dossiers.times[rows], last)
        is_due = ~np.isin(status, [0, *OUT_OF_SCOPE])
        is_good = (scanned <= last) & ~(ended <= last) & (scans.level >= plan_levels.ACCEPTED)
        found = [
            np.bincount(owner[is_good & (scans.kind == DOCUMENT_KINDS.index(kind))], minlength=len(rows)) > 0
            for kind in ("component", "result")
        ]
        is_done = is_due & (found[0] | (components == 0)) & (found[1] | ~has_paper)
        counts = np.zeros((7, 3), np.int64)
        is_nothing = is_due & (components == 0) & ~has_paper
        np.add.at(
            counts, (day[rows] - np.datetime64(week.first)).astype(int), np.stack([is_done, is_due, is_nothing], 1)
        )
        yield counts


def _status(times: NDArray[Any], last: np.datetime64) -> NDArray[Any]:
    """The status of each dossier at the end of a day; 0 for none yet."""
    happened = times.astype("datetime64[s]") < (last + 1).astype("datetime64[s]")
    step = happened.shape[1] - 1 - np.argmax(happened[:, ::-1], axis=1)
    return np.where(happened.any(axis=1), STATUS[step], 0)


def _replaced_on(documents: Documents) -> NDArray[Any]:
    """The day on which another scan takes the place of each one."""
    places = {name: n for n, name in enumerate(zip(documents.agency.tolist(), documents.name.tolist(), strict=True))}
    found = np.full(len(documents.name), np.datetime64("9999-01-01"))
    for number in np.flatnonzero(documents.replaces != NONE).tolist():
        before = places.get((int(documents.agency[number]), int(documents.replaces[number])))
        if before is not None:
            found[before] = min(found[before], documents.scan[number].astype("datetime64[D]"))
    return found


if __name__ == "__main__":
    main(*(map(int, sys.argv[1:]) if len(sys.argv) > 1 else SEEDS))
