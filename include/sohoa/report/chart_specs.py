"""The charts of the report as Vega-Lite: legible in black and white, so lines differ by dashes, points by shape.

Every specification holds its own data and nothing else: no address, no font file.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import altair as alt

from sohoa.clean_text import clean
from sohoa.format_value import decimal
from sohoa.labels import label_vi
from sohoa.report.formats import draw_in_process
from sohoa.report.model import Chart

FONT = "Liberation Serif, Times New Roman, serif"
WIDTH = 560
_CONFIG = {
    "font": FONT,
    "axis": {"labelFontSize": 12, "titleFontSize": 12, "labelColor": "#000", "titleColor": "#000", "gridColor": "#ddd"},
    "legend": {"labelFontSize": 12, "titleFontSize": 12, "labelColor": "#000", "titleColor": "#000"},
    "text": {"fontSize": 12, "color": "#000"},
    "view": {"stroke": "#999"},
}
_DASHES = {"baseline": [2, 3], "target": [8, 4]}
RATE_CLASSES = ("dưới 40 %", "40 đến dưới 80 %", "80 đến dưới 86 %", "từ 86 %", "không có hồ sơ")
"""Classes of the map; the last two limits are those of full points (decision 766/QĐ-TTg) and of the target."""
_TICKS = 8
_SHAPES = ("square", "triangle-up", "diamond", "circle", "cross")
_FILLS = ("#000", "#555", "#aaa", "#fff", "#fff")
Rows = Sequence[dict[str, Any]]


def trend(weeks: Rows, ahead: Rows, lines: dict[str, float], title: str, alt_vi: str) -> Chart:
    """The weekly rate, its forecast with interval, and the published baseline and target as lines.

    Args:
        weeks: day (ISO text), rate, null where nothing counts, and young: too young to be judged.
        ahead: first_day, low, middle, high.
        lines: baseline and target, per cent.
        title: the title.
        alt_vi: what it shows.
    """
    utc = alt.Scale(type="utc")  # a day is the same day in every time zone
    x = alt.X(
        "day:T",
        title=None,
        scale=utc,
        axis=alt.Axis(
            format="%d/%m/%y",
            labelAngle=0,
            values=_mondays([*weeks, *ahead]),
            labelOverlap="parity",
            labelSeparation=8,
        ),
    )
    y = alt.Y("rate:Q", title="Tỷ lệ đạt (%)", scale=alt.Scale(domain=[0, 100]))
    settled = [row for row in weeks if not row["young"]]
    known = alt.Chart(_data(settled)).mark_line(color="#000", point={"color": "#000", "size": 18}).encode(x, y)
    drawn = [known] if settled else []
    if young := [row for row in weeks if row["young"]]:
        since = alt.Chart(_data([*settled[-1:], *young])).mark_line(color="#777", strokeDash=[2, 2]).encode(x, y)
        hollow = alt.Chart(_data(young)).mark_point(color="#000", filled=False, fill="#fff", size=40).encode(x, y)
        drawn += [since, hollow]
    rules = [
        {
            "rate": rate,
            "label": f"{label_vi('chart_lines', name)} {decimal(rate).removesuffix(',0')} %",
            "dash": _DASHES[name],
        }
        for name, rate in sorted(lines.items(), key=lambda item: item[1])
    ]
    layers: list[Any] = [_rule(rule) for rule in rules]
    if ahead:
        band = alt.Chart(_data(ahead)).mark_area(color="#ccc").encode(x, alt.Y("low:Q", title=""), alt.Y2("high:Q"))
        middle = (
            alt.Chart(_data(ahead)).mark_line(color="#000", strokeDash=[4, 2]).encode(x, alt.Y("middle:Q", title=""))
        )
        layers += [band, middle]
    tips = [
        alt.Tooltip("utcyearmonthdate(day):T", title="Tuần từ ngày", format="%d/%m/%Y"),
        *_tips("Q", ".2f", rate="Tỷ lệ đạt (%)"),
    ]
    targets = alt.Chart(_data(weeks)).mark_point(size=250, opacity=0, color="#000").encode(x, y, tooltip=tips)
    labels = alt.Chart(_data(rules)).mark_text(align="left", dx=4, dy=-13, fontWeight="bold")
    labels = labels.encode(alt.X(value=0), alt.Y("rate:Q"), alt.Text("label:N"))
    halo = labels.copy().mark_text(align="left", dx=4, dy=-13, fontWeight="bold", stroke="#fff", strokeWidth=4)
    return _chart(
        "trend", title, alt_vi, alt.layer(*layers, *drawn, halo, labels, targets).properties(width=WIDTH, height=230)
    )


def ranking(units: Rows, target: float, title: str, alt_vi: str) -> Chart:
    """Bars by unit, best first, each with its rate, and the target as a line."""
    base = alt.Chart(_data(units)).encode(alt.Y("unit:N", sort=None, title=None, axis=alt.Axis(labelLimit=240)))
    x = alt.X(
        "rate:Q",
        title="Tỷ lệ đạt (%)",
        scale=alt.Scale(domain=[0, 110]),
        axis=alt.Axis(values=[0, 20, 40, 60, 80, 100]),
    )
    tips = _tips(unit="Đơn vị", label="Tỷ lệ đạt")
    bars = base.mark_bar(color="#bbb", stroke="#000", strokeWidth=0.5).encode(x, tooltip=tips)
    texts = base.mark_text(align="left", dx=4, fontSize=11).encode(alt.XDatum(0), alt.Text("label:N"))
    rule = alt.Chart(_data([{"rate": target}])).mark_rule(strokeDash=_DASHES["target"]).encode(alt.X("rate:Q"))
    step = 17 if len(units) <= 31 else 12
    return _chart(
        "ranking",
        title,
        alt_vi,
        alt.layer(bars, rule, texts).properties(width=WIDTH - 220, height=alt.Step(step)),
    )


def heat(cells: Rows, units: Sequence[str], weeks: Sequence[str], title: str, alt_vi: str) -> Chart:
    """Units × weeks in the order given, darker where the rate is lower, each cell with its rate in whole per cent.

    Cells that are young bear their rate on no shade: it will still rise.
    """
    base = alt.Chart(_data(cells)).encode(
        alt.X("week:N", sort=list(weeks), title=None, axis=alt.Axis(labelAngle=0, orient="top")),
        alt.Y("unit:N", sort=list(units), title=None, axis=alt.Axis(labelLimit=240)),
    )
    shade = alt.Color("rate:Q", scale=alt.Scale(domain=[0, 100], range=["#333", "#fff"]), legend=None)
    boxes = (
        base.transform_filter("isValid(datum.rate) && !datum.young")
        .mark_rect(stroke="#fff", strokeWidth=0.5)
        .encode(shade)
    )
    ink = alt.condition("isValid(datum.rate) && datum.rate < 33 && !datum.young", alt.value("#fff"), alt.value("#000"))
    tips = _tips(unit="Đơn vị", week="Tuần", label="Tỷ lệ đạt (%)")
    texts = base.mark_text(fontSize=11).encode(alt.Text("label:N"), color=ink, tooltip=tips)
    boxes = boxes.encode(tooltip=tips)
    step = 16 if len(units) <= 40 else 12
    return _chart("heat", title, alt_vi, alt.layer(boxes, texts).properties(width=WIDTH - 220, height=alt.Step(step)))


def pareto(defects: Rows, title: str, alt_vi: str) -> Chart:
    """Bars of pages by cause, most first, and the share that the causes so far make up."""
    base = alt.Chart(_data(defects)).encode(
        alt.X("defect:N", sort=None, title=None, axis=alt.Axis(labelAngle=-40, labelLimit=150))
    )
    tips = [*_tips(defect="Lỗi", label="Trang lỗi"), *_tips("Q", ".2f", cumulative="Cộng dồn (%)")]
    bars = base.mark_bar(color="#bbb", stroke="#000", strokeWidth=0.5)
    bars = bars.encode(alt.Y("bad:Q", title="Trang lỗi"), tooltip=tips)
    texts = base.mark_text(dy=-6, fontSize=11).encode(alt.Y("bad:Q"), alt.Text("label:N"))
    y = alt.Y("cumulative:Q", title="Cộng dồn (%)", scale=alt.Scale(domain=[0, 100]))
    line = base.mark_line(color="#000", point={"color": "#000", "size": 25}).encode(y)
    layers = alt.layer(alt.layer(bars, texts), line).resolve_scale(y="independent")
    return _chart("pareto", title, alt_vi, layers.properties(width=WIDTH, height=190))


def commune_map(points: Rows, names: Rows, title: str, alt_vi: str) -> Chart:
    """Communes as points at their coordinates: shape and shade by rate class, size by dossiers; districts by name,
    below them.
    """
    place = {"latitude": "lat:Q", "longitude": "lon:Q"}
    legend = alt.Legend(title="Tỷ lệ đạt", orient="right")
    domain, most = list(RATE_CLASSES), max((point["dossiers"] for point in points), default=1)
    sizes = alt.Legend(values=sorted({1, -(-most // 2), most}), format=",.0f")
    marks = (
        alt.Chart(_data(points))
        .mark_point(stroke="#000", strokeWidth=0.9, filled=True, opacity=1)
        .encode(
            **place,
            shape=alt.Shape("class:N", scale=alt.Scale(domain=domain, range=list(_SHAPES)), legend=legend),
            fill=alt.Fill("class:N", scale=alt.Scale(domain=domain, range=list(_FILLS)), legend=legend),
            size=alt.Size(
                "dossiers:Q",
                title="Hồ sơ phải số hóa",
                scale=alt.Scale(range=[25, 260]),
                legend=sizes,
            ),
            tooltip=_tips(unit="Đơn vị", dossiers="Hồ sơ phải số hóa", label="Tỷ lệ đạt"),
        )
    )
    words = alt.Chart(_data(names)).encode(**place, text="name:N")
    texts = words.mark_text(fontSize=14, fontWeight="bold", stroke="#fff", strokeWidth=5, strokeJoin="round")
    over = words.mark_text(fontSize=14, fontWeight="bold")
    drawn = alt.layer(texts, over, marks).project("mercator").properties(width=WIDTH - 120, height=430)
    return _chart("map", title, alt_vi, drawn)


def rate_class(rate: float | None) -> str:
    """The class of the map that a rate belongs to."""
    limits = (40, 80, 86)
    return RATE_CLASSES[-1] if rate is None else RATE_CLASSES[sum(rate >= limit for limit in limits)]


def _mondays(rows: Rows) -> list[Any]:
    """Mondays for the axis, the same number of weeks apart, eight or so."""
    days = [date.fromisoformat(row["day"]) for row in rows]
    return [
        alt.DateTime(year=day.year, month=day.month, date=day.day, utc=True)
        for day in days[:: max(1, round(len(days) / _TICKS))]
    ]


def _rule(rule: dict[str, Any]) -> Any:
    return alt.Chart(_data([rule])).mark_rule(strokeDash=rule["dash"], color="#000").encode(alt.Y("rate:Q"))


def _tips(kind: str = "N", pattern: str = "", **titles: str) -> list[Any]:
    """What is told of a mark on a screen: the fields by their titles."""
    told = {"format": pattern} if pattern else {}
    return [alt.Tooltip(f"{name}:{kind}", title=title, **told) for name, title in titles.items()]


def _data(rows: Rows) -> Any:
    return alt.InlineData(values=list(rows))


def _chart(name: str, title: str, alt_vi: str, chart: Any) -> Chart:
    spec = chart.configure(**_CONFIG).to_dict(validate=True)
    del spec["$schema"]
    return Chart(name, title, alt_vi, spec)


def draw(drawn: Sequence[Chart]) -> list[str]:
    """The charts as SVG, their texts clean."""
    return draw_in_process.draw([cleaned(chart.spec) for chart in drawn])


def cleaned(value: Any) -> Any:
    """A JSON value with every text in it clean."""
    if isinstance(value, dict):
        return {clean(key): cleaned(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [cleaned(item) for item in value]
    return clean(value) if isinstance(value, str) else value
