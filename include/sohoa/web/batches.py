"""The page Lô quét: what waits, what is in work, what was judged or refused and why; find a batch; its slip."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import Response

from sohoa import layout
from sohoa.capacity.inbox import list_inbox
from sohoa.counting.record_review import add_decisions
from sohoa.days import each_day
from sohoa.dossier_code import dossier_day, dossier_key
from sohoa.errors import ObjectMissing
from sohoa.registry import agencies_at, find_agency, full_name
from sohoa.settings import TIME_ZONE
from sohoa.slips.write_slips import newest_place
from sohoa.web.document_index import IdColumn
from sohoa.web.parameters import cut, read_day
from sohoa.web.site import Site, Viewer

STATES = ("inbox", "in_work", "judged", "refused")
SHOWN_DAYS = 31
"""Scan days up to the newest one of which batches are listed where nothing else is asked for."""
MOST_FOUND = 500
"""Documents that a search lists."""
_OF_DOCUMENT = [
    "agency",
    "batch",
    "document_id",
    "dossier_key",
    "dossier_code",
    "title",
    "kind",
    "verdict",
    "is_received",
]
SLIP_POLICY = (
    "sandbox allow-popups allow-modals; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)
"""A slip is a whole document with its own style and pictures inside: it runs nothing and loads nothing here."""


@dataclass(frozen=True)
class Waiting:
    """A manifest in the inbox."""

    agency: str
    batch: str
    since: datetime
    state: str
    """``in_work``, ``inbox``, or ``left``: more than the share of its agency."""


def routes(site: Site) -> APIRouter:
    """Return the routes of this page."""
    router = APIRouter()

    @router.get("/batches")
    def show(
        request: Request,
        viewer: Viewer = Depends(site.access.viewer),
        q: str = "",
        state: str = "",
        agency: str = "",
        day: str = "",
        page: int = 1,
    ) -> Response:
        if q.strip():
            return site.page(request, viewer, "batches_found", q=q, **_search(site, q.strip()))
        waiting, asked_day = list_waiting(site), read_day(day)
        rows, days = _listed(site, asked_day)
        counts = Counter("refused" if row["refusal"] else "judged" for row in rows)
        counts += Counter("in_work" if one.state == "in_work" else "inbox" for one in waiting)
        is_wanted = {"judged": lambda row: not row["refusal"], "refused": lambda row: bool(row["refusal"])}
        shown = [row for row in rows if is_wanted.get(state, lambda _: True)(row) and agency in ("", row["agency"])]
        pending = {info.key for info in site.direct.list_objects(layout.WAREHOUSE, f"{layout.PENDING}scans/")}
        return site.page(
            request, viewer, "batches", q="", state=state, agency=agency, day=asked_day, days=days, counts=counts,
            waiting=[one for one in waiting if agency in ("", one.agency)], rows=cut(shown, page), pending=pending,
            states=STATES, now=datetime.now(TIME_ZONE), name_of=full_name, pending_key=layout.pending_scan_key,
        )  # fmt: skip

    @router.get("/batches/{day}/{batch}")
    def one(
        request: Request, day: str, batch: str, viewer: Viewer = Depends(site.access.viewer), page: int = 1
    ) -> Response:
        scan_day, row = find_batch(site, day, batch)
        documents = read_documents(site, scan_day, batch)
        pages = read_pages(site, scan_day, batch)
        pending = site.direct.stat(layout.WAREHOUSE, layout.pending_scan_key(row["agency"], batch)) is not None
        bad = [found for found in pages.to_pylist() if found["verdict"] != "accepted"]
        by_document: dict[str, list[dict[str, Any]]] = {}
        for found in bad:
            by_document.setdefault(found["document_id"], []).append(found)
        first = {found["document_id"]: found for found in reversed(pages.select(_PLACE).to_pylist())}
        return site.page(
            request, viewer, "batch", day=scan_day, row=row, documents=cut(documents, page), bad=by_document,
            first=first, is_pending=pending, name=full_name(row["agency"], scan_day, scan_day),
        )  # fmt: skip

    @router.get("/batches/{day}/{batch}/slip")
    def slip(request: Request, day: str, batch: str, viewer: Viewer = Depends(site.access.viewer)) -> Response:
        _, row = find_batch(site, day, batch)
        site.note(request, viewer, "slip")
        key = newest_place(site.direct, row["agency"], batch, row["manifest_sha256"]).key("html")
        try:
            text = site.direct.get(layout.LANDING, key)
        except ObjectMissing:
            raise HTTPException(404) from None
        headers = {"Content-Security-Policy": SLIP_POLICY}
        return Response(text, media_type="text/html; charset=utf-8", headers=headers)

    return router


_PLACE = ["document_id", "file", "page_no"]


def find_batch(site: Site, day: str, batch: str) -> tuple[date, dict[str, Any]]:
    """Find the row of a batch by the day it lies under and its name: in its own object, else among the day's.

    Raises:
        HTTPException: 404 where there is none.
    """
    scan_day = read_day(day)
    is_name = layout.safe_name(batch) == batch
    if scan_day is None or not is_name:
        raise HTTPException(404)
    rows = site.store.read_object("batches", scan_day, batch).to_pylist()
    if not rows:
        rows = site.store.cache.read("batches", [scan_day], where=pc.field("batch") == batch).to_pylist()
    if not rows:
        raise HTTPException(404)
    return scan_day, rows[0]


def read_documents(site: Site, day: date, batch: str) -> list[dict[str, Any]]:
    """Read the documents of a batch with the newest decision about each, those that wait for somebody first."""
    documents = site.store.cache.read("documents", [day], where=pc.field("batch") == batch)
    rows = add_decisions(documents, site.store.read_table("reviews", [day])).to_pylist()
    order = {"rejected": 0, "review": 1, None: 2, "accepted": 3}
    return sorted(rows, key=lambda row: (order[row["verdict"]], row["document_id"]))


def read_pages(site: Site, day: date, batch: str) -> pa.Table:
    """Read the page rows of a batch; none of one that was refused."""
    return site.store.read_object("pages", day, batch)


def list_waiting(site: Site) -> list[Waiting]:
    """List the manifests in the inbox, the oldest first, and whether a run has taken them."""
    inbox = list_inbox(site.direct)
    in_work = _keys_in_work(site)
    found = []
    for state, infos in (("inbox", inbox.taken), ("left", inbox.later)):
        for info in infos:
            agency, batch = layout.split_inbox_key(info.key)
            own = "in_work" if info.key in in_work else state
            found.append(Waiting(agency, batch or info.key.rpartition("/")[2], info.last_modified, own))
    return sorted(found, key=lambda one: one.since)


def _keys_in_work(site: Site) -> set[str]:
    keys = set()
    for info in site.direct.list_objects(layout.WAREHOUSE, layout.work_prefix("check")):
        if info.key.endswith("/markers.json"):
            try:
                keys |= {marker["key"] for marker in site.direct.get_json(layout.WAREHOUSE, info.key)}
            except ObjectMissing:  # the run has just ended
                continue
    return keys


def _listed(site: Site, day: date | None) -> tuple[list[dict[str, Any]], tuple[date, date] | None]:
    """The batches of one day, or of the newest days, newest first; and which days these are."""
    last = site.store.cache.newest_day("batches")
    if last is None:
        return [], None
    days = (day, day) if day else (last - timedelta(SHOWN_DAYS - 1), last)
    rows = site.store.cache.read("batches", each_day(*days)).to_pylist()
    return sorted(rows, key=lambda row: (row["scan_date"], row["received_at"], row["batch"]), reverse=True), days


def _search(site: Site, text: str) -> dict[str, Any]:
    """What a batch id, an agency, a dossier code in either spelling, or a document id names."""
    nothing: dict[str, Any] = {
        "kind": None,
        "batches": [],
        "documents": [],
        "found": 0,
        "agencies": [],
        "dossier": None,
        "waiting": [],
    }
    key = dossier_key(text)
    if key is not None:
        documents = _documents(site, "dossier_key", key, dossier_day(key).year)
        return nothing | {"kind": "dossier", **documents, "dossier": _dossier(site, key)}
    waiting = [one for one in list_waiting(site) if one.batch == text]
    rows = site.store.cache.read("batches", _days_of(text), where=pc.field("batch") == text).to_pylist()
    if rows or waiting or layout.BatchId.parse(text):
        return nothing | {"kind": "batch", "batches": rows, "waiting": waiting}
    agencies = _agencies(text)
    if agencies:
        return nothing | {"kind": "agency", "agencies": agencies}
    return nothing | {"kind": "document", **_documents(site, "document_id", text)}


def _days_of(batch: str) -> list[date] | None:
    """The day in a batch id; all days for the stand-in of a malformed one."""
    found = layout.BatchId.parse(batch)
    if found is None:
        return None if batch.startswith("invalid-") else []
    return [found.scan_date]


def _documents(site: Site, column: IdColumn, value: str, since: int = 0) -> dict[str, Any]:
    """The first documents of this id or dossier, and how many there are; their batches are of this year or later."""
    return site.recent(("documents", column, value), lambda: _read_documents(site, column, value, since))


def _read_documents(site: Site, column: IdColumn, value: str, since: int) -> dict[str, Any]:
    places = site.store.documents.find(column, value, since)
    parts = site.store.each(partial(_documents_of, site, pc.field(column) == value), sorted(set(places[:MOST_FOUND])))
    return {"documents": [row for part in parts for row in part][:MOST_FOUND], "found": len(places)}


def _documents_of(site: Site, where: Any, place: tuple[date, str]) -> list[dict[str, Any]]:
    """Those documents of a batch of which something holds: in its own object, else among the day's."""
    day, batch = place
    rows = site.direct.read_table("documents", [day], batch).filter(where)
    if not len(rows):
        rows = site.store.cache.read("documents", [day], where=where & (pc.field("batch") == batch))
    return list(rows.select(["scan_date", *_OF_DOCUMENT]).to_pylist())


def _dossier(site: Site, key: str) -> dict[str, Any] | None:
    """The dossier as the summaries know it; None where they do not."""
    rows = site.store.read_table("dossiers", [dossier_day(key)], name=layout.DAY)
    found = rows.filter(pc.equal(rows["dossier_key"], key)).to_pylist()
    return found[0] if found else None


def _agencies(text: str) -> list[tuple[str, str]]:
    """Code and name of the agencies that a text means: by the code, or by a part of the name."""
    exact = find_agency(text)
    if exact is not None:
        return [(exact.code, exact.name)]
    wanted = text.casefold()
    today = datetime.now(TIME_ZONE).date()
    return [
        (agency.code, agency.name)
        for agency in agencies_at(today)
        if len(wanted) > 2 and wanted in agency.name.casefold()
    ]
