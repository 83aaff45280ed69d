"""Where every object lives. No other module writes a key by hand."""

from __future__ import annotations

import hashlib
import re
from datetime import date, datetime
from typing import NamedTuple, Self

LANDING, FEEDS, WAREHOUSE, REPORTS = "landing", "feeds", "warehouse", "reports"
BUCKETS = (LANDING, FEEDS, WAREHOUSE, REPORTS)
VERSIONED_BUCKETS = (LANDING,)

INBOX = "inbox/"
PENDING = "_pending/"
UNRECONCILED = "_unreconciled/"
RECONCILED = "_reconciled/"
IMPORTED = "_imported/"
WORK = "_work/"
DEBTS = "_debts/"
ATTEMPTS = "_attempts/"
MEASURED = "_measured/"
PICTURED = "_pictured/"
ALERTS = "_alerts/"
RUNS = "_runs/"
DOCUMENTS = "_documents/"
CLOSED_FEEDS = "_closed_feeds/"
RECEIVED = "_received/"
BATCHES, RECEIPTS = "batches/", "receipts/"
RESEND_SUFFIX, PICTURES_SUFFIX = "gui-lai.html", "pictures.json"
"""What lies beside a receipt: the page to send again with, the pictures on the slip."""
AGAIN = "lai-"
"""Begins what names the receipt of a batch that was judged again."""
USAGE_KEY, SWEEP_KEY = "_usage/agencies.json", "_usage/sweep.json"
"""What the agencies use, as last counted; how far the count that goes on now has come."""
INTEGRITY_KEY = "_usage/integrity.json"
"""How far the way through the batches has come on which files are read back."""
UNSCANNED = "_unscanned/"
"""What may not be scanned yet of the dossiers of months long over."""
CHARTS_KEY = "_charts/scanners.json"
"""Where the control charts of all scanners stood some months ago."""
MIGRATED_KEY = "_usage/migrated.json"
"""Which tables stand as which ``schema_version`` of theirs has them, on all days."""
MIGRATING_KEY = "_usage/migrating.json"
"""Days that a run brings to the shape of this release; there after it only where it was killed."""
DAMAGED = "_damaged/"
OUTBOX = "_outbox/"
LOGS = "_logs/"
WEEKLY = "weekly/"
DATA_DOCS = "data-docs/"
PATH_KEY = {
    "pages": "scan_date",
    "documents": "scan_date",
    "batches": "scan_date",
    "register": "dossier_date",
    "portal": "dossier_date",
    "ministry": "dossier_date",
    "status": "dossier_date",
    "national_report": "dt",
    "backlog": "dt",
    "notices": "dt",
    "dossiers": "dossier_date",
    "reviews": "scan_date",
    "audit_sample": "drawn_date",
    "page_reviews": "scan_date",
    "backlog_documents": "scan_date",
    "progress_daily": "dossier_date",
    "quality_daily": "scan_date",
    "pages_daily": "scan_date",
    "device_daily": "scan_date",
    "reconciliation": "dossier_date",
    "reconciliation_daily": "dossier_date",
    "incidents": "first_day",
    "reported": "first_day",
    "reported_dossiers": "first_day",
    "rejects": "dt",
    "visits": "visit_date",
    "events": "event_date",
}
"""Table -> the ISO date in its path, the only path key."""

DAY = "day"
"""Name of the one object that a day of a table has, where it is not split by batch or feed file."""

MERGED_TABLES = ("reviews", "page_reviews")
"""Tables of one object per decision: those of a day become one when their month is over."""

_FEED_KEY = re.compile(r"[^/]+(?:/(?P<system>[A-Za-z0-9_-]+))?/dt=(?P<day>\d{4}-\d{2}-\d{2})/(?P<name>.+)")
_BATCH_ID = re.compile(r"(?P<agency>[A-Za-z0-9][A-Za-z0-9.]{0,39})-(?P<day>\d{8})-(?P<number>\d{3})", re.ASCII)

_YEAR_MONTH_DAY = (slice(4), slice(4, 6), slice(6, 8))


class BatchId(NamedTuple):
    """What a well-formed batch id says: ``<agency>-<yyyymmdd>-<nnn>``."""

    agency: str
    scan_date: date
    number: int

    @property
    def name(self) -> str:
        """The id as it is written."""
        return f"{self.agency}-{self.scan_date:%Y%m%d}-{self.number:03d}"

    @classmethod
    def parse(cls, batch: str) -> Self | None:
        """Read a batch id, None where it is not well-formed."""
        match = _BATCH_ID.fullmatch(batch)
        try:
            if match is None:
                return None
            year, month, day = (int(match["day"][part]) for part in _YEAR_MONTH_DAY)
            return cls(match["agency"], date(year, month, day), int(match["number"]))
        except ValueError:  # no such day
            return None


def batch_date(batch: str, agency: str) -> date | None:
    """Return the scan date inside a well-formed batch id of this agency, else None."""
    found = BatchId.parse(batch)
    return found.scan_date if found and found.agency == agency else None


def batch_prefix(agency: str, scan_date: date, batch: str) -> str:
    """Return the prefix in ``landing`` under which all files of a batch lie."""
    return f"batches/{agency}/{scan_date.isoformat()}/{batch}/"


def inbox_key(agency: str, batch: str) -> str:
    """Return the key in ``landing`` of the manifest that commits a batch."""
    return f"{INBOX}{agency}/{batch}.json"


def log_key(path: str) -> str:
    """Return the key in ``warehouse`` of a task's log, by its path below Airflow's folder of logs."""
    return f"{LOGS}{path}"


def split_inbox_key(key: str) -> tuple[str, str]:
    """Return (agency, batch id) as spelled in a key under ``inbox/``; the batch id is empty for a stray object."""
    agency, _, name = key.removeprefix(INBOX).partition("/")
    return agency, name.removesuffix(".json") if name.endswith(".json") else ""


def safe_name(text: str) -> str:
    """Return ``text`` where it can stand in a key as it is, else a stable stand-in made from its hash."""
    return text if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}", text) else stand_in(text)


def stand_in(text: str) -> str:
    """Make a name for what has no usable one: ``invalid-`` and 12 hexadecimal digits, the same for the same text."""
    return "invalid-" + hashlib.sha256(text.encode()).hexdigest()[:12]


def receipt_key(agency: str, batch: str, manifest_sha256: str, suffix: str = "json", again: str = "") -> str:
    """Return the key in ``landing`` of the receipt for one manifest.

    ``again`` names that of a batch that was judged again: it comes after the first one in a listing.
    """
    return f"{receipts_prefix(agency, batch)}{manifest_sha256[:12]}.{f'{AGAIN}{again}.' if again else ''}{suffix}"


def receipts_prefix(agency: str, batch: str) -> str:
    """Return the prefix in ``landing`` of the receipts of a batch id, and of what lies beside them."""
    return f"{RECEIPTS}{safe_name(agency)}/{safe_name(batch)}/"


def resend_key(agency: str, batch: str, manifest_sha256: str, again: str = "") -> str:
    """The page that makes the manifest for what must be sent again."""
    return receipt_key(agency, batch, manifest_sha256, RESEND_SUFFIX, again)


def pictures_key(agency: str, batch: str, manifest_sha256: str, again: str = "") -> str:
    """Return the key in ``landing`` of the pictures of pages on the slip beside a receipt."""
    return receipt_key(agency, batch, manifest_sha256, PICTURES_SUFFIX, again)


def pictured_key(received: date, agency: str, batch: str, manifest_sha256: str, again: str = "") -> str:
    """Return the marker's key: there are pictures beside this receipt; in the order of the days received."""
    name = f"{manifest_sha256[:12]}.{AGAIN}{again}" if again else manifest_sha256[:12]
    return f"{PICTURED}{received.isoformat()}/{agency}/{batch}/{name}.json"


def pictured_day(key: str) -> date:
    """Return the day in the key of such a marker."""
    return date.fromisoformat(key.removeprefix(PICTURED).partition("/")[0])


def manifests_prefix(agency: str, batch: str) -> str:
    """Return the prefix in ``warehouse`` of the copies of all settled manifests of a batch id."""
    return f"manifests/{safe_name(agency)}/{safe_name(batch)}/"


def manifest_key(agency: str, batch: str, manifest_sha256: str) -> str:
    """Return the key in ``warehouse`` of the copy of a settled manifest."""
    return f"{manifests_prefix(agency, batch)}{manifest_sha256[:12]}.json"


def review_name(agency: str, document_id: str, decided_at: datetime) -> str:
    """Name of the object of one decision in a day of ``reviews``."""
    return f"{agency}-{document_id}-{decided_at:%Y%m%dT%H%M%S}"


def page_review_name(agency: str, document_id: str, page: str, reviewer: str, decided_at: datetime) -> str:
    """Name of the object of one decision about one page in a day of ``page_reviews``."""
    who_and_what = hashlib.sha256(f"{page}\n{reviewer}".encode()).hexdigest()
    return f"{agency}-{document_id}-{who_and_what[:12]}-{decided_at:%Y%m%dT%H%M%S}"


def documents_prefix(agency: str) -> str:
    """Return the prefix in ``warehouse`` of the document ids that an agency has used."""
    return f"{DOCUMENTS}{agency}/"


def documents_key(agency: str, year: int) -> str:
    """Return the key in ``warehouse`` of the document ids of an agency's batches of one year."""
    return f"{documents_prefix(agency)}{year:04d}.parquet"


def documents_year(key: str) -> int:
    """Return the year in the key of such an object."""
    return int(key.rpartition("/")[2].removesuffix(".parquet"))


def captures_prefix(agency: str) -> str:
    """Return the prefix in ``warehouse`` of what an agency's batches are compared with."""
    return f"_captures/{agency}/"


def captures_key(agency: str, received: date, batch: str) -> str:
    """Return the key in ``warehouse`` of the captures of one batch: in the order of the days received."""
    return f"{captures_prefix(agency)}{received.isoformat()}_{batch}.parquet"


def feed_prefix(source: str) -> str:
    """Return the prefix in ``feeds`` of one source's files."""
    return f"{source}/"


def feed_day(day: date) -> str:
    """Return the folder of a day's files of a source or system."""
    return f"dt={day.isoformat()}/"


def closed_feed_key(feed_key: str) -> str:
    """Return the marker's key: too many rows of this feed file could not be used, and no better one has come."""
    return f"{CLOSED_FEEDS}{feed_key}.json"


def run_key(job: str) -> str:
    """Return the key in ``warehouse`` of how a job ended last."""
    return f"{RUNS}{job}.json"


def split_feed_key(key: str) -> tuple[str | None, date | None, str]:
    """Return (system, day, file name) of ``<source>[/<system>]/dt=<iso date>/<file>``; no day for another key."""
    match = _FEED_KEY.fullmatch(key)
    try:
        day = date.fromisoformat(match["day"]) if match else None
    except ValueError:
        day = None
    return (match["system"], day, match["name"]) if match and day else (None, None, key.partition("/")[2])


def table_prefix(table: str, day: date | None = None) -> str:
    """Return the prefix in ``warehouse`` of a table, or of one day of it."""
    return f"{table}/" if day is None else f"{table}/{PATH_KEY[table]}={day.isoformat()}/"


def table_key(table: str, day: date, name: str) -> str:
    """Return the key in ``warehouse`` of one Parquet object: ``<table>/<path key>=<iso date>/<name>.parquet``."""
    return f"{table_prefix(table, day)}{name}.parquet"


def table_day(key: str) -> date:
    """Return the date in the path of a table's object."""
    return date.fromisoformat(key.split("/")[1].partition("=")[2])


def pending_scan_key(agency: str, batch: str) -> str:
    """Return the marker's key: this batch's documents are not in the summaries yet."""
    return f"{PENDING}scans/{agency}/{batch}.json"


def pending_review_key(agency: str, document_id: str) -> str:
    """Return the marker's key: a decision about this document is not in the summaries yet."""
    return f"{PENDING}reviews/{agency}/{document_id}.json"


def pending_register_key(source_etag: str, day: date) -> str:
    """Return the marker's key: a feed file changed register rows of this dossier day, not summarised yet."""
    return f"{PENDING}register/{day.isoformat()}/{safe_name(source_etag)}.json"


def pending_register_day(key: str) -> date | None:
    """Return the dossier day in the key of such a marker, None for another key."""
    if not key.startswith(f"{PENDING}register/"):
        return None
    return date.fromisoformat(key.removeprefix(f"{PENDING}register/").partition("/")[0])


def unreconciled_key(day: date, writer: str) -> str:
    """Return the marker's key: ``writer`` changed what is compared for this dossier day, not reconciled yet."""
    return f"{UNRECONCILED}{day.isoformat()}/{safe_name(writer)}.json"


def unreconciled_day(key: str) -> date:
    """Return the dossier day in the key of such a marker."""
    return date.fromisoformat(key.removeprefix(UNRECONCILED).split("/")[0])


def reconciled_key(day: date) -> str:
    """Return the key in ``warehouse`` that holds the days of all cells in which dossiers of this day lie."""
    return f"{RECONCILED}{day.isoformat()}.json"


def unscanned_key(month: str) -> str:
    """Return the key in ``warehouse`` of the dossiers of a month, as 2024-05, that may not be scanned yet."""
    return f"{UNSCANNED}{month}.parquet"


def imported_prefix(source: str) -> str:
    """Return the prefix in ``warehouse`` of the marks of one source's imported files."""
    return f"{IMPORTED}{feed_prefix(source)}"


def imported_key(feed_key: str, etag: str) -> str:
    """Return the key in ``warehouse`` that marks one content of a feed file as imported."""
    return f"{IMPORTED}{feed_key}/{safe_name(etag)}.json"


def work_prefix(job: str) -> str:
    """Return the prefix in ``warehouse`` of the intermediate objects of all runs of a job."""
    return f"{WORK}{job}/"


def work_key(job: str, run: str, name: str) -> str:
    """Return the key in ``warehouse`` of one intermediate object of one run of a job."""
    return f"{work_prefix(job)}{run}/{name}"


def debt_key(job: str) -> str:
    """Return the key in ``warehouse`` of what a killed run of a job still owes."""
    return f"{DEBTS}{job}.json"


def attempts_key(step: str) -> str:
    """Return the key in ``warehouse`` of how often tasks died at a step."""
    return f"{ATTEMPTS}{step}.json"


def attempts_prefix(step: str) -> str:
    """Return the prefix in ``warehouse`` of the attempts at the parts of a step."""
    return f"{ATTEMPTS}{step}"


def attempts_step(key: str) -> str:
    """Return the step in the key of its attempts."""
    return key.removeprefix(ATTEMPTS).removesuffix(".json")


def measured_prefix(agency: str, batch: str) -> str:
    """Return the prefix in ``warehouse`` of the page rows that have been measured of a batch not yet settled."""
    return f"{MEASURED}{safe_name(agency)}/{safe_name(batch)}/"


def measured_key(agency: str, batch: str, manifest_sha256: str, engine: str, part: str) -> str:
    """Return the key in ``warehouse`` of some of the page rows measured of one manifest, by one engine."""
    return f"{measured_prefix(agency, batch)}{manifest_sha256[:12]}/{engine}/{part}.parquet"


def report_key(week: str, name: str) -> str:
    """Return the key in ``reports`` of one file of the report of an ISO week: report.json, .pdf, .html, .xlsx."""
    return f"{WEEKLY}{week}/{name}"


def outbox_key(week: str) -> str:
    """Return the marker's key: the report of this week is not mailed yet."""
    return f"{OUTBOX}{week}.json"


def outbox_week(key: str) -> str:
    """Return the week in the key of such a marker."""
    return key.removeprefix(OUTBOX).removesuffix(".json")


def delivery_key(week: str, content_hash: str, address: str) -> str:
    """Return the key in ``warehouse`` of what became of one content of a week's report for one recipient."""
    recipient = hashlib.sha256(address.encode()).hexdigest()
    return f"{deliveries_prefix(week)}{content_hash[:12]}/{recipient[:12]}.json"


def deliveries_prefix(week: str) -> str:
    """Return the prefix in ``warehouse`` of what became of the mails of a week's report."""
    return f"_deliveries/{week}/"


def data_docs_prefix(week: str) -> str:
    """Return the prefix in ``reports`` of the Great Expectations pages of a week."""
    return f"{DATA_DOCS}{week}/"


def alert_key(key: str) -> str:
    """Return the key in ``warehouse`` of what became of one alert: who was told, and when."""
    return ALERTS + "/".join(safe_name(part) for part in key.split("/")) + ".json"


def damaged_key(agency: str, batch: str) -> str:
    """Return the key in ``warehouse`` of what is wrong with the files or rows of a batch."""
    return f"{DAMAGED}{safe_name(agency)}/{safe_name(batch)}.json"


def received_prefix(day: date) -> str:
    """Return the prefix in ``warehouse`` of what all agencies sent on a day."""
    return f"{RECEIVED}{day.isoformat()}/"


def received_key(day: date, agency: str) -> str:
    """Return the key in ``warehouse`` of what an agency sent on a day, batch by batch."""
    return f"{received_prefix(day)}{safe_name(agency)}.json"


def received_day(key: str) -> date:
    """Return the day in such a key."""
    return date.fromisoformat(key.removeprefix(RECEIVED).split("/")[0])
