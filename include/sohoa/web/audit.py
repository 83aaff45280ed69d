"""The page Kiểm tra mẫu: samples that people look at page by page, and their decisions about pages."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import pyarrow as pa
import pyarrow.compute as pc
from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from sohoa import jobs, layout
from sohoa.audit.lots import REVIEW_COLUMNS, SAMPLE_COLUMNS, Lot, SamplePage, list_lots
from sohoa.audit.record_page_review import PageReview, offer_decision
from sohoa.audit.summarise_lots import AuditResult, summarise_lots
from sohoa.defects import DEFECTS
from sohoa.enums import Decision
from sohoa.quality.thresholds import load_thresholds
from sohoa.registry import full_name
from sohoa.settings import TIME_ZONE
from sohoa.web.batches import find_batch, read_documents, read_pages
from sohoa.web.decisions import require_editor, require_own_page
from sohoa.web.parameters import Slice, cut
from sohoa.web.site import Site, Viewer, language_of

TABLES = ("audit_sample", "page_reviews")
"""From which samples are read."""


@dataclass(frozen=True)
class PageQuestion:
    """What the page of a scan asks a person about it."""

    defects: list[str]
    """That can be named."""
    own: dict[str, Any] | None
    """The newest decision of who asks."""
    others: int
    """How many others have decided: what they said is not shown, so that two people decide on their own."""
    lot: Lot | None
    """In whose sample the page is."""
    offered: Decision | None
    """What the decisions about its pages make of the document; None where it is that already, or pages are left."""
    faulty_pages: dict[int, list[str]]
    """Number of each page of the document that must be scanned again -> why."""


def routes(site: Site) -> APIRouter:
    """Return the routes of this page."""
    router = APIRouter()

    @router.get("/audit")
    def show(
        request: Request, viewer: Viewer = Depends(site.access.viewer), agency: str = "", page: int = 1
    ) -> Response:
        require_editor(viewer)
        shown = cut(_list_names(site, agency), page)
        lots = read_lots(site, shown.rows)
        rows = Slice([lots[name] for name in shown.rows if name in lots], shown.total, shown.number)
        return site.page(request, viewer, "audit", rows=rows, agency=agency, name_of=full_name)

    @router.get("/audit/{lot}")
    def next_page(lot: str, request: Request, viewer: Viewer = Depends(site.access.viewer)) -> Response:
        """Lead to the first page of a sample that nobody has decided about, else that this person has not."""
        require_editor(viewer)
        found = read_lots(site, [lot]).get(lot)
        if found is None:
            raise HTTPException(404)
        unseen = next((one for one in found.pages if not one.answers), None)
        unseen = unseen or next((one for one in found.pages if viewer.name not in one.answers), found.pages[0])
        return _lead(request, found, unseen)

    @router.post("/scans/{day}/{batch}/defects")
    def decide(
        request: Request,
        day: str,
        batch: str,
        file: str,
        viewer: Viewer = Depends(site.access.viewer),
        page: int = 1,
        defect: Annotated[list[str] | None, Form()] = None,
        state: str = Form(""),
    ) -> Response:
        """Write down what truly is wrong with a page, and lead on: to its document's decision, or the next page."""
        require_editor(viewer)
        require_own_page(request)
        scan_day, row = find_batch(site, day, batch)
        places = read_pages(site, scan_day, batch).select(["file", "page_no", "document_id"]).to_pylist()
        found = next((one for one in places if (one["file"], one["page_no"]) == (file, page)), None)
        if found is None:
            raise HTTPException(404)
        named = tuple(defect or ())
        if state != ("faulty" if named else "sound") or not set(named) <= set(page_defects(site)):
            return site.failure(request, 422, language_of(request).word("page_decision_unfit"))
        site.note(request, viewer, "decide_page")
        now = datetime.now(TIME_ZONE).replace(tzinfo=None, microsecond=0)
        review = PageReview(row["agency"], batch, found["document_id"], file, page, named, viewer.name, now)
        jobs.review_page(scan_day, review, _lot_of(site, row["agency"], found["document_id"]))
        site.store.cache.expire("page_reviews")
        return _lead_on(site, request, scan_day, review)

    return router


def read_lots(site: Site, names: Collection[str]) -> dict[str, Lot]:
    """Read these samples with the decisions about them, by name."""
    is_asked = pc.field("lot").isin(pa.array(sorted(names), pa.string()))
    sample = site.store.cache.read("audit_sample", columns=SAMPLE_COLUMNS, where=is_asked)
    batches = sample.group_by(["batch", "agency"], use_threads=False).aggregate([]).to_pylist()
    days = [layout.batch_date(**batch) for batch in batches]
    reviews = site.store.cache.read("page_reviews", [day for day in days if day], REVIEW_COLUMNS, is_asked)
    return {lot.name: lot for lot in list_lots(sample, reviews)}


def read_errors(site: Site) -> AuditResult:
    """Read how often each detector errs, of samples that were looked at to the end."""

    def read() -> AuditResult:
        found = summarise_lots(list(_begun(site).values()), page_defects(site))
        return replace(found, open_lots=len(site.store.cache.infos("audit_sample")) - found.lots)

    return site.remember(TABLES, ("errors",), read)


def _begun(site: Site) -> dict[str, Lot]:
    """The samples of which somebody has decided about a page: few of all."""

    def read() -> dict[str, Lot]:
        names = pc.unique(site.store.cache.read("page_reviews", columns=["lot"])["lot"]).to_pylist()
        return read_lots(site, [name for name in names if name is not None])

    return site.remember(TABLES, ("begun",), read)


def _list_names(site: Site, agency: str) -> list[str]:
    """Names of the samples of an agency, of all where it is empty: those with pages left first, the newest of these."""

    def read() -> list[tuple[str, str]]:
        rows = site.store.cache.read("audit_sample", columns=["lot", "agency", "drawn_at"])
        lots = rows.group_by(["lot", "agency", "drawn_at"], use_threads=False).aggregate([]).to_pylist()
        done = {lot.name for lot in _begun(site).values() if lot.is_reviewed}
        lots.sort(key=lambda lot: (lot["lot"] in done, -lot["drawn_at"].toordinal(), lot["lot"]))
        return [(lot["lot"], lot["agency"]) for lot in lots]

    names = site.remember(TABLES, ("names of lots",), read)
    return [name for name, own in names if agency in ("", own)]


def page_defects(site: Site) -> list[str]:
    """List the defects that a page can have, as the limits in force judge them: what somebody may name."""
    rules = load_thresholds(site.settings.profile).rules
    judged = {rule.defect for rule in rules if rule.severity != "note"}
    return [name for name in DEFECTS if name in judged]


def ask_about(
    site: Site, viewer: Viewer, day: date, found: dict[str, Any], document: dict[str, Any] | None
) -> PageQuestion:
    """Say what to ask somebody about a page.

    Args:
        site: the pages.
        viewer: who is asked.
        day: scan day of the page's batch.
        found: its row.
        document: its document, with the newest decision.
    """
    place = (pc.field("batch") == found["batch"]) & (pc.field("file") == found["file"])
    rows = site.store.cache.read("page_reviews", [day], where=place & (pc.field("page_no") == found["page_no"]))
    newest = {row["reviewer"]: row for row in rows.sort_by("decided_at").to_pylist()}
    lot = _lot_of(site, found["agency"], found["document_id"])
    pages = _pages_of(lot, found["document_id"])
    return PageQuestion(
        defects=page_defects(site),
        own=newest.pop(viewer.name, None),
        others=len(newest),
        lot=lot,
        offered=_offered(document, pages),
        faulty_pages={page.page_no: sorted(page.true_defects) for page in pages if page.true_defects},
    )


def _lot_of(site: Site, agency: str, document_id: str) -> Lot | None:
    """The lot in whose sample a document is, the newest."""
    is_asked = (pc.field("agency") == agency) & (pc.field("document_id") == document_id)
    names = site.store.cache.read("audit_sample", columns=["lot"], where=is_asked)["lot"].to_pylist()
    return read_lots(site, names[-1:]).get(names[-1]) if names else None


def _pages_of(lot: Lot | None, document_id: str) -> list[SamplePage]:
    return [] if lot is None else [page for page in lot.pages if page.document_id == document_id]


def _offered(document: dict[str, Any] | None, pages: list[SamplePage]) -> Decision | None:
    """What the decisions about its pages make of a document, where nobody has decided that about it yet."""
    offered = None if document is None else offer_decision(document["verdict"], pages)
    return None if document is None or offered == document["decision"] else offered


def _lead_on(site: Site, request: Request, day: date, review: PageReview) -> Response:
    """To the page again where its document can be decided now, else to the next one of the sample, else to the list."""
    root = request.scope.get("root_path", "")
    documents = {one["document_id"]: one for one in read_documents(site, day, review.batch)}
    lot = _lot_of(site, review.agency, review.document_id)
    pages = _pages_of(lot, review.document_id)
    offered = _offered(documents.get(review.document_id), pages)
    if lot is None or (offered is not None and all(page.answers for page in pages)):
        query = urlencode({"file": review.file, "page": review.page_no})
        return RedirectResponse(f"{root}/scans/{day}/{quote(review.batch)}?{query}", 303)
    left = next((page for page in lot.pages if not page.answers), None)
    return RedirectResponse(f"{root}/audit", 303) if left is None else _lead(request, lot, left)


def _lead(request: Request, lot: Lot, page: SamplePage) -> Response:
    day, query = layout.batch_date(page.batch, lot.agency), urlencode({"file": page.file, "page": page.page_no})
    return RedirectResponse(f"{request.scope.get('root_path', '')}/scans/{day}/{quote(page.batch)}?{query}", 303)
