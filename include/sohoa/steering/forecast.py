"""When a unit reaches the target: its weekly rates continued, with an interval, and silence where nothing can be said.

The method is the local linear trend, a structural time series model (Harvey 1989, as in statsmodels), on the logits of
the weekly rates: level and slope wander, each week is seen with noise, weeks with hardly any dossiers are missing, and
what the data leave open about level and slope widens the interval. ``benchmarks/forecast.py`` tests it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sohoa.days import ONE_DAY, Week
from sohoa.enums import ForecastReason

LEVEL = 0.8
"""Share of the futures that an interval should hold."""
MIN_WEEKS, MIN_DOSSIERS = 20, 10
"""Known weeks, and dossiers in a middling one, below which there is no forecast."""
HORIZON = 26
"""Weeks that a forecast reaches at most; never more than half of the weeks known."""
MONTH = 4
"""The target is reached with the week that closes so many in a row whose rate together is at the target."""
_MIN_IN_MONTH = MONTH - 1
"""Of these so many must be known: one may be a week of holidays."""

HISTORY = timedelta(2 * 364)
"""Days whose weekly rates a forecast rests on."""
SHOWN_WEEKS = (1, 2, 4, 8, 13, 26)
"""Weeks ahead that a table of a forecast shows."""
_Z = 1.2815515655446004  # quantile of the normal distribution that leaves 10 % on either side
_WIDENING = 1.15
"""The model knows of no campaign or breakdown to come, so its deviations are widened: by what made its 80 % intervals
hold a little over 80 % of the weeks on the seeds 1 to 4 of ``benchmarks.paths``."""
_KNOWN = 5  # a week with fewer dossiers tells nothing
_RECENT = 12
_SETTLED = 0.9
_PATHS, _SEED = 2_000, 20_240_419
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Weeks:
    """The rates of the weeks to come, 0 to 1."""

    middle: Floats
    low: Floats
    high: Floats
    paths: Floats
    """Week × path: futures drawn from the same model."""

    def after(self, count: int) -> Weeks:
        """Leave out the first weeks."""
        return Weeks(*(values[count:] for values in (self.middle, self.low, self.high, self.paths)))


@dataclass(frozen=True)
class Outlook:
    """When a unit reaches its target."""

    last_week: date | None
    """Monday of the newest week that the forecast rests on."""
    first_week: date | None
    """Monday of the first week of ``weeks``: one that is not over."""
    weeks: Weeks | None
    reached: date | None
    """Monday of the week that reaches the target, in half of the futures no later; where it is reached already, of the
    week since which every four weeks together have been at it."""
    earliest: date | None
    """In one future of ten before this; None where it lies beyond the horizon."""
    latest: date | None
    """In one future of ten after this, or never; None where it lies beyond the horizon."""
    reason: ForecastReason | None
    """Why there is no date; ``already`` where the newest weeks are at the target."""
    missing_weeks: int
    """Weeks over since ``last_week`` that tell nothing yet: without dossiers, or with hardly any finished."""


Forecast = Callable[[NDArray[np.int64], NDArray[np.int64], int], Weeks]
"""``forecast_weeks``, here or in a process of its own."""


def forecast_target(
    weekly: pa.Table, target_percent: float, last_day: date, end: date = date.max, forecast: Forecast | None = None
) -> Outlook:
    """Forecast the date at which a unit reaches its target; nothing is forecast of weeks that are over.

    Args:
        weekly: what ``rate.weekly_progress`` returns.
        target_percent: the rate to reach.
        last_day: the last day that is known whole.
        end: the unit's own last day; nothing is forecast of a unit that has ended.
        forecast: who continues the rates; None: ``forecast_weeks`` in this process.
    """
    start, numerator, denominator = _settled(weekly)
    if end <= last_day:
        return Outlook(None, None, None, None, None, None, "ended", 0)
    if start is None:
        return Outlook(None, None, None, None, None, None, "too_few_weeks", 0)
    target, last = target_percent / 100, start + timedelta(7 * (len(denominator) - 1))
    first = max(Week.of(last_day + ONE_DAY).first, last + timedelta(7))
    missing = (first - last).days // 7 - 1
    held = _held_since(numerator, denominator, target)
    if held is not None:
        return Outlook(last, first, None, start + timedelta(7 * held), None, None, "already", missing)
    horizon = min(HORIZON, len(denominator) // 2)
    reason = why_silent(denominator) or ("too_old" if missing >= horizon else None)
    if reason is not None:
        return Outlook(last, first, None, None, None, None, reason, missing)
    weeks = (forecast or forecast_weeks)(numerator, denominator, horizon)
    ahead = weeks_until(numerator, denominator, weeks.paths, target)
    earliest, middle, latest = (max(first, last + timedelta(7 * n)) if n else None for n in ahead)
    reason = None if middle else "beyond_horizon"
    return Outlook(last, first, weeks.after(missing), middle, earliest, latest, reason, missing)


def why_silent(denominator: NDArray[np.int64]) -> ForecastReason | None:
    """Say why there can be no forecast: too few weeks or too few dossiers; None where there can be one."""
    known = denominator[denominator >= _KNOWN]
    if len(known) < MIN_WEEKS:
        return "too_few_weeks"
    return "too_few_dossiers" if np.median(known) < MIN_DOSSIERS else None


def forecast_weeks(numerator: NDArray[np.int64], denominator: NDArray[np.int64], horizon: int) -> Weeks:
    """Continue weekly rates.

    Args:
        numerator: dossiers digitised, a number for each week without gaps.
        denominator: dossiers due.
        horizon: how many weeks.

    Returns:
        The rates as they would be counted in weeks of the recent size; the interval is that of ``LEVEL``.
    """
    seen = np.log((numerator + 0.5) / (denominator - numerator + 0.5))
    model = _fit(np.where(denominator >= _KNOWN, seen, np.nan))
    ahead = model.get_forecast(horizon)
    middle, due = ahead.predicted_mean, float(np.median(denominator[-_RECENT:]))
    chance = np.maximum(0, _counting_variance(middle, due) - ahead.var_pred_mean)
    spread = _Z * _WIDENING * np.sqrt(ahead.var_pred_mean + chance)
    rng = np.random.default_rng(_SEED)
    futures = model.simulate(horizon, anchor="end", repetitions=_PATHS, rng=rng).reshape(horizon, _PATHS)
    futures = futures + np.sqrt(chance)[:, None] * rng.standard_normal(futures.shape)
    futures = middle[:, None] + _WIDENING * (futures - middle[:, None])
    return Weeks(*(_rate(logits, due) for logits in (middle, middle - spread, middle + spread, futures)))


def _fit(logits: Floats) -> Any:
    """Fit the local linear trend of highest likelihood."""
    from statsmodels.tools.sm_exceptions import ConvergenceWarning  # here: importing it takes seconds
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    with warnings.catch_warnings():
        # one fit in 25 ends where the likelihood is flat to rounding errors: as good an optimum as any
        warnings.simplefilter("ignore", ConvergenceWarning)
        return UnobservedComponents(logits, "local linear trend").fit(disp=False, cov_type="none")


def _counting_variance(logits: Floats, due: float) -> Floats:
    """Return the variance of the logit of a rate that is counted in so many dossiers: no week is more certain."""
    share = _share(logits)
    return np.asarray(1 / ((due + 1) * share) + 1 / ((due + 1) * (1 - share)), np.float64)


def _share(logits: Floats) -> Floats:
    """Return the share of a logit, however far a trend has run away."""
    found: Floats = 1 / (1 + np.exp(-np.clip(logits, -30, 30)))
    return found


def _rate(logits: Floats, due: float) -> Floats:
    """Return the counted rate that has this logit: the half dossier added on each side is taken off again."""
    share = _share(logits)
    return np.clip((share * (due + 1) - 0.5) / max(due, 1), 0, 1)


def _settled(weekly: pa.Table) -> tuple[date | None, NDArray[np.int64], NDArray[np.int64]]:
    """Return first Monday, numerators and denominators without gaps, less the young weeks at the end.

    A week is young while clearly fewer of its dossiers are finished than usual: its rate will still rise.
    """
    rows = weekly.select(["first_day", "numerator", "denominator", "finished"]).to_pylist()
    rows = [row for row in rows if row["denominator"]]
    usual = np.median([row["finished"] / row["denominator"] for row in rows]) if rows else 0.0
    while rows and rows[-1]["finished"] < _SETTLED * usual * rows[-1]["denominator"]:
        rows.pop()
    if not rows:
        return None, np.zeros(0, np.int64), np.zeros(0, np.int64)
    start = rows[0]["first_day"]
    places = [(row["first_day"] - start).days // 7 for row in rows]
    counts = np.zeros((2, places[-1] + 1), np.int64)
    counts[:, places] = [[row["numerator"] for row in rows], [row["denominator"] for row in rows]]
    return start, counts[0], counts[1]


def _first_month(numerator: NDArray[Any], denominator: NDArray[Any], target: float) -> NDArray[np.int64]:
    """Find the week of each path (column) that closes the first ``MONTH`` weeks at the target; their number if none."""
    if len(numerator) < MONTH:
        return np.full(numerator.shape[1], len(numerator))
    done, due = (
        np.lib.stride_tricks.sliding_window_view(counts, MONTH, axis=0).sum(axis=-1)
        for counts in (numerator, np.broadcast_to(denominator, numerator.shape))
    )
    is_reached = (due > 0) & (done >= target * due)
    return np.where(is_reached.any(axis=0), is_reached.argmax(axis=0) + MONTH - 1, len(numerator))


def _held_since(numerator: NDArray[np.int64], denominator: NDArray[np.int64], target: float) -> int | None:
    """Find the week since which every ``MONTH`` weeks that it and later ones close are at the target; None for none.

    Weeks with too few dossiers to tell are not at it, whatever their rate.
    """
    found = None
    for last in range(len(denominator) - 1, MONTH - 2, -1):
        done, due = (counts[last - MONTH + 1 : last + 1] for counts in (numerator, denominator))
        if not _tells_enough(due) or done.sum() < target * due.sum():
            break
        found = last
    return found


def _tells_enough(due: NDArray[np.int64]) -> bool:
    """Tell whether a month has weeks and dossiers enough to say that it is at the target."""
    known = due[due >= _KNOWN]
    return len(known) >= _MIN_IN_MONTH and bool(np.median(known) >= MIN_DOSSIERS)


def weeks_until(
    numerator: NDArray[np.int64], denominator: NDArray[np.int64], paths: Floats, target: float
) -> tuple[int | None, int | None, int | None]:
    """Count the weeks until the target is reached: in one path of ten, in half of them, in nine of ten.

    Args:
        numerator: dossiers digitised in the weeks known.
        denominator: dossiers due.
        paths: what ``forecast_weeks`` drew.
        target: the rate to reach, 0 to 1.

    Returns:
        Numbers from 1; None where it takes longer than the paths are long.
    """
    due = np.median(denominator[-_RECENT:])
    done = np.concatenate([np.tile(numerator[-MONTH + 1 :, None], paths.shape[1]), paths * due])
    dues = np.concatenate([denominator[-MONTH + 1 :, None], np.full((len(paths), 1), due)])
    weeks = _first_month(done, dues, target) - (MONTH - 2)
    shares = ((1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2)
    found = [int(np.quantile(weeks, share, method="inverted_cdf")) for share in shares]
    early, middle, late = (n if n <= len(paths) else None for n in found)
    return early, middle, late
