"""Back-test of the forecast on rolling origins, against a naive drift; its seeds were not used while it was built.

The method was chosen, and its widening set, on the seeds 1 to 8 of ``paths``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.paths import Path, make_path
from sohoa.steering.forecast import HORIZON, LEVEL, MONTH, forecast_weeks, weeks_until, why_silent

SEEDS = (2024, 2025, 2026)
UNITS, ORIGINS, HORIZONS, TARGET = 40, (26, 39, 52, 65, 78), (1, 2, 4, 8, 13, 26), 0.86
_MIN_DOSSIERS = 5  # a week with fewer dossiers shows nothing
_Z = 1.2815515655446004
SIZES = ((30, "10–29 dossiers a week"), (120, "30–119"), (10**9, "120 and more"))


@dataclass(frozen=True)
class Miss:
    """One forecast week against what came."""

    method: str
    horizon: int
    size: str
    is_inside: bool
    winkler: float
    """Width of the interval plus 2 / (1 - level) times the miss, in points of the rate."""


def main() -> None:
    """Print coverage and scores by horizon and by size, and how often the date lay within its interval."""
    misses: list[Miss] = []
    dates: list[tuple[bool, bool]] = []
    silent = 0
    for seed in SEEDS:
        for number in range(UNITS):
            path = make_path(seed, number)
            for origin in ORIGINS:
                if why_silent(path.denominator[:origin]):
                    silent += 1
                    continue
                misses += _try(path, origin, dates)
    console = Console()
    console.print(_table("horizon, weeks", ((str(h), [m for m in misses if m.horizon == h]) for h in HORIZONS)))
    console.print(_table("size of the unit", ((size, [m for m in misses if m.size == size]) for _, size in SIZES)))
    console.print(f"silent (too few dossiers): {silent} of {len(SEEDS) * UNITS * len(ORIGINS)} origins")
    came = [is_inside for has_come, is_inside in dates if has_come]
    rest = [is_inside for has_come, is_inside in dates if not has_come]
    console.print(
        f"date of the target: of {len(came)} that came within the horizon {np.mean(came):.0%} in the interval;"
    )
    console.print(f"of {len(rest)} that did not, the interval left it open for {np.mean(rest):.0%}")


def _try(path: Path, origin: int, dates: list[tuple[bool, bool]]) -> Iterator[Miss]:
    """The forecasts of one origin against the weeks that follow."""
    numerator, denominator = path.numerator[:origin], path.denominator[:origin]
    horizon = min(HORIZON, origin // 2)
    weeks = forecast_weeks(numerator, denominator, horizon)
    size = next(name for limit, name in SIZES if np.median(denominator) < limit)
    intervals = {"trend": (weeks.low, weeks.high)} | _drifts(numerator, denominator, horizon)
    for method, (low, high) in intervals.items():
        for h in (h for h in HORIZONS if h <= horizon and path.denominator[origin + h - 1] >= _MIN_DOSSIERS):
            seen = path.numerator[origin + h - 1] / path.denominator[origin + h - 1]
            miss = max(0.0, low[h - 1] - seen, seen - high[h - 1])
            score = high[h - 1] - low[h - 1] + 2 / (1 - LEVEL) * miss
            yield Miss(method, h, size, miss == 0, 100 * score)
    if _months(path, 0, origin) is None:
        early, _, late = weeks_until(numerator, denominator, weeks.paths, TARGET)
        came = _months(path, origin - MONTH + 1, origin + horizon)
        after = None if came is None else came - origin + 1
        dates.append((after is not None, _lies_within(after, early, late)))


def _drifts(
    numerator: NDArray[np.int64], denominator: NDArray[np.int64], horizon: int
) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Random walks with drift (Hyndman), on logits and on the rates themselves."""
    known = np.flatnonzero(denominator >= _MIN_DOSSIERS)
    logits = np.log((numerator + 0.5) / (denominator - numerator + 0.5))
    on_logits = _drift(known, logits[known], len(numerator), horizon)
    on_rates = _drift(known, numerator[known] / denominator[known], len(numerator), horizon)
    low, high = (1 / (1 + np.exp(-bound)) for bound in on_logits)
    below, above = (np.clip(bound, 0, 1) for bound in on_rates)
    return {"drift of logits": (low, high), "drift of rates": (below, above)}


def _drift(
    weeks: NDArray[np.int64], values: NDArray[np.float64], now: int, horizon: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    gaps = np.diff(weeks)
    slope = (values[-1] - values[0]) / (weeks[-1] - weeks[0])
    errors = (np.diff(values) - slope * gaps) / np.sqrt(gaps)
    deviation = np.sqrt((errors**2).sum() / (len(errors) - 1))
    ahead = np.arange(1, horizon + 1) + now - 1 - weeks[-1]
    spread = _Z * deviation * np.sqrt(ahead * (1 + ahead / (weeks[-1] - weeks[0])))
    return values[-1] + slope * ahead - spread, values[-1] + slope * ahead + spread


def _months(path: Path, first: int, last: int) -> int | None:
    """The week before ``last`` that closes the first month at the target from ``first`` on."""
    for week in range(first + MONTH - 1, last):
        due = path.denominator[week - MONTH + 1 : week + 1].sum()
        if due and path.numerator[week - MONTH + 1 : week + 1].sum() >= TARGET * due:
            return week
    return None


def _lies_within(came: int | None, early: int | None, late: int | None) -> bool:
    """An end that is None lies beyond the horizon, and so does a target that did not come."""
    if came is None:
        return late is None
    return early is not None and early <= came and (late is None or came <= late)


def _table(name: str, rows: Iterable[tuple[str, list[Miss]]]) -> Table:
    table = Table(name, "n", "coverage", title=f"{LEVEL:.0%} interval: local linear trend against drift")
    for head in ("Winkler score", "drift of logits", "drift of rates", "ratio to the better"):
        table.add_column(head, justify="right")
    for label, misses in rows:
        by_method: dict[str, list[Miss]] = defaultdict(list)
        for miss in misses:
            by_method[miss.method].append(miss)
        own = by_method["trend"]
        scores = {method: float(np.mean([m.winkler for m in found])) for method, found in by_method.items()}
        best = min(score for method, score in scores.items() if method != "trend")
        shown = [f"{scores[method]:.1f}" for method in ("trend", "drift of logits", "drift of rates")]
        coverage = f"{np.mean([m.is_inside for m in own]):.1%}"
        table.add_row(label, str(len(own)), coverage, *shown, f"{scores['trend'] / best:.2f}")
    return table


if __name__ == "__main__":
    main()
