"""Section I: the rate, what it is made of, where it stands on its way, and every unit's."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sohoa import format_value, layout
from sohoa.days import Week, each_day, in_chunks
from sohoa.labels import rate_name
from sohoa.progress.compare_periods import Comparison, Period, compare
from sohoa.progress.rate import rate_percent
from sohoa.registry import PROVINCE, agencies_at, units_at
from sohoa.report.model import Column, Table
from sohoa.report.report_week import TREND_WEEKS
from sohoa.report.sentences import BEFORE, CHANGE, DENOMINATOR, NUMERATOR, RATE, RECEIVED, place_name
from sohoa.store import Store

_RATES = (
    ("dn_and", "all"),
    ("dn_or", "all"),
    ("dn_store", "all"),
    ("by_stage", "components"),
    ("by_stage", "result"),
)
"""(definition, stage) in the order of the table."""
_DEPARTMENTS_VI = "Khối sở, ban, ngành"
_COUNTS = ("numerator", "denominator", "received")
_UNIT = (Column("unit_code", "Mã", "Code", "code"), Column("unit", "Đơn vị", "Unit", "text"))
_LEVEL = Column("level", "Cấp", "Level", "label", labels="unit_levels")
_FIGURES = (DENOMINATOR, NUMERATOR, RATE, RECEIVED, BEFORE, CHANGE)


@dataclass(frozen=True)
class Place:
    """A unit of the report's last day."""

    code: str
    level: str
    """province | department | district | commune; the office of a district counts as district."""
    since: date


@dataclass(frozen=True)
class Progress:
    """What section I, its charts and the annex are made of."""

    rows: pa.Table
    """Rows of ``progress_daily`` of the week and the one before, every definition."""
    weekly: dict[str, dict[date, tuple[int, int]]]
    """Unit -> Monday -> (numerator, denominator) by definition dn_and, the last year; weeks before the unit stood are
    not there."""
    places: tuple[Place, ...]


def read_progress(store: Store, week: Week) -> Progress:
    """Read the figures of a week and of the year up to it, a month at a time."""
    places = _places(week.last)
    since = {place.code: place.since for place in places}
    weekly: dict[str, dict[date, tuple[int, int]]] = defaultdict(dict)
    days = each_day(week.back(TREND_WEEKS - 1).first, week.last)
    for some in in_chunks(days, 28):
        rows = store.read_table("progress_daily", some, layout.DAY)
        rows = rows.filter((pc.field("definition") == "dn_and") & (pc.field("stage") == "all"))
        for row in _by_week(rows):
            if row["unit_code"] in since and row["monday"] >= since[row["unit_code"]]:
                weekly[row["unit_code"]][row["monday"]] = (row["numerator_sum"], row["denominator_sum"])
    rows = store.read_table("progress_daily", each_day(week.before.first, week.last), layout.DAY)
    return Progress(rows, dict(weekly), places)


def rates_table(progress: Progress, week: Week) -> Table:
    """Make one row per definition, of the whole province."""
    rows = tuple(
        {
            "rate": rate_name(definition, stage),
            "definition": definition if stage == "all" else None,
            **_figures(progress.rows, PROVINCE, week, definition, stage),
        }
        for definition, stage in _RATES
    )
    rate = Column("rate", "Cách tính", "Definition", "label", labels="rate_names", note="definition")
    return Table("rates", "Tỷ lệ số hóa toàn tỉnh theo từng cách tính", "Rates", (rate, *_FIGURES), rows)


def units_table(progress: Progress, week: Week) -> Table:
    """Make one row per unit by definition dn_and; a district's office and communes follow it."""
    rows = dn_and(progress.rows)
    by_unit = {code: rows.filter(pc.field("unit_code") == code) for code in pc.unique(rows["unit_code"]).to_pylist()}
    nothing = rows.slice(0, 0)
    found = tuple(
        {
            "unit_code": place.code,
            "unit": place_name(place.code, week.last),
            "level": place.level,
            **_figures(by_unit.get(place.code, nothing), place.code, week),
        }
        for place in progress.places
    )
    return Table(
        "units",
        f"Kết quả số hóa của từng đơn vị, {week_vi(week)}",
        "Every unit",
        (*_UNIT, _LEVEL, *_FIGURES),
        found,
        "Đơn vị tính gồm cả các đơn vị trực thuộc. “–”: không có hồ sơ hoặc hai tuần không so sánh được.",
    )


def blocks_table(progress: Progress, week: Week) -> Table:
    """Make one row per district (without districts per commune), best first, and one for the departments together.

    The departments have no code.
    """
    ranked = ranked_places(progress)
    departments = {place.code for place in progress.places if place.level == "department"}
    rows: list[dict[str, Any]] = [
        {
            "unit_code": place.code,
            "unit": place_name(place.code, week.last),
            **_figures(progress.rows, place.code, week),
        }
        for place in ranked
    ]
    together = _sum_figures(dn_and(progress.rows), departments, week)
    rows.append({"unit_code": None, "unit": _DEPARTMENTS_VI, **together})
    rows.sort(key=lambda row: (row["rate_percent"] is None, -(row["rate_percent"] or 0), row["unit"]))
    title = "Kết quả theo huyện, thành phố và khối sở, ban, ngành"
    if any(place.level == "commune" for place in ranked):
        title = "Kết quả theo xã, phường và khối sở, ban, ngành"
    return Table("blocks", title, "By district, and departments together", (*_UNIT, *_FIGURES), tuple(rows))


def ranked_places(progress: Progress) -> list[Place]:
    """The districts; where there are none any more the communes."""
    districts = [place for place in progress.places if place.level == "district" and place.code.isdigit()]
    return districts or [place for place in progress.places if place.level == "commune"]


def week_vi(week: Week) -> str:
    """The week in a title."""
    return format_value.week(week.name).lower()


def dn_and(rows: pa.Table) -> pa.Table:
    """The rows of the default definition."""
    return rows.filter((pc.field("definition") == "dn_and") & (pc.field("stage") == "all"))


def comparison(rows: pa.Table, code: str, week: Week, definition: str = "dn_and", stage: str = "all") -> Comparison:
    """A unit's week against the week before."""
    return compare(rows, code, Period(week.first, week.last), week.last, definition, stage)


def _figures(
    rows: pa.Table, code: str, week: Week, definition: str = "dn_and", stage: str = "all"
) -> dict[str, float | None]:
    asked = (pc.field("unit_code") == code) & (pc.field("definition") == definition) & (pc.field("stage") == stage)
    numerator, denominator, received = _sums(rows.filter(asked), week)
    found = comparison(rows, code, week, definition, stage)
    return {
        "denominator": denominator,
        "numerator": numerator,
        "rate_percent": found.rate_percent,
        "received_percent": rate_percent(received, denominator),
        "before_percent": found.before_percent,
        "change_points": found.change_points,
    }


def _sum_figures(rows: pa.Table, codes: set[str], week: Week) -> dict[str, float | None]:
    """The figures of some units together; compared where each of them can be."""
    rows = rows.filter(pc.is_in(rows["unit_code"], pa.array(sorted(codes), pa.string())))
    numerator, denominator, received = _sums(rows, week)
    now, then = rate_percent(numerator, denominator), rate_percent(*_sums(rows, week.before)[:2])
    is_alike = comparison(rows, PROVINCE, week).reason in {None, "no_dossiers"}
    return {
        "denominator": denominator,
        "numerator": numerator,
        "rate_percent": now,
        "received_percent": rate_percent(received, denominator),
        "before_percent": then if is_alike else None,
        "change_points": now - then if is_alike and now is not None and then is not None else None,
    }


def _sums(rows: pa.Table, week: Week) -> tuple[int, int, int]:
    inside = rows.filter((pc.field("dossier_date") >= week.first) & (pc.field("dossier_date") <= week.last))
    numerator, denominator, received = (int(pc.sum(inside[name]).as_py() or 0) for name in _COUNTS)
    return numerator, denominator, received


def _by_week(rows: pa.Table) -> list[dict[str, Any]]:
    monday = pc.floor_temporal(rows["dossier_date"], unit="week", week_starts_monday=True)
    sums = rows.append_column("monday", monday).group_by(["unit_code", "monday"], use_threads=False)
    found: list[dict[str, Any]] = sums.aggregate([("numerator", "sum"), ("denominator", "sum")]).to_pylist()
    return found


def _places(day: date) -> tuple[Place, ...]:
    """Province, departments, then each district with its office and communes."""
    units = units_at(day)
    province = [Place(PROVINCE, "province", unit.valid_from) for unit in units if unit.level == "province"]
    agencies = agencies_at(day)
    offices = [a for a in agencies if a.kind in {"department", "district"}]
    leaves = [Place(a.code, a.kind, a.valid_from) for a in offices if a.kind == "department"]
    found = [*province, *leaves]
    for unit in (unit for unit in units if unit.level == "district"):
        found.append(Place(unit.code, "district", unit.valid_from))
        found += [Place(a.code, "district", a.valid_from) for a in offices if a.unit_code == unit.code]
        found += [Place(c.code, "commune", c.valid_from) for c in units if c.parent == unit.code]
    known = {place.code for place in found}
    found += [Place(u.code, "commune", u.valid_from) for u in units if u.level == "commune" and u.code not in known]
    return tuple(found)


def rate_of(counts: tuple[int, int] | None) -> float | None:
    """The rate of (numerator, denominator), None where nothing counts."""
    return rate_percent(*counts) if counts else None


def mondays(week: Week, count: int) -> list[date]:
    """The Mondays of so many weeks, this one last."""
    return [week.back(back).first for back in range(count - 1, -1, -1)]
