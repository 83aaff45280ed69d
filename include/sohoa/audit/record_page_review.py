"""Decisions of people about pages: what truly is wrong with each, recorded one object each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from sohoa import layout
from sohoa.audit.lots import Lot, SamplePage
from sohoa.defects import DEFECTS
from sohoa.enums import Decision
from sohoa.errors import InputError
from sohoa.schema import TABLES
from sohoa.store import Store


@dataclass(frozen=True)
class PageReview:
    """One decision of one person about one page."""

    agency: str
    batch: str
    document_id: str
    file: str
    page_no: int
    true_defects: tuple[str, ...]
    """Defects for which the page has to be scanned again; none where it is good."""
    reviewer: str
    decided_at: datetime
    """Wall clock of the province."""


def record_page_review(store: Store, scan_date: date, review: PageReview, lot: Lot | None) -> dict[str, Any]:
    """Write a decision about a page down; what others, or the same person, said before is kept.

    Args:
        store: the store.
        scan_date: of the page's batch.
        review: the decision.
        lot: in whose sample the page is; None where it is in none: it then says nothing of error rates.

    Returns:
        The row of the table ``page_reviews``, its path key left out.

    Raises:
        InputError: a defect has no such name, or the reviewer none.
    """
    unknown = [name for name in review.true_defects if name not in DEFECTS]
    if unknown:
        raise InputError(f"{unknown[0]!r} is no defect")
    if not review.reviewer.strip():
        raise InputError("a decision needs the name of who decides")
    drawn: dict[str, Any] = {"lot": None, "stratum": None, "weight": None}
    if lot is not None:
        drawn = {"lot": lot.name, "stratum": lot.stratum, "weight": lot.weight}
    in_order = [name for name in DEFECTS if name in review.true_defects]
    row = {**asdict(review), "true_defects": in_order, **drawn}
    name = layout.page_review_name(
        review.agency, review.document_id, f"{review.file}\n{review.page_no}", review.reviewer, review.decided_at
    )
    store.write_table("page_reviews", scan_date, name, pa.Table.from_pylist([row], TABLES["page_reviews"]))
    return row


def offer_decision(verdict: str | None, pages: Iterable[SamplePage]) -> Decision | None:
    """Say what the decisions about its pages make of a document.

    Args:
        verdict: of the program about the document.
        pages: of the document, all of them.

    Returns:
        ``reject`` where a page of a document that was not rejected must be scanned again; ``waive`` or ``uphold`` where
        no page of one that was not accepted must be; None where the program was right, or pages are left to look at.
    """
    listed = list(pages)
    if any(page.true_defects for page in listed):
        return None if verdict == "rejected" else "reject"
    if not listed or not all(page.answers for page in listed):
        return None
    offered: dict[str | None, Decision] = {"rejected": "waive", "review": "uphold"}
    return offered.get(verdict)
