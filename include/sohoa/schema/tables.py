"""The tables: which columns each has, in their order. What a column means stands in ``fields``."""

from __future__ import annotations

import pyarrow as pa

from sohoa.errors import SettingsError
from sohoa.pages.page_row import COLUMNS
from sohoa.schema.fields import FIELDS

_DOCUMENT = ("agency", "batch", "document_id")
_DECLARED = ("kind", "content", "paper", "cover", "device_id")
_VERDICT = ("verdict", "defects", "notes")
_SOURCE = ("dt", "feed_file", "line", "first_seen")
_PROGRESS = (
    "unit_code", "definition", "stage", "numerator", "denominator", "declared", "received", "accepted", "waived",
    "finished",
)  # fmt: skip
_DOSSIER = (
    "dossier_key", "in_register", "unit_code", "is_split", "handling_agency", "procedure_code", "status", "components",
    "has_paper_result", "exemption", "is_void", "documents",
)  # fmt: skip


def fields(*names: str) -> pa.Schema:
    """Return the columns of these names."""
    return pa.schema([FIELDS[name].to_arrow() for name in names])


def table(meaning: str, *names: str, version: int = 1) -> pa.Schema:
    """Return the schema of a table.

    Args:
        meaning: what a row is.
        names: its columns, keys of ``FIELDS``; the path key is none of them.
        version: ``schema_version`` of its files, raised with every change to the columns.
    """
    return fields(*names).with_metadata({"meaning": meaning, "schema_version": str(version)})


def schema_version(schema: pa.Schema) -> int:
    """Return the version that a schema, or a file of a table, says it is of; 1 where it says none."""
    return int((schema.metadata or {}).get(b"schema_version", b"1"))


def fit(name: str, rows: pa.Table) -> pa.Table:
    """Return rows of a table, of whatever release, as its schema has them now.

    A column that came after they were written is null; one that is no more is left out.

    Raises:
        SettingsError: a newer release has written them.
        pyarrow.ArrowInvalid: a value does not fit its column.
    """
    schema, written = TABLES[name], schema_version(rows.schema)
    if written > schema_version(schema):
        raise SettingsError(
            f"{name} was written by a newer sohoa (schema_version {written}, this one knows "
            f"{schema_version(schema)}): install that version here too (docs/runbook.md)"
        )
    for column in schema:
        if column.name not in rows.column_names:
            rows = rows.append_column(column, pa.nulls(rows.num_rows, column.type))
    return rows.select(schema.names).cast(schema)


MEASURED = fields(*COLUMNS)
"""A page as ``pages.measure_page`` returns it."""

VERDICT = fields(*_VERDICT)

TABLES: dict[str, pa.Schema] = {
    "pages": table(
        "One row per page: what was measured, and the verdict.",
        *_DOCUMENT, *_DECLARED, "device_kind", "role", "sheet", *COLUMNS, "uncovered_ratio", "twin", *_VERDICT,
        version=3,
    ),
    "documents": table(
        "One row per document of an admitted batch; its defects are those of its own.",
        *_DOCUMENT, "dossier_key", "dossier_code", "procedure_code", "title", *_DECLARED, "operator", "operator_org",
        "replaces", "not_scanned", "ask_reviewer", "is_received", "pages_declared", "note_pages", "pages_found",
        "pages_accepted", *_VERDICT, version=2,
    ),
    "batches": table(
        "One row per batch, admitted or refused.",
        "agency", "batch", "manifest_sha256", "manifest_etag", "received_at", "engine_version", "thresholds_version",
        "operator", "device_id", "device_model", "device_kind", "documents_declared", "documents_received",
        "documents_accepted", "pages_declared", "pages_found", "pages_accepted", "verdict", "refusal", "refusal_detail",
    ),
    "register": table(
        "One row per dossier of the provincial register, as the row in force says.",
        "dossier_key", "dossier_code", "procedure_code", "field_code", "channel", "handling_agency", "commune_code",
        "unit_code", "is_split", "lodged_at", "due_at", "finished_at", "returned_at", "status", "components",
        "has_paper_result", "exemption", "is_void", "updated_at", *_SOURCE, version=2,
    ),
    "portal": table(
        "One row per dossier code as the national portal spells it: it may know one dossier under several spellings.",
        "dossier_key", "dossier_code", "procedure_code", "handling_agency", "lodged_at", "due_at", "status",
        "is_flagged_digitised", "result_link", "synced_at", *_SOURCE,
    ),
    "ministry": table(
        "One row per dossier and ministry system.",
        "system", "dossier_key", "dossier_code", "procedure_code", "commune_code", "lodged_at", "status", *_SOURCE,
    ),
    "status": table(
        "One row per change of a dossier's status.",
        "dossier_key", "dossier_code", "status", "changed_at", *_SOURCE,
    ),
    "national_report": table(
        "One row per unit and period of the national report.",
        "unit_code", "start", "end", "dossiers_received", "line",
    ),
    "backlog": table("One row per agency: what it has to digitise of the past.", "agency", "results", "line"),
    "notices": table(
        "One row per notice of an agency that cannot send for a time.",
        "agency", "start", "end", "notice_kind", "note", "line",
    ),
    "dossiers": table("One row per dossier of the day: the register's state, and its documents.", *_DOSSIER, version=2),
    "reviews": table(
        "One row per decision of a reviewer about a document.",
        *_DOCUMENT, "dossier_key", "decision", "approver", "reason", "decided_at",
    ),
    "audit_sample": table(
        "One row per page of a document that people look at; an object is the sample of one lot.",
        *_DOCUMENT, "file", "page_no", "verdict", "defects", "stratum", "weight", "lot", "lot_documents",
        "lot_batches", "sample_documents", "inspection", "aql_percent", "accept_number", "reject_number", "drawn_at",
    ),
    "page_reviews": table(
        "One row per decision of a person about a page: what truly is wrong with it.",
        *_DOCUMENT, "file", "page_no", "true_defects", "reviewer", "decided_at", "lot", "stratum", "weight",
    ),
    "backlog_documents": table(
        "One row per scanned result of the backlog.",
        *_DOCUMENT, "is_received", "verdict", "replaces", "decision",
    ),
    "progress_daily": table("One row per unit, definition and stage: what is known now of the day.", *_PROGRESS),
    "quality_daily": table(
        "One row per agency, declared paper, declared cover and defect that could be judged.",
        "agency", "paper", "cover", "defect", "pages_bad", "pages_judged",
    ),
    "pages_daily": table(
        "One row per agency, scanner, declared paper and declared cover: how many pages are accepted.",
        "agency", "device_id", "paper", "cover", "pages_found", "pages_accepted",
    ),
    "device_daily": table(
        "One row per scanner.",
        "agency", "device_id", "device_model", "device_kind", "documents_received", "pages_received", "defect_pages",
        "streaks",
    ),
    "reconciliation": table(
        "One row per dossier and category, in the unit and day of its cell; each object is of one day in the codes.",
        "unit_code", "category", "dossier_key", "dossier_code", "province", "portal", "first_seen",
    ),
    "reconciliation_daily": table(
        "One row per unit and category.",
        "unit_code", "category", "entries", "oldest_first_seen", "mean_first_seen",
    ),
    "incidents": table(
        "One row per scanner out of its own control limits, under the day on which the incident opened.",
        "agency", "device_id", "measure", "last_day", "closed_day", "days", "pages_counted", "sample_size", "centre",
        "lower", "upper",
    ),
    "reported": table(
        "Sums of progress_daily over an ISO week, as they were printed: a row is a unit, each with its own days.",
        "unit_code", "valid_from", *_PROGRESS[1:], version=2,
    ),
    "reported_dossiers": table(
        "The dossiers behind the printed figures of a week, as they were then.", "dossier_date", *_DOSSIER,
        version=2,
    ),
    "rejects": table(
        "One row per row of a feed, or whole file, that could not be used.",
        "source", "feed_key", "line", "field", "problem", "value",
    ),
    "visits": table(
        "One row per page of the pages in the Airflow UI that somebody opened.",
        "visited_at", "visitor", "opened", "address",
    ),
    "events": table(
        "One row per try of a task in a run of a DAG: what happened.",
        "dag_id", "run_id", "task_id", "task_name", "map_index", "try_number", "task_outcome", "began_at", "ended_at",
        "told", "failure", "batches_written",
    ),
}  # fmt: skip
"""Table -> its schema."""

CAPTURES = table(
    "What later batches are compared with: pages, when they were received, and what their documents replace.",
    "agency", "batch", "document_id", "cover", "role", "file", "page_no", "sha256", "ink_ratio", "phash", "error",
    "received_at", "replaces",
)  # fmt: skip
