"""The weekly rate of a unit with its forecast, as the report's own specification of the chart."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pyarrow.compute as pc

from sohoa.days import ONE_DAY, Week
from sohoa.progress import young_weeks
from sohoa.progress.rate import weekly_progress
from sohoa.progress.unit_progress import ProgressQuery, read_days
from sohoa.report import chart_specs
from sohoa.steering.forecast import Outlook, forecast_target
from sohoa.web.languages import Language
from sohoa.web.site import Site
from sohoa.web.translate_chart import translated

WEEKS = 52
"""Weeks that the line shows."""
_HISTORY = timedelta(2 * 364)
_AHEAD = 13


def as_known(site: Site, query: ProgressQuery, end: date, language: Language) -> dict[str, Any] | None:
    """Make the chart at once: as its specification and what it says in words; None where nothing counts.

    Weeks of which it takes time to tell whether they are settled are shown as young; nothing is forecast.
    """
    young = Week.of(end).back(young_weeks.WEEKS).first
    found = _make(site, query, end, language, lambda monday: monday > young, [])
    return None if found is None else {**found, "forecast": "forecast=1"}


def with_forecast(site: Site, query: ProgressQuery, end: date, language: Language) -> dict[str, Any] | None:
    """Make the chart with its forecast and the young weeks told apart, which takes seconds the first time."""
    rows = read_days(site.store, query, Week.of(end - _HISTORY).first, end)
    whole = rows.filter(pc.field("dossier_date") <= Week.of(end + ONE_DAY).before.last)
    weekly = weekly_progress(whole, query.unit_code, query.definition, query.stage)
    outlook = forecast_target(weekly, site.settings.target_percent, end, query.own_days(end).last)
    age = young_weeks.read_age(site.store, Week.of(end))
    found = _make(site, query, end, language, lambda monday: age.is_young(Week(monday)), _ahead(outlook))
    return None if found is None else {**found, "outlook": _said(outlook, language)}


def _make(
    site: Site,
    query: ProgressQuery,
    end: date,
    language: Language,
    is_young: Callable[[date], bool],
    ahead: list[dict[str, Any]],
) -> dict[str, Any] | None:
    first = Week.of(end - timedelta(7 * (WEEKS - 1))).first
    weekly = weekly_progress(
        read_days(site.store, query, first, end), query.unit_code, query.definition, query.stage
    ).to_pylist()
    weeks = [
        {
            "day": row["first_day"].isoformat(),
            "rate": round(row["rate_percent"], 2),
            "young": is_young(row["first_day"]),
        }
        for row in weekly
        if row["denominator"]
    ]
    if not weeks:
        return None
    lines = {"baseline": site.settings.baseline_percent, "target": site.settings.target_percent}
    said = language.word(
        "trend_said", query.name_on(end), len(weeks), language.percent(weeks[0]["rate"]),
        language.percent(weeks[-1]["rate"]), language.percent(lines["baseline"]), language.percent(lines["target"]),
    )  # fmt: skip
    chart = chart_specs.trend(weeks, ahead, lines, "", said)
    return {"spec": translated(chart_specs.cleaned(chart.spec), language), "said": said}


def _ahead(outlook: Outlook) -> list[dict[str, Any]]:
    weeks, first = outlook.weeks, outlook.first_week
    if weeks is None or first is None:
        return []
    return [
        {
            "day": (first + timedelta(7 * n)).isoformat(),
            **{name: round(100 * float(getattr(weeks, name)[n]), 2) for name in ("low", "middle", "high")},
        }
        for n in range(min(_AHEAD, len(weeks.middle)))
    ]


def _said(outlook: Outlook, language: Language) -> str:
    """When the target is reached, or why that cannot be said."""
    if outlook.reason is not None:
        return language.label("forecast_reasons", outlook.reason)
    return language.word(
        "reached_said", language.day(outlook.reached), language.day(outlook.earliest), language.day(outlook.latest)
    )
