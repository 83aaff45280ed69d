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
from sohoa.report.formats.split_charts import parts
from sohoa.report.model import DEFINITIONS_TITLE, NUMBERS, UNSIGNED, Table, WeekReport

MAX_CHARACTERS = 500
"""Of a table's cell; the workbook has the whole text."""
SHORT = 14
"""Characters; a column of texts up to this length is not broken into lines."""
LONG_TABLE = 15
"""Rows; a longer table has a field to search in, and is folded in the annex."""
PRINTED_ROWS = 600
"""A longer table of the annex is printed only where the reader has opened it."""
MAX_DECISIVE = 3
_NAMES = ("unit", "agency_name", "file", "what")
_DECISIVE = (
    "settled_percent", "rate_percent", "settled_change", "change_points", "late_percent", "open_overdue", "verdict",
    "defects", "state", "documents", "days_without_batch", "days_to_clear", "pages_bad", "pages_not_accepted",
    "bad_percent", "rejected", "files", "entries", "numerator_change", "pages", "cause", "defect",
    "notice_kind", "end", "who", "due",
)  # fmt: skip
"""Keys of the columns that decide, most telling first: a phone shows the first ones that a table has, and its name."""


def render(report: WeekReport) -> str:
    """The page; the same report gives the same text."""
    scripts = (_library(), _read("page.js"))
    template = _environment().get_template("page.html")
    return template.render(
        report=report,
        title=report.title,
        days=report.days,
        unsigned=UNSIGNED,
        definitions_title=DEFINITIONS_TITLE,
        style=_trusted(_read("page.css")),
        scripts=[_trusted(script) for script in scripts],
        hashes=[_hash(script) for script in scripts],
        licences=_read("javascript_licences.txt"),
        locale=FORMAT_LOCALE,
        pictures=_pictures(report),
        long_table=LONG_TABLE,
        printed_rows=PRINTED_ROWS,
    )


def _pictures(report: WeekReport) -> dict[str, list[str]]:
    """Of each chart the pictures that stand for it on paper and where no script runs: the same as in the PDF."""
    charts = [chart for section in report.sections for chart in section.charts]
    drawn = [(chart.name, part) for chart in charts for part in parts(chart)]
    found: dict[str, list[str]] = {chart.name: [] for chart in charts}
    for (name, _), svg in zip(drawn, draw([part for _, part in drawn]), strict=True):
        found[name].append(_address(svg))
    return found


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
    return Markup(text)  # noqa: S704 (no text of others comes here)


def _hash(script: str) -> str:
    """How the content security policy names a script that may run."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _cells(table: Table) -> list[list[str]]:
    """The texts of each row."""
    return [[shorten(clean(text), MAX_CHARACTERS) for text in table.texts(row)] for row in table.rows]


def _classes(table: Table, cells: list[list[str]]) -> list[str]:
    """The classes of each column's cells: n numbers, c what is short enough to stay on a line, t other texts; x what a
    phone leaves out until it is asked for."""
    kept = _decisive(table)
    longest = [max(map(len, texts)) for texts in zip(*cells, strict=True)]
    return [
        ("n" if column.kind in NUMBERS else "c" if length <= SHORT else "t") + ("" if column.key in kept else " x")
        for column, length in zip(table.columns, longest, strict=True)
    ]


def _decisive(table: Table) -> set[str]:
    """The keys of a table's name and of the columns that decide; the first columns where none is known to."""
    keys = [column.key for column in table.columns]
    name = next((key for key in _NAMES if key in keys), keys[0])
    found = [key for key in _DECISIVE if key in keys and key != name][:MAX_DECISIVE]
    return {name, *(found or keys[: MAX_DECISIVE + 1])}


def _json(value: Any) -> Markup:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(cleaned(value), ensure_ascii=False, separators=(",", ":"))
    return _trusted(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


def _address(svg: str) -> str:
    """An SVG picture as a data address."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
