"""A feed file that costs too much, or breaks what reads it, is one reject; the next file is read."""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from sohoa.feeds import read_guarded
from sohoa.feeds.import_files import read_file
from sohoa.feeds.read_file import read_chunks
from sohoa.feeds.read_guarded import GuardedReader
from sohoa.feeds.sources import REGISTER
from sohoa.settings import Settings
from tests.feeds.feed_rows import HEADER, cells, csv_bytes, feed_file, parquet_bytes, row, workbook_bytes, xlsx_bytes

LIMIT = 268_435_456
TIGHT = Settings(max_feed_seconds=2, max_feed_memory_bytes=536_870_912)


@pytest.fixture(scope="module")
def reader() -> Iterator[GuardedReader]:
    """One process for the honest files of this module."""
    with GuardedReader(Settings()) as reader:
        yield reader


def read(reader: GuardedReader, data: bytes, name: str = "a.csv") -> tuple[pa.Table, list[Any], int]:
    return read_file(REGISTER, feed_file(name), data, LIMIT, reader.read_chunks)


HONEST = {
    "csv": ("a.csv", csv_bytes(*(row(n) for n in range(120)), row(7, LoaiBo="?"))),
    "quoted csv": ("a.csv", csv_bytes(row(1, MienSoHoa="a, b"), row(2, MienSoHoa="c\nd")) + b"x,y\n"),
    "parquet": ("a.parquet", parquet_bytes(pa.Table.from_pylist([row(n) for n in range(90)]))),
    "workbook": ("a.xlsx", workbook_bytes({"1": [HEADER, cells(1)], "2": [HEADER, [], cells(2), cells(3, LoaiBo=7)]})),
    "empty": ("a.csv", b""),
    "other format": ("a.pdf", b"%PDF-1.7"),
    "no workbook": ("a.xlsx", b"PK"),
}


@pytest.mark.parametrize("kind", HONEST)
def test_what_is_read_is_the_same_as_without_a_guard(reader: GuardedReader, kind: str) -> None:
    """Rows, rejects with lines, sheets and reasons, and their number."""
    name, data = HONEST[kind]
    rows, rejects, count = read(reader, data, name)
    expected = read_file(REGISTER, feed_file(name), data, LIMIT, read_chunks)
    assert rows.equals(expected[0]) and (rejects, count) == expected[1:]


def sheet(rows: bytes) -> bytes:
    """A workbook whose sheet has these rows below the header, as XML, and says nothing of its size."""
    source, sink = zipfile.ZipFile(io.BytesIO(xlsx_bytes(HEADER))), io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.namelist():
            body = source.read(part)
            if part.endswith("sheet1.xml"):
                start = body.index(b"<dimension")
                body = body[:start] + body[body.index(b">", start) + 1 :]
                body = body.replace(b"</sheetData>", rows + b"</sheetData>")
            target.writestr(part, body)
    return sink.getvalue()


def value(column: str, line: int, text: str) -> str:
    return f'<c r="{column}{line}" t="inlineStr"><is><t>{text}</t></is></c>'


def xml_row(line: int, number: int) -> bytes:
    columns = "ABCDEFGHIJKLMNOP"
    found = "".join(value(columns[i], line, text) for i, text in enumerate(cells(number)) if text)
    return f'<row r="{line}">{found}</row>'.encode()


def test_gaps_of_a_sheet_cost_nothing(reader: GuardedReader) -> None:
    """A row far down and a cell far right: the rows between are not made, the lines are those of the file."""
    far = xml_row(2, 1) + xml_row(90_000_000, 2)
    rows, rejects, _ = read(reader, sheet(far), "a.xlsx")
    assert rows["line"].to_pylist() == [2, 90_000_000] and rejects == []
    empty = b'<row><c r="XFD9"/></row>' * 20_000
    rows, rejects, _ = read(reader, sheet(xml_row(2, 1) + empty + xml_row(40_000, 2)), "a.xlsx")
    assert rows["line"].to_pylist() == [2, 40_000] and rejects == []


def test_a_value_far_right_is_told(reader: GuardedReader) -> None:
    """Not left out, and not as a thousand cells."""
    body = xml_row(2, 1) + f'<row r="3">{value("ALM", 3, "x")}</row>'.encode()
    rows, (reject,), _ = read(reader, sheet(body), "a.xlsx")
    assert rows.num_rows == 1 and reject.line == 3 and "1001" in reject.problem


def test_a_header_of_thousands_of_columns_is_no_header(reader: GuardedReader) -> None:
    """As CSV and as a workbook."""
    names = [*HEADER, *(f"c{n}" for n in range(5000))]
    for name, data in (("a.csv", ",".join(names).encode() + b"\n"), ("a.xlsx", xlsx_bytes(names))):
        rows, (reject,), _ = read(reader, data, name)
        assert rows.num_rows == 0 and "5016 cột" in reject.problem


def endless_rows() -> tuple[str, bytes]:
    return "a.xlsx", sheet(b"<row><c><v>1</v></c></row>" * 2_000_000)


def hungry_text() -> tuple[str, bytes]:
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 400, pa.int8()), pa.array(["x" * 2_000_000]))
    return "a.parquet", parquet_bytes(pa.table(dict.fromkeys(HEADER, column)), compression="zstd")


@pytest.mark.parametrize(("make", "reason"), [(endless_rows, "thời gian"), (hungry_text, "bộ nhớ")])
def test_a_small_file_that_costs_too_much_is_one_reject(make: Callable[[], tuple[str, bytes]], reason: str) -> None:
    """It says what was too much and what to send instead; the next file is read."""
    name, data = make()
    with GuardedReader(TIGHT) as reader:
        rows, (reject,), count = read(reader, data, name)
        assert (rows.num_rows, count, reject.line) == (0, 1, None) and reason in reject.problem
        assert read(reader, csv_bytes(row(1)))[0].num_rows == 1


@pytest.mark.parametrize("ending", [b"a\n", b"a,b,c\n", b'"a",b\n'])
def test_more_useless_rows_than_can_be_told_make_the_file_useless(
    reader: GuardedReader, monkeypatch: pytest.MonkeyPatch, ending: bytes
) -> None:
    """The first of them is told."""
    monkeypatch.setattr("sohoa.feeds.import_files.MAX_REJECTS", 1000)
    rows, (reject,), count = read(reader, csv_bytes(row(1)) + ending * 1001)
    assert (rows.num_rows, count) == (0, 1) and "dòng 3" in reject.problem
    assert len(read(reader, csv_bytes(row(1)) + ending * 1000)[1]) == 1000


ENDING = """
import os, signal, sys
from sohoa.feeds import child_process

marks = os.open(sys.argv[1], os.O_RDWR | os.O_APPEND | os.O_CREAT)
read = child_process.read_chunks

def read_or_end(*asked):
    for number, chunk in enumerate(read(*asked)):
        if number == 1 and os.lseek(marks, 0, os.SEEK_END) < int(sys.argv[2]):
            os.write(marks, b"x")
            os.kill(os.getpid(), getattr(signal, sys.argv[3]))
        yield chunk

child_process.read_chunks = read_or_end
child_process.main()
"""


@pytest.mark.parametrize(
    ("kills", "end", "problem"),
    [(1, "SIGKILL", None), (2, "SIGKILL", "dừng việc đọc tệp hai lần"), (1, "SIGSEGV", "làm hỏng chương trình đọc")],
)
def test_a_process_ended_in_the_middle(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kills: int, end: str, problem: str | None
) -> None:
    """Once from outside: a fresh one goes on, no row twice. Twice, or by itself: one reject."""
    command = (sys.executable, "-P", "-c", ENDING, str(tmp_path / "marks"), str(kills), end)
    monkeypatch.setattr(read_guarded, "_COMMAND", command)
    data = workbook_bytes({str(n): [HEADER, cells(n)] for n in (1, 2, 3)})
    with GuardedReader(Settings()) as reader:
        rows, rejects, _ = read(reader, data, "a.xlsx")
    if problem is None:
        assert rows["dossier_key"].to_pylist() == [f"H37.81.03-240415-{n}" for n in (1, 2, 3)] and rejects == []
    else:
        assert rows.num_rows == 0 and problem in rejects[0].problem


def test_a_file_that_is_given_up_leaves_nothing_to_the_next(reader: GuardedReader) -> None:
    """Its rest is not taken for the next file's."""
    data = workbook_bytes({str(n): [HEADER, cells(n)] for n in (1, 2, 3)})
    next(reader.read_chunks("a.xlsx", data, HEADER, LIMIT))
    assert read(reader, csv_bytes(row(9)))[0]["dossier_key"].to_pylist() == ["H37.81.03-240415-9"]
