"""The root of the command: its groups, its errors, and the parsers of its options."""

from __future__ import annotations

import errno
import os
import sys
from datetime import date
from importlib.metadata import version
from typing import Annotated

import typer

from sohoa import logs
from sohoa.clean_text import clean, escape_name
from sohoa.cli.usage import Group, Root
from sohoa.days import YEARS, Week
from sohoa.errors import InputError, SohoaError
from sohoa.terminal.console import complain, out, use_safe_streams

_REASONS = {
    errno.EACCES: "this user may not read or write it",
    errno.EPERM: "this user may not read or write it",
    errno.EROFS: "it lies on a disk that is only read",
    errno.ENOSPC: "the disk is full",
    errno.ENOTDIR: "a part of this path is a file, not a folder",
    errno.EISDIR: "it is a folder, not a file",
    errno.EEXIST: "it is there already, and is not of this kind",
    errno.ENOENT: "it is not there",
}
"""Those of the days that feeds may name."""


def command_group(text: str) -> typer.Typer:
    """Make a group of commands; its help says ``text``."""
    return typer.Typer(cls=Group, no_args_is_help=True, help=text)


app = typer.Typer(
    cls=Root, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
)
run_app = command_group("Run a job here, without Airflow: the same code as the DAGs' tasks.")
stack_app = command_group("The embedded object store and Airflow, on this machine only.")
site_app = command_group("The files that make it this province's: units, agencies, targets …")
app.add_typer(run_app, name="run")
app.add_typer(stack_app, name="stack")
app.add_typer(site_app, name="site")


def _print_version(is_asked: bool) -> None:
    if is_asked:
        out.print(f"sohoa {version('sohoa')}", highlight=False)
        raise typer.Exit


@app.callback()
def root(
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Print to stderr what is done, as the tasks of the DAGs log it.")
    ] = False,
    _: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and leave.")
    ] = False,
) -> None:
    """Monitoring of the digitisation of dossiers."""
    if verbose:
        logs.print_to_stderr(is_verbose=True)


def main() -> None:
    """Run the command; an error of the package becomes one message and the exit code of its class."""
    use_safe_streams()
    try:
        app()
    except SohoaError as error:
        complain("\n".join(map(clean, str(error).split("\n"))))  # it may name what an agency sent
        sys.exit(error.exit_code)
    except ModuleNotFoundError as error:  # an agency installs less than the pipeline
        complain(f"this needs the package {error.name}: install sohoa[pipeline]")
        sys.exit(SohoaError.exit_code)
    except OSError as error:  # of a file or folder that is not this package's to make: full, not allowed, no folder
        if error.filename is None:
            raise
        complain(_blame_path(error))
        sys.exit(SohoaError.exit_code)


def _blame_path(error: OSError) -> str:
    """Say which path cannot be used, why, and what to do."""
    reason = _REASONS.get(error.errno or 0) or error.strerror
    is_full = error.errno in {errno.ENOSPC, errno.EDQUOT}
    advice = "free some space" if is_full else "name another path (SOHOA_HOME, --out), or mend the rights of this one"
    return f"{clean(escape_name(os.fsdecode(error.filename)))} cannot be used: {reason}; {advice}"


def one_of(option: str, value: str | None, allowed: tuple[str, ...]) -> None:
    """Refuse a value that an option does not know.

    Raises:
        typer.BadParameter: names the option and what it takes.
    """
    if value is not None and value not in allowed:
        raise typer.BadParameter(f"{value!r}: use one of {', '.join(allowed)}", param_hint=option)


def parse_day(value: str | date) -> date:
    """Parse an ISO date; a default is one already.

    Raises:
        typer.BadParameter: it is none.
    """
    if isinstance(value, date):
        return value
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise typer.BadParameter(f"{value!r} is not a date like 2023-01-31") from None
    if day.year not in YEARS:
        raise typer.BadParameter(f"{value} lies outside the years {YEARS[0]} to {YEARS[-1]}")
    return day


def parse_week(value: str) -> Week:
    """Parse an ISO week.

    Raises:
        typer.BadParameter: it is none.
    """
    try:
        week = Week.parse(value)
    except InputError as error:
        raise typer.BadParameter(str(error)) from None
    if week.first.year not in YEARS:
        raise typer.BadParameter(f"{value} lies outside the years {YEARS[0]} to {YEARS[-1]}")
    return week


def parse_text(value: str) -> str:
    """Take a text as it is.

    Raises:
        typer.BadParameter: it holds bytes that are no UTF-8, which can be stored and asked for nowhere.
    """
    try:
        value.encode()
    except UnicodeEncodeError:
        raise typer.BadParameter("it is not UTF-8 text") from None
    return value
