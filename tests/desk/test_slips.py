"""Fetching slips: one that is not there yet comes later, and one that cannot be written does not keep others away."""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from sohoa import layout
from sohoa.desk.scans import OWN_FOLDER
from sohoa.desk.slips import fetch_slips
from sohoa.desk.state import PlannedBatch, State
from sohoa.errors import ObjectMissing
from sohoa.settings import TIME_ZONE
from sohoa.store import ObjectInfo, Store
from tests.batch_builder import AGENCY

DAY = date(2023, 3, 7)
AT = datetime(2023, 3, 7, tzinfo=TIME_ZONE)


class FewObjects:
    """A store of some objects."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def list_objects(self, bucket: str, prefix: str) -> list[ObjectInfo]:
        found = sorted(item for item in self.objects.items() if item[0].startswith(prefix))
        return [ObjectInfo(key, len(data), hashlib.md5(data).hexdigest(), AT) for key, data in found]

    def get(self, bucket: str, key: str) -> bytes:
        if key not in self.objects:
            raise ObjectMissing(key)
        return self.objects[key]

    def get_json(self, bucket: str, key: str) -> Any:
        return json.loads(self.get(bucket, key))

    def answer(self, batch: PlannedBatch, *names: str) -> None:
        """Put a receipt and its slip, or one of them."""
        receipt = {
            "batch": batch.batch,
            "status": "admitted",
            "documents": [],
            "manifest_sha256": hashlib.sha256(batch.manifest or b"").hexdigest(),
            "received_at": AT.isoformat(),
        }
        bodies = {"json": json.dumps(receipt).encode(), "html": b"<p>"}
        for name in names:
            self.objects[f"{layout.RECEIPTS}{AGENCY}/{batch.batch}/1.{name}"] = bodies[name]


@pytest.fixture
def state(tmp_path: Path) -> State:
    """The state of a computer that has sent nothing."""
    return State(tmp_path / "agency.db")


def sent_batch(state: State, folder: Path, number: int) -> PlannedBatch:
    folder.mkdir()
    batch = state.plan(AGENCY, str(folder), "2023-03-06", "t", {}, [], [])
    state.claim(batch, f"{AGENCY}-20230306-{number:03d}")
    state.set_manifest(batch, b"%d" % number, [])
    state.set_status(batch, "committed")
    return state.batch(batch.id)


def fetch(store: FewObjects, state: State) -> tuple[list[str | None], list[str]]:
    said: list[str] = []
    return [one.batch for one in fetch_slips(cast(Store, store), state, AGENCY, DAY, said.append)], said


def test_a_slip_that_comes_after_its_receipt(state: State, tmp_path: Path) -> None:
    """The receipt is read at once and told once; the slip is there with the next fetching."""
    store, batch = FewObjects(), sent_batch(state, tmp_path / "scans", 1)
    store.answer(batch, "json")
    assert fetch(store, state) == ([batch.batch], [])
    assert len(state.receipts(AGENCY)) == 1
    store.answer(batch, "html")
    assert fetch(store, state) == ([], [])
    assert (tmp_path / "scans" / OWN_FOLDER / f"{batch.batch}.html").read_bytes() == b"<p>"
    (tmp_path / "scans" / OWN_FOLDER / f"{batch.batch}.html").unlink()
    assert fetch(store, state) == ([], [])
    assert not (tmp_path / "scans" / OWN_FOLDER / f"{batch.batch}.html").exists()


def test_a_slip_that_cannot_be_written(state: State, tmp_path: Path) -> None:
    """It is said, the other slips are written, and it is written as soon as that can be done."""
    store = FewObjects()
    bad, good = sent_batch(state, tmp_path / "bad", 1), sent_batch(state, tmp_path / "good", 2)
    for batch in (bad, good):
        store.answer(batch, "json", "html")
    (tmp_path / "bad" / OWN_FOLDER).write_text("in the way", encoding="utf-8")
    answered, said = fetch(store, state)
    assert answered == [bad.batch, good.batch]
    assert len(said) == 1 and f"không ghi được giấy báo của lô {bad.batch}" in said[0]
    assert (tmp_path / "good" / OWN_FOLDER / f"{good.batch}.html").exists()
    (tmp_path / "bad" / OWN_FOLDER).unlink()
    assert fetch(store, state) == ([], [])
    assert (tmp_path / "bad" / OWN_FOLDER / f"{bad.batch}.html").exists()


def test_the_slip_of_a_folder_that_was_moved_away(state: State, tmp_path: Path) -> None:
    """It stays in the store, and its receipt is not fetched again and again."""
    store, batch = FewObjects(), sent_batch(state, tmp_path / "scans", 1)
    (tmp_path / "scans").rmdir()
    store.answer(batch, "json", "html")
    assert fetch(store, state) == ([batch.batch], [])
    assert "" not in state.receipt_etags(AGENCY).values()
