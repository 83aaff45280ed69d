"""What is true of the pages that are drawn: ``pages.csv`` (file, page, defect).

One row per page of each file, page from 1, ``defect`` empty for none. Where a file as a whole is at fault the row of
page 1 carries the defect: a file that is ``truncated``, ``unreadable`` or of other bytes than declared
(``hash_mismatch``) has that one row; of a file that lacks pages (``missing_page``) the pages that it has keep their
rows, all but page 1 without defect. A document of bare JPEG files has one file per page.

``edge_seals.csv`` (file, page) are sound pages that bear a part of a seal across the edges, which has to pass.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from sohoa.simulate.draw_scans import file_names
from sohoa.simulate.plan_scans import Scan

OF_WHOLE_FILE = {"truncated", "unreadable", "hash_mismatch"}
SCHEMA = pa.schema([("file", pa.string()), ("page", pa.int64()), ("defect", pa.string())])


def pages_table(scans: Sequence[Scan]) -> pa.Table:
    """Return all rows."""
    rows = [row for scan in scans for row in page_rows(scan)]
    return pa.table([list(column) for column in zip(*rows, strict=True)] or [[], [], []], schema=SCHEMA)


def edge_seals_table(scans: Sequence[Scan]) -> pa.Table:
    """Return the pages of sound scans that bear a part of a seal across the edges: file and page."""
    rows = [row for scan in scans if scan.has_edge_seal and scan.is_good for row in page_rows(scan)]
    return pa.table({"file": [row[0] for row in rows], "page": [row[1] for row in rows]}, SCHEMA.remove(2))


def page_rows(scan: Scan) -> list[tuple[str, int, str]]:
    """Return the rows of one document."""
    rows = []
    for number, name in enumerate(file_names(scan), start=1):
        pages = range(number, number + 1) if scan.format == "jpeg" else range(1, scan.images + 1)
        if scan.defect in OF_WHOLE_FILE and scan.bad_pages & set(pages):
            rows.append((name, 1, scan.defect))
            continue
        defects = [scan.defect if page in scan.bad_pages else "" for page in pages]
        rows += [(name, at, defect) for at, defect in enumerate(defects, start=1)]
    return rows
