"""Tables of an earlier release: days that a table by the day lacks are counted, some a run, and then never again."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from sohoa import layout
from sohoa.counting.summarise_days import count_scan_days, take_markers
from sohoa.pending import mark_scan
from sohoa.schema import TABLES
from sohoa.store import Store
from sohoa.upkeep.migrate_tables import migrate_tables
from tests.counting_cases import document, table
from tests.jobs.kills import Killed, killed_before

AGENCY = "H37.80.01"
DAY = date(2024, 4, 16)
SCHEMAS = Path(__file__).parents[1] / "data" / "schemas" / "0.1.0.json"


def scanned(name: str, accepted: int) -> dict[str, Any]:
    counts = {"pages_found": 4, "pages_accepted": accepted}
    return document(name, batch=name, device_id="S1", paper="a4", cover="matte", **counts)


def write_as_released(store: Store, day: date, accepted: int) -> None:
    """A counted day as release 0.1.0 left it: its columns alone, and no table ``pages_daily``."""
    told = json.loads(SCHEMAS.read_text(encoding="utf-8"))
    assert "pages_daily" not in told
    for name, rows in (("documents", [scanned("old", accepted)]), ("quality_daily", [])):
        columns = list(told[name]["columns"])
        old = table(name, rows).select(columns)
        about = {"schema_version": str(told[name]["schema_version"])}
        key = layout.table_key(name, day, "old" if rows else layout.DAY)
        store.put_parquet(key, old.replace_schema_metadata(about))


def counted(store: Store) -> dict[date, int]:
    return {row["scan_date"]: row["pages_accepted"] for row in store.read_table("pages_daily").to_pylist()}


def test_days_of_an_earlier_release_are_counted_the_newest_first(clean_store: Store) -> None:
    """Two a run; a day that a summary has counted is left as it is; when all is there nothing is looked for again."""
    days = [DAY - timedelta(back) for back in range(4)]
    for accepted, day in enumerate(days):
        write_as_released(clean_store, day, accepted)
    summarised = pa.Table.from_pylist([{"agency": AGENCY, "pages_accepted": 3}], TABLES["pages_daily"])
    clean_store.write_table("pages_daily", days[3], layout.DAY, summarised)
    assert migrate_tables(clean_store, 2) == 2
    assert counted(clean_store) == {days[0]: 0, days[1]: 1, days[3]: 3}
    assert clean_store.stat(layout.WAREHOUSE, layout.MIGRATED_KEY) is None
    assert migrate_tables(clean_store, 2) == 1
    assert counted(clean_store) == {day: accepted for accepted, day in enumerate(days)}
    assert clean_store.get_json(layout.WAREHOUSE, layout.MIGRATED_KEY) == {"pages_daily": 1}
    clean_store.delete(layout.WAREHOUSE, layout.table_key("pages_daily", days[0], layout.DAY))
    assert migrate_tables(clean_store) == 0


def test_a_later_shape_of_a_table_is_brought_about_again(clean_store: Store) -> None:
    """What is noted is the version, so a release that raises it begins anew."""
    write_as_released(clean_store, DAY, 2)
    clean_store.put_json(layout.WAREHOUSE, layout.MIGRATED_KEY, {"pages_daily": 0})
    assert migrate_tables(clean_store) == 1
    assert counted(clean_store) == {DAY: 2}


def test_killed_anywhere_the_next_run_goes_on(clean_store: Store) -> None:
    for accepted in (1, 2):
        write_as_released(clean_store, DAY - timedelta(accepted), accepted)
    number = 1
    while killed_before(lambda: migrate_tables(clean_store), number):
        number += 1
    assert number > 2
    assert counted(clean_store) == {DAY - timedelta(1): 1, DAY - timedelta(2): 2}


@pytest.mark.parametrize("is_killed", [False, True])
def test_a_summary_that_counts_the_day_at_the_same_moment_has_the_last_word(
    clean_store: Store, monkeypatch: pytest.MonkeyPatch, is_killed: bool
) -> None:
    """Its documents come in, and are counted, after this run has read the day and before it writes it.

    Where the run is killed right then, the next one counts the day again, though there it is.
    """
    write_as_released(clean_store, DAY, 1)
    write, late = Store.write_table, [True]

    def write_late(store: Store, name: str, *rest: Any) -> None:
        if name == "pages_daily" and late:
            late.clear()
            write(clean_store, "documents", DAY, "new", table("documents", [scanned("new", 4)]))
            mark_scan(clean_store, AGENCY, "new", DAY)
            count_scan_days(clean_store, take_markers(clean_store)["work"], {})
            write(store, name, *rest)
            if is_killed:
                raise Killed
        else:
            write(store, name, *rest)

    monkeypatch.setattr(Store, "write_table", write_late)
    if is_killed:
        with pytest.raises(Killed):
            migrate_tables(clean_store)
        assert counted(clean_store) == {DAY: 1}
    assert migrate_tables(clean_store) == 1
    assert counted(clean_store) == {DAY: 5}
    assert migrate_tables(clean_store) == 0


def test_where_nobody_knows_any_more_which_days_were_begun_all_are_counted_again(clean_store: Store) -> None:
    """A killed run wrote the older counts of days over a summary's, and its note is damaged."""
    days = [DAY, DAY - timedelta(1), DAY - timedelta(2)]
    for day in days:
        write_as_released(clean_store, day, 2)
        stale = pa.Table.from_pylist([{"agency": AGENCY, "pages_accepted": 1}], TABLES["pages_daily"])
        clean_store.write_table("pages_daily", day, layout.DAY, stale)
    clean_store.put(layout.WAREHOUSE, layout.MIGRATING_KEY, b'["2024-')
    assert [migrate_tables(clean_store, 2) for _ in range(3)] == [2, 1, 0]
    assert counted(clean_store) == dict.fromkeys(days, 2)
    assert clean_store.stat(layout.WAREHOUSE, layout.MIGRATING_KEY) is None
