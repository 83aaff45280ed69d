"""What twelve Monday reports say of a simulated province, against the same weeks as known eight weeks later.

    .venv/bin/python -m benchmarks.mondays [SEED [COURSE]]

A rate that only rises is told by who always says that it does, so a province may take other courses, too.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from rich.console import Console
from rich.table import Table

from benchmarks.courses import BEFORE, COURSES, DOSSIERS_A_WEEK, LATER, MONDAYS, START, is_right
from benchmarks.own_store import own_store
from sohoa.days import Week
from sohoa.format_value import decimal
from sohoa.progress.week_change import HARDLY
from sohoa.progress.young_weeks import Estimate, read_age
from sohoa.report.build_report import tables_of
from sohoa.report.model import Row
from sohoa.report.sections import digitisation_rates
from sohoa.report.sections.digitisation_rates import settled_change
from sohoa.report.sections.proposals import propose
from sohoa.simulate import plan_levels
from sohoa.store import Store
from tests.province.monday_province import MondayProvince

_SEED = 3


@dataclass(frozen=True)
class Printed:
    """What a Monday's report said of its week."""

    week: Week
    naive: float | None
    """The change as reports printed it before: against the week before as known on the same Monday."""
    row: Row
    estimate: Estimate | None
    named: tuple[str, ...]
    """Units whose low rate a proposal names."""
    settled: Week | None
    change: Estimate | None
    """What the change against the week before comes to, as it says in words."""


def main(seed: int = _SEED, course: str = "rise") -> None:
    """Print the change of each Monday, as it was known eight weeks later, and how often the sign was right."""
    first = Week.of(START + timedelta(weeks=BEFORE))
    weeks = [first.back(-number) for number in range(MONDAYS)]
    last = weeks[-1].back(-LATER)
    with TemporaryDirectory() as folder, own_store() as store:
        dossiers = DOSSIERS_A_WEEK * ((last.last - START).days // 7 + 1)
        with patch.object(plan_levels, "target_share", COURSES[course]):
            province = MondayProvince(
                store, Path(folder) / "province", start=START, end=last.last, dossiers=dossiers, seed=seed
            )
        printed = []
        for week in weeks:
            province.bring(week.last, is_reconciled=False)
            printed.append(_print(store, week))
        province.bring(last.last, is_reconciled=False)
        later = {week: _rate(store, week) for week in (first.before, *weeks)}
    _show(printed, later)


def _print(store: Store, week: Week) -> Printed:
    part, age = digitisation_rates.build(store, week), read_age(store, week)
    tables = tables_of([part])
    row, then = tables["rates"].rows[0], _rate(store, week.before)
    naive = None if then is None or row["rate_percent"] is None else row["rate_percent"] - then
    named = tuple(one.who for one in propose(tables, week) if one.key == "lowest_rates")
    for line in part.message:
        print(f"{week.name}  {line}")
    return Printed(week, naive, row, age.estimate, named, age.settled, settled_change(age, week))


def _rate(store: Store, week: Week) -> float | None:
    rows = store.read_table("progress_daily", week.days).to_pylist()
    rows = [row for row in rows if (row["unit_code"], row["definition"], row["stage"]) == ("20", "dn_and", "all")]
    due = sum(row["denominator"] for row in rows)
    return 100 * sum(row["numerator"] for row in rows) / due if due else None


def _show(printed: list[Printed], later: dict[Week, float | None]) -> None:
    table = Table("week", "printed", "same age before", "change", "naive", "8 weeks later", "right", "rate", "settled")
    right = naive = held = told = said = kept = 0
    for one in printed:
        now, then, change = later[one.week], later[one.week.before], one.change
        if now is None or then is None or change is None or one.naive is None:
            table.add_row(one.week.name, *["–"] * 8)
            continue
        truth = now - then
        is_good = is_right(change.middle, truth, HARDLY)
        said, right, naive = said + 1, right + is_good, naive + is_right(one.naive, truth)
        kept += change.low <= truth <= change.high
        if one.estimate is not None:
            told, held = told + 1, held + (one.estimate.low <= now <= one.estimate.high)
        table.add_row(
            one.week.name,
            decimal(one.row["rate_percent"]),
            decimal(one.row["before_percent"]),
            _spread(change),
            decimal(one.naive),
            f"{decimal(now)} ({decimal(truth)})",
            "yes" if is_good else "no",
            _spread(one.estimate),
            one.settled.name if one.settled else "–",
        )
    Console(width=150).print(table)
    print(
        f"words right on {right} of {len(printed)} Mondays; {said} of them say a change, the others why there is none"
    )
    print(f"against the week before as known that day: {naive}")
    print(
        f"the intervals of four in five held {kept} of {said} changes and {held} of {told} rates, {LATER} weeks later"
    )
    young = [one.week.name for one in printed if one.named and (one.settled is None or one.settled == one.week)]
    print(f"reports that name a unit's rate from a week that was not settled: {young or 'none'}")


def _spread(found: Estimate | None) -> str:
    return "–" if found is None else f"{decimal(found.middle)} ({decimal(found.low)}–{decimal(found.high)})"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else _SEED, *sys.argv[2:])
