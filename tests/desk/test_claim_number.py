"""Batch numbers: two computers of one agency never take the same."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sohoa import layout
from sohoa.desk import claim_number
from sohoa.desk.state import PlannedBatch, State
from sohoa.errors import DeskError
from sohoa.store import Store
from tests.batch_builder import AGENCY, DAY, send
from tests.desk.agency_folder import computer


def planned(state: State, token: str) -> PlannedBatch:
    return state.plan(AGENCY, "/scans", DAY.isoformat(), token, {}, [], [])


def claim(store: Store, home: Path, token: str) -> str:
    uploader = computer(store, home / token)
    try:
        found = claim_number.claim_number(uploader.store, uploader.state, planned(uploader.state, token))
        assert found.status == "claimed"
        return str(found.batch)
    finally:
        uploader.close()


def test_computers_that_claim_at_once_take_different_numbers(clean_store: Store, tmp_path: Path) -> None:
    """Eight at the same moment, by an agency's own keys."""
    with ThreadPoolExecutor(8) as pool:
        names = list(pool.map(lambda number: claim(clean_store, tmp_path, f"pc{number}"), range(8)))
    assert len(set(names)) == 8


def test_who_looks_second_gives_way(clean_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both saw the day empty and chose 001: who is not alone there takes another, and takes its claim away."""
    first = claim(clean_store, tmp_path, "one")
    numbers = iter([1, 2])
    monkeypatch.setattr(claim_number, "_next_number", lambda *_: next(numbers))
    assert (first[-3:], claim(clean_store, tmp_path, "two")[-3:]) == ("001", "002")
    claims = [info.key.rpartition("-")[2] for info in clean_store.list_objects(layout.LANDING, layout.BATCHES)]
    assert claims == ["one", "two"]


def test_a_claim_that_was_cut_off_keeps_its_number(clean_store: Store, tmp_path: Path) -> None:
    """Before the claim was put, and after it: the same number; where another has taken it meanwhile, the next."""
    uploader = computer(clean_store, tmp_path)
    store, state = uploader.store, uploader.state
    batch = planned(state, "one")
    state.claim(batch, f"{AGENCY}-{DAY:%Y%m%d}-007")
    assert str(claim_number.claim_number(store, state, state.batch(batch.id)).batch).endswith("-007")
    other = planned(state, "two")
    state.claim(other, f"{AGENCY}-{DAY:%Y%m%d}-007")
    assert not str(claim_number.claim_number(store, state, state.batch(other.id)).batch).endswith("-007")


def test_numbers_that_other_programs_used_are_left_out(clean_store: Store, tmp_path: Path) -> None:
    """Files, a marker or a receipt under a number take it; those above are the slip's own page's."""
    send(clean_store, {"a.jpg": b"x"}, 3)
    clean_store.put(layout.LANDING, layout.receipt_key(AGENCY, f"{AGENCY}-20230306-005", "0" * 64), b"{}")
    clean_store.put(layout.LANDING, layout.inbox_key(AGENCY, f"{AGENCY}-20230306-700"), b"{}")
    assert claim(clean_store, tmp_path, "one").endswith("-006")


def test_a_day_has_an_end(clean_store: Store, tmp_path: Path) -> None:
    """499 batches; the message says what to do."""
    send(clean_store, {"a.jpg": b"x"}, claim_number.LAST_NUMBER)
    with pytest.raises(DeskError, match="hết số lô"):
        claim(clean_store, tmp_path, "one")
