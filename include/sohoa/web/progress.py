"""The page Tiến độ: the rate over time, the ladder from declared to accepted, every unit, and ranks of a campaign."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response

from sohoa.counting.count_progress import MEASURES
from sohoa.counting.own_days import with_valid_from
from sohoa.days import each_day
from sohoa.enums import DEFINITIONS
from sohoa.errors import InputError
from sohoa.progress.carry_forward import map_dates, progress_on_map
from sohoa.progress.explain_figure import count_reasons, group_of, read_figure_dossiers, sum_up
from sohoa.progress.unit_progress import Figure, ProgressQuery, by_period, default_start, make_figure, newest_day
from sohoa.registry import PROVINCE, agencies_at, ancestors, bearer_at, campaigns, find_campaign, units_at
from sohoa.steering.rank_campaigns import read_ranks
from sohoa.web import trend_chart
from sohoa.web.map_chart import commune_map
from sohoa.web.parameters import cut, read_day, read_period
from sohoa.web.site import Site, Viewer, language_of

STAGES = ("components", "result")
_DEFINED = [name for name in DEFINITIONS if name != "by_stage"]
RATES = [*((name, "all") for name in _DEFINED), *(("by_stage", stage) for stage in STAGES)]
"""Definitions and stages that a page can show."""
_TABLES = ("progress_daily",)


@dataclass(frozen=True)
class Asked:
    """What a page of progress was asked to show."""

    query: ProgressQuery
    start: date
    end: date

    @property
    def key(self) -> tuple[Any, ...]:
        """What names its result."""
        return self.query, self.start, self.end


def routes(site: Site) -> APIRouter:
    """Return the routes of this page."""
    router = APIRouter()

    @router.get("/progress")
    def show(
        request: Request,
        viewer: Viewer = Depends(site.access.viewer),
        unit: str = PROVINCE,
        definition: str = "dn_and",
        stage: str = "",
        map_day: str = Query("", alias="map"),
        start: str = "",
        end: str = "",
        campaign: str = "",
    ) -> Response:
        if not site.store.cache.infos("progress_daily"):
            return site.page(request, viewer, "empty", topic="progress")
        asked = _asked(site, unit, definition, stage, map_day, start, end)
        found = site.remember(_TABLES, ("progress", *asked.key), lambda: _read(site, asked))
        chosen = campaign or _campaign_on(asked.end)
        return site.page(
            request, viewer, "progress", asked=asked, campaigns=campaigns(), campaign=chosen,
            ranks=_ranks(site, chosen, asked.end), rates=RATES, maps=map_dates(), settings=site.settings, **found,
        )  # fmt: skip

    @router.get("/progress/dossiers")
    def dossiers(
        request: Request,
        day: str,
        viewer: Viewer = Depends(site.access.viewer),
        unit: str = PROVINCE,
        definition: str = "dn_and",
        stage: str = "",
        map_day: str = Query("", alias="map"),
        group: str = "",
        page: int = 1,
    ) -> Response:
        asked = _asked(site, unit, definition, stage, map_day, day, day)
        lines = read_figure_dossiers(site.store, asked.end, asked.query)
        groups = {name: sum(group_of(line) == name for line in lines) for name in ("lacking", "counted", "out")}
        shown = [line for line in lines if not group or group_of(line) == group]
        return site.page(
            request, viewer, "dossiers", asked=asked, lines=cut(shown, page), group=group, groups=groups,
            reasons=count_reasons(shown).most_common(), figure=sum_up(lines, asked.end, site.settings),
            name=asked.query.name_on(asked.end), group_of=group_of,
        )  # fmt: skip

    @router.get("/progress/trend.json")
    def trend(
        request: Request,
        unit: str = PROVINCE,
        definition: str = "dn_and",
        stage: str = "",
        map_day: str = Query("", alias="map"),
        end: str = "",
        forecast: bool = False,
    ) -> Response:
        asked = _asked(site, unit, definition, stage, map_day, "", end)
        language = language_of(request)
        key = ("trend", *asked.key, language.code, forecast)
        make, tables = (trend_chart.with_forecast, trend_chart.TABLES) if forecast else (trend_chart.as_known, _TABLES)
        return JSONResponse(site.remember(tables, key, lambda: make(site, asked.query, asked.end, language)))

    @router.get("/progress/map.json")
    def communes(
        request: Request,
        definition: str = "dn_and",
        stage: str = "",
        map_day: str = Query("", alias="map"),
        start: str = "",
        end: str = "",
    ) -> Response:
        asked = _asked(site, PROVINCE, definition, stage, map_day, start, end)
        language = language_of(request)
        key = ("map", *asked.key, language.code)
        return JSONResponse(
            site.remember(
                _TABLES, key, lambda: commune_map(_communes(site, asked), asked.query.map_day or asked.end, language)
            )
        )

    return router


def _asked(site: Site, unit: str, definition: str, stage: str, map_text: str, start: str, end: str) -> Asked:
    """Read what an address asks for.

    Raises:
        InputError: there is no such definition, map, day or unit.
    """
    if definition == "by_stage":
        stage = stage or STAGES[0]
    rate = definition, stage or "all"
    if rate not in RATES:
        raise InputError(f"{definition} {stage} is no definition of a rate")
    map_day = read_day(map_text)
    if map_day is not None and map_day not in map_dates():
        raise InputError(f"there is no map of {map_text}: use one of {', '.join(map(str, map_dates()))}")
    last = read_day(end) or newest_day(site.store)
    first, last = read_period(read_day(start) or default_start(last), last)
    query = ProgressQuery(unit, *rate, map_day)
    query.name_on(last)
    return Asked(query, first, last)


def _read(site: Site, asked: Asked) -> dict[str, Any]:
    """The figures of the unit by week, of the whole period, and of every unit right below it."""
    rows = _unit_rows(site, asked)
    query, start = asked.query, asked.query.first_day(asked.start, asked.end)
    own = rows.filter(
        (pc.field("unit_code") == query.unit_code) & (pc.field("valid_from") == query.key_on(asked.end)[1])
    )
    step = "day" if (asked.end - start).days < 14 else "week"
    return {
        "name": query.name_on(asked.end),
        "total": by_period(own, start, asked.end, "all", site.settings)[0],
        "periods": by_period(own, start, asked.end, step, site.settings)[::-1],
        "step": step,
        "since": start if start > asked.start else None,
        "above": _above(asked),
        "below": _below(site, asked, rows),
    }


def _unit_rows(site: Site, asked: Asked) -> pa.Table:
    """Progress of all units on the days asked for, by the map asked for; else of their own days."""
    where = (pc.field("definition") == asked.query.definition) & (pc.field("stage") == asked.query.stage)
    rows = site.store.cache.read("progress_daily", each_day(asked.start, asked.end), where=where)
    if asked.query.map_day is not None:
        return progress_on_map(rows, asked.query.map_day)
    rows = with_valid_from(rows)
    return rows.append_column("is_approximate", pa.array([False] * len(rows), pa.bool_()))


def _above(asked: Asked) -> list[tuple[str, str]]:
    """Code and name of the units above the one asked for, the highest first."""
    day = asked.query.map_day or asked.end
    bearers = [(code, bearer_at(code, day)) for code in reversed(ancestors(asked.query.unit_code, day))]
    return [(code, code if bearer is None else bearer.name) for code, bearer in bearers]


def _below(site: Site, asked: Asked, rows: pa.Table) -> list[tuple[str, str, str, Figure]]:
    """Code, name, level and figure of each unit right below, the lowest rate first; what nothing counts for last."""
    day = asked.query.map_day or asked.end
    sums = rows.group_by(["unit_code", "valid_from"], use_threads=False)
    found = sums.aggregate([*((name, "sum") for name in MEASURES), ("is_approximate", "any")]).to_pylist()
    by_key = {(row["unit_code"], row["valid_from"]): row for row in found}
    lines = []
    for code, first, name, level in children(asked.query.unit_code, day):
        row = by_key.get((code, first))
        counts = {measure: 0 if row is None else row[f"{measure}_sum"] for measure in MEASURES}
        is_approximate = bool(row and row["is_approximate_any"])
        lines.append((code, name, level, make_figure(asked.start, asked.end, counts, is_approximate, site.settings)))
    return sorted(lines, key=lambda line: (line[3].rate_percent is None, line[3].rate_percent or 0, line[0]))


def children(code: str, day: date) -> list[tuple[str, date, str, str]]:
    """List code, first day, name and level of the units and leaf offices right below one on a day."""
    found = [(unit.code, unit.valid_from, unit.name, unit.level) for unit in units_at(day) if unit.parent == code]
    kinds = {"department"} if code == PROVINCE else {"district"}
    offices = [agency for agency in agencies_at(day) if agency.kind in kinds and agency.unit_code == code]
    return [*found, *((office.code, office.valid_from, office.name, office.kind) for office in offices)]


def _communes(site: Site, asked: Asked) -> list[tuple[Any, Figure]]:
    """Each commune of the map with its figure."""
    day = asked.query.map_day or asked.end
    sums = _unit_rows(site, asked).group_by(["unit_code", "valid_from"], use_threads=False)
    found = sums.aggregate([(name, "sum") for name in MEASURES]).to_pylist()
    by_key = {(row["unit_code"], row["valid_from"]): row for row in found}
    lines = []
    for unit in units_at(day):
        row = by_key.get((unit.code, unit.valid_from))
        if unit.level == "commune":
            counts = {measure: 0 if row is None else row[f"{measure}_sum"] for measure in MEASURES}
            lines.append((unit, make_figure(asked.start, asked.end, counts, False, site.settings)))
    return lines


def _campaign_on(day: date) -> str:
    """The newest campaign that has begun by a day, else the first one; empty where there is none."""
    begun = [one for one in campaigns() if one.start <= day] or list(campaigns())[:1]
    return max(begun, key=lambda one: one.start).code if begun else ""


def _ranks(site: Site, code: str, end: date) -> list[Any]:
    """The units of a campaign in their order; none where there is no campaign."""
    if not code:
        return []
    campaign = find_campaign(code)
    return site.remember(_TABLES, ("ranks", code, end), lambda: read_ranks(site.store, campaign, end))
