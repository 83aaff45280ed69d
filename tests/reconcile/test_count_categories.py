"""Whatever each side says, every cell balances, and the counts are those of the entries."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations import reconciliation_daily
from sohoa.enums import CATEGORIES
from sohoa.jobs import check_reconciliation
from sohoa.reconcile.categories import EFFECTS
from sohoa.reconcile.count_categories import balance, count_entries
from sohoa.reconcile.ledger import ENTRY
from sohoa.registry import ancestors
from tests.reconcile.reconcile_cases import DAY, SEEN, UNIT, entries_of, in_ministry, on_portal, registered

SPELLINGS = ("H37.81.03-240415-{:04}", "000.03.81.H37-240415-{:04}", "H37.81.03-240415-{:05}")
numbers, agencies = st.integers(1, 4), st.sampled_from(["H37.81.03", "H37.81.04", "H37.60", "H37.80", "H99", None])
codes = st.builds(lambda spelling, number: spelling.format(number), st.sampled_from(SPELLINGS), numbers)
registers = st.lists(
    st.builds(
        lambda code, **rest: registered(dossier_code=code, **rest),
        codes,
        handling_agency=agencies,
        is_void=st.booleans(),
    ),
    max_size=4,
    unique_by=lambda row: int(row["dossier_code"].rpartition("-")[2]),
)
portals = st.lists(
    st.builds(
        lambda code, day, **rest: on_portal(
            dossier_code=code,
            lodged_at=day if day is None else datetime(2024, 4, 14 + day),  # noqa: DTZ001
            **rest,
        ),
        codes,
        st.one_of(st.none(), st.integers(0, 2)),
        handling_agency=agencies,
        status=st.integers(1, 10),
    ),
    max_size=8,
    unique_by=lambda row: row["dossier_code"],
)
ministries = st.lists(
    st.builds(lambda code, system: in_ministry(dossier_code=code, system=system), codes, st.sampled_from(["a", "b"])),
    max_size=4,
    unique_by=lambda row: (int(row["dossier_code"].rpartition("-")[2]), row["system"]),
)
EXCLUSIVE = ("R1", "R2", "R3", "R4", "R5", "R5_ministry")


@settings(max_examples=150, deadline=None)
@given(registers, portals, ministries)
def test_every_cell_balances(register, portal, ministry):
    """Portal − province is explained in every unit on every day, to the last dossier."""
    rows = count_entries(pa.Table.from_pylist(entries_of(register, portal, ministry), ENTRY)).to_pylist()
    cells: dict[tuple[Any, ...], dict[str, int]] = defaultdict(dict)
    for row in rows:
        cells[row["dossier_date"], row["unit_code"]][row["category"]] = row["entries"]
    for place, counts in cells.items():
        difference, explained = balance(counts)
        assert difference == explained, place


@settings(max_examples=150, deadline=None)
@given(registers, portals, ministries)
def test_each_row_of_each_side_is_counted_once(register, portal, ministry):
    """Matched, or in one of R1 to R5; nothing is lost and nothing made up."""
    found = entries_of(register, portal, ministry)
    by_category = Counter(row["category"] for row in found)
    assert by_category["portal"] == len(portal)
    assert by_category["province"] == sum(not row["is_void"] for row in register)
    alone = Counter(row["dossier_code"] for row in found if row["category"] in EXCLUSIVE)
    assert all(count == 1 for count in alone.values())
    matched = by_category["portal"] - sum(by_category[name] for name in ("R1", "R2", "R3", "R5"))
    assert matched == by_category["province"] - by_category["R4"]
    assert by_category["R7_in"] == by_category["R7_out"]
    assert by_category["R8_in"] == by_category["R8_out"]


@settings(max_examples=60, deadline=None)
@given(registers, portals, ministries, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(register, portal, ministry, random):
    """The same rows in any order are the same entries in the same order."""
    expected = entries_of(register, portal, ministry)
    for rows in (register, portal, ministry):
        random.shuffle(rows)
    assert entries_of(register, portal, ministry) == expected


def test_a_unit_counts_all_below_it():
    """A dossier of a commune is one of its district and of the province."""
    rows = count_entries(pa.Table.from_pylist(entries_of([registered()]), ENTRY)).to_pylist()
    counts = {(row["unit_code"], row["category"]): row["entries"] for row in rows}
    units = (UNIT, *ancestors(UNIT, DAY))
    assert counts == {(unit, name): 1 for unit in units for name in ("province", "R4")}
    assert len(units) == 3


def test_ages_are_of_the_earliest_and_of_the_mean():
    """Three dossiers first seen on the 16th, 17th and 19th: the mean is the 17th, rounded down."""
    seen = [SEEN, SEEN + timedelta(1), SEEN + timedelta(3)]
    rows = [registered(dossier_code=f"H37.81.03-240415-{n:04}", first_seen=day) for n, day in enumerate(seen)]
    counts = count_entries(pa.Table.from_pylist(entries_of(rows), ENTRY)).to_pylist()
    (province,) = [row for row in counts if row["unit_code"] == "20" and row["category"] == "R4"]
    assert (province["entries"], province["oldest_first_seen"], province["mean_first_seen"]) == (
        3,
        date(2024, 4, 16),
        date(2024, 4, 17),
    )


def test_no_entries_are_no_counts():
    """An empty day."""
    assert count_entries(ENTRY.empty_table()).num_rows == 0


# the gate


def counts_of(*changes: dict[str, Any]) -> pa.Table:
    """Counts of one missing dossier; the row of a category of the commune with some values changed."""
    table = count_entries(pa.Table.from_pylist(entries_of([registered()]), ENTRY), ("code_day", "dossier_date"))
    rows = table.to_pylist()
    for change in changes:
        (row,) = [r for r in rows if r["unit_code"] == UNIT and r["category"] == change["of"]]
        row.update({name: value for name, value in change.items() if name != "of"})
    return pa.Table.from_pylist(rows, table.schema)


def test_the_gate_is_open_for_counts_that_balance():
    """One dossier of the province that the portal lacks, and R4 of 1."""
    assert check_reconciliation(counts_of()) == {}
    assert check_reconciliation(counts_of().slice(0, 0)) == {}


def test_the_gate_closes_on_an_unexplained_dossier():
    """The message names the cell, and the day in the codes is the one that is not written."""
    (lines,) = check_reconciliation(counts_of({"of": "R4", "entries": 2})).values()
    assert any("explained" in line and UNIT in line for line in lines)
    assert list(check_reconciliation(counts_of({"of": "province", "entries": 2}))) == [DAY]


def test_the_gate_closes_on_unknown_categories_and_repeated_rows():
    """A category that nobody defined, a category twice, a count of nothing."""
    for change in ({"category": "R13"}, {"category": "province"}, {"entries": 0}, {"unit_code": None}):
        assert check_reconciliation(counts_of({"of": "R4", **change})), change


def test_the_suite_speaks_of_the_categories_of_the_contract():
    """Names and effects are written down twice, and are the same."""
    assert set(reconciliation_daily.CATEGORIES) == set(CATEGORIES)
    assert {name: effect for name, effect in EFFECTS.items() if effect} == reconciliation_daily.EFFECTS
