"""The table of limits: what they find on labelled pages, and where there is nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from sohoa.schema import MEASURED
from tools.judge_limits import judge_clean, judge_limits, read_pages, share, source_rows, table_rows


def page(labels: dict[str, str], **values: Any) -> tuple[dict[str, str], dict[str, Any]]:
    known = {
        "error": None,
        "format": "pdf",
        "pdf_version": "1.7",
        "colour_mode": "colour",
        "dpi_x": 300.0,
        "dpi_y": 300.0,
    }
    return {"source": "here"} | labels, dict.fromkeys(MEASURED.names) | known | values


def test_hits_and_false_alarms_are_counted_by_limit_and_unlabelled_pages_left_out() -> None:
    """Three pages with streaks of which two are found; two without of which one is; one that nobody vouches for."""
    strengths = [("1", 20.0), ("1", 9.0), ("1", 2.0), ("0", 12.0), ("0", 0.0), ("-1", 30.0)]
    pages = [
        page({"streak": label, "clean": "1" if label == "0" else "0"}, streak_strength=v) for label, v in strengths
    ]
    counts = judge_limits([*pages, page({"streak": "1"}, streak_strength=None, error="unreadable: x")])
    (name,) = (name for name in counts if name.startswith("streaks"))
    assert counts[name] == {"hits": [2, 3], "false_alarms": [1, 2]}
    assert counts["clean"] == {"note": [1, 2], "review": [1, 2], "reject": [0, 2]}
    rows = {row[0]: row[1:] for row in table_rows({"tuned": counts, "jury": counts})}
    assert rows[name] == ("1 of 2 (1.3% to 98.7%)", "2 of 3 (9.4% to 99.2%)") * 2
    assert rows["any limit, review or worse"] == ("1 of 2 (1.3% to 98.7%)", "") * 2


def test_clean_pages_are_counted_whatever_is_found_but_tags_and_by_source() -> None:
    """A resolution that is too low is no fault of a limit, nor is a page that its labels say lies on its side."""
    clean = {"clean": "1", "orientation_cw": "0"}
    pages = [
        page(clean, dpi_x=72.0), page(clean, skew_deg=3.0), page(clean, orientation_deg=180),
        page(clean | {"orientation_cw": "90"}, orientation_deg=90), page(clean | {"source": "there"}),
    ]  # fmt: skip
    found = [defects for *_, defects in judge_clean(pages)]
    assert found == [{}, {"skewed": "reject"}, {"wrong_orientation": "review"}, {}, {}]
    counts = judge_limits(pages)
    assert counts["clean"] == {"note": [2, 5], "review": [2, 5], "reject": [1, 5]}
    assert source_rows({"tuned": counts}) == [("here", "2 of 4", "tuned"), ("there", "0 of 1", "tuned")]


def test_limits_hold_for_what_is_declared_of_a_page() -> None:
    """A seam is a note on A4; large sheets and maps are scanned again."""
    declared: list[dict[str, str]] = [{}, {"paper": "a3", "content": ""}, {"content": "map"}]
    found = judge_clean(page(labels | {"clean": "1"}, seam_strength=2.0) for labels in declared)
    assert [defects["bad_seam"] for *_, defects in found] == ["note", "reject", "reject"]


def test_a_page_of_a_file_of_several_is_the_one_that_its_label_names(tmp_path: Path) -> None:
    """Without a number it is the first; a file that cannot be read has one row for all its pages."""
    pages = [Image.new("L", size, 255) for size in ((300, 400), (310, 420))]
    pages[0].save(tmp_path / "two.tif", save_all=True, append_images=pages[1:])
    (tmp_path / "bad.tif").write_bytes(b"II*")
    lines = ["file,page,source,camera_photo", "two.tif,2,here,0", "two.tif,,here,0", "bad.tif,2,here,0"]
    (tmp_path / "labels.csv").write_text("\n".join(lines), encoding="utf-8")
    second, first, bad = (row for _, row in read_pages(tmp_path))
    assert (second["width_px"], first["width_px"]) == (310, 300)
    assert bad["error"] is not None


@pytest.mark.parametrize(
    ("found", "of", "text"),
    [
        (0, 0, "0 of 0"),
        (0, 100, "0 of 100 (0.0% to 3.6%)"),
        (5, 10, "5 of 10 (18.7% to 81.3%)"),
        (3, 3, "3 of 3 (29.2% to 100.0%)"),
        (2, 2000, "2 of 2000 (0.0% to 0.4%)"),
    ],
)
def test_a_share_has_its_interval(found: int, of: int, text: str) -> None:
    """By the formula of Clopper and Pearson; none of a hundred may still be one in twenty-eight."""
    assert share(found, of) == text
