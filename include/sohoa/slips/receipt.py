"""What a receipt holds: the JSON that an agency gets back for each manifest, from which its slip is made."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from sohoa.enums import Decision, Outcome, Verdict
from sohoa.intake.manifest_faults import Problem
from sohoa.quality.failed_limits import FailedLimit

Place = list[float]
"""x, y, width and height as shares of the page; a line has no width."""
PageKey = tuple[str, int]
"""File and page number, of one batch."""


class DefectLabel(TypedDict):
    """A defect and what to do about it."""

    name: str
    vi: str
    en: str
    advice_vi: str
    advice_en: str


class PlacedLimit(FailedLimit):
    """A limit that a page fails, and where on the page; null where the metric has no place."""

    place: Place | None


class PictureSize(TypedDict):
    """The picture of a page: its name among those of the slip, its size in pixels."""

    name: str
    width: int
    height: int


class ReceiptPage(TypedDict):
    """A page that is not accepted, is the copy of another, or has notes."""

    file: str
    page_no: int
    verdict: Verdict
    verdict_vi: str
    is_faulty: bool
    """Whether the slip shows it; notes alone do not count."""
    defects: list[DefectLabel]
    notes: list[DefectLabel]
    error: str | None
    measured: list[PlacedLimit]
    picture: PictureSize | None


class SheetOfTiles(TypedDict):
    """A sheet captured in tiles, and whether they show all of it."""

    sheet: int | None
    tiles: int
    references: int
    uncovered_ratio: float | None
    message_vi: str
    message_en: str


class Duplicate(TypedDict):
    """Which page is the copy of which."""

    file: str
    page_no: int
    copy_of: dict[str, Any]


class ReceiptDecision(TypedDict):
    """The newest decision about a document."""

    decision: Decision
    approver: str
    reason: str
    decision_vi: str
    decided_at: str


class Resend(TypedDict):
    """A document as the manifest of the next batch lists it, in the order in which people read it."""

    document_id: str
    replaces: str
    dossier_code: str | None
    procedure_code: str
    kind: str
    title: str
    content: str
    paper: str
    cover: str
    physical_pages: int
    note_pages: NotRequired[list[int]]
    files: list[Any]


class ReceiptDocument(TypedDict):
    """A document of an admitted batch and what becomes of it."""

    document_id: str
    dossier_code: str | None
    procedure_code: str
    kind: str
    title: str
    content: str
    paper: str
    cover: str
    replaces: str | None
    verdict: Verdict | None
    verdict_vi: str
    decision: ReceiptDecision | None
    outcome: Outcome
    resend: Resend | None
    received: bool
    not_scanned: str | None
    ask_reviewer: str | None
    physical_pages: int
    note_pages: int
    pages_declared: int
    pages_found: int
    pages_accepted: int
    defects: list[DefectLabel]
    sheets: list[SheetOfTiles]
    duplicates: list[Duplicate]
    pages: list[ReceiptPage]


class Head(TypedDict):
    """What every receipt says."""

    schema_version: int
    agency: str
    batch: str
    received_at: str
    manifest_sha256: str
    judged_again: NotRequired[str]
    """``<nn>-<version>`` where the batch was judged again under other limits: how often, and their version."""


class RefusedReceipt(Head):
    """The receipt of a manifest that was refused."""

    status: Literal["refused"]
    reason: str | None
    message_vi: str
    way_back_vi: str
    """Whether the same batch id may be used again; empty where the message says what to do."""
    problems: list[Problem]


class AdmittedReceipt(Head):
    """The receipt of an admitted batch."""

    status: Literal["admitted"]
    scan_date: str
    operator: str | None
    operator_org: str | None
    device_id: str | None
    device_model: str | None
    device_kind: str | None
    documents: list[ReceiptDocument]
    counts: dict[str, int]
    message_vi: str


Receipt = AdmittedReceipt | RefusedReceipt
