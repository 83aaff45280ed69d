"""XLSX feed files: every sheet of a workbook is read, or named as not read."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import accumulate
from typing import Any, NamedTuple
from xml.etree.ElementTree import ParseError

import openpyxl
import pyarrow as pa
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet._reader import WorkSheetParser

from sohoa.clean_text import clean, shorten
from sohoa.feeds.text_rows import LINE, MAX_COLUMNS, Chunk, Reject, Row, Sheet, UnusableFile, check_size, read_rows

_Texts = dict[int, str]
"""Column, from 1 -> what its cell shows, of the cells that a row has."""

_TIME_FORMAT, _DAY_FORMAT = "%Y%m%d%H%M%S", "%Y%m%d000000"
_TITLE_CHARACTERS = 40
_BLOCK_BYTES = 1_048_576
_MERGED_CELLS = rb"""mergeCell ref=["'](?P<first>[A-Z]{1,3})(?P<top>\d{1,7}):(?P<last>[A-Z]{1,3})(?P<end>\d{1,7})"""
_MARK = re.compile(rb"<(?:\w{1,8}:)?(?:f[ />]|" + _MERGED_CELLS + b")")
_MARK_BYTES = 64
_DELETE = "Trang không phải dữ liệu thì hãy xóa khỏi tệp."
_MERGED = "Dòng có ô gộp; hãy bỏ gộp ô và ghi giá trị vào từng ô."
# what openpyxl is known to raise on a workbook that is damaged or was written by hand
_BAD_WORKBOOK = (
    AttributeError,
    IndexError,
    InvalidFileException,
    KeyError,
    OSError,
    ParseError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)


def read_workbook(data: bytes, columns: Sequence[str], limit: int) -> Iterator[Chunk]:
    """The rows of all sheets of a workbook, as ``read_file.read_chunks`` yields them.

    Each sheet has its own header, in its first row that is not empty. Where there are several, lines are counted on
    from sheet to sheet, and a sheet without the header is a reject; empty ones do not count.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            check_size(sum(part.file_size for part in parts.infolist()), limit)
            yield from _read_sheets(data, parts, columns)
    except _BAD_WORKBOOK as error:
        raise UnusableFile(
            f"Không mở được tệp Excel ({type(error).__name__}); hãy xuất lại tệp .xlsx hoặc gửi tệp CSV."
        ) from None


def _read_sheets(data: bytes, parts: zipfile.ZipFile, columns: Sequence[str]) -> Iterator[Chunk]:
    sheets = [(title, header, rows) for title, rows in _open_sheets(data, parts) if (header := next(rows, None))]
    if not sheets:
        yield from read_rows([], iter(()), columns)  # says that the file is empty
    is_only, before = len(sheets) == 1, 0
    for title, header, rows in sheets:
        counted = _CountedRows(rows, before)
        try:
            for chunk in read_rows(header.cells, counted, columns):
                yield chunk if is_only else chunk._replace(sheet=Sheet(title, before))
        except UnusableFile as error:
            if is_only:
                raise
            yield _not_read(columns, f"{title} không được đọc. {error} {_DELETE}")
        before = counted.last


def _not_read(columns: Sequence[str], problem: str) -> Chunk:
    no_rows = pa.schema([*((name, pa.string()) for name in columns), (LINE, pa.int64())]).empty_table()
    return Chunk(no_rows, [Reject(None, None, problem)])


class _CountedRows:
    """Rows of a sheet, their lines counted on from the sheets before; ``last`` is the line of the newest."""

    def __init__(self, rows: Iterator[Row], before: int) -> None:
        self._rows, self._before, self.last = rows, before, before

    def __iter__(self) -> Iterator[Row]:
        return self

    def __next__(self) -> Row:
        row = next(self._rows)
        self.last = self._before + row.line
        return row._replace(line=self.last)


def _open_sheets(data: bytes, parts: zipfile.ZipFile) -> Iterator[tuple[str, Iterator[Row]]]:
    """Title of each sheet and its rows that are not empty."""
    sheets = _load(data, is_computed=True)
    marks = [_find_marks(parts, sheet) for sheet in sheets]
    formulas = _load(data, is_computed=False) if any(mark.has_formulas for mark in marks) else sheets
    for sheet, uncomputed, mark in zip(sheets, formulas, marks, strict=True):
        texts = _computed_texts(sheet, uncomputed) if mark.has_formulas else _texts(sheet)
        kind = "Trang tính" if sheet.sheet_state == "visible" else "Trang tính ẩn"
        yield f"{kind} “{shorten(clean(sheet.title), _TITLE_CHARACTERS)}”", _filled(texts, _MergedLines(mark.merged))


def _load(data: bytes, is_computed: bool) -> list[Any]:
    return openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=is_computed).worksheets


def _read_cells(sheet: Any) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Line and cells of each row that the file has: ``iter_rows`` would fill all gaps between rows and cells."""
    book = sheet.parent
    with sheet._get_source() as xml:
        yield from WorkSheetParser(
            xml,
            sheet._shared_strings,
            data_only=book.data_only,
            epoch=book.epoch,
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        ).parse()


def _texts(sheet: Any) -> Iterator[tuple[int, _Texts]]:
    for line, cells in _read_cells(sheet):
        yield line, {cell["column"]: _cell_text(cell["value"]) for cell in cells}


def _computed_texts(sheet: Any, uncomputed: Any) -> Iterator[tuple[int, _Texts]]:
    """Texts of a sheet with formulas: one that was never computed stands as the formula, which no field takes."""
    for (line, cells), (_, formulas) in zip(_read_cells(sheet), _read_cells(uncomputed), strict=True):
        pairs = zip(cells, formulas, strict=True)
        yield line, {cell["column"]: _computed_text(cell, formula["value"]) for cell, formula in pairs}


def _computed_text(cell: dict[str, Any], formula: Any) -> str:
    is_empty_text = cell["data_type"] == "str"  # the formula was computed: its result is a text without a letter
    if cell["value"] is None and formula is not None and not is_empty_text:
        return formula if isinstance(formula, str) else "="
    return _cell_text(cell["value"])


def _filled(rows: Iterator[tuple[int, _Texts]], merged: _MergedLines) -> Iterator[Row]:
    """The rows that are not empty, each as wide as its cells, or as the first of them, the header, where all that lies
    beyond is empty."""
    width = 0
    for line, texts in rows:
        last = max((column for column, text in texts.items() if text), default=0)
        if not last:
            continue
        is_header, width = not width, width or last
        if last > MAX_COLUMNS and not is_header:
            yield Row(line, [], f"Dòng có ô ở cột thứ {last}; tệp không được có quá {MAX_COLUMNS} cột.")
            continue
        size = max(last, min(width, max(texts)))
        yield Row(line, [texts.get(column, "") for column in range(1, size + 1)], _MERGED if line in merged else None)


def _cell_text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(int(value))
        case datetime():
            return value.strftime(_TIME_FORMAT)
        case date():
            return value.strftime(_DAY_FORMAT)
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)


class _MergedLines:
    """The lines in which a merged cell lies that shows nothing there."""

    def __init__(self, changes: Counter[int]) -> None:
        self._lines = sorted(changes)
        self._depths = list(accumulate(changes[line] for line in self._lines))

    def __contains__(self, line: int) -> bool:
        place = bisect_right(self._lines, line)
        return place > 0 and self._depths[place - 1] > 0


class _Marks(NamedTuple):
    """What openpyxl does not tell of a sheet that it reads row by row."""

    has_formulas: bool
    merged: Counter[int]
    """Line -> in how many merged cells it lies, less those of the line before: all but the first of such cells show
    nothing, and so does a line with a part of one."""


def _find_marks(parts: zipfile.ZipFile, sheet: Any) -> _Marks:
    has_formulas, merged, rest = False, Counter[int](), b""
    with parts.open(sheet._worksheet_path) as xml:
        while block := xml.read(_BLOCK_BYTES):
            text = rest + block
            for mark in _MARK.finditer(text):
                if mark["first"] is None:
                    has_formulas = True
                else:
                    merged[int(mark["top"]) + (mark["first"] == mark["last"])] += 1
                    merged[int(mark["end"]) + 1] -= 1
            rest = text[-_MARK_BYTES:]  # a mark may lie across two blocks; to find it twice does no harm
    return _Marks(has_formulas, merged)
