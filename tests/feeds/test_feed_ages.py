"""How fresh a feed is: its newest file, of whichever year, that does not wait for its correction."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from sohoa import layout
from sohoa.feeds.feed_ages import newest_files
from sohoa.imported_files import imported_days
from sohoa.settings import TIME_ZONE
from sohoa.store import Store

TODAY = datetime.now(TIME_ZONE).date()
DAYS = [date(2019, 5, 6), date(2019, 5, 7), TODAY - timedelta(2), TODAY]


def put(store: Store, source: str, *days: date) -> None:
    for day in days:
        store.put_json(layout.WAREHOUSE, layout.imported_key(f"{source}/dt={day}/{source}.csv", "e"), {})


@pytest.mark.parametrize("source", ["register", "ministry/a"])
@pytest.mark.parametrize("known", [0, 2, 4])
def test_the_newest_file_of_whichever_year(clean_store: Store, source: str, known: int) -> None:
    """A site that has stood still for years, too; a source that tells by system as well."""
    put(clean_store, source, *DAYS[:known])
    found = newest_files(clean_store)
    assert found.pop(source.partition("/")[0]) == (DAYS[known - 1] if known else None)
    assert set(found.values()) == {None}


def test_a_file_that_waits_for_its_correction_is_not_the_newest(clean_store: Store) -> None:
    put(clean_store, "portal", *DAYS)
    key = f"portal/dt={TODAY}/portal.csv"
    clean_store.put_json(layout.WAREHOUSE, layout.closed_feed_key(key), {"key": key})
    assert newest_files(clean_store)["portal"] == DAYS[-2]


def test_days_since_one_are_those_of_all_from_it_on(clean_store: Store) -> None:
    put(clean_store, "portal", *DAYS)
    for since in (*DAYS, DAYS[1] + timedelta(1), TODAY + timedelta(1)):
        assert imported_days(clean_store, "portal", since) == {day for day in DAYS if day >= since}
