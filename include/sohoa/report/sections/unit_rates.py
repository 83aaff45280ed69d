"""Section I: the rate, what it is made of, where it stands on its way, and every unit's."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sohoa import format_value, layout
from sohoa.counting.own_days import UNIT_KEY, with_valid_from
from sohoa.days import Week, each_day, in_chunks
from sohoa.labels import rate_name
from sohoa.progress.compare_periods import Period, compare, own_period
from sohoa.progress.rate import rate_percent
from sohoa.registry import PROVINCE, Bearer, agencies_at, bearer_at, units_at
from sohoa.report.model import Column, Table
from sohoa.report.report_week import TREND_WEEKS
from sohoa.report.sentences import BEFORE, CHANGE, DENOMINATOR, NUMERATOR, RATE, RECEIVED
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
    """A unit of the report: one that stands on the week's last day, or one that ended within the week."""

    unit: Bearer
    name: str
    """Its name on the week's last day, with its first day where it began within the week, or its last and successor."""

    @property
    def key(self) -> tuple[str, date]:
        """Code and first day, which name it: a code passes from unit to unit."""
        return self.unit.code, self.unit.valid_from

    @property
    def level(self) -> str:
        """Province | department | district | commune; the office of a district counts as district."""
        return self.unit.level


@dataclass(frozen=True)
class Progress:
    """What section I, its charts and the annex are made of."""

    rows: pa.Table
    """Rows of ``progress_daily`` of the week and the one before, every definition, with ``valid_from``."""
    weekly: dict[tuple[str, date], dict[date, tuple[int, int]]]
    """Unit (``Place.key``) -> Monday -> (numerator, denominator) by definition dn_and, the last year; weeks in which
    the unit did not stand are not there."""
    places: tuple[Place, ...]


def read_progress(store: Store, week: Week) -> Progress:
    """Read the figures of a week and of the year up to it, a month at a time."""
    places = _places(week)
    keys = {place.key for place in places}
    weekly: dict[tuple[str, date], dict[date, tuple[int, int]]] = defaultdict(dict)
    days = each_day(week.back(TREND_WEEKS - 1).first, week.last)
    for some in in_chunks(days, 28):
        rows = store.read_table("progress_daily", some, layout.DAY)
        rows = rows.filter((pc.field("definition") == "dn_and") & (pc.field("stage") == "all"))
        for row in _by_week(with_valid_from(rows)):
            if (key := (row["unit_code"], row["valid_from"])) in keys:
                weekly[key][row["monday"]] = (row["numerator_sum"], row["denominator_sum"])
    rows = store.read_table("progress_daily", each_day(week.before.first, week.last), layout.DAY)
    return Progress(with_valid_from(rows), dict(weekly), places)


def rates_table(progress: Progress, week: Week) -> Table:
    """Make one row per definition, of the whole province."""
    province = next(place for place in progress.places if place.level == "province")
    rows = tuple(
        {
            "rate": rate_name(definition, stage),
            "definition": definition if stage == "all" else None,
            **_figures(progress.rows, province, week, definition, stage),
        }
        for definition, stage in _RATES
    )
    rate = Column("rate", "Cách tính", "Definition", "label", labels="rate_names", note="definition")
    return Table("rates", "Tỷ lệ số hóa toàn tỉnh theo từng cách tính", "Rates", (rate, *_FIGURES), rows)


def units_table(progress: Progress, week: Week) -> Table:
    """Make one row per unit by definition dn_and: a district, its office and communes, last what ended."""
    rows = dn_and(progress.rows)
    found = tuple(
        {
            "unit_code": place.unit.code,
            "unit": place.name,
            "level": place.level,
            **_figures(rows, place, week),
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

    Units that ended within the week have their rows, too. The departments have no code.
    """
    ranked, rows = ranked_places(progress, week), dn_and(progress.rows)
    departments = [place for place in progress.places if place.level == "department"]
    found: list[dict[str, Any]] = [
        {"unit_code": place.unit.code, "unit": place.name, **_figures(rows, place, week)} for place in ranked
    ]
    found.append({"unit_code": None, "unit": _DEPARTMENTS_VI, **_sum_figures(rows, departments, week)})
    found.sort(key=lambda row: (row["rate_percent"] is None, -(row["rate_percent"] or 0), row["unit"]))
    title = "Kết quả theo huyện, thành phố và khối sở, ban, ngành"
    if any(place.level == "commune" for place in ranked):
        title = "Kết quả theo xã, phường và khối sở, ban, ngành"
    return Table("blocks", title, "By district, and departments together", (*_UNIT, *_FIGURES), tuple(found))


def ranked_places(progress: Progress, week: Week) -> list[Place]:
    """The districts, where none stands any more the communes; and those of both that ended within the week."""
    standing = [place for place in progress.places if place.unit.stands_on(week.last)]
    ended = [place for place in progress.places if place not in standing]
    ranked = _districts(standing) or _communes(standing)
    return ranked + (_districts(ended) or (_communes(ended) if _communes(ranked) else []))


def _districts(places: list[Place]) -> list[Place]:
    return [place for place in places if place.level == "district" and place.unit.code.isdigit()]


def _communes(places: list[Place]) -> list[Place]:
    return [place for place in places if place.level == "commune"]


def week_vi(week: Week) -> str:
    """The week in a title."""
    return format_value.week(week.name).lower()


def dn_and(rows: pa.Table) -> pa.Table:
    """The rows of the default definition."""
    return rows.filter((pc.field("definition") == "dn_and") & (pc.field("stage") == "all"))


def _figures(
    rows: pa.Table, place: Place, week: Week, definition: str = "dn_and", stage: str = "all"
) -> dict[str, float | None]:
    code, valid_from = place.key
    own = rows.filter((pc.field("unit_code") == code) & (pc.field("valid_from") == valid_from))
    own = own.filter((pc.field("definition") == definition) & (pc.field("stage") == stage))
    numerator, denominator, received = _sums(own, week)
    found = compare(own, code, Period(week.first, week.last), week.last, definition, stage, own=own_period(place.unit))
    return {
        "denominator": denominator,
        "numerator": numerator,
        "rate_percent": found.rate_percent,
        "received_percent": rate_percent(received, denominator),
        "before_percent": found.before_percent,
        "change_points": found.change_points,
    }


def _sum_figures(rows: pa.Table, places: list[Place], week: Week) -> dict[str, float | None]:
    """The figures of some units together; compared where the province can be."""
    is_alike = compare(rows, PROVINCE, Period(week.first, week.last), week.last).reason in {None, "no_dossiers"}
    keys = {place.key for place in places}
    owners = zip(rows["unit_code"].to_pylist(), rows["valid_from"].to_pylist(), strict=True)
    rows = rows.filter(pa.array([owner in keys for owner in owners], pa.bool_()))
    numerator, denominator, received = _sums(rows, week)
    now, then = rate_percent(numerator, denominator), rate_percent(*_sums(rows, week.before)[:2])
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
    sums = rows.append_column("monday", monday).group_by([*UNIT_KEY, "monday"], use_threads=False)
    found: list[dict[str, Any]] = sums.aggregate([("numerator", "sum"), ("denominator", "sum")]).to_pylist()
    return found


def _places(week: Week) -> tuple[Place, ...]:
    """The units of the week's last day in order, then those that ended within the week."""
    standing = [bearer_at(code, week.last) for code in _codes(week.last)]
    before = [bearer_at(code, week.first) for code in _codes(week.first)]
    ended = [unit for unit in before if unit is not None and not unit.stands_on(week.last)]
    units = [*(unit for unit in standing if unit is not None), *ended]
    return tuple(Place(unit, unit.name_within(week.first, week.last)) for unit in units)


def _codes(day: date) -> list[str]:
    """Province, departments, then each district with its office and communes; what lies in no district comes last."""
    units = units_at(day)
    offices = [a for a in agencies_at(day) if a.kind in {"department", "district"}]
    found = [PROVINCE, *(office.code for office in offices if office.kind == "department")]
    for unit in (unit for unit in units if unit.level == "district"):
        found += [unit.code, *(office.code for office in offices if office.unit_code == unit.code)]
        found += [commune.code for commune in units if commune.parent == unit.code]
    rest = [unit.code for unit in units if unit.level == "commune"]
    return list(dict.fromkeys([*found, *rest]))


def rate_of(counts: tuple[int, int] | None) -> float | None:
    """The rate of (numerator, denominator), None where nothing counts."""
    return rate_percent(*counts) if counts else None


def mondays(week: Week, count: int) -> list[date]:
    """The Mondays of so many weeks, this one last."""
    return [week.back(back).first for back in range(count - 1, -1, -1)]
