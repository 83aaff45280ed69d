"""What is known of a batch when its receipt is written: documents, pages and the limits that these fail."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from sohoa.intake.check_run import ADMITTED, REPEATED, Entry
from sohoa.quality.failed_limits import BatchPage, FailedLimit
from sohoa.slips.receipt import PageKey

_PAGE_NAMES = (
    "batch", "document_id", "file", "page_no", "sha256", "role", "sheet", "verdict", "defects", "notes", "error",
    "width_mm", "glare_box", "streak_x_mm", "chroma", "uncovered_ratio", "twin",
)  # fmt: skip

Row = dict[str, Any]


@dataclass(frozen=True)
class ReceiptFacts:
    """Documents, pages and failed limits of one entry.

    Attributes:
        entry: what was decided about the marker.
        documents: rows of its documents.
        pages: document id -> rows of its pages; ``twin`` only where it is near enough to be one.
        failures: page -> the limits that it fails.
        batch: row of the batch.
        judged_again: as in the receipt; empty where the batch was judged once.
    """

    entry: Entry
    documents: list[Row] = field(default_factory=list)
    pages: dict[str, list[Row]] = field(default_factory=dict)
    failures: dict[PageKey, list[FailedLimit]] = field(default_factory=dict)
    batch: Row = field(default_factory=dict)
    judged_again: str = ""

    def faulty_pages(self) -> list[Row]:
        """List the pages that deserve to be shown, in the order of the manifest."""
        return [
            page
            for document in self.documents
            for page in self.pages.get(document["document_id"], ())
            if is_faulty(document, page)
        ]


def is_copy(document: Row, page: Row) -> bool:
    """Tell whether a page counts as the copy of another."""
    return bool(page["twin"]) and "duplicate_page" in document["defects"]


def is_faulty(document: Row, page: Row) -> bool:
    """Tell whether a page deserves to be shown: it is not accepted, or it is a copy; notes alone do not count."""
    return page["verdict"] != "accepted" or is_copy(document, page)


def collect_receipt_facts(
    entries: Iterable[Entry],
    tables: dict[str, pa.Table],
    duplicate_bits: float,
    failures: dict[BatchPage, list[FailedLimit]],
) -> Iterator[ReceiptFacts]:
    """Collect the facts of each entry to be answered; repeated ones are skipped.

    Args:
        entries: what was decided about each marker.
        tables: judged pages, documents and batches.
        duplicate_bits: limit of the distance to a page's twin.
        failures: the limits that each page fails.
    """
    pages: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in tables["pages"].select(_PAGE_NAMES).to_pylist():
        if row["twin"] and row["twin"].pop("bits") > duplicate_bits:
            row["twin"] = None
        pages[row["batch"]][row["document_id"]].append(row)
    documents: dict[str, list[Row]] = defaultdict(list)
    for row in tables["documents"].to_pylist():
        documents[row["batch"]].append(row)
    failed: dict[str, dict[PageKey, list[FailedLimit]]] = defaultdict(dict)
    for (batch, file, page_no), found in failures.items():
        failed[batch][file, page_no] = found
    batches = {row["batch"]: row for row in tables["batches"].to_pylist()}
    for entry in entries:
        if entry.status == ADMITTED:
            name = entry.name
            yield ReceiptFacts(entry, documents[name], pages[name], failed[name], batches[name])
        elif entry.status != REPEATED:
            yield ReceiptFacts(entry)
