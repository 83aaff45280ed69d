"""kill -9 before every single write of a job, then the job again: the same tables, and nothing left to do."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from threading import Lock
from typing import Any

import pytest

from sohoa import jobs, layout
from sohoa.quality import thresholds
from sohoa.quality.thresholds import load_thresholds
from sohoa.schema import TABLES
from sohoa.store import Store, open_store
from tests.batch_builder import DOSSIER, commit, document, manifest, page_jpeg, put_files

pytestmark = [pytest.mark.store, pytest.mark.timeout(600)]
WRITES = ("put", "copy", "delete")
REGISTER = (
    "MaHoSo,MaTTHC,MaLinhVuc,KenhThucHien,DonViXuLy,MaDonViHanhChinh,NgayTiepNhan,NgayHenTra,NgayKetThucXuLy,NgayTra,"
    "TrangThaiHoSo,SoThanhPhan,CoKetQuaGiay,MienSoHoa,LoaiBo,NgayCapNhat\n"
    f"{DOSSIER},1.001193,LV01,1,H37.80.01,,20230306080000,20230310170000,,,4,1,0,,0,20230306090000\n"
)
PORTAL = (
    "MaHoSo,MaTTHC,DonViXuLy,NgayTiepNhan,NgayHenTra,TrangThaiHoSo,HoSoCoThanhPhanSoHoa,DuongDanKetQua,NgayDongBo\n"
    f"{DOSSIER},1.001193,H37.80.01,{{received}}080000,20230310170000,4,1,,{{received}}090000\n"
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


def take_snapshot(store: Store) -> list[tuple[str, str, bytes]]:
    """Every object: bucket, key, bytes."""
    return [
        (bucket, item.key, store.get(bucket, item.key))
        for bucket in layout.BUCKETS
        for item in store.list_objects(bucket, "")
    ]


def waiting(store: Store) -> list[str]:
    """What the queues hold: markers in the inbox, days that the summaries or the reconciliation have not taken."""
    inbox = [item.key for item in store.list_objects(layout.LANDING, layout.INBOX)]
    pending = [item.key for item in store.list_objects(layout.WAREHOUSE, layout.PENDING)]
    unreconciled = store.list_objects(layout.WAREHOUSE, layout.UNRECONCILED)
    return [*inbox, *pending, *sorted({str(layout.unreconciled_day(item.key)) for item in unreconciled})]


def left_over(store: Store) -> list[str]:
    return [item.key for item in store.list_objects(layout.WAREHOUSE, layout.WORK)]


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
    send_portal("20230307")


def send_portal(received: str) -> None:
    """The portal's row: it counts the dossier on another day than the province."""
    key = f"portal/dt={received[:4]}-{received[4:6]}-{received[6:]}/portal.csv"
    open_store().put(layout.FEEDS, key, PORTAL.format(received=received).encode())


def move() -> None:
    """The dossier has been reconciled, and the portal then moves it to a third day."""
    jobs.reconcile()
    send_portal("20230308")
    jobs.import_all()


@pytest.fixture(autouse=True)
def few_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer limits, so that the many runs of this test cost seconds: what is shown is the order of the writes."""
    full = load_thresholds("tthc")
    kept = tuple(rule for rule in full.rules if rule.column == "error")
    monkeypatch.setattr(thresholds, "load_thresholds", lambda profile: replace(full, rules=kept))


JOBS: dict[str, tuple[Callable[[], Any], list[Callable[[], Any]]]] = {
    "check": (jobs.check, []),
    "import": (jobs.import_all, []),
    "summarise": (jobs.summarise, [jobs.check, jobs.import_all]),
    "reconcile": (jobs.reconcile, [jobs.check, jobs.import_all, jobs.summarise, move]),
}
"""Job -> itself, and the jobs that must have run before it."""


@pytest.mark.parametrize("name", JOBS)
def test_killed_anywhere_and_run_again(name: str, clean_store: Store, empty: Callable[[], None]) -> None:
    """Each write in turn is the last thing the worker did not do: tables and queues end as if nothing had happened."""
    job, before = JOBS[name]
    fill(clean_store)
    for earlier in before:
        earlier()
    start = take_snapshot(clean_store)
    job()
    expected, queues = contents(clean_store), waiting(clean_store)
    for number in count(1):
        empty()
        for bucket, key, data in start:
            clean_store.put(bucket, key, data)
        died = killed_at(job, number)
        job()
        assert contents(clean_store) == expected, f"killed before write {number}"
        assert waiting(clean_store) == queues, f"killed before write {number}"
        job()
        assert not left_over(clean_store), f"killed before write {number}"
        if not died:
            assert number > 5, "the job made too few writes to show anything"
            return


def test_the_undisturbed_run_counts_the_rescan(clean_store: Store) -> None:
    """What the kills are compared with is right: one dossier, digitised by the second scan."""
    fill(clean_store)
    for job, _ in JOBS.values():
        job()
    rows = contents(clean_store)["progress_daily"]
    (province,) = [row for row in rows if row["unit_code"] == "20" and row["definition"] == "dn_and"]
    assert (province["numerator"], province["denominator"]) == (1, 1)
