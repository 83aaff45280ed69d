"""What nobody needs goes, after its term; what a manifest names never does, whatever happens meanwhile."""

from __future__ import annotations

import random
import unicodedata
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from sohoa import layout
from sohoa.slips import write_slips
from sohoa.store import ObjectVersion, Store
from sohoa.upkeep import sweep as sweep_module
from sohoa.upkeep.folders import Folder, list_folders
from tests.jobs.kills import killed_before
from tests.upkeep.landing import (
    AGENCY,
    DAY,
    batch_id,
    commit,
    contents_of,
    key_of,
    settle,
    sweep_after,
    upload,
)

pytestmark = pytest.mark.timeout(120)

FUTURE = datetime(9999, 1, 1, tzinfo=UTC)
NFC, NFD = (unicodedata.normalize(form, "tờ khai.jpg") for form in ("NFC", "NFD"))


def test_old_versions_go_after_their_term_and_the_newest_stays(clean_store: Store) -> None:
    """Overwritten twice, no manifest: all but the newest go, and not before the term."""
    for data in (b"one", b"two", b"three"):
        upload(clean_store, 1, "a.jpg", data)
    assert sweep_after(clean_store, 6)["versions_deleted"] == 0
    found = sweep_after(clean_store, 8)
    assert (found["versions_deleted"], found["bytes_freed"]) == (2, 6)
    assert contents_of(clean_store, key_of(1, "a.jpg")) == [b"three"]


@pytest.mark.parametrize("is_settled", [False, True])
@pytest.mark.parametrize(
    ("path", "listed"), [("a.jpg", "a.jpg"), ("p/b.jpg", "p/b.jpg"), (NFD, NFC), (NFC, NFD)], ids=str
)
def test_what_a_manifest_names_stays_though_it_was_overwritten_or_deleted(
    clean_store: Store, is_settled: bool, path: str, listed: str
) -> None:
    """The committed content is an old version: it stays for good; junk of another size before and after it goes."""
    for data in (b"junk before", b"committed"):
        upload(clean_store, 1, path, data)
    commit(clean_store, 1, {listed: b"committed"})
    if is_settled:
        settle(clean_store, 1)
    upload(clean_store, 1, path, b"junk after it")
    upload(clean_store, 1, path, b"the newest one")
    clean_store.delete(layout.LANDING, key_of(1, path))
    for _ in range(3):
        sweep_after(clean_store, 400)
    left = contents_of(clean_store, key_of(1, path))
    assert b"committed" in left
    assert left[0] is None
    if is_settled:
        assert left == [None, b"committed"]


def test_a_copy_of_the_newest_goes_though_it_is_named(clean_store: Store) -> None:
    """The same file sent twice is one file; another of the same size may be the named one."""
    for data in (b"same", b"twin", b"same"):
        upload(clean_store, 1, "a.jpg", data)
    commit(clean_store, 1, {"a.jpg": b"same"})
    settle(clean_store, 1)
    sweep_after(clean_store, 8)
    assert contents_of(clean_store, key_of(1, "a.jpg")) == [b"same", b"twin"]


@pytest.mark.parametrize("body", [b"not json", b'{"schema_version": 99}', None])
def test_where_it_is_not_known_what_was_committed_all_stays(clean_store: Store, body: bytes | None) -> None:
    """A manifest that cannot be read any more; a row of a batch whose manifest was not kept."""
    for data in (b"one", b"two"):
        upload(clean_store, 1, "a.jpg", data)
    if body is None:
        clean_store.put(layout.WAREHOUSE, layout.table_key("batches", DAY, batch_id(1)), b"a row")
    else:
        clean_store.put(layout.WAREHOUSE, layout.manifest_key(AGENCY, batch_id(1), "0" * 64), body)
    found = sweep_after(clean_store, 400)
    assert (found["versions_deleted"], found["batches_abandoned"]) == (0, 0)
    assert contents_of(clean_store, key_of(1, "a.jpg")) == [b"two", b"one"]


def test_a_batch_left_half_way_gets_a_receipt_and_goes(clean_store: Store) -> None:
    """After its term; before and after it can be told what became of it, and the id can be used again."""
    for path in ("a.jpg", "b/c.jpg"):
        upload(clean_store, 1, path, b"left")
    assert sweep_after(clean_store, 29)["batches_abandoned"] == 0
    assert sweep_after(clean_store, 31)["batches_abandoned"] == 1
    assert clean_store.stat(layout.LANDING, key_of(1, "a.jpg")) is None
    receipt = clean_store.get_json(layout.LANDING, layout.receipt_key(AGENCY, batch_id(1), "abandoned"))
    assert (receipt["status"], receipt["reason"]) == ("refused", "abandoned")
    page = clean_store.get(layout.LANDING, layout.receipt_key(AGENCY, batch_id(1), "abandoned", "html")).decode()
    assert "Lô gửi dở" in page
    assert contents_of(clean_store, key_of(1, "a.jpg")) == [None, b"left"], "it can be restored"
    assert sweep_after(clean_store, 31)["batches_abandoned"] == 0
    assert sweep_after(clean_store, 31)["versions_deleted"] == 2, "the deletions themselves"
    assert contents_of(clean_store, key_of(1, "b/c.jpg")) == []
    upload(clean_store, 1, "a.jpg", b"again")
    commit(clean_store, 1, {"a.jpg": b"again"})
    sweep_after(clean_store, 400)
    assert contents_of(clean_store, key_of(1, "a.jpg")) == [b"again"]


def test_one_new_file_or_a_withdrawn_marker_of_today_keeps_a_batch(
    clean_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A marker that its agency has deleted counts for two days, then it was never committed."""
    upload(clean_store, 1, "a.jpg", b"left")
    commit(clean_store, 1, {"a.jpg": b"left"})
    clean_store.delete(layout.LANDING, layout.inbox_key(AGENCY, batch_id(1)))
    monkeypatch.setattr(sweep_module.Terms, "of", lambda *_: sweep_module.Terms(FUTURE, FUTURE))
    assert sweep_after(clean_store, 1)["batches_abandoned"] == 0
    assert sweep_after(clean_store, 3)["batches_abandoned"] == 1


def test_stray_objects_go_and_take_nothing_with_them(clean_store: Store) -> None:
    """An object named like a folder, or beside the folders of batches, is no batch; the committed one stays whole."""
    upload(clean_store, 1, "a.jpg", b"good")
    commit(clean_store, 1, {"a.jpg": b"good"})
    settle(clean_store, 1)
    for key in (f"batches/{AGENCY}/stray.jpg", f"batches/{AGENCY}/{DAY}/stray.jpg", "batches/stray"):
        clean_store.put(layout.LANDING, key, b"stray")
    assert sweep_after(clean_store, 31)["batches_abandoned"] == 3
    assert [item.key for item in clean_store.list_objects(layout.LANDING, "batches/")] == [key_of(1, "a.jpg")]


def test_a_manifest_that_comes_at_that_very_moment_brings_its_files_back(
    clean_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After it was read that nothing waits, before the last file is deleted."""
    upload(clean_store, 1, "a.jpg", b"late")
    upload(clean_store, 2, "a.jpg", b"left")

    def come(store: Store, agency: str, batch: str, *_: Any) -> None:
        if batch == batch_id(1):
            commit(store, 1, {"a.jpg": b"late"})

    monkeypatch.setattr(sweep_module, "write_abandoned", come)
    sweep_after(clean_store, 31)
    assert contents_of(clean_store, key_of(1, "a.jpg")) == [b"late"]
    assert contents_of(clean_store, key_of(2, "a.jpg")) == [None, b"left"]


def test_killed_anywhere_a_manifest_that_comes_then_still_has_its_files(clean_store: Store) -> None:
    """Each write in turn is the last thing the run did not do; a manifest follows, then the next run.

    Before the batch is known to have been given up, its files lie there again; afterwards they can still be restored.
    """
    for number in count(1):
        upload(clean_store, number, "a.jpg", b"late")
        died = killed_before(lambda: sweep_after(clean_store, 31), number)
        is_given_up = clean_store.stat(layout.WAREHOUSE, layout.debt_key("upkeep")) is None and number > 1
        if not died:
            assert number > 6
            return
        commit(clean_store, number, {"a.jpg": b"late"})
        for _ in range(3):
            sweep_after(clean_store, 31)
        left = contents_of(clean_store, key_of(number, "a.jpg"))
        assert left == ([None, b"late"] if is_given_up else [b"late"]), f"killed before write {number}"
        settle(clean_store, number)


def test_a_run_does_its_share_and_the_next_goes_on(clean_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folder by folder through agencies whose codes begin alike; the usage is written when the end is reached.

    The store takes empty folders away when it comes to it, between two runs too: of these nothing is promised.
    """
    codes = ("H37.8", "H37.80", "H37.84", "H37.84.09", "H37.9")
    names = [(code, day, n) for code in codes for day in (1, 2) for n in (1, 2)]
    prefixes = [f"batches/{code}/2023-03-0{day}/{code}-2023030{day}-00{n}/" for code, day, n in names]
    for prefix in prefixes:
        clean_store.put(layout.LANDING, f"{prefix}a.jpg", b"12345")
    all_folders = [folder.prefix for folder in list_folders(clean_store, "")]  # empty ones of other tests too
    assert [prefix for prefix in all_folders if prefix in prefixes] == prefixes
    assert len(set(all_folders)) == len(all_folders)
    for number, prefix in enumerate(all_folders):
        assert [folder.prefix for folder in list_folders(clean_store, prefix)] == all_folders[number + 1 :]
    seen: list[str] = []
    list_versions = sweep_module.list_versions

    def note(store: Store, folder: Folder) -> list[ObjectVersion]:
        seen.append(folder.prefix)
        return list_versions(store, folder)

    monkeypatch.setattr(sweep_module, "list_versions", note)
    share = len(all_folders) // 3 + 1
    runs = [sweep_after(clean_store, 1, max_folders=share) for _ in range(3)]
    assert [prefix for prefix in seen if prefix in prefixes] == prefixes
    assert seen == [prefix for prefix in all_folders if prefix in seen]
    assert [run["folders"] for run in runs[:2]] == [share, share]
    assert sum(run["folders"] for run in runs) == len(seen)
    assert [run["is_through"] for run in runs] == [False, False, True]
    usage = clean_store.get_json(layout.WAREHOUSE, layout.USAGE_KEY)
    assert {code: (used["bytes"], used["objects"]) for code, used in usage["agencies"].items()} == dict.fromkeys(
        codes, (20, 4)
    )
    assert clean_store.stat(layout.WAREHOUSE, layout.SWEEP_KEY) is None


def test_usage_counts_versions_and_what_has_no_manifest(clean_store: Store) -> None:
    """All versions, newest ones, and the batches that nobody has committed, by name."""
    for data in (b"12345", b"123"):
        upload(clean_store, 1, "a.jpg", data)
    upload(clean_store, 2, "a.jpg", b"1234567")
    upload(clean_store, 3, "a.jpg", b"1")
    commit(clean_store, 1, {"a.jpg": b"123"})
    commit(clean_store, 3, {"a.jpg": b"1"})
    settle(clean_store, 3)
    sweep_after(clean_store, 1)
    usage = clean_store.get_json(layout.WAREHOUSE, layout.USAGE_KEY)
    assert usage["agencies"] == {
        AGENCY: {
            "bytes": 16,
            "objects": 4,
            "newest_bytes": 11,
            "newest_objects": 3,
            "uncommitted_bytes": 7,
            "uncommitted": {batch_id(2): 7},
        }
    }


def test_old_receipts_go_the_newest_stays(clean_store: Store) -> None:
    """A receipt is written again with each decision; nobody reads what it said before."""
    key = layout.receipt_key(AGENCY, batch_id(1), "0" * 64)
    for text in (b"first", b"second", b"third"):
        clean_store.put(layout.LANDING, key, text)
    sweep_after(clean_store, 8)
    assert contents_of(clean_store, key) == [b"third"]


@pytest.mark.parametrize("seed", range(6))
def test_whatever_an_agency_and_the_pipeline_do_what_was_committed_stays(clean_store: Store, seed: int) -> None:
    """Uploads, overwriting, deleting, committing, withdrawing, settling, sweeps of any day, killed anywhere.

    Every content that lay there when a manifest named it is there afterwards, and what lies newest in a batch that is
    committed, or young, is what the agency left there.
    """
    draw = random.Random(seed)
    needed: dict[int, dict[str, bytes]] = {}
    sent: dict[tuple[int, str], bytes | None] = {}
    waiting: set[int] = set()
    given_up: set[int] = set()
    for step in range(70):
        number, path = draw.randint(1, 3), draw.choice(["a.jpg", "p/b.jpg", NFD])
        match draw.choice(["upload", "upload", "upload", "delete", "commit", "settle", "withdraw", "sweep", "sweep"]):
            case "upload":
                sent[number, path] = draw.choice([b"A", b"B", f"{step:05d}".encode(), b"longer content"])
                upload(clean_store, number, path, sent[number, path] or b"")
            case "delete" if sent.get((number, path)):
                clean_store.delete(layout.LANDING, key_of(number, path))
                sent[number, path] = None
            case "commit" if number not in needed:
                files = {name: data for (of, name), data in sent.items() if of == number and data is not None}
                if files:
                    commit(clean_store, number, {unicodedata.normalize("NFC", name): d for name, d in files.items()})
                    there = {
                        name: d for name, d in files.items() if d in contents_of(clean_store, key_of(number, name))
                    }
                    needed[number] = there
                    waiting.add(number)
            case "settle" if number in waiting:
                settle(clean_store, number)
                waiting.remove(number)
            case "withdraw" if number in waiting:
                clean_store.delete(layout.LANDING, layout.inbox_key(AGENCY, batch_id(number)))
                waiting.remove(number)
                del needed[number]
            case "sweep":
                days = draw.choice([0, 8, 8, 31, 400])
                if draw.random() < 0.5:
                    killed_before(lambda days=days: sweep_after(clean_store, days, max_folders=2), draw.randint(1, 6))
                else:
                    sweep_after(clean_store, days)
                if days > 30:
                    given_up |= {1, 2, 3} - needed.keys()
                    for of, name in [place for place in sent if place[0] not in needed]:
                        sent[of, name] = (contents_of(clean_store, key_of(of, name)) or [None])[0]
        for of, files in needed.items():
            told = clean_store.stat(layout.LANDING, layout.receipt_key(AGENCY, batch_id(of), write_slips.ABANDONED))
            assert told is None or of in given_up, (step, of)
            for name, data in files.items():
                assert data in contents_of(clean_store, key_of(of, name)), (step, of, name)
        for (of, name), newest in sent.items():
            if newest is not None and (of not in needed or needed[of].get(name) is not None):
                assert contents_of(clean_store, key_of(of, name))[0] == newest, (step, of, name)


def test_the_first_versions_of_a_folder_too_large_are_whole_objects(
    clean_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The object in which the listing is cut is left for later: what is listed of it may not be all there is."""
    from sohoa.upkeep import folders

    for path in ("a.jpg", "b.jpg"):
        for data in (b"one", b"two"):
            upload(clean_store, 1, path, data)
    monkeypatch.setattr(folders, "_MAX_VERSIONS", 3)
    folder = folders.Folder(key_of(1, ""))
    found: list[ObjectVersion] = folders.list_versions(clean_store, folder)
    assert {version.key for version in found} == {key_of(1, "a.jpg")}
    assert len(found) == 2


def test_the_receipt_of_an_abandoned_batch_is_the_same_again(clean_store: Store) -> None:
    """Written twice, the same bytes: it depends on the batch alone."""
    when = datetime(2024, 3, 4, tzinfo=UTC)
    key = layout.receipt_key(AGENCY, batch_id(1), write_slips.ABANDONED)
    bodies = set()
    for _ in range(2):
        write_slips.write_abandoned(clean_store, AGENCY, batch_id(1), when)
        bodies.add(clean_store.get(layout.LANDING, key))
    assert len(bodies) == 1
