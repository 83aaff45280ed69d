"""Lots on a real store: what is drawn, that it is drawn once, and what decisions about pages make of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from sohoa.audit import lots as audit_lots
from sohoa.audit.lots import Lot, SamplePage, draw_lots, read_lots, severity_of
from sohoa.audit.record_page_review import PageReview, offer_decision, record_page_review
from sohoa.audit.sampling_plan import sampling_plan
from sohoa.audit.summarise_lots import summarise_lots
from sohoa.errors import InputError
from sohoa.store import Store
from tests.audit.audit_cases import AGENCY, batch_of, publish
from tests.servers import copy_of

DAY, OTHER = date(2024, 4, 15), "H37.60"
NOW = datetime(2024, 4, 20, 8)  # noqa: DTZ001 (wall clock)


@pytest.fixture
def audited(clean_store: Store) -> Store:
    """A store whose agencies make a lot of 40 documents, and leave at most 3 borderline ones to a draw."""
    settings = clean_store.settings.model_copy(update={"audit_lot_documents": 40, "audit_borderline_documents": 3})
    return Store(settings)


def review(
    store: Store, lot: Lot, says: Callable[[SamplePage], tuple[str, ...]], who: str = "an", hour: int = 9
) -> None:
    """Let somebody decide about every page of a lot."""
    for page in lot.pages:
        at = NOW.replace(hour=hour)
        one = PageReview(lot.agency, page.batch, page.document_id, page.file, page.page_no, says(page), who, at)
        record_page_review(store, DAY, one, lot)


def as_found(page: SamplePage) -> tuple[str, ...]:
    return tuple(page.found)


def nothing(_: SamplePage) -> tuple[str, ...]:
    return ()


def by_stratum(found: list[Lot]) -> dict[str, Lot]:
    return {lot.stratum: lot for lot in found}


def test_a_sample_of_each_stratum_is_drawn_once(audited: Store) -> None:
    """Every page of the documents drawn, with what each stands for; a second draw finds nothing left."""
    publish(audited, DAY, ["accepted"] * 60 + ["rejected"] * 45 + ["review"] * 5)
    drawn = by_stratum(draw_lots(audited, NOW))
    assert set(drawn) == {"accepted", "rejected", "borderline"}
    for stratum, size in (("accepted", 60), ("rejected", 45)):
        lot, plan = drawn[stratum], sampling_plan(size, 2.5, "normal")
        assert (lot.size, lot.sample_size, lot.inspection) == (size, plan.sample_size, "normal")
        assert (lot.accept_number, lot.reject_number) == (plan.accept_number, plan.reject_number)
        assert len(lot.pages) == 2 * plan.sample_size
        assert lot.weight * lot.sample_size == size
    assert (drawn["borderline"].sample_size, drawn["borderline"].size, drawn["borderline"].inspection) == (3, 5, None)
    assert [page.found for page in drawn["rejected"].pages[:2]] == [{"blurred"}, set()]
    assert by_stratum(read_lots(audited)) == drawn
    before = copy_of(audited)
    assert draw_lots(audited, NOW + timedelta(1)) == []
    assert copy_of(audited) == before


def test_the_same_store_draws_the_same_sample(audited: Store, empty: Callable[[], None]) -> None:
    names = []
    for _ in range(2):
        publish(audited, DAY, ["accepted"] * 200)
        (lot,) = draw_lots(audited, NOW)
        names.append([(page.document_id, page.page_no) for page in lot.pages])
        empty()
    assert names[0] == names[1] and len({one for one, _ in names[0]}) == 32


def test_few_documents_wait_until_they_are_many_or_old(audited: Store) -> None:
    publish(audited, DAY, ["accepted"] * 39)
    assert draw_lots(audited, NOW) == []
    publish(audited, DAY + timedelta(1), ["accepted"])
    (lot,) = draw_lots(audited, NOW)
    assert (lot.name, lot.size) == (f"{AGENCY}-accepted-0001", 40)
    publish(audited, DAY + timedelta(2), ["accepted"] * 3)
    publish(audited, DAY + timedelta(2 + audit_lots.LONGEST_DAYS - 1), ["accepted"], agency=OTHER)
    assert draw_lots(audited, NOW) == []
    publish(audited, DAY + timedelta(2 + audit_lots.LONGEST_DAYS), ["accepted"], agency=OTHER)
    (lot,) = draw_lots(audited, NOW)
    assert (lot.name, lot.size, lot.sample_size) == (f"{AGENCY}-accepted-0002", 3, 3)


def test_what_no_eye_can_judge_is_not_drawn(audited: Store) -> None:
    """Documents that were not received, not scanned, or rejected for what is missing; batches of long ago."""
    publish(audited, DAY, ["accepted"] * 39)
    rows = audited.read_table("documents").drop_columns("scan_date").to_pylist()
    spoilt = [
        rows[0] | {"document_id": "a", "is_received": False},
        rows[0] | {"document_id": "b", "not_scanned": "fragile", "verdict": None, "is_received": False},
        rows[0] | {"document_id": "c", "verdict": "rejected", "defects": ["missing_page"]},
    ]
    import pyarrow as pa

    from sohoa.schema import TABLES

    batch = batch_of(DAY)
    audited.write_table("documents", DAY, batch, pa.Table.from_pylist(rows + spoilt, TABLES["documents"]))
    publish(audited, DAY - timedelta(audit_lots.DAYS), ["accepted"] * 50)
    assert draw_lots(audited, NOW) == []


def test_a_lot_is_open_until_every_page_is_looked_at(audited: Store) -> None:
    publish(audited, DAY, ["accepted"] * 45)
    (lot,) = draw_lots(audited, NOW)
    review(audited, replace(lot, pages=lot.pages[:-1]), nothing)
    (left,) = read_lots(audited)
    assert (left.outcome, left.nonconforming, left.pages_reviewed) == ("open", None, len(lot.pages) - 1)
    assert list(left.reviewed_pages()) == []
    review(audited, replace(lot, pages=lot.pages[-1:]), nothing)
    (done,) = read_lots(audited)
    assert (done.outcome, done.nonconforming) == ("passed", 0)


def test_wrong_accepts_and_wrong_rejects_fail_a_lot(audited: Store) -> None:
    """An accepted document with a defect is wrong, and a rejected one without any."""
    publish(audited, DAY, ["accepted"] * 45 + ["rejected"] * 45)
    drawn = by_stratum(draw_lots(audited, NOW))
    assert drawn["accepted"].reject_number == 1
    bad = drawn["accepted"].pages[0].document_id
    review(audited, drawn["accepted"], lambda page: ("skewed",) if page.document_id == bad else ())
    review(audited, drawn["rejected"], as_found)
    found = by_stratum(read_lots(audited))
    assert (found["accepted"].nonconforming, found["accepted"].outcome) == (1, "failed")
    assert (found["rejected"].nonconforming, found["rejected"].outcome) == (0, "passed")
    review(audited, drawn["rejected"], nothing, hour=10)
    found = by_stratum(read_lots(audited))
    assert (found["rejected"].nonconforming, found["rejected"].outcome) == (drawn["rejected"].sample_size, "failed")


def test_two_failed_lots_tighten_the_next_draw(audited: Store) -> None:
    """The severity is nowhere stored but follows from what people found; the other stratum keeps its own."""
    for week in range(2):
        publish(audited, DAY + timedelta(week), ["accepted"] * 45 + ["rejected"] * 45)
        for lot in draw_lots(audited, NOW + timedelta(week)):
            review(audited, lot, (lambda _: ("skewed",)))
    publish(audited, DAY + timedelta(3), ["accepted"] * 45 + ["rejected"] * 45)
    third = by_stratum(draw_lots(audited, NOW + timedelta(3)))
    assert third["accepted"].inspection == "tightened"
    assert third["accepted"].accept_number == sampling_plan(45, 2.5, "tightened").accept_number
    assert third["rejected"].inspection == "normal"
    assert severity_of([lot for lot in read_lots(audited) if lot.stratum == "accepted"]) == "tightened"


def test_of_one_person_the_newest_decision_holds_and_of_two_both(audited: Store) -> None:
    publish(audited, DAY, ["accepted"] * 45)
    (lot,) = draw_lots(audited, NOW)
    review(audited, lot, lambda _: ("skewed",), who="an")
    review(audited, lot, nothing, who="an", hour=10)
    review(audited, lot, lambda page: ("skewed", "glare") if page == lot.pages[0] else (), who="bình", hour=11)
    (found,) = read_lots(audited)
    assert found.pages[0].answers == {"an": set(), "bình": {"skewed", "glare"}}
    assert found.pages[0].true_defects == {"skewed", "glare"}  # half of its reviewers
    assert audited.read_table("page_reviews").num_rows == 3 * len(lot.pages)
    result = summarise_lots([found], ["skewed"])
    assert (result.pages, result.pages_twice, result.lots) == (len(lot.pages), len(lot.pages), 1)
    assert result.kappa == 0  # one of them names a page, the other none
    (skewed,) = result.detectors
    assert skewed.false_accept.value == 1


def test_a_decision_carries_stratum_and_weight(audited: Store) -> None:
    publish(audited, DAY, ["review"] * 5)
    (lot,) = draw_lots(audited, NOW)
    page = lot.pages[0]
    one = PageReview(AGENCY, page.batch, page.document_id, page.file, page.page_no, ("glare", "skewed"), "an", NOW)
    row = record_page_review(audited, DAY, one, lot)
    assert (row["lot"], row["stratum"], row["weight"]) == (lot.name, "borderline", 5 / 3)
    assert row["true_defects"] == ["skewed", "glare"]  # in the order of the table of defects
    record_page_review(audited, DAY, replace(one, reviewer="bình"), None)
    kept = audited.read_table("page_reviews").to_pylist()
    assert {(row["reviewer"], row["stratum"], row["weight"]) for row in kept} == {
        ("an", "borderline", 5 / 3), ("bình", None, None)
    }  # fmt: skip
    (found,) = read_lots(audited)
    assert list(found.pages[0].answers) == ["an"]


@pytest.mark.parametrize("change", [{"true_defects": ("ugly",)}, {"reviewer": " "}])
def test_a_decision_that_cannot_be_used_is_refused(audited: Store, change: dict[str, object]) -> None:
    one = PageReview(AGENCY, batch_of(DAY), "a", "a.pdf", 1, (), "an", NOW)
    with pytest.raises(InputError):
        record_page_review(audited, DAY, replace(one, **change), None)  # type: ignore[arg-type]
    assert audited.read_table("page_reviews").num_rows == 0


@pytest.mark.parametrize(
    ("verdict", "answers", "offered"),
    [
        ("accepted", ({"skewed"}, set()), "reject"),
        ("accepted", (set(), set()), None),
        ("rejected", ({"skewed"}, set()), None),
        ("rejected", (set(), set()), "waive"),
        ("rejected", (set(), None), None),
        ("review", (set(), set()), "uphold"),
        ("review", ({"skewed"}, None), "reject"),
        ("review", (None, None), None),
        ("accepted", (), None),
    ],
)
def test_what_pages_make_of_their_document(
    verdict: str, answers: tuple[set[str] | None, ...], offered: str | None
) -> None:
    """None among the answers: nobody has looked at that page yet."""
    pages = [
        SamplePage("b", "d", "f", number, frozenset(), {} if one is None else {"an": frozenset(one)})
        for number, one in enumerate(answers)
    ]
    assert offer_decision(verdict, pages) == offered
