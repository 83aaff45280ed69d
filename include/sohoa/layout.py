"""Where every object lives. No other module writes a key by hand."""

from __future__ import annotations

import hashlib
import re
from datetime import date, datetime

LANDING, FEEDS, WAREHOUSE, REPORTS = "landing", "feeds", "warehouse", "reports"
BUCKETS = (LANDING, FEEDS, WAREHOUSE, REPORTS)
VERSIONED_BUCKETS = (LANDING,)

INBOX = "inbox/"
PENDING = "_pending/"
WORK = "_work/"
PATH_KEY = {
    "pages": "scan_date",
    "documents": "scan_date",
    "batches": "scan_date",
    "register": "dossier_date",
    "dossiers": "dossier_date",
    "progress_daily": "dossier_date",
    "quality_daily": "scan_date",
    "rejects": "dt",
}
"""Table -> the ISO date in its path, the only path key."""

DAY = "day"
"""Name of the one object that a day of a table has, where it is not split by batch or feed file."""

_BATCH_ID = re.compile(r"^(?P<agency>[A-Za-z0-9][A-Za-z0-9.]{0,39})-(?P<date>\d{8})-(?P<number>\d{3})$")


def batch_date(batch: str, agency: str) -> date | None:
    """The scan date inside a well-formed batch id of this agency, else None."""
    match = _BATCH_ID.match(batch)
    if match is None or match["agency"] != agency:
        return None
    try:
        return datetime.strptime(match["date"], "%Y%m%d").date()  # noqa: DTZ007 (a date has no zone)
    except ValueError:
        return None


def batch_prefix(agency: str, scan_date: date, batch: str) -> str:
    """Prefix in ``landing`` under which all files of a batch lie."""
    return f"batches/{agency}/{scan_date.isoformat()}/{batch}/"


def inbox_key(agency: str, batch: str) -> str:
    """Key in ``landing`` of the manifest that commits a batch."""
    return f"{INBOX}{agency}/{batch}.json"


def split_inbox_key(key: str) -> tuple[str, str]:
    """(agency, batch id) as spelled in a key under ``inbox/``; the batch id is empty for a stray object."""
    agency, _, name = key.removeprefix(INBOX).partition("/")
    return agency, name.removesuffix(".json") if name.endswith(".json") else ""


def safe_name(text: str) -> str:
    """``text`` where it can stand in a key as it is, else a stable stand-in made from its hash."""
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}", text):
        return text
    return "invalid-" + hashlib.sha256(text.encode()).hexdigest()[:12]


def receipt_key(agency: str, batch: str, manifest_sha256: str, suffix: str = "json") -> str:
    """Key in ``landing`` of the receipt for one manifest."""
    return f"receipts/{safe_name(agency)}/{safe_name(batch)}/{manifest_sha256[:12]}.{suffix}"


def manifest_key(agency: str, batch: str, manifest_sha256: str) -> str:
    """Key in ``warehouse`` of the copy of a settled manifest."""
    return f"manifests/{safe_name(agency)}/{safe_name(batch)}/{manifest_sha256[:12]}.json"


def document_key(agency: str, document_id: str) -> str:
    """Key in ``warehouse`` that marks a document id as used by an agency."""
    return f"_documents/{agency}/{document_id}.json"


def captures_prefix(agency: str) -> str:
    """Prefix in ``warehouse`` of what an agency's batches are compared with."""
    return f"_captures/{agency}/"


def captures_key(agency: str, received: date, batch: str) -> str:
    """Key in ``warehouse`` of the captures of one batch: in the order of the days received."""
    return f"{captures_prefix(agency)}{received.isoformat()}_{batch}.parquet"


def feed_prefix(source: str) -> str:
    """Prefix in ``feeds`` of one source's files."""
    return f"{source}/"


def split_feed_key(key: str) -> tuple[date | None, str]:
    """(day, file name) of a key ``<source>/dt=<iso date>/<file>``; no day where the key is not of that form."""
    _, _, rest = key.partition("/")
    folder, _, name = rest.partition("/")
    try:
        return date.fromisoformat(folder.removeprefix("dt=")), name
    except ValueError:
        return None, rest


def table_prefix(table: str, day: date | None = None) -> str:
    """Prefix in ``warehouse`` of a table, or of one day of it."""
    return f"{table}/" if day is None else f"{table}/{PATH_KEY[table]}={day.isoformat()}/"


def table_key(table: str, day: date, name: str) -> str:
    """Key in ``warehouse`` of one Parquet object: ``<table>/<path key>=<iso date>/<name>.parquet``."""
    return f"{table_prefix(table, day)}{name}.parquet"


def table_day(key: str) -> date:
    """The date in the path of a table's object."""
    return date.fromisoformat(key.split("/")[1].partition("=")[2])


def pending_scan_key(agency: str, batch: str) -> str:
    """Marker: this batch's documents are not in the summaries yet."""
    return f"{PENDING}scans/{agency}/{batch}.json"


def pending_register_key(source_etag: str, day: date) -> str:
    """Marker: a feed file changed register rows of this dossier day, not summarised yet."""
    return f"{PENDING}register/{day.isoformat()}/{safe_name(source_etag)}.json"


def imported_key(feed_key: str) -> str:
    """Key in ``warehouse`` that marks one feed file as imported; holds its ETag."""
    return f"_imported/{feed_key}.json"


def work_prefix(job: str, work: str | None = None) -> str:
    """Prefix in ``warehouse`` of the intermediate objects of one run of a job, or of all its runs."""
    return f"{WORK}{job}/" if work is None else f"{WORK}{job}/{work}/"
