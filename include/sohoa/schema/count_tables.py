"""What is counted from all the others, a day at a time."""

from __future__ import annotations

import pyarrow as pa

from sohoa.enums import DEFINITIONS, DEVICE_KINDS
from sohoa.schema.fields import DATE, FLOAT, INT, TEXT, column

PROGRESS_DAILY = pa.schema(
    [
        column(
            "unit_code",
            TEXT,
            "province 20, district, commune, department or district office; with all below it",
        ),
        column("definition", TEXT, " | ".join(DEFINITIONS)),
        column("stage", TEXT, "all; for by_stage components | result"),
        column("numerator", INT, "accepted", "dossier, or document for dn_store"),
        column("denominator", INT, "all that count", "dossier, or document for dn_store"),
        column("declared", INT, "listed in an admitted manifest", "as numerator"),
        column("received", INT, "files present, hashes right", "as numerator"),
        column("accepted", INT, "verdict accepted, review upheld or waived", "as numerator"),
        column("waived", INT, "of accepted, by waiver", "as numerator"),
        column("finished", INT, "the denominator's dossiers with status 9 or 10", "as numerator"),
    ]
)

_CATEGORY = column("category", TEXT, "portal | province | R0 to R12; R5_ministry, R7_in, R7_out, R8_in, R8_out")

RECONCILIATION = pa.schema(
    [
        column("unit_code", TEXT, "leaf unit of the cell that it lies in; the province where no unit is known"),
        _CATEGORY,
        column("dossier_key", TEXT, "dossier code in its one normal spelling"),
        column("dossier_code", TEXT, "dossier code as the side spells it"),
        column("province", TEXT, "what the province says: status, place, code, date; of R0 agency and document id"),
        column("portal", TEXT, "what the portal says, likewise; of R5_ministry the ministry system"),
        column(
            "first_seen", DATE, "since when it is known: first dt of its row, of a pair the later one; scan date of R0"
        ),
    ]
)
"""A dossier in a category, in the cell of a unit and the day in the path; each object is of one day in the codes."""

RECONCILIATION_DAILY = pa.schema(
    [
        column("unit_code", TEXT, "province 20, district, commune, department or district office; with all below it"),
        _CATEGORY,
        column(
            "entries",
            INT,
            "how many; portal - province = R1 + R2 + R3 + R5 - R4 + R7_in - R7_out + R8_in - R8_out",
            "dossier; portal, R3: code as spelled; R0: document",
        ),
        column("oldest_first_seen", DATE, "the earliest first_seen"),
        column(
            "mean_first_seen", DATE, "the mean of first_seen, rounded down: the mean age on a day is counted from it"
        ),
    ]
)

QUALITY_DAILY = pa.schema(
    [
        column("agency", TEXT, "agency that scanned"),
        column("paper", TEXT, "declared paper"),
        column("cover", TEXT, "declared cover"),
        column("defect", TEXT, "defect name"),
        column("pages_bad", INT, "pages with this defect at severity reject or review", "page"),
        column("pages_judged", INT, "pages on which the defect could be judged", "page"),
    ]
)

DEVICE_DAILY = pa.schema(
    [
        column("agency", TEXT, "agency that scanned"),
        column("device_id", TEXT, "the scanner, by the name its agency gives it; null where it gives none"),
        column("device_model", TEXT, "its model"),
        column("device_kind", TEXT, " | ".join(DEVICE_KINDS)),
        column("documents_received", INT, "documents received from it", "document"),
        column("pages_received", INT, "pages of these", "page"),
        column(
            "defect_pages",
            pa.list_(pa.struct([pa.field("defect", TEXT), pa.field("pages", INT)])),
            "pages with each defect at severity reject or review, in the order of defects.DEFECTS",
            "page",
        ),
        column(
            "streaks",
            pa.list_(pa.struct([pa.field("x_mm", INT), pa.field("pages", INT)])),
            "pages with a streak at each whole millimetre from the left edge, from left to right",
            "mm, page",
        ),
    ]
)

INCIDENTS = pa.schema(
    [
        column("agency", TEXT, "agency that scanned"),
        column("device_id", TEXT, "the scanner, as in device_daily"),
        column("measure", TEXT, "volume (pages a scan day), or the defect whose share of pages left its limits"),
        column("last_day", DATE, "newest scan day out of limits"),
        column("closed_day", DATE, "scan day on which it was back in limits; null while the incident is open"),
        column("days", pa.list_(DATE), "scan days out of limits"),
        column("pages_counted", INT, "on the first day: pages with the defect; of the volume, pages", "page"),
        column("sample_size", INT, "on the first day: pages; of the volume 1", "page; of the volume day"),
        column(
            "centre",
            FLOAT,
            "expected pages_counted / sample_size on the first day",
            "share of pages; of the volume page/day",
        ),
        column("lower", FLOAT, "lower control limit of pages_counted / sample_size on the first day", "as centre"),
        column("upper", FLOAT, "upper control limit of pages_counted / sample_size on the first day", "as centre"),
    ]
)
"""Scanners out of their own control limits; the path key ``first_day`` is the day on which the incident opened."""

REPORTED = pa.schema(list(PROGRESS_DAILY))
"""Sums of ``progress_daily`` over an ISO week, as they were printed."""
