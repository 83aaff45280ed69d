"""Rows of a feed file as text, whatever its format: what a header must name, and what makes a row unusable."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

Column = Any
"""An Arrow array; the published type stubs know too few of its operations."""
LINE = "line"
CHUNK_ROWS = 50_000
MAX_REJECTS = 500_000
"""Rows of one file that are told one by one; a file with more of them is unusable as a whole."""
MAX_COLUMNS = 1_000
"""Columns of a file; the messages have some twenty."""


class UnusableFile(Exception):
    """Nothing of a feed file can be used; the message (Vietnamese) says why, and what to send instead."""


@dataclass(frozen=True)
class Reject:
    """One row, or a whole file (``line`` None), that cannot be used."""

    line: int | None
    field: str | None
    problem: str
    value: str | None = None


class Row(NamedTuple):
    """One row of a file: its line, and its cells or why they cannot be read."""

    line: int
    cells: Sequence[Any]
    problem: str | None = None


class Sheet(NamedTuple):
    """One of several sheets of a workbook, as a message names it, and how many lines lie before it."""

    title: str
    before: int


class Chunk(NamedTuple):
    """Some rows of a file as text, each with its line, and those that do not fit the header."""

    rows: pa.Table
    rejects: list[Reject]
    sheet: Sheet | None = None

    def locate(self, reject: Reject) -> Reject:
        """The reject with the sheet where it stands and its line there, where there are several."""
        if self.sheet is None or reject.line is None:
            return reject
        place = f"{self.sheet.title}, dòng {reject.line - self.sheet.before}"
        return replace(reject, problem=f"{place}: {reject.problem}")


@dataclass(frozen=True)
class Header:
    """The columns of a file and those of them that are wanted."""

    names: tuple[str, ...]
    wanted: tuple[str, ...]

    @classmethod
    def of(cls, cells: Iterable[Any], wanted: Sequence[str]) -> Header:
        """The header in a file's first row.

        Raises:
            UnusableFile: a column that is wanted is missing or comes twice.
        """
        names = tuple(str(cell).strip() for cell in cells)
        check_header(names, wanted)
        return cls(names, tuple(wanted))

    @property
    def places(self) -> list[int]:
        """Where the wanted columns stand, from 0."""
        return [self.names.index(name) for name in self.wanted]


def read_rows(header_cells: Iterable[Any], rows: Iterator[Row], columns: Sequence[str]) -> Iterator[Chunk]:
    """Chunks of the rows below a header.

    Raises:
        UnusableFile: a column is missing or comes twice.
    """
    header = Header.of(header_cells, columns)
    while block := list(islice(rows, CHUNK_ROWS)):
        yield sort_out(block, header)


def sort_out(rows: Iterable[Row], header: Header) -> Chunk:
    """The rows that fit the header, and a reject for each that does not; empty rows are neither."""
    width, good, bad = len(header.names), list[Row](), list[Reject]()
    for row in rows:
        if row.problem is not None:
            bad.append(Reject(row.line, None, row.problem))
        elif len(cells := _fit(row.cells, width)) == width:
            good.append(Row(row.line, cells))
        elif any(cells):
            bad.append(_ragged(row.line, len(cells), width))
    columns = [pa.array([row.cells[place] for row in good], pa.string()) for place in header.places]
    return Chunk(text_table(header.wanted, columns, pa.array([row.line for row in good], pa.int64())), bad)


def text_table(names: Sequence[str], cells: Sequence[Column], lines: Column) -> pa.Table:
    """The cells as trimmed text, null where empty, with ``line``; rows without any text are left out."""
    columns = {name: clean(values) for name, values in zip(names, cells, strict=True)}
    table = pa.table({**columns, LINE: lines})
    blank = [pc.is_null(table[name]) for name in names]
    is_blank = blank[0]
    for other in blank[1:]:
        is_blank = pc.and_(is_blank, other)
    return table.filter(pc.invert(is_blank))


def clean(text: Column) -> Column:
    """Text without white space around it, null where nothing is left."""
    trimmed = pc.utf8_trim_whitespace(text)
    return pc.if_else(pc.equal(trimmed, pa.scalar("")), pa.scalar(None, pa.string()), trimmed)


def check_header(names: Sequence[str], columns: Sequence[str]) -> None:
    """Raises UnusableFile where a column is missing or comes twice."""
    if not any(names):
        raise UnusableFile("Tệp trống; dòng đầu phải là dòng tiêu đề với tên các cột.")
    if len(names) > MAX_COLUMNS:
        raise UnusableFile(f"Dòng tiêu đề có {len(names)} cột; tệp không được có quá {MAX_COLUMNS} cột.")
    missing = [column for column in columns if column not in names]
    if missing:
        raise UnusableFile(
            f"Dòng tiêu đề thiếu cột {', '.join(missing)}; "
            f"hãy gửi đủ các cột {', '.join(columns)}, ngăn cách bằng dấu phẩy."
        )
    twice = [column for column in columns if list(names).count(column) > 1]
    if twice:
        raise UnusableFile(f"Dòng tiêu đề ghi hai lần cột {', '.join(twice)}; mỗi cột chỉ ghi một lần.")


def check_size(size: int, limit: int) -> None:
    """Raises UnusableFile where a file is larger than it may be."""
    if size > limit:
        raise too_large(limit)


def too_large(limit: int) -> UnusableFile:
    """The error for a file of more than ``limit`` bytes, packed or unpacked."""
    return UnusableFile(f"Tệp quá lớn (giới hạn {limit:,} byte); hãy chia thành nhiều tệp nhỏ.".replace(",", "."))


def too_many_rejects(first: Reject) -> UnusableFile:
    """The error for a file of more than ``MAX_REJECTS`` rows that cannot be used."""
    count = f"{MAX_REJECTS:,}".replace(",", ".")
    return UnusableFile(
        f"Hơn {count} dòng không dùng được, nên cả tệp không được dùng; trước hết là dòng {first.line}: {first.problem}"
    )


def _fit(cells: Sequence[str], width: int) -> Sequence[str]:
    """Without the empty cells that spreadsheets add at the end of a row."""
    end = len(cells)
    while end > width and not cells[end - 1]:
        end -= 1
    return cells[:end]


def _ragged(line: int, found: int, expected: int) -> Reject:
    reason = f"Dòng có {found} cột, dòng tiêu đề có {expected}; mỗi hồ sơ ghi trọn trên một dòng, đủ các cột."
    return Reject(line, None, reason)
