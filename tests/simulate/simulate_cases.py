"""A small province and how to read it back from its files alone."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

START, END = date(2023, 3, 6), date(2023, 3, 17)
SMALL = (5, START, END, 7, 11)
"""agencies, start, end, pages a day, seed."""


def quiet(done: int, total: int) -> None:
    pass


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def manifests(province: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(province.glob("landing/inbox/*/*.json")):
        yield json.loads(path.read_text(encoding="utf-8"))


def register_rows(province: Path) -> Iterator[dict[str, str]]:
    for path in sorted(province.glob("feeds/register/dt=*/register.csv")):
        yield from read_csv(path)


def same_code(code: str) -> str:
    """One spelling for both: 000.Z.Y.H37-… becomes H37.Y.Z-…, an empty group is dropped."""
    head, day, number = code.split("-")
    if head.startswith("000."):
        _, z, y, _ = head.split(".")
        head = f"H37.{y}" + ("" if z == "00" else f".{z}")
    return f"{head}-{day}-{number}"
