"""The data that the page net is trained on, as far as they are in the project."""

from __future__ import annotations

import csv

import cv2
import numpy as np

from tools.pagenet.bases import DATA, read_folds
from tools.pagenet.cut_hands import cut_hand
from tools.pagenet.judge_folds import Page, by_source, describe


def test_no_source_is_in_two_folds() -> None:
    """Each source is told once, with its licence; what has no licence that allows more judges alone."""
    with DATA.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["source"] for row in rows}) == len(rows)
    assert {1, 2, 3} == set(read_folds().values())
    assert all(row["use"] == "judging alone" for row in rows if row["licence"].startswith(("none", "LGPL", "MPL")))
    for row in rows:
        folds = {
            other["fold"]
            for other in rows
            if other["source"].startswith(row["source"].removesuffix(" (further pages)"))
        }
        assert len(folds) == 1


def page(source: str, glare: str, ratio: float, photo: str = "0") -> Page:
    row = dict.fromkeys(("edge_cut", "border_dark", "foreign_object"), 0.0) | {"glare_ratio": ratio, "error": None}
    return Page({"source": source, "glare": glare, "camera_photo": photo}, row, 1)


def test_hits_and_false_alarms_are_pooled_and_told_by_source() -> None:
    """Two glares of which one is reported; a scan that is not, a photograph that is; one page without a label."""
    pages = [
        page("a", "1", 0.2),
        page("a", "1", 0.001),
        page("a", "0", 0.0),
        page("b", "0", 0.05, "1"),
        page("b", "", 1.0),
    ]
    (line,) = (line for line in describe(pages) if line.startswith("| glare"))
    assert line == "| glare | 2 | 1 | 1 | 0.750 | 1.000 | 0.500 | 1 of 2 | 0 of 1 | 1 of 1 |"
    (source,) = (line for line in by_source(pages) if line.startswith(("| a", "| b")))
    assert "1 of 2; false 0 of 1" in source


def test_a_hand_is_cut_from_its_ground() -> None:
    """What is of the colour of skin, and large; nothing where there is no hand."""
    ground = np.full((100, 100, 3), (205, 200, 195), np.uint8)
    hand = cv2.ellipse(ground.copy(), ((50.0, 60.0), (40.0, 70.0), 0.0), (120, 150, 200), -1)
    found = cut_hand(hand)
    assert found is not None and found[60, 50, 3] == 255 and found[5, 5, 3] == 0
    assert cut_hand(ground) is None
