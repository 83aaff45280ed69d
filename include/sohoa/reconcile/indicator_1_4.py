"""Indicator 1.4 of decision 766/QĐ-TTg, dossiers synchronised with the portal: as the portal counts, and adjusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from sohoa import layout
from sohoa.days import ONE_DAY, each_day
from sohoa.enums import Basis
from sohoa.registry import asked_unit
from sohoa.store import Store

Counts = Mapping[str, int]
"""Category -> how many, of a unit over a period."""
_MONTHS, _QUARTERS = 12, 4


@dataclass(frozen=True)
class Indicator:
    """A rate with its numerator and denominator; null where nothing is known to divide by."""

    numerator: int
    """Dossiers of the province that the portal has, by the portal's NgayTiepNhan."""
    denominator: float | None
    basis: Basis | None
    """Where the denominator comes from."""

    @property
    def rate_percent(self) -> float | None:
        """The rate in per cent."""
        return 100 * self.numerator / self.denominator if self.denominator else None


def as_counted(counts: Counts, reported: int | None, last_year: float | None = None) -> Indicator:
    """Compute it as the portal does: over the larger of what the national report and the portal say was received.

    Args:
        counts: the period's counts of the unit.
        reported: dossiers received by the national report, None where there is none for the period.
        last_year: what stands for both where both are empty: last year's total by 12 for a month, by 4 for a quarter.
    """
    return _indicator(counts, {"national_report": reported, "portal": _received(counts)}, last_year)


def adjusted(counts: Counts, reported: int | None) -> Indicator:
    """Compute it without the dossiers of ministries, which the province can neither receive nor synchronise."""
    on_portal = counts.get("R5", 0)
    everywhere = on_portal + counts.get("R5_ministry", 0)
    rest = None if reported is None else max(0, reported - everywhere)
    return _indicator(counts, {"national_report": rest, "portal": _received(counts) - on_portal}, None)


def _indicator(counts: Counts, sources: Mapping[Basis, int | None], last_year: float | None) -> Indicator:
    numerator = _received(counts) - sum(counts.get(name, 0) for name in ("R2", "R3", "R5"))
    basis = max(sources, key=lambda name: sources[name] or 0)
    if sources[basis]:
        return Indicator(numerator, sources[basis], basis)
    return Indicator(numerator, last_year, "last_year" if last_year else None)


def _received(counts: Counts) -> int:
    """Count the rows of the portal that are received there, not only registered or refused."""
    return counts.get("portal", 0) - counts.get("R1", 0)


def read_indicators(store: Store, unit_code: str, start: date, end: date) -> tuple[Indicator, Indicator]:
    """Read indicator 1.4 of a unit with all below it: as the portal computes it, and adjusted for ministry dossiers.

    The unit is the one that bears the code on ``end``; what was counted and reported before it stood is not its own.

    Raises:
        InputError: no unit bears the code on ``end``.
    """
    start = max(start, asked_unit(unit_code, end).valid_from)
    counts, report = read_counts(store, unit_code, start, end), store.read_table("national_report")
    reported = reported_received(report, unit_code, start, end)
    last_year = None
    if not reported and not _received(counts):
        last_year = _share_of_last_year(store, report, unit_code, start, end)
    return as_counted(counts, reported, last_year), adjusted(counts, reported)


def read_counts(store: Store, unit_code: str, start: date, end: date) -> dict[str, int]:
    """Read category -> entries, of a unit with all below it over some days."""
    rows = store.read_table("reconciliation_daily", each_day(start, end), name=layout.DAY)
    rows = rows.filter(pc.equal(rows["unit_code"], unit_code)).group_by("category").aggregate([("entries", "sum")])
    return dict(zip(rows["category"].to_pylist(), rows["entries_sum"].to_pylist(), strict=True))


def reported_received(report: pa.Table, unit_code: str, start: date, end: date) -> int | None:
    """Sum up the dossiers received in a period by the national report; None where no rows make up exactly this period.

    Args:
        report: rows of ``national_report`` with ``dt``; of one unit and period the newest dt, then line, holds.
        unit_code: the unit.
        start: first day.
        end: last day.
    """
    rows = report.filter(pc.equal(report["unit_code"], unit_code))
    rows = rows.sort_by([("dt", "ascending"), ("line", "ascending")])
    periods = {(row["start"], row["end"]): row["dossiers_received"] for row in rows.to_pylist()}
    return _make_up(periods, start, end)


def _make_up(periods: Mapping[tuple[date, date], int], start: date, end: date) -> int | None:
    """Sum up periods that follow each other without gap from ``start`` to ``end``, the longest first."""
    first = sorted((last for begin, last in periods if begin == start and last <= end), reverse=True)
    for last in first:
        rest = 0 if last == end else _make_up(periods, last + ONE_DAY, end)
        if rest is not None:
            return periods[start, last] + rest
    return None


def _share_of_last_year(store: Store, report: pa.Table, unit_code: str, start: date, end: date) -> float | None:
    parts = _parts_of_year(start, end)
    if parts is None:
        return None
    year = date(start.year - 1, 1, 1), date(start.year - 1, 12, 31)
    if asked_unit(unit_code, end).valid_from > year[0]:
        return None  # the year belongs to another unit
    reported = reported_received(report, unit_code, *year)
    total = max(reported or 0, _received(read_counts(store, unit_code, *year)))
    return total / parts if total else None


def _parts_of_year(start: date, end: date) -> int | None:
    """Return 12 for a calendar month, 4 for a quarter, else None."""
    months = (end + ONE_DAY).month - start.month + 12 * ((end + ONE_DAY).year - start.year)
    if start.day != 1 or (end + ONE_DAY).day != 1:
        return None
    if months == 1:
        return _MONTHS
    return _QUARTERS if months == _MONTHS // _QUARTERS and start.month % 3 == 1 else None
