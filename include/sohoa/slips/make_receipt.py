"""The receipt of one manifest in plain Vietnamese, English beside it, made from what is known of its batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from sohoa.defects import DEFECTS
from sohoa.intake.check_run import ADMITTED
from sohoa.labels import LABELS, label_vi
from sohoa.quality.failed_limits import FailedLimit
from sohoa.slips.apply_decisions import OUTCOME_OF_VERDICT, with_decisions
from sohoa.slips.page_pictures import Picture
from sohoa.slips.receipt import (
    AdmittedReceipt,
    DefectLabel,
    Duplicate,
    Head,
    PageKey,
    Place,
    Receipt,
    ReceiptDocument,
    ReceiptPage,
    RefusedReceipt,
    SheetOfTiles,
)
from sohoa.slips.receipt_facts import ReceiptFacts, is_copy, is_faulty

_SAID = {
    "batch_already_committed", "batch_too_large", "over_quota", "too_many_parts", "manifest_too_large", "not_processed",
    "stray_object", "unknown_agency",
}  # fmt: skip
_WAYS_BACK = {
    "malformed_batch_id": "new",
    "scan_date_mismatch": "other_day",
    "scan_date_in_future": "other_day",
    "scan_date_before_agency": "other_day",
    "batch_mismatch": "other_day",
    "abandoned": "again",
}

Row = dict[str, Any]


def make_receipt(facts: ReceiptFacts, pictures: dict[PageKey, Picture]) -> Receipt:
    """Make the receipt, a JSON-ready value: the same for the same facts."""
    entry = facts.entry
    head: Head = {
        "schema_version": 1,
        "agency": entry.marker.agency,
        "batch": entry.marker.batch,
        "received_at": entry.marker.received_at,
        "manifest_sha256": entry.sha256,
    }
    if facts.judged_again:
        head["judged_again"] = facts.judged_again
    if entry.status != ADMITTED:
        refused: RefusedReceipt = {
            **head,
            "status": "refused",
            "reason": entry.code,
            "message_vi": label_vi("refusals", entry.code or "invalid_manifest"),
            "way_back_vi": way_back({entry.code, *(problem["code"] for problem in entry.problems)}),
            "problems": entry.problems,
        }
        return refused
    first = facts.documents[0] if facts.documents else {}
    batch = facts.batch
    admitted: AdmittedReceipt = {
        **head,
        "status": "admitted",
        "scan_date": entry.scan_date.isoformat(),
        "operator": first.get("operator"),
        "operator_org": first.get("operator_org"),
        "device_id": first.get("device_id"),
        "device_model": batch.get("device_model"),
        "device_kind": batch.get("device_kind"),
        "documents": [_document(row, facts, pictures) for row in facts.documents],
        "counts": {},
        "message_vi": "",
    }
    return with_decisions(admitted, {})


def way_back(codes: Collection[str | None]) -> str:
    """Say whether a refused batch may be sent again under its id; empty where the words of the refusal say it."""
    if _SAID & set(codes):
        return ""
    return label_vi("ways_back", next((way for code, way in _WAYS_BACK.items() if code in codes), "same"))


def _document(row: Row, facts: ReceiptFacts, pictures: dict[PageKey, Picture]) -> ReceiptDocument:
    """A document before anybody has decided about it."""
    pages = facts.pages.get(row["document_id"], [])
    outcome = OUTCOME_OF_VERDICT[row["verdict"]]
    return {
        "document_id": row["document_id"],
        "dossier_code": row["dossier_code"],
        "procedure_code": row["procedure_code"],
        "kind": row["kind"],
        "title": row["title"],
        "content": row["content"],
        "paper": row["paper"],
        "cover": row["cover"],
        "replaces": row["replaces"],
        "verdict": row["verdict"],
        "verdict_vi": label_vi("verdicts", row["verdict"]) if row["verdict"] else label_vi("outcomes", outcome),
        "decision": None,
        "outcome": outcome,
        "resend": None,
        "received": row["is_received"],
        "not_scanned": row["not_scanned"],
        "ask_reviewer": row["ask_reviewer"],
        "physical_pages": row["pages_declared"] - row["note_pages"],
        "note_pages": row["note_pages"],
        "pages_declared": row["pages_declared"],
        "pages_found": row["pages_found"],
        "pages_accepted": row["pages_accepted"],
        "defects": _label_defects(row["defects"]),
        "sheets": _sheets(pages),
        "duplicates": [_duplicate(page) for page in pages if is_copy(row, page)],
        "pages": [
            _page(row, page, facts.failures.get(_key(page), []), pictures.get(_key(page)))
            for page in pages
            if is_faulty(row, page) or page["notes"]
        ],
    }


def _key(page: Row) -> PageKey:
    return page["file"], page["page_no"]


def _sheets(pages: list[Row]) -> list[SheetOfTiles]:
    """Each sheet that was captured in tiles: how many there are, and whether they show all of it."""
    parts: dict[int, list[Row]] = defaultdict(list)
    for page in pages:
        if page["role"] != "page":
            parts[page["sheet"] or 0].append(page)
    return [_sheet(number, found) for number, found in sorted(parts.items())]


def _sheet(number: int, parts: list[Row]) -> SheetOfTiles:
    references = [part for part in parts if part["role"] == "reference"]
    known = [part["uncovered_ratio"] for part in references if part["uncovered_ratio"] is not None]
    uncovered = max(known, default=None)
    words = LABELS["tile_coverages"]["known" if known else "unknown" if references else "no_reference"]
    return {
        "sheet": number or None,
        "tiles": len(parts) - len(references),
        "references": len(references),
        "uncovered_ratio": uncovered,
        "message_vi": words.vi.format(uncovered),
        "message_en": words.en.format(uncovered),
    }


def _duplicate(page: Row) -> Duplicate:
    return {"file": page["file"], "page_no": page["page_no"], "copy_of": page["twin"]}


def _page(document: Row, page: Row, failures: list[FailedLimit], picture: Picture | None) -> ReceiptPage:
    places = picture.places if picture else {}
    return {
        "file": page["file"],
        "page_no": page["page_no"],
        "verdict": page["verdict"],
        "verdict_vi": label_vi("verdicts", page["verdict"]),
        "is_faulty": is_faulty(document, page),
        "defects": _label_defects(page["defects"]),
        "notes": _label_defects(page["notes"]),
        "error": page["error"],
        "measured": [{**failure, "place": place_on_page(failure["column"], page, places)} for failure in failures],
        "picture": {"name": picture.name, "width": picture.width, "height": picture.height} if picture else None,
    }


def place_on_page(column: str, page: Row, places: dict[str, Place]) -> Place | None:
    """Find where a metric saw its defect; null where it has no place.

    Args:
        column: the metric.
        page: the page's row.
        places: metric -> place, of those whose place is not in the row.
    """
    if column == "glare_ratio":
        return page["glare_box"] or None
    if column == "streak_strength" and page["streak_x_mm"] is not None and page["width_mm"]:
        return [round(page["streak_x_mm"] / page["width_mm"], 4), 0.0, 0.0, 1.0]
    return places.get(column)


def _label_defects(names: Iterable[str] | None) -> list[DefectLabel]:
    return [
        {"name": d.name, "vi": d.label_vi, "en": d.label_en, "advice_vi": d.advice_vi, "advice_en": d.advice_en}
        for d in (DEFECTS[name] for name in names or ())
    ]
