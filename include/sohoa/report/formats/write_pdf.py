"""The weekly report as a PDF: an official report after decree 30/2020/NĐ-CP, unsigned, without number and date.

typst sets it from ``templates/report.typ``. Every text goes there as JSON and is placed as text, so none is markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import groupby
from typing import Any

from sohoa import format_value
from sohoa.clean_text import clean, shorten
from sohoa.report.chart_specs import draw
from sohoa.report.formats import draw_in_process
from sohoa.report.formats.font_glyphs import printable
from sohoa.report.formats.split_charts import parts
from sohoa.report.letterhead import Letterhead, letterhead
from sohoa.report.model import DEFINITIONS_TITLE, NUMBERS, ROMAN, UNSIGNED, WORDS, Chart, Section, Table, WeekReport
from sohoa.report.sentences import ELSEWHERE, MAX_ROWS, shown_of, span
from sohoa.settings import Settings

MAX_CHARACTERS = 160
"""Of a table's cell; the workbook has the whole text."""
UNPRINTED = frozenset({"faulty_files"})
"""Tables of thousands of rows: page and workbook have them, and on paper a count by agency stands for them."""
IN_DISTRICTS = frozenset({"units", "agencies", "faulty_agencies"})
"""Tables of the annex with a row for each unit or agency: where districts have their pages, these stand for them."""
CUT = {"dirty_glass": "", "incidents": "", "blocks": "units"}
"""Tables of the text with a row for each scanner or unit, of which paper has the first; the table of the annex that has
all of them where it is printed."""
WITHOUT_ENDED = frozenset({"units", "faulty_agencies"})
"""Tables of the annex that have no row on paper of who ended within the week: their successors have the work, and the
districts are in the text."""
_LINE, _TURNED_LINE = 106, 170
"""Characters that share a line of the smaller size on an upright page, and on a turned one."""
_MOST_COLUMNS, _MOST_WEIGHT = 8, 150
"""Columns, and characters of a line, with which a table of the annex stands on upright pages."""
_LEAST_OVER = 0.5
"""What a column has at least over its longest value: commas and dashes are narrow."""
_NARROW, _BROAD, _UNBROKEN = 7, 34, 3
"""Characters of a line in the narrowest and in a broad column; what a column has over its longest value where that
cannot be broken: digits are broader than letters."""
_LONG_WORD, _PIECE, _BREAK = re.compile(r"\S{31,}"), 12, "\u200b"
_DENSE = 100
"""Rows from which a table is set in the smaller size."""


def render(report: WeekReport, settings: Settings | None = None) -> bytes:
    """The PDF (PDF/A-2a); the same report gives the same bytes.

    Args:
        report: the report.
        settings: whose office issues it; None: the defaults.
    """
    return draw_in_process.typeset(_content(report, letterhead(settings or Settings(), report.last_day)))


def unprinted(report: WeekReport) -> list[Table]:
    """The tables that page and workbook have and paper has not."""
    names = UNPRINTED | (IN_DISTRICTS if any(table.page_by for table in report.annex) else frozenset())
    return [table for table in report.annex if table.name in names]


def _content(report: WeekReport, head: Letterhead) -> dict[str, Any]:
    week = format_value.week(report.week)
    day = report.last_day
    charts = [part for section in report.sections for chart in section.charts for part in parts(chart)]
    pictures = iter(draw(charts))
    elsewhere = unprinted(report)
    annex = [_without_ended(table) for table in report.annex if table not in elsewhere]
    numbers = {table.name: number for table, number in zip(annex, ROMAN, strict=False)}
    return {
        "title": "Kết quả số hóa hồ sơ, kết quả giải quyết thủ tục hành chính",
        "subtitle": f"{week} ({span(report.first_day, report.last_day)})",
        "opening": f"{_text(head.issuer)} báo cáo kết quả số hóa hồ sơ, kết quả giải quyết thủ tục hành chính như sau:",
        "made": {"year": day.year, "month": day.month, "day": day.day},
        "content_hash": report.content_hash,
        "parent": _text(head.parent),
        "office": _text(head.office),
        "issuer": _text(head.issuer),
        "symbol": _text(head.symbol),
        "place": _text(head.place),
        "year": str(day.year),
        "unsigned": UNSIGNED,
        "message": [_text(line) for line in report.message_vi],
        "definitions": {
            "number": len(annex) + 1,
            "title": DEFINITIONS_TITLE,
            "paragraphs": list(map(_text, report.definitions_vi)),
            "see": f"{DEFINITIONS_TITLE}: phụ lục {ROMAN[len(annex)]}.",
        },
        "sections": [_section(section, pictures, numbers) for section in report.sections],
        "last_words": _text(report.sections[-1].paragraphs[-1]),
        "enclosed": _enclosed(annex, elsewhere),
        "closing": "Trên đây là báo cáo kết quả số hóa trong tuần./.",
        "recipients": list(map(_text, head.recipients)),
        "signatory": list(map(_text, head.signatory)),
        "annex": list(map(_annex, annex)),
        "colophon": _text(f"Mã đối chiếu: {report.content_hash[:12]}"),
    }


def _enclosed(annex: list[Table], elsewhere: list[Table]) -> list[dict[str, Any]]:
    """Name each annex by its number, which leads to it, and the lists that are not on paper: the text has to point at
    them.
    """
    titles = (*(table.title_vi for table in annex), DEFINITIONS_TITLE)
    named = [f"Phụ lục {number}: {title}" for number, title in zip(ROMAN, titles, strict=False)]
    lists = "; ".join(f"{table.title_vi} ({format_value.count(len(table.rows))} dòng)" for table in elsewhere)
    said = [f"Kèm theo báo cáo có {format_value.count(len(named))} phụ lục."]
    rest = [f"Chỉ có trong bảng tính và trang web của báo cáo: {lists}."] if elsewhere else []
    ends = [";"] * (len(named) - 1) + ["."]
    leading = [(line + end, number) for number, (line, end) in enumerate(zip(named, ends, strict=False), start=1)]
    pieces = [*((line, 0) for line in said), *leading]
    return [{"text": _text(line), "annex": number} for line, number in (*pieces, *((line, 0) for line in rest))]


def _section(section: Section, pictures: Iterator[str], annex: Mapping[str, str]) -> dict[str, Any]:
    charts = [part for chart in section.charts for part in parts(chart)]
    return {
        "number": section.number,
        "title": _text(section.title_vi),
        "paragraphs": [_text(line) for line in section.paragraphs],
        "parts": [
            *(_fitted(_table(_first_rows(table, annex))) for table in section.tables),
            *(_chart(part, next(pictures)) for part in charts),
        ],
    }


def _table(table: Table) -> dict[str, Any]:
    if table.page_by:
        return _pages(table)
    rows = [list(map(_cell, table.texts(row))) for row in table.rows]
    return {
        "pages": [],
        "kind": "table",
        "title": _text(table.title_vi),
        "note": _text(table.note_vi),
        "dense": len(rows) >= _DENSE,
        "columns": list(_columns(table, rows)),
        "rows": rows,
    }


def _pages(table: Table) -> dict[str, Any]:
    """A table with a page for each value of a column: the columns of all pages are alike."""
    is_known = {column.key: any(row[column.key] is not None for row in table.rows) for column in table.columns}
    columns = tuple(column for column in table.columns if column.key != table.page_by and is_known[column.key])
    whole = _table(replace(table, columns=columns, page_by=""))
    rows = iter(whole["rows"])
    pages = [
        {**whole, "title": _text(name), "rows": [next(rows) for _ in group]}
        for name, group in groupby(table.rows, key=lambda row: row[table.page_by])
    ]
    return {**whole, "rows": [], "pages": pages}


def _columns(table: Table, rows: list[list[str]]) -> Iterator[dict[str, Any]]:
    """Label, side, and weight: each column as wide as its longest cell or word, long texts broken. And the characters
    that stand in it at least, of one that cannot be broken.
    """
    for place, column in enumerate(table.columns):
        head, is_text = _text(column.heading), column.kind in WORDS
        words = [*head.split(), *(word for row in rows for word in (_words(row[place]) if is_text else [row[place]]))]
        longest = max((len(row[place]) for row in rows), default=0) if is_text else 0
        most = max(len(word) for word in words)
        weight = max(_NARROW, min(_BROAD, longest), min(_BROAD, most)) + (1 if is_text else _UNBROKEN)
        yield {
            "label": head,
            "right": column.kind in NUMBERS,
            "weight": weight,
            "least": None if is_text else most + _LEAST_OVER,
        }


def _annex(table: Table) -> dict[str, Any]:
    """A table of the annex, turned where it is broad; the pages of districts are upright and of columns alike."""
    found = _table(table)
    weight = sum(column["weight"] for column in found["columns"])
    is_turned = not found["pages"] and (len(found["columns"]) > _MOST_COLUMNS or weight > _MOST_WEIGHT)
    fitted = _fitted(found, _TURNED_LINE if is_turned else _LINE)
    pages = [{**page, "columns": fitted["columns"]} for page in found["pages"]]
    return {**fitted, "pages": pages, "is_turned": is_turned}


def _fitted(table: dict[str, Any], line: int = _LINE) -> dict[str, Any]:
    """A table, its columns of words as much narrower as figures and dates need to stand in theirs.

    Args:
        table: the table.
        line: characters that share a line.
    """
    columns = table["columns"]
    unbroken = [column for column in columns if column["least"] is not None]
    most = min((line * column["weight"] / column["least"] for column in unbroken), default=0)
    words = sum(column["weight"] for column in columns) - sum(column["weight"] for column in unbroken)
    over = words + sum(column["weight"] for column in unbroken) - most
    if not unbroken or not words or over <= 0:
        return table
    kept = max(_NARROW / _BROAD, 1 - over / words)
    narrower = [
        column if column["least"] is not None else {**column, "weight": kept * column["weight"]} for column in columns
    ]
    return {**table, "columns": narrower}


def _first_rows(table: Table, annex: Mapping[str, str]) -> Table:
    """A table that goes on and on, as far as paper has it: of units where an annex has all of them."""
    whole = CUT.get(table.name)
    if whole is None or len(table.rows) <= MAX_ROWS or (whole and whole not in annex):
        return table
    where = f"phụ lục {annex[whole]}" if whole else ELSEWHERE
    note = f"{shown_of(MAX_ROWS, len(table.rows), 'dòng', where)} {table.note_vi}".strip()
    return replace(table, rows=table.rows[:MAX_ROWS], note_vi=note)


def _without_ended(table: Table) -> Table:
    """A table of the annex as paper has it in a week of a merger."""
    rows = tuple(row for row in table.rows if row.get("stands", True) or table.name not in WITHOUT_ENDED)
    left = len(table.rows) - len(rows)
    if not left:
        return table
    gone = f"{format_value.count(left)} dòng của đơn vị đã kết thúc trong tuần chỉ có trong {ELSEWHERE}."
    note = f"{gone} {table.note_vi}".strip()
    return replace(table, rows=rows, note_vi=note)


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
