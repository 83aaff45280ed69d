"""Samples on the pages: an editor decides page by page, is led on, and the quality page tells how often who errs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlencode

import pytest

from sohoa import layout
from sohoa.audit.lots import Lot, SamplePage, draw_lots, read_lots
from sohoa.labels import LABELS
from sohoa.store import Store
from tests.audit.audit_cases import batch_of, publish
from tests.batch_builder import DAY
from tests.web.conftest import BATCH, Province

AGENCY = "H37.62"
OWN = {"origin": "http://testserver", "host": "testserver"}
WORDS = LABELS["page_words"]
SOUND, FAULTY = {"state": "sound"}, {"state": "faulty", "defect": "blurred"}


@pytest.fixture(scope="module")
def lots(province: Province) -> Iterator[list[Lot]]:
    """The samples of an agency that sends one more batch to the province; gone after these tests."""
    store = Store(province.store.settings.model_copy(update={"audit_lot_documents": 8}))
    publish(store, DAY, ["accepted"] * 9 + ["rejected"] * 8 + ["review"], 9, AGENCY)
    expire(province)
    yield [lot for lot in draw_lots(store, datetime(2023, 4, 1, 7)) if lot.agency == AGENCY]  # noqa: DTZ001
    for table in ("audit_sample", "page_reviews"):
        store.delete_prefix(layout.WAREHOUSE, layout.table_prefix(table))
    for table in ("batches", "documents", "pages"):
        store.delete(layout.WAREHOUSE, layout.table_key(table, DAY, batch_of(DAY, 9, AGENCY)))
    store.delete_prefix(layout.WAREHOUSE, layout.documents_prefix(AGENCY))
    expire(province)


def expire(province: Province) -> None:
    for table in ("audit_sample", "page_reviews", "reviews", "documents", "batches"):
        province.pages.client.app.state.site.store.cache.expire(table)  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def fresh(province: Province, lots: list[Lot]) -> None:
    """No decision yet, and no page from before."""
    assert lots
    province.store.delete_prefix(layout.WAREHOUSE, layout.table_prefix("page_reviews"))
    expire(province)


def address(lot: Lot, page: SamplePage) -> str:
    day = layout.batch_date(page.batch, lot.agency)
    return f"/scans/{day}/{page.batch}?{urlencode({'file': page.file, 'page': page.page_no})}"


def decide(province: Province, lot: Lot, page: SamplePage, form: dict[str, str], user: str = "editor") -> str:
    """Decide about a page; returns where it leads."""
    answer = province.pages.post(address(lot, page).replace("?", "/defects?"), form, user=user, **OWN)
    assert answer.status_code == 303, answer.text[-600:]
    return answer.headers["location"]


def of(lots: list[Lot], stratum: str) -> Lot:
    return min((lot for lot in lots if lot.stratum == stratum), key=lambda lot: len(lot.pages))


def test_a_sample_is_looked_at_page_by_page(province: Province, lots: list[Lot]) -> None:
    """Each decision leads to the next page, the last one to the list, which says what came of the lot."""
    lot = of(lots, "accepted")
    assert f"/audit/{lot.name}" in province.pages.text("/audit", user="editor")
    assert province.pages.get(f"/audit/{lot.name}", user="editor").headers["location"] == address(lot, lot.pages[0])
    for page, following in zip(lot.pages, [*lot.pages[1:], None], strict=True):
        expected = "/audit" if following is None else address(lot, following)
        assert decide(province, lot, page, SOUND) == expected
    assert LABELS["lot_outcomes"]["passed"].vi in province.pages.text(f"/audit?agency={lot.agency}", user="editor")
    (found,) = [one for one in read_lots(province.store) if one.name == lot.name]
    assert (found.outcome, found.nonconforming) == ("passed", 0)


def test_a_wrong_accept_offers_to_reject_the_document(province: Province, lots: list[Lot]) -> None:
    """As soon as all its pages are looked at: the decision stands chosen, with the page and its defect as reason."""
    lot = of(lots, "accepted")
    own = [page for page in lot.pages if page.document_id == lot.pages[0].document_id]
    for page in own[:-1]:
        decide(province, lot, page, SOUND)
    assert decide(province, lot, own[-1], FAULTY) == address(lot, own[-1])
    text = province.pages.text(address(lot, own[-1]), user="editor")
    assert 'value="reject" required checked' in text
    assert WORDS["offered_decision"].vi.format(LABELS["decisions"]["reject"].vi) in text
    assert (
        f"{WORDS['offered_reason'].vi}; {WORDS['page_'].vi} {own[-1].page_no}: {LABELS['defects']['blurred'].vi}"
        in text
    )


def test_a_wrong_reject_offers_a_waiver(province: Province, lots: list[Lot]) -> None:
    lot = of(lots, "rejected")
    own = [page for page in lot.pages if page.document_id == lot.pages[0].document_id]
    for page in own:
        decide(province, lot, page, SOUND)
    assert 'value="waive" required checked' in province.pages.text(address(lot, own[0]), user="editor")


def test_two_people_decide_on_their_own_and_both_are_kept(province: Province, lots: list[Lot]) -> None:
    """The second is led to the first page again, and sees that somebody was there but not what they said."""
    lot = of(lots, "accepted")
    for page in lot.pages:
        decide(province, lot, page, FAULTY)
    assert province.pages.get(f"/audit/{lot.name}", user="second").headers["location"] == address(lot, lot.pages[0])
    seen = province.pages.text(address(lot, lot.pages[0]), user="second")
    assert WORDS["other_reviewers"].vi.format(1) in seen and WORDS["own_decision"].vi.partition("{")[0] not in seen
    decide(province, lot, lot.pages[0], SOUND, user="second")
    own = province.pages.text(address(lot, lot.pages[0]), user="editor")
    assert WORDS["own_decision"].vi.partition("{")[0] in own
    rows = province.store.read_table("page_reviews").to_pylist()
    of_first = [row for row in rows if (row["file"], row["page_no"]) == (lot.pages[0].file, lot.pages[0].page_no)]
    assert {row["reviewer"]: row["true_defects"] for row in of_first} == {"editor": ["blurred"], "second": []}
    assert {row["weight"] for row in of_first} == {lot.weight}


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_quality_page_tells_error_rates_once_a_lot_is_done(
    province: Province, lots: list[Lot], language: str
) -> None:
    def shown() -> str:
        return province.pages.text(f"/quality?lang={language}")

    def say(name: str) -> str:
        return WORDS[name].vi if language == "vi" else WORDS[name].en

    lot = of(lots, "accepted")
    for page in lot.pages[:-1]:
        decide(province, lot, page, SOUND)
    assert say("no_audit") in shown()
    decide(province, lot, lot.pages[-1], SOUND)
    assert say("no_audit") not in shown()
    assert say("false_accept") in shown() and say("interval") in shown()
    province.pages.client.cookies.clear()


PAGE = f"/scans/{DAY}/{BATCH}/defects?file=th%E1%BA%A5p.jpg"


def test_a_page_of_no_sample_is_kept_and_says_nothing_of_rates(province: Province, lots: list[Lot]) -> None:
    assert province.pages.post(PAGE, FAULTY, **OWN).headers["location"].startswith(f"/scans/{DAY}/{BATCH}?file=")
    (row,) = province.store.read_table("page_reviews", [DAY]).to_pylist()
    assert (row["document_id"], row["true_defects"], row["weight"], row["lot"]) == ("D1", ["blurred"], None, None)


@pytest.mark.parametrize(
    ("user", "headers", "form", "status"),
    [
        ("viewer", OWN, FAULTY, 403),
        ("editor", {"host": "testserver"}, FAULTY, 403),
        ("editor", OWN | {"origin": "http://evil.example"}, FAULTY, 403),
        ("editor", OWN | {"sec-fetch-site": "cross-site"}, FAULTY, 403),
        ("editor", OWN, {"state": "faulty"}, 422),
        ("editor", OWN, {"state": "sound", "defect": "blurred"}, 422),
        ("editor", OWN, {"defect": "blurred"}, 422),
        ("editor", OWN, {"state": "faulty", "defect": "ugly"}, 422),
        ("editor", OWN, {"state": "faulty", "defect": "extra_page"}, 422),
    ],
)
def test_no_other_decision_is_taken(
    province: Province, user: str, headers: dict[str, str], form: dict[str, str], status: int
) -> None:
    """Viewers, other sites' pages, half a form, and what no page can have; nothing is written."""
    assert province.pages.post(PAGE, form, user=user, **headers).status_code == status
    assert province.store.read_table("page_reviews").num_rows == 0


def test_what_is_not_there_is_not_found(province: Province) -> None:
    assert province.pages.post(PAGE.replace("th%E1%BA%A5p", "no"), SOUND, **OWN).status_code == 404
    assert province.pages.get("/audit/nothing", user="editor").status_code == 404


def test_viewers_see_no_form_and_no_samples(province: Province) -> None:
    scan = PAGE.replace("/defects", "")
    assert WORDS["page_review"].vi not in province.pages.text(scan)
    assert WORDS["page_review"].vi in province.pages.text(scan, user="editor")
    assert province.pages.get("/audit").status_code == 403
