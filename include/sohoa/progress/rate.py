"""Rates against the published baseline and target, by week and by unit.

Baseline and target are published figures of unknown definition: lines to compare with, never recomputed.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

FULL_POINTS_PERCENT = 80.0
"""Rate from which decision 766/QĐ-TTg gives full points, per cent."""

_COUNTS = ("numerator", "denominator", "received", "finished")


def rate_percent(numerator: int, denominator: int) -> float | None:
    """Return the rate in per cent, None where the denominator is 0."""
    return 100 * numerator / denominator if denominator else None


def progress_share(rate: float | None, baseline: float, target: float) -> float | None:
    """Compute how far a rate has come from the baseline (0) to the target (1); None where it is not known."""
    return None if rate is None else (rate - baseline) / (target - baseline)


def score_766(rate: float | None, maximum: float) -> float | None:
    """Compute the points of decision 766/QĐ-TTg: ``maximum`` from 80 %, below that rate × maximum / 80 %.

    Args:
        rate: per cent; None gives None.
        maximum: the most points this indicator gives.
    """
    return None if rate is None else min(rate, FULL_POINTS_PERCENT) * maximum / FULL_POINTS_PERCENT


def weekly_progress(progress: pa.Table, unit_code: str, definition: str = "dn_and", stage: str = "all") -> pa.Table:
    """Sum up one unit's progress by ISO week, Monday to Sunday.

    Args:
        progress: rows of ``progress_daily`` with their path key ``dossier_date``.
        unit_code: the unit.
        definition: the definition.
        stage: its stage.

    Returns:
        week (as 2024-W15), first_day (its Monday), the sums numerator, denominator, received and finished over the days
        that have rows, and rate_percent (null where the denominator is 0), by week.
    """
    rows = _select(progress, definition, stage)
    rows = rows.filter(pc.equal(rows["unit_code"], unit_code))
    monday = pc.floor_temporal(rows["dossier_date"], unit="week", week_starts_monday=True)
    sums = _sum_counts(rows.append_column("first_day", monday), ["first_day"]).sort_by("first_day")
    return sums.add_column(0, "week", pc.strftime(sums["first_day"], "%G-W%V"))


def _select(progress: pa.Table, definition: str, stage: str) -> pa.Table:
    wanted = pc.and_(pc.equal(progress["definition"], definition), pc.equal(progress["stage"], stage))
    return progress.filter(wanted)


def _sum_counts(rows: pa.Table, keys: list[str]) -> pa.Table:
    sums = rows.group_by(keys, use_threads=False).aggregate([(name, "sum") for name in _COUNTS])
    sums = sums.rename_columns([*keys, *_COUNTS])
    pairs = zip(sums["numerator"].to_pylist(), sums["denominator"].to_pylist(), strict=True)
    return sums.append_column("rate_percent", pa.array([rate_percent(*pair) for pair in pairs], pa.float64()))
