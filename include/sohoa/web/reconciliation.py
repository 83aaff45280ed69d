"""The page Đối soát: why the portal and the province count differently, down to each dossier, and indicator 1.4."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from sohoa import layout
from sohoa.enums import CATEGORIES
from sohoa.errors import InputError
from sohoa.reconcile.categories import EFFECTS, SIDES
from sohoa.reconcile.count_categories import balance
from sohoa.reconcile.indicator_1_4 import read_indicators
from sohoa.reconcile.known_days import KnownDays, newest_reconciled, read_known_days
from sohoa.reconcile.list_dossiers import read_entries, read_lines
from sohoa.registry import PROVINCE, ancestors, asked_unit
from sohoa.settings import TIME_ZONE
from sohoa.web.languages import Language
from sohoa.web.parameters import cut, read_day, read_period
from sohoa.web.progress import children
from sohoa.web.site import Site, Viewer, language_of

_TABLES = ("reconciliation_daily", "national_report")
INDICATORS = ("official", "adjusted")
_WEEK = timedelta(6)
MAX_ENTRY_DAYS = 31
"""Days of which the dossiers of a category are listed at once."""


def routes(site: Site) -> APIRouter:
    """Return the routes of this page."""
    router = APIRouter()

    @router.get("/reconciliation")
    def show(
        request: Request,
        viewer: Viewer = Depends(site.access.viewer),
        unit: str = PROVINCE,
        start: str = "",
        end: str = "",
    ) -> Response:
        period = _period(site, start, end)
        if period is None:
            return site.page(request, viewer, "empty", topic="reconciliation")
        known = read_known_days(site.store, unit, *period)
        today = datetime.now(TIME_ZONE).date()  # the oldest entry is a day older tomorrow
        key = ("reconciliation", unit, *period, today, tuple(known.compared), known.is_whole)
        found = site.remember(_TABLES, key, lambda: _read(site, unit, *period, known, today))
        return site.page(
            request, viewer, "reconciliation", unit=unit, start=period[0], end=period[1], effects=EFFECTS, sides=SIDES,
            units=_units(unit, period[1]), unknown=_unknown(known, language_of(request)), **found,
        )  # fmt: skip

    @router.get("/reconciliation/{category}")
    def entries(
        request: Request,
        category: str,
        viewer: Viewer = Depends(site.access.viewer),
        unit: str = PROVINCE,
        start: str = "",
        end: str = "",
        page: int = 1,
    ) -> Response:
        period = _period(site, start, end)
        if period is None:
            return site.page(request, viewer, "empty", topic="reconciliation")
        first = max(period[0], period[1] - timedelta(MAX_ENTRY_DAYS - 1))
        known = read_known_days(site.store, unit, first, period[1])
        if category not in CATEGORIES:
            raise InputError(f"{category} is no category")
        rows = read_entries(site.store, unit, known.compared, category)
        return site.page(
            request, viewer, "entries", unit=unit, start=first, end=period[1], asked_start=period[0], category=category,
            rows=cut(rows, page), name=asked_unit(unit, period[1]).name,
        )  # fmt: skip

    return router


def _period(site: Site, start: str, end: str) -> tuple[date, date] | None:
    """The days asked for, else the newest week that was reconciled; None where nothing was."""
    if not site.store.cache.infos("reconciliation_daily"):
        return None
    last = read_day(end) or newest_reconciled(site.store)
    return read_period(read_day(start) or last - _WEEK, last)


def _read(site: Site, unit: str, start: date, end: date, known: KnownDays, today: date) -> dict[str, Any]:
    asked = asked_unit(unit, end)
    lines = read_lines(site.store, unit, known.compared, today)
    difference, explained = balance({line.category: line.entries for line in lines})
    indicators = zip(INDICATORS, read_indicators(site.store, unit, start, end), strict=True) if known.is_whole else ()
    return {
        "name": asked.name,
        "lines": lines,
        "difference": difference,
        "explained": explained,
        "indicators": list(indicators),
        "by_day": _by_day(site, unit, known.compared),
        "categories": [name for name in CATEGORIES if name not in SIDES],
    }


def _by_day(site: Site, unit: str, days: list[date]) -> list[tuple[date, dict[str, int]]]:
    """Category -> entries of each of the newest days that has any, the newest first."""
    rows = site.store.read_table("reconciliation_daily", days[-MAX_ENTRY_DAYS:], layout.DAY)
    found: dict[date, dict[str, int]] = {}
    for row in rows.to_pylist():
        if row["unit_code"] == unit:
            found.setdefault(row["dossier_date"], {})[row["category"]] = row["entries"]
    return sorted(found.items(), reverse=True)


def _unknown(known: KnownDays, language: Language) -> list[str]:
    """Say of which days nothing is counted and why, as ``sohoa reconcile`` does."""
    groups = {name: getattr(known, name) for name in ("not_reconciled", "without_portal", "without_data", "changed")}
    return [language.word(f"days_{name}", language.periods(days)) for name, days in groups.items() if days]


def _units(unit: str, day: date) -> list[tuple[str, str]]:
    """Code and name of the units and offices right below one, or beside it where there are none below."""
    above = ancestors(unit, day)
    below = children(unit, day) or (children(above[0], day) if above else [])
    return [(code, name) for code, _, name, _ in below]
