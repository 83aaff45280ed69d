"""The command ``sohoa``: arguments and printing only; the work is done by ``jobs`` and the packages behind it."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from sohoa.errors import InputError, SohoaError
from sohoa.settings import load_settings

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Monitoring of the digitisation of dossiers.")
run_app = typer.Typer(no_args_is_help=True, help="Run a job here, without Airflow: the same code as the DAGs' tasks.")
stack_app = typer.Typer(no_args_is_help=True, help="The embedded object store and Airflow, on this machine only.")
app.add_typer(run_app, name="run")
app.add_typer(stack_app, name="stack")

USAGE, INFRASTRUCTURE = 2, 3
out, err = Console(), Console(stderr=True)


class Format(StrEnum):
    """Output formats of ``sohoa query``."""

    table = "table"
    csv = "csv"
    jsonl = "jsonl"


class Part(StrEnum):
    """Parts of the embedded stack."""

    all = "all"
    store = "store"
    airflow = "airflow"


def main() -> None:
    """Entry point: an error of the package becomes one line, exit code 2 for wrong usage and 3 for all else."""
    try:
        app()
    except SohoaError as error:
        err.print(f"sohoa: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(USAGE if isinstance(error, InputError) else INFRASTRUCTURE)


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
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


def _say(text: str) -> None:
    err.print(text, markup=False, highlight=False, soft_wrap=True)


def _print_counts(counts: dict[str, Any]) -> None:
    out.print(json.dumps(counts, ensure_ascii=False), markup=False, highlight=False, soft_wrap=True)


@app.command()
def measure(
    files: Annotated[list[Path], typer.Argument(help="Page files: JPEG, PNG, TIFF, PDF.")],
    format: Annotated[str, typer.Option(help="Only jsonl: one JSON object a page.")] = "jsonl",
    profile: Annotated[str, typer.Option(help="Profile of limits.")] = "tthc",
    paper: Annotated[str | None, typer.Option(help="Declared paper: a4, a3, a2, a1, a0, other.")] = None,
    cover: Annotated[str | None, typer.Option(help="Declared cover: matte, glossy.")] = None,
    content: Annotated[str | None, typer.Option(help="Declared content: text, map, photo.")] = None,
    kind: Annotated[
        str | None, typer.Option(help="Declared kind: component, interim_result, result, backlog_result.")
    ] = None,
) -> None:
    """Measure page files and judge them: one JSON object a page, with verdict and defects."""
    from sohoa.measuring import measure_and_judge
    from sohoa.vocabulary import CONTENTS, COVERS, DOCUMENT_KINDS, PAPERS

    _one_of("--format", format, ("jsonl",))
    for option, value, allowed in (
        ("--paper", paper, PAPERS),
        ("--cover", cover, COVERS),
        ("--content", content, CONTENTS),
        ("--kind", kind, DOCUMENT_KINDS),
    ):
        _one_of(option, value, allowed)
    declared = {"paper": paper, "cover": cover, "content": content, "kind": kind}
    for row in measure_and_judge(files, profile, declared, load_settings()):
        sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")


def _one_of(option: str, value: str | None, allowed: tuple[str, ...]) -> None:
    if value is not None and value not in allowed:
        raise typer.BadParameter(f"{value!r}: use one of {', '.join(allowed)}", param_hint=option)


def _day(value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise typer.BadParameter(f"{value!r} is not a date like 2023-01-31") from None


@app.command()
def simulate(
    folder: Annotated[Path, typer.Option("--out", help="Folder to write into; it must be new or empty.")],
    agencies: Annotated[int, typer.Option(min=1, max=231, help="How many agencies.")] = 12,
    start: Annotated[date, typer.Option("--from", parser=_day, help="First dossier day.")] = date(2023, 3, 6),
    end: Annotated[date, typer.Option("--to", parser=_day, help="Last dossier day.")] = date(2023, 4, 30),
    pages_per_day: Annotated[int, typer.Option(min=1, help="Pages a day, all agencies together.")] = 30,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
) -> None:
    """Make a province with known truth: scans, feeds, and what is wrong with them."""
    from sohoa.simulate import simulate as make

    if end < start:
        raise typer.BadParameter("--to lies before --from")
    with _progress("simulate") as report:
        make(folder, agencies, start, end, pages_per_day, seed, report)
    out.print(f"{folder}: landing/, feeds/, truth/", markup=False, highlight=False)


@app.command()
def load(folder: Annotated[Path, typer.Argument(help="Folder with landing/ and feeds/.")]) -> None:
    """Upload a folder into the store, each agency with its own key, manifests last."""
    from sohoa.load import load_folder

    with _progress("load") as report:
        loaded = load_folder(folder, load_settings(), report)
    for line in loaded.skipped:
        _say(f"skipped {line}")
    out.print(f"{loaded.files} page files, {loaded.feeds} feed files, {loaded.manifests} manifests", highlight=False)


@run_app.command("check")
def run_check() -> None:
    """Check all scan batches that lie in the inbox."""
    from sohoa import jobs

    _finish(jobs.check())


@run_app.command("import")
def run_import() -> None:
    """Import the feed files that are new or changed."""
    from sohoa import jobs

    _finish(jobs.import_all())


@run_app.command("summarise")
def run_summarise() -> None:
    """Bring the summaries up to date with what is pending."""
    from sohoa import jobs

    _finish(jobs.summarise())


def _finish(counts: dict[str, Any]) -> None:
    from sohoa import jobs

    _print_counts(counts)
    jobs.report_closed(counts.get("closed", []))


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="DuckDB SQL; every table under its own name, the path key as a column.")],
    format: Annotated[Format, typer.Option(help="Output format.")] = Format.table,
) -> None:
    """Ask the tables a question in SQL."""
    from sohoa.query import run_query
    from sohoa.store import open_store

    rows = run_query(open_store(), sql)
    if format is Format.csv:
        writer = csv.writer(sys.stdout)
        writer.writerow(rows.column_names)
        writer.writerows(zip(*(column.to_pylist() for column in rows.columns), strict=True))
    elif format is Format.jsonl:
        for row in rows.to_pylist():
            sys.stdout.write(json.dumps(row, ensure_ascii=False, default=_text) + "\n")
    else:
        _print_table(rows.column_names, rows.to_pylist())


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def _print_table(names: list[str], rows: list[dict[str, Any]]) -> None:
    table = Table(*names, title_justify="left")
    for row in rows:
        table.add_row(*("" if row[name] is None else _text(row[name]) for name in names))
    out.print(table, markup=False)


@app.command()
def replay(
    thresholds: Annotated[Path, typer.Option(help="File of other limits, in the form of thresholds.toml.")],
    start: Annotated[date, typer.Option("--from", parser=_day, help="First scan date.")],
    end: Annotated[date, typer.Option("--to", parser=_day, help="Last scan date.")],
    format: Annotated[str, typer.Option(help="Output format: table, jsonl.")] = "table",
) -> None:
    """Judge stored pages again under other limits and print what would change; nothing is written."""
    from sohoa.replay import read_limits
    from sohoa.replay import replay as judge_again
    from sohoa.replay_tables import tables
    from sohoa.store import open_store

    _one_of("--format", format, ("table", "jsonl"))
    if end < start:
        raise typer.BadParameter("--to lies before --from")
    limits = read_limits(thresholds, load_settings().profile)
    with _progress("replay") as report:
        lines = judge_again(open_store(), limits, start, end, report)
    if format == "jsonl":
        for line in lines:
            sys.stdout.write(json.dumps(asdict(line), ensure_ascii=False) + "\n")
    else:
        for table in tables(lines):
            out.print(table, markup=False)


@stack_app.command("up")
def stack_up(part: Annotated[Part, typer.Argument(help="Which part.")] = Part.all) -> None:
    """Start the embedded servers and wait until they answer."""
    from sohoa import stack

    stack.up(load_settings(), part.value, _say)
    stack_status()


@stack_app.command("down")
def stack_down(part: Annotated[Part, typer.Argument(help="Which part.")] = Part.all) -> None:
    """Stop the embedded servers; what they keep stays."""
    from sohoa import stack

    stack.down(load_settings(), part.value, _say)


@stack_app.command("status")
def stack_status(part: Annotated[Part, typer.Argument(help="Which part.")] = Part.all) -> None:
    """Say what runs, where, and how to log in."""
    from sohoa import stack

    for line in stack.describe(load_settings(), part.value):
        out.print(line, markup=False, highlight=False, soft_wrap=True)


@app.command()
def demo() -> None:
    """Run the whole job on this machine and show the result (DEMO_EXIT=1: stop everything afterwards)."""
    from sohoa.demo import run_demo

    run_demo(load_settings(), out, _progress)
