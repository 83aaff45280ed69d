"""The two streams of a terminal, progress bars, and rows as table, CSV or JSON lines."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from enum import StrEnum
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

out, err = Console(), Console(stderr=True)


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
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def say(text: str) -> None:
    """A line on the error stream, beside the result."""
    err.print(text, markup=False, highlight=False, soft_wrap=True)


def print_counts(counts: Mapping[str, object]) -> None:
    """Counts of a job as one JSON object."""
    out.print(json.dumps(counts, ensure_ascii=False), markup=False, highlight=False, soft_wrap=True)


def print_rows(names: list[str], rows: list[dict[str, Any]], format: Format) -> None:
    """Rows as a table, as CSV with a header, or as one JSON object a line."""
    if format is Format.csv:
        writer = csv.DictWriter(sys.stdout, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    elif format is Format.jsonl:
        for row in rows:
            sys.stdout.write(json.dumps(row, ensure_ascii=False, default=_text) + "\n")
    else:
        table = Table(*names, title_justify="left")
        for row in rows:
            table.add_row(*(_text(row[name]) for name in names))
        out.print(table, markup=False)


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
