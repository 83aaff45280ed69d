"""What the jobs have made, fetched from the store into ``open/`` under the home, to be looked at.

Files lie there as in their buckets, so that the links from one to another work.
"""

from __future__ import annotations

from pathlib import Path

from sohoa import layout
from sohoa.errors import InputError
from sohoa.private_file import write_private
from sohoa.store import Store

FOLDER = "open"
_RESEND = f".{layout.RESEND_SUFFIX}"


def fetch_report(store: Store, week: str | None = None) -> list[Path]:
    """Fetch the report of a week, by default the newest: its page, then the PDF and the workbook.

    Raises:
        InputError: there is none.
    """
    found = week or _newest_week(store, layout.WEEKLY)
    if found is None or store.stat(layout.REPORTS, layout.report_key(found, "report.html")) is None:
        raise InputError(
            f"the store holds no report{f' of {week}' if week else ''}: `sohoa run report --week …` makes one"
        )
    names = ("report.html", "report.pdf", "report.xlsx")
    return [_fetch(store, layout.REPORTS, layout.report_key(found, name)) for name in names]


def fetch_docs(store: Store, week: str | None = None) -> list[Path]:
    """Fetch the Great Expectations page of a week, by default the newest.

    Raises:
        InputError: there is none.
    """
    found = week or _newest_week(store, layout.DATA_DOCS)
    key = f"{layout.data_docs_prefix(found)}index.html" if found else ""
    if not found or store.stat(layout.REPORTS, key) is None:
        raise InputError(
            f"the store holds no Data Docs{f' of {week}' if week else ''}: `sohoa run report --week …` makes them"
        )
    return [_fetch(store, layout.REPORTS, key)]


def fetch_slip(store: Store, batch: str | None = None) -> list[Path]:
    """Fetch the return slip of a batch, by default the newest with pictures, and the page beside it to send again.

    Raises:
        InputError: the store holds none.
    """
    prefix = _receipts_of(batch) if batch is not None else _newest_pictured(store)
    pages = (
        [item for item in store.list_objects(layout.LANDING, prefix) if item.key.endswith(".html")] if prefix else []
    )
    slips = [item for item in pages if not item.key.endswith(_RESEND)]
    if not slips:
        raise InputError(
            f"the store holds no slip of {batch}: the table batches, which `sohoa query` reads, lists the ids"
            if batch is not None
            else "the store holds no slip with pictures yet: `sohoa run check` writes one for each batch"
        )
    newest = max(slips, key=lambda item: item.last_modified).key
    beside = newest.removesuffix(".html") + _RESEND
    return [_fetch(store, layout.LANDING, key) for key in (newest, beside) if key in {item.key for item in pages}]


def _receipts_of(batch: str) -> str:
    """The folder of the receipts of a batch; empty where that is no batch id."""
    found = layout.BatchId.parse(batch)
    return layout.receipts_prefix(found.agency, batch) if found else ""


def _newest_pictured(store: Store) -> str:
    """The folder of the receipts of the batch received last that has pictures; empty where there is none."""
    newest = max((item.key for item in store.list_objects(layout.WAREHOUSE, layout.PICTURED)), default=None)
    if newest is None:
        return ""
    named = store.get_json(layout.WAREHOUSE, newest)
    return layout.receipts_prefix(named["agency"], named["batch"])


def _newest_week(store: Store, prefix: str) -> str | None:
    names = [item.key.removeprefix(prefix).split("/") for item in store.list_objects(layout.REPORTS, prefix)]
    return max((parts[0] for parts in names if len(parts) > 1), default=None)


def _fetch(store: Store, bucket: str, key: str) -> Path:
    path = store.settings.home / FOLDER / bucket / key
    write_private(path, store.get(bucket, key))
    return path
