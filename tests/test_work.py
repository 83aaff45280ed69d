"""The work of a run and the debts of a job on the real store."""

from __future__ import annotations

import threading
import time

import pyarrow as pa
import pytest

from sohoa import layout
from sohoa.errors import KeysRefused, ObjectMissing, StoreError
from sohoa.store import Store
from sohoa.work import Attempts, Debts, Work, clear_work, delete_taken, identity
from tests.desk.fault_proxy import bad_line


def test_a_run_that_was_settled_loads_its_default_and_reads_nothing(clean_store: Store) -> None:
    """Other runs of the job go with it, runs of other jobs stay."""
    one, other = Work(clean_store, "check", "a"), Work(clean_store, "import", "a")
    for run in (one, Work(clean_store, "check", "b"), other):
        run.save("markers", ["m"])
        run.save_rows("pages/0001", pa.table({"page": [1]}))
    assert one.load("markers", list[str]()) == one.read("markers") == ["m"]
    assert one.load_rows("pages/0001").to_pylist() == [{"page": 1}]
    clear_work(clean_store, "check")
    assert one.load("markers", list[str]()) == []
    for read in (lambda: one.read("markers"), lambda: one.load_rows("pages/0001")):
        with pytest.raises(ObjectMissing):
            read()
    assert other.read("markers") == ["m"]


def test_debts_outlive_the_work(clean_store: Store) -> None:
    """They are there until they are paid."""
    debts = Debts(clean_store, "check")
    assert debts.load(list[str]()) == []
    debts.owe(["day"])
    clear_work(clean_store, "check")
    assert debts.load(list[str]()) == ["day"]
    debts.clear()
    assert debts.load(list[str]()) == []


def test_a_marker_that_was_written_again_is_not_deleted(clean_store: Store) -> None:
    """Of three that were taken, one has changed and one is gone already."""
    keys = [f"{layout.PENDING}{name}.json" for name in "abc"]
    for key in keys:
        clean_store.put_json(layout.WAREHOUSE, key, {})
    taken = [(info.key, identity(info)) for info in clean_store.list_objects(layout.WAREHOUSE, layout.PENDING)]
    clean_store.put_json(layout.WAREHOUSE, keys[0], {"again": True})
    clean_store.delete(layout.WAREHOUSE, keys[1])
    assert delete_taken(clean_store, layout.PENDING, taken) == 1
    assert [info.key for info in clean_store.list_objects(layout.WAREHOUSE, layout.PENDING)] == keys[:1]


def test_a_store_that_goes_away_is_no_death_of_what_was_at_work(clean_store: Store) -> None:
    """It comes back only when whoever asks it has given up: twice, and a file would be taken for one that kills."""
    assert clean_store.settings.s3_endpoint
    with bad_line(clean_store.settings.s3_endpoint) as line:
        far = Store(clean_store.settings.model_copy(update={"s3_endpoint": line.address}))
        attempts, back = Attempts(far, "measure/0001"), threading.Timer(15, lambda: setattr(line, "is_cut", False))

        def work() -> None:
            line.is_cut = True
            back.start()
            far.get(layout.WAREHOUSE, "page.jpg")

        with pytest.raises(StoreError), attempts.at_work(["batch page.jpg"]):
            work()
        back.join()
    assert not Attempts(clean_store, "measure/0001").deaths


def test_who_is_stopped_while_the_store_is_away_does_not_wait_for_it(clean_store: Store) -> None:
    """Ctrl-C ends it at once; where the store is there, nothing stays noted."""
    assert clean_store.settings.s3_endpoint
    with bad_line(clean_store.settings.s3_endpoint) as line:
        far = Store(clean_store.settings.model_copy(update={"s3_endpoint": line.address}))
        for is_cut in (True, False):
            attempts, began = Attempts(far, f"measure/{is_cut}"), time.monotonic()

            def stopped(is_cut: bool = is_cut) -> None:
                line.is_cut = is_cut
                raise KeyboardInterrupt

            with pytest.raises(KeyboardInterrupt), attempts.at_work(["batch page.jpg"]):
                stopped()
            assert time.monotonic() - began < 4
            line.is_cut = False
    assert not Attempts(clean_store, "measure/False").deaths


def test_nobody_waits_for_a_store_that_refuses_the_keys(clean_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not away: as long as the keys are these, it says so at once."""
    attempts, began = Attempts(clean_store, "measure/0001"), time.monotonic()

    def refuse(*_: object) -> None:
        raise KeysRefused("the store refuses these keys (AccessDenied)")

    def work() -> None:
        monkeypatch.setattr(Store, "put", refuse)
        refuse()

    with pytest.raises(KeysRefused), attempts.at_work(["batch page.jpg"]):
        work()
    assert time.monotonic() - began < 4
