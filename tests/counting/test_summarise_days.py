"""The summaries in a real store: what is pending is taken once, kills and closed gates lose nothing."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from sohoa import layout
from sohoa.counting import summarise_days
from sohoa.pending import mark_register, mark_scan
from sohoa.store import Store
from tests.counting_cases import DAY, by_rate, document, dossier, review, table
from tests.jobs.kills import contents
from tests.spoil import spoil

AGENCY = "H37.80.01"
SCAN_DAY = date(2024, 4, 16)
FIRST, SECOND = f"{AGENCY}-20240416-001", f"{AGENCY}-20240416-002"
NEXT_DAY = date(2024, 4, 16)
NEXT = "H37.80.01-240416-1"
AND = ("dn_and", "all")
JUDGED = {"skewed": ("skew_deg",)}


def all_is_well(rows: dict[date, pa.Table], dossiers: dict[date, pa.Table]) -> dict[date, list[str]]:
    return {}


def closed_on_the_day(rows: dict[date, pa.Table], dossiers: dict[date, pa.Table]) -> dict[date, list[str]]:
    return {DAY: ["row 20 dn_and all: accepted > received"]} if DAY in rows else {}


def publish(store: Store, batch: str, documents: list[dict[str, Any]]) -> None:
    """What the check leaves of one batch: documents, pages and a pending marker."""
    rows = [{**row, "batch": batch} for row in documents]
    pages = [{"agency": AGENCY, "batch": batch, "skew_deg": 0.0, "defects": []} for _ in documents]
    store.write_table("documents", SCAN_DAY, batch, table("documents", rows))
    store.write_table("pages", SCAN_DAY, batch, table("pages", pages))
    mark_scan(store, AGENCY, batch, SCAN_DAY)


def register(store: Store, etag: str, day: date, rows: list[dict[str, Any]]) -> None:
    """What the import leaves of one feed file: the day's register and a pending marker."""
    store.write_table("register", day, layout.DAY, table("register", rows))
    mark_register(store, day, etag)


def fill(store: Store) -> None:
    """Two dossier days: the first has two dossiers, one of them digitised by two batches; the second has one."""
    register(store, "e1", DAY, [dossier(1), dossier(2)])
    register(store, "e1", NEXT_DAY, [dossier(dossier_key=NEXT)])
    publish(store, FIRST, [document("a"), document("c", dossier_key=NEXT)])
    publish(store, SECOND, [document("b", kind="result")])


def run(store: Store, check: summarise_days.Check = all_is_well) -> dict[str, Any]:
    work = summarise_days.take_markers(store)["work"]
    summarise_days.write_dossiers(store, work)
    summarise_days.count_dossier_days(store, work, check)
    summarise_days.count_scan_days(store, work, JUDGED)
    return summarise_days.delete_markers(store, work)


def keys(store: Store, prefix: str = "") -> list[str]:
    return [item.key for item in store.list_objects(layout.WAREHOUSE, prefix)]


def tables(store: Store) -> dict[str, bytes]:
    """The summaries, byte for byte."""
    names = ("dossiers", "progress_daily", "quality_daily")
    found = [key for name in names for key in keys(store, layout.table_prefix(name))]
    return {key: store.get(layout.WAREHOUSE, key) for key in found}


def province(store: Store, day: date) -> dict[str, int]:
    return by_rate(store.read_table("progress_daily", [day]))[AND]


def test_one_run_takes_all_that_is_pending(clean_store):
    """Two batches and two feed markers make three tables; nothing is left to do, and a second run does nothing."""
    fill(clean_store)
    assert summarise_days.take_markers(clean_store)["markers"] == 4
    assert run(clean_store) == {"settled": 4, "problems": []}
    assert keys(clean_store, layout.PENDING) == keys(clean_store, layout.WORK) == []
    first, second = province(clean_store, DAY), province(clean_store, NEXT_DAY)
    assert (first["numerator"], first["denominator"]) == (1, 2)
    assert (second["numerator"], second["denominator"]) == (0, 1)
    quality = clean_store.read_table("quality_daily", [SCAN_DAY]).to_pylist()
    assert [(row["defect"], row["pages_bad"], row["pages_judged"]) for row in quality] == [("skewed", 0, 3)]
    before = tables(clean_store)
    assert summarise_days.take_markers(clean_store)["markers"] == 0
    assert run(clean_store) == {"settled": 0, "problems": []}
    assert tables(clean_store) == before
    assert keys(clean_store, layout.WORK) == []


def test_days_of_batches_that_wait_for_pages_are_reconciled_with_the_dossiers_they_have_now(
    clean_store: Store,
) -> None:
    """Dossiers and rates are counted by then: only what is counted of the scan day waits."""
    fill(clean_store)
    spoil(clean_store, layout.table_key("pages", SCAN_DAY, FIRST))
    clean_store.delete_prefix(layout.WAREHOUSE, f"{layout.PENDING}register/")
    assert len(run(clean_store)["problems"]) == 1
    assert {layout.unreconciled_day(key) for key in keys(clean_store, layout.UNRECONCILED)} == {DAY, NEXT_DAY}


def test_a_damaged_merged_object_of_decisions_holds_up_its_scan_day_alone(clean_store: Store) -> None:
    """It lies beside a newer decision, and says which of the others it holds; it is told once, with both that wait."""
    fill(clean_store)
    clean_store.write_table("reviews", SCAN_DAY, layout.DAY, table("reviews", [review("a", "waive", batch=FIRST)]))
    clean_store.write_table("reviews", SCAN_DAY, "newer", table("reviews", [review("b", "waive", batch=SECOND)]))
    key = layout.table_key("reviews", SCAN_DAY, layout.DAY)
    before = spoil(clean_store, key)
    (problem,) = run(clean_store)["problems"]
    waiting = [layout.pending_scan_key(AGENCY, one) for one in (FIRST, SECOND)]
    assert problem.startswith(f"{waiting[0]}, {waiting[1]}: warehouse/{key} is damaged")
    assert keys(clean_store, layout.PENDING) == waiting
    clean_store.put(layout.WAREHOUSE, key, before)
    assert run(clean_store) == {"settled": 2, "problems": []}


def test_batches_one_by_one_give_the_same_objects(clean_store):
    """Events may come in any number: a run after each marker ends in the same bytes as one run over all."""
    fill(clean_store)
    run(clean_store)
    together = tables(clean_store)
    for key in together:
        clean_store.delete(layout.WAREHOUSE, key)
    publish(clean_store, SECOND, [document("b", kind="result")])
    run(clean_store)
    publish(clean_store, FIRST, [document("a"), document("c", dossier_key=NEXT)])
    run(clean_store)
    assert tables(clean_store) == together


def test_a_late_register_row_redoes_its_day_alone(clean_store):
    """A document waits without its dossier; the register row brings it into the rates and no other day is written."""
    publish(clean_store, FIRST, [document("a"), document("c", dossier_key=NEXT)])
    run(clean_store)
    assert clean_store.read_table("progress_daily").num_rows == 0
    before = clean_store.stat(layout.WAREHOUSE, layout.table_key("dossiers", NEXT_DAY, layout.DAY))
    register(clean_store, "e2", DAY, [dossier(has_paper_result=False)])
    work = summarise_days.take_markers(clean_store)["work"]
    assert summarise_days.write_dossiers(clean_store, work) == {"dossier_days": 1, "dossiers": 1}
    run(clean_store)
    assert province(clean_store, DAY)["numerator"] == 1
    assert clean_store.stat(layout.WAREHOUSE, layout.table_key("dossiers", NEXT_DAY, layout.DAY)) == before


def test_a_closed_gate_stops_its_day_alone(clean_store):
    """The day keeps the rows and markers it had, the other day is written; the next run with good rows takes it up."""
    fill(clean_store)
    answer = run(clean_store, closed_on_the_day)
    assert answer["problems"] == [f"{DAY}: row 20 dn_and all: accepted > received"]
    assert clean_store.read_table("progress_daily", [DAY]).num_rows == 0
    assert province(clean_store, NEXT_DAY)["denominator"] == 1
    left = [layout.pending_register_key("e1", DAY)]
    left += [layout.pending_scan_key(AGENCY, batch) for batch in (FIRST, SECOND)]
    assert keys(clean_store, layout.PENDING) == left
    assert run(clean_store) == {"settled": 3, "problems": []}
    assert province(clean_store, DAY)["numerator"] == 1


def test_a_marker_written_again_meanwhile_stays(clean_store):
    """What arrives after the take is for the next run, even under the same key."""
    fill(clean_store)
    work = summarise_days.take_markers(clean_store)["work"]
    summarise_days.write_dossiers(clean_store, work)
    summarise_days.count_dossier_days(clean_store, work, all_is_well)
    key = layout.pending_register_key("e1", DAY)
    clean_store.put_json(layout.WAREHOUSE, key, clean_store.get_json(layout.WAREHOUSE, key) | {"again": True})
    summarise_days.delete_markers(clean_store, work)
    assert keys(clean_store, layout.PENDING) == [key]


def test_a_backlog_batch_touches_no_dossier_day(clean_store):
    """Its pages are counted, its marker goes, no dossier is made."""
    publish(clean_store, FIRST, [document("a", None, "backlog_result")])
    assert run(clean_store) == {"settled": 1, "problems": []}
    assert list(tables(clean_store)) == [layout.table_key("quality_daily", SCAN_DAY, layout.DAY)]


def test_a_damaged_backlog_of_a_scan_day_holds_up_its_batches_and_no_register(clean_store: Store) -> None:
    """What it holds of other batches cannot be merged with."""
    publish(clean_store, FIRST, [document("a", None, "backlog_result")])
    run(clean_store)
    key = layout.table_key("backlog_documents", SCAN_DAY, layout.DAY)
    before = spoil(clean_store, key)
    publish(clean_store, SECOND, [document("b", None, "backlog_result")])
    register(clean_store, "e1", DAY, [dossier(1)])
    (problem,) = run(clean_store)["problems"]
    assert f"warehouse/{key} is damaged" in problem
    assert keys(clean_store, layout.PENDING) == [layout.pending_scan_key(AGENCY, SECOND)]
    assert province(clean_store, DAY)["denominator"] == 1
    clean_store.put(layout.WAREHOUSE, key, before)
    assert run(clean_store) == {"settled": 1, "problems": []}
    assert clean_store.read_table("backlog_documents")["document_id"].to_pylist() == ["a", "b"]


class Killed(Exception):
    """The process ends here."""


class DyingStore(Store):
    """The real store, in a process that ends at its n-th change."""

    def __init__(self, store: Store, changes: int) -> None:
        super().__init__(store.settings)
        self.changes = changes

    def _change(self) -> None:
        self.changes -= 1
        if self.changes < 0:
            raise Killed

    def put(self, *args: Any, **values: Any) -> None:
        self._change()
        super().put(*args, **values)

    def delete(self, *args: Any, **values: Any) -> None:
        self._change()
        super().delete(*args, **values)


def test_a_kill_at_any_change_loses_nothing(clean_store):
    """Ended at each write and each delete in turn, then run again: the same objects, and nothing left behind."""
    fill(clean_store)
    run(clean_store)
    expected, deaths = tables(clean_store), 0
    while True:
        for key in tables(clean_store):
            clean_store.delete(layout.WAREHOUSE, key)
        fill(clean_store)
        try:
            run(DyingStore(clean_store, deaths))
        except Killed:
            deaths += 1
        else:
            break
        run(clean_store)
        assert tables(clean_store) == expected
        assert keys(clean_store, layout.PENDING) == []
    assert deaths > 10


@pytest.mark.parametrize(
    ("key", "counted"),
    [
        (layout.table_key("register", DAY, layout.DAY), {NEXT_DAY}),
        (layout.table_key("dossiers", DAY, layout.DAY), {NEXT_DAY}),
        (layout.table_key("documents", SCAN_DAY, SECOND), {DAY, NEXT_DAY}),
        (layout.table_key("pages", SCAN_DAY, FIRST), {DAY, NEXT_DAY}),
    ],
)
def test_markers_that_need_a_damaged_object_wait_and_the_others_are_done(
    clean_store: Store, key: str, counted: set[date]
) -> None:
    """Each run names it; once it is brought back all is as if it had never been damaged."""
    clean_store.write_table("dossiers", DAY, layout.DAY, table("dossiers", []))
    fill(clean_store)
    run(clean_store)
    whole = contents(clean_store)
    for table_name in ("dossiers", "progress_daily", "quality_daily", "pages_daily", "device_daily"):
        clean_store.delete_prefix(layout.WAREHOUSE, layout.table_prefix(table_name))
    clean_store.write_table("dossiers", DAY, layout.DAY, table("dossiers", []))
    fill(clean_store)
    before = spoil(clean_store, key)
    for _ in range(2):
        problems = run(clean_store)["problems"]
        assert problems
        assert all(f"warehouse/{key} is damaged" in problem for problem in problems)
    rows = clean_store.read_table("progress_daily").to_pylist()
    assert {row["dossier_date"] for row in rows} >= counted
    clean_store.put(layout.WAREHOUSE, key, before)
    assert run(clean_store)["problems"] == []
    assert contents(clean_store) == whole


OTHER_BATCH = '{"kind": "scan", "batch": "H37.80.01-20240416-009", "scan_date": "2024-04-16"}'


@pytest.mark.parametrize("said", ["", "[]", "{}", '{"batch', OTHER_BATCH])
def test_a_damaged_marker_waits_alone(clean_store: Store, said: str) -> None:
    """But of a day of the register, which its name says; what says something else than its name is damaged too."""
    fill(clean_store)
    scan = layout.pending_scan_key(AGENCY, FIRST)
    for key in (layout.pending_register_key("e1", DAY), scan):
        clean_store.put(layout.WAREHOUSE, key, said.encode())
    (problem,) = run(clean_store)["problems"]
    assert f"warehouse/{scan} is damaged" in problem
    assert keys(clean_store, layout.PENDING) == [scan]
    assert {row["dossier_date"] for row in clean_store.read_table("progress_daily").to_pylist()} == {DAY, NEXT_DAY}
