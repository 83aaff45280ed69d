"""``sohoa run``: the jobs, in this process."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sohoa import logs
from sohoa.clean_text import escape_name
from sohoa.cli.root import parse_day, parse_week, run_app
from sohoa.days import Week
from sohoa.registry import PROVINCE
from sohoa.settings import TIME_ZONE, load_settings
from sohoa.terminal import job_sentences
from sohoa.terminal.console import Format, Told, out, print_counts, say

if TYPE_CHECKING:
    from sohoa.store import Store

_LAST_WEEKS = timedelta(days=60)
As = Annotated[Told, typer.Option("--format", help="Output format: sentences, or the counts as one JSON object.")]


@run_app.callback()
def run(context: typer.Context) -> None:
    """Have each job say what it did before what it warns of."""
    context.with_resource(logs.warnings_last())


@run_app.command("check")
def run_check(told: As = Told.text) -> None:
    """Check all scan batches that lie in the inbox."""
    from sohoa import jobs
    from sohoa.capacity.inbox import list_inbox
    from sohoa.store import open_store

    counts, store = jobs.check(), open_store()
    others = None if counts["markers"] else _judged_by_others(store)
    _tell(counts, job_sentences.checked(counts, list_inbox(store).in_words, others), told)
    jobs.report_closed(counts["problems"])


@run_app.command("recheck")
def run_recheck(
    first: Annotated[date, typer.Option("--from", parser=parse_day, help="First scan day.")],
    last: Annotated[date, typer.Option("--to", parser=parse_day, help="Last scan day.")],
    told: As = Told.text,
) -> None:
    """Judge again, by the limits in force, the scans that other limits have judged; no image is measured again."""
    from sohoa import jobs

    counts = jobs.recheck(jobs.asked_days(first.isoformat(), last.isoformat()))
    _tell(counts, job_sentences.rechecked(counts), told)
    jobs.report_closed(counts["problems"])


@run_app.command("import")
def run_import(
    since: Annotated[
        date | None, typer.Option(parser=parse_day, help="Look only at the files of this day and later.")
    ] = None,
    told: As = Told.text,
) -> None:
    """Import the feed files that are new or changed."""
    from sohoa import jobs
    from sohoa.imported_files import closed_feeds
    from sohoa.store import open_store

    counts = jobs.import_all(since.isoformat() if since else None)
    _tell(counts, job_sentences.imported(counts, closed_feeds(open_store())), told)
    jobs.report_closed(counts["problems"])


@run_app.command("summarise")
def run_summarise(
    day: Annotated[
        date | None, typer.Option("--date", parser=parse_day, help="Do this dossier day too, changed or not.")
    ] = None,
    told: As = Told.text,
) -> None:
    """Bring the summaries up to date with what is pending."""
    from sohoa import jobs

    counts = jobs.summarise(day)
    _tell(counts, job_sentences.summarised(counts), told)
    jobs.report_closed(counts["problems"])


@run_app.command("reconcile")
def run_reconcile(
    day: Annotated[
        date | None, typer.Option("--date", parser=parse_day, help="Do this dossier day too, and show it.")
    ] = None,
    told: As = Told.text,
) -> None:
    """Reconcile the dossier days that have changed with portal, ministries and scans."""
    from sohoa import jobs
    from sohoa.cli.reconcile_commands import show_categories

    counts = jobs.reconcile(day)
    if day is not None and told is Told.text:
        show_categories(PROVINCE, day, day, None, Format.table)
    _tell(counts, job_sentences.reconciled(counts), told)
    jobs.report_closed(counts["problems"])


@run_app.command("keep")
def run_keep(
    week: Annotated[Week, typer.Option(parser=parse_week, help="ISO week, as 2024-W15.")], told: As = Told.text
) -> None:
    """Keep the figures of a week as printed, so that `sohoa revised` can say what changed since."""
    from sohoa import jobs

    counts = jobs.keep_week(week.first)
    _tell(counts, job_sentences.kept(counts), told)


@run_app.command("report")
def run_report(
    week: Annotated[Week, typer.Option(parser=parse_week, help="ISO week, as 2024-W15.")],
    folder: Annotated[
        Path | None, typer.Option("--out", help="Write the files here; the store is only read, nothing is mailed.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Also of a week that is not over or of which nothing is known; not mailed.")
    ] = False,
    told: As = Told.text,
) -> None:
    """Make the report of a week, write it to the store and mail it; each recipient gets the same report once."""
    from sohoa import jobs

    if folder is None:
        counts = jobs.report(week.name, force)
        _tell(counts, job_sentences.reported(counts), told)
        return
    for path in jobs.write_report(week.name, folder, force):
        out.print(escape_name(path), markup=False, soft_wrap=True, highlight=False)
    say(f"The report of {week.name} is there for you alone: nothing was kept in the store, nothing mailed.")


@run_app.command("deliver")
def run_deliver(told: As = Told.text) -> None:
    """Mail the reports that wait in the outbox."""
    from sohoa import jobs

    counts = jobs.deliver_reports()
    _tell(counts, job_sentences.delivered(counts), told)
    jobs.report_undelivered()


@run_app.command("maintain")
def run_maintain(told: As = Told.text) -> None:
    """Take away what nobody needs, count what agencies use, warn where the store is filling up."""
    from sohoa import jobs

    counts = jobs.maintain()
    _tell(counts, job_sentences.maintained(counts), told)


@run_app.command("review")
def run_review(told: As = Told.text) -> None:
    """Draw the samples that people look at, and say what they have found so far."""
    from sohoa import jobs

    counts = jobs.review_pages()
    _tell(counts, job_sentences.reviewed(counts), told)


def _judged_by_others(store: Store) -> date | None:
    """Return the newest scan day of the last weeks, where other limits than those in force judged it."""
    from sohoa.quality.thresholds import load_thresholds
    from sohoa.steering.replay_limits import judged_by_others

    return judged_by_others(
        store, load_thresholds(load_settings().profile), datetime.now(TIME_ZONE).date() - _LAST_WEEKS
    )


def _tell(counts: Mapping[str, object], sentences: list[str], told: Told) -> None:
    if told is Told.json:
        print_counts(counts)
    else:
        for sentence in sentences:
            out.print(sentence, markup=False, soft_wrap=True, highlight=False)
