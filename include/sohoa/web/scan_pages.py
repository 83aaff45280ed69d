"""The page Trang: a scan with its defects boxed, every measured value against its limit, and its neighbours."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

import pyarrow as pa
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import JSONResponse, Response
from markupsafe import Markup

from sohoa import layout
from sohoa.defects import DEFECTS
from sohoa.pages.draw_views import TILE_PX
from sohoa.quality.failed_limits import FailedLimit, describe_failure
from sohoa.quality.quantities import QUANTITIES, explain_limit
from sohoa.quality.rules import count_judged, failing_rules
from sohoa.quality.thresholds import Rule, Thresholds, load_thresholds
from sohoa.registry import full_name
from sohoa.schema import FIELDS
from sohoa.slips.make_receipt import place_on_page
from sohoa.slips.marks import draw_mark, find_mark
from sohoa.slips.receipt import PictureSize, PlacedLimit
from sohoa.web.audit import ask_about
from sohoa.web.batches import find_batch, read_documents, read_pages
from sohoa.web.decisions import allowed_decisions
from sohoa.web.languages import Language
from sohoa.web.scans import Drawn
from sohoa.web.site import Site, Viewer, language_of, path_of

_PLACE = re.compile(r"\d{1,3}-\d{1,3}")
_JPEG = "image/jpeg"


@dataclass(frozen=True)
class Value:
    """One measured value against one limit."""

    quantity: str
    measured: str
    limit: str
    defect: str
    severity: str
    is_failed: bool
    reason: str
    source: str


def routes(site: Site) -> APIRouter:
    """Return the routes of this page."""
    router = APIRouter()

    @router.get("/scans/{day}/{batch}")
    def show(
        request: Request, day: str, batch: str, file: str, viewer: Viewer = Depends(site.access.viewer), page: int = 1
    ) -> Response:
        scan_day, row = find_batch(site, day, batch)
        pages = read_pages(site, scan_day, batch)
        listed, at = pages.to_pylist(), _locate(pages, file, page)
        limits = load_thresholds(site.settings.profile)
        own = pages.slice(at, 1)
        found, failed = listed[at], _failures(own, limits)
        drawn = site.scans.fitted(scan_day, found, [one["column"] for one in failed])
        documents = {one["document_id"]: one for one in read_documents(site, scan_day, batch)}
        document = documents.get(found["document_id"])
        return site.page(
            request, viewer, "scan", day=scan_day, batch=row, found=found, at=at + 1, total=len(listed),
            document=document, drawn=drawn, marks=_marks(found, failed, drawn),
            values=read_values(own, limits, language_of(request)),
            limits_changed=limits.version != row["thresholds_version"],
            neighbours=_neighbours(listed, at), name=full_name(found["agency"], scan_day, scan_day), tile_px=TILE_PX,
            twin=_twin(found, limits.own_limit("duplicate_page")),
            decisions=allowed_decisions(document) if viewer.may_edit else [],
            question=ask_about(site, viewer, scan_day, found, document) if viewer.may_edit else None,
            advice=_advice(found, language_of(request)),
        )  # fmt: skip

    @router.get("/scans/{day}/{batch}/picture")
    def picture(
        request: Request, day: str, batch: str, file: str, viewer: Viewer = Depends(site.access.viewer), page: int = 1
    ) -> Response:
        scan_day, found, own = _find(site, day, batch, file, page)
        site.note(request, viewer, "picture")
        failed = _failures(own, load_thresholds(site.settings.profile))
        drawn = site.scans.fitted(scan_day, found, [one["column"] for one in failed])
        return _jpeg(None if drawn is None else site.scans.picture(found, "0-0", tiles=False))

    @router.get("/scans/{day}/{batch}/tiles")
    def tiles(
        request: Request, day: str, batch: str, file: str, viewer: Viewer = Depends(site.access.viewer), page: int = 1
    ) -> Response:
        scan_day, found, _ = _find(site, day, batch, file, page)
        site.note(request, viewer, "picture")
        drawn = site.scans.tiled(scan_day, found)
        if drawn is None:
            raise HTTPException(404)
        return JSONResponse({"width": drawn.width, "height": drawn.height, "tile": TILE_PX})

    @router.get("/scans/{day}/{batch}/tiles/{place}")
    def tile(
        request: Request,
        day: str,
        batch: str,
        place: str,
        file: str,
        viewer: Viewer = Depends(site.access.viewer),
        page: int = 1,
    ) -> Response:
        scan_day, found, _ = _find(site, day, batch, file, page)
        site.note(request, viewer, "picture", path_of(request).removesuffix(f"/{place}"))
        if not _PLACE.fullmatch(place) or site.scans.tiled(scan_day, found) is None:
            raise HTTPException(404)
        return _jpeg(site.scans.picture(found, place, tiles=True))

    return router


def read_values(page: pa.Table, limits: Thresholds, language: Language) -> list[Value]:
    """Read every value of one page that a limit is for, what fails first.

    Args:
        page: its row, as a table.
        limits: those in force.
        language: of the words.
    """
    row, failing = page.to_pylist()[0], failing_rules(page, limits.rules)[0]
    judged = [rule for rule, number in zip(limits.rules, count_judged(page, limits.rules), strict=True) if number]
    rules = failing + [rule for rule in judged if rule not in failing and rule.column in QUANTITIES]
    return [_value(rule, row, rule in failing, language) for rule in rules]


def _value(rule: Rule, row: dict[str, Any], is_failed: bool, language: Language) -> Value:
    shown = describe_failure(rule, row)
    words = (
        explain_limit(shown)
        if language.code == "vi" and (shown["value"] is not None or rule.test == "not_null")
        else None
    )
    quantity, measured, limit = (words.quantity, words.measured, words.limit) if words else _plain(rule, row, language)
    defect = language.label("defects", rule.defect)
    return Value(quantity, measured, limit, defect, rule.severity, is_failed, rule.reason, rule.source)


def _plain(rule: Rule, row: dict[str, Any], language: Language) -> tuple[str, str, str]:
    """Quantity, value and limit as the table has them: where no words are kept for them."""
    value, limit = row[rule.column], rule.limit
    listed = ", ".join(map(str, limit)) if isinstance(limit, tuple) else _number(limit, language)
    words = language.label("limit_tests", rule.test).format(f"{listed} {rule.unit}".strip())
    quantity = QUANTITIES.get(rule.column) if language.code == "vi" else None
    name = quantity.label if quantity else FIELDS[rule.column].meaning.partition(";")[0]
    return name, _number(value, language), words


def _number(value: Any, language: Language) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return language.label("page_values", str(value))
    return language.decimal(value, 0 if float(value).is_integer() else 3)


def _failures(page: pa.Table, limits: Thresholds) -> list[FailedLimit]:
    row = page.to_pylist()[0]
    return [describe_failure(rule, row) for rule in failing_rules(page, limits.rules)[0]]


def _marks(page: dict[str, Any], failed: list[FailedLimit], drawn: Drawn | None) -> list[tuple[int, str, Markup]]:
    """Number, defect and drawing of each defect that has a place on the page."""
    if drawn is None:
        return []
    size: PictureSize = {"name": "", "width": drawn.width, "height": drawn.height}
    found: list[tuple[int, str, Markup]] = []
    for defect in dict.fromkeys(one["defect"] for one in failed if one["severity"] != "note"):
        own: list[PlacedLimit] = [
            {**one, "place": place_on_page(one["column"], page, drawn.places)}
            for one in failed
            if one["defect"] == defect
        ]
        mark = find_mark(own, size)
        if mark is not None:
            found.append((len(found) + 1, defect, draw_mark(mark, len(found) + 1, size)))
    return found


def _twin(page: dict[str, Any], most_bits: float) -> dict[str, Any] | None:
    """The earlier page that this one repeats, and where it and its picture are; None where none is near enough."""
    twin = page["twin"]
    batch = layout.BatchId.parse(twin["batch"]) if twin and twin["bits"] <= most_bits else None
    if twin is None or batch is None:
        return None
    place, query = (
        f"/scans/{batch.scan_date}/{twin['batch']}",
        urlencode({"file": twin["file"], "page": twin["page_no"]}),
    )
    return {**twin, "address": f"{place}?{query}", "picture": f"{place}/picture?{query}"}


def _advice(page: dict[str, Any], language: Language) -> list[tuple[str, str]]:
    """Defect and advice of each defect of a page."""
    names = [*(page["defects"] or ()), *(page["notes"] or ())]
    return [
        (language.label("defects", name), DEFECTS[name].advice_vi if language.code == "vi" else DEFECTS[name].advice_en)
        for name in names
        if name in DEFECTS
    ]


def _find(site: Site, day: str, batch: str, file: str, number: int) -> tuple[date, dict[str, Any], pa.Table]:
    scan_day, _ = find_batch(site, day, batch)
    pages = read_pages(site, scan_day, batch)
    own = pages.slice(_locate(pages, file, number), 1)
    return scan_day, own.to_pylist()[0], own


def _locate(pages: pa.Table, file: str, number: int) -> int:
    """The place of one page among the rows of its batch.

    Raises:
        HTTPException: 404 where there is no such page.
    """
    names = zip(pages["file"].to_pylist(), pages["page_no"].to_pylist(), strict=True)
    place = next((n for n, name in enumerate(names) if name == (file, number)), None)
    if place is None:
        raise HTTPException(404)
    return place


def _neighbours(listed: list[dict[str, Any]], at: int) -> dict[str, dict[str, Any] | None]:
    """The pages before and after one, and the next and last ones that are not accepted."""
    bad = [n for n, row in enumerate(listed) if row["verdict"] != "accepted"]
    places = {
        "previous": at - 1 if at else None,
        "next": at + 1 if at + 1 < len(listed) else None,
        "next_bad": next((n for n in bad if n > at), None),
        "previous_bad": next((n for n in reversed(bad) if n < at), None),
    }
    return {name: None if n is None else listed[n] for name, n in places.items()}


def _jpeg(data: bytes | None) -> Response:
    if data is None:
        raise HTTPException(404)
    return Response(data, media_type=_JPEG)
