"""The tasks of weekly_quality_report."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TypedDict

from sohoa import layout
from sohoa.days import Week
from sohoa.errors import InputError, Undelivered
from sohoa.last_runs import note_end
from sohoa.settings import TIME_ZONE
from sohoa.store import Store, open_store
from sohoa.work import Debts

__all__ = [
    "build_report",
    "choose_week",
    "deliver_reports",
    "report",
    "report_undelivered",
    "require_week",
    "update_incidents",
    "write_data_docs",
    "write_report",
]


class Built(TypedDict):
    """A week, and the hash of what its report says."""

    week: str
    content: str


class Reported(Built):
    """What one whole weekly report did: what each of its tasks counted, by name."""

    incidents: dict[str, int]
    data_docs: dict[str, int]
    mails: dict[str, int]
    """Mails in each state; empty on a site without mail."""


def choose_week(partition_key: str | None, asked: str | None, run_after: datetime) -> str:
    """The ISO week of a run: of its partition key (2024-W15-1), else the one asked for, else the last one over."""
    last_week = Week.of(run_after.astimezone(TIME_ZONE).date()).before.name
    return partition_key[: len(last_week)] if partition_key else asked or last_week


def require_week(week: str, is_forced: bool = False) -> None:
    """Make sure that there can be a report of a week, before anything is done for it.

    Raises:
        InputError: that is no week, it is not over, or nothing is known of it.
    """
    _refuse(open_store(), Week.parse(week).name, is_forced)


def update_incidents() -> dict[str, int]:
    """Bring the incidents up to date with what the scanners did."""
    from sohoa.steering import scanner_incidents

    return scanner_incidents.update_incidents(open_store())


def build_report(week: str, is_forced: bool = False, is_resent: bool = False) -> Built:
    """Make the report of an ISO week and write it to the store in every format; it waits to be mailed then.

    Then the same for weeks whose report a killed run may have written in part.

    Args:
        week: as 2024-W15.
        is_forced: make a report of a week that is refused, too; it is neither mailed nor kept as printed.
        is_resent: forget who has got this week's reports, so that everybody gets the mail once more.

    Raises:
        InputError: the week is not over, or nothing is known of it.
    """
    from sohoa.report import build_report as weeks
    from sohoa.report import write_report
    from sohoa.report.refuse_week import why_refused
    from sohoa.steering.unscanned_months import keep_months

    store = open_store()
    _refuse(store, week, is_forced)
    keep_months(store)
    debts = Debts(store, "report")
    waiting = [week, *(owed for owed in debts.load(list[str]()) if owed != week)]
    content: dict[str, str] = {}
    while waiting:
        report = weeks.build_report(store, waiting[0])
        debts.owe(waiting)
        write_report.publish(store, report, is_final=why_refused(store, waiting[0], _today()) is None)
        content[waiting.pop(0)] = report.content_hash
    debts.clear()
    if is_resent:
        store.delete_prefix(layout.WAREHOUSE, layout.deliveries_prefix(week))
    note_end(store, "report", {"settled": len(content), "problems": []})
    return {"week": week, "content": content[week]}


def write_report(week: str, folder: Path, is_forced: bool = False) -> list[Path]:
    """Make the report of an ISO week and write it to a folder; nothing is mailed or kept.

    Raises:
        InputError: as ``build_report``.
    """
    from sohoa.report import build_report as weeks
    from sohoa.report import write_report

    store = open_store()
    _refuse(store, week, is_forced)
    return write_report.write_files(weeks.build_report(store, week), folder, store.settings)


def _refuse(store: Store, week: str, is_forced: bool) -> None:
    from sohoa.report.refuse_week import why_refused

    reason = None if is_forced else why_refused(store, week, _today())
    if reason is not None:
        raise InputError(f"{reason} (--force: make it all the same, nothing is mailed)")


def _today() -> date:
    return datetime.now(TIME_ZONE).date()


def write_data_docs(week: str) -> dict[str, int]:
    """Write Great Expectations' own pages about a week."""
    from sohoa.report import write_data_docs

    return write_data_docs.write_data_docs(open_store(), week)


def deliver_reports() -> dict[str, int]:
    """Mail the reports that wait: how many mails are in each state; on a site without mail, do nothing."""
    from sohoa.report.mail import outbox

    return outbox.deliver_reports(open_store())


def report_undelivered() -> None:
    """Fail visibly where a report did not reach a recipient.

    Raises:
        Undelivered: names the recipients.
    """
    from sohoa.report.mail import outbox

    missing = outbox.settle_outbox(open_store())
    if missing:
        raise Undelivered(f"{len(missing)} mails not known to have arrived: " + " | ".join(missing[:20]))


def report(week: str, is_forced: bool = False) -> Reported:
    """Do the whole of weekly_quality_report in this process."""
    incidents = update_incidents()
    built = build_report(week, is_forced)
    counts: Reported = {
        **built,
        "incidents": incidents,
        "data_docs": write_data_docs(week),
        "mails": deliver_reports(),
    }
    report_undelivered()
    return counts
