"""Markers of what the summaries and the reconciliation have not taken yet: written last, deleted when it is counted."""

from __future__ import annotations

from datetime import date
from typing import Literal, TypedDict

from sohoa import layout
from sohoa.store import Store


class PendingScan(TypedDict):
    """A batch was checked: its documents and its scan date are to be counted."""

    kind: Literal["scan"]
    batch: str
    scan_date: str


class PendingReview(TypedDict):
    """A document of a batch was decided about; ``dossier_date`` is null for a backlog result."""

    kind: Literal["review"]
    batch: str
    scan_date: str
    dossier_date: str | None


class PendingRegister(TypedDict):
    """The register of a dossier day changed."""

    kind: Literal["register"]
    dossier_date: str


def mark_scan(store: Store, agency: str, batch: str, scan_date: date) -> None:
    """Let the summaries take a batch."""
    marker: PendingScan = {"kind": "scan", "batch": batch, "scan_date": scan_date.isoformat()}
    store.put_json(layout.WAREHOUSE, layout.pending_scan_key(agency, batch), marker)


def mark_review(store: Store, agency: str, document_id: str, marker: PendingReview) -> None:
    """Let the summaries take a decision."""
    store.put_json(layout.WAREHOUSE, layout.pending_review_key(agency, document_id), marker)


def mark_register(store: Store, day: date, writer: str) -> None:
    """Let the summaries take a dossier day of the register, which ``writer`` changed."""
    marker: PendingRegister = {"kind": "register", "dossier_date": day.isoformat()}
    store.put_json(layout.WAREHOUSE, layout.pending_register_key(writer, day), marker)


def mark_unreconciled(store: Store, day: date, writer: str) -> None:
    """Let the reconciliation take a dossier day, of which ``writer`` changed what is compared."""
    store.put_json(layout.WAREHOUSE, layout.unreconciled_key(day, writer), {"writer": writer})
