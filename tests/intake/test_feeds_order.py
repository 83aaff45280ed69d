"""The register depends on what the feeds say, not on how it was delivered."""

from __future__ import annotations

from datetime import date, timedelta

from feed_rows import csv_bytes, feed_file, row
from hypothesis import given, settings
from hypothesis import strategies as st

from sohoa.intake.feed_adapters import NO_ROWS, merge_register
from sohoa.intake.feeds import read_file

FIRST = date(2024, 4, 16)
updates = st.lists(
    st.tuples(st.integers(1, 4), st.integers(0, 3), st.integers(0, 2), st.integers(1, 10)), min_size=1, max_size=12
)
"""(dossier, dt after the first, hour of NgayCapNhat, status)"""


def feed_rows(rows):
    return [row(d, NgayCapNhat=f"202404150{hour + 7}0000", TrangThaiHoSo=str(status)) for d, _, hour, status in rows]


def read_day(after: int, rows, name: str = "a.csv"):
    file = feed_file(name, FIRST + timedelta(days=after))
    return read_file(file, csv_bytes(*feed_rows(rows)), 1_000_000)[0]


def by_day(rows):
    return {after: [each for each in rows if each[1] == after] for after in {each[1] for each in rows}}


@settings(max_examples=60, deadline=None)
@given(updates, st.randoms(use_true_random=False), st.integers(1, 4))
def test_order_of_arrival_and_repetition_change_nothing(rows, random, cut):
    """Files in any order, some twice, merged all at once or in steps: the same table, byte for byte."""
    files = [read_day(after, each) for after, each in by_day(rows).items()]
    expected = merge_register(*files)
    delivered = files + random.choices(files, k=2)
    random.shuffle(delivered)
    step = merge_register(NO_ROWS, *delivered[:cut])
    assert merge_register(step, *delivered[cut:]).equals(expected)


@settings(max_examples=60, deadline=None)
@given(updates, st.integers(0, 12))
def test_splitting_a_file_changes_nothing_but_lines(rows, cut):
    """A day's rows in one file or in two: the same rows are in force, only their lines are counted anew."""
    whole, parts = [], []
    for after, each in by_day(
        list({(d, after, hour): (d, after, hour, s) for d, after, hour, s in rows}.values())
    ).items():
        whole.append(read_day(after, each))
        parts += [read_day(after, each[:cut]), read_day(after, each[cut:], "b.csv")]
    expected = merge_register(*whole).drop_columns("line")
    assert merge_register(*parts[::-1]).drop_columns("line").equals(expected)


@settings(max_examples=60, deadline=None)
@given(updates)
def test_the_row_in_force_is_the_greatest(rows):
    """An independent count: for each dossier the greatest (NgayCapNhat, dt, line), first seen on its first day."""
    expected, first = {}, {}
    for after, each in by_day(rows).items():
        for line, (dossier, _, hour, status) in enumerate(each, start=2):
            key = f"H37.81.03-240415-{dossier}"
            expected[key] = max(expected.get(key, ()), (hour, after, line, status))
            first[key] = min(first.get(key, 99), after)
    found = merge_register(*(read_day(after, each) for after, each in by_day(rows).items())).to_pylist()
    assert {r["dossier_key"]: (r["status"], r["line"]) for r in found} == {k: (v[3], v[2]) for k, v in expected.items()}
    assert {r["dossier_key"]: (r["first_seen"] - FIRST).days for r in found} == first
