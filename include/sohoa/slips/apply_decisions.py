"""What becomes of the documents of a receipt: by their verdicts, and by what people decide about them later."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from sohoa.enums import OUTCOMES, Decision, Outcome, Verdict
from sohoa.format_value import count
from sohoa.labels import label_vi
from sohoa.slips.receipt import AdmittedReceipt, ReceiptDecision, ReceiptDocument, Resend

OUTCOME_OF_VERDICT: dict[Verdict | None, Outcome] = {
    "accepted": "accepted",
    "review": "review",
    "rejected": "to_scan",
    None: "not_scanned",
}
_OUTCOME_OF_DECISION: dict[Decision, Outcome] = {"uphold": "accepted", "waive": "waived", "reject": "to_scan"}
RESENT: tuple[Outcome, ...] = ("to_scan", "not_scanned")
"""What may come in a later batch that names it as replaced."""
_MAX_ID_CHARACTERS = 80

Row = dict[str, Any]


def with_decisions(receipt: AdmittedReceipt, decisions: dict[str, Row]) -> AdmittedReceipt:
    """Add what people have decided to the receipt of an admitted batch, its counts and message with it.

    Args:
        receipt: as made before.
        decisions: document id -> newest row of ``reviews``; documents that it leaves out stay as they are.
    """
    documents = [_decided(document, decisions.get(document["document_id"])) for document in receipt["documents"]]
    found = Counter(document["outcome"] for document in documents)
    counts: dict[str, int] = {
        "documents": len(documents),
        **{str(name): found[name] for name in OUTCOMES},
        "pages_found": sum(document["pages_found"] for document in documents),
        "pages_accepted": sum(document["pages_accepted"] for document in documents),
    }
    return {**receipt, "documents": documents, "counts": counts, "message_vi": _message(counts)}


def _decided(document: ReceiptDocument, review: Row | None) -> ReceiptDocument:
    decision = document["decision"] if review is None else _decision(review)
    outcome = OUTCOME_OF_VERDICT[document["verdict"]]
    if decision is not None:
        outcome = _OUTCOME_OF_DECISION[decision["decision"]]
    resend = _resend(document) if outcome in RESENT else None
    return {**document, "decision": decision, "outcome": outcome, "resend": resend}


def _decision(review: Row) -> ReceiptDecision:
    return {
        "decision": review["decision"],
        "approver": review["approver"],
        "reason": review["reason"],
        "decision_vi": label_vi("decisions", review["decision"]),
        "decided_at": review["decided_at"].isoformat(),
    }


def _message(counts: dict[str, int]) -> str:
    received = f"Đã nhận {count(counts['documents'])} tài liệu"
    to_scan = label_vi("outcomes", "to_scan").lower()
    if not counts["to_scan"]:
        return f"{received}. Không có tài liệu nào {to_scan}."
    return (
        f"{received}; {count(counts['to_scan'])} tài liệu {to_scan}. "
        "Chỉ gửi lại các tài liệu này, trong một lô mới; tệp gui-lai.html lập sẵn bản kê của lô đó."
    )


def _resend(document: ReceiptDocument) -> Resend:
    """The document as the manifest of the next batch lists it; its files are still to be scanned."""
    again: Resend = {
        "document_id": next_id(document["document_id"]),
        "replaces": document["document_id"],
        "dossier_code": document["dossier_code"],
        "procedure_code": document["procedure_code"],
        "kind": document["kind"],
        "title": document["title"],
        "content": document["content"],
        "paper": document["paper"],
        "cover": document["cover"],
        "physical_pages": document["physical_pages"],
        "files": [],
    }
    if document["note_pages"]:
        again["note_pages"] = []  # which pages, the agency knows
    return again


def next_id(document_id: str) -> str:
    """Make an id for the next scan of a document: D1, D1-L2, D1-L3."""
    base, _, number = document_id.rpartition("-L")
    if not (base and re.fullmatch(r"[1-9]\d{0,3}", number)):
        base, number = document_id, "1"
    suffix = f"-L{int(number) + 1}"
    return base[: _MAX_ID_CHARACTERS - len(suffix)] + suffix
