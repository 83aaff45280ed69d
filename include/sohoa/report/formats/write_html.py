"""The weekly report as one HTML file that needs nothing else: style, scripts, charts and their data are inside.

A content security policy in the file lets only its own two scripts run and nothing be fetched, whatever a text in it
may hold. Vega-Lite draws the charts; where no script may run, their pictures are shown.
"""

import base64
import hashlib
import json
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sohoa.clean_text import clean, shorten
from sohoa.format_value import count
from sohoa.report.chart_specs import cleaned, draw
from sohoa.report.formats.draw_in_process import FORMAT_LOCALE, javascript
from sohoa.report.model import NUMBERS, UNSIGNED, Table, WeekReport

MAX_CHARACTERS = 500
"""Of a table's cell; the workbook has the whole text."""
SHORT = 14
"""Characters; a column of texts up to this length is not broken into lines."""
LONG_TABLE = 15
"""Rows; a longer table has a field to search in, and is folded in the annex."""


def render(report: WeekReport) -> str:
    """The page; the same report gives the same text."""
    scripts = (_library(), _read("page.js"))
    charts = [chart for section in report.sections for chart in section.charts]
    template = _environment().get_template("page.html")
    return template.render(
        report=report,
        title=report.title,
        days=report.days,
        unsigned=UNSIGNED,
        style=_trusted(_read("page.css")),
        scripts=[_trusted(script) for script in scripts],
        hashes=[_hash(script) for script in scripts],
        licences=_read("javascript_licences.txt"),
        locale=FORMAT_LOCALE,
        pictures={chart.name: _address(svg) for chart, svg in zip(charts, draw(charts), strict=True)},
        long_table=LONG_TABLE,
    )


@cache
def _library() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script."""
    return javascript("window.vegaEmbed = vegaEmbed;")


@cache
def _environment() -> Environment:
    loader = PackageLoader("sohoa.report")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    filters = {"clean": clean, "shorten": shorten, "count": count, "cells": _cells, "json": _json}
    environment.globals["classes"] = _classes
    environment.filters |= filters
    return environment


def _read(name: str) -> str:
    return (files("sohoa.report") / "templates" / name).read_text(encoding="utf-8")


def _trusted(text: str) -> Markup:
    """This project's or the library's own text, printed as it is."""
    return Markup(text)  # noqa: S704


def _hash(script: str) -> str:
    """How the content security policy names a script that may run."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _cells(table: Table) -> list[list[str]]:
    """The texts of each row."""
    return [[shorten(clean(text), MAX_CHARACTERS) for text in table.texts(row)] for row in table.rows]


def _classes(table: Table, cells: list[list[str]]) -> list[str]:
    """The class of each column's cells: n numbers, c what is short enough to stay on a line, t other texts."""
    longest = [max(map(len, texts)) for texts in zip(*cells, strict=True)]
    return [
        "n" if column.kind in NUMBERS else "c" if length <= SHORT else "t"
        for column, length in zip(table.columns, longest, strict=True)
    ]


def _json(value: Any) -> Markup:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(cleaned(value), ensure_ascii=False, separators=(",", ":"))
    return _trusted(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


def _address(svg: str) -> str:
    """An SVG picture as a data address."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
