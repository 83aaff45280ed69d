"""Section I: rates, the way to the target and the forecast, districts and departments, and four charts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sohoa import layout
from sohoa.arrow import give_back_memory
from sohoa.days import Week
from sohoa.format_value import count, day, decimal, number, percent
from sohoa.labels import label_vi
from sohoa.progress.carry_forward import map_of
from sohoa.progress.compare_periods import Period, compare
from sohoa.progress.rate import FULL_POINTS_PERCENT, rate_percent, score_766
from sohoa.progress.revisions import newest_print
from sohoa.progress.unit_progress import BacklogFigure, ProgressQuery, read_backlog, sum_backlog
from sohoa.progress.week_change import HARDLY, estimate_change
from sohoa.progress.young_weeks import Age, Estimate, read_age
from sohoa.registry import PROVINCE, promised_path
from sohoa.report.model import Column, Row, Table
from sohoa.report.sections import charts, outlook, unit_rates
from sohoa.report.sections.part import Part
from sohoa.report.sections.unit_rates import Place, Progress, dn_and, week_vi
from sohoa.report.sentences import DENOMINATOR, SO_FAR, UNCHANGED_POINTS, against_path, points, span
from sohoa.settings import Settings
from sohoa.steering.forecast_apart import forecast_apart
from sohoa.steering.target_line import line_on, read_target_outlook
from sohoa.store import Store


@dataclass(frozen=True)
class Standing:
    """Where the settled weeks of a unit stand on the path."""

    first: Week
    """The first of them that lies on this part of the path and in which the unit had dossiers."""
    settled: Week
    numerator: int
    denominator: int
    rate_percent: float
    expected_percent: float


def build(store: Store, week: Week) -> Part:
    """Make section I."""
    settings, query = store.settings, ProgressQuery(PROVINCE, "dn_and", "all", None)
    line = line_on(promised_path(settings), week.last)
    age = read_age(store, week)
    give_back_memory()
    ahead = read_target_outlook(store, query, line, week.last, age.forecast_from(week), forecast_apart)
    progress = unit_rates.read_progress(store, week, age)
    rates, blocks, units = (
        make(progress, week) for make in (unit_rates.rates_table, unit_rates.blocks_table, unit_rates.units_table)
    )
    backlog = sum_backlog(read_backlog(store, replace(query, map_day=map_of(week.last)), week.last))
    units, blocks = with_standing(units, progress, settings), with_departments_standing(blocks, progress, settings)
    standing = stand_on(progress.weekly.get(_province(progress).key, {}), progress.age.settled, settings)
    row = rates.row("rate", "dn_and")
    lines = {"baseline": settings.baseline_percent, "target": settings.target_percent}
    drawn = (
        charts.trend_chart(progress, ahead.outlook, week, lines),
        charts.ranking_chart(blocks, progress.age.settled, settings.target_percent),
        charts.heat_chart(progress, week),
        charts.map_chart(progress, units, week),
    )
    said = (
        _rate_vi(progress, row, week),
        _settled_vi(progress, row, week, {chart.name for chart in drawn if chart is not None}),
        _standing_vi(standing),
        *outlook.outlook_vi(ahead, line, week.last),
        *outlook.backlog_vi(backlog),
    )
    message = (
        _standing_vi(standing),
        *_score_vi(standing, settings),
        _week_vi(progress, row, week),
        _printed_vi(store, progress, week),
    )
    tables = (rates, blocks, outlook.forecast_table(ahead.outlook))
    return Part(tuple(line for line in said if line), tables, drawn, (units,), (_backlog_table(backlog),), message)


def _backlog_table(total: BacklogFigure) -> Table:
    """The results of earlier years, in one row; none where nobody said how many there are."""
    columns = (
        DENOMINATOR,
        Column("accepted", "Đạt", "Accepted", "count", "kết quả"),
        Column("rate_percent", "Tỷ lệ", "Rate", "percent", "%"),
    )
    row = {"denominator": total.denominator, "accepted": total.accepted, "rate_percent": total.rate_percent}
    return Table("backlog", "Kết quả giấy còn hiệu lực", "Backlog", columns, (row,) if total.denominator else ())


def stand_on(weekly: Mapping[date, tuple[int, int]], settled: Week | None, settings: Settings) -> Standing | None:
    """Compare a unit's settled weeks of the line they lie on with it; None where no week is settled or has dossiers.

    A week that is not settled would put every report behind its line.

    Args:
        weekly: Monday -> (numerator, denominator) of the unit.
        settled: the newest settled week.
        settings: for the path.
    """
    if settled is None:
        return None
    line = line_on(promised_path(settings), settled.last)
    weeks = {Week(monday): found for monday, found in weekly.items()}
    counts = {one: found for one, found in weeks.items() if line.start <= one.last <= settled.last and found[1]}
    numerator, denominator = (sum(found[part] for found in counts.values()) for part in (0, 1))
    rate = rate_percent(numerator, denominator)
    if rate is None:
        return None
    first = min(counts, key=lambda week: week.first)
    return Standing(first, settled, numerator, denominator, rate, line.percent_on(settled.last))


def with_standing(units: Table, progress: Progress, settings: Settings) -> Table:
    """Add to each row of the units, for the pages of districts and the mails, where it stands on the path."""
    weekly = (progress.weekly.get(place.key, {}) for place in progress.places)
    found = (stand_on(counts, progress.age.settled, settings) for counts in weekly)
    rows = ({**row, **_so_far(standing)} for row, standing in zip(units.rows, found, strict=True))
    return replace(units, rows=tuple(rows))


def with_departments_standing(blocks: Table, progress: Progress, settings: Settings) -> Table:
    """Add to the row of the departments together, for their page, where they stand on the path."""
    standing = _so_far(stand_on(progress.departments, progress.age.settled, settings))
    rows = ({**row, **standing} if row["unit_code"] is None else row for row in blocks.rows)
    return replace(blocks, rows=tuple(rows))


def _so_far(standing: Standing | None) -> dict[str, Any]:
    """Values of the columns ``SO_FAR``; without a column what the path asks for, the first and the last week."""
    if standing is None:
        return dict.fromkeys((*(column.key for column in SO_FAR), "expected_percent", "since", "settled"))
    return {
        "so_far_denominator": standing.denominator,
        "so_far_numerator": standing.numerator,
        "so_far_percent": standing.rate_percent,
        "expected_percent": standing.expected_percent,
        "since": standing.first.name,
        "settled": standing.settled.name,
    }


def _province(progress: Progress) -> Place:
    return next(place for place in progress.places if place.level == "province")


def _standing_vi(standing: Standing | None) -> str:
    """The verdict: ahead of the path or behind it."""
    if standing is None:
        return "Chưa kết luận được so với lộ trình: chưa có tuần nào đủ thời gian để số liệu ổn định."
    return (
        f"Lũy kế từ {week_vi(standing.first)} đến hết {week_vi(standing.settled)}, tuần ổn định mới nhất, đạt "
        f"{percent(standing.rate_percent)} ({count(standing.numerator)}/{count(standing.denominator)} hồ sơ), "
        f"{against_path(standing.rate_percent, standing.expected_percent, standing.settled.last)}."
    )


def _score_vi(standing: Standing | None, settings: Settings) -> Iterator[str]:
    """What the rate would score by decision 766/QĐ-TTg."""
    maximum = settings.points_766_digitised
    score = None if standing is None else score_766(standing.rate_percent, maximum)
    if score is not None:
        yield (
            f"Điểm tạm tính chỉ tiêu 4.2 (Quyết định 766/QĐ-TTg) theo lũy kế đó: {number(round(score, 2))}/"
            f"{number(maximum)} điểm; đủ điểm từ {percent(FULL_POINTS_PERCENT)}. Thứ hạng do Cổng công bố, hệ thống "
            "này không có."
        )


def _week_vi(progress: Progress, row: Row, week: Week) -> str:
    """The week in one sentence: as known, against the one before as known at the same age, and what it may come to."""
    moment, name = progress.age.moment, week_vi(week)
    if not row["denominator"] or moment is None:
        return f"{name.capitalize()} chưa có hồ sơ nào thuộc diện phải số hóa."
    return (
        f"{name.capitalize()}, tính đến hết ngày {day(moment.last_day)}: {percent(row['rate_percent'])} "
        f"({count(row['numerator'])}/{count(row['denominator'])} hồ sơ), {_compared_vi(progress, row, week)}."
        f"{_later_vi(progress.age, week)}"
    )


def _later_vi(age: Age, week: Week) -> str:
    """What a young week may come to, and its change with it."""
    if not age.is_young(week):
        return ""
    expected, change = age.estimate, settled_change(age, week)
    said = []
    if expected is not None:
        span_vi = f"từ {_whole(expected.low)} đến {_whole(expected.high)}"
        said.append(f"khoảng {_whole(expected.middle)} ({span_vi})")
    if change is not None:
        said.append(change_vi(change))
    later = f"; khi ổn định ước {', '.join(said)}" if said else ""
    return f" Hồ sơ vừa nhận chưa kịp có kết quả nên tỷ lệ còn tăng{later}."


def _whole(rate: float) -> str:
    return f"{count(round(rate))}\u00a0%"


def _rate_vi(progress: Progress, row: Row, week: Week) -> str:
    """The week as it opens the section, with the official figure."""
    if not row["denominator"] or progress.age.moment is None:
        return f"Trong {week_vi(week)} ({span(week.first, week.last)}), chưa có hồ sơ nào thuộc diện phải số hóa."
    before = progress.age.moment.earlier(1).last_day
    return (
        f"{_week_vi(progress, row, week)} Tuần trước được lấy như đã biết đến hết ngày {day(before)}. Tỷ lệ chính "
        f"thức, chỉ đếm tệp đã nhận: {percent(row['received_percent'])}."
    )


def _compared_vi(progress: Progress, row: Row, week: Week) -> str:
    """The week before at the same age; what has changed so far is said while nothing tells what that comes to."""
    against = compare(dn_and(progress.rows), PROVINCE, Period(week.first, week.last), week.last)
    if against.change_points is None or against.rate_percent is None or against.before_percent is None:
        return f"không so sánh cả tuần với tuần trước ({label_vi('comparison_reasons', against.reason)})"
    now, before, due = against.rate_percent, against.before_percent, row["denominator"]
    if settled_change(progress.age, week) is not None:
        return f"tuần trước ở cùng độ tuổi số liệu là {percent(before)}"
    changed = points(against.change_points, unchanged_points(progress.age, now, before, due))
    return f"{changed} so với tuần trước ở cùng độ tuổi số liệu ({percent(before)})"


def settled_change(age: Age, week: Week) -> Estimate | None:
    """Return what a young week's change against the week before comes to; None for a settled one, or where nothing
    tells.
    """
    if age.moment is None or not age.is_young(week):
        return None
    return estimate_change(age.run_off, week, age.moment.last_day)


def change_vi(change: Estimate) -> str:
    """Write what a change against the week before comes to, its direction in words."""
    words = [f"{_way(end)} {decimal(abs(end))}" for end in (change.low, change.high)]
    if change.low * change.high > 0:  # both ways are one
        words = [decimal(end) for end in sorted(map(abs, (change.low, change.high)))]
    moved = f"{_way(change.middle)} {decimal(abs(change.middle))} điểm phần trăm"
    if abs(change.middle) < HARDLY:
        moved = "gần như không đổi"
    return f"{moved} so với tuần trước (từ {' đến '.join(words)})"


def _way(change: float) -> str:
    return "tăng" if change > 0 else "giảm"


def unchanged_points(age: Age, rate: float, before: float, denominator: int) -> float:
    """Return up to where a change of a week's rate is called hardly any.

    A point of what the week comes to; less where it has so many dossiers that chance alone makes less of it (one
    standard deviation of the difference of two weeks of this size): a small change of a young week is often the
    beginning of a great one.
    """
    comes_to = rate if age.estimate is None else max(age.estimate.middle, rate)
    share = rate / comes_to if comes_to else 1.0
    chance = math.sqrt((rate * (100 - rate) + before * (100 - before)) / denominator)
    return min(UNCHANGED_POINTS * share, chance)


def _settled_vi(progress: Progress, row: Row, week: Week, drawn: Set[str]) -> str:
    """The newest week that is settled, where it is another one, and what is drawn of it."""
    settled = progress.age.settled
    if settled is None:
        return "Chưa có tuần nào ổn định, nên chưa xếp hạng đơn vị và chưa vẽ bản đồ."
    if settled == week or row["settled_percent"] is None:
        return ""
    change = row["settled_change"]
    compared = f", {points(change)} so với tuần trước đó" if change is not None else ""
    return (
        f"Tuần ổn định mới nhất là {week_vi(settled)}: {count(row['settled_numerator'])}/"
        f"{count(row['settled_denominator'])} hồ sơ, {percent(row['settled_percent'])}{compared}; "
        f"{_taken_vi(drawn)}."
    )


_NOT_DRAWN = (
    ("ranking", "chưa đủ đơn vị có hồ sơ của tuần đó để xếp hạng"),
    ("map", "các xã, phường hiện nay không có hồ sơ của tuần đó nên chưa vẽ bản đồ"),
)


def _taken_vi(drawn: Set[str]) -> str:
    """What is taken from the settled week, and why it is not drawn where it is not: younger units have no such week."""
    names = [name for chart, name in (("ranking", "xếp hạng"), ("map", "bản đồ")) if chart in drawn]
    *others, last = [*names, "kiến nghị về tỷ lệ (nếu có)"]
    taken = f"{', '.join(others)} và {last}" if others else last
    return "; ".join([f"{taken} lấy theo tuần này", *(why for chart, why in _NOT_DRAWN if chart not in drawn)])


def _printed_vi(store: Store, progress: Progress, week: Week) -> str:
    """What was printed of the week before, and what that is now."""
    before = week.before
    if not any(store.list_objects(layout.WAREHOUSE, layout.table_prefix("reported", before.first))):
        return "Tuần trước chưa có báo cáo đã in."
    rows = store.read_table("reported", [before.first], newest_print(store, before.first)).to_pylist()
    then = next((found for found in rows if _KEY.items() <= found.items()), None)
    now = progress.weekly.get(_province(progress).key, {}).get(before.first)
    if then is None or now is None:
        return f"Báo cáo {week_vi(before)} đã in không có hồ sơ phải số hóa."
    return (
        f"Báo cáo {week_vi(before)} đã in {percent(rate_percent(then['numerator'], then['denominator']))} "
        f"({count(then['numerator'])}/{count(then['denominator'])} hồ sơ); nay là {percent(rate_percent(*now))} "
        f"({count(now[0])}/{count(now[1])} hồ sơ), nguyên nhân ở phụ lục về số liệu thay đổi."
    )


_KEY = {"unit_code": PROVINCE, "definition": "dn_and", "stage": "all"}
