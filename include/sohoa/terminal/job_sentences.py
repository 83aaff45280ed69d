"""What a job did, in sentences: the last words of ``sohoa run``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from sohoa.labels import LABELS
from sohoa.layout import REPORTS, WEEKLY

if TYPE_CHECKING:  # Arrow takes 70 MB and a second of every command
    from sohoa.imported_files import FileRead
    from sohoa.jobs.check_tasks import Checked
    from sohoa.jobs.import_tasks import Imported
    from sohoa.jobs.recheck_tasks import Rechecked
    from sohoa.jobs.reconcile_tasks import ReconcileCounts
    from sohoa.jobs.report_tasks import Reported
    from sohoa.jobs.review_tasks import Reviewed
    from sohoa.jobs.summarise_tasks import Kept, Summarised
    from sohoa.jobs.upkeep_tasks import Maintained

_MB = 1_000_000
_NO_POLICY = (
    "Agencies are not denied what they must not do in `landing`: `sohoa stack up store`, or by compose `docker compose "
    "up --detach`, writes its policy anew."
)


def checked(counts: Checked, inbox: str, others: date | None = None) -> list[str]:
    """Say what a check did; where there was nothing to do, how what was meant is done.

    Args:
        counts: of ``jobs.check``.
        inbox: what lies in the inbox now, in words.
        others: a scan day that was judged by other limits than those in force; None where none was.
    """
    if not counts["markers"]:
        again = "A batch is checked once: to check scans again, their agency sends them in a new batch with `replaces`."
        replay = (
            f"The limits have changed since the scans of {others} were judged; `sohoa replay --thresholds FILE --from "
            f"{others} --to {others}` says what they would change, `sohoa run recheck --from {others} --to {others}` "
            "judges them again."
        )
        return [f"Nothing to check: {inbox}.", again if others is None else replay]
    decided = {name: counts[name] for name in ("admitted", "refused", "repeated", "other_content")}
    reasons = f" ({_list(counts['reasons'])})" if counts["reasons"] else ""
    told = {
        "admitted": "admitted",
        "refused": f"refused{reasons}",
        "repeated": "sent again",
        "other_content": "of an id in use, refused",
    }
    ways = ", ".join(f"{decided[name]:,} {words}" for name, words in told.items() if decided[name])
    lines = [f"{_count(counts['markers'], 'batch', 'batches')}: {ways}."]
    if counts["pages"]:
        verdicts = {LABELS["verdicts"][code].en: found for code, found in counts["verdicts"].items()}
        pages, documents = _count(counts["pages"], "page"), _count(counts["documents"], "document")
        lines.append(f"{pages} of {documents}: {_list(verdicts)}.")
    return [*lines, f"{_count(counts['receipts'], 'receipt')} written; in the inbox {inbox}."]


def rechecked(counts: Rechecked) -> list[str]:
    """Say what was judged again, and what changed."""
    if not counts["batches"]:
        return ["The limits in force have judged all of these scans: nothing to do."]
    batches, documents = _count(counts["batches"], "batch", "batches"), _count(counts["documents_changed"], "document")
    return [
        f"{batches} with {_count(counts['pages'], 'page')} judged again; {documents} judged otherwise.",
        f"{_count(counts['slips'], 'new slip')} beside those delivered; `sohoa run summarise` counts the days again.",
    ]


def imported(counts: Imported, closed: list[FileRead]) -> list[str]:
    """Say what an import did, and which files of it or of earlier ones want a corrected one.

    Args:
        counts: of ``jobs.import_all``.
        closed: files of too many unusable rows.
    """
    wanted = [
        f"Closed until it comes corrected under the same key: {file['key']}, {file['rejects']:,} of "
        f"{_count(file['rows'], 'row')} unusable."
        for file in closed
    ]
    if not counts["files"]:
        again = "A file is read again when its content has changed: put it corrected under the same key."
        return ["No feed file is new or changed.", again, *wanted]
    files, rows = _count(counts["files"], "feed file"), _count(counts["rows"], "row")
    days = _count(counts["changed_days"], "dossier day")
    lines = [f"{files}: {rows} read, {counts['rejects']:,} of them unusable; {days} changed."]
    if counts["rejects"]:
        lines.append("The table rejects has line and reason of each: sohoa query 'FROM rejects'")
    return lines + wanted


def summarised(counts: Summarised) -> list[str]:
    """Say what a summary did."""
    if not counts["markers"]:
        again = "To count a dossier day again: sohoa run summarise --date 2024-04-15"
        return ["Nothing has changed since the last summary.", again]
    return [
        f"{_count(counts['dossier_days'], 'dossier day')} with {_count(counts['dossiers'], 'dossier')} joined, "
        f"{_count(counts['progress_days'], 'day')} counted again, {_count(counts['scan_days'], 'scan day')} of quality."
    ]


def reconciled(counts: ReconcileCounts) -> list[str]:
    """Say what a reconciliation did."""
    if not counts["markers"]:
        again = "To reconcile a dossier day again: sohoa run reconcile --date 2024-04-15"
        return ["Nothing has changed since the last reconciliation.", again]
    return [f"{_count(counts['reconciled_days'], 'dossier day')} reconciled with portal, ministries and scans."]


def reported(counts: Reported) -> list[str]:
    """Say where a report lies, and who got it."""
    place = f"{REPORTS}/{WEEKLY}{counts['week']}/"
    return [f"The report of {counts['week']} lies in the bucket and folder {place}", *delivered(counts["mails"])]


def delivered(mails: Mapping[str, int]) -> list[str]:
    """Say what became of the mails of the reports that wait; none on a site without mail."""
    if not mails:
        return ["Nothing is mailed: no mail server is set up (SOHOA_SMTP_HOST)."]
    again = "A report is mailed once to each recipient; a new one of its week is: sohoa run report --week 2024-W15"
    return [f"Mails: {_list(mails)}."] if any(mails.values()) else ["No mail waits.", again]


def kept(counts: Kept) -> list[str]:
    """Say that the figures of a week are kept."""
    return [
        f"The figures of {counts['week']} are kept as printed ({counts['print']}); `sohoa revised` says what changes."
    ]


def maintained(counts: Maintained) -> list[str]:
    """Say what the upkeep took away, and how full the store is."""
    used = counts["used_percent"]
    return [
        f"{_count(counts['folders'], 'folder')} looked at: "
        f"{_count(counts['versions_deleted'], 'old version')} deleted, "
        f"{counts['bytes_freed'] / _MB:,.1f} MB freed, {_count(counts['uploads_ended'], 'unfinished upload')} ended, "
        f"{_count(counts['batches_abandoned'], 'abandoned batch', 'abandoned batches')}, "
        f"{_count(counts['orphans_deleted'], 'leftover')} of runs and "
        f"{_count(counts['task_logs_deleted'], 'old log')} of tasks taken away"
        + ("." if counts["is_through"] else "; the next run goes on."),
        f"{_count(counts['files_read'], 'file')} of {_count(counts['batches_read'], 'batch', 'batches')} read back"
        + (
            f"; {_count(counts['batches_damaged'], 'batch is', 'batches are')} damaged: `sohoa status` names them."
            if counts["batches_damaged"]
            else ", each as it was accepted."
        ),
        f"The store is {used} % full." if used is not None else "How full the store is cannot be told.",
        *([] if counts["policy_stands"] else [_NO_POLICY]),
    ]


def reviewed(counts: Reviewed) -> list[str]:
    """Say what was drawn for people to look at, and what they have found."""
    lots, documents = _count(counts["lots_drawn"], "lot"), _count(counts["documents_drawn"], "document")
    found = f"{counts['lots_passed']:,} passed, {counts['lots_failed']:,} failed"
    return [
        f"{lots} drawn, {documents} to look at; the newest lots that people have looked at: {found}.",
        f"{_count(counts['pages_left'], 'page')} of {_count(counts['lots_open'], 'lot')} left: they wait on the page "
        "Kiểm tra mẫu (/sohoa/audit) of the Airflow UI.",
    ]


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _list(counts: Mapping[str, int]) -> str:
    """``38 accepted, 2 rejected``, as they come; what is zero is left out."""
    return ", ".join(f"{number:,} {name}" for name, number in counts.items() if number)
