"""The column contract: Arrow schemas of every table, with unit and meaning, and the names that columns may hold.

The path key of a table (``layout.PATH_KEY``) is never a column of its files; agency, batch and unit codes are strings.
``docs/tables.md`` is generated from this package.
"""

from __future__ import annotations

import pyarrow as pa

from sohoa.schema.count_tables import (
    DEVICE_DAILY,
    INCIDENTS,
    PROGRESS_DAILY,
    QUALITY_DAILY,
    RECONCILIATION,
    RECONCILIATION_DAILY,
    REPORTED,
)
from sohoa.schema.document_tables import BACKLOG_DOCUMENTS, BATCHES, DOCUMENTS, DOSSIERS, REPORTED_DOSSIERS, REVIEWS
from sohoa.schema.feed_tables import BACKLOG, MINISTRY, NATIONAL_REPORT, NOTICES, PORTAL, REGISTER, REJECTS, STATUS
from sohoa.schema.page_tables import MEASURED, PAGES, TWIN, VERDICT

__all__ = ["CAPTURES", "MEASURED", "TABLES", "TWIN", "VERDICT"]

TABLES: dict[str, pa.Schema] = {
    "pages": PAGES,
    "documents": DOCUMENTS,
    "batches": BATCHES,
    "register": REGISTER,
    "portal": PORTAL,
    "ministry": MINISTRY,
    "status": STATUS,
    "national_report": NATIONAL_REPORT,
    "backlog": BACKLOG,
    "notices": NOTICES,
    "dossiers": DOSSIERS,
    "reviews": REVIEWS,
    "backlog_documents": BACKLOG_DOCUMENTS,
    "progress_daily": PROGRESS_DAILY,
    "quality_daily": QUALITY_DAILY,
    "device_daily": DEVICE_DAILY,
    "reconciliation": RECONCILIATION,
    "reconciliation_daily": RECONCILIATION_DAILY,
    "incidents": INCIDENTS,
    "reported": REPORTED,
    "reported_dossiers": REPORTED_DOSSIERS,
    "rejects": REJECTS,
}
"""Table -> its schema."""

_CAPTURE_NAMES = (
    "agency", "batch", "document_id", "cover", "role", "file", "page_no", "sha256", "ink_ratio", "phash", "error",
)  # fmt: skip
CAPTURES = pa.schema(
    [
        *(PAGES.field(name) for name in _CAPTURE_NAMES),
        BATCHES.field("received_at"),
        DOCUMENTS.field("replaces"),
    ]
)
"""What later batches are compared with: pages, when they were received, and what their documents replace."""
