"""Defect counts of one scan day."""

from __future__ import annotations

from typing import Any

from sohoa.counting.count_defects import quality_of_day
from tests.counting_cases import table

JUDGED = {"skewed": ("skew_deg",), "low_dpi": ("dpi_x", "dpi_y"), "unreadable": (), "unknown_scale": ("dpi_x",)}


def page(**values: Any) -> dict[str, Any]:
    row = {"agency": "H37.60", "paper": "a4", "cover": "matte", "dpi_x": 200.0, "skew_deg": 0.1, "defects": []}
    return row | values


def count(rows: list[dict[str, Any]]) -> dict[tuple[Any, ...], tuple[int, int]]:
    found = quality_of_day(table("pages", rows), JUDGED).to_pylist()
    return {(r["agency"], r["paper"], r["cover"], r["defect"]): (r["pages_bad"], r["pages_judged"]) for r in found}


def test_a_rule_that_finds_nothing_has_its_row():
    """Three pages, one skewed, one whose skew is not known: bad 1 of 2; unreadable judges every page: 0 of 3."""
    counts = count([page(defects=["skewed"]), page(skew_deg=None), page()])
    assert counts["H37.60", "a4", "matte", "skewed"] == (1, 2)
    assert counts["H37.60", "a4", "matte", "unreadable"] == (0, 3)


def test_a_defect_that_no_page_can_show_has_no_row():
    """Null is not zero: where no skew is known nothing is said of it."""
    assert not [key for key in count([page(skew_deg=None)]) if key[3] == "skewed"]


def test_one_known_column_is_enough():
    """A page with one resolution known can be judged on it."""
    assert count([page(dpi_x=None, dpi_y=300.0)])["H37.60", "a4", "matte", "low_dpi"] == (0, 1)


def test_a_defect_that_is_a_null_counts_its_page():
    """An unknown scale is found where the column is null: such a page was judged, an undecodable one was not."""
    counts = count([page(dpi_x=None, defects=["unknown_scale"]), page(), page(dpi_x=None, defects=["unreadable"])])
    assert counts["H37.60", "a4", "matte", "unknown_scale"] == (1, 2)


def test_declared_paper_and_cover_are_kept_apart():
    """What is undeclared is a group of its own, with null, and pages with null defects are counted too."""
    pages = [page(), page(cover="glossy"), page(paper=None, cover=None, defects=None), page(agency="H37.61")]
    groups = {key[:3] for key in count(pages)}
    expected = {
        ("H37.60", "a4", "matte"),
        ("H37.60", "a4", "glossy"),
        ("H37.60", None, None),
        ("H37.61", "a4", "matte"),
    }
    assert groups == expected


def test_order_of_pages_changes_nothing():
    """Rows come by agency, paper, cover and defect, whatever the order of the pages."""
    pages = [page(agency=code, cover=cover) for code in ("H37.61", "H37.60") for cover in (None, "matte", "glossy")]
    forward, backward = (quality_of_day(table("pages", rows), JUDGED) for rows in (pages, pages[::-1]))
    assert forward.equals(backward)


def test_no_pages_no_rows():
    """A day without pages, or without rules, is an empty table of the right columns."""
    assert quality_of_day(table("pages", []), JUDGED).equals(quality_of_day(table("pages", [page()]), {}))
