"""A person's decision: what it changes, whose decision holds, and that only its dossier day is redone."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from sohoa import layout
from sohoa.counting import summarise_days
from sohoa.counting.count_progress import progress_of_day
from sohoa.counting.document_states import STATES, document_states
from sohoa.counting.join_dossiers import list_documents
from sohoa.counting.record_review import Review, record_review
from sohoa.errors import InputError
from sohoa.known_documents import KnownDocument, save_documents
from sohoa.pending import mark_scan
from tests.counting_cases import by_rate, document, dossier, merged, review, table

DAY, SCAN_DAY = date(2024, 4, 15), date(2024, 4, 16)
AGENCY, BATCH = "H37.80.01", "H37.80.01-20240416-001"
AND, STORE = ("dn_and", "all"), ("dn_store", "all")


def at(hour: int) -> datetime:
    return datetime(2024, 4, 17, hour)  # noqa: DTZ001 (wall clock)


@pytest.mark.parametrize(
    ("verdict", "decision", "state"),
    [
        ("accepted", None, "accepted"),
        ("accepted", "waive", "accepted"),
        ("accepted", "reject", "rejected"),
        ("review", None, "in_review"),
        ("review", "uphold", "accepted"),
        ("review", "waive", "waived"),
        ("review", "reject", "rejected"),
        ("rejected", None, "rejected"),
        ("rejected", "uphold", "rejected"),
        ("rejected", "waive", "waived"),
    ],
)
def test_verdict_and_decision_make_the_state(verdict, decision, state):
    """A waiver lifts any received document, upholding only one in review; what was not received stays so."""
    reviews = [review("a", decision)] if decision else []
    rows = merged([dossier()], [document("a", verdict=verdict)], reviews)
    assert states(rows) == [state]
    missing = merged([dossier()], [document("a", verdict=verdict, is_received=False)], reviews)
    assert states(missing) == ["unreceived"]
    assert state in STATES


def states(dossiers: Any) -> list[str]:
    return document_states(list_documents(dossiers)).to_pylist()


def test_the_newest_decision_holds():
    """In whatever order the rows come."""
    reviews = [review("a", "waive", decided_at=at(9)), review("a", "reject", decided_at=at(10))]
    for order in (reviews, reviews[::-1]):
        assert states(merged([dossier()], [document("a", verdict="review")], order)) == ["rejected"]
    other = [review("a", "waive", agency="H37.60")]
    assert states(merged([dossier()], [document("a", verdict="review")], other)) == ["in_review"]


def test_waived_counts_what_would_not_be_accepted_without_it():
    """Two components due and one of three waived: it adds one to dn_store, none to dn_and that the others carry."""
    register = [dossier(1, components=3, has_paper_result=False), dossier(2, components=1, has_paper_result=False)]
    documents = [document("a", 1), document("b", 1), document("c", 1, verdict="rejected")]
    documents.append(document("d", 2, verdict="rejected"))
    rows = by_rate(progress_of_day(DAY, merged(register, documents, [review("c", "waive"), review("d", "waive")])))
    assert (rows[AND]["accepted"], rows[AND]["waived"]) == (2, 1)
    assert (rows[STORE]["accepted"], rows[STORE]["waived"], rows[STORE]["denominator"]) == (4, 2, 4)


def fill(store: Any, *documents: dict[str, Any]) -> None:
    """A batch as published, with its marks, its register day, everything summarised."""
    store.write_table("documents", SCAN_DAY, BATCH, table("documents", list(documents)))
    known = [KnownDocument(row["document_id"], BATCH, row["dossier_key"], row["kind"]) for row in documents]
    save_documents(store, AGENCY, known)
    store.write_table("register", DAY, layout.DAY, table("register", [dossier(has_paper_result=False)]))
    mark_scan(store, AGENCY, BATCH, SCAN_DAY)
    summarise(store)


def summarise(store: Any) -> dict[str, Any]:
    work = summarise_days.take_markers(store)["work"]
    counts = summarise_days.write_dossiers(store, work)
    summarise_days.count_dossier_days(store, work, lambda rows, dossiers: {})
    quality = summarise_days.count_scan_days(store, work, {})
    summarise_days.delete_markers(store, work)
    return {**counts, **quality}


def decide(store: Any, document_id: str, decision: str, hour: int = 9) -> dict[str, Any]:
    return record_review(store, Review(AGENCY, document_id, decision, "Trần Văn A", "Bản gốc mờ", at(hour)))


def test_a_decision_redoes_its_dossier_day_alone(clean_store):
    """A waiver brings the dossier into the numerator; taking it back takes it out; no scan day is counted again."""
    fill(clean_store, document("a", verdict="rejected"), document("x", 9, verdict="review", kind="result"))
    assert by_rate(clean_store.read_table("progress_daily", [DAY]))[AND]["accepted"] == 0
    row = decide(clean_store, "a", "waive")
    assert (row["scan_date"], row["batch"]) == (SCAN_DAY, BATCH)
    none = {"scan_days": 0, "pages": 0, "pages_accepted": 0}
    assert summarise(clean_store) == {"dossier_days": 1, "dossiers": 2} | none
    rate = by_rate(clean_store.read_table("progress_daily", [DAY]))[AND]
    assert (rate["accepted"], rate["waived"], rate["received"]) == (1, 1, 1)
    decide(clean_store, "a", "reject", 10)
    summarise(clean_store)
    assert by_rate(clean_store.read_table("progress_daily", [DAY]))[AND]["accepted"] == 0
    assert clean_store.read_table("reviews").num_rows == 2
    assert list(clean_store.list_objects(layout.WAREHOUSE, layout.PENDING)) == []


def test_a_decision_stays_when_its_batch_is_taken_again(clean_store):
    """The batch's marker written again after the decision gives the same figures."""
    fill(clean_store, document("a", verdict="review"))
    decide(clean_store, "a", "uphold")
    summarise(clean_store)
    before = clean_store.read_table("dossiers", [DAY])
    fill(clean_store, document("a", verdict="review"))
    assert clean_store.read_table("dossiers", [DAY]).equals(before)
    assert before["documents"].to_pylist()[0][0]["decision"] == "uphold"


@pytest.mark.parametrize(
    ("document_id", "decision", "says"),
    [
        ("nothing", "waive", "no document nothing"),
        ("missing", "waive", "not received"),
        ("good", "uphold", "verdict accepted"),
        ("good", "forgive", "uphold, waive, reject"),
    ],
)
def test_a_decision_that_does_not_fit_is_refused(clean_store, document_id, decision, says):
    """And nothing is written."""
    fill(clean_store, document("good"), document("missing", is_received=False, verdict=None))
    with pytest.raises(InputError, match=says):
        decide(clean_store, document_id, decision)
    assert clean_store.read_table("reviews").num_rows == 0
    assert list(clean_store.list_objects(layout.WAREHOUSE, layout.PENDING)) == []


def test_a_decision_needs_a_name_and_a_reason(clean_store):
    """Spaces are neither."""
    fill(clean_store, document("a", verdict="review"))
    with pytest.raises(InputError, match="reason"):
        record_review(clean_store, Review(AGENCY, "a", "waive", "Trần Văn A", " ", at(9)))
