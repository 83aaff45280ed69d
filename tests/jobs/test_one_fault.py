"""What one batch brings about is its own: the others of the same run get their answers."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
from dataclasses import replace
from typing import Any
from unicodedata import normalize

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sohoa import jobs, layout
from sohoa.errors import GateClosed, StoreError
from sohoa.intake import measure_shards, shards
from sohoa.intake.check_run import ADMITTED, CheckRun
from sohoa.intake.judging_groups import JudgingGroup
from sohoa.jobs import check_tasks
from sohoa.jobs.closed_gates import report_closed
from sohoa.pages.guard.guard import Guard
from sohoa.quality import gate, rules
from sohoa.quality.gate import Violation
from sohoa.store import Store
from tests.batch_builder import commit, document, manifest, page_jpeg, put_files, receipt
from tests.province.hostile_agency import SSE_C, slow_pdf
from tests.servers import s3_client, versions_of

BAD, GOOD = "H37.80.02", "H37.80.03"
PAGE, OTHER_PAGE = page_jpeg(1), page_jpeg(3)


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judged by numpy, no gate closes."""
    monkeypatch.setattr(gate, "judge_pages", lambda rows, limits: rules.judge_pages(rows, limits.rules))
    monkeypatch.setattr(gate, "check_rows", lambda *_: [])


def send(store: Store, agency: str, number: int = 1, files: dict[str, bytes] | None = None) -> tuple[str, str, str]:
    """A batch of one document; agency, batch and the manifest's hash."""
    files = {"a.jpg": PAGE} if files is None else files
    body = manifest([document(f"D{number}", files)], number, agency)
    put_files(store, body["batch"], files, agency)
    return agency, body["batch"], commit(store, body, agency=agency)


def answer(store: Store, sent: tuple[str, str, str]) -> str:
    """What the receipt says of a batch: why it was refused, or its documents' outcomes."""
    agency, batch, sha256 = sent
    told = receipt(store, batch, sha256, agency)
    return str(told.get("reason") or [one["outcome"] for one in told["documents"]])


def inbox(store: Store) -> set[str]:
    return {layout.split_inbox_key(item.key)[1] for item in store.list_objects(layout.LANDING, layout.INBOX)}


def put_encrypted(store: Store, key: str, data: bytes) -> None:
    """An object that nobody can read without another's key."""
    s3_client(store)._execute("PUT", layout.LANDING, key, body=data, headers=dict(SSE_C))


def test_an_encrypted_marker_is_refused_alone(clean_store: Store) -> None:
    """The agency's own key (SSE-C): the store gives it to nobody else."""
    bad = send(clean_store, BAD)
    good = send(clean_store, GOOD)
    put_encrypted(clean_store, layout.inbox_key(*bad[:2]), b"{}")
    jobs.check()
    assert answer(clean_store, good) == "['accepted']"
    assert answer(clean_store, (*bad[:2], hashlib.sha256(b"").hexdigest())) == "manifest_not_given"
    assert not inbox(clean_store)


def test_an_encrypted_page_rejects_its_document_alone(clean_store: Store) -> None:
    """The page becomes a row with what the store said."""
    bad = send(clean_store, BAD, files={"a.jpg": PAGE, "b.jpg": PAGE})
    put_encrypted(clean_store, layout.batch_prefix(BAD, *_day_and_batch(bad)) + "b.jpg", PAGE)
    good = send(clean_store, GOOD)
    jobs.check()
    assert (answer(clean_store, bad), answer(clean_store, good)) == ("['to_scan']", "['accepted']")
    errors = {row["file"]: row["error"] for row in clean_store.read_table("pages").to_pylist() if row["agency"] == BAD}
    assert errors["a.jpg"] is None
    assert errors["b.jpg"].startswith("unreadable: landing/")


def _day_and_batch(sent: tuple[str, str, str]) -> tuple[Any, str]:
    found = layout.BatchId.parse(sent[1])
    assert found is not None
    return found.scan_date, sent[1]


def test_a_store_that_is_down_ends_the_run_and_settles_nothing(
    clean_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is nobody's fault: no receipt, no death is counted, and the next run does all."""
    sent = send(clean_store, GOOD)
    get = Store.get_spelled

    def down(*_: Any) -> bytes:
        raise StoreError("cannot reach the store")

    monkeypatch.setattr(Store, "get_spelled", down)
    for _ in range(5):
        with pytest.raises(StoreError, match="cannot reach"):
            jobs.check()
    assert inbox(clean_store) == {sent[1]}
    monkeypatch.setattr(Store, "get_spelled", get)
    jobs.check()
    assert answer(clean_store, sent) == "['accepted']"


class Died(BaseException):
    """What no code catches."""


def dies(*_: Any) -> Any:
    raise Died


def test_a_batch_that_kills_judging_is_refused_and_the_others_are_done(
    clean_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once among others, twice alone; each try in a run of its own, with other markers beside it."""
    bad, good = send(clean_store, BAD), [send(clean_store, GOOD)]
    judge = check_tasks._judge

    def judge_or_die(store: Store, group: JudgingGroup, captures: Any) -> Any:
        is_deadly = any((entry.name, entry.status) == (bad[1], ADMITTED) for entry in group.entries)
        return dies() if is_deadly else judge(store, group, captures)

    monkeypatch.setattr(check_tasks, "_judge", judge_or_die)
    for number in (2, 3, 4):
        with pytest.raises(Died):
            jobs.check()
        good.append(send(clean_store, GOOD, number))
    problems = jobs.check()["problems"]
    assert [answer(clean_store, sent) for sent in good] == ["['accepted']", *["['review']"] * 3], "copies of one page"
    assert answer(clean_store, bad) == "not_processed"
    assert [line.split(":")[0] for line in problems] == [bad[1]]
    assert not list(clean_store.list_objects(layout.WAREHOUSE, layout.ATTEMPTS))


DAMAGES = {"cut off": lambda data: data[:-20], "empty": lambda _: b"", "another table": lambda _: parquet({"a": [1]})}
KEPT = {"captures": layout.captures_prefix(BAD), "document ids": layout.documents_prefix(BAD)}


def parquet(columns: dict[str, list[int]]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def damage(store: Store, prefix: str, how: str = "cut off") -> tuple[str, bytes]:
    """Damage the one object under a prefix; its key and what it was."""
    (kept,) = store.list_objects(layout.WAREHOUSE, prefix)
    before = store.get(layout.WAREHOUSE, kept.key)
    store.put(layout.WAREHOUSE, kept.key, DAMAGES[how](before))
    return kept.key, before


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("kept", KEPT)
def test_what_is_kept_of_an_agency_and_damaged_is_found_again_in_tables(
    clean_store: Store, kept: str, how: str
) -> None:
    """A copy of a page is still known as one, an id that was used as used; what was damaged is written whole again."""
    first = send(clean_store, BAD)
    jobs.check()
    key, _ = damage(clean_store, KEPT[kept], how)
    copy, good = send(clean_store, BAD, 2), send(clean_store, GOOD)
    again = manifest([document("D1", {"a.jpg": PAGE})], 3, BAD)
    put_files(clean_store, again["batch"], {"a.jpg": PAGE}, BAD)
    used = BAD, again["batch"], commit(clean_store, again, agency=BAD)
    assert jobs.check()["problems"] == []
    assert [answer(clean_store, sent) for sent in (first, copy, good)] == ["['accepted']", "['review']", "['accepted']"]
    assert answer(clean_store, used) == "document_id_used"
    if kept == "document ids":
        assert {"D1", "D2"} == set(clean_store.get_parquet(key)["document_id"].to_pylist())


@pytest.mark.parametrize("kept", KEPT)
def test_an_agency_of_which_a_table_is_damaged_waits_and_holds_up_no_other(clean_store: Store, kept: str) -> None:
    """Nothing of it is refused or given up: the run names the object, and does its batch once that is brought back."""
    first = send(clean_store, BAD)
    jobs.check()
    damage(clean_store, KEPT[kept])
    key, before = damage(clean_store, layout.table_prefix("documents"))
    bad, good = send(clean_store, BAD, 2), send(clean_store, GOOD)
    for _ in range(5):
        (problem,) = jobs.check()["problems"]
        assert problem.startswith(f"{bad[1]}: warehouse/{key} is damaged")
        assert answer(clean_store, good) == "['accepted']"
        assert inbox(clean_store) == {bad[1]}
    clean_store.put(layout.WAREHOUSE, key, before)
    assert jobs.check()["problems"] == []
    assert [answer(clean_store, sent) for sent in (first, bad)] == ["['accepted']", "['review']"]


def test_captures_of_a_batch_that_a_killed_run_left_without_its_row_are_not_missed(
    clean_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are damaged, and its row is not written yet: it is checked again, and so are all others."""
    bad, good = send(clean_store, BAD), send(clean_store, GOOD)
    with monkeypatch.context() as patch:
        write_table = Store.write_table
        patch.setattr(Store, "write_table", lambda *args: dies() if args[1] == "batches" else write_table(*args))
        with pytest.raises(Died):
            jobs.check()
    damage(clean_store, KEPT["captures"])
    assert jobs.check()["problems"] == []
    assert [answer(clean_store, sent) for sent in (bad, good)] == ["['accepted']"] * 2


def test_ids_of_a_batch_that_waits_are_free(clean_store: Store) -> None:
    """It is withdrawn, and its document comes in another: nothing of the first has been published."""
    send(clean_store, BAD)
    jobs.check()
    damage(clean_store, KEPT["captures"])
    key, before = damage(clean_store, layout.table_prefix("documents"))
    waiting = send(clean_store, BAD, 2, {"a.jpg": OTHER_PAGE})
    assert len(jobs.check()["problems"]) == 1
    clean_store.delete(layout.LANDING, layout.inbox_key(*waiting[:2]))
    body = manifest([document("D2", {"a.jpg": OTHER_PAGE})], 3, BAD)
    put_files(clean_store, body["batch"], {"a.jpg": OTHER_PAGE}, BAD)
    again = BAD, body["batch"], commit(clean_store, body, agency=BAD)
    clean_store.put(layout.WAREHOUSE, key, before)
    jobs.check()
    assert answer(clean_store, again) == "['accepted']"


def test_a_batch_that_waits_stays_owed(clean_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A killed run has published it, its agency withdraws it: it is settled when what was damaged is whole again."""
    first = send(clean_store, BAD)
    jobs.check()
    owed = send(clean_store, BAD, 2, {"a.jpg": OTHER_PAGE})
    with monkeypatch.context() as patch:
        patch.setattr(check_tasks, "settle", dies)
        with pytest.raises(Died):
            jobs.check()
    clean_store.delete(layout.LANDING, layout.inbox_key(*owed[:2]))
    damage(clean_store, KEPT["document ids"])
    key = layout.table_key("documents", *_day_and_batch(first))
    before = clean_store.get(layout.WAREHOUSE, key)
    clean_store.put(layout.WAREHOUSE, key, DAMAGES["cut off"](before))
    good = send(clean_store, GOOD)
    for _ in range(2):
        assert len(jobs.check()["problems"]) == 1
        assert answer(clean_store, good) == "['accepted']"
    clean_store.put(layout.WAREHOUSE, key, before)
    assert jobs.check()["problems"] == []
    pending = [item.key for item in clean_store.list_objects(layout.WAREHOUSE, layout.PENDING)]
    assert pending == [layout.pending_scan_key(*sent[:2]) for sent in (first, owed, good)]
    assert not list(clean_store.list_objects(layout.WAREHOUSE, layout.DEBTS))


def test_a_batch_beside_which_a_worker_died_twice_is_judged(
    clean_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that is switched off is not the batch's fault."""
    sent, judge = send(clean_store, GOOD), check_tasks._judge
    monkeypatch.setattr(check_tasks, "_judge", dies)
    for _ in range(2):
        with pytest.raises(Died):
            jobs.check()
    monkeypatch.setattr(check_tasks, "_judge", judge)
    assert jobs.check()["problems"] == []
    assert answer(clean_store, sent) == "['accepted']"


def test_a_file_that_kills_its_task_is_a_row_and_no_other_page_is_measured_twice(
    clean_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Set aside after the first time, alone in the next two, told after that; what was measured is kept."""
    killer = page_jpeg(2)
    bad = send(clean_store, BAD, files={"a.jpg": PAGE, "k.jpg": killer, "z.jpg": PAGE})
    good = send(clean_store, GOOD)
    measured: list[str] = []
    measure = Guard.measure_timed

    def measure_or_die(self: Guard, data: bytes, *rest: Any) -> Any:
        if data == killer:
            dies()
        measured.append(rest[0])
        return measure(self, data, *rest)

    monkeypatch.setattr(Guard, "measure_timed", measure_or_die)
    monkeypatch.setattr(measure_shards, "_SAVED_EVERY", 0.0)
    for _ in range(3):
        with pytest.raises(Died):
            jobs.check()
    jobs.check()
    assert (answer(clean_store, bad), answer(clean_store, good)) == ("['to_scan']", "['accepted']")
    errors = {row["file"]: row["error"] for row in clean_store.read_table("pages").to_pylist() if row["agency"] == BAD}
    assert [errors[name] is None for name in ("a.jpg", "k.jpg", "z.jpg")] == [True, False, True]
    assert errors["k.jpg"].startswith("not_measured: measuring it was cut off")
    assert len(measured) <= 5, "a page or two may have been at work beside it"
    assert not list(clean_store.list_objects(layout.WAREHOUSE, layout.MEASURED))


def test_what_a_check_measured_before_it_failed_is_not_measured_again(
    clean_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when a new marker has arrived, so that the next run is another."""
    sent = [send(clean_store, BAD)]
    publish = check_tasks.publish
    monkeypatch.setattr(check_tasks, "publish", dies)
    with pytest.raises(Died):
        jobs.check()
    monkeypatch.setattr(check_tasks, "publish", publish)
    sent.append(send(clean_store, GOOD))
    asked: list[str] = []
    measure_file_of = measure_shards.measure_file_of
    monkeypatch.setattr(
        measure_shards, "measure_file_of", lambda *args: asked.append(args[1].agency) or measure_file_of(*args)
    )
    jobs.check()
    assert asked == [GOOD]
    assert [answer(clean_store, one) for one in sent] == ["['accepted']"] * 2


def test_an_agency_gets_its_share_of_a_run(clean_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest first; what waits is said, and others do not wait for it."""
    monkeypatch.setenv("SOHOA_SHARE_BATCHES", "2")
    many = [send(clean_store, BAD, number) for number in range(1, 6)]
    good = send(clean_store, GOOD)
    waiting = []
    for _ in range(3):
        jobs.check()
        waiting.append(sorted(inbox(clean_store)))
    assert waiting == [[sent[1] for sent in many[2:]], [many[4][1]], []]
    assert answer(clean_store, good) == "['accepted']"


@pytest.mark.parametrize(("setting", "value"), [("DOCUMENTS", "2"), ("BYTES", str(2 * len(PAGE)))])
def test_documents_and_bytes_have_their_share_too(
    clean_store: Store, monkeypatch: pytest.MonkeyPatch, setting: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two batches of one document each; a first one is always taken."""
    monkeypatch.setenv(f"SOHOA_SHARE_{setting}", value)
    many = [send(clean_store, BAD, number) for number in range(1, 5)]
    large = send(clean_store, GOOD, files=dict.fromkeys(("a.jpg", "b.jpg", "c.jpg"), PAGE))
    jobs.check()
    assert inbox(clean_store) == {sent[1] for sent in many[2:]}
    assert f"batches_wait agency={BAD} waiting=2" in capsys.readouterr().err
    assert answer(clean_store, large) == "['review']", "three copies of one page"


SLOW = {f"{number}.pdf": slow_pdf(number) for number in range(8)}


@pytest.mark.parametrize("seconds", ["1", "30"])
def test_a_batch_has_so_much_time(seconds: str, clean_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight files that take all their time: some are measured, the others are told why they are not.

    A file may use a second: of 30 that a batch has by itself, three are left.
    """
    monkeypatch.setenv("SOHOA_MAX_FILE_SECONDS", "1")
    monkeypatch.setenv("SOHOA_BATCH_SECONDS", seconds)
    bad, good = send(clean_store, BAD, files=SLOW), send(clean_store, GOOD)
    jobs.check()
    assert (answer(clean_store, bad), answer(clean_store, good)) == ("['to_scan']", "['accepted']")
    told = [row["error"] for row in clean_store.read_table("pages").to_pylist() if row["agency"] == BAD]
    assert len(told) == len(SLOW)
    given_up = sum("the pages of this batch take too much time" in error for error in told)
    assert given_up >= (6 if seconds == "1" else 5), "after one that took long, one file at a time"


def test_an_agency_has_so_much_time_in_a_run_and_goes_on_in_the_next(
    clean_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its batch waits, unfinished, with what has been measured; the other agency has its receipt already."""
    monkeypatch.setenv("SOHOA_MAX_FILE_SECONDS", "1")
    monkeypatch.setenv("SOHOA_SHARE_SECONDS", "1")
    bad, good = send(clean_store, BAD, files=SLOW), send(clean_store, GOOD)
    jobs.check()
    assert inbox(clean_store) == {bad[1]}
    assert answer(clean_store, good) == "['accepted']"
    for _ in range(5):
        if inbox(clean_store):
            jobs.check()
    assert answer(clean_store, bad) == "['to_scan']"
    assert clean_store.read_table("pages").num_rows == len(SLOW) + 1


def test_there_are_never_more_shards_than_a_task_can_be_mapped_over() -> None:
    """And they follow what the store lists: what a manifest claims makes none."""
    task = shards.FileTask(
        BAD, "B", "D", "component", "text", "a4", "matte", "M", "adf", "page", None, "a", "", 300_000_000, "", 0, "E"
    )
    settings = open_settings()
    assert len(list(shards._cut([task] * 1_100, settings))) == 3
    large = [replace(task, stored_bytes=settings.shard_bytes)] * 20_000
    parts = list(shards._cut(large, settings))
    assert len(parts) <= 1_000
    assert sum(map(len, parts)) == 20_000


def test_files_that_are_not_there_make_no_shards(clean_store: Store) -> None:
    """Whatever size is claimed of them; a name in the other normal form is there."""
    claimed = [{"path": f"{n}.jpg", "sha256": "0" * 64, "bytes": 300_000_000} for n in range(20)]
    there = document("D2", {"đơn.jpg": PAGE})
    body = manifest([document("D1", {}, physical_pages=20) | {"files": claimed}, there], 1, BAD)
    put_files(clean_store, body["batch"], {normalize("NFD", "đơn.jpg"): PAGE}, BAD)
    commit(clean_store, body, agency=BAD)
    work = jobs.discover_batches()["work"]
    jobs.admit_batches(work)
    (shard,) = jobs.plan_shards(work)
    sizes = [file["stored_bytes"] for file in CheckRun(clean_store, work).shard(shard["shard"])["files"]]
    assert sizes == [0] * 20 + [len(PAGE)]


def open_settings() -> Any:
    from sohoa.settings import load_settings

    return load_settings()


def test_the_manifest_as_admitted_is_kept_whatever_its_agency_does(clean_store: Store) -> None:
    """Every version of the marker is deleted between two tasks."""
    sent = send(clean_store, GOOD)
    key = layout.inbox_key(*sent[:2])
    admitted = clean_store.get(layout.LANDING, key)
    work = jobs.discover_batches()["work"]
    jobs.admit_batches(work)
    for version in versions_of(clean_store, layout.LANDING, key):
        clean_store.delete(layout.LANDING, key, version.version_id)
    for shard in jobs.plan_shards(work):
        jobs.measure_shard(work, shard["shard"])
    jobs.judge_batches(work)
    jobs.publish_batches(work)
    assert jobs.settle_batches(work)["settled"] == 1
    assert clean_store.get(layout.WAREHOUSE, layout.manifest_key(*sent)) == admitted
    assert answer(clean_store, sent) == "['accepted']"


def test_a_marker_that_is_too_large_is_refused_and_not_copied(
    clean_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither into the work of the run nor into the evidence."""
    sent = send(clean_store, BAD)
    commit(clean_store, b" " * 5_000_000, sent[1], BAD)
    largest, put = [0], Store.put
    monkeypatch.setattr(
        Store,
        "put",
        lambda self, bucket, key, data, *kind: largest.append(len(data)) or put(self, bucket, key, data, *kind),
    )
    jobs.check()
    assert answer(clean_store, (*sent[:2], hashlib.sha256(b"").hexdigest())) == "manifest_too_large"
    assert max(largest) < 1_000_000
    assert not list(clean_store.list_objects(layout.WAREHOUSE, "manifests/"))


FLOODS = {
    "objects": b'{"documents":[' + b",".join([b"{}"] * 1_390_000) + b"]}",
    "unknown keys": b"{" + b",".join(b'"k%d":1' % number for number in range(350_000)) + b"}",
    "lists": b'{"documents":[{"files":[' + b",".join([b"[]"] * 1_300_000) + b"]}]}",
    "files": b'{"documents":['
    + b",".join([b'{"files":[' + b",".join([b'{"path":"a"}'] * 300) + b"]}"] * 1_000)
    + b"]}",
}
_PARSE = """
import sys
from pathlib import Path
from sohoa.intake.manifest import parse_manifest
from sohoa.intake.manifest_faults import Refusal
try:
    parse_manifest(sys.stdin.buffer.read())
except Refusal as refusal:
    lines = Path("/proc/self/status").read_text().splitlines()
    print(refusal.code, *(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM")))
"""


@pytest.mark.parametrize("name", FLOODS)
def test_a_manifest_is_counted_before_it_is_believed(name: str) -> None:
    """4 MiB of parts: refused within 400 MB, of which the libraries take 90."""
    assert 2_000_000 < len(FLOODS[name]) <= 4_194_304
    done = subprocess.run(
        [sys.executable, "-c", _PARSE], input=FLOODS[name], capture_output=True, check=True, timeout=60
    )
    code, peak = done.stdout.split()
    assert (code, int(peak) < 400) == (b"too_many_parts", True), peak


def test_a_deeply_nested_manifest_is_refused() -> None:
    """Deeper than the parser goes."""
    done = subprocess.run([sys.executable, "-c", _PARSE], input=b"[" * 4_000_000, capture_output=True, check=True)
    assert done.stdout.split()[0] == b"not_json"


def test_many_documents_cost_few_requests(clean_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand that were not scanned, in two manifests: their ids are one object, and each slip has its way back."""
    for number in (1, 2):
        documents = [document(f"D{number}-{one}", {}, not_scanned="fragile") for one in range(500)]
        commit(clean_store, manifest(documents, number, BAD), agency=BAD)
    requests = [0]
    call = Store._call
    monkeypatch.setattr(Store, "_call", lambda *args: requests.append(1) or call(*args))
    assert jobs.check()["admitted"] == 2
    assert len(requests) < 100
    again = manifest([document("D1-7", {}, not_scanned="fragile")], 3, BAD)
    sha256 = commit(clean_store, again, agency=BAD)
    jobs.check()
    assert answer(clean_store, (BAD, again["batch"], sha256)) == "document_id_used"


def test_each_batch_that_a_closed_gate_holds_is_named(clean_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are: whoever looks for the rows needs all, and is told of one fault."""
    sent = [send(clean_store, GOOD, number)[1] for number in range(1, 6)]
    fault = Violation("keys are not unique", "", ("batch",), tuple({"batch": batch} for batch in sent))
    monkeypatch.setattr(gate, "check_rows", lambda table, _: [fault] if table == "pages" else [])
    problems = jobs.check()["problems"]
    with pytest.raises(GateClosed, match=f"^1 fault: {', '.join(sent)}: "):
        report_closed(problems)
