"""The weekly report as a workbook (XLSX): a sheet of contents, then one sheet a table.

Numbers, percentages and dates are numbers to the spreadsheet. A text is always written as a text, so that none becomes
a formula or a link, and its cell carries the mark that keeps it a text when somebody edits it.
"""

from collections.abc import Iterable
from datetime import date, datetime, time
from io import BytesIO

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from sohoa.clean_text import clean, shorten
from sohoa.format_value import UNKNOWN
from sohoa.labels import label_vi
from sohoa.report.model import UNSIGNED, WORDS, Column, Row, Table, WeekReport

CONTENTS, WORDS_SHEET = "Mục lục", "Nội dung"
HEADER_ROW = 2
MAX_CHARACTERS = 16_000
"""Of a cell's text; a cell holds 32,767 UTF-16 units."""
NUMBER_FORMATS = {
    "text": "General",
    "label": "General",
    "labels": "General",
    "code": "@",
    "week": "@",
    "count": "#,##0",
    "percent": "0.00%",
    "number": "#,##0.00",
    "date": "dd/mm/yyyy",
}
_TEXTS = ("text", "label", "labels", "code", "week")
_OPTIONS = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
_NARROW, _WIDE = 12, 52
_LINE, _BOLD, _BUTTON = 15, 1.15, 2
"""Points of a line; a bold letter in characters of a column's width; what the filter's button takes of a heading."""
_PAGE_WIDTH = 120


def render(report: WeekReport) -> bytes:
    """The workbook; the same report gives the same bytes."""
    out = BytesIO()
    with xlsxwriter.Workbook(out, _OPTIONS) as book:
        made = datetime.combine(report.last_day, time())
        facts = {"title": report.title, "author": "sohoa", "comments": report.content_hash, "created": made}
        book.set_properties(facts)
        styles = _add_styles(book)
        _write_contents(book.add_worksheet(CONTENTS), report, styles)
        _write_words(book.add_worksheet(WORDS_SHEET), report, styles)
        for table in report.tables:
            _write_table(book.add_worksheet(sheet_name(table)), table, report, styles)
    return out.getvalue()


def sheet_name(table: Table) -> str:
    """What the sheet of a table is called: in Vietnamese, where the table is one of the report's."""
    return label_vi("sheets", table.name)


def _add_styles(book: Workbook) -> dict[str, Format]:
    """A style for each kind of column, and those of the frame."""
    cell = {"valign": "top", "bottom": 4, "bottom_color": "#BFBFBF"}
    text = {"text_wrap": True, "quote_prefix": True, "align": "left"}
    kinds = {
        kind: {**cell, "num_format": code, **(text if kind in _TEXTS else {})} for kind, code in NUMBER_FORMATS.items()
    }
    head = {"bold": True, "text_wrap": True, "valign": "vcenter", "bg_color": "#1F4E79", "font_color": "#FFFFFF"}
    frame = {
        "title": {"bold": True, "font_size": 14},
        "note": {"italic": True, "font_color": "#595959"},
        "fact": {"text_wrap": True, "valign": "top"},
        "header": {**head, "border": 1, "border_color": "#FFFFFF"},
        "link": {**cell, "font_color": "#0B4F8A", "underline": 1},
    }
    return {name: book.add_format(style) for name, style in (kinds | frame).items()}


def _write_contents(sheet: Worksheet, report: WeekReport, styles: dict[str, Format]) -> None:
    """The first sheet: what the report is, and its tables with links to their sheets."""
    for column, width in enumerate((26, 60, 60, 10)):
        sheet.set_column(column, column, width)
    _put(sheet, 0, 0, styles["title"], f"{report.title} ({report.days})")
    facts = (UNSIGNED, *report.definitions_vi, *report.versions, f"SHA-256: {report.content_hash}")
    for row, fact in enumerate(facts, 1):
        sheet.set_row(row, 15 * (1 + len(fact) // 140))
        sheet.merge_range(row, 0, row, 3, "", styles["fact"])
        _put(sheet, row, 0, styles["fact"], fact)
    head = len(facts) + 2
    for column, words in enumerate(("Trang tính / Sheet", "Nội dung", "Content", "Số dòng / Rows")):
        _put(sheet, head, column, styles["header"], words)
    for row, table in enumerate(report.tables, head + 1):
        sheet.write_url(row, 0, f"internal:'{sheet_name(table)}'!A1", styles["link"], sheet_name(table))
        _put(sheet, row, 1, styles["text"], table.title_vi)
        _put(sheet, row, 2, styles["text"], table.title_en)
        sheet.write_number(row, 3, len(table.rows), styles["count"])
    _set_page(sheet, report)


def _write_words(sheet: Worksheet, report: WeekReport, styles: dict[str, Format]) -> None:
    """The second sheet: what the report says in words, section by section, a paragraph a row."""
    sheet.set_column(0, 0, _PAGE_WIDTH)
    row = 0
    for section in report.sections:
        _put(sheet, row, 0, styles["title"], f"{section.number}. {section.title_vi}")
        for paragraph in section.paragraphs:
            row += 1
            sheet.set_row(row, _LINE * _lines(paragraph, _PAGE_WIDTH))
            _put(sheet, row, 0, styles["fact"], paragraph)
        row += 2
    _set_page(sheet, report)


def _write_table(sheet: Worksheet, table: Table, report: WeekReport, styles: dict[str, Format]) -> None:
    """Title, note, frozen header with filters, and the rows."""
    for index, column in enumerate(table.columns):
        sheet.set_column(index, index, _width(column, table.rows))
    _put(sheet, 0, 0, styles["title"], table.title_vi)
    _put(sheet, 1, 0, styles["note"], table.note_vi or table.title_en)
    sheet.set_row(HEADER_ROW, _LINE * max(_header_lines(column, table.rows) for column in table.columns))
    for index, column in enumerate(table.columns):
        _put(sheet, HEADER_ROW, index, styles["header"], column.heading, column.label_en)
    for number, row in enumerate(table.rows, HEADER_ROW + 1):
        for index, column in enumerate(table.columns):
            _write_value(sheet, number, index, row, column, styles[column.kind])
    sheet.freeze_panes(HEADER_ROW + 1, 0)
    sheet.autofilter(HEADER_ROW, 0, HEADER_ROW + len(table.rows), len(table.columns) - 1)
    sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
    sheet.repeat_rows(HEADER_ROW)
    _set_page(sheet, report)


def _write_value(sheet: Worksheet, number: int, index: int, row: Row, column: Column, style: Format) -> None:
    value = row[column.key]
    if value in (None, ()) and column.text(row) in ("", UNKNOWN):
        sheet.write_blank(number, index, None, style)
    elif column.kind in WORDS:
        _put(sheet, number, index, style, column.text(row))
    elif isinstance(value, str):
        _put(sheet, number, index, style, value)
    elif isinstance(value, date):
        sheet.write_datetime(number, index, datetime.combine(value, time()), style)
    else:
        sheet.write_number(number, index, value / 100 if column.kind == "percent" else value, style)


def _put(sheet: Worksheet, row: int, column: int, style: Format, *lines: str) -> None:
    """Write a text as a text.

    XlsxWriter takes any text from "<r>" to "</r>" for its own markup and writes it unescaped: a blank at the end
    prevents that.
    """
    text = "\n".join(shorten(clean(line), MAX_CHARACTERS) for line in lines)
    sheet.write_string(row, column, f"{text} " if text.endswith("</r>") else text, style)


def _header_lines(column: Column, rows: Iterable[Row]) -> int:
    """Lines that a heading takes in its column: both languages, and the filter's button beside the last."""
    width = _width(column, rows) - _BUTTON
    return _lines(column.heading, width) + _lines(column.label_en, width)


def _lines(text: str, width: float) -> int:
    """Lines of at most so many characters, broken between words, and within what is longer than a line."""
    lines, used = 1, 0.0
    for word in text.split():
        size = len(word) * _BOLD
        if used and used + 1 + size > width:
            lines, used = lines + 1, 0.0
        lines += int(size // width) if size > width else 0
        used += size + (1 if used else 0)
    return lines


def _width(column: Column, rows: Iterable[Row]) -> int:
    """A width, in characters, that shows the column's longest value, within bounds."""
    longest = max((len(column.text(row)) for row in rows), default=0)
    return min(_WIDE, max(_NARROW, len(column.heading) // 2 + 4, longest + 2))


def _set_page(sheet: Worksheet, report: WeekReport) -> None:
    """Print on A4 across, as wide as the page, with the report's title and page numbers."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer(f"&L{report.title}&R&P/&N")
