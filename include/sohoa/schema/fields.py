"""How a column is written down: its type, meaning and unit; and the columns that several tables share."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from sohoa.enums import CONTENTS, COVERS, DOCUMENT_KINDS, PAPERS


def column(name: str, kind: pa.DataType, meaning: str, unit: str = "") -> pa.Field[Any]:
    """A nullable column with its meaning and unit in the file's own metadata."""
    return pa.field(name, kind, metadata={"meaning": meaning, **({"unit": unit} if unit else {})})


TEXT, INT, FLOAT, BOOL, DATE = pa.string(), pa.int64(), pa.float64(), pa.bool_(), pa.date32()
TIME = pa.timestamp("ms")
"""Wall clock of Asia/Ho_Chi_Minh: every reader sees the same day (docs/decisions/004)."""
NAMES = pa.list_(pa.string())
BOX = pa.list_(pa.float64())

CONTEXT = [
    column("agency", TEXT, "code of the agency that scanned"),
    column("batch", TEXT, "batch id"),
    column("document_id", TEXT, "id of the document, unique within the agency"),
]
DECLARED = [
    column("kind", TEXT, "declared: " + " | ".join(DOCUMENT_KINDS)),
    column("content", TEXT, "declared: " + " | ".join(CONTENTS)),
    column("paper", TEXT, "declared: " + " | ".join(PAPERS)),
    column("cover", TEXT, "declared: " + " | ".join(COVERS)),
    column("device_id", TEXT, "declared: the scanner"),
]
