"""The weekly rate of a unit with its forecast, as the report's own specification of the chart."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pyarrow.compute as pc

from sohoa.days import ONE_DAY, Week
from sohoa.progress import young_weeks
from sohoa.progress.rate import weekly_progress
from sohoa.progress.unit_progress import ProgressQuery, read_days
from sohoa.report import chart_specs
from sohoa.report.report_week import TREND_WEEKS
from sohoa.report.sections.charts import weeks_ahead
from sohoa.report.sections.unit_rates import mondays
from sohoa.steering.forecast import HISTORY, Outlook, forecast_target
from sohoa.web.languages import Language
from sohoa.web.site import Site
from sohoa.web.translate_chart import translated

TABLES = ("progress_daily", "register", "status", "dossiers")
"""What a forecast rests on. When a batch came and a decision was made (``_DATED``) is read too, but neither ever
changes for what these hold."""
_DATED = ("batches", "reviews")
"""Listed anew where weeks are recounted: an older listing may lack what came with the newest dossiers."""


def as_known(site: Site, query: ProgressQuery, end: date, language: Language) -> dict[str, Any] | None:
    """Make the chart at once: as its specification and what it says in words; None where nothing counts.

    Weeks of which it takes time to tell whether they are settled are shown as young; nothing is forecast.
    """
    young = Week.of(end).back(young_weeks.WEEKS).first
    found = _make(site, query, end, language, lambda monday: monday > young, [])
    return None if found is None else {**found, "forecast": "forecast=1"}


def with_forecast(site: Site, query: ProgressQuery, end: date, language: Language) -> dict[str, Any] | None:
    """Make the chart with its forecast and the young weeks told apart, which takes seconds the first time."""
    rows = read_days(site.store, query, Week.of(end - HISTORY).first, end)
    settled, known_until = _settled(site, end)
    whole = rows.filter(pc.field("dossier_date") <= known_until)
    weekly = weekly_progress(whole, query.unit_code, query.definition, query.stage)
    outlook = forecast_target(weekly, site.settings.target_percent, end, query.own_days(end).last)
    found = _make(site, query, end, language, lambda monday: settled is None or monday > settled, weeks_ahead(outlook))
    return None if found is None else {**found, "outlook": _said(outlook, language)}


def _settled(site: Site, end: date) -> tuple[date | None, date]:
    """Monday of the newest settled week, None where none is, and the last day that a forecast rests on: of all units.

    Several weeks are recounted as they were known then, so what was found is kept.
    """
    week, over = Week.of(end), Week.of(end + ONE_DAY).before

    def find() -> list[str | None]:
        for table in _DATED:
            site.store.cache.expire(table)
        age = young_weeks.read_age(site.store, week)
        settled = None if age.settled is None else age.settled.first.isoformat()
        return [settled, min(over.last, age.forecast_from(over)).isoformat()]

    settled, known_until = site.keep(TABLES, ("settled", week.name, over.name), find)
    return None if settled is None else date.fromisoformat(settled), date.fromisoformat(known_until)


def _make(
    site: Site,
    query: ProgressQuery,
    end: date,
    language: Language,
    is_young: Callable[[date], bool],
    ahead: list[dict[str, Any]],
) -> dict[str, Any] | None:
    shown = mondays(Week.of(end), TREND_WEEKS)
    weekly = weekly_progress(
        read_days(site.store, query, shown[0], end), query.unit_code, query.definition, query.stage
    ).to_pylist()
    weeks = _weeks({row["first_day"]: row["rate_percent"] for row in weekly}, shown, is_young)
    known = [week["rate"] for week in weeks if week["rate"] is not None]
    if not known:
        return None
    lines = {"baseline": site.settings.baseline_percent, "target": site.settings.target_percent}
    said = language.word(
        "trend_said", query.name_on(end), len(weeks), language.percent(known[0]),
        language.percent(known[-1]), language.percent(lines["baseline"]), language.percent(lines["target"]),
    )  # fmt: skip
    chart = chart_specs.trend(weeks, ahead, lines, "", said)
    return {"spec": translated(chart_specs.cleaned(chart.spec), language), "said": said}


def _weeks(
    rates: dict[date, float | None], shown: list[date], is_young: Callable[[date], bool]
) -> list[dict[str, Any]]:
    """The weeks from the first that has a rate; one in between that has none breaks the line."""
    while shown and rates.get(shown[0]) is None:
        shown = shown[1:]
    found = [(monday, rates.get(monday)) for monday in shown]
    return [
        {
            "day": monday.isoformat(),
            "rate": None if rate is None else round(rate, 2),
            "young": is_young(monday),
        }
        for monday, rate in found
    ]


def _said(outlook: Outlook, language: Language) -> str:
    """When the target is reached, or why that cannot be said."""
    if outlook.reason is not None:
        return language.label("forecast_reasons", outlook.reason)
    return language.word(
        "reached_said", language.day(outlook.reached), language.day(outlook.earliest), language.day(outlook.latest)
    )
