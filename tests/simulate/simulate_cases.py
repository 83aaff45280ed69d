"""A small province and how to read it back from its files alone."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sohoa.schema import TABLES

SMALL: dict[str, Any] = {
    "agencies": 5,
    "start": date(2023, 3, 6),
    "end": date(2023, 3, 20),
    "pages_per_day": 7,
    "seed": 11,
}


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def manifests(province: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(province.glob("landing/inbox/*/*.json")):
        yield json.loads(path.read_text(encoding="utf-8"))


def register_rows(province: Path) -> Iterator[dict[str, str]]:
    for path in sorted(province.glob("feeds/register/dt=*/register.*")):
        yield from read_csv(path) if path.suffix == ".csv" else pq.read_table(path).to_pylist()


def same_code(code: str) -> str:
    """One spelling for all: 000.Z.Y.H37-… becomes H37.Y.Z-…, groups and digits of zeros are dropped."""
    head, day, number = code.split("-")
    groups = head.split(".")
    groups = groups[-2:0:-1] if head.startswith("000.") else groups[1:]
    return ".".join(["H37", *(group for group in groups if group.strip("0"))]) + f"-{day}-{int(number)}"


def write_documents(warehouse: Path, province: Path) -> None:
    """The tables `documents` and `reviews` as manifests and pages.csv tell them, one object per scan day."""
    defects = defaultdict(set)
    for row in read_csv(province / "truth" / "pages.csv"):
        defects[row["file"]].add(row["defect"])
    days = defaultdict(list)
    for manifest in manifests(province):
        for document in manifest["documents"]:
            found = set().union(*(defects[file["path"]] for file in document["files"])) - {""}
            is_received = bool(document["files"]) and "hash_mismatch" not in found
            row = {name: document.get(name) for name in ("document_id", "dossier_code", "kind", "replaces")}
            verdict = "rejected" if found else "accepted"
            row |= {"agency": manifest["agency"], "is_received": is_received, "verdict": verdict}
            days[manifest["scan_date"]].append(row)
    for day, rows in days.items():
        table = pa.Table.from_pylist(rows, TABLES["documents"])
        _write_rows(warehouse / f"documents/scan_date={day}/day.parquet", table)
    _write_rows(warehouse / "reviews/scan_date=2023-03-06/day.parquet", TABLES["reviews"].empty_table())


def _write_rows(path: Path, rows: pa.Table) -> None:
    path.parent.mkdir(parents=True)
    pq.write_table(rows, path)
