"""Commands that make, load and ask data: simulate, load, query, demo."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from sohoa.clean_text import escape_name
from sohoa.cli.root import app, parse_day, parse_text
from sohoa.cli.stack_commands import Profile, ProfileOption
from sohoa.settings import load_settings
from sohoa.terminal.console import Format, out, print_rows, progress_bar, say


@app.command()
def simulate(
    folder: Annotated[Path, typer.Option("--out", help="Folder to write into; it must be new or empty.")],
    agencies: Annotated[
        int | None, typer.Option(min=1, max=231, help="How many agencies: 12, or with --dossiers all.")
    ] = None,
    start: Annotated[date, typer.Option("--from", parser=parse_day, help="First dossier day.")] = date(2023, 3, 6),
    end: Annotated[date, typer.Option("--to", parser=parse_day, help="Last dossier day.")] = date(2023, 4, 30),
    pages_per_day: Annotated[int, typer.Option(min=1, help="Pages per day, all agencies together.")] = 30,
    dossiers: Annotated[
        int | None, typer.Option(min=1, help="How many dossiers, with judged documents in place of scans: no images.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
) -> None:
    """Make a province with known truth: every feed, scans, and what is wrong with them."""
    from sohoa.simulate import simulate as make

    if end < start:
        raise typer.BadParameter("--to lies before --from")
    size = {"pages_per_day": pages_per_day} if dossiers is None else {"dossiers": dossiers}
    count = 12 if agencies is None and dossiers is None else agencies
    with progress_bar("simulate") as report:
        make(folder, start=start, end=end, seed=seed, agencies=count, report=report, **size)
    scans = "landing/" if dossiers is None else "warehouse/"
    out.print(f"{escape_name(folder)}: feeds/, {scans}, truth/", markup=False, highlight=False)


@app.command()
def load(folder: Annotated[Path, typer.Argument(help="Folder with landing/ and feeds/.")]) -> None:
    """Upload a folder into the store, each agency with its own key, manifests last."""
    from sohoa.simulate.upload_folder import load_folder

    with progress_bar("load") as report:
        loaded = load_folder(folder, load_settings(), report)
    for line in loaded.skipped:
        say(f"skipped {line}")
    out.print(f"{loaded.files} page files, {loaded.feeds} feed files, {loaded.manifests} manifests", highlight=False)


@app.command()
def template(
    file: Annotated[Path, typer.Argument(help="File to write: <feed>.csv or <feed>.xlsx, as register.xlsx.")],
) -> None:
    """Write an empty feed file with its header; a workbook says of each column what it takes."""
    from sohoa.feeds.templates import write_template

    place = write_template(file).place.replace("<tên tệp>", file.name).replace("<hệ thống>", "<system>")
    text = f"{file}: fill it in, put it into a folder as feeds/{place}, and send that: sohoa load FOLDER"
    out.print(escape_name(text), markup=False, highlight=False, soft_wrap=True)


@app.command()
def query(
    sql: Annotated[
        str,
        typer.Argument(
            parser=parse_text,
            metavar="SQL",
            help="DuckDB SQL; every table under its own name, the path key as a column.",
        ),
    ],
    format: Annotated[Format, typer.Option(help="Output format.")] = Format.table,
) -> None:
    """Ask the tables a question in SQL."""
    from sohoa.jobs.query_tables import run_query
    from sohoa.store import open_store

    rows = run_query(open_store(), sql)
    print_rows(rows.column_names, rows.to_pylist(), format)


@app.command()
def demo(profile: ProfileOption = Profile.local) -> None:
    """Run the whole job on this machine and show the result (DEMO_EXIT=1: stop everything afterwards)."""
    from sohoa.demo.run_demo import run_demo

    run_demo(load_settings(), out, progress_bar, profile.value)
