"""``sohoa status``."""

from __future__ import annotations

from datetime import datetime
from importlib.metadata import version
from typing import Annotated

import typer

from sohoa.cli.root import app
from sohoa.settings import TIME_ZONE
from sohoa.terminal.console import Told, out, print_counts

_PACKAGES = {"sohoa": "sohoa", "Airflow": "apache-airflow", "Great Expectations": "great-expectations"}


@app.command()
def status(
    told: Annotated[Told, typer.Option("--format", help="Output format: lines, or one JSON object.")] = Told.text,
) -> None:
    """Say what waits, what is closed, what ran last; exit code 1 where something needs a person."""
    from sohoa.steering.morning_status import read_status
    from sohoa.store import open_store
    from sohoa.terminal.show_status import status_table, wanting_line

    lines = read_status(open_store(), datetime.now(TIME_ZONE))
    versions = {name: version(package) for name, package in _PACKAGES.items()}
    if told is Told.json:
        print_counts({"lines": [vars(line) for line in lines], "versions": versions})
    else:
        out.print(status_table(lines, versions))
        out.print(wanting_line(lines))
    if any(line.wants_person for line in lines):
        raise typer.Exit(1)
