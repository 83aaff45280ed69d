"""Answers that are kept on this machine: what they were found from names them, and a restart finds none anew."""

from __future__ import annotations

import os
import time
from datetime import date, datetime
from pathlib import Path

import pytest

from sohoa import layout
from sohoa.pending import mark_unreconciled
from sohoa.progress import young_weeks
from sohoa.reconcile.known_days import read_known_days
from sohoa.registry import PROVINCE
from sohoa.store import Store
from sohoa.web import kept_answers, listing
from sohoa.web.cached_store import CachedStore
from sohoa.web.kept_answers import KeptAnswers
from tests.web.conftest import END, Province
from tests.web.pages_server import open_pages

SCANNED = date(2023, 3, 20)


def test_an_answer_is_found_once_for_its_name_and_kept_over_a_restart(tmp_path: Path) -> None:
    asked: list[str] = []

    def find(told: str) -> list[str]:
        asked.append(told)
        return [told]

    for _ in ("start", "restart"):
        answers = KeptAnswers(tmp_path)
        assert answers.get(("version 1", 7), lambda: find("one")) == ["one"]
        assert answers.get(("version 2", 7), lambda: find("other")) == ["other"]
    assert asked == ["one", "other"]


@pytest.mark.parametrize("text", ["", '["hal'])
def test_half_an_answer_is_none(tmp_path: Path, text: str) -> None:
    """The disk was full, or the machine stopped."""
    KeptAnswers(tmp_path).get(("a",), lambda: 1)
    (file,) = tmp_path.glob("*.json")
    file.write_text(text, encoding="utf-8")
    assert KeptAnswers(tmp_path).get(("a",), lambda: 2) == 2
    assert KeptAnswers(tmp_path).get(("a",), lambda: 3) == 2


def test_what_nobody_asked_for_longest_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_answers, "MOST", 2)
    answers = KeptAnswers(tmp_path)
    for number in range(2):
        answers.get((number,), lambda: "first")
    for file in tmp_path.glob("*.json"):
        os.utime(file, (1, 1))
    answers.get((0,), lambda: "again")
    answers.get((2,), lambda: "first")
    assert [answers.get((number,), lambda: "again") for number in (0, 2, 1)] == ["first", "first", "again"]


def test_servers_that_share_a_folder_do_not_fail_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forked servers, whose threads have the same numbers, write the same answers and make room at the same time."""
    monkeypatch.setattr(kept_answers, "MOST", 20)
    servers = []
    for own in range(2):
        server = os.fork()
        if server == 0:
            status = 70
            try:
                answers = KeptAnswers(tmp_path)
                for number in range(300):
                    assert answers.get((number,), lambda number=number: number) == number
                    assert answers.get((own, number), lambda number=number: number) == number
                status = 0
            finally:
                os._exit(status)
        servers.append(server)
    assert [os.WEXITSTATUS(os.waitpid(server, 0)[1]) for server in servers] == [0, 0]


def test_a_restart_recounts_no_week_for_the_forecast_of_any_unit(
    province: Province, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which weeks are settled is kept, and is the same for all units; new dossiers are looked at again."""
    recounted: list[str] = []
    read = young_weeks.read_age

    def note(store: Store, week: young_weeks.Week) -> young_weeks.Age:
        recounted.append(week.name)
        return read(store, week)

    monkeypatch.setattr(young_weeks, "read_age", note)
    address = f"/progress/trend.json?end={END}&forecast=1"
    charts = []
    for units in (("20",), ("20", "H37.60")):
        pages = open_pages(province.store, tmp_path)
        charts += [pages.get(f"{address}&unit={unit}").json() for unit in units]
        pages.close()
    assert charts[0] == charts[1] != charts[2] and "outlook" in charts[0]
    assert len(recounted) == 1
    key = next(iter(province.store.list_objects(layout.WAREHOUSE, layout.table_prefix("dossiers"), most=1))).key
    rows = province.store.get_parquet(key)
    province.store.put_parquet(key, rows.slice(0, len(rows) - 1))
    pages = open_pages(province.store, tmp_path)
    pages.get(address)
    pages.close()
    province.store.put_parquet(key, rows)
    assert len(recounted) == 2


def test_what_is_kept_rests_on_batches_as_new_as_the_dossiers(
    province: Province, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that runs has an older listing of them, which lacks what came since: when is told by no other table."""
    seen: list[list[datetime]] = []
    read = young_weeks.read_age

    def note(store: Store, week: young_weeks.Week) -> young_weeks.Age:
        seen.append(store.read_table("batches", [SCANNED])["received_at"].to_pylist())
        return read(store, week)

    monkeypatch.setattr(young_weeks, "read_age", note)
    monkeypatch.setattr(listing, "FRESH_SECONDS", 0)
    store, address = province.store, f"/progress/trend.json?end={END}&forecast=1"
    dossiers = next(iter(store.list_objects(layout.WAREHOUSE, layout.table_prefix("dossiers"), most=1))).key
    batches = layout.table_key("batches", SCANNED, layout.DAY)
    before = {key: store.get_parquet(key) for key in (dossiers, batches)}
    store.delete(layout.WAREHOUSE, batches)
    store.put_parquet(dossiers, before[dossiers].slice(1))
    pages = open_pages(store, tmp_path)
    pages.get(address)
    for key, rows in before.items():
        store.put_parquet(key, rows)
    deadline = time.monotonic() + 20
    while len(seen) < 2 and time.monotonic() < deadline:
        pages.get(address)
        time.sleep(0.1)
    pages.close()
    assert seen == [[], before[batches]["received_at"].to_pylist()]


def test_pages_of_the_reconciliation_list_its_days_once_for_some_seconds(
    province: Province, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Warm they ask for none of the marks of all years, and say the same."""
    asked: list[str] = []
    listing = Store.list_objects

    def note(store: Store, bucket: str, prefix: str, *rest: object) -> object:
        asked.append(prefix)
        return listing(store, bucket, prefix, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Store, "list_objects", note)
    store = CachedStore(province.store.settings.model_copy(update={"home": tmp_path}))
    for prefix in (layout.RECONCILED, layout.imported_prefix("portal")):
        found = [list(store.list_objects(layout.WAREHOUSE, prefix)) for _ in range(3)]
        assert found[0] and found == [list(province.store.list_objects(layout.WAREHOUSE, prefix))] * 3
        assert asked.count(prefix) == 2, "once for the pages, once for this test"


def test_a_day_just_reconciled_is_none_of_which_nothing_came(province: Province, tmp_path: Path) -> None:
    """Where the listing of the days done is some seconds old, so is that of those that waited."""
    day, direct = date(2022, 5, 5), province.store
    store = CachedStore(direct.settings.model_copy(update={"home": tmp_path}))
    mark_unreconciled(direct, day, "test")
    assert read_known_days(store, PROVINCE, day, day).without_data == []
    direct.put_json(layout.WAREHOUSE, layout.reconciled_key(day), [day.isoformat()])
    direct.delete_prefix(layout.WAREHOUSE, f"{layout.UNRECONCILED}{day}/")
    found = read_known_days(store, PROVINCE, day, day).without_data
    direct.delete(layout.WAREHOUSE, layout.reconciled_key(day))
    assert found == []
