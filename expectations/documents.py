"""Suite of the invariants of the table ``documents``."""

from __future__ import annotations

import great_expectations as gx
import great_expectations.expectations as gxe
from great_expectations.expectations.row_conditions import Column

from expectations import invariants

KEY = ("agency", "batch", "document_id")
COLUMNS = (*KEY, "is_received", "not_scanned", "pages_declared", "pages_found", "pages_accepted", "verdict")


def build_suite() -> gx.ExpectationSuite:
    """Build the suite: one row per document; declared ≥ received ≥ accepted; a verdict on each scan, none without."""
    scanned, not_scanned = Column("not_scanned").is_null(), Column("not_scanned").is_not_null()
    return gx.ExpectationSuite(
        name="documents",
        expectations=[
            *invariants.key(*KEY),
            *(invariants.known(name) for name in ("is_received", "pages_declared", "pages_found", "pages_accepted")),
            *invariants.falling("pages_found", "pages_accepted"),
            *invariants.falling("pages_declared"),
            invariants.verdict(),
            invariants.known("verdict", row_condition=scanned),
            invariants.unknown("verdict", row_condition=not_scanned),
            _received(False, "a document that was not scanned is not received", row_condition=not_scanned),
            _received(True, "an accepted document is received", row_condition=Column("verdict") == "accepted"),
        ],
    )


def _received(value: bool, description: str, **common: object) -> gxe.Expectation:
    return gxe.ExpectColumnValuesToBeInSet(column="is_received", value_set=[value], description=description, **common)
