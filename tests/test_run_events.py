"""The table of what tasks did: one row a try, whoever writes it how often; days become one object."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from sohoa import layout
from sohoa.run_events import TaskEvent, merge_events, write_event
from sohoa.store import Store
from tests.jobs.kills import killed_before

DAY = date(2024, 4, 15)
NOON = datetime(2024, 4, 15, 12)  # noqa: DTZ001 (wall clock)
EVENT = TaskEvent(
    "check_scan_batches", "manual__1", "publish_batches", "Ghi bảng", -1, 1, "done", NOON, NOON + timedelta(seconds=2),
    "published 1", None, ["2024-04-15/A-1"],
)  # fmt: skip


def keys(store: Store) -> list[str]:
    return [item.key for item in store.list_objects(layout.WAREHOUSE, layout.table_prefix("events"))]


def test_the_same_try_is_one_row(clean_store: Store) -> None:
    """Written again it takes its place; what scheduler or API server tell of it does not."""
    write_event(clean_store, replace(EVENT, told="other"))
    write_event(clean_store, EVENT)
    write_event(clean_store, replace(EVENT, told=None, task_outcome="failed", batches_written=[]), replaces=False)
    write_event(clean_store, replace(EVENT, try_number=2))
    rows = clean_store.read_table("events", [DAY]).to_pylist()
    assert sorted((row["try_number"], row["told"], row["task_outcome"]) for row in rows) == [
        (1, "published 1", "done"),
        (2, "published 1", "done"),
    ]


def test_a_day_that_is_over_becomes_one_object(clean_store: Store) -> None:
    """The rows stay, whenever a merge is killed; one of today is left alone, an old day goes."""
    for number in range(3):
        write_event(clean_store, replace(EVENT, map_index=number))
    write_event(clean_store, replace(EVENT, ended_at=NOON + timedelta(1)))
    write_event(clean_store, replace(EVENT, ended_at=NOON - timedelta(93)))
    today = DAY + timedelta(1)
    number = 1
    while killed_before(lambda: merge_events(clean_store, today), number):
        found = {row["map_index"] for row in clean_store.read_table("events", [DAY]).to_pylist()}
        assert found == {0, 1, 2}
        number += 1
    assert number > 1
    assert keys(clean_store)[0] == layout.table_key("events", DAY, layout.DAY)
    assert len(keys(clean_store)) == 2
    assert len(clean_store.read_table("events", [DAY])) == 3
    assert merge_events(clean_store, today) == 0


def test_rows_of_a_day_come_together_with_those_merged_before(clean_store: Store) -> None:
    write_event(clean_store, EVENT)
    merge_events(clean_store, DAY + timedelta(1))
    write_event(clean_store, replace(EVENT, task_id="late"))
    assert merge_events(clean_store, DAY + timedelta(1)) == 1
    assert [row["task_id"] for row in clean_store.read_table("events", [DAY]).to_pylist()] == [
        "late",
        "publish_batches",
    ]


@pytest.mark.parametrize("days", [1, 400])
def test_events_are_kept_for_a_term(clean_store: Store, days: int) -> None:
    write_event(clean_store, EVENT)
    merge_events(Store(clean_store.settings.model_copy(update={"events_days": days})), DAY + timedelta(200))
    assert bool(keys(clean_store)) is (days > 200)
