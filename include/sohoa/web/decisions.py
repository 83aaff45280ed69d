"""The page Chờ quyết định: documents that wait for a person, and the decisions of those who may change what runs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pyarrow.compute as pc
from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from sohoa import jobs
from sohoa.counting.document_states import document_states
from sohoa.counting.record_review import add_decisions
from sohoa.days import each_day
from sohoa.registry import full_name
from sohoa.settings import TIME_ZONE
from sohoa.steering.waiting_documents import WEEKS
from sohoa.web.batches import find_batch, read_documents, read_pages
from sohoa.web.parameters import cut
from sohoa.web.site import Site, Viewer, language_of

MAX_REASON = 500
"""Characters of a reason."""
_COLUMNS = ["agency", "batch", "document_id", "dossier_code", "title", "kind", "is_received", "verdict", "replaces"]
_SHOWN_FIRST = ("review", "rejected")


def routes(site: Site) -> APIRouter:
    """Return the routes of this page."""
    router = APIRouter()

    @router.get("/decisions")
    def show(
        request: Request, viewer: Viewer = Depends(site.access.viewer), agency: str = "", page: int = 1
    ) -> Response:
        require_editor(viewer)
        waiting = [one for one in _waiting(site) if agency in ("", one["agency"])]
        return site.page(
            request, viewer, "decisions", rows=cut(waiting, page), agency=agency, name_of=full_name, weeks=WEEKS
        )

    @router.get("/decisions/{day}/{batch}/{document_id}")
    def first_page(
        day: str, batch: str, document_id: str, request: Request, viewer: Viewer = Depends(site.access.viewer)
    ) -> Response:
        """Lead to the page of a document that a person should look at."""
        require_editor(viewer)
        scan_day, _ = find_batch(site, day, batch)
        pages = [row for row in read_pages(site, scan_day, batch).to_pylist() if row["document_id"] == document_id]
        if not pages:
            raise HTTPException(404)
        wanted = next((row for verdict in _SHOWN_FIRST for row in pages if row["verdict"] == verdict), pages[0])
        place = urlencode({"file": wanted["file"], "page": wanted["page_no"]})
        return RedirectResponse(f"{request.scope.get('root_path', '')}/scans/{day}/{quote(batch)}?{place}", 303)

    @router.post("/decisions/{day}/{batch}/{document_id}")
    def decide(
        request: Request,
        day: str,
        batch: str,
        document_id: str,
        viewer: Viewer = Depends(site.access.viewer),
        decision: str = Form(""),
        reason: str = Form("", max_length=MAX_REASON),
    ) -> Response:
        require_editor(viewer)
        require_own_page(request)
        scan_day, row = find_batch(site, day, batch)
        found = {one["document_id"]: one for one in read_documents(site, scan_day, batch)}.get(document_id)
        if found is None:
            raise HTTPException(404)
        wrong = None if reason.strip() else "reason_missing"
        if decision not in allowed_decisions(found):
            wrong = "decision_unfit"
        if wrong is not None:
            return site.failure(request, 422, language_of(request).word(wrong))
        site.note(request, viewer, "decide")
        now = datetime.now(TIME_ZONE).replace(tzinfo=None, microsecond=0)
        jobs.review(row["agency"], document_id, decision, viewer.name, reason.strip(), now)
        site.store.cache.expire("reviews")
        return RedirectResponse(f"{request.scope.get('root_path', '')}/batches/{day}/{quote(batch)}", 303)

    return router


def allowed_decisions(document: dict[str, Any] | None) -> list[str]:
    """List the decisions that ``record_review`` takes about a document; none about one that was not received."""
    if document is None or not document["is_received"]:
        return []
    return [*(["uphold"] if document["verdict"] == "review" else []), "waive", "reject"]


def require_editor(viewer: Viewer) -> None:
    """Refuse who may only read.

    Raises:
        HTTPException: 403.
    """
    if not viewer.may_edit:
        raise HTTPException(403)


def require_own_page(request: Request) -> None:
    """Refuse what another site has a browser send: it says from where, and a page of ours is of the same host.

    Raises:
        HTTPException: 403.
    """
    origin = urlsplit(request.headers.get("origin", "")).netloc
    is_own = origin == request.headers.get("host") and request.headers.get("sec-fetch-site") in {None, "same-origin"}
    if not origin or not is_own:
        raise HTTPException(403)


def _waiting(site: Site) -> list[dict[str, Any]]:
    """Documents in review that nobody has decided about, of the scans of the last weeks, the oldest first."""
    last = site.store.cache.newest_day("documents")
    if last is None:
        return []
    days = each_day(last - timedelta(weeks=WEEKS, days=-1), last)
    rows = site.store.cache.read("documents", days, [*_COLUMNS, "not_scanned", "ask_reviewer"])
    rows = add_decisions(rows, site.store.cache.read("reviews", days))
    rows = rows.append_column("state", document_states(rows))
    rows = rows.filter((pc.field("state") == "in_review") & pc.is_null(pc.field("not_scanned")))
    return list(rows.sort_by([("scan_date", "ascending"), ("batch", "ascending")]).to_pylist())
