"""Where the figures of a simulated province differ from what is true of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sohoa.demo.true_scans import IN_NO_PAGE, read_truth
from sohoa.store import Store


@dataclass(frozen=True)
class Comparison:
    """One table, the pages, the slips or a report held against the truth.

    Attributes:
        what: what is compared, in words.
        compared: rows, pages, documents or figures that there should be.
        differences: one line for each that is not so, or should not be.
    """

    what: str
    compared: int
    differences: list[str]


def compare_progress(store: Store, province: Path) -> Comparison:
    """Compare every count of the rates with the simulator's own."""
    return _compare_table(store, "progress_daily", read_truth(province, "progress"))


def compare_reconciliation(store: Store, province: Path) -> Comparison:
    """Compare every count of what differs between province, portal and ministries, and its age."""
    return _compare_table(store, "reconciliation_daily", read_truth(province, "reconciliation"))


def compare_pages(store: Store, province: Path) -> Comparison:
    """Compare what was found on every page with the defect that was put into it."""
    put_in = {(row["file"], row["page"]): row["defect"] for row in read_truth(province, "pages")}
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


def count_seals(store: Store, province: Path) -> tuple[int, int]:
    """Count the sound pages with a seal across their edge, and those of them in which nothing was found."""
    sealed = {(row["file"], int(row["page"])) for row in read_truth(province, "edge_seals")}
    pages = store.read_table("pages").select(["file", "page_no", "defects"]).to_pylist()
    passed = {(row["file"].rpartition("/")[2], row["page_no"]) for row in pages if not row["defects"]}
    return len(sealed), len(sealed & passed)


def _compare_table(store: Store, table: str, expected: list[dict[str, str]]) -> Comparison:
    names = list(expected[0]) if expected else []
    wanted = {_as_text(row, names) for row in expected}
    counted = {_as_text(row, names) for row in store.read_table(table).to_pylist()}
    lines = [f"{table}: true, not counted: {_as_line(names, row)}" for row in sorted(wanted - counted)]
    lines += [f"{table}: counted, not true: {_as_line(names, row)}" for row in sorted(counted - wanted)]
    return Comparison(f"rows of {table} equal", len(wanted), lines)


def _is_as_made(made: str | None, found: list[str] | None) -> bool:
    """Tell whether a page is there and shows what was put into it, and nothing else."""
    return made is not None and found == ([] if made in IN_NO_PAGE else [made])


def _as_text(row: Mapping[str, Any], names: Iterable[str]) -> tuple[str, ...]:
    """Return a row's values of these names as a CSV file writes them."""
    return tuple(str(row[name]) for name in names)


def _as_line(names: Iterable[str], row: Iterable[str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in zip(names, row, strict=True))
