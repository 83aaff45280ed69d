"""What becomes of the documents of a receipt: by their verdicts, and by what people decide about them later."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

DECISIONS_VI = {
    "uphold": "Người kiểm tra chấp nhận bản quét",
    "waive": "Được duyệt miễn quét lại",
    "reject": "Người kiểm tra yêu cầu quét lại",
}
OUTCOMES = ("accepted", "to_scan", "review", "waived", "not_scanned")
"""What becomes of a document: by its verdict, or by the newest decision about it."""

DECLARED = ("dossier_code", "procedure_code", "kind", "title", "content", "paper", "cover")
"""What a document that replaces another repeats."""
RESENT = ("document_id", "replaces", *DECLARED, "physical_pages", "note_pages", "files")
"""What is said of a document to send again, in the order in which people read it."""

_OUTCOME_OF_DECISION = {"uphold": "accepted", "waive": "waived", "reject": "to_scan"}
_OUTCOME_OF_VERDICT = {"accepted": "accepted", "review": "review", "rejected": "to_scan", None: "not_scanned"}
_MOST_ID = 80  # characters

Row = dict[str, Any]


def with_decisions(receipt: Row, decisions: dict[str, Row]) -> Row:
    """A receipt of an admitted batch with what people have decided since, its counts and message with it.

    Args:
        receipt: as made before.
        decisions: document id -> newest row of ``reviews``; documents that it leaves out stay as they are.
    """
    documents = [_decided(document, decisions.get(document["document_id"])) for document in receipt["documents"]]
    found = Counter(document["outcome"] for document in documents)
    counts = {"documents": len(documents), **{name: found[name] for name in OUTCOMES}}
    counts |= {name: sum(document[name] for document in documents) for name in ("pages_found", "pages_accepted")}
    return receipt | {"documents": documents, "counts": counts, "message_vi": _message(counts)}


def _decided(document: Row, review: Row | None) -> Row:
    decision = document["decision"]
    if review is not None:
        decision = {name: review[name] for name in ("decision", "approver", "reason")}
        decision |= {"decision_vi": DECISIONS_VI[review["decision"]], "decided_at": review["decided_at"].isoformat()}
    outcome = _OUTCOME_OF_VERDICT[document["verdict"]]
    if decision is not None:
        outcome = _OUTCOME_OF_DECISION[decision["decision"]]
    resend = _resend(document) if outcome == "to_scan" else None
    return document | {"decision": decision, "outcome": outcome, "resend": resend}


def _message(counts: dict[str, int]) -> str:
    received = f"Đã nhận {counts['documents']} tài liệu"
    if not counts["to_scan"]:
        return f"{received}. Không có tài liệu nào phải quét lại."
    return (
        f"{received}; {counts['to_scan']} tài liệu cần quét lại. "
        "Chỉ gửi lại các tài liệu không đạt, trong lô mới, ghi mã tài liệu cũ vào `replaces`."
    )


def _resend(document: Row) -> Row:
    """The document as the manifest of the next batch lists it; its files are still to be scanned."""
    again = {"document_id": next_id(document["document_id"]), "replaces": document["document_id"]}
    again |= {name: document[name] for name in DECLARED}
    again |= {"physical_pages": document["physical_pages"], "files": []}
    return again | ({"note_pages": []} if document["note_pages"] else {})  # which pages, the agency knows


def next_id(document_id: str) -> str:
    """An id for the next scan of a document: D1, D1-L2, D1-L3."""
    base, _, number = document_id.rpartition("-L")
    if not (base and re.fullmatch(r"[1-9]\d{0,3}", number)):
        base, number = document_id, "1"
    suffix = f"-L{int(number) + 1}"
    return base[: _MOST_ID - len(suffix)] + suffix
