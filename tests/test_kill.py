"""kill -9 before every single write of a job, then the job again: the same tables, and nothing left to do."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from threading import Lock
from typing import Any

import pytest
from batch_builder import DOSSIER, commit, document, manifest, page_jpeg, put_files

from sohoa import jobs, layout
from sohoa.quality import thresholds
from sohoa.quality.thresholds import load_thresholds
from sohoa.schema import TABLES
from sohoa.store import Store

pytestmark = [pytest.mark.store, pytest.mark.timeout(600)]
WRITES = ("put", "copy", "delete")
REGISTER = (
    "MaHoSo,MaTTHC,MaLinhVuc,KenhThucHien,DonViXuLy,MaDonViHanhChinh,NgayTiepNhan,NgayHenTra,NgayKetThucXuLy,NgayTra,"
    "TrangThaiHoSo,SoThanhPhan,CoKetQuaGiay,MienSoHoa,LoaiBo,NgayCapNhat\n"
    f"{DOSSIER},1.001193,LV01,1,H37.80.01,,20230306080000,20230310170000,,,4,1,0,,0,20230306090000\n"
)


def die_before(number: int) -> None:
    """In this process, the ``number``-th write to the store is never sent: the process is killed."""
    lock, made = Lock(), count(1)
    for name in WRITES:
        original = getattr(Store, name)

        def write(self: Store, *args: Any, _original: Callable[..., Any] = original, **kwargs: Any) -> Any:
            with lock:
                if next(made) == number:
                    os.kill(os.getpid(), signal.SIGKILL)
            return _original(self, *args, **kwargs)

        setattr(Store, name, write)


def killed_at(job: Callable[[], Any], number: int) -> bool:
    """Run a job in a child that dies at its ``number``-th write; False where the job ended before."""
    child = os.fork()
    if child == 0:
        status = 70
        try:
            die_before(number)
            job()
            status = 0
        finally:
            os._exit(status)
    _, ended = os.waitpid(child, 0)
    assert os.WIFSIGNALED(ended) or os.WEXITSTATUS(ended) == 0, "the job failed by itself"
    return os.WIFSIGNALED(ended)


def contents(store: Store) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables; when a marker was received depends on the test's own clock."""
    found = {table: store.read_table(table).to_pylist() for table in TABLES}
    for row in found["batches"]:
        row.pop("received_at")
    return found


def left_over(store: Store) -> list[str]:
    prefixes = (layout.PENDING, layout.WORK)
    waiting = [item.key for item in store.list_objects(layout.LANDING, layout.INBOX)]
    return waiting + [item.key for prefix in prefixes for item in store.list_objects(layout.WAREHOUSE, prefix)]


def fill(store: Store) -> None:
    """One good batch, one refused one, one with a bad page, and the register's row."""
    good, bad = page_jpeg(1), page_jpeg(2)[:-2]
    first = manifest([document("D1", {"a.jpg": bad})], 1)
    second = manifest([document("D2", {"b.jpg": good}, replaces="D1")], 2)
    put_files(store, first["batch"], {"a.jpg": bad})
    put_files(store, second["batch"], {"b.jpg": good})
    commit(store, first)
    commit(store, second)
    commit(store, b"{", "H37.80.01-20230306-003")
    store.put(layout.FEEDS, "register/dt=2023-03-06/register.csv", REGISTER.encode())


def whole() -> None:
    jobs.check()
    jobs.import_all()
    jobs.summarise()


@pytest.fixture(autouse=True)
def few_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer limits, so that the many runs of this test cost seconds: what is shown is the order of the writes."""
    full = load_thresholds("tthc")
    kept = tuple(rule for rule in full.rules if rule.column == "error")
    monkeypatch.setattr(thresholds, "load_thresholds", lambda profile: replace(full, rules=kept))


@pytest.fixture
def expected(clean_store: Store) -> Iterator[dict[str, list[dict[str, Any]]]]:
    """The tables after an undisturbed run."""
    fill(clean_store)
    whole()
    found = contents(clean_store)
    (province,) = [row for row in found["progress_daily"] if row["unit_code"] == "20" and row["definition"] == "dn_and"]
    assert (province["numerator"], province["denominator"]) == (1, 1)
    yield found


@pytest.mark.parametrize("job", [jobs.check, jobs.import_all, jobs.summarise], ids=["check", "import", "summarise"])
def test_killed_anywhere_and_run_again(
    job: Callable[[], Any], clean_store: Store, empty: Callable[[], None], expected: dict[str, list[dict[str, Any]]]
) -> None:
    """Each write in turn is the last thing the worker did not do."""
    for number in count(1):
        empty()
        fill(clean_store)
        if job is jobs.summarise:
            jobs.check()
            jobs.import_all()
        died = killed_at(job, number)
        whole()
        assert contents(clean_store) == expected, f"killed before write {number}"
        assert not left_over(clean_store), f"killed before write {number}"
        if not died:
            assert number > 5, "the job made too few writes to show anything"
            return
