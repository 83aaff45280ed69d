"""Where the figures of a simulated province differ from what is true of it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sohoa.store import Store

_IN_NO_PAGE = {"", "missing_page"}
"""Sound pages; that a page is missing shows in its document, not in the pages that are there."""
_TABLES = {"progress_daily": "progress", "reconciliation_daily": "reconciliation"}


@dataclass(frozen=True)
class Comparison:
    """One table, or the pages, held against the truth.

    Attributes:
        what: what is compared, in words.
        compared: rows or pages that there should be.
        differences: one line for each that is not so, or should not be.
    """

    what: str
    compared: int
    differences: list[str]


def compare_truth(store: Store, truth: Path) -> list[Comparison]:
    """Compare every count with the simulator's own, and every page with the defect that was put into it.

    Args:
        store: where the province was checked, imported, summarised and reconciled.
        truth: the simulator's folder of that name.
    """
    tables = [_compare_table(store, table, truth / f"{name}.csv") for table, name in _TABLES.items()]
    return [*tables, _compare_pages(store, truth / "pages.csv")]


def defects_put_in(truth: Path) -> list[str]:
    """Return the defect of each page that was given one."""
    return [row["defect"] for row in _read_csv(truth / "pages.csv") if row["defect"]]


def _compare_table(store: Store, table: str, path: Path) -> Comparison:
    expected = _read_csv(path)
    names = list(expected[0]) if expected else []
    wanted = {_as_text(row, names) for row in expected}
    counted = {_as_text(row, names) for row in store.read_table(table).to_pylist()}
    lines = [f"{table}: true, not counted: {_as_line(names, row)}" for row in sorted(wanted - counted)]
    lines += [f"{table}: counted, not true: {_as_line(names, row)}" for row in sorted(counted - wanted)]
    return Comparison(f"rows of {table} equal", len(wanted), lines)


def _compare_pages(store: Store, path: Path) -> Comparison:
    put_in = {(row["file"], row["page"]): row["defect"] for row in _read_csv(path)}
    found = {
        (row["file"].rpartition("/")[2], str(row["page_no"])): row["defects"]
        for row in store.read_table("pages").select(["file", "page_no", "defects"]).to_pylist()
    }
    lines = [
        f"{page[0]} page {page[1]}: made {put_in.get(page) or 'clean'}, found {found.get(page)}"
        for page in sorted(put_in.keys() | found.keys())
        if not _is_as_made(put_in.get(page), found.get(page))
    ]
    return Comparison("pages judged as made", len(put_in), lines)


def _is_as_made(made: str | None, found: list[str] | None) -> bool:
    """Tell whether a page is there and shows what was put into it, and nothing else."""
    return made is not None and found == ([] if made in _IN_NO_PAGE else [made])


def _read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _as_text(row: Mapping[str, Any], names: Iterable[str]) -> tuple[str, ...]:
    """Return a row's values of these names as a CSV file writes them."""
    return tuple(str(row[name]) for name in names)


def _as_line(names: Iterable[str], row: Iterable[str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in zip(names, row, strict=True))
