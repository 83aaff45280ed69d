"""Records of a CSV file: a value may have line breaks, and a quote that is never closed costs its own line."""

from __future__ import annotations

import csv
import io

import pytest

from tests.feeds.feed_rows import HEADER, cells, csv_bytes, read, row

NOTE = 'nghỉ lễ,\r\nlàm bù, "sau"\n\nhết'


def quoted(*rows: dict[str, str], end: str = "\n") -> bytes:
    """A CSV file with every value in quotes."""
    text = io.StringIO()
    writer = csv.DictWriter(text, HEADER, quoting=csv.QUOTE_ALL, lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=repr)
def test_a_quoted_value_may_have_line_breaks(end: str) -> None:
    """The record is one row, its line the first of it; the lines after it are counted on."""
    rows, rejects, count = read(quoted(row(1), row(2, MienSoHoa=NOTE), row(3, NgayCapNhat="?"), row(4), end=end))
    assert [(found["line"], found["exemption"]) for found in rows] == [(2, None), (3, NOTE), (8, None)]
    assert [(reject.line, reject.field) for reject in rejects] == [(7, "NgayCapNhat")]
    assert count == 4


def test_breaks_in_the_first_and_the_last_value() -> None:
    """Wherever the value stands; white space around a value is none of it."""
    last = [name for name in HEADER if name != "MienSoHoa"] + ["MienSoHoa"]
    data = csv_bytes(row(1, MaHoSo=f"\n{row(1)['MaHoSo']}\n"), row(2, MienSoHoa="a\nb"), row(3), columns=last)
    rows, rejects, _ = read(data)
    assert rejects == []
    assert [(found["line"], found["exemption"]) for found in rows] == [(2, None), (5, "a\nb"), (7, None)]


def broken(position: int, text: str, *others: int) -> bytes:
    """Rows 1 to 5 without a quote, a text put before one cell of the second, and row numbers whose note has quotes."""
    lines = [HEADER]
    for number in range(1, 6):
        values = cells(number, MienSoHoa='"có, dữ liệu"' if number in others else "")
        values[position] = text + values[position] if number == 2 else values[position]
        lines.append(values)
    return "\r\n".join(",".join(line) for line in lines).encode()


@pytest.mark.parametrize("position", [0, HEADER.index("MienSoHoa"), len(HEADER) - 1])
@pytest.mark.parametrize("others", [(), (4,), (3, 5)], ids=str)
def test_an_unclosed_quote_costs_its_own_line(position: int, others: tuple[int, ...]) -> None:
    """Whatever quotes follow: no row between is swallowed, and none is used with a part of its value."""
    rows, rejects, count = read(broken(position, '"', *others))
    assert [found["line"] for found in rows] == [2, 4, 5, 6]
    assert [reject.line for reject in rejects] == [3]
    assert "ngoặc kép" in rejects[0].problem
    assert count == 5


def test_a_value_that_holds_whole_rows_is_no_value() -> None:
    """Rows between two quotes far apart are rows; the line that opens the quote is lost, and named."""
    header, one, two, three, four = csv_bytes(row(1), row(2), row(3), row(4)).decode().split()
    opened = one.replace(",,0,", ',"mở,0,')
    closed = four.replace(",,0,", ',đóng",0,')
    rows, rejects, _ = read("\n".join([header, opened, two, three, closed]).encode())
    assert [(found["line"], found["exemption"]) for found in rows] == [(3, None), (4, None), (5, 'đóng"')]
    assert [reject.line for reject in rejects] == [2]


def test_a_value_of_too_many_lines_is_told() -> None:
    """A hundred lines are a value; more are an error, and the rows after it are read."""
    rows, rejects, _ = read(quoted(row(1, MienSoHoa="x" + "\n" * 99), row(2, MienSoHoa="x" + "\n" * 100 + "y"), row(3)))
    assert [found["line"] for found in rows] == [2, 203]
    assert rejects[0].line == 102 and "ngoặc kép" in rejects[0].problem


def test_a_file_may_end_its_lines_with_cr_alone() -> None:
    """As an old Macintosh does: the same rows as with any other end."""
    data = csv_bytes(row(1), row(2, NgayCapNhat="?"), row(3))
    assert read(data.replace(b"\r\n", b"\r")) == read(data)


def test_other_encodings_and_separators_say_so() -> None:
    """UTF-16 with a mark and without, and semicolons: one reject that tells what to send instead."""
    plain = csv_bytes(row())
    assert plain.isascii()
    for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32"):
        _, (reject,), _ = read(plain.decode().encode(encoding))
        assert "UTF-8" in reject.problem
    _, (reject,), _ = read(plain.replace(b",", b";"))
    assert "ngăn cách bằng dấu phẩy" in reject.problem
