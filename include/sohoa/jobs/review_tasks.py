"""The tasks of review_pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, TypedDict

from sohoa.logs import get_logger
from sohoa.settings import TIME_ZONE
from sohoa.store import open_store

if TYPE_CHECKING:
    from sohoa.audit.lots import Lot
    from sohoa.audit.record_page_review import PageReview

__all__ = ["draw_samples", "review_page", "review_pages", "settle_samples"]

log = get_logger(__name__)


class Drawn(TypedDict):
    """What was drawn, and what there is to look at now."""

    lots_drawn: int
    documents_drawn: int
    lots_open: int
    pages_left: int


class Settled(TypedDict):
    """What people have found so far: the newest lot of each agency and stratum, and what is left."""

    lots_passed: int
    lots_failed: int
    lots_open: int
    pages_left: int


class Reviewed(Drawn, Settled):
    """What one whole review_pages did."""


def draw_samples() -> Drawn:
    """Draw the samples that are due: newly accepted and rejected documents, and those left to a person."""
    from sohoa.audit.lots import draw_lots, read_lots

    store = open_store()
    drawn = draw_lots(store, datetime.now(TIME_ZONE).replace(tzinfo=None, microsecond=0))
    for lot in drawn:
        log.info(
            "lot_drawn", lot=lot.name, documents=lot.size, drawn=lot.sample_size, pages=len(lot.pages),
            inspection=lot.inspection,
        )  # fmt: skip
    return {
        "lots_drawn": len(drawn),
        "documents_drawn": sum(lot.sample_size for lot in drawn),
        **_left(read_lots(store)),
    }


def settle_samples() -> Settled:
    """Say what people have found in the samples; a lot with pages left stays open."""
    from sohoa.audit.lots import read_lots

    lots = read_lots(open_store())
    newest = {(lot.agency, lot.stratum): lot for lot in lots if lot.outcome in {"passed", "failed"}}
    for lot in newest.values():
        if lot.outcome == "failed":
            log.warning(
                "lot_failed", lot=lot.name, wrong=lot.nonconforming, drawn=lot.sample_size, most=lot.accept_number
            )
    outcomes = Counter(lot.outcome for lot in newest.values())
    settled: Settled = {"lots_passed": outcomes["passed"], "lots_failed": outcomes["failed"], **_left(lots)}
    log.info("samples_settled", **settled)
    return settled


def review_page(scan_date: date, review: PageReview, lot: Lot | None) -> None:
    """Record what a person says of one page; ``lot`` is the one in whose sample it is."""
    from sohoa.audit.record_page_review import record_page_review

    record_page_review(open_store(), scan_date, review, lot)


def review_pages() -> Reviewed:
    """Do the whole of review_pages in this process, but for waiting for people."""
    return {**draw_samples(), **settle_samples()}


class _Left(TypedDict):
    lots_open: int
    pages_left: int


def _left(lots: Sequence[Lot]) -> _Left:
    waiting = [lot for lot in lots if not lot.is_reviewed]
    return {"lots_open": len(waiting), "pages_left": sum(len(lot.pages) - lot.pages_reviewed for lot in waiting)}
