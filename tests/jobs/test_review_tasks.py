"""The tasks of review_pages: what they count and warn of, and how the command says it."""

from __future__ import annotations

import json
from datetime import date, datetime

import pytest
from click.testing import CliRunner
from structlog.testing import capture_logs

from sohoa import jobs
from sohoa.audit.lots import Lot, read_lots
from sohoa.audit.record_page_review import PageReview
from sohoa.store import Store
from tests.audit.audit_cases import publish
from tests.command_line import app

DAY = date(2024, 4, 15)


@pytest.fixture
def small_lots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOHOA_AUDIT_LOT_DOCUMENTS", "20")


def review(lot: Lot, *named: str) -> None:
    """Let a person say the same of every page of a lot."""
    at = datetime(2024, 4, 20, 9)  # noqa: DTZ001 (wall clock)
    for page in lot.pages:
        one = PageReview(lot.agency, page.batch, page.document_id, page.file, page.page_no, named, "an", at)
        jobs.review_page(DAY, one, lot)


@pytest.mark.usefixtures("small_lots")
def test_a_failed_lot_is_warned_of_until_a_later_one_passes(clean_store: Store) -> None:
    """The newest lot of an agency and stratum counts; a lot that nobody has looked at is open."""
    publish(clean_store, DAY, ["accepted"] * 20)
    assert jobs.draw_samples() == {"lots_drawn": 1, "documents_drawn": 5, "lots_open": 1, "pages_left": 10}
    assert jobs.settle_samples() == {"lots_passed": 0, "lots_failed": 0, "lots_open": 1, "pages_left": 10}
    review(read_lots(clean_store)[0], "blurred")
    with capture_logs() as lines:
        assert jobs.settle_samples() == {"lots_passed": 0, "lots_failed": 1, "lots_open": 0, "pages_left": 0}
    (warned,) = [line for line in lines if line["event"] == "lot_failed"]
    assert (warned["lot"], warned["wrong"], warned["most"]) == ("H37.80.01-accepted-0001", 5, 0)
    publish(clean_store, DAY, ["accepted"] * 20, 2)
    assert jobs.draw_samples()["lots_drawn"] == 1
    review(read_lots(clean_store)[-1])
    assert jobs.settle_samples() == {"lots_passed": 1, "lots_failed": 0, "lots_open": 0, "pages_left": 0}


@pytest.mark.usefixtures("small_lots")
def test_the_command_draws_and_says_what_waits(clean_store: Store) -> None:
    publish(clean_store, DAY, ["accepted"] * 20 + ["review"] * 2)
    said = CliRunner().invoke(app, ["run", "review"])
    assert said.exit_code == 0
    assert "2 lots drawn, 7 documents to look at" in said.stdout
    assert "14 pages of 2 lots left" in said.stdout
    counts = json.loads(CliRunner().invoke(app, ["run", "review", "--format", "json"]).stdout)
    assert (counts["lots_drawn"], counts["lots_open"], counts["pages_left"]) == (0, 2, 14)
