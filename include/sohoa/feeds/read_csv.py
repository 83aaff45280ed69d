"""CSV feed files: Arrow reads those without quotes, which is nearly all; the others are read a record at a time."""

from __future__ import annotations

import codecs
import csv
import io
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from sohoa.feeds.text_rows import (
    MAX_REJECTS,
    Chunk,
    Header,
    Row,
    UnusableFile,
    read_rows,
    sort_out,
    text_table,
    too_many_rejects,
)

_BLOCK_BYTES = 4_194_304
_FIRST_ROW = 2
_MAX_LINES = 100
"""Lines that one record may have: a quote that is not closed by then never will be."""
_OPEN_QUOTE = "Dấu ngoặc kép mở ở dòng này không được đóng đúng chỗ; hãy sửa dòng này và gửi lại."


def read_csv(data: bytes, columns: Sequence[str]) -> Iterator[Chunk]:
    """The rows of a CSV file, as ``read_file.read_chunks`` yields them; its line is that on which a record begins."""
    _check_utf8(data)
    if b"\0" in data[: _end_of_header(data) + 1]:
        raise _not_utf8()  # UTF-16 of plain letters is UTF-8 too, with zeros between them
    has_quotes = data.find(b'"', _end_of_header(data)) >= 0
    try:
        yield from _read_by_record(data, columns) if has_quotes else _read_at_once(data, columns)
    except (csv.Error, pa.ArrowInvalid) as error:
        raise UnusableFile(f"Tệp không phải CSV hợp lệ ({error}); hãy xuất lại tệp.") from None


def _check_utf8(data: bytes) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(data), _BLOCK_BYTES):
            decoder.decode(data[start : start + _BLOCK_BYTES])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise _not_utf8() from None


def _not_utf8() -> UnusableFile:
    return UnusableFile("Tệp không dùng bảng mã UTF-8; hãy xuất lại tệp CSV với bảng mã UTF-8.")


def _read_by_record(data: bytes, columns: Sequence[str]) -> Iterator[Chunk]:
    text = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline="")
    header = next(csv.reader([next(text)]), [])
    yield from read_rows(header, _records(text, len(header)), columns)


def _records(lines: Iterable[str], width: int) -> Iterator[Row]:
    """Records below the header, of one line or, where a quoted value has line breaks, of several.

    A quote that is never closed spoils its own line and no other.
    """
    rest, ahead, number = iter(lines), deque[str](), _FIRST_ROW
    while True:
        ahead.extend(islice(rest, _MAX_LINES - len(ahead)))
        if not ahead:
            return
        count, cells = _first_record(ahead, width)
        yield Row(number, [], _OPEN_QUOTE) if cells is None else Row(number, cells)
        number += count
        for _ in range(count):
            ahead.popleft()


def _first_record(lines: Iterable[str], width: int) -> tuple[int, list[str] | None]:
    """How many of the lines are the first record, and its cells; no cells where a quote in it is not closed."""
    first = next(iter(lines))
    cells, taken = _parse([first])
    if taken == 1:
        return 1, cells
    try:
        cells, taken = _parse(lines, is_strict=True)
    except csv.Error:  # no quote closes it, or one in the middle of a value
        return 1, None
    is_swallowed = any(len(_parse([line])[0]) == width for line in islice(lines, 1, taken))
    return (1, None) if is_swallowed else (taken, cells)


def _parse(lines: Iterable[str], is_strict: bool = False) -> tuple[list[str], int]:
    """The first record of some lines, and how many lines it asks for: more than there are where a quote stays open."""
    asked = 0

    def count() -> Iterator[str]:
        nonlocal asked
        for line in lines:
            asked += 1
            yield line
        asked += 1

    return next(csv.reader(count(), strict=is_strict), []), asked


def _read_at_once(data: bytes, columns: Sequence[str]) -> Iterator[Chunk]:
    first = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline="").readline(_BLOCK_BYTES)
    header = Header.of(next(csv.reader([first]), []), columns)
    odd: list[pacsv.InvalidRow] = []
    after = _FIRST_ROW
    try:
        for batch in _open(data, header, odd) if _has_rows(data) else ():
            lines = _lines(after, batch.num_rows, [row.number for row in odd])
            after = int(lines[-1]) + 1 if len(lines) else after
            yield Chunk(text_table(header.wanted, batch.columns, pa.array(lines)), [])
    except pa.ArrowInvalid:
        if len(odd) > MAX_REJECTS:
            raise too_many_rejects(sort_out(_odd_rows(odd[:1]), header).rejects[0]) from None
        raise
    if odd:
        yield sort_out(_odd_rows(odd), header)


def _odd_rows(odd: Iterable[pacsv.InvalidRow]) -> Iterator[Row]:
    return (Row(row.number, row.text.split(",")) for row in odd)


def _open(data: bytes, header: Header, odd: list[pacsv.InvalidRow]) -> pacsv.CSVStreamingReader:
    """Batches of the wanted columns; rows of another width go to ``odd``, empty ones are rows of empty cells."""

    def keep(row: pacsv.InvalidRow) -> str:
        odd.append(row)
        return "skip" if len(odd) <= MAX_REJECTS else "error"

    names = [str(place) for place in range(len(header.names))]
    return pacsv.open_csv(
        io.BytesIO(data),
        # one thread, or the numbers of rows would not be known
        pacsv.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES, column_names=names, skip_rows=1),
        pacsv.ParseOptions(quote_char=False, double_quote=False, ignore_empty_lines=False, invalid_row_handler=keep),
        pacsv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            strings_can_be_null=False,
            include_columns=[str(place) for place in header.places],
        ),
    )


def _end_of_header(data: bytes) -> int:
    return min((place for place in (data.find(b"\n"), data.find(b"\r")) if place >= 0), default=len(data))


def _has_rows(data: bytes) -> bool:
    """Whether anything follows the header: Arrow takes an empty rest for an error."""
    return bool(data[_end_of_header(data) :].strip(b"\r\n"))


def _lines(after: int, count: int, odd: Sequence[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Line numbers of the next ``count`` rows that are not odd."""
    candidates = np.arange(after, after + count + len(odd))
    return candidates[~np.isin(candidates, odd)][:count]
