"""What is said of a document and was put right is sent, though its files stay as they were, where it counts."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from sohoa.desk.judge_scans import CheckedDocument, MemoryRows, judge_scans
from sohoa.desk.plan_batches import Plan, plan_batches
from sohoa.desk.read_scans import read_scans
from sohoa.desk.state import PlannedBatch, State, Status
from sohoa.settings import TIME_ZONE, load_settings
from tests.batch_builder import AGENCY
from tests.desk.agency_folder import DECLARED, GOOD, NO_STORE, OTHER, config_of, in_dossier, put_scan

_KEPT = MemoryRows()
OUTCOMES = {"to_scan": True, "not_scanned": True, "accepted": False, "in_review": False}
NOW = datetime(2023, 3, 7, tzinfo=TIME_ZONE)


@pytest.fixture
def state(tmp_path: Path) -> State:
    """The state of a computer that has sent nothing."""
    return State(tmp_path / "agency.db")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One document of one page."""
    put_scan(tmp_path / "scans", in_dossier("a.jpg"), GOOD)
    return tmp_path / "scans"


def check(folder: Path, **declared: str) -> list[CheckedDocument]:
    scans = read_scans(folder, {**DECLARED, **declared})
    return judge_scans(scans, "adf", load_settings(), _KEPT, lambda done, total: None).documents


def plan(state: State, folder: Path, is_trying_again: bool = True, **declared: str) -> Plan:
    config, documents = config_of(NO_STORE, folder.parent), check(folder, **declared)
    return plan_batches(state, config, folder, documents, load_settings(), NOW, is_trying_again=is_trying_again)


def bring_to(state: State, batch: PlannedBatch, status: Status, outcome: str | None = None) -> None:
    """Let a batch have come so far, as if it had been sent and answered."""
    number = f"{AGENCY}-20230306-001"
    state.claim(batch, number)
    state.set_manifest(batch, b"{}", [f"{number}-001"])
    state.set_status(batch, status)
    if outcome is not None:
        documents = [{"document_id": f"{number}-001", "outcome": outcome}]
        digest = hashlib.sha256(b"{}").hexdigest()
        told = "admitted" if status == "admitted" else "refused"
        receipt = {"status": told, "documents": documents, "manifest_sha256": digest, "message_vi": "Sai."}
        state.set_receipt(batch, receipt)


def fields_of(state: State, batch: PlannedBatch) -> list[dict[str, Any]]:
    return [one.fields for one in state.documents(batch)]


@pytest.mark.parametrize("status", ["planned", "claimed"])
def test_what_was_not_sent_goes_as_it_is_now(state: State, folder: Path, status: Status) -> None:
    """The same batch, with the new words; one whose manifest may be there stays as it is."""
    (first,) = plan(state, folder).batches
    state.set_status(first, status)
    (again,) = plan(state, folder, paper="a3").batches
    assert again.id == first.id
    assert [one["paper"] for one in fields_of(state, again)] == ["a3"]
    state.set_status(first, "uploaded")
    (kept,) = plan(state, folder, paper="a4").batches
    assert [one["paper"] for one in fields_of(state, kept)] == ["a3"]


def test_what_was_refused_goes_once_it_is_put_right(state: State, folder: Path) -> None:
    """By a program that watches too; what is still as it was is a problem."""
    (first,) = plan(state, folder).batches
    bring_to(state, first, "refused", "refused")
    same = plan(state, folder, is_trying_again=False)
    assert (same.batches, len(same.problems)) == ([], 1)
    (again,) = plan(state, folder, is_trying_again=False, content="photo").batches
    assert [one["content"] for one in fields_of(state, again)] == ["photo"]


@pytest.mark.parametrize(("outcome", "is_sent"), OUTCOMES.items())
def test_what_was_admitted_goes_where_it_is_wanted_again(
    state: State, folder: Path, outcome: str, is_sent: bool
) -> None:
    """Corrected words of it do not send an accepted document twice."""
    (first,) = plan(state, folder).batches
    bring_to(state, first, "admitted", outcome)
    assert plan(state, folder).batches == []
    batches = plan(state, folder, paper="a3").batches
    assert bool(batches) is is_sent
    assert [one["replaces"] for batch in batches for one in fields_of(state, batch)] == [
        f"{AGENCY}-20230306-001-001"
    ] * is_sent


def test_a_new_scan_waits_for_the_slip_of_the_one_before(state: State, folder: Path) -> None:
    """And says so; without a new scan nothing is said."""
    (first,) = plan(state, folder).batches
    bring_to(state, first, "committed")
    assert plan(state, folder, paper="a3").problems == plan(state, folder).problems == []
    put_scan(folder, in_dossier("a.jpg"), OTHER)
    found = plan(state, folder)
    assert found.batches == []
    assert [problem.words for problem in found.problems] == [
        f"Bản quét trước, lô {AGENCY}-20230306-001, chưa có giấy báo. Gửi lại khi giấy báo về."
    ]
