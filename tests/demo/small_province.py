"""A province of a few rows: what its simulator would write of it, and a store in memory where all of that came out."""

from __future__ import annotations

import copy
import csv
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from sohoa import layout
from sohoa.days import Week
from sohoa.labels import rate_name

WEEK = Week.parse("2023-W14")
DAY, AGENCY = date(2023, 4, 4), "H37.80.01"
BATCH, SHA = "H37.80.01-20230404-001", "0123456789ab"
_RATES = (("20", "dn_and", "all", 3, 4), ("178", "dn_and", "all", 1, 2), ("20", "by_stage", "result", 2, 2))
RATES: list[dict[str, Any]] = [
    {"unit_code": unit, "dossier_date": DAY, "definition": rate, "stage": stage, "numerator": n, "denominator": d}
    for unit, rate, stage, n, d in _RATES
]
COUNTS: list[dict[str, Any]] = [
    {"unit_code": "20", "dossier_date": DAY, "category": "portal", "entries": 5},
    {"unit_code": "20", "dossier_date": DAY, "category": "province", "entries": 3},
    {"unit_code": "20", "dossier_date": DAY, "category": "R1", "entries": 2},
    {"unit_code": "178", "dossier_date": DAY, "category": "R1", "entries": 1},
]
LATE: list[dict[str, Any]] = [
    {"dossier_key": "a", "level": "commune", "state": "open_overdue"},
    {"dossier_key": "b", "level": "commune", "state": "finished_in_time"},
    {"dossier_key": "c", "level": "", "state": "unknown"},
]
SEALS = [{"file": "clean.jpg", "page": 1}, {"file": "blurred.pdf", "page": 1}]
MADE: dict[str, list[tuple[str, int, str]]] = {
    "D1": [("clean.jpg", 1, "")],
    "D2": [("blurred.pdf", 1, ""), ("blurred.pdf", 2, "blurred")],
    "D3": [("short.pdf", 1, "missing_page")],
    "D4": [("altered.jpg", 1, "hash_mismatch")],
    "D5": [],
    "D6": [("shining.jpg", 1, "glare")],
}
"""Document -> file, page and defect; D5 was not scanned."""
OUTCOMES = {"D1": "accepted", "D2": "to_scan", "D3": "to_scan", "D4": "to_scan", "D5": "not_scanned", "D6": "review"}
WHOLE = {"D3": ["missing_page"], "D4": ["hash_mismatch"]}


@dataclass(frozen=True)
class Item:
    """An object in a listing."""

    key: str


class SmallStore:
    """Tables and objects in memory, as ``Store`` gives them."""

    settings: Any = None

    def __init__(self, tables: dict[str, list[dict[str, Any]]], objects: dict[str, Any]) -> None:
        self.tables, self.objects = tables, objects

    def read_table(self, name: str, *_: Any) -> pa.Table:
        return pa.Table.from_pylist(self.tables[name])

    def list_objects(self, bucket: str, prefix: str) -> Iterator[Item]:
        return (Item(key) for key in sorted(self.objects) if key.startswith(prefix))

    def get_json(self, bucket: str, key: str) -> Any:
        return copy.deepcopy(self.objects[key])

    def get(self, bucket: str, key: str) -> bytes:
        return bytes(self.objects[key])

    @staticmethod
    def each(work: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        return [work(item) for item in items]


def write_province(folder: Path, counts: list[dict[str, Any]] = COUNTS, portal: Iterable[date] = (DAY,)) -> Path:
    """Write the simulator's truth, one manifest and the portal's files of these days; the folder."""
    pages = [{"file": f, "page": p, "defect": d} for rows in MADE.values() for f, p, d in rows]
    for name, rows in (
        ("progress", RATES),
        ("reconciliation", counts),
        ("pages", pages),
        ("lateness_end", LATE),
        ("edge_seals", SEALS),
    ):
        path = folder / "truth" / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    for day in portal:
        (folder / layout.FEEDS / "portal" / f"dt={day}").mkdir(parents=True)
    documents = [
        {"document_id": name, "files": [{"path": path} for path in dict.fromkeys(file for file, _, _ in rows)]}
        | ({} if rows else {"not_scanned": "glossy"})
        for name, rows in MADE.items()
    ]
    manifest = {"agency": AGENCY, "batch": BATCH, "scan_date": f"{DAY}", "documents": documents}
    inbox = folder / "landing" / layout.inbox_key(AGENCY, BATCH)
    inbox.parent.mkdir(parents=True)
    inbox.write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def small_store() -> SmallStore:
    """A store in which everything came out as it is true."""
    place = (AGENCY, BATCH, SHA)
    return SmallStore(
        {"progress_daily": copy.deepcopy(RATES), "reconciliation_daily": copy.deepcopy(COUNTS), "pages": _pages()},
        {
            layout.receipt_key(*place): receipt(),
            layout.receipt_key(*place, "html"): b'D2 D3 D4 <image href="data:image/jpeg;base64,AA">',
            layout.pictures_key(*place): {},
            layout.report_key(WEEK.name, "report.json"): report(),
        },
    )


def receipt() -> dict[str, Any]:
    """The receipt of the one batch."""
    documents = [
        {
            "document_id": name,
            "outcome": OUTCOMES[name],
            "defects": [{"name": defect} for defect in WHOLE.get(name, [])],
            "pages": [
                {
                    "file": file,
                    "page_no": page,
                    "is_faulty": True,
                    "defects": [{"name": defect}],
                    "picture": {"name": "p1"} if defect == "blurred" else None,
                }
                for file, page, defect in rows
                if defect not in {"", "missing_page"}
            ],
        }
        for name, rows in MADE.items()
    ]
    return {"agency": AGENCY, "batch": BATCH, "status": "admitted", "documents": documents}


def report() -> dict[str, Any]:
    """The report of the week."""
    late = {"finished_in_time": 1, "finished_late": 0, "open_in_time": 0, "open_overdue": 1, "not_received": 0}
    tables: dict[str, list[dict[str, Any]]] = {
        "rates": [_rate("rate", rate_name(r["definition"], r["stage"]), r) for r in RATES if r["unit_code"] == "20"],
        "categories": [
            {"meaning": "portal", "entries": 5, "effect": None},
            {"meaning": "province", "entries": 3, "effect": None},
            {"meaning": "R1", "entries": 2, "effect": 2},
        ],
        "verdicts": [
            {"week": "this", "received": 4, "accepted": 1, "review": 1, "rejected": 3, "waived": 0}
            | {"pages_found": 5, "pages_accepted": 3, "pages_percent": 60.0},
            {"week": "before", "received": 9, "accepted": 9, "review": 9, "rejected": 9, "waived": 9},
        ],
        "defects": [{"defect": name, "pages_bad": 1} for name in ("blurred", "hash_mismatch", "glare")],
        "document_defects": [{"defect": name, "documents": 1} for name in ("missing_page", "hash_mismatch")],
        "not_scanned": [{"reason": "glossy", "documents": 1}],
        "lateness": [
            {"level": "commune", **late, "unknown": 0},
            {"level": None, **dict.fromkeys(late, 0), "unknown": 1},
            {"level": "total", **late, "unknown": 1},
        ],
        "queue": [],
    }
    annex = {
        "units": [_rate("unit_code", r["unit_code"], r) for r in RATES if r["definition"] == "dn_and"],
        "agencies": [
            {"agency": AGENCY, "to_scan": 3, "in_review": 1},
            {"agency": "H37.80.02", "to_scan": 0, "in_review": 0},
        ],
    }
    return {"sections": [{"tables": _named(tables)}], "annex": _named(annex)}


def _named(tables: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    return [{"name": name, "rows": rows} for name, rows in tables.items()]


def _rate(key: str, value: str, row: dict[str, Any]) -> dict[str, Any]:
    counts = {name: row[name] for name in ("numerator", "denominator")}
    return {key: value, **counts, "rate_percent": 100 * row["numerator"] / row["denominator"]}


def _pages() -> list[dict[str, Any]]:
    rows = [page for pages in MADE.values() for page in pages]
    return [
        {"file": f"batches/a/{file}", "page_no": page, "defects": [] if defect in {"", "missing_page"} else [defect]}
        for file, page, defect in rows
    ]
