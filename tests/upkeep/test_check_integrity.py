"""What was accepted is read back: every kind of silent damage is told, and forgotten when it is mended."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from sohoa import jobs, layout
from sohoa.notify.alerts import read_standing
from sohoa.settings import TIME_ZONE
from sohoa.steering.morning_status import read_status
from sohoa.store import Store
from sohoa.upkeep.check_integrity import check_integrity
from tests.batch_builder import AGENCY, DAY, page_jpeg, put_files, send
from tests.jobs.kills import killed_before
from tests.spoil import spoil

pytestmark = [pytest.mark.timeout(120), pytest.mark.usefixtures("judged_by_numpy")]
FILES = {f"{letter}.jpg": page_jpeg(seed) for seed, letter in enumerate("abc")}


def now(days: int = 0) -> datetime:
    return datetime.now(TIME_ZONE) + timedelta(days)


def key_of(batch: str, path: str) -> str:
    return layout.batch_prefix(AGENCY, DAY, batch) + path


@pytest.fixture
def batches(clean_store: Store, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Three batches through a real check; somebody is woken by alerts."""
    monkeypatch.setitem(
        clean_store.__dict__, "settings", clean_store.settings.model_copy(update={"operators": ("an@example.vn",)})
    )
    sent = [send(clean_store, {name: data}, number) for number, (name, data) in enumerate(FILES.items(), 1)]
    jobs.check()
    return sent


def damage(store: Store, key: str, data: bytes | None) -> None:
    store.delete_versions(layout.LANDING, key)
    if data is not None:
        store.put(layout.LANDING, key, data)


def test_a_sound_store_has_nothing_to_tell(clean_store: Store, batches: list[str]) -> None:
    """A file that its agency overwrote or deleted since is there all the same."""
    put_files(clean_store, batches[0], {"a.jpg": b"overwritten"})
    clean_store.delete(layout.LANDING, key_of(batches[1], "b.jpg"))
    assert check_integrity(clean_store, now())["batches_damaged"] == 0


@pytest.mark.parametrize(
    ("data", "word"),
    [(None, "file_gone"), (b"", "file_altered"), (FILES["a.jpg"][:-1] + b"x", "file_altered")],
    ids=["gone", "empty", "one bit"],
)
def test_damage_is_told_until_it_is_mended(
    clean_store: Store, batches: list[str], data: bytes | None, word: str
) -> None:
    """By `sohoa status` and an alert, with the batch, the file and its hash; each run looks at it again."""
    damage(clean_store, key_of(batches[0], "a.jpg"), data)
    for _ in range(2):
        assert check_integrity(clean_store, now())["batches_damaged"] == 1
    (line,) = [line for line in read_status(clean_store, now()) if line.topic == "damaged"]
    assert line.wants_person and batches[0] in line.text and word in line.text
    assert "hỏng hoặc mất" in read_standing(clean_store)[0].subject
    damage(clean_store, key_of(batches[0], "a.jpg"), FILES["a.jpg"])
    assert check_integrity(clean_store, now())["batches_damaged"] == 0
    assert read_standing(clean_store) == []


def test_a_table_or_a_manifest_that_is_gone_is_told(clean_store: Store, batches: list[str]) -> None:
    """Rows of documents, and the manifest as settled."""
    clean_store.delete(layout.WAREHOUSE, layout.table_key("documents", DAY, batches[0]))
    clean_store.delete_prefix(layout.WAREHOUSE, layout.manifests_prefix(AGENCY, batches[1]))
    assert check_integrity(clean_store, now())["batches_damaged"] == 2


def test_every_batch_has_its_turn_and_a_killed_run_loses_none(
    clean_store: Store, batches: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One file a run: the last of three batches is damaged, and the third run finds it, killed ones between."""
    few = clean_store.settings.model_copy(update={"integrity_files": 1})
    monkeypatch.setitem(clean_store.__dict__, "settings", few)
    damage(clean_store, key_of(batches[2], "c.jpg"), b"x")
    found = []
    for _ in range(4):
        killed_before(lambda: check_integrity(clean_store, now()), 1)
        found.append(check_integrity(clean_store, now())["batches_damaged"])
    assert found == [0, 0, 1, 1]


def test_damaged_batches_stop_nobody_elses_turn(
    clean_store: Store, batches: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One file a run: the first batch is damaged and stays so, and the last is found all the same."""
    few = clean_store.settings.model_copy(update={"integrity_files": 1})
    monkeypatch.setitem(clean_store.__dict__, "settings", few)
    damage(clean_store, key_of(batches[0], "a.jpg"), b"x")
    damage(clean_store, key_of(batches[2], "c.jpg"), b"x")
    found = [check_integrity(clean_store, now())["batches_damaged"] for _ in range(4)]
    assert found == [1, 1, 2, 2]


def test_what_was_rejected_is_not_looked_for(clean_store: Store, batches: list[str]) -> None:
    """It may be gone, until a person takes it all the same."""
    batch = send(clean_store, {"z.jpg": FILES["a.jpg"][:-9000]}, 9)
    jobs.check()
    damage(clean_store, key_of(batch, "z.jpg"), None)
    assert check_integrity(clean_store, now())["batches_damaged"] == 0
    jobs.review(AGENCY, "D9", "waive", "Trần Văn A", "bản gốc rách", datetime(2023, 4, 1, 8))  # noqa: DTZ001
    assert check_integrity(clean_store, now())["batches_damaged"] == 1


@pytest.mark.parametrize("table", ["batches", "documents", "pages"])
def test_damaged_rows_of_a_batch_are_told_as_damaged_files_are(
    clean_store: Store, batches: list[str], table: str
) -> None:
    """The other batches are read all the same."""
    key = layout.table_key(table, DAY, batches[0])
    before = spoil(clean_store, key)
    for _ in range(2):
        found = check_integrity(clean_store, now())
        assert (found["files_read"], found["batches_damaged"]) == (2, 1)
    (line,) = [line for line in read_status(clean_store, now()) if line.topic == "damaged"]
    assert f"{batches[0]}: warehouse/{key} is damaged" in line.text
    clean_store.put(layout.WAREHOUSE, key, before)
    assert check_integrity(clean_store, now())["batches_damaged"] == 0
