"""What an agency gets back for each manifest: a JSON receipt in plain Vietnamese, English beside it."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa

from sohoa import layout
from sohoa.defects import DEFECTS
from sohoa.intake.manifest import CODES_VI
from sohoa.intake.plan import ADMITTED, REPEATED, Entry
from sohoa.store import Store

VERDICTS_VI = {
    "accepted": "Đạt",
    "review": "Chờ người kiểm tra",
    "rejected": "Không đạt, cần quét lại",
    None: "Không quét",
}
SHEETS_VI_EN = {
    "no_reference": (
        "Không có ảnh chụp toàn tờ (`reference`): không đối chiếu được các mảnh có đủ hay không.",
        "There is no capture of the whole sheet (`reference`): whether the tiles show all of it cannot be said.",
    ),
    "unknown": (
        "Không đối chiếu được các mảnh với ảnh toàn tờ: thiếu mảnh, thiếu độ phân giải, hoặc có mảnh của tờ khác.",
        "The tiles cannot be found in the capture of the whole sheet: none, no resolution, or a tile of another sheet.",
    ),
    "known": (
        "Phần nét trên tờ giấy không có trong mảnh nào: {:.1%}.",
        "Share of what is drawn on the sheet that no tile shows: {:.1%}.",
    ),
}
_THREADS = 8
_PAGE_NAMES = ("file", "page_no", "verdict", "defects", "notes", "error")


def write_receipts(
    store: Store, entries: list[Entry], tables: dict[str, pa.Table], closed: set[str], duplicate_bits: float
) -> int:
    """Write one receipt an entry, save for batches whose gate is closed; returns how many.

    Args:
        store: where they are written.
        entries: what was decided about each marker.
        tables: judged pages and documents.
        closed: batches whose gate is closed.
        duplicate_bits: limit of the distance to a page's twin.
    """
    pages: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    wanted = [*_PAGE_NAMES, "batch", "document_id", "role", "sheet", "uncovered_ratio", "twin"]
    for row in tables["pages"].select(wanted).to_pylist():
        if row["twin"] and row["twin"].pop("bits") > duplicate_bits:
            row["twin"] = None
        pages[row["batch"], row["document_id"]].append(row)
    documents: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in tables["documents"].to_pylist():
        documents[row["batch"]].append(row)

    def write(entry: Entry) -> None:
        body = _receipt(entry) | _content(entry, documents[entry.name], pages)
        key = layout.receipt_key(entry.marker.agency, entry.marker.batch, entry.sha256)
        store.put_json(layout.LANDING, key, body)

    todo = [entry for entry in entries if entry.status != REPEATED and entry.name not in closed]
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(write, todo))
    return len(todo)


def _receipt(entry: Entry) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "agency": entry.marker.agency,
        "batch": entry.marker.batch,
        "received_at": entry.marker.received_at,
        "manifest_sha256": entry.sha256,
        "status": "admitted" if entry.status == ADMITTED else "refused",
    }


def _content(
    entry: Entry, documents: list[dict[str, Any]], pages: dict[tuple[str, str], list[dict[str, Any]]]
) -> dict[str, Any]:
    if entry.status != ADMITTED:
        message = CODES_VI[entry.code or "invalid_manifest"]
        return {"reason": entry.code, "message_vi": message, "problems": entry.problems}
    to_scan = [row for row in documents if row["verdict"] == "rejected"]
    message = (
        f"Đã nhận {len(documents)} tài liệu; {len(to_scan)} tài liệu cần quét lại. "
        "Chỉ gửi lại các tài liệu không đạt, trong lô mới, ghi mã tài liệu cũ vào `replaces`."
        if to_scan
        else f"Đã nhận {len(documents)} tài liệu. Không có tài liệu nào phải quét lại."
    )
    return {
        "message_vi": message,
        "documents": [_document(row, pages[row["batch"], row["document_id"]]) for row in documents],
    }


def _document(row: dict[str, Any], pages: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "document_id": row["document_id"],
        "dossier_code": row["dossier_code"],
        "title": row["title"],
        "verdict": row["verdict"],
        "verdict_vi": VERDICTS_VI[row["verdict"]],
        "not_scanned": row["not_scanned"],
        "pages_declared": row["pages_declared"],
        "pages_found": row["pages_found"],
        "defects": _labels(row["defects"]),
        "sheets": _sheets(pages),
        "duplicates": [_duplicate(page) for page in pages if page["twin"] and "duplicate_page" in row["defects"]],
        "pages": [_page(page) for page in pages if page["verdict"] != "accepted" or page["notes"]],
    }


def _sheets(pages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of each sheet that was captured in tiles: how many there are, and whether they show all of it."""
    parts: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for page in pages:
        if page["role"] != "page":
            parts[page["sheet"] or 0].append(page)
    return [_sheet(number, found) for number, found in sorted(parts.items())]


def _sheet(number: int, parts: list[dict[str, Any]]) -> dict[str, Any]:
    references = [part for part in parts if part["role"] == "reference"]
    uncovered = max(
        (part["uncovered_ratio"] for part in references if part["uncovered_ratio"] is not None), default=None
    )
    if not references:
        vi, en = SHEETS_VI_EN["no_reference"]
    elif uncovered is None:
        vi, en = SHEETS_VI_EN["unknown"]
    else:
        vi, en = (text.format(uncovered) for text in SHEETS_VI_EN["known"])
    return {
        "sheet": number or None,
        "tiles": len(parts) - len(references),
        "references": len(references),
        "uncovered_ratio": uncovered,
        "message_vi": vi,
        "message_en": en,
    }


def _duplicate(page: dict[str, Any]) -> dict[str, Any]:
    """Which page is the copy of which."""
    return {"file": page["file"], "page_no": page["page_no"], "copy_of": page["twin"]}


def _page(page: dict[str, Any]) -> dict[str, Any]:
    return {
        "file": page["file"],
        "page_no": page["page_no"],
        "verdict": page["verdict"],
        "verdict_vi": VERDICTS_VI[page["verdict"]],
        "defects": _labels(page["defects"]),
        "notes": _labels(page["notes"]),
        "error": page["error"],
    }


def _labels(names: list[str] | None) -> list[dict[str, str]]:
    return [
        {"name": d.name, "vi": d.label_vi, "en": d.label_en, "advice_vi": d.advice_vi, "advice_en": d.advice_en}
        for d in (DEFECTS[name] for name in names or [])
    ]
