"""Section I: the rate, what it is made of, where it stands on its way, and every unit's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from unicodedata import normalize

import pyarrow as pa
import pyarrow.compute as pc

from sohoa import format_value, layout
from sohoa.counting.count_progress import RATES
from sohoa.counting.own_days import UNIT_KEY, with_valid_from
from sohoa.days import Week, each_day, in_chunks
from sohoa.format_value import count, day, percent
from sohoa.labels import rate_name
from sohoa.progress.compare_periods import Period, compare, own_period, rows_of, within
from sohoa.progress.rate import rate_percent
from sohoa.progress.young_weeks import Age
from sohoa.registry import PROVINCE, Bearer, agencies_at, bearer_at, units_at
from sohoa.report.model import Column, Table
from sohoa.report.report_week import TREND_WEEKS
from sohoa.report.sentences import BEFORE, CHANGE, DENOMINATOR, NUMERATOR, RATE, RECEIVED, UNITS_NOTE
from sohoa.store import Store

_DEPARTMENTS_VI = "Khối sở, ban, ngành"
_COUNTS = ("numerator", "denominator", "received")
_UNIT = (Column("unit_code", "Mã", "Code", "code"), Column("unit", "Đơn vị", "Unit", "text"))
_LEVEL = Column("level", "Cấp", "Level", "label", labels="unit_levels")
_FIGURES = (DENOMINATOR, NUMERATOR, RATE, RECEIVED, BEFORE, CHANGE)
_SETTLED = (
    Column("settled_denominator", "Tuần ổn định: phải số hóa", "Settled week: to digitise", "count", "hồ sơ"),
    Column("settled_numerator", "Tuần ổn định: đạt", "Settled week: accepted", "count", "hồ sơ"),
    Column("settled_percent", "Tuần ổn định: tỷ lệ", "Settled week: rate", "percent", "%"),
    Column("settled_change", "Tuần ổn định: tăng, giảm", "Settled week: change", "number", "điểm %"),
)
LEAST_COMPARED = 30
"""Dossiers of a unit in a young week below which it is not compared with the week before."""
_SETTLED_OF = ("denominator", "numerator", "rate_percent", "change_points")


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
    """Rows of ``progress_daily`` of the week, and of the one before as known at the same age, every definition, with
    ``valid_from``."""
    settled: pa.Table
    """The same of the settled week and the one before it, both as known now; none where no week is settled."""
    age: Age
    weekly: dict[tuple[str, date], dict[date, tuple[int, int]]]
    """Unit (``Place.key``) -> Monday -> (numerator, denominator) by definition dn_and, the last year; weeks in which
    the unit did not stand are not there."""
    departments: dict[date, tuple[int, int]]
    """The same of all departments together, with those that have ended."""
    places: tuple[Place, ...]


def read_progress(store: Store, week: Week, age: Age) -> Progress:
    """Read the figures of a week, known like this, and of the year up to it, a month at a time."""
    places = _places(week)
    keys = {place.key for place in places}
    weekly: dict[tuple[str, date], dict[date, tuple[int, int]]] = defaultdict(dict)
    departments: dict[date, tuple[int, int]] = defaultdict(lambda: (0, 0))
    days = each_day(week.back(TREND_WEEKS - 1).first, week.last)
    for some in in_chunks(days, 28):
        rows = store.read_table("progress_daily", some, layout.DAY)
        rows = rows.filter((pc.field("definition") == "dn_and") & (pc.field("stage") == "all"))
        for row in _by_week(with_valid_from(rows)):
            key, monday = (row["unit_code"], row["valid_from"]), row["monday"]
            counts = row["numerator_sum"], row["denominator_sum"]
            if key in keys:
                weekly[key][monday] = counts
            if _is_department(*key):
                done, due = departments[monday]
                departments[monday] = done + counts[0], due + counts[1]
    rows = pa.concat_tables([age.before, with_valid_from(store.read_table("progress_daily", week.days, layout.DAY))])
    known = each_day(age.settled.before.first, age.settled.last) if age.settled else []
    settled = rows if age.settled == week else with_valid_from(store.read_table("progress_daily", known, layout.DAY))
    return Progress(rows, settled, age, dict(weekly), dict(departments), places)


def _is_department(code: str, valid_from: date | None) -> bool:
    owner = None if valid_from is None else bearer_at(code, valid_from)
    return owner is not None and owner.level == "department"


def rates_table(progress: Progress, week: Week) -> Table:
    """Make one row per definition, of the whole province."""
    province = next(place for place in progress.places if place.level == "province")
    rows = tuple(
        {
            "rate": rate_name(definition, stage),
            **_figures(progress.rows, province, week, definition, stage),
            **_settled_figures(progress, province, definition, stage),
        }
        for definition, stage in RATES
    )
    rate = Column("rate", "Cách tính", "Definition", "label", labels="rate_names")
    title = "Tỷ lệ số hóa toàn tỉnh theo từng cách tính"
    return Table("rates", title, "Rates", (rate, *_columns(progress, week)), rows, note_vi(progress, week))


def units_table(progress: Progress, week: Week) -> Table:
    """Make one row per unit by definition dn_and: a district, its office and communes, last what ended."""
    rows, settled = dn_and(progress.rows), replace(progress, settled=dn_and(progress.settled))
    found = tuple(
        {
            "unit_code": place.unit.code,
            "unit": place.name,
            "level": place.level,
            "stands": place.unit.stands_on(week.last),
            **_comparable(progress, week, _figures(rows, place, week)),
            **_settled_figures(settled, place),
        }
        for place in progress.places
    )
    return Table(
        "units",
        f"Kết quả số hóa của từng đơn vị, {week_vi(week)}",
        "Every unit",
        (*_UNIT, _LEVEL, *_columns(progress, week)),
        found,
        f"{UNITS_NOTE} {note_vi(progress, week)}".strip(),
    )


def blocks_table(progress: Progress, week: Week) -> Table:
    """Make one row per district (without districts per commune), and one for the departments together.

    The best of the settled week comes first: a young week ranks nobody. Units that ended within the week have their
    rows, too. The departments have no code.
    """
    ranked, rows = ranked_places(progress, week), dn_and(progress.rows)
    settled = replace(progress, settled=dn_and(progress.settled))
    departments = [place for place in progress.places if place.level == "department"]
    found: list[dict[str, Any]] = [
        {
            "unit_code": place.unit.code,
            "valid_from": place.unit.valid_from,
            "level": place.level,
            "stands": place.unit.stands_on(week.last),
            "unit": place.name,
            **_comparable(progress, week, _figures(rows, place, week)),
            **_settled_figures(settled, place),
        }
        for place in ranked
    ]
    found.append(
        {
            "unit_code": None,
            "stands": False,  # nobody answers for the departments together
            "unit": _DEPARTMENTS_VI,
            **_comparable(progress, week, _sum_figures(rows, departments, week)),
            **_as_settled(_sum_figures(settled.settled, departments, settled.age.settled)),
        }
    )
    found.sort(
        key=lambda row: (row["settled_percent"] is None, -(row["settled_percent"] or 0), _by_letters(row["unit"]))
    )
    title = "Kết quả theo huyện, thành phố và khối sở, ban, ngành"
    if any(place.level == "commune" for place in ranked):
        former = ", huyện đã kết thúc" if any(place.level == "district" for place in ranked) else ""
        title = f"Kết quả theo xã, phường{former} và khối sở, ban, ngành"
    units = [row for row in found if row["unit_code"]] or found
    told = tuple(
        column
        for column in _columns(progress, week, RECEIVED, NUMERATOR)
        if any(row[column.key] is not None for row in units)
    )
    note = f"{note_vi(progress, week, has_before=BEFORE in told)} {_departments_vi(found, told)}".strip()
    return Table("blocks", title, "By district, and departments together", (*_UNIT, *told), tuple(found), note)


def _departments_vi(blocks: list[dict[str, Any]], told: Sequence[Column]) -> str:
    """Say of the departments what no unit has a figure of, so that there is no column: units of some days have no
    settled week.
    """
    row = next(row for row in blocks if row["unit_code"] is None)
    if _SETTLED[2] in told or row["settled_percent"] is None:
        return ""
    return (
        f"{_DEPARTMENTS_VI} trong tuần ổn định: {count(row['settled_numerator'])}/{count(row['settled_denominator'])} "
        f"hồ sơ, {percent(row['settled_percent'])}; các đơn vị khác chưa có tuần ổn định."
    )


def _by_letters(name: str) -> str:
    """A name as it sorts: letters before their marks, đ with d."""
    return normalize("NFD", name.replace("Đ", "D").replace("đ", "d"))


def note_vi(progress: Progress, week: Week, has_before: bool = True) -> str:
    """Say up to when the figures are known, what “the week before” is where it has a column, which week is settled."""
    moment, settled = progress.age.moment, progress.age.settled
    if moment is None or settled == week:
        return ""
    stable = f"tuần ổn định là {week_vi(settled)}" if settled else "chưa có tuần nào ổn định"
    known = f"Số liệu có đến hết ngày {day(moment.last_day)}"
    if not has_before:
        return f"{known}; {stable}. Không đơn vị nào so sánh được với tuần trước."
    return (
        f"{known}; cột tuần trước là tuần trước như đã biết đến hết ngày {day(moment.earlier(1).last_day)}, cùng độ "
        f"tuổi; {stable}. Đơn vị có dưới {LEAST_COMPARED} hồ sơ trong tuần thì không so sánh."
    )


def _columns(progress: Progress, week: Week, *without: Column) -> tuple[Column, ...]:
    """The columns of the figures; those of the settled week stand first, where it is another one."""
    columns = tuple(column for column in _FIGURES if column not in without)
    return columns if progress.age.settled in {None, week} else (*_SETTLED, *columns)


def _comparable(progress: Progress, week: Week, found: dict[str, float | None]) -> dict[str, float | None]:
    """A unit's figures; of a young week with few dossiers no change: it tells on which days they came in."""
    if progress.age.is_young(week) and (found["denominator"] or 0) < LEAST_COMPARED:
        return found | {"before_percent": None, "change_points": None}
    return found


def _settled_figures(
    progress: Progress, place: Place, definition: str = "dn_and", stage: str = "all"
) -> dict[str, float | None]:
    """The figures of the settled week; None where no week is, or where the unit did not stand in it."""
    settled = progress.age.settled
    stood = settled is not None and place.unit.valid_from <= settled.last
    found = _figures(progress.settled, place, settled, definition, stage) if settled and stood else {}
    if place.level != "province" and (found.get("denominator") or 0) < LEAST_COMPARED:
        found = found | {"change_points": None}
    return _as_settled(found)


def _as_settled(found: dict[str, float | None]) -> dict[str, float | None]:
    """The figures of the settled week under their own keys; None where no week is settled."""
    return {column.key: found.get(key) for column, key in zip(_SETTLED, _SETTLED_OF, strict=True)}


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
    own = rows_of(rows, unit_code=code, valid_from=valid_from, definition=definition, stage=stage)
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


def _sum_figures(rows: pa.Table, places: list[Place], week: Week | None) -> dict[str, float | None]:
    """The figures of some units together; compared where the province can be. None without a week."""
    if week is None:
        return {}
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
    inside = within(rows, Period(week.first, week.last))
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
