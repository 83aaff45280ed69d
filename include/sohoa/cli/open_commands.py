"""``sohoa open``: what the jobs have made, in a browser."""

from __future__ import annotations

import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from sohoa.clean_text import escape_name
from sohoa.cli.root import app, command_group, parse_text, parse_week
from sohoa.days import Week
from sohoa.errors import StackError
from sohoa.settings import has_display, load_settings
from sohoa.terminal.console import out

open_app = command_group(
    "Look at what the jobs have made: fetched from the store, shown in a browser where there is one."
)
app.add_typer(open_app, name="open")

Only = Annotated[bool, typer.Option("--print", help="Only print where it lies; open no browser.")]
OfWeek = Annotated[
    Week | None, typer.Option("--week", parser=parse_week, help="ISO week, as 2024-W15; the newest unless said.")
]


@open_app.command("report")
def open_report(week: OfWeek = None, only_print: Only = False) -> None:
    """Open a weekly report; its PDF and workbook lie beside the page."""
    from sohoa.jobs.open_files import fetch_report
    from sohoa.store import open_store

    _show(fetch_report(open_store(), week.name if week else None), only_print)


@open_app.command("slip")
def open_slip(
    batch: Annotated[
        str | None, typer.Argument(parser=parse_text, help="Batch id; the newest slip with pictures unless said.")
    ] = None,
    only_print: Only = False,
) -> None:
    """Open a return slip, as the agency gets it, with the pictures of its faulty pages."""
    from sohoa.jobs.open_files import fetch_slip
    from sohoa.store import open_store

    _show(fetch_slip(open_store(), batch), only_print)


@open_app.command("docs")
def open_docs(week: OfWeek = None, only_print: Only = False) -> None:
    """Open the Great Expectations page of a week."""
    from sohoa.jobs.open_files import fetch_docs
    from sohoa.store import open_store

    _show(fetch_docs(open_store(), week.name if week else None), only_print)


@open_app.command("ui")
def open_ui(only_print: Only = False) -> None:
    """Open the Airflow UI; says user and password."""
    from sohoa import stack

    settings = load_settings()
    found = stack.status(settings)["airflow"]
    if found.state != "up":
        raise StackError(f"Airflow is {found.state}: `sohoa stack up` starts it")
    out.print(f"{found.url}\n{stack.ui_login(settings)}", markup=False, highlight=False, soft_wrap=True)
    _browse(found.url, only_print)


def _show(files: Sequence[Path], only_print: bool) -> None:
    """Print where all files lie, and open the first."""
    for file in files:
        out.print(escape_name(file), markup=False, highlight=False, soft_wrap=True)
    _browse(files[0].as_uri(), only_print)


def _browse(address: str, only_print: bool) -> None:
    if has_display() and not only_print:
        webbrowser.open(address)
