"""The two streams of a terminal, progress bars, and rows as table, CSV or JSON lines.

A pipe has no width: what goes into one is as wide as it is. A terminal without Vietnamese letters shows what is nearest
to them; CSV and JSON are always UTF-8.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import sys
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from enum import StrEnum
from typing import Any, TextIO

from rich.console import Console, ConsoleDimensions
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from sohoa.terminal.grid import Grid

_PIPE_WIDTH = 10_000
_NEAREST = str.maketrans(
    {
        **dict.fromkeys("−–—", "-"),
        **dict.fromkeys("\u00a0\u2009\u202f", " "),
        **dict.fromkeys("█▉▊▋▌▍▎▏", "#"),
        **dict(zip("▁▂▃▄▅▆▇¹²³", "_.:-=+*123", strict=True)),
        **dict.fromkeys("╎┐", "|"),
        **dict.fromkeys("“”", '"'),
    }
    | {
        "đ": "d",
        "Đ": "D",
        "≈": "~",
        "→": ">",
        "…": "...",
        "·": "-",
        "≥": ">=",
        "≤": "<=",
        "±": "+-",
        "×": "x",
        "°": "deg",
        "′": "'",
        "κ": "kappa",
    }
)
_NEAREST_HANDLER = "sohoa.nearest"


class Screen(Console):
    """A console whose width is the terminal's; a pipe has none, unless COLUMNS gives it one."""

    @property
    def size(self) -> ConsoleDimensions:
        """The size of the terminal, or of a pipe."""
        found = super().size
        has_width = self.is_terminal or self._width is not None
        return found if has_width else ConsoleDimensions(_PIPE_WIDTH, found.height)

    @size.setter
    def size(self, new_size: tuple[int, int]) -> None:
        self._width, self._height = new_size


out, err = Screen(highlight=False, emoji=False), Screen(stderr=True, highlight=False, emoji=False)


class Format(StrEnum):
    """How rows are printed."""

    table = "table"
    csv = "csv"
    jsonl = "jsonl"


class Told(StrEnum):
    """How a job says what it did."""

    text = "text"
    json = "json"


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on a terminal; a line every tenth of the work elsewhere."""
    if not err.is_terminal:
        shown = -1

        def line(done: int, total: int) -> None:
            nonlocal shown
            tenth = 10 * done // max(total, 1)
            if tenth != shown:
                shown = tenth
                err.print(f"{what}: {done}/{total}", highlight=False)

        yield line
        return
    with bars() as shown_bars:
        task = shown_bars.add_task(what, total=None, amount="")
        yield lambda done, total: shown_bars.update(task, completed=done, total=total, amount=f"{done}/{total}")


def bars() -> Progress:
    """Bars on the error stream, each with its ``amount`` in words; only the bar itself gives way where it is narrow."""
    columns = (TextColumn("{task.description}"), BarColumn(None), TextColumn("{task.fields[amount]}"))
    return Progress(*columns, TimeRemainingColumn(), console=err)


def use_safe_streams() -> None:
    """Let what the terminal cannot show be replaced by what is nearest to it, never raised."""
    codecs.register_error(_NEAREST_HANDLER, _nearest)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_NEAREST_HANDLER)


def complain(text: str) -> None:
    """Say why the command does not do what was asked."""
    err.print(f"sohoa: {text}", style="red", markup=False, soft_wrap=True)


def say(text: str) -> None:
    """A line on the error stream, beside the result."""
    err.print(text, markup=False, highlight=False, soft_wrap=True)


def print_counts(counts: Mapping[str, object]) -> None:
    """Counts of a job as one JSON object."""
    print_json(counts)


def print_json(row: Any) -> None:
    """One JSON object on one line."""
    _as_utf8().write(json.dumps(row, ensure_ascii=False, default=_text) + "\n")


def print_rows(names: list[str], rows: list[dict[str, Any]], format: Format) -> None:
    """Rows as a table, as CSV with a header, or as one JSON object a line."""
    if format is Format.csv:
        writer = csv.DictWriter(_as_utf8(), names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    elif format is Format.jsonl:
        for row in rows:
            print_json(row)
    else:
        table = Grid()
        for name in names:
            is_number = any(isinstance(row[name], int | float) and not isinstance(row[name], bool) for row in rows)
            (table.figures if is_number else table.text)(name)
        for row in rows:
            table.row(*(_text(row[name]) for name in names))
        out.print(table)


def _as_utf8() -> TextIO:
    """Return the output stream, which writes UTF-8 from here on."""
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.encoding.lower() != "utf-8":
        sys.stdout.reconfigure(encoding="utf-8")
    return sys.stdout


def _nearest(error: UnicodeError) -> tuple[str, int]:
    """Write letters without the marks that the encoding lacks, other signs as the nearest of ASCII, else ``?``."""
    assert isinstance(error, UnicodeEncodeError)
    lacking = error.object[error.start : error.end].translate(_NEAREST)
    letters = (char for char in unicodedata.normalize("NFD", lacking) if not unicodedata.combining(char))
    return "".join(char if char.isascii() else "?" for char in letters), error.end


def _cell(value: Any) -> Any:
    return _text(value) if isinstance(value, bool | bytes | dict | list | tuple) else value


def _text(value: Any) -> str:
    """A value as other programs read it: true and false, ISO dates, lists with semicolons, JSON where it has parts."""
    match value:
        case None:
            return ""
        case bool():
            return json.dumps(value)
        case date():
            return value.isoformat()
        case bytes():
            return value.hex()
        case dict():
            return json.dumps(value, ensure_ascii=False, default=_text)
        case list() | tuple() if any(isinstance(part, dict | list | tuple) for part in value):
            return json.dumps(value, ensure_ascii=False, default=_text)
        case list() | tuple():
            return ";".join(map(_text, value))
        case _:
            return str(value)
