"""``sohoa status``, ``sohoa doctor``."""

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


@app.command()
def doctor(
    told: Annotated[Told, typer.Option("--format", help="Output format: lines, or one JSON object.")] = Told.text,
) -> None:
    """Say what is wrong and what to do: store, clock, disk, certificates, policy, queues, tables, versions, Airflow.

    Nothing is changed. Exit code 1 where something needs a person, 3 where the store cannot be asked.
    """
    from sohoa.settings import load_settings
    from sohoa.steering.diagnose import diagnose
    from sohoa.terminal.show_status import findings_table, wrong_line

    found = diagnose(load_settings(), datetime.now(TIME_ZONE))
    versions = {name: version(package) for name, package in _PACKAGES.items()}
    if told is Told.json:
        print_counts({"findings": [vars(one) for one in found], "versions": versions})
    else:
        out.print(findings_table(found, versions))
        out.print(wrong_line(found))
    states = {one.state for one in found}
    if "broken" in states:
        raise typer.Exit(3)
    if "wrong" in states:
        raise typer.Exit(1)
