"""The charts of sections I and II from what was read, each with words that say what it shows, figures included."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sohoa.days import Week
from sohoa.format_value import count, decimal, percent
from sohoa.labels import label_vi
from sohoa.registry import PROVINCE, unit_at
from sohoa.report import chart_specs
from sohoa.report.model import Chart, Table
from sohoa.report.report_week import HEAT_WEEKS, TREND_WEEKS
from sohoa.report.sections.unit_rates import Place, Progress, mondays, ranked_places, rate_of, week_vi
from sohoa.steering.forecast import Outlook

_SEEN_WEEKS_AHEAD = 13
_NAME_LAT, _LETTER_LON, _MARK = 0.042, 0.019, 0.021
"""Degrees that a line and a letter of a district's name take on the map, and half of its largest mark."""
_MOVES = np.array([(up / 100, right / 100) for up in range(-16, 17) for right in range(-20, 21, 2)])
"""How far a name may stand from the middle of its district, degrees of latitude and longitude."""
_WAY = 0.1
"""Degrees that a name moves further rather than lie upon one more mark."""


def trend_chart(progress: Progress, outlook: Outlook, week: Week, lines: dict[str, float]) -> Chart | None:
    """The province's weekly rates of the last year and its forecast."""
    counts = next((progress.weekly.get(place.key, {}) for place in progress.places if place.unit.code == PROVINCE), {})
    rates = [(monday, rate_of(counts.get(monday))) for monday in mondays(week, TREND_WEEKS)]
    while rates and rates[0][1] is None:
        rates.pop(0)
    known = [rate for _, rate in rates if rate is not None]
    if not known:
        return None
    title = "Tỷ lệ số hóa của tỉnh theo tuần, so với hai mức đã công bố"
    alt = (
        f"Biểu đồ đường: tỷ lệ đạt theo tuần từ {percent(known[0])} đến {percent(known[-1])} trong {len(rates)} tuần; "
        f"thấp nhất {percent(min(known))}, cao nhất {percent(max(known))}. Đường chấm {percent(lines['baseline'])}, "
        f"đường gạch {percent(lines['target'])}"
    )
    weeks = [
        {"day": monday.isoformat(), "rate": _rounded(rate), "young": progress.age.is_young(Week(monday))}
        for monday, rate in rates
    ]
    ahead = weeks_ahead(outlook)
    alt += f"; {_young_vi(weeks)}" if any(row["young"] for row in weeks) else ""
    alt += "; vùng xám là khoảng dự báo 80 %." if ahead else "."
    return chart_specs.trend(weeks, ahead, lines, title, alt)


def _young_vi(weeks: list[dict[str, Any]]) -> str:
    return f"{sum(row['young'] for row in weeks)} tuần cuối vẽ điểm rỗng vì chưa đủ thời gian, tỷ lệ còn tăng"


def ranking_chart(blocks: Table, settled: Week | None, target: float) -> Chart | None:
    """The districts and the departments together, best first, by the settled week; none where no week is, or
    where all but one are younger.
    """
    rows = [row for row in blocks.rows if row["settled_percent"] is not None]
    if len(rows) < 2 or settled is None:
        return None
    units = [
        {"unit": row["unit"], "rate": _rounded(row["settled_percent"]), "label": percent(row["settled_percent"])}
        for row in rows
    ]
    best, last = units[0], units[-1]
    alt = (
        f"Biểu đồ thanh: cao nhất {best['unit']} {best['label']}, thấp nhất {last['unit']} {last['label']}; "
        f"đường gạch là mức {percent(target)}."
    )
    return chart_specs.ranking(
        units, target, f"Xếp hạng tỷ lệ số hóa, {week_vi(settled)} (đường gạch: {percent(target)})", alt
    )


def heat_chart(progress: Progress, week: Week) -> Chart | None:
    """Units × the last weeks: districts and departments; communes where there are no districts."""
    places = ranked_places(progress, week)
    if places and places[0].level == "district":
        places = places + [place for place in progress.places if place.level == "department"]
    places = [place for place in places if len(progress.weekly.get(place.key, {})) > 1]  # one week is no course
    if not places:
        return None
    weeks = mondays(week, HEAT_WEEKS)
    while not any(progress.weekly[place.key].get(weeks[0]) for place in places) and len(weeks) > 1:
        weeks.pop(0)  # the site is younger
    cells = [_cell(progress, place, monday) for place in places for monday in weeks]
    names = [place.name for place in places]
    known = [cell for cell in cells if cell["rate"] is not None and not cell["young"]]
    if not known:  # young weeks have no shade: nothing is to be seen
        return None
    alt = f"Bảng nhiệt {len(names)} đơn vị trong {len(weeks)} tuần, ô càng đậm tỷ lệ càng thấp"
    low = min(known, key=lambda cell: cell["rate"])
    alt += f"; thấp nhất {low['unit']} tuần {low['week']}: {low['label']} %"
    title = f"Tỷ lệ số hóa (%) theo đơn vị, {len(weeks)} tuần"
    if any(cell["young"] for cell in cells):
        title += " (*: tuần chưa đủ thời gian, không tô đậm nhạt)"
        alt += "; các tuần có dấu * chưa đủ thời gian nên không tô"
    order = [_week_label(progress, monday) for monday in weeks]
    return chart_specs.heat(cells, names, order, title, alt + ".")


def _week_label(progress: Progress, monday: date) -> str:
    return f"T{monday:%V}" + ("*" if progress.age.is_young(Week(monday)) else "")


def pareto_chart(defects: Table) -> Chart | None:
    """Defects by cause."""
    if not defects.rows:
        return None
    data = [
        {
            "defect": label_vi("defects", row["defect"]),
            "bad": row["pages_bad"],
            "label": count(row["pages_bad"]),
            "cumulative": _rounded(row["cumulative_percent"]),
        }
        for row in defects.rows
    ]
    first = defects.rows[0]
    alt = (
        f"Biểu đồ Pareto {len(data)} loại lỗi: nhiều nhất là “{data[0]['defect']}” với {data[0]['label']} trang, "
        f"bằng {percent(first['cumulative_percent'])} số lượt lỗi."
    )
    return chart_specs.pareto(data, "Lỗi bản quét theo nguyên nhân (Pareto)", alt)


def map_chart(progress: Progress, units: Table, week: Week) -> Chart | None:
    """Every commune whose coordinates are known, by its rate of the settled week; none where no week is."""
    settled = progress.age.settled
    found = [
        (unit_at(place.unit.code, week.last), row)
        for place, row in zip(progress.places, units.rows, strict=True)
        if place.level == "commune" and place.unit.stands_on(week.last)
    ]
    placed = [(unit, row) for unit, row in found if unit and unit.lat is not None and unit.lon is not None]
    if settled is None or not any(row["settled_denominator"] for _, row in placed):
        return None
    points = [
        {
            "unit": row["unit"], "lat": unit.lat, "lon": unit.lon, "dossiers": row["settled_denominator"] or 0,
            "class": chart_specs.rate_class(row["settled_percent"]), "label": percent(row["settled_percent"]),
        }
        for unit, row in placed
    ]  # fmt: skip
    counts = {name: sum(point["class"] == name for point in points) for name in chart_specs.RATE_CLASSES}
    alt = "Bản đồ xã, phường, thị trấn dạng điểm: " + "; ".join(f"{name}: {counts[name]} xã" for name in counts) + "."
    missing = len(found) - len(placed)
    if missing:
        alt += f" {missing} xã chưa có tọa độ nên không có trên bản đồ."
    title = f"Tỷ lệ số hóa của các xã, {week_vi(settled)}"
    return chart_specs.commune_map(points, district_names(placed, week.last), title, alt)


def district_names(placed: Sequence[tuple[Any, object]], day: date) -> list[dict[str, Any]]:
    """Name each district of a day near the mean of its communes' coordinates, where it hides least.

    Args:
        placed: communes that have coordinates, each with anything.
        day: on which the districts stand.
    """
    marks = np.array([(unit.lat, unit.lon) for unit, _ in placed])
    names: list[dict[str, Any]] = []
    for code in sorted({unit.parent for unit, _ in placed if unit.parent not in {None, PROVINCE}}):
        inside = [unit for unit, _ in placed if unit.parent == code]
        lat, lon = (sum(getattr(unit, name) for unit in inside) / len(inside) for name in ("lat", "lon"))
        district = unit_at(code, day)
        if district is not None:
            name = district.name.removeprefix("Huyện ").replace("Thành phố", "TP.")
            names.append(_place_name(name, lat, lon, marks, names))
    return names


def _place_name(
    name: str, lat: float, lon: float, marks: NDArray[np.float64], others: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """Place a name near a point: upon no other name where that can be, upon few marks, and not far away."""
    spots, width = _MOVES + np.array([lat, lon]), len(name) * _LETTER_LON
    covered = _within(spots, marks, (_NAME_LAT / 2 + _MARK, width / 2 + _MARK))
    upon = np.zeros(len(spots), int)
    for other in others:
        reach = _NAME_LAT, (width + len(other["name"]) * _LETTER_LON) / 2
        upon += _within(spots, np.array([(other["lat"], other["lon"])]), reach)
    best = np.lexsort((_WAY * covered + np.abs(_MOVES).sum(axis=1), upon))[0]
    up, right = spots[best].tolist()
    return {"name": name, "lat": round(up, 4), "lon": round(right, 4)}


def _within(spots: NDArray[np.float64], marks: NDArray[np.float64], reach: tuple[float, float]) -> NDArray[np.int64]:
    """Count the marks that lie within reach of each spot, degrees of latitude and longitude."""
    found: NDArray[np.int64] = (np.abs(marks[None] - spots[:, None]) < reach).all(axis=2).sum(axis=1)
    return found


def _cell(progress: Progress, place: Place, monday: date) -> dict[str, Any]:
    rate = rate_of(progress.weekly[place.key].get(monday))
    return {
        "unit": place.name,
        "week": _week_label(progress, monday),
        "rate": _rounded(rate),
        "label": decimal(rate, 0),
        "young": progress.age.is_young(Week(monday)),
    }


def weeks_ahead(outlook: Outlook) -> list[dict[str, Any]]:
    """Write the first weeks of a forecast as ``chart_specs.trend`` takes them; none where nothing is forecast."""
    weeks, first = outlook.weeks, outlook.first_week
    if weeks is None or first is None:
        return []
    return [
        {
            "day": (first + timedelta(7 * n)).isoformat(),
            **{name: _rounded(100 * float(getattr(weeks, name)[n])) for name in ("low", "middle", "high")},
        }
        for n in range(min(_SEEN_WEEKS_AHEAD, len(weeks.middle)))
    ]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
