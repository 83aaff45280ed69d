"""Indicator 1.4: as the portal computes it and adjusted, on counts that can be checked by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from sohoa.reconcile.indicator_1_4 import adjusted, as_counted, read_counts, read_indicators, reported_received
from sohoa.schema import TABLES
from sohoa.store import Store

APRIL = date(2024, 4, 1), date(2024, 4, 30)
SECOND_QUARTER = date(2024, 4, 1), date(2024, 6, 30)
COUNTS = {"portal": 100, "province": 95, "R1": 4, "R2": 2, "R3": 3, "R4": 9, "R5": 5, "R5_ministry": 10}
"""96 received on the portal; of these 86 dossiers of the province, once each."""


def report(*rows: tuple[Any, ...]) -> pa.Table:
    """Rows of the national report for the province: dt, first day, last day, received."""
    schema = pa.schema([pa.field("dt", pa.date32()), *TABLES["national_report"]])
    names = ("dt", "start", "end", "dossiers_received")
    return pa.Table.from_pylist(
        [{**dict(zip(names, row, strict=True)), "unit_code": "20", "line": n} for n, row in enumerate(rows, 2)], schema
    )


def test_the_larger_source_is_the_denominator():
    """The national report counts what the portal lacks; without it, or where it is smaller, the portal counts."""
    official = as_counted(COUNTS, 120)
    assert (official.numerator, official.denominator, official.basis) == (86, 120, "national_report")
    assert official.rate_percent == 100 * 86 / 120
    for reported in (None, 0, 90):
        assert (as_counted(COUNTS, reported).denominator, as_counted(COUNTS, reported).basis) == (96, "portal")


def test_adjusted_leaves_the_dossiers_of_ministries_out():
    """The national report has all of them, the portal those that it has; the numerator has none and stays."""
    assert (adjusted(COUNTS, 120).numerator, adjusted(COUNTS, 120).denominator) == (86, 105)
    assert (adjusted(COUNTS, None).denominator, adjusted(COUNTS, None).basis) == (91, "portal")


def test_a_portal_without_mismatch_is_at_100():
    """All that was received was synchronised."""
    assert as_counted({"portal": 10, "province": 10}, 10).rate_percent == 100


def test_both_empty_take_last_year_or_nothing():
    """Null is not zero."""
    assert as_counted({}, None).rate_percent is None
    assert as_counted({}, None).basis is None
    found = as_counted({}, None, last_year=50.0)
    assert (found.numerator, found.denominator, found.basis, found.rate_percent) == (0, 50.0, "last_year", 0)
    assert adjusted({}, None).rate_percent is None


def test_the_newest_report_of_a_period_holds():
    """A corrected report replaces the one before it, whatever their order in the table."""
    rows = report((date(2024, 5, 9), *APRIL, 7), (date(2024, 5, 2), *APRIL, 5), (date(2024, 5, 9), *APRIL, 8))
    assert reported_received(rows, "20", *APRIL) == 8
    assert reported_received(rows, "183", *APRIL) is None


def test_months_make_up_a_quarter_where_none_is_missing():
    """Exactly the period asked for: no day twice, none left out; the row of the quarter itself goes before."""
    may, june = (date(2024, 5, 1), date(2024, 5, 31)), (date(2024, 6, 1), date(2024, 6, 30))
    dt = date(2024, 7, 2)
    months = [(dt, *APRIL, 1), (dt, *may, 2), (dt, *june, 4)]
    assert reported_received(report(*months), "20", *SECOND_QUARTER) == 7
    assert reported_received(report(*months[:2]), "20", *SECOND_QUARTER) is None
    assert reported_received(report(*months, (dt, *SECOND_QUARTER, 9)), "20", *SECOND_QUARTER) == 9
    assert reported_received(report(*months, (dt, date(2024, 4, 1), date(2024, 5, 15), 50)), "20", *SECOND_QUARTER) == 7


def write_counts(store: Store, day: date, **counts: int) -> None:
    schema = TABLES["reconciliation_daily"]
    rows = [
        {"unit_code": unit, "category": name, "entries": count, "oldest_first_seen": day, "mean_first_seen": day}
        for unit in ("20", "183")
        for name, count in counts.items()
    ]
    store.write_table("reconciliation_daily", day, "day", pa.Table.from_pylist(rows, schema))


def test_the_days_of_a_period_are_summed(clean_store: Store):
    """Only the unit and the days asked for."""
    write_counts(clean_store, date(2024, 4, 1), portal=3, R1=1)
    write_counts(clean_store, date(2024, 4, 30), portal=4)
    write_counts(clean_store, date(2024, 5, 1), portal=9)
    assert read_counts(clean_store, "20", *APRIL) == {"portal": 7, "R1": 1}
    official, other = read_indicators(clean_store, "20", *APRIL)
    assert (official.numerator, official.denominator) == (other.numerator, other.denominator) == (6, 6)


@pytest.mark.parametrize(
    ("start", "end", "denominator"),
    [
        (*APRIL, 100),
        (*SECOND_QUARTER, 300),
        (date(2024, 5, 1), date(2024, 7, 31), None),
        (date(2024, 4, 1), date(2024, 4, 29), None),
    ],
)
def test_last_year_stands_for_a_month_or_a_quarter(clean_store: Store, start: date, end: date, denominator: int | None):
    """Last year's total by 12 or by 4, and for no other period."""
    rows = report((date(2024, 1, 9), date(2023, 1, 1), date(2023, 12, 31), 1_200)).drop_columns("dt")
    clean_store.write_table("national_report", date(2024, 1, 9), "a.csv", rows)
    official, _ = read_indicators(clean_store, "20", start, end)
    assert (official.denominator, official.basis) == (denominator, "last_year" if denominator else None)
