"""Decisions of months that are over lie in one object a day: the same rows, for every reader at every moment."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pyarrow as pa
import pytest

from sohoa import layout
from sohoa.errors import ObjectDamaged
from sohoa.jobs.query_tables import run_query
from sohoa.schema import TABLES
from sohoa.settings import TIME_ZONE
from sohoa.store import Store, open_store
from sohoa.upkeep.merge_days import merge_days
from sohoa.web.cached_store import CachedStore
from tests.jobs.kills import killed_before
from tests.spoil import spoil

DAYS = [date(2023, 3, 6), date(2023, 3, 7), date(2023, 4, 3)]
AT = datetime(2023, 5, 1, 8, 9)  # noqa: DTZ001 (wall clock, as in all tables)


def decide(store: Store, day: date, number: int, decision: str = "waive") -> None:
    """One decision, as ``record_review`` writes it."""
    at = AT.replace(minute=number)
    row = {"agency": "H37.80.01", "batch": "b", "document_id": f"D{number}", "decision": decision, "decided_at": at}
    rows = pa.Table.from_pylist([row], schema=TABLES["reviews"])
    store.write_table("reviews", day, layout.review_name("H37.80.01", f"D{number}", at), rows)


@pytest.fixture
def decided(clean_store: Store) -> Store:
    """Five decisions about each of three days."""
    for day in DAYS:
        for number in range(5):
            decide(clean_store, day, number)
    return clean_store


def rows(store: Store) -> list[list[str]]:
    """What every reader of the product sees: read as a table, by SQL, from the cache of the pages."""
    seen = [
        store.read_table("reviews").to_pylist(),
        run_query(store, "SELECT * FROM reviews").to_pylist(),
        CachedStore(store.settings).read_table("reviews").to_pylist(),
    ]
    return [sorted(f"{row['scan_date']} {row['document_id']} {row['decision']}" for row in each) for each in seen]


def objects(store: Store) -> int:
    return len(list(store.list_objects(layout.WAREHOUSE, "reviews/")))


def later(hours: float = 0) -> datetime:
    return datetime.now(TIME_ZONE) + timedelta(hours=hours)


def test_one_object_a_day_with_the_same_rows(decided: Store) -> None:
    """Written first, the small ones deleted an hour later; done again nothing changes."""
    before = rows(decided)
    assert before[0] == before[1] == before[2] and len(before[0]) == 15
    assert merge_days(decided, later()) == 0
    assert (objects(decided), rows(decided)) == (18, before)
    assert merge_days(decided, later(2)) == 15
    assert (objects(decided), rows(decided)) == (3, before)
    assert merge_days(decided, later(4)) == 0


def test_a_month_that_is_not_over_is_left_alone(clean_store: Store) -> None:
    """Its decisions are still being made."""
    today = later().date()
    for number in range(3):
        decide(clean_store, today, number)
    merge_days(clean_store, later())
    merge_days(clean_store, later(2))
    assert objects(clean_store) == 3


def test_a_decision_that_comes_afterwards_is_seen_at_once_and_merged_too(decided: Store) -> None:
    """One more, and one in place of another of the same name."""
    merge_days(decided, later())
    merge_days(decided, later(2))
    decide(decided, DAYS[0], 7)
    expected = [*rows(decided)[0]]
    assert len(expected) == 16
    for hours in (3, 5):
        merge_days(decided, later(hours))
        assert rows(decided) == [expected] * 3
    assert objects(decided) == 3


def test_killed_anywhere_readers_see_the_same_and_the_next_run_ends_it(decided: Store) -> None:
    """Before each write and each deletion."""
    before, number = rows(decided), 1
    while killed_before(lambda: merge_days(open_store(), later(2)), number):
        assert rows(decided) == before
        number += 1
    for hours in (2, 4):
        merge_days(decided, later(hours))
    assert (objects(decided), rows(decided)) == (3, before)
    assert number > 3


def test_a_reader_who_listed_before_the_merge_reads_all(decided: Store) -> None:
    """What was listed is still there."""
    listed = [item.key for item in decided.list_objects(layout.WAREHOUSE, "reviews/")]
    merge_days(decided, later())
    assert sum(decided.get_parquet(key).num_rows for key in listed) == 15


def test_a_damaged_object_of_a_day_holds_up_no_other_and_is_named_to_who_reads_it(decided: Store) -> None:
    """A merged object beside a newer decision, a decision alone: both days wait as they are, the third is merged."""
    merge_days(decided, later())
    merge_days(decided, later(2))
    whole, alone = layout.table_key("reviews", DAYS[0], layout.DAY), layout.review_name("H37.80.01", "D9", AT)
    good = spoil(decided, whole)
    for day in DAYS:
        decide(decided, day, 9)
    good_alone = spoil(decided, key := layout.table_key("reviews", DAYS[1], alone))
    merge_days(decided, later())
    assert merge_days(decided, later(2)) == 1
    assert len(decided.read_table("reviews", DAYS[2:])) == 6
    for day, named in zip(DAYS, (whole, key), strict=False):
        with pytest.raises(ObjectDamaged, match=named):
            decided.read_table("reviews", [day])
    decided.put(layout.WAREHOUSE, whole, good)
    decided.put(layout.WAREHOUSE, key, good_alone)
    assert len(rows(decided)[0]) == 18
