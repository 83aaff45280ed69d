"""The report in every format: in the store, where the outbox finds it, or in a folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from sohoa import layout
from sohoa.logs import get_logger, seconds_since
from sohoa.progress.revisions import keep_reported
from sohoa.report.formats import write_html, write_pdf, write_workbook
from sohoa.report.mail.outbox import queue_report
from sohoa.report.model import WeekReport
from sohoa.settings import Settings
from sohoa.store import Store

log = get_logger(__name__)

_TYPES = {
    "report.pdf": "application/pdf",
    "report.html": "text/html; charset=utf-8",
    "report.xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "report.json": "application/json; charset=utf-8",
}


def publish(store: Store, report: WeekReport, is_final: bool = True) -> None:
    """Write the report to the store, keep its figures as printed, and only then mark it as waiting to be mailed.

    One that is not final, of a week that is not over or of which nothing is known, is only written.
    """
    start, sizes = perf_counter(), {}
    for name, data in _formats(report, store.settings):
        sizes[name.replace(".", "_") + "_bytes"] = len(data)
        store.put(layout.REPORTS, layout.report_key(report.week, name), data, _TYPES[name])
    if is_final:
        keep_reported(store, report.first_day)
        queue_report(store, report.week)
    log.info("report_published", week=report.week, **sizes, seconds=seconds_since(start))


def write_files(report: WeekReport, folder: Path, settings: Settings) -> list[Path]:
    """Write the report, as the office of these settings issues it, to a folder; the files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in _formats(report, settings):
        (folder / name).write_bytes(data)
    return [folder / name for name in _TYPES]


def _formats(report: WeekReport, settings: Settings) -> Iterator[tuple[str, bytes]]:
    """One format after the other, the content, which the outbox reads, last."""
    yield "report.pdf", write_pdf.render(report, settings)
    yield "report.html", write_html.render(report).encode()
    yield "report.xlsx", write_workbook.render(report)
    yield "report.json", report.to_json()
