"""The page Nhật ký: who opened which page when, for those who may change what runs."""

from __future__ import annotations

from datetime import datetime, timedelta

import pyarrow.compute as pc
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import Response

from sohoa.days import each_day
from sohoa.settings import TIME_ZONE
from sohoa.web.parameters import cut_table, read_day, read_period
from sohoa.web.site import Site, Viewer

_WEEK = timedelta(6)


def routes(site: Site) -> APIRouter:
    """Return the routes of this page."""
    router = APIRouter()

    @router.get("/visits")
    def show(
        request: Request,
        viewer: Viewer = Depends(site.access.viewer),
        q: str = "",
        visitor: str = "",
        start: str = "",
        end: str = "",
        page: int = 1,
    ) -> Response:
        if not viewer.may_edit:
            raise HTTPException(403)
        last = read_day(end) or datetime.now(TIME_ZONE).date()
        first, last = read_period(read_day(start) or last - _WEEK, last)
        site.visits.send()
        site.store.cache.expire("visits")
        where = None
        for column, text in (("address", q), ("visitor", visitor)):
            if text:
                held = pc.match_substring(pc.field(column), text, ignore_case=True)
                where = held if where is None else where & held
        rows = site.store.cache.read("visits", each_day(first, last), where=where).sort_by(
            [("visited_at", "descending")]
        )
        return site.page(
            request, viewer, "visits", rows=cut_table(rows, page), q=q, visitor=visitor, start=first, end=last,
            kept_days=site.settings.visits_days,
        )  # fmt: skip

    return router
