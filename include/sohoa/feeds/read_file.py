"""From the bytes of a feed file (CSV, Parquet, XLSX) to Arrow tables of text, a bounded number of rows at a time."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sohoa.feeds.read_csv import read_csv
from sohoa.feeds.read_workbook import read_workbook
from sohoa.feeds.text_rows import (
    CHUNK_ROWS,
    Chunk,
    Column,
    UnusableFile,
    check_header,
    check_size,
    text_table,
)
from sohoa.settings import TIME_ZONE

_FIRST_ROW = 2
_TIME_FORMAT = "%Y%m%d%H%M%S"
_EXACT = {pa.float16(): 2.0**11, pa.float32(): 2.0**24, pa.float64(): 2.0**53}
"""Below these every whole number is a value of its own; what is above may have been rounded."""


def read_chunks(name: str, data: bytes, columns: Sequence[str], limit: int) -> Iterator[Chunk]:
    """Rows of a feed file as text, in the order of the file.

    Args:
        name: file name; its ending tells the format.
        data: the whole file.
        columns: the columns that the header must name; others are left out.
        limit: how many bytes the file may have once it is unpacked.

    Yields:
        The columns as strings, trimmed, null where empty, with ``line`` (the header is line 1), and the rows that do
        not fit the header.

    Raises:
        UnusableFile: nothing of the file can be used; raised before or between chunks.
    """
    match PurePosixPath(name).suffix.lower():
        case ".csv":
            return read_csv(data, columns)
        case ".parquet":
            return _read_parquet(data, columns, limit)
        case ".xlsx":
            return read_workbook(data, columns, limit)
        case _:
            raise UnusableFile("Không nhận dạng được định dạng tệp; hãy gửi tệp .csv (UTF-8), .parquet hoặc .xlsx.")


def _read_parquet(data: bytes, columns: Sequence[str], limit: int) -> Iterator[Chunk]:
    try:
        file = pq.ParquetFile(io.BytesIO(data), coerce_int96_timestamp_unit="ms")  # ns would end in the year 2262
        check_header(file.schema_arrow.names, columns)
        groups = (file.metadata.row_group(i) for i in range(file.metadata.num_row_groups))
        check_size(max(sum(g.total_byte_size for g in groups), file.metadata.num_rows * len(columns)), limit)
        moments = _int96_columns(file)
        first = _FIRST_ROW
        for batch in file.iter_batches(batch_size=CHUNK_ROWS, columns=list(columns)):
            lines = pa.array(range(first, first + batch.num_rows), pa.int64())
            first += batch.num_rows
            cells = [_column_text(_in_utc(batch[name]) if name in moments else batch[name]) for name in columns]
            yield Chunk(text_table(columns, cells, lines), [])
    except pa.ArrowMemoryError:  # a bound of the process, not a fault of the format
        raise
    except (pa.ArrowException, OSError) as error:
        raise UnusableFile(
            f"Không đọc được tệp Parquet ({type(error).__name__}); hãy xuất lại tệp, các cột kiểu chuỗi."
        ) from None


def _int96_columns(file: pq.ParquetFile) -> set[str]:
    """Columns of the old kind of timestamp: without a zone, and in UTC, as Spark and Hive write them."""
    columns = (file.schema.column(place) for place in range(len(file.schema)))
    return {column.path for column in columns if column.physical_type == "INT96"}


def _in_utc(column: Column) -> Column:
    return column.cast(pa.timestamp(column.type.unit, "UTC"))


def _column_text(column: Column) -> Column:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _column_text(column.dictionary_decode())
    if pa.types.is_date(kind):
        return pc.strftime(column, "%Y%m%d000000")
    if pa.types.is_timestamp(kind):
        local = column if kind.tz is None else column.cast(pa.timestamp(kind.unit, TIME_ZONE.key))
        return pc.strftime(local.cast(pa.timestamp("s", local.type.tz), safe=False), _TIME_FORMAT)
    if pa.types.is_boolean(kind):
        return column.cast(pa.int8()).cast(pa.string())
    if pa.types.is_floating(kind):
        return _float_text(column)
    return column.cast(pa.string())


def _float_text(column: Column) -> Column:
    """Numbers as they are written, whole ones without a point; NaN, a missing value of pandas, is null."""
    values = column.cast(pa.float64())
    is_whole = pc.and_(pc.equal(values, pc.round(values)), pc.less(pc.abs(values), pa.scalar(_EXACT[column.type])))
    whole = pc.if_else(is_whole, values, pa.scalar(None, values.type)).cast(pa.int64()).cast(pa.string())
    other = pc.if_else(pc.is_nan(values), pa.scalar(None, values.type), values).cast(pa.string())
    return pc.coalesce(whole, other)
