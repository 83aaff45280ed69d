"""A job killed before every single write: the next run ends as if nothing had happened, whatever came meanwhile."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from sohoa import jobs, layout
from sohoa.feeds import import_files
from sohoa.feeds.read_guarded import GuardedReader
from sohoa.intake import measure_shards
from sohoa.pages.guard.bounds import FileBounds
from sohoa.pages.guard.guard import Guard
from sohoa.quality import gate, rules, thresholds
from sohoa.quality.thresholds import load_thresholds
from sohoa.slips import write_slips
from sohoa.store import Store, open_store
from tests.batch_builder import AGENCY, DOSSIER, commit, document, manifest, page_jpeg, put_files
from tests.jobs.kills import (
    Job,
    contents,
    killed_before,
    left_over,
    outside_work,
    put_back,
    really_killed_before,
    receipts,
    take_snapshot,
    waiting,
)

pytestmark = pytest.mark.timeout(600)
GOOD, BAD = page_jpeg(1, dpi=100), page_jpeg(2, dpi=100)[:-2]
LATER = "H37.80.01-230510-0007"
REGISTER = (
    "MaHoSo,MaTTHC,MaLinhVuc,KenhThucHien,DonViXuLy,MaDonViHanhChinh,NgayTiepNhan,NgayHenTra,NgayKetThucXuLy,NgayTra,"
    "TrangThaiHoSo,SoThanhPhan,CoKetQuaGiay,MienSoHoa,LoaiBo,NgayCapNhat\n"
    "{dossier},1.001193,LV01,1,H37.80.01,,{day}080000,20230710170000,,,4,{components},0,,0,{day}090000\n"
)
PORTAL = (
    "MaHoSo,MaTTHC,DonViXuLy,NgayTiepNhan,NgayHenTra,TrangThaiHoSo,HoSoCoThanhPhanSoHoa,DuongDanKetQua,NgayDongBo\n"
    f"{DOSSIER},1.001193,H37.80.01,{{received}}080000,20230310170000,4,1,,{{received}}090000\n"
)


def send_batch(number: int, files: dict[str, bytes], **changes: Any) -> None:
    """One document of one batch, committed."""
    body = manifest([document(f"D{number}", files, **changes)], number)
    put_files(open_store(), body["batch"], files)
    commit(open_store(), body)


def send_register(day: str, dossier: str = DOSSIER, components: int = 1) -> None:
    """The register's row of one dossier."""
    rows = REGISTER.format(dossier=dossier, day=day.replace("-", ""), components=components)
    open_store().put(layout.FEEDS, f"register/dt={day}/register.csv", rows.encode())


def send_portal(day: str) -> None:
    """The portal's row: it counts the dossier on another day than the province."""
    rows = PORTAL.format(received=day.replace("-", ""))
    open_store().put(layout.FEEDS, f"portal/dt={day}/portal.csv", rows.encode())


def fill() -> None:
    """One batch with a bad page, one that replaces it, one refused, and the dossier in register and portal."""
    send_batch(1, {"a.jpg": BAD})
    send_batch(2, {"b.jpg": GOOD}, replaces="D1")
    commit(open_store(), b"{", f"{AGENCY}-20230306-003")
    send_register("2023-03-06")
    send_portal("2023-03-07")


def move_on_portal(day: str) -> None:
    """The portal moves the dossier to another day, which the reconciliation is to do again."""
    send_portal(day)
    jobs.import_all()


def change_inbox() -> None:
    """A batch is withdrawn, other content put under the id of another, and a new one sent."""
    store = open_store()
    store.delete(layout.LANDING, layout.inbox_key(AGENCY, f"{AGENCY}-20230306-001"))
    commit(store, manifest([document("D9", {"b.jpg": GOOD})], 2))
    send_batch(4, {"d.jpg": GOOD})


def change_feeds() -> None:
    """The register's file is corrected, and the next import looks at later days only, where one is new."""
    send_register("2023-03-06", components=2)
    send_register("2023-05-10", LATER)
    jobs.import_all("2023-05-05")


def change_pending() -> None:
    """Another batch and a corrected register have come to be counted."""
    send_batch(4, {"d.jpg": GOOD}, kind="result")
    jobs.check()
    send_register("2023-03-08", components=2)
    jobs.import_all()


@dataclass(frozen=True)
class Case:
    """A job, what must have run before it, and what may come between its death and its next run."""

    job: Job
    before: tuple[Job, ...]
    change: Job


CASES = {
    "check": Case(jobs.check, (), change_inbox),
    "import": Case(jobs.import_all, (), change_feeds),
    "summarise": Case(jobs.summarise, (jobs.check, jobs.import_all), change_pending),
    "reconcile": Case(
        jobs.reconcile,
        (jobs.check, jobs.import_all, jobs.summarise, jobs.reconcile, lambda: move_on_portal("2023-03-08")),
        lambda: move_on_portal("2023-03-09"),
    ),
}


@pytest.fixture(scope="module")
def guard(store: Store) -> Iterator[Guard]:
    """The processes that measure and draw, started once for the many runs of this module."""
    with Guard(FileBounds.of(store.settings), 2) as guard:
        yield guard


@pytest.fixture(scope="module")
def reader(store: Store) -> Iterator[GuardedReader]:
    """The process that reads feed files, likewise."""
    with GuardedReader(store.settings) as reader:
        yield reader


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch, guard: Guard, reader: GuardedReader) -> None:
    """Few limits, judged by numpy, no gate closes, no new processes: what is shown is the order of the writes."""
    full = load_thresholds("tthc")
    few = replace(full, rules=tuple(rule for rule in full.rules if rule.column == "error"))
    monkeypatch.setattr(thresholds, "load_thresholds", lambda profile: few)
    monkeypatch.setattr(gate, "judge_pages", lambda rows, limits: rules.judge_pages(rows, limits.rules))
    monkeypatch.setattr(gate, "check_rows", lambda *_: [])
    for module in (measure_shards, write_slips):
        monkeypatch.setattr(module, "Guard", lambda *_: nullcontext(guard))
    monkeypatch.setattr(import_files, "GuardedReader", lambda *_: nullcontext(reader))


@pytest.fixture
def case(request: pytest.FixtureRequest, clean_store: Store) -> Case:
    """The named case, with all that comes before its job."""
    case = CASES[request.param]
    fill()
    for earlier in case.before:
        earlier()
    return case


@pytest.fixture
def restore(case: Case, clean_store: Store) -> Job:
    """Puts the store back to where the case begins."""
    return partial(put_back, clean_store, take_snapshot(clean_store))


def state(store: Store) -> tuple[Any, ...]:
    return contents(store), receipts(store), waiting(store)


_NAMED = {"shards": "shard", "closed": "group", "judged": "group", "manifests": "entry"}
"""What the flow page calls the varying part of a name."""

by_case = pytest.mark.parametrize("case", CASES, indirect=True)


@by_case
def test_killed_anywhere_and_run_again(case: Case, restore: Job, clean_store: Store) -> None:
    """Each write in turn is the last thing the worker did not do: tables and queues end as if nothing had happened."""
    case.job()
    expected = state(clean_store)
    for number in count(1):
        restore()
        died = killed_before(case.job, number)
        case.job()
        assert state(clean_store) == expected, f"killed before write {number}"
        if died and left_over(clean_store):
            case.job()  # what a dead run leaves goes with the next but one at last
        assert not left_over(clean_store), f"killed before write {number}"
        if not died:
            assert number > 5, "the job made too few writes to show anything"
            return


@by_case
def test_killed_anywhere_and_then_other_input(case: Case, restore: Job, clean_store: Store) -> None:
    """Whatever comes before the next run, the killed one has happened entirely or not at all."""
    case.change()
    case.job()
    undone = state(clean_store)
    restore()
    case.job()
    case.change()
    case.job()
    done = state(clean_store)
    left: dict[str, str] = {}
    for number in count(1):
        restore()
        died = killed_before(case.job, number)
        before, left = left, outside_work(clean_store)
        if died and left == before:
            continue  # only its work has grown, which a run of other input does not read
        case.change()
        case.job()
        assert state(clean_store) in (undone, done), f"killed before write {number}"
        assert not left_over(clean_store), f"killed before write {number}"
        if not died:
            return


@by_case
def test_killed_by_the_system_and_run_again(case: Case, restore: Job, clean_store: Store) -> None:
    """SIGKILL in the midst of the writes, with threads and all: the next run makes up for it."""
    case.job()
    expected = state(clean_store)
    restore()
    assert really_killed_before(case.job, 6)
    case.job()
    assert state(clean_store) == expected


def test_the_undisturbed_run_counts_the_rescan(clean_store: Store) -> None:
    """What the kills are compared with is right: one dossier, digitised by the second scan."""
    fill()
    for case in CASES.values():
        case.job()
    rows = contents(clean_store)["progress_daily"]
    (province,) = [row for row in rows if row["unit_code"] == "20" and row["definition"] == "dn_and"]
    assert (province["numerator"], province["denominator"]) == (1, 1)


def test_a_day_written_by_a_killed_import_is_counted_although_the_window_moves_on(
    clean_store: Store, empty: Callable[[], None]
) -> None:
    """Killed between table and marker; then a run whose window is past the file finds none, then one looks at all."""
    for number in count(1):
        empty()
        send_register("2023-03-06")
        assert killed_before(jobs.import_all, number)
        if len(clean_store.read_table("register")):
            break
    assert not waiting(clean_store)
    assert jobs.import_all("2023-05-05")["files"] == 0
    jobs.import_all()
    jobs.summarise()
    assert len(contents(clean_store)["dossiers"]) == 1


def test_a_decision_is_counted_or_was_never_made(clean_store: Store) -> None:
    """Killed anywhere while it is recorded: what stands in the table is in the figures of the next summary."""
    fill()
    for earlier in (jobs.check, jobs.import_all, jobs.summarise):
        earlier()
    start = take_snapshot(clean_store)
    for number in count(1):
        put_back(clean_store, start)
        decided_at = datetime(2023, 3, 8, 9)  # noqa: DTZ001 (wall clock)
        died = killed_before(lambda at=decided_at: jobs.review(AGENCY, "D2", "reject", "An", "Thiếu dấu", at), number)
        jobs.summarise()
        rows = contents(clean_store)
        (province,) = [r for r in rows["progress_daily"] if (r["unit_code"], r["definition"]) == ("20", "dn_and")]
        (dossier,) = rows["dossiers"]
        decisions = [document["decision"] for document in dossier["documents"] if document["decision"]]
        assert decisions == ["reject"] * len(rows["reviews"]), f"killed before write {number}"
        assert province["numerator"] == 1 - len(rows["reviews"]), f"killed before write {number}"
        if not died:
            return


def test_all_that_a_job_leaves_stands_on_the_flow_page(clean_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each object beside tables, receipts and reports that any job writes, by name."""
    written: set[str] = set()
    put = Store.put

    def note(self: Store, bucket: str, key: str, *args: Any) -> None:
        written.add(key if bucket == layout.WAREHOUSE and key.startswith("_") else "")
        put(self, bucket, key, *args)

    monkeypatch.setattr(Store, "put", note)
    fill()
    for case in CASES.values():
        case.job()
    page = (Path(__file__).parents[2] / "docs" / "flow.md").read_text(encoding="utf-8")
    assert len(written) > 20
    for key in written - {""}:
        folder, _, rest = key.partition("/")
        name = rest.split("/", 2)[-1] if folder == "_work" else ""
        shown = re.sub(
            r"^(shards|closed|judged|manifests)/.*?(?=\.json|/[a-z]+\.parquet)",
            lambda found: f"{found[1]}/<{_NAMED[found[1]]}>",
            name,
        )
        assert f"`{folder}/" in page, key
        assert f"/{shown}`" in page or not shown, key
