"""Rows for the tests of this folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from sohoa.schema import MEASURED, TABLES

DECLARED = ("kind", "content", "paper", "cover", "device_kind", "role", "sheet", "agency", "batch", "document_id")
SOUND = {
    "file": "d1.pdf",
    "format": "pdf",
    "page_no": 1,
    "dpi_x": 300.0,
    "dpi_y": 300.0,
    "colour_mode": "colour",
    "jpeg_quality": 85.0,
    "pdf_version": "1.7",
    "has_signature": True,
    "ink_ratio": 0.05,
    "skew_deg": 0.1,
    "content": "text",
    "paper": "a4",
    "cover": "matte",
    "role": "page",
    "agency": "H37.1",
    "batch": "H37.1-20240415-001",
    "document_id": "d1",
}
PAGE_SCHEMA = pa.schema(
    [
        *(TABLES["pages"].field(name) for name in DECLARED),
        *MEASURED,
        *(TABLES["pages"].field(name) for name in ("uncovered_ratio", "twin")),
    ]
)


def page_table(changes: Sequence[Mapping[str, Any]]) -> pa.Table:
    """One sound page a mapping, with these columns changed."""
    return pa.Table.from_pylist([{**SOUND, **change} for change in changes], schema=PAGE_SCHEMA)


def table_of(name: str, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows of a table, columns that are not given null."""
    return pa.Table.from_pylist([dict(row) for row in rows], schema=TABLES[name])
