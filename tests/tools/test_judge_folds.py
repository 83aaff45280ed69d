"""Judging real pages in folds: with every label, and without those that the picture does not bear out."""

from __future__ import annotations

from tools.pagenet.judge_folds import Page, describe_sure, read_doubtful


def page(name: str, value: float, label: str) -> Page:
    """A scan with that much dark border, labelled so."""
    row = {"error": None, "glare_ratio": 0, "edge_cut": 0, "border_dark": value, "foreign_object": 0}
    return Page({"file": f"{name}.jpg", "camera_photo": "0", "dark_border": label}, row, 1)


def test_a_doubtful_label_is_told_apart() -> None:
    """With it one page in two is above the other; without it every one is."""
    pages = [page("bed", 0.9, "1"), page("line", 0.1, "1"), page("sound", 0.2, "0")]
    *_, line = describe_sure(pages, {("line", "dark_border"), ("another page", "glare")})
    assert line == "| dark_border | 1 | 0.500 | 1.000 |"


def test_doubtful_labels_name_page_and_defect() -> None:
    """A slip in the table would leave the label in."""
    assert {defect for _, defect in read_doubtful()} <= {"cut_off", "dark_border", "foreign_object", "glare"}
