"""``sohoa run``: the jobs, in this process."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sohoa.clean_text import escape_name
from sohoa.cli.root import parse_day, parse_week, run_app
from sohoa.days import Week
from sohoa.registry import PROVINCE
from sohoa.terminal.console import Format, out, print_counts

if TYPE_CHECKING:  # Arrow takes 70 MB and a second of every command
    from sohoa.work import Settled


@run_app.command("check")
def run_check() -> None:
    """Check all scan batches that lie in the inbox."""
    from sohoa import jobs

    _finish(jobs.check())


@run_app.command("import")
def run_import(
    since: Annotated[
        date | None, typer.Option(parser=parse_day, help="Look only at the files of this day and later.")
    ] = None,
) -> None:
    """Import the feed files that are new or changed."""
    from sohoa import jobs

    _finish(jobs.import_all(since.isoformat() if since else None))


@run_app.command("summarise")
def run_summarise() -> None:
    """Bring the summaries up to date with what is pending."""
    from sohoa import jobs

    _finish(jobs.summarise())


@run_app.command("reconcile")
def run_reconcile(
    day: Annotated[
        date | None, typer.Option("--date", parser=parse_day, help="Do this dossier day too, and show it.")
    ] = None,
) -> None:
    """Reconcile the dossier days that have changed with portal, ministries and scans."""
    from sohoa import jobs
    from sohoa.cli.reconcile_commands import show_categories

    counts = jobs.reconcile(day)
    if day is not None:
        show_categories(PROVINCE, day, day, None, Format.table)
    _finish(counts)


@run_app.command("keep")
def run_keep(week: Annotated[Week, typer.Option(parser=parse_week, help="ISO week, as 2024-W15.")]) -> None:
    """Keep the figures of a week as printed, so that `sohoa revised` can say what changed since."""
    from sohoa import jobs

    print_counts(jobs.keep_week(week.first))


@run_app.command("report")
def run_report(
    week: Annotated[Week, typer.Option(parser=parse_week, help="ISO week, as 2024-W15.")],
    folder: Annotated[
        Path | None, typer.Option("--out", help="Write the files here; the store is only read, nothing is mailed.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Also of a week that is not over or of which nothing is known; not mailed.")
    ] = False,
) -> None:
    """Make the report of a week, write it to the store and mail it; each recipient gets the same report once."""
    from sohoa import jobs

    if folder is None:
        print_counts(jobs.report(week.name, force))
        return
    for path in jobs.write_report(week.name, folder, force):
        out.print(escape_name(path), markup=False, soft_wrap=True, highlight=False)


@run_app.command("deliver")
def run_deliver() -> None:
    """Mail the reports that wait in the outbox."""
    from sohoa import jobs

    print_counts(jobs.deliver_reports())
    jobs.report_undelivered()


@run_app.command("maintain")
def run_maintain() -> None:
    """Take away what nobody needs, count what agencies use, warn where the store is filling up."""
    from sohoa import jobs

    print_counts(jobs.maintain())


def _finish(counts: Settled) -> None:
    from sohoa import jobs

    print_counts(counts)
    jobs.report_closed(counts["problems"])
