"""The weekly report as a PDF: an official report after decree 30/2020/NĐ-CP, unsigned, without number and date.

typst sets it from ``templates/report.typ``. Every text goes there as JSON and is placed as text, so none is markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from sohoa import format_value
from sohoa.clean_text import clean, shorten
from sohoa.report.chart_specs import draw
from sohoa.report.formats import draw_in_process
from sohoa.report.formats.font_glyphs import printable
from sohoa.report.model import NUMBERS, UNSIGNED, WORDS, Chart, Section, Table, WeekReport
from sohoa.report.sentences import span

PARENT, OFFICE, SYMBOL, PLACE = "UBND tỉnh Lạng Sơn", "Văn phòng", "VP", "Lạng Sơn"
SIGNATORY = ("TL. Chủ tịch", "Chánh Văn phòng")
RECIPIENTS = ("UBND tỉnh (báo cáo);", "Các sở, ban, ngành;", "UBND các huyện, thành phố;", "Lưu: VT.")
MAX_CHARACTERS = 160
"""Of a table's cell; the workbook has the whole text."""
NOT_PRINTED = "faulty_files"
"""Thousands of rows: the page and the workbook have them; what is printed is their sum by agency."""
_NARROW, _BROAD = 7, 34
"""Characters of a line in the narrowest and in a broad column."""
_LONG_WORD, _PIECE, _BREAK = re.compile(r"\S{31,}"), 12, "\u200b"
_DENSE = 100
"""Rows from which a table is set in the smaller size."""


def render(report: WeekReport) -> bytes:
    """The PDF (PDF/A-2a); the same report gives the same bytes."""
    return draw_in_process.typeset(_content(report))


def _content(report: WeekReport) -> dict[str, Any]:
    week = format_value.week(report.week)
    day = report.last_day
    pictures = iter(draw([chart for section in report.sections for chart in section.charts]))
    return {
        "title": "Kết quả số hóa hồ sơ, kết quả giải quyết thủ tục hành chính",
        "subtitle": f"{week} ({span(report.first_day, report.last_day)})",
        "opening": "Văn phòng UBND tỉnh báo cáo kết quả số hóa hồ sơ, kết quả giải quyết thủ tục hành chính như sau:",
        "made": {"year": day.year, "month": day.month, "day": day.day},
        "content_hash": report.content_hash,
        "parent": PARENT,
        "office": OFFICE,
        "symbol": SYMBOL,
        "place": PLACE,
        "year": str(day.year),
        "week": week.lower(),
        "unsigned": UNSIGNED,
        "message": [_text(line) for line in report.message_vi],
        "definition": _text(report.definition_vi),
        "sections": [_section(section, pictures) for section in report.sections],
        "last_words": _text(report.sections[-1].paragraphs[-1]),
        "closing": "Trên đây là báo cáo kết quả số hóa trong tuần./.",
        "recipients": RECIPIENTS,
        "signatory": SIGNATORY,
        "annex": [_table(table) for table in report.annex if table.name != NOT_PRINTED],
        "colophon": _text(f"Mã đối chiếu: {report.content_hash[:12]}"),
    }


def _section(section: Section, pictures: Iterator[str]) -> dict[str, Any]:
    return {
        "number": section.number,
        "title": _text(section.title_vi),
        "paragraphs": [_text(line) for line in section.paragraphs],
        "parts": [*map(_table, section.tables), *(_chart(chart, next(pictures)) for chart in section.charts)],
    }


def _table(table: Table) -> dict[str, Any]:
    rows = [list(map(_cell, table.texts(row))) for row in table.rows]
    return {
        "kind": "table",
        "title": _text(table.title_vi),
        "note": _text(table.note_vi),
        "dense": len(rows) >= _DENSE,
        "columns": list(_columns(table, rows)),
        "rows": rows,
    }


def _columns(table: Table, rows: list[list[str]]) -> Iterator[dict[str, Any]]:
    """Label, side, and weight: each column as wide as its longest cell or word, long texts broken."""
    for place, column in enumerate(table.columns):
        head, is_text = _text(column.heading), column.kind in WORDS
        words = [*head.split(), *(word for row in rows for word in (_words(row[place]) if is_text else [row[place]]))]
        longest = max((len(row[place]) for row in rows), default=0) if is_text else 0
        weight = max(_NARROW, min(_BROAD, longest), *(min(_BROAD, len(word)) for word in words))
        yield {"label": head, "right": column.kind in NUMBERS, "weight": weight + 1}


def _words(cell: str) -> list[str]:
    return cell.replace(_BREAK, " ").split()


def _chart(chart: Chart, svg: str) -> dict[str, Any]:
    return {"kind": "chart", "title": _text(chart.title_vi), "alt": _text(chart.alt_vi, 1_000), "svg": svg}


def _cell(value: str) -> str:
    """A cell's text; words that no column can hold may be broken."""
    text = _text(value, MAX_CHARACTERS)
    return _LONG_WORD.sub(lambda word: _BREAK.join(re.findall(f".{{1,{_PIECE}}}", word[0])), text)


@cache
def _text(value: str, limit: int = 4_000) -> str:
    return printable(shorten(clean(value), limit))
