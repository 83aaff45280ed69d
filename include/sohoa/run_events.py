"""The table ``events``: what each try of each task in Airflow did. A row is written as the try ends.

Each try has an object of its own, named after it, so that the same try written twice is one row and no two writers
meet. Once a day is over its objects become one.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

import pyarrow as pa

from sohoa import layout
from sohoa.enums import TaskOutcome
from sohoa.schema import TABLES
from sohoa.store import Store
from sohoa.work import digest

_KEY = ("dag_id", "run_id", "task_id", "map_index", "try_number")


@dataclass(frozen=True)
class TaskEvent:
    """One try of a task; times are local, as in all tables."""

    dag_id: str
    run_id: str
    task_id: str
    task_name: str
    map_index: int
    try_number: int
    task_outcome: TaskOutcome
    began_at: datetime | None
    ended_at: datetime
    told: str | None
    failure: str | None
    batches_written: list[str]


def write_event(store: Store, event: TaskEvent, replaces: bool = True) -> None:
    """Write the row of a try of a task.

    Args:
        store: where the table is.
        event: what happened.
        replaces: the row takes the place of one that is there; else that one stays: the task's own says more than what
            others tell of it.
    """
    row, day = asdict(event), event.ended_at.date()
    name = digest([row[column] for column in _KEY])
    if replaces or store.stat(layout.WAREHOUSE, layout.table_key("events", day, name)) is None:
        store.write_table("events", day, name, pa.Table.from_pylist([row], schema=TABLES["events"]))


def merge_events(store: Store, today: date) -> int:
    """Make one object of the events of each day that is over, and take away days older than ``settings.events_days``.

    Returns:
        How many objects were taken away.
    """
    by_day: dict[date, list[str]] = defaultdict(list)
    for info in store.list_objects(layout.WAREHOUSE, layout.table_prefix("events")):
        by_day[layout.table_day(info.key)].append(info.key)
    oldest = today - timedelta(store.settings.events_days)
    gone = [key for day, keys in by_day.items() if day < oldest for key in keys]
    for day, keys in by_day.items():
        whole = layout.table_key("events", day, layout.DAY)
        if oldest <= day < today and keys != [whole]:
            rows = pa.concat_tables(store.each(store.get_parquet, keys))
            store.write_table("events", day, layout.DAY, each_once(rows))
            gone += [key for key in keys if key != whole]
    store.each(lambda key: store.delete(layout.WAREHOUSE, key), gone)
    return len(gone)


def each_once(rows: pa.Table) -> pa.Table:
    """Return the rows with each try once, in order: a merge that was killed leaves some in two objects."""
    found = {tuple(row[column] for column in _KEY): row for row in rows.to_pylist()}
    ordered = sorted(found.values(), key=lambda row: (row["ended_at"], *(row[column] for column in _KEY)))
    return pa.Table.from_pylist(ordered, schema=rows.schema)
