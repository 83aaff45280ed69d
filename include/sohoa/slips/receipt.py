"""What an agency gets back for each manifest: a JSON receipt in plain Vietnamese, English beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from sohoa.defects import DEFECTS
from sohoa.intake.check_run import ADMITTED, REPEATED, Entry
from sohoa.intake.manifest import CODES_VI
from sohoa.slips.page_pictures import PageKey, Picture
from sohoa.slips.receipt_outcomes import DECLARED, with_decisions

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
_PAGE_NAMES = (
    "batch", "document_id", "file", "page_no", "sha256", "role", "sheet", "verdict", "defects", "notes", "error",
    "dpi_x", "width_px", "width_mm", "glare_box", "streak_x_mm", "chroma", "uncovered_ratio", "twin",
)  # fmt: skip

Row = dict[str, Any]


@dataclass(frozen=True)
class Told:
    """What is said about one entry, before it is put into words.

    Attributes:
        entry: what was decided about the marker.
        documents: rows of its documents.
        pages: document id -> rows of its pages; ``twin`` only where it is near enough to be one.
        failures: page -> the limits that it fails, as ``quality.failures`` gives them.
    """

    entry: Entry
    documents: list[Row] = field(default_factory=list)
    pages: dict[str, list[Row]] = field(default_factory=dict)
    failures: dict[PageKey, list[Row]] = field(default_factory=dict)

    def faulty_pages(self) -> list[Row]:
        """Pages that deserve a picture: not accepted, or copies of another; in the order of the manifest."""
        return [
            page
            for document in self.documents
            for page in self.pages.get(document["document_id"], ())
            if page["verdict"] != "accepted" or _is_told_copy(document, page)
        ]


def gather(
    entries: Iterable[Entry],
    tables: dict[str, pa.Table],
    closed: Iterable[str],
    duplicate_bits: float,
    failures: dict[tuple[str, str, int], list[Row]],
) -> Iterator[Told]:
    """What is to be told of each entry, save for repeated ones and batches whose gate is closed.

    Args:
        entries: what was decided about each marker.
        tables: judged pages and documents.
        closed: batches whose gate is closed.
        duplicate_bits: limit of the distance to a page's twin.
        failures: batch, file and page number -> the limits that the page fails.
    """
    pages: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in tables["pages"].select(_PAGE_NAMES).to_pylist():
        if row["twin"] and row["twin"].pop("bits") > duplicate_bits:
            row["twin"] = None
        pages[row["batch"]][row["document_id"]].append(row)
    documents: dict[str, list[Row]] = defaultdict(list)
    for row in tables["documents"].to_pylist():
        documents[row["batch"]].append(row)
    failed: dict[str, dict[PageKey, list[Row]]] = defaultdict(dict)
    for (batch, file, page_no), found in failures.items():
        failed[batch][file, page_no] = found
    for entry in entries:
        if entry.status == ADMITTED and entry.name not in closed:
            yield Told(entry, documents[entry.name], pages[entry.name], failed[entry.name])
        elif entry.status != REPEATED and entry.name not in closed:
            yield Told(entry)


def make_receipt(told: Told, pictures: dict[PageKey, Picture]) -> Row:
    """The receipt, a JSON-ready value: the same for the same entry."""
    entry = told.entry
    head: Row = {
        "schema_version": 1,
        "agency": entry.marker.agency,
        "batch": entry.marker.batch,
        "received_at": entry.marker.received_at,
        "manifest_sha256": entry.sha256,
        "status": "admitted" if entry.status == ADMITTED else "refused",
    }
    if entry.status != ADMITTED:
        message = CODES_VI[entry.code or "invalid_manifest"]
        return head | {"reason": entry.code, "message_vi": message, "problems": entry.problems}
    first = told.documents[0] if told.documents else {}
    scanned = {name: first.get(name) for name in ("operator", "operator_org", "device_id")}
    documents = [_document(row, told, pictures) for row in told.documents]
    return with_decisions(head | {"scan_date": entry.scan_date.isoformat(), **scanned, "documents": documents}, {})


def _document(row: Row, told: Told, pictures: dict[PageKey, Picture]) -> Row:
    pages = told.pages.get(row["document_id"], [])
    return {
        "document_id": row["document_id"],
        **{name: row[name] for name in DECLARED},
        "replaces": row["replaces"],
        "verdict": row["verdict"],
        "verdict_vi": VERDICTS_VI[row["verdict"]],
        "decision": None,
        "received": row["is_received"],
        "not_scanned": row["not_scanned"],
        "physical_pages": row["pages_declared"] - row["note_pages"],
        "note_pages": row["note_pages"],
        "pages_declared": row["pages_declared"],
        "pages_found": row["pages_found"],
        "pages_accepted": row["pages_accepted"],
        "defects": _labels(row["defects"]),
        "sheets": _sheets(pages),
        "duplicates": [_duplicate(page) for page in pages if _is_told_copy(row, page)],
        "pages": [
            _page(page, told.failures.get(_key(page), []), pictures.get(_key(page)))
            for page in pages
            if page["verdict"] != "accepted" or page["notes"] or _is_told_copy(row, page)
        ],
    }


def _is_told_copy(document: Row, page: Row) -> bool:
    return bool(page["twin"]) and "duplicate_page" in document["defects"]


def _key(page: Row) -> PageKey:
    return page["file"], page["page_no"]


def _sheets(pages: list[Row]) -> list[Row]:
    """Of each sheet that was captured in tiles: how many there are, and whether they show all of it."""
    parts: dict[int, list[Row]] = defaultdict(list)
    for page in pages:
        if page["role"] != "page":
            parts[page["sheet"] or 0].append(page)
    return [_sheet(number, found) for number, found in sorted(parts.items())]


def _sheet(number: int, parts: list[Row]) -> Row:
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


def _duplicate(page: Row) -> Row:
    """Which page is the copy of which."""
    return {"file": page["file"], "page_no": page["page_no"], "copy_of": page["twin"]}


def _page(page: Row, failures: list[Row], picture: Picture | None) -> Row:
    places = picture.places if picture else {}
    return {
        "file": page["file"],
        "page_no": page["page_no"],
        "verdict": page["verdict"],
        "verdict_vi": VERDICTS_VI[page["verdict"]],
        "defects": _labels(page["defects"]),
        "notes": _labels(page["notes"]),
        "error": page["error"],
        "measured": [failure | {"place": _place(failure["column"], page, places)} for failure in failures],
        "picture": picture and {"name": picture.name, "width": picture.width, "height": picture.height},
    }


def _place(column: str, page: Row, places: dict[str, list[float]]) -> list[float] | None:
    """x, y, width, height as shares of the page, a line without width; null where a metric has no place."""
    if column == "glare_ratio":
        return page["glare_box"] or None
    if column == "streak_strength" and page["streak_x_mm"] is not None and page["width_mm"]:
        return [round(page["streak_x_mm"] / page["width_mm"], 4), 0.0, 0.0, 1.0]
    return places.get(column)


def _labels(names: list[str] | None) -> list[dict[str, str]]:
    return [
        {"name": d.name, "vi": d.label_vi, "en": d.label_en, "advice_vi": d.advice_vi, "advice_en": d.advice_en}
        for d in (DEFECTS[name] for name in names or [])
    ]
