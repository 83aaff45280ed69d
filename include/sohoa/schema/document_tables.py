"""Documents, the batches that brought them, and the dossiers that they belong to."""

from __future__ import annotations

import pyarrow as pa

from sohoa.enums import DECISIONS, DEVICE_KINDS, NOT_SCANNED_REASONS, VERDICTS
from sohoa.schema.fields import BOOL, CONTEXT, DATE, DECLARED, INT, TEXT, TIME, column
from sohoa.schema.page_tables import VERDICT

DOCUMENTS = pa.schema(
    [
        *CONTEXT,
        column("dossier_key", TEXT, "dossier code in its one normal spelling; null for backlog results"),
        column("dossier_code", TEXT, "dossier code as the manifest spells it"),
        column("procedure_code", TEXT, "code of the administrative procedure"),
        column("title", TEXT, "declared title"),
        *DECLARED,
        column("operator", TEXT, "who scanned"),
        column("operator_org", TEXT, "organisation of the operator where it is not the agency"),
        column("replaces", TEXT, "document id that this one replaces"),
        column("not_scanned", TEXT, "declared without scan: " + " | ".join(NOT_SCANNED_REASONS)),
        column("is_received", BOOL, "all files present with the declared hashes"),
        column("pages_declared", INT, "physical pages plus pages scanned twice for a note", "page"),
        column("note_pages", INT, "of these, pages scanned twice for a note", "page"),
        column("pages_found", INT, "pages in the files", "page"),
        column("pages_accepted", INT, "pages with verdict accepted", "page"),
        *VERDICT,
    ]
)

BATCHES = pa.schema(
    [
        column("agency", TEXT, "agency under whose prefix the manifest lay"),
        column("batch", TEXT, "batch id; a stand-in made from its hash where it is malformed"),
        column("manifest_sha256", TEXT, "SHA-256 of the manifest, hexadecimal"),
        column("manifest_etag", TEXT, "ETag of the inbox marker"),
        column("received_at", TIME, "when the store took the inbox marker"),
        column("engine_version", TEXT, "version of the page engine"),
        column("thresholds_version", TEXT, "hash of the limits in force"),
        column("operator", TEXT, "who scanned"),
        column("device_id", TEXT, "the scanner"),
        column("device_model", TEXT, "its model"),
        column("device_kind", TEXT, " | ".join(DEVICE_KINDS)),
        column("documents_declared", INT, "documents in the manifest", "document"),
        column("documents_received", INT, "of these, received", "document"),
        column("documents_accepted", INT, "of these, accepted", "document"),
        column("pages_declared", INT, "pages that the manifest promises", "page"),
        column("pages_found", INT, "pages in the files", "page"),
        column("pages_accepted", INT, "of these, accepted", "page"),
        column("verdict", TEXT, " | ".join(VERDICTS) + "; null where refused or nothing was scanned"),
        column("refusal", TEXT, "reason code of a refused manifest; null where admitted"),
        column("refusal_detail", TEXT, "what exactly is wrong with the manifest"),
    ]
)

DOSSIERS = pa.schema(
    [
        column("dossier_key", TEXT, "dossier code in its one normal spelling"),
        column("in_register", BOOL, "the register knows the dossier"),
        column("unit_code", TEXT, "leaf unit; null where the register does not know the dossier"),
        column("handling_agency", TEXT, "DonViXuLy: agency that handles the dossier"),
        column("procedure_code", TEXT, "MaTTHC"),
        column("status", INT, "TrangThaiHoSo, 1 to 10"),
        column("components", INT, "components to digitise", "document"),
        column("has_paper_result", BOOL, "a paper result is returned"),
        column("exemption", TEXT, "reason of exemption; null where none"),
        column("is_void", BOOL, "void or test"),
        column(
            "documents",
            pa.list_(
                pa.struct(
                    [
                        pa.field("agency", TEXT),
                        pa.field("batch", TEXT),
                        pa.field("document_id", TEXT),
                        pa.field("kind", TEXT),
                        pa.field("is_received", BOOL),
                        pa.field("verdict", TEXT),
                        pa.field("replaces", TEXT),
                        pa.field("decision", TEXT),
                    ]
                )
            ),
            "documents of the dossier in all admitted batches, each with the newest decision of a reviewer",
        ),
    ]
)

REPORTED_DOSSIERS = pa.schema([column("dossier_date", DATE, "dossier day"), *DOSSIERS])
"""The dossiers behind the printed figures of a week, as they were then."""

REVIEWS = pa.schema(
    [
        *CONTEXT,
        column("dossier_key", TEXT, "dossier of the document; null for backlog results"),
        column("decision", TEXT, " | ".join(DECISIONS)),
        column("approver", TEXT, "who decided"),
        column("reason", TEXT, "why, in the approver's words"),
        column("decided_at", TIME, "when; of several decisions on a document the newest holds"),
    ]
)

BACKLOG_DOCUMENTS = pa.schema(
    [
        *CONTEXT,
        column("is_received", BOOL, "all files present with the declared hashes"),
        column("verdict", TEXT, " | ".join(VERDICTS)),
        column("replaces", TEXT, "document id that this one replaces"),
        column("decision", TEXT, "newest decision of a reviewer: " + " | ".join(DECISIONS)),
    ]
)
