"""The page Chất lượng: defects by cause, paper, cover and scanner; agencies by week; scanners out of their limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response

from sohoa import layout
from sohoa.days import Week, each_day
from sohoa.defects import DEFECTS
from sohoa.errors import InputError
from sohoa.registry import full_name
from sohoa.report import chart_specs
from sohoa.report.report_week import HEAT_WEEKS
from sohoa.steering.scanner_incidents import read_incidents
from sohoa.web.audit import read_errors
from sohoa.web.languages import Language
from sohoa.web.parameters import cut, read_day, read_period
from sohoa.web.site import Site, Viewer, language_of
from sohoa.web.translate_chart import translated

HEAT_AGENCIES = 40
_DAYS = timedelta(27)
_TABLES = ("quality_daily", "pages_daily", "device_daily", "incidents")
_BY_CAUSE = ("defect",)
_COUNTS = ("pages_bad", "pages_judged")


@dataclass(frozen=True)
class Share:
    """Pages with a defect of those on which it could be judged."""

    bad: int
    judged: int

    @property
    def percent(self) -> float | None:
        """The share, per cent."""
        return 100 * self.bad / self.judged if self.judged else None


def routes(site: Site) -> APIRouter:
    """Return the routes of this page."""
    router = APIRouter()

    @router.get("/quality")
    def show(
        request: Request,
        viewer: Viewer = Depends(site.access.viewer),
        start: str = "",
        end: str = "",
        defect: str = "",
        page: int = 1,
    ) -> Response:
        period = _period(site, start, end)
        if period is None:
            return site.page(request, viewer, "empty", topic="quality")
        if defect and defect not in DEFECTS:
            raise InputError(f"{defect} is no defect")
        found = site.remember(_TABLES, ("quality", defect, *period), lambda: _read(site, *period, defect))
        return site.page(
            request, viewer, "quality", start=period[0], end=period[1], defect=defect, defects=list(DEFECTS),
            devices=cut(found["all_devices"], page), name_of=full_name, audit=read_errors(site), **found,
        )  # fmt: skip

    @router.get("/quality/causes.json")
    def causes(request: Request, start: str = "", end: str = "") -> Response:
        period, language = _period(site, start, end), language_of(request)
        if period is None:
            return JSONResponse(None)
        key = ("causes", *period, language.code)
        return JSONResponse(site.remember(("quality_daily",), key, lambda: _causes_chart(site, *period, language)))

    @router.get("/quality/heat.json")
    def heat(request: Request, end: str = "", defect: str = "", part: int = Query(1, ge=1, le=100)) -> Response:
        period, language = _period(site, "", end), language_of(request)
        if period is None:
            return JSONResponse(None)
        key = ("heat", period[1], defect, part, language.code)
        return JSONResponse(site.remember(_TABLES, key, lambda: _heat_chart(site, period[1], defect, part, language)))

    return router


def _period(site: Site, start: str, end: str) -> tuple[date, date] | None:
    """The days asked for, else the newest four weeks with scans; None where there are none."""
    infos = site.store.cache.infos("quality_daily")
    if not infos:
        return None
    last = read_day(end) or layout.table_day(infos[-1].key)
    return read_period(read_day(start) or last - _DAYS, last)


def _read(site: Site, start: date, end: date, defect: str) -> dict[str, Any]:
    rows = site.store.cache.read("quality_daily", each_day(start, end))
    if defect:
        classes = rows.filter(pc.equal(rows["defect"], defect)).select(["paper", "cover", "agency", *_COUNTS])
    else:
        classes = _judged_pages(site, start, end)
    open_ones = [one for one in read_incidents(site.store, end - timedelta(365), end) if one.closed_day is None]
    return {
        "causes": [(key[0], share) for key, share in _shares(rows, _BY_CAUSE) if share.bad],
        "papers": _shares(classes, ("paper",)),
        "covers": _shares(classes, ("cover",)),
        "agencies": _shares(classes, ("agency",))[:20],
        "all_devices": _devices(site, start, end, defect),
        "incidents": sorted(open_ones, key=lambda one: one.last_day, reverse=True)[:50],
    }


def _judged_pages(site: Site, start: date, end: date) -> pa.Table:
    """Rows of ``pages_daily`` with the counts of ``quality_daily``: pages that are not accepted, of the pages found."""
    rows = site.store.cache.read("pages_daily", each_day(start, end))
    bad = pc.subtract(rows["pages_found"], rows["pages_accepted"])
    return rows.append_column("pages_judged", rows["pages_found"]).append_column("pages_bad", bad)


def _shares(rows: Any, by: tuple[str, ...]) -> list[tuple[tuple[str, ...], Share]]:
    """Key and share of each group, most pages first."""
    sums = rows.group_by(list(by), use_threads=False).aggregate([("pages_bad", "sum"), ("pages_judged", "sum")])
    found = [
        (tuple(row[name] for name in by), Share(row["pages_bad_sum"], row["pages_judged_sum"]))
        for row in sums.to_pylist()
    ]
    return sorted(found, key=lambda one: (-one[1].bad, one[0]))


def _devices(site: Site, start: date, end: date, defect: str) -> list[tuple[tuple[str, ...], Share]]:
    """Agency and id of each scanner with the share of its pages that are not accepted, or have the defect."""
    rows = _pages_of_devices(site, start, end, defect) if defect else _judged_pages(site, start, end)
    found = _shares(rows, ("agency", "device_id"))
    return sorted(found, key=lambda one: (-(one[1].percent or 0), -one[1].judged, str(one[0])))


def _pages_of_devices(site: Site, start: date, end: date, defect: str) -> pa.Table:
    """Rows of ``device_daily`` with the counts of ``quality_daily``: pages received, then those with the defect."""
    columns = ["agency", "device_id", "pages_received", "defect_pages"]
    rows = site.store.cache.read("device_daily", each_day(start, end), columns).combine_chunks()
    lists = rows["defect_pages"].combine_chunks()
    found = pa.table({"row": pc.list_parent_indices(lists), "one": pc.list_flatten(lists)})
    found = found.filter(pc.equal(pc.struct_field(found["one"], "defect"), defect))
    received = _with_counts(rows, _none(len(rows)), rows["pages_received"])
    pages = pc.struct_field(found["one"], "pages")
    return pa.concat_tables([received, _with_counts(rows.take(found["row"]), pages, _none(len(found)))])


def _with_counts(rows: pa.Table, bad: Any, judged: Any) -> pa.Table:
    """Agency and device of these rows, with their counts."""
    return pa.table([rows["agency"], rows["device_id"], bad, judged], ["agency", "device_id", *_COUNTS])


def _none(rows: int) -> Any:
    return pa.repeat(pa.scalar(0, pa.int64()), rows)


def _causes_chart(site: Site, start: date, end: date, language: Language) -> dict[str, Any] | None:
    shares = [
        (key[0], share)
        for key, share in _shares(site.store.cache.read("quality_daily", each_day(start, end)), _BY_CAUSE)
    ]
    shares = [one for one in shares if one[1].bad]
    if not shares:
        return None
    total, so_far, data = sum(share.bad for _, share in shares), 0, []
    for name, share in shares:
        so_far += share.bad
        label = language.label("defects", name)
        data.append(
            {
                "defect": label,
                "bad": share.bad,
                "label": language.count(share.bad),
                "cumulative": round(100 * so_far / total, 2),
            }
        )
    said = language.word("causes_said", len(data), data[0]["defect"], data[0]["label"])
    return {"spec": translated(chart_specs.cleaned(chart_specs.pareto(data, "", said).spec), language), "said": said}


def _heat_chart(site: Site, end: date, defect: str, part: int, language: Language) -> dict[str, Any] | None:
    """Agencies × weeks: the share of pages that are accepted, or have not the defect; forty agencies a part."""
    weeks = _heat_weeks(end)
    shares = _weekly(site, weeks, defect)
    agencies = sorted({agency for agency, _ in shares})
    shown = agencies[(part - 1) * HEAT_AGENCIES : part * HEAT_AGENCIES]
    if not shown:
        return None
    names = {agency: full_name(agency, end, end) for agency in shown}
    cells = [
        _cell(names[agency], week, shares.get((agency, week.first)), language) for agency in shown for week in weeks
    ]
    said = language.word("heat_said", len(shown), len(agencies), len(weeks))
    chart = chart_specs.heat(cells, [names[one] for one in shown], [_week(week) for week in weeks], "", said)
    parts = -(-len(agencies) // HEAT_AGENCIES)
    return {"spec": translated(chart_specs.cleaned(chart.spec), language), "said": said, "parts": parts}


def _heat_weeks(end: date) -> list[Week]:
    """The weeks that the heat map shows, the oldest first."""
    return [Week.of(end).back(n) for n in range(HEAT_WEEKS - 1, -1, -1)]


def _weekly(site: Site, weeks: list[Week], defect: str) -> dict[tuple[str, date], Share]:
    """(agency, Monday) -> its share."""
    days = weeks[0].first, weeks[-1].last
    if defect:
        rows = site.store.cache.read("quality_daily", each_day(*days), where=pc.field("defect") == defect)
    else:
        rows = _judged_pages(site, *days)
    monday = pc.floor_temporal(rows["scan_date"], unit="week", week_starts_monday=True)
    rows = pa.table({"agency": rows["agency"], "monday": monday, **{name: rows[name] for name in _COUNTS}})
    sums = rows.group_by(["agency", "monday"], use_threads=False).aggregate([(name, "sum") for name in _COUNTS])
    return {
        (row["agency"], row["monday"]): Share(row["pages_bad_sum"], row["pages_judged_sum"]) for row in sums.to_pylist()
    }


def _cell(name: str, week: Week, share: Share | None, language: Language) -> dict[str, Any]:
    rate = None if share is None or share.percent is None else 100 - share.percent
    label = "" if rate is None else language.decimal(rate, 0)
    return {
        "unit": name,
        "week": _week(week),
        "rate": None if rate is None else round(rate, 1),
        "label": label,
        "young": False,
    }


def _week(week: Week) -> str:
    return f"T{week.first:%V}"
