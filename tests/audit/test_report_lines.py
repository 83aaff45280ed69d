"""The weekly report's table of error rates: what people had found by the end of the week, and nothing before that."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sohoa.audit.lots import draw_lots
from sohoa.audit.record_page_review import PageReview, record_page_review
from sohoa.days import Week
from sohoa.report.sections.detector_errors import errors_table
from sohoa.store import Store
from tests.audit.audit_cases import publish

DAY = date(2024, 4, 8)
WEEK = Week.of(DAY)
SUNDAY = datetime(2024, 4, 14, 23, 59)  # noqa: DTZ001 (wall clock)


def test_the_table_tells_what_was_found_by_the_end_of_the_week(clean_store: Store) -> None:
    """Of 4 pages that are blurred, as people say, the program found 3; one decision of after midnight is for later."""
    publish(clean_store, DAY, ["review"] * 2 + ["rejected"] * 6)
    store = Store(clean_store.settings.model_copy(update={"audit_lot_documents": 6}))
    lots = {lot.stratum: lot for lot in draw_lots(store, SUNDAY)}
    assert errors_table(clean_store, WEEK).rows == ()
    blurred = [page for page in lots["rejected"].pages if page.found][:3]
    for lot in lots.values():
        for place, page in enumerate(lot.pages):
            named = ("blurred",) if page in blurred or (lot.stratum == "borderline" and not place) else ()
            one = PageReview(lot.agency, page.batch, page.document_id, page.file, page.page_no, named, "an", SUNDAY)
            record_page_review(clean_store, DAY, one, lot)
    late = SUNDAY + timedelta(minutes=1)
    for page in lots["rejected"].pages:
        one = PageReview(
            lots["rejected"].agency, page.batch, page.document_id, page.file, page.page_no, (), "an", late
        )  # fmt: skip
        record_page_review(clean_store, DAY, one, lots["rejected"])
    table = errors_table(clean_store, WEEK)
    (row,) = [found for found in table.rows if found["defect"] == "blurred"]
    weight = lots["rejected"].weight
    assert row["missed_pages"] == 4
    assert row["missed_percent"] == 100 / (1 + 3 * weight)
    assert 0 < row["missed_lower"] < row["missed_percent"] < row["missed_upper"] < 100
    assert "2 lô mẫu" in table.note_vi
    later = errors_table(clean_store, Week.of(DAY + timedelta(7)))
    (row,) = [found for found in later.rows if found["defect"] == "blurred"]
    assert row["missed_pages"] == 1
