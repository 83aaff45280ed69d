"""The charts: their own data and nothing from outside, legible without colour, with words for who cannot see them."""

from __future__ import annotations

import json
import re
from datetime import date

import pytest

from sohoa.labels import label_vi
from sohoa.registry import units_at
from sohoa.report import chart_specs
from sohoa.report.model import Chart, WeekReport
from sohoa.report.sections.charts import district_names

GREYS = {"black", "white", "transparent", "none"}


@pytest.fixture
def drawn(week_report: WeekReport) -> dict[str, Chart]:
    """The charts of the report by name."""
    return {chart.name: chart for section in week_report.sections for chart in section.charts}


def values(chart: Chart) -> list[dict[str, object]]:
    """All data rows of a chart, layers included."""
    return [row for rows in chart.spec["datasets"].values() for row in rows]


pytestmark = pytest.mark.timeout(600)


def test_a_chart_fetches_nothing(drawn: dict[str, Chart]):
    """No address in a specification: the report is read where there is no network."""
    for chart in drawn.values():
        text = json.dumps(chart.spec)
        assert "url" not in text.lower()
        assert "http" not in text


def test_charts_are_legible_in_black_and_white(drawn: dict[str, Chart]):
    """Every colour drawn is a grey; lines differ by dashes, points of the map by shape."""
    for chart in drawn.values():
        (svg,) = chart_specs.draw([chart])
        for colour in re.findall(r'(?:fill|stroke)="([^"]+)"', svg):
            assert colour in GREYS or _is_grey(colour), (chart.name, colour)
    assert chart_specs.draw([drawn["trend"]])[0].count("stroke-dasharray") >= 2
    assert len(set(chart_specs._SHAPES)) == len(chart_specs.RATE_CLASSES)


def _is_grey(colour: str) -> bool:
    if colour.startswith("#"):
        digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
        return digits[:2] == digits[2:4] == digits[4:]
    parts = re.findall(r"\d+", colour)
    return colour.startswith("rgb") and len(set(parts[:3])) == 1


def test_the_trend_has_both_published_lines(drawn: dict[str, Chart]):
    """5,6 % and 86 %, said in words too, and the province's weeks."""
    labels = {row["label"] for row in values(drawn["trend"]) if "label" in row}
    assert labels == {"mức đầu 5,6 %", "chỉ tiêu 86 %"}
    (svg,) = chart_specs.draw([drawn["trend"]])
    assert "chỉ tiêu 86 %" in svg
    assert "Liberation Serif" in svg
    assert "5,60" in drawn["trend"].alt_vi
    assert "86,00" in drawn["trend"].alt_vi


def test_the_charts_show_the_figures_of_the_tables(week_report: WeekReport, drawn: dict[str, Chart]):
    """Ranking and Pareto row by row; the newest column of the heat map; the map's communes."""
    tables = {table.name: table.rows for table in week_report.tables}
    ranked = [(row["unit"], row["rate"]) for row in values(drawn["ranking"]) if "unit" in row]
    blocks = [
        (row["unit"], round(row["rate_percent"], 2)) for row in tables["blocks"] if row["rate_percent"] is not None
    ]
    assert ranked[: len(blocks)] == blocks
    bars = [(row["defect"], row["bad"]) for row in values(drawn["pareto"])]
    assert bars[: len(tables["defects"])] == [
        (label_vi("defects", row["defect"]), row["pages_bad"]) for row in tables["defects"]
    ]
    units = {row["unit"]: row["rate_percent"] for row in tables["units"]}
    newest = [row for row in values(drawn["heat"]) if row["week"] == "T16"]
    assert len(newest) >= 31
    for row in newest:
        rate = units[str(row["unit"])]
        assert row["rate"] == (None if rate is None else round(rate, 2))
    points = [row for row in values(drawn["map"]) if "dossiers" in row]
    assert len({(row["lat"], row["lon"]) for row in points}) > 150
    assert sum(int(str(row["dossiers"])) for row in points) <= units_total(tables)


def units_total(tables: dict[str, list[dict[str, object]]]) -> int:
    """The province's denominator."""
    return int(str(tables["rates"][0]["denominator"]))


def test_alternative_texts_say_the_figures(drawn: dict[str, Chart]):
    """Each with at least one figure; the best and the last of the ranking by name."""
    for chart in drawn.values():
        assert re.search(r"\d", chart.alt_vi), chart.name
    ranked = [str(row["unit"]) for row in values(drawn["ranking"]) if "unit" in row]
    assert ranked[0] in drawn["ranking"].alt_vi


def test_rates_fall_into_the_classes_that_the_map_names():
    """At the limits too; nothing known is a class of its own."""
    assert [chart_specs.rate_class(rate) for rate in (0.0, 39.99, 40.0, 80.0, 85.99, 86.0, 100.0, None)] == [
        chart_specs.RATE_CLASSES[place] for place in (0, 0, 1, 2, 2, 3, 3, 4)
    ]


def test_a_forecast_is_drawn_with_its_interval():
    """A band and a dashed line after the weeks that are known."""
    weeks = [{"day": date(2024, 4, 8).isoformat(), "rate": 60.0, "young": False}]
    ahead = [{"day": "2024-04-15", "low": 50.0, "middle": 61.0, "high": 70.0}]
    lines = {"baseline": 5.6, "target": 86.0}
    both = [chart_specs.trend(weeks, known, lines, "T", "A") for known in (ahead, [])]
    with_band, without = chart_specs.draw(both)
    assert with_band.count("mark-area") > without.count("mark-area")


@pytest.mark.parametrize("known", [{"T21"}, {"T12", "T13", "T21"}, {f"T{week}" for week in range(10, 22)}, {"T10"}])
def test_the_weeks_of_the_heat_map_stand_in_their_order(known: set[str]):
    """Whatever weeks have no figures: oldest on the left, this week on the right, none left out."""
    weeks = [f"T{week}" for week in range(10, 22)]
    cells = [
        {"unit": unit, "week": week, "young": False, "rate": 50.0 if week in known else None, "label": "50"}
        for unit in ("Huyện A", "Huyện B")
        for week in weeks
    ]
    (svg,) = chart_specs.draw([chart_specs.heat(cells, ["Huyện A", "Huyện B"], weeks, "T", "A")])
    placed = {name: float(x) for x, name in re.findall(r'translate\(([\d.]+),[-\d.]+\)"[^>]*>(T\d\d)</text>', svg)}
    assert [name for name, _ in sorted(placed.items(), key=lambda item: item[1])] == weeks


def test_a_district_s_name_hides_no_commune_and_no_other_name():
    """On the map of April 2024, with all its 194 communes."""
    day = date(2024, 4, 15)
    placed = [(unit, None) for unit in units_at(day) if unit.level == "commune" and unit.lat is not None]
    names = district_names(placed, day)
    assert len(names) == 11
    upon = 0
    for number, name in enumerate(names):
        half = len(name["name"]) * 0.019 / 2
        for other in names[:number]:
            apart = abs(other["lat"] - name["lat"]), abs(other["lon"] - name["lon"])
            assert apart[0] >= 0.042 or apart[1] >= half + len(other["name"]) * 0.019 / 2
        upon += sum(abs(one.lat - name["lat"]) < 0.021 and abs(one.lon - name["lon"]) < half for one, _ in placed)
    assert upon == 0  # 37 of 194 communes in the middle of the districts


def test_the_marks_of_the_map_lie_upon_its_names():
    """A mark that a name would meet is seen whole."""
    points = [{"unit": "Xã A", "lat": 21.8, "lon": 106.7, "dossiers": 5, "class": "từ 86 %", "label": "90 %"}]
    chart = chart_specs.commune_map(points, [{"name": "Cao Lộc", "lat": 21.8, "lon": 106.7}], "T", "A")
    assert [layer["mark"]["type"] for layer in chart.spec["layer"]] == ["text", "text", "point"]
