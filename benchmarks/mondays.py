"""What twelve Monday reports say of a simulated province, against the same weeks as known eight weeks later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from benchmarks.own_store import own_store
from sohoa.days import Week
from sohoa.format_value import decimal
from sohoa.progress.young_weeks import Estimate, read_age
from sohoa.report.build_report import tables_of
from sohoa.report.model import Row
from sohoa.report.sections import digitisation_rates
from sohoa.report.sections.digitisation_rates import unchanged_points
from sohoa.report.sections.proposals import propose
from sohoa.report.sentences import UNCHANGED_POINTS
from sohoa.store import Store
from tests.province.monday_province import MondayProvince

_START, _MONDAYS, _LATER, _DOSSIERS_A_WEEK, _SEED = date(2023, 3, 6), 12, 8, 6_000, 3
_BEFORE = 5
"""Weeks of the site before the first report."""


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
    unchanged: float
    """A change up to this is called hardly any in it."""


def main() -> None:
    """Print the change of each Monday, as it was known eight weeks later, and how often the sign was right."""
    first = Week.of(_START + timedelta(weeks=_BEFORE))
    weeks = [first.back(-number) for number in range(_MONDAYS)]
    last = weeks[-1].back(-_LATER)
    with TemporaryDirectory() as folder, own_store() as store:
        dossiers = _DOSSIERS_A_WEEK * ((last.last - _START).days // 7 + 1)
        province = MondayProvince(
            store, Path(folder) / "province", start=_START, end=last.last, dossiers=dossiers, seed=_SEED
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
    named = tuple(one.who for one in propose(tables) if one.key == "lowest_rates")
    for line in part.message:
        print(f"{week.name}  {line}")
    counts = row["rate_percent"], row["before_percent"], row["denominator"]
    unchanged = 0.0 if None in counts else unchanged_points(age, *counts)
    return Printed(week, naive, row, age.estimate, named, age.settled, unchanged)


def _rate(store: Store, week: Week) -> float | None:
    rows = store.read_table("progress_daily", week.days).to_pylist()
    rows = [row for row in rows if (row["unit_code"], row["definition"], row["stage"]) == ("20", "dn_and", "all")]
    due = sum(row["denominator"] for row in rows)
    return 100 * sum(row["numerator"] for row in rows) / due if due else None


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


def _show(printed: list[Printed], later: dict[Week, float | None]) -> None:
    table = Table(
        "week", "printed", "same age before", "change", "naive", "8 weeks later", "right", "estimate", "settled"
    )
    right = by_point = naive = held = told = said = 0
    for one in printed:
        now, then, change = later[one.week], later[one.week.before], one.row["change_points"]
        if now is None or then is None or change is None or one.naive is None:
            table.add_row(one.week.name, *["–"] * 8)
            continue
        truth = now - then
        said += 1
        right += is_right(change, truth, one.unchanged)
        by_point += is_right(change, truth)
        naive += is_right(one.naive, truth)
        if one.estimate is not None:
            told, held = told + 1, held + (one.estimate.low <= now <= one.estimate.high)
        figures = (one.row["rate_percent"], one.row["before_percent"], change, one.naive)
        table.add_row(
            one.week.name,
            *map(decimal, figures),
            f"{decimal(now)} ({decimal(truth)})",
            "yes" if is_right(change, truth, one.unchanged) else "no",
            _spread(one.estimate),
            one.settled.name if one.settled else "–",
        )
    Console(width=150).print(table)
    print(
        f"words right on {right} of {len(printed)} Mondays; {said} of them say a change, the others why there is none"
    )
    print(f"were every change of up to a point called hardly any: {by_point}")
    print(f"against the week before as known that day: {naive}")
    print(f"the interval of four in five held {held} of {told} weeks as known {_LATER} weeks later")
    young = [one.week.name for one in printed if one.named and (one.settled is None or one.settled == one.week)]
    print(f"reports that name a unit's rate from a week that was not settled: {young or 'none'}")


def _spread(found: Estimate | None) -> str:
    return "–" if found is None else f"{decimal(found.middle)} ({decimal(found.low)}–{decimal(found.high)})"


if __name__ == "__main__":
    main()
