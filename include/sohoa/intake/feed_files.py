"""From the bytes of a feed file (CSV, Parquet, XLSX) to Arrow tables of text, a bounded number of rows at a time."""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import PurePosixPath
from typing import Any
from xml.etree.ElementTree import ParseError

import openpyxl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from openpyxl.utils.exceptions import InvalidFileException

from sohoa.settings import TIME_ZONE

Column = Any
"""An Arrow array; the published type stubs know too few of its operations."""
LINE = "line"
CHUNK_ROWS = 50_000
_FIRST_ROW = 2
_TIME_FORMAT = "%Y%m%d%H%M%S"
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


class UnusableFile(Exception):
    """Nothing of a feed file can be used; the message (Vietnamese) says why, and what to send instead."""


@dataclass(frozen=True)
class Reject:
    """One row, or a whole file (``line`` None), that cannot be used."""

    line: int | None
    field: str | None
    reason: str
    value: str | None = None


Chunk = tuple[pa.Table, list[Reject]]
Row = tuple[int, Sequence[Any]]


def read_chunks(name: str, data: bytes, columns: Sequence[str], limit: int) -> Iterator[Chunk]:
    """Rows of a feed file as text, in the order of the file.

    Args:
        name: file name; its ending tells the format.
        data: the whole file.
        columns: the columns that the header must name; others are left out.
        limit: how many bytes the file may have once it is unpacked.

    Yields:
        (table, rejects): the columns as strings, trimmed, null where empty, with ``line`` (the header is line 1), and
        the rows that do not fit the header.

    Raises:
        UnusableFile: nothing of the file can be used; raised before or between chunks.
    """
    match PurePosixPath(name).suffix.lower():
        case ".csv":
            return _read_csv(data, columns)
        case ".parquet":
            return _read_parquet(data, columns, limit)
        case ".xlsx":
            return _read_workbook(data, columns, limit)
        case _:
            raise UnusableFile("Không nhận dạng được định dạng tệp; hãy gửi tệp .csv (UTF-8), .parquet hoặc .xlsx.")


def _read_csv(data: bytes, columns: Sequence[str]) -> Iterator[Chunk]:
    # one line is one row: an unclosed quote then spoils its own row and no other
    text = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline="")
    rows = ((number, cells) for number, line in enumerate(text, start=1) for cells in csv.reader([line]))
    try:
        yield from _read_rows(rows, columns)
    except UnicodeDecodeError:
        raise UnusableFile("Tệp không dùng bảng mã UTF-8; hãy xuất lại tệp CSV với bảng mã UTF-8.") from None
    except csv.Error as error:
        raise UnusableFile(f"Tệp không phải CSV hợp lệ ({error}); hãy xuất lại tệp.") from None


def _read_workbook(data: bytes, columns: Sequence[str], limit: int) -> Iterator[Chunk]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            _check_size(sum(part.file_size for part in parts.infolist()), limit)
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # the size that a file claims for its sheet may be wrong
        rows = (
            (n, [_cell_text(cell) for cell in cells]) for n, cells in enumerate(sheet.iter_rows(values_only=True), 1)
        )
        yield from _read_rows(rows, columns)
    except _BAD_WORKBOOK as error:
        raise UnusableFile(
            f"Không mở được tệp Excel ({type(error).__name__}); hãy xuất lại tệp .xlsx hoặc gửi tệp CSV."
        ) from None


def _cell_text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(int(value))
        case datetime():
            return value.strftime(_TIME_FORMAT)
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)


def _read_rows(rows: Iterator[Row], columns: Sequence[str]) -> Iterator[Chunk]:
    _, header = next(rows, (1, []))
    names = [str(name).strip() for name in header]
    _check_header(names, columns)
    places = [names.index(column) for column in columns]
    while block := list(islice(rows, CHUNK_ROWS)):
        filled = [(line, _fit(cells, len(names))) for line, cells in block if any(cells)]
        good = [row for row in filled if len(row[1]) == len(names)]
        bad = [_ragged(line, len(cells), len(names)) for line, cells in filled if len(cells) != len(names)]
        yield _text_table(good, columns, places), bad


def _fit(cells: Sequence[str], width: int) -> Sequence[str]:
    """Without the empty cells that spreadsheets add or leave out at the end of a row."""
    end = len(cells)
    while end > width and not cells[end - 1]:
        end -= 1
    return cells[:end]


def _ragged(line: int, found: int, expected: int) -> Reject:
    reason = f"Dòng có {found} cột, dòng tiêu đề có {expected}; mỗi hồ sơ ghi trọn trên một dòng, đủ các cột."
    return Reject(line, None, reason)


def _text_table(rows: Iterable[Row], columns: Sequence[str], places: Sequence[int]) -> pa.Table:
    rows = list(rows)
    arrays = {
        c: _clean(pa.array([cells[i] for _, cells in rows], pa.string())) for c, i in zip(columns, places, strict=True)
    }
    return pa.table({**arrays, LINE: pa.array([line for line, _ in rows], pa.int64())})


def _read_parquet(data: bytes, columns: Sequence[str], limit: int) -> Iterator[Chunk]:
    try:
        file = pq.ParquetFile(io.BytesIO(data))
        _check_header(file.schema_arrow.names, columns)
        groups = (file.metadata.row_group(i) for i in range(file.metadata.num_row_groups))
        _check_size(max(sum(g.total_byte_size for g in groups), file.metadata.num_rows * len(columns)), limit)
        first = _FIRST_ROW
        for batch in file.iter_batches(batch_size=CHUNK_ROWS, columns=list(columns)):
            lines = pa.array(range(first, first + batch.num_rows), pa.int64())
            first += batch.num_rows
            yield pa.table({**{name: _clean(_column_text(batch[name])) for name in columns}, LINE: lines}), []
    except (pa.ArrowException, OSError) as error:
        raise UnusableFile(
            f"Không đọc được tệp Parquet ({type(error).__name__}); hãy xuất lại tệp, các cột kiểu chuỗi."
        ) from None


def _column_text(column: Column) -> Column:
    kind = column.type
    if pa.types.is_timestamp(kind):
        local = column if kind.tz is None else column.cast(pa.timestamp(kind.unit, TIME_ZONE.key))
        return pc.strftime(local.cast(pa.timestamp("s", local.type.tz), safe=False), _TIME_FORMAT)
    if pa.types.is_boolean(kind):
        return column.cast(pa.int8()).cast(pa.string())
    if pa.types.is_floating(kind) and pc.all(pc.equal(column, pc.round(column)), min_count=0).as_py():
        return column.cast(pa.int64()).cast(pa.string())
    return column.cast(pa.string())


def _clean(text: Column) -> Column:
    trimmed = pc.utf8_trim_whitespace(text)
    return pc.if_else(pc.equal(trimmed, pa.scalar("")), pa.scalar(None, pa.string()), trimmed)


def _check_header(names: Sequence[str], columns: Sequence[str]) -> None:
    if not any(names):
        raise UnusableFile("Tệp trống; dòng đầu phải là dòng tiêu đề với tên các cột.")
    missing = [column for column in columns if column not in names]
    if missing:
        raise UnusableFile(
            f"Dòng tiêu đề thiếu cột {', '.join(missing)}; "
            f"hãy gửi đủ các cột {', '.join(columns)}, ngăn cách bằng dấu phẩy."
        )
    twice = [column for column in columns if list(names).count(column) > 1]
    if twice:
        raise UnusableFile(f"Dòng tiêu đề ghi hai lần cột {', '.join(twice)}; mỗi cột chỉ ghi một lần.")


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        raise too_large(limit)


def too_large(limit: int) -> UnusableFile:
    """The error for a file of more than ``limit`` bytes, packed or unpacked."""
    return UnusableFile(f"Tệp quá lớn (giới hạn {limit:,} byte); hãy chia thành nhiều tệp nhỏ.".replace(",", "."))
