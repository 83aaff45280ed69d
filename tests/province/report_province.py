"""A province in a store to report on: a simulated province, and page rows for the scans of its last weeks."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sohoa import jobs, layout
from sohoa.schema import TABLES
from sohoa.simulate import simulate
from sohoa.store import Store
from tests.province.upload_province import upload_province

SCANNED_WEEKS, GLOSSY_GLARE, MAX_PAGES = 5, 0.5, 5
SPOILED_SHARE = 0.06
"""Documents that are bad here though the province has them as good: a week has to have some of each defect."""
DEFECTS = {
    "skewed": 8, "blurred": 7, "cut_off": 5, "dark_border": 4, "low_dpi": 4, "streaks": 3, "missing_page": 3,
    "blank": 2, "over_compressed": 2, "wrong_orientation": 2, "duplicate_page": 1, "hash_mismatch": 1,
}  # fmt: skip
"""What spoils a document, and how often."""
OF_THE_DOCUMENT = {"missing_page", "duplicate_page", "hash_mismatch"}
TITLES = (
    "Đơn đăng ký biến động đất đai", "Giấy chứng nhận quyền sử dụng đất", "Tờ khai đăng ký khai sinh",
    "Biên bản xác minh thực địa", "Quyết định hưởng trợ cấp", "Giấy phép xây dựng nhà ở riêng lẻ",
)  # fmt: skip


def fill(store: Store, folder: Path, *, end: date, weeks: int, dossiers: int, seed: int = 7) -> None:
    """Simulate some weeks up to the Sunday ``end`` and run the jobs up to the reconciliation.

    Args:
        store: an empty store, the one that ``open_store`` opens.
        folder: a new folder for what is simulated.
        end: last dossier day.
        weeks: how many weeks.
        dossiers: how many dossiers in all of them.
        seed: other seeds give other provinces.
    """
    simulate(folder, start=end - timedelta(7 * weeks - 1), end=end, dossiers=dossiers, seed=seed)
    rng = np.random.default_rng(seed)
    for back in range(7 * min(weeks, SCANNED_WEEKS)):
        scan_documents(folder / layout.WAREHOUSE, end - timedelta(back), rng)
    upload_province(folder, store)
    for job in (jobs.import_all, jobs.summarise, jobs.reconcile):
        assert job()["problems"] == [], job


def scan_documents(warehouse: Path, day: date, rng: np.random.Generator) -> None:
    """Give the documents of a scan day titles, papers and defects, and write their page rows."""
    path = warehouse / layout.table_key("documents", day, layout.DAY)
    if not path.exists():
        return
    rows = [_document(row, rng) for row in pq.read_table(path).to_pylist()]
    pages = [page for row in rows for page in _pages(row, rng)]
    whole = [row | {"defects": [name for name in row["defects"] if name in OF_THE_DOCUMENT]} for row in rows]
    pq.write_table(pa.Table.from_pylist(whole, TABLES["documents"]), path, compression="zstd")
    out = warehouse / layout.table_key("pages", day, layout.DAY)
    out.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(pages, TABLES["pages"]), out, compression="zstd")


def _document(row: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    paper = rng.choice(["a4", "a3", "a2", "a1", "a0"], p=[0.95, 0.02, 0.01, 0.01, 0.01])
    row |= {"title": str(rng.choice(TITLES)), "paper": str(paper)}
    if row["pages_found"]:
        count = int(rng.integers(1, MAX_PAGES + 1))
        row |= {"pages_declared": count, "pages_found": count, "pages_accepted": count}
    if row["verdict"] == "accepted" and rng.random() < SPOILED_SHARE:
        row["verdict"] = "rejected"
    if row["verdict"] not in {"rejected", "review"}:
        return row
    names, weights = list(DEFECTS), np.array(list(DEFECTS.values()))
    defect = str(rng.choice(names, p=weights / weights.sum()))
    if row["cover"] == "glossy" and rng.random() < GLOSSY_GLARE:
        defect = "glare"
    is_whole = defect in OF_THE_DOCUMENT or not row["pages_found"]
    return row | {"defects": [defect], "pages_accepted": 0 if is_whole else row["pages_found"] - 1}


def _pages(row: dict[str, Any], rng: np.random.Generator) -> list[dict[str, Any]]:
    shared = {name: row[name] for name in ("agency", "batch", "document_id", "kind", "content", "paper", "cover")}
    measured = {
        "width_px": 1654, "height_px": 2339, "dpi_x": 200.0, "dpi_y": 200.0, "format": "pdf", "pdf_version": "1.7",
        "colour_mode": "colour", "blur_mm": 0.1, "skew_deg": 0.1, "glare_ratio": 0.0, "edge_cut": 0.0,
        "border_dark": 0.0, "streak_strength": 1.0, "noise": 0.5, "contrast": 180.0, "jpeg_quality": 85.0,
        "orientation_deg": 0, "is_blank": False, "ink_ratio": 0.05,
    }  # fmt: skip
    found: list[dict[str, Any]] = []
    bad = int(rng.integers(row["pages_found"])) if row["pages_found"] else -1
    of_page = [name for name in row["defects"] if name not in OF_THE_DOCUMENT]
    for number in range(row["pages_found"]):
        is_bad = number == bad and bool(of_page)
        place = {"file": f"{row['document_id']}.pdf", "page_no": number + 1, "device_id": row["device_id"]}
        state = {"verdict": row["verdict"] if is_bad else "accepted", "defects": of_page if is_bad else [], "notes": []}
        streak = {"streak_x_mm": 71.0 + int(rng.integers(2))} if is_bad and "streaks" in of_page else {}
        found.append({**shared, "role": "page", **measured, **place, **state, **streak})
    return found


def count_pages(store: Store, first: date) -> int:
    """Pages scanned in a week."""
    days = [first + timedelta(n) for n in range(7)]
    return int(pc.sum(store.read_table("documents", days)["pages_found"]).as_py() or 0)
