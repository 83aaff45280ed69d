"""The page Báo cáo: every week in every format, what was revised since, and who got it by mail."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import Response

from sohoa import layout
from sohoa.days import Week
from sohoa.errors import ObjectMissing
from sohoa.web.parameters import cut
from sohoa.web.site import Site, Viewer

FORMATS = {
    "report.html": "text/html; charset=utf-8",
    "report.pdf": "application/pdf",
    "report.xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
COUNTED_WEEKS = 2
"""Weeks of a page of which the mails are counted: each mail is an object. Of the others a page of its own tells."""
_POLICY = {
    "report.html": "sandbox allow-scripts allow-popups allow-downloads allow-modals; frame-ancestors 'self'",
    "report.pdf": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'",
}
"""The web page of a report brings its own policy, which names its scripts by hash; here it has no origin beside it."""


def routes(site: Site) -> APIRouter:
    """Return the routes of this page."""
    router = APIRouter()

    @router.get("/reports")
    def show(request: Request, viewer: Viewer = Depends(site.access.viewer), page: int = 1) -> Response:
        weeks = _weeks(site)
        if not weeks:
            return site.page(request, viewer, "empty", topic="reports")
        shown = cut(weeks, page)
        waiting = {layout.outbox_week(info.key) for info in site.direct.list_objects(layout.WAREHOUSE, layout.OUTBOX)}
        return site.page(
            request, viewer, "reports", weeks=shown, waiting=waiting,
            deliveries={week["name"]: _count_deliveries(site, week["name"]) for week in shown.rows[:COUNTED_WEEKS]},
        )  # fmt: skip

    @router.get("/reports/{week}")
    def one(request: Request, week: str, viewer: Viewer = Depends(site.access.viewer)) -> Response:
        name = Week.parse(week).name
        found = next((one for one in _weeks(site) if one["name"] == name), None)
        if found is None:
            raise HTTPException(404)
        return site.page(request, viewer, "report", week=found, deliveries=_deliveries(site, name))

    @router.get("/reports/{week}/{name}")
    def file(request: Request, week: str, name: str, viewer: Viewer = Depends(site.access.viewer)) -> Response:
        if name not in FORMATS:
            raise HTTPException(404)
        week = Week.parse(week).name
        site.note(request, viewer, "report_file")
        try:
            data = site.direct.get(layout.REPORTS, layout.report_key(week, name))
        except ObjectMissing:
            raise HTTPException(404) from None
        kind = "attachment" if name.endswith(".xlsx") else "inline"
        headers = {"Content-Disposition": f'{kind}; filename="{week}-{name}"'}
        if name in _POLICY:
            headers["Content-Security-Policy"] = _POLICY[name]
        return Response(data, media_type=FORMATS[name], headers=headers)

    return router


def _weeks(site: Site) -> list[dict[str, Any]]:
    """Each week that has a report, the newest first: its formats and when it was made."""
    found: dict[str, dict[str, Any]] = {}
    for info in site.direct.list_objects(layout.REPORTS, layout.WEEKLY):
        name, _, file = info.key.removeprefix(layout.WEEKLY).partition("/")
        week = found.setdefault(name, {"name": name, "files": {}, "made_at": info.last_modified})
        if file in FORMATS:
            week["files"][file] = info.size
            week["made_at"] = max(week["made_at"], info.last_modified)
    return sorted(found.values(), key=lambda week: week["name"], reverse=True)


def _deliveries(site: Site, week: str) -> list[dict[str, Any]]:
    """What became of each mail of a week's report, by address; those that did not arrive first."""
    infos = tuple(site.direct.list_objects(layout.WAREHOUSE, layout.deliveries_prefix(week)))
    what = "deliveries", week, tuple((info.key, info.etag) for info in infos)

    def read() -> list[dict[str, Any]]:
        found = [one for one in site.direct.each(lambda info: _delivery(site, info.key), infos) if one is not None]
        return sorted(found, key=lambda one: (one["state"] == "sent", one["address"]))

    return site.remember((), what, read)


def _delivery(site: Site, key: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = site.direct.get_json(layout.WAREHOUSE, key)
    except ObjectMissing:
        return None
    return found


def _count_deliveries(site: Site, week: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for one in _deliveries(site, week):
        counts[one["state"]] = counts.get(one["state"], 0) + 1
    return counts
