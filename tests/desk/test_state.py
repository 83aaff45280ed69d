"""What is written down is there whole or not at all, and what cannot be written is said in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from sohoa.desk.state import PlannedBatch, State
from sohoa.errors import DeskError
from tests.batch_builder import AGENCY


def planned(state: State, fields: dict[str, object]) -> PlannedBatch:
    row = {"slot": "a", "document_id": None, "fields": fields, "hashes": []}
    return state.plan(AGENCY, "/scans", "2023-03-06", "t", {}, [row], [])


def test_a_change_that_breaks_leaves_nothing(tmp_path: Path) -> None:
    """Neither the part that was done, nor a transaction that the next change meets."""
    state = State(tmp_path / "agency.db")
    with pytest.raises(TypeError):
        planned(state, {"a": object()})
    assert state.batches(AGENCY) == []
    batch = planned(state, {"a": 1})
    assert [one.id for one in state.batches(AGENCY)] == [batch.id]
    with State(tmp_path / "agency.db").alone():
        assert State(tmp_path / "agency.db").batch(batch.id) == batch


@pytest.mark.parametrize("defect", ["folder", "damaged"])
def test_a_lock_that_cannot_be_taken(tmp_path: Path, defect: str) -> None:
    """Is not said to be another program's."""
    state = State(tmp_path / "agency.db")
    lock = tmp_path / "agency.lock.db"
    if defect == "folder":
        lock.mkdir()
    else:
        lock.write_bytes(b"x" * 5000)
    with pytest.raises(DeskError, match="không ghi được sổ gửi"), state.alone():
        pass


def test_one_at_a_time(tmp_path: Path) -> None:
    """The second is told; when the first has ended it may."""
    one, two = State(tmp_path / "agency.db"), State(tmp_path / "agency.db")
    with one.alone(), pytest.raises(DeskError, match="đang gửi"), two.alone():
        pass
    with two.alone():
        pass
