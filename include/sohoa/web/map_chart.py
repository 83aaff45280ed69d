"""The map of communes, as the report's own specification."""

from __future__ import annotations

from datetime import date
from typing import Any

from sohoa.progress.unit_progress import Figure
from sohoa.report import chart_specs
from sohoa.report.sections.charts import district_names
from sohoa.web.languages import Language
from sohoa.web.translate_chart import translated


def commune_map(communes: list[tuple[Any, Figure]], day: date, language: Language) -> dict[str, Any] | None:
    """Make the map as its specification and what it says in words; None where no commune has a place and a dossier."""
    placed = [(unit, figure) for unit, figure in communes if unit.lat is not None and unit.lon is not None]
    if not any(figure.denominator for _, figure in placed):
        return None
    points = [
        {
            "unit": unit.name, "lat": unit.lat, "lon": unit.lon, "dossiers": figure.denominator,
            "class": chart_specs.rate_class(figure.rate_percent), "label": language.percent(figure.rate_percent),
        }
        for unit, figure in placed
    ]  # fmt: skip
    counts = {name: sum(point["class"] == name for point in points) for name in chart_specs.RATE_CLASSES}
    classes = "; ".join(f"{name}: {number}" for name, number in counts.items())
    said = language.word("map_said", len(points), len(communes) - len(points), classes)
    chart = chart_specs.commune_map(points, district_names(placed, day), "", said)
    return {"spec": translated(chart_specs.cleaned(chart.spec), language), "said": said}
