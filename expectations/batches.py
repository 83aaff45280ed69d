"""Suite of the invariants of the table ``batches``."""

from __future__ import annotations

import great_expectations as gx
from great_expectations.expectations.row_conditions import Column

from expectations import invariants

KEY = ("agency", "batch")
DOCUMENTS = ("documents_declared", "documents_received", "documents_accepted")
PAGES = ("pages_declared", "pages_found", "pages_accepted")
COLUMNS = (*KEY, *DOCUMENTS, *PAGES, "verdict", "refusal")


def build_suite() -> gx.ExpectationSuite:
    """Build the suite: one row per batch, with counts or a refusal; declared ≥ received ≥ accepted."""
    admitted, refused = Column("refusal").is_null(), Column("refusal").is_not_null()
    counts = (*DOCUMENTS, *PAGES)
    return gx.ExpectationSuite(
        name="batches",
        expectations=[
            *invariants.key(*KEY),
            *(invariants.known(name, row_condition=admitted) for name in counts),
            *(invariants.unknown(name, row_condition=refused) for name in (*counts, "verdict")),
            *invariants.falling(*DOCUMENTS),
            *invariants.falling("pages_found", "pages_accepted"),
            *invariants.falling("pages_declared"),
            invariants.verdict(),
        ],
    )
