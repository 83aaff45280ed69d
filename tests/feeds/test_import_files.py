"""The import on the real store: what is new is found, merged, marked and settled, wherever it is killed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from datetime import date
from threading import Lock

import pytest

from sohoa import layout
from sohoa.feeds import import_files
from sohoa.feeds.import_files import find_new_files, mark_imported, merge_files
from sohoa.feeds.read_guarded import GuardedReader
from sohoa.store import Store
from tests.feeds.feed_rows import DT, csv_bytes, row
from tests.spoil import spoil

TABLES = ("register", "rejects")
KEY = "register/dt=2024-04-16/a.csv"
OTHER_DAY = "H37.81.03-240412-0001"


def send(store: Store, key: str, *rows: dict[str, str]) -> None:
    store.put(layout.FEEDS, key, csv_bytes(*rows))


def run(store: Store) -> dict:
    found = find_new_files(store)
    return found | merge_files(store, found["work"]) | mark_imported(store, found["work"])


def take_markers(store: Store) -> list[str]:
    """The dossier days that are pending; the markers are taken away."""
    keys = [item.key for item in store.list_objects(layout.WAREHOUSE, layout.PENDING)]
    days = sorted({store.get_json(layout.WAREHOUSE, key)["dossier_date"] for key in keys})
    store.delete_prefix(layout.WAREHOUSE, layout.PENDING)
    return days


def register(store: Store) -> list[dict]:
    return store.read_table("register").to_pylist()


def test_a_new_file_becomes_rows_and_markers(clean_store: Store):
    """Rows go to the dossier's own day, one object a day, and each day gets its marker."""
    send(clean_store, KEY, row(1), row(2), row(MaHoSo=OTHER_DAY))
    assert run(clean_store) | {"work": ""} == {
        "work": "",
        "files": 1,
        "rows": 3,
        "rejects": 0,
        "changed_days": 2,
        "settled": 1,
        "problems": [],
    }
    assert [(r["dossier_date"], r["dossier_key"]) for r in register(clean_store)] == [
        (date(2024, 4, 12), "H37.81.03-240412-1"),
        (date(2024, 4, 15), "H37.81.03-240415-1"),
        (date(2024, 4, 15), "H37.81.03-240415-2"),
    ]
    assert clean_store.stat(layout.WAREHOUSE, layout.table_key("register", date(2024, 4, 15), "day"))
    assert take_markers(clean_store) == ["2024-04-12", "2024-04-15"]
    assert not list(clean_store.list_objects(layout.WAREHOUSE, layout.WORK))


def test_nothing_new_is_nothing_to_do(clean_store: Store):
    """An imported file is known by its ETag; the same content again leaves no trace."""
    send(clean_store, KEY, row(1))
    run(clean_store)
    take_markers(clean_store)
    send(clean_store, KEY, row(1))
    assert find_new_files(clean_store)["files"] == 0
    assert run(clean_store)["changed_days"] == 0
    assert take_markers(clean_store) == []


def test_a_late_older_row_changes_no_day(clean_store: Store):
    """A file that arrives late with what is already outdated wakes nobody, and one with news wakes its day only."""
    send(clean_store, KEY, row(1), row(MaHoSo=OTHER_DAY))
    run(clean_store)
    take_markers(clean_store)
    send(clean_store, "register/dt=2024-04-16/b.csv", row(1, NgayCapNhat="20240415080000", TrangThaiHoSo="2"))
    run(clean_store)
    assert take_markers(clean_store) == []
    send(clean_store, "register/dt=2024-04-17/a.csv", row(1, NgayCapNhat="20240416080000", TrangThaiHoSo="9"))
    run(clean_store)
    assert take_markers(clean_store) == ["2024-04-15"]
    assert [r["status"] for r in register(clean_store)] == [4, 9]


def test_a_corrected_file_is_imported_again(clean_store: Store):
    """Its rows replace those of its former content, and so do its rejects."""
    clean_store.put(layout.FEEDS, KEY, csv_bytes(*(row(n) for n in range(1, 30)), row(30, NgayTiepNhan="2024-04-15")))
    run(clean_store)
    assert clean_store.read_table("rejects").num_rows == 1
    send(clean_store, KEY, row(30), *(row(n, SoThanhPhan="7") for n in range(1, 30)))
    assert run(clean_store)["files"] == 1
    assert clean_store.read_table("rejects").num_rows == 0
    assert {r["dossier_key"]: r["components"] for r in register(clean_store)} == {
        f"H37.81.03-240415-{n}": 7 if n < 30 else 3 for n in range(1, 31)
    }


def test_a_bad_date_is_a_reject_with_its_line(clean_store: Store):
    """The row goes to ``rejects`` under the feed's day; the rest of the file is in the register."""
    send(clean_store, KEY, *(row(n) for n in range(1, 25)), row(25, NgayTiepNhan="31/02/2024"))
    run(clean_store)
    (reject,) = clean_store.read_table("rejects").to_pylist()
    assert (reject["dt"], reject["source"], reject["feed_key"], reject["line"]) == (DT, "register", KEY, 26)
    assert (reject["field"], reject["value"]) == ("NgayTiepNhan", "31/02/2024")
    assert len(register(clean_store)) == 24


def test_too_many_rejects_close_the_gate_and_block_nothing(clean_store: Store):
    """The closing names the file and how many rows; good rows are used, and the next run has nothing to do."""
    send(clean_store, KEY, row(1), row(2, LoaiBo="?"))
    send(clean_store, "register/dt=2024-04-16/b.csv", row(3))
    (closed,) = run(clean_store)["problems"]
    assert closed.startswith("register/dt=2024-04-16/a.csv: 1 of 2 rows")
    assert [r["dossier_key"][-1] for r in register(clean_store)] == ["1", "3"]
    assert take_markers(clean_store) == ["2024-04-15"]
    assert run(clean_store)["files"] == 0
    (mark,) = clean_store.list_objects(layout.WAREHOUSE, f"{layout.IMPORTED}{KEY}/")
    known = clean_store.get_json(layout.WAREHOUSE, mark.key)
    assert (known["rows"], known["rejects"]) == (2, 1)


def test_a_hopeless_file_loses_nothing_else(clean_store: Store):
    """A file of the wrong kind, in the wrong place or too large is one reject; what exports leave behind is none."""
    small = Store(clean_store.settings.model_copy(update={"max_feed_bytes": 5_000}))
    clean_store.put(layout.FEEDS, "register/dt=2024-04-16/hồ sơ.pdf", b"%PDF-1.7")
    clean_store.put(layout.FEEDS, "register/dt=2024-13-99/a.csv", csv_bytes(row(7)))
    clean_store.put(layout.FEEDS, "register/dt=2024-04-16/_SUCCESS", b"")
    send(clean_store, "register/dt=2024-04-16/large.csv", *(row(n) for n in range(100)))
    send(clean_store, KEY, row(1))
    assert len(run(small)["problems"]) == 3
    rejects = clean_store.read_table("rejects").to_pylist()
    assert sorted(r["feed_key"].rpartition("/")[2] for r in rejects) == ["a.csv", "hồ sơ.pdf", "large.csv"]
    assert [r["line"] for r in rejects] == [None] * 3
    assert [r["dossier_key"] for r in register(clean_store)] == ["H37.81.03-240415-1"]


def test_settling_twice_is_no_error(clean_store: Store):
    """A task that is tried again after it ended finds nothing left to do."""
    send(clean_store, KEY, row(1))
    work = find_new_files(clean_store)["work"]
    merge_files(clean_store, work)
    mark_imported(clean_store, work)
    assert mark_imported(clean_store, work) == {"settled": 0, "problems": []}
    assert merge_files(clean_store, work)["rows"] == 0


class Killed(BaseException):
    """The process is gone."""


class MortalStore(Store):
    """A store whose process dies before its ``lives``-th write, and writes nothing from then on."""

    def __init__(self, store: Store, lives: int) -> None:
        super().__init__(store.settings)
        self._lives, self._lock = lives, Lock()

    def _live(self) -> None:
        with self._lock:
            self._lives -= 1
            if self._lives <= 0:
                raise Killed

    def put(self, *args, **kwargs):
        self._live()
        super().put(*args, **kwargs)

    def delete(self, *args, **kwargs):
        self._live()
        super().delete(*args, **kwargs)


def fill(store: Store) -> None:
    """A day in force and two new files that change it, one with a reject."""
    for bucket in (layout.FEEDS, layout.WAREHOUSE):
        store.delete_prefix(bucket, "")
    send(store, KEY, row(1), row(MaHoSo=OTHER_DAY))
    run(store)
    take_markers(store)
    send(store, "register/dt=2024-04-17/a.csv", row(1, NgayCapNhat="20240416080000"), *(row(n) for n in range(2, 30)))
    send(store, "register/dt=2024-04-17/b.csv", *(row(n) for n in range(40, 60)), row(2, NgayCapNhat="?"))


@pytest.fixture
def one_reader(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """All imports of a test read their files in one process, which starts once."""
    with GuardedReader(store.settings) as reader:
        monkeypatch.setattr(import_files, "GuardedReader", lambda *_: nullcontext(reader))
        yield


@pytest.mark.usefixtures("one_reader")
def test_killed_before_any_write_and_run_again(clean_store: Store):
    """The same tables and the same pending days, and no intermediate object stays."""
    fill(clean_store)
    run(clean_store)
    expected = [clean_store.read_table(table) for table in TABLES]
    assert take_markers(clean_store) == ["2024-04-15"]
    for lives in range(1, 100):
        fill(clean_store)
        try:
            run(MortalStore(clean_store, lives))
        except Killed:
            run(clean_store)
        else:
            assert lives > 10, "too few writes to show anything"
            return
        assert all(clean_store.read_table(t).equals(rows) for t, rows in zip(TABLES, expected, strict=True)), lives
        assert take_markers(clean_store) == ["2024-04-15"], lives
        assert not list(clean_store.list_objects(layout.WAREHOUSE, layout.WORK)), lives
    pytest.fail("the import never ends")


def test_a_damaged_day_holds_up_its_source_alone_and_no_other_day_of_it(clean_store: Store) -> None:
    """The file comes again at each run, which names the object, until it is brought back."""
    send(clean_store, KEY, row(1), row(MaHoSo=OTHER_DAY))
    run(clean_store)
    key = layout.table_key("register", date(2024, 4, 15), layout.DAY)
    before = spoil(clean_store, key)
    later = KEY.replace("a.csv", "b.csv")
    send(clean_store, later, row(2), row(MaHoSo=OTHER_DAY.replace("0001", "0002")))
    clean_store.put(layout.FEEDS, "backlog/dt=2024-04-16/a.csv", b"MaDonVi,SoKetQua\nH37.81.03,3\n")
    for files in (2, 1):
        found = run(clean_store)
        assert found["files"] == files
        assert len([problem for problem in found["problems"] if f"warehouse/{key} is damaged" in problem]) == 1
        assert len(clean_store.read_table("backlog")) == 1
        assert len(clean_store.read_table("register", [date(2024, 4, 12)])) == 2
    clean_store.put(layout.WAREHOUSE, key, before)
    assert run(clean_store)["problems"] == []
    assert run(clean_store)["files"] == 0
    assert len(register(clean_store)) == 4
