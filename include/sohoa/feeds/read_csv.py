"""CSV feed files: Arrow reads those without quotes, which is nearly all; the others are read a line at a time."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from sohoa.feeds.text_rows import Chunk, Header, UnusableFile, read_rows, sort_out, text_table

_BLOCK_BYTES = 4_194_304
_FIRST_ROW = 2


def read_csv(data: bytes, columns: Sequence[str]) -> Iterator[Chunk]:
    """The rows of a CSV file, as ``feed_files.read_chunks`` yields them; one line is one row."""
    _check_utf8(data)
    has_quotes = data.find(b'"', _end_of_header(data)) >= 0
    try:
        yield from _read_by_line(data, columns) if has_quotes else _read_at_once(data, columns)
    except (csv.Error, pa.ArrowInvalid) as error:
        raise UnusableFile(f"Tệp không phải CSV hợp lệ ({error}); hãy xuất lại tệp.") from None


def _check_utf8(data: bytes) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(data), _BLOCK_BYTES):
            decoder.decode(data[start : start + _BLOCK_BYTES])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise UnusableFile("Tệp không dùng bảng mã UTF-8; hãy xuất lại tệp CSV với bảng mã UTF-8.") from None


def _read_by_line(data: bytes, columns: Sequence[str]) -> Iterator[Chunk]:
    # an unclosed quote then spoils its own row and no other
    text = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline="")
    yield from read_rows(((n, cells) for n, line in enumerate(text, start=1) for cells in csv.reader([line])), columns)


def _read_at_once(data: bytes, columns: Sequence[str]) -> Iterator[Chunk]:
    first = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline="").readline(_BLOCK_BYTES)
    header = Header.of(next(csv.reader([first]), []), columns)
    odd: list[pacsv.InvalidRow] = []
    after = _FIRST_ROW
    for batch in _open(data, header, odd) if _has_rows(data) else ():
        lines = _lines(after, batch.num_rows, [row.number for row in odd])
        after = int(lines[-1]) + 1 if len(lines) else after
        yield text_table(header.wanted, batch.columns, pa.array(lines)), []
    if odd:
        yield sort_out(((row.number, row.text.split(",")) for row in odd), header)


def _open(data: bytes, header: Header, odd: list[pacsv.InvalidRow]) -> pacsv.CSVStreamingReader:
    """Batches of the wanted columns; rows of another width go to ``odd``, empty ones are rows of empty cells."""

    def keep(row: pacsv.InvalidRow) -> str:
        odd.append(row)
        return "skip"

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
