"""Charts that are taller than a page in parts that fit: a bar or a line of cells per unit, some forty on a page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import ceil
from typing import Any

from sohoa.report.model import Chart

MOST = 40
"""Units in one picture: at the step below they fill a page of A4 under its title."""
_FIELD = "unit"
_STEP = 16


def parts(chart: Chart) -> list[Chart]:
    """Return the chart, or several with some of its units each, as even as can be, where there are more than ``MOST``.

    Only charts with a line for each unit, from top to bottom, grow with the number of units.
    """
    units = list(dict.fromkeys(row[_FIELD] for row in _rows(chart.spec) if _FIELD in row))
    if len(units) <= MOST or not _has_line_per_unit(chart.spec):
        return [chart]
    number = ceil(len(units) / MOST)
    size = ceil(len(units) / number)
    return [
        replace(
            chart,
            title_vi=f"{chart.title_vi} ({place + 1}/{number})",
            spec=_only(chart.spec, set(units[place * size : (place + 1) * size])),
        )
        for place in range(number)
    ]


def _rows(spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for rows in spec.get("datasets", {}).values():
        yield from rows


def _has_line_per_unit(spec: dict[str, Any]) -> bool:
    layers = [spec, *spec.get("layer", ())]
    return any(layer.get("encoding", {}).get("y", {}).get("field") == _FIELD for layer in layers)


def _only(spec: dict[str, Any], units: set[str]) -> dict[str, Any]:
    """The specification with the rows of these units, and those that are of none."""
    datasets = {
        name: [row for row in rows if _FIELD not in row or row[_FIELD] in units]
        for name, rows in spec["datasets"].items()
    }
    return spec | {"datasets": datasets, "height": {"step": _STEP}}
