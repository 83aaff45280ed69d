"""The dark border: what a scanner's bed leaves, and what else is dark along a frame."""

from __future__ import annotations

import numpy as np
import pytest

from tests.pages.page_files import jpeg, measure, pillow_file, text_page

REVIEW = 0.6
"""Of ``expectations/thresholds.toml``."""
DEEP = 40


def bordered(*colour: int) -> np.ndarray:
    """A page of text with the bed, or something else, along its left side."""
    page = text_page().copy()
    page[:, :DEEP] = colour
    return page


@pytest.mark.parametrize("bed", [(0, 0, 0), (20, 20, 22), (44, 40, 38)])
def test_a_bed_is_dark_and_without_colour(bed: tuple[int, int, int]) -> None:
    """Black, or grey with what a lamp gives it."""
    assert measure(jpeg(bordered(*bed)))[0]["border_dark"] > REVIEW


@pytest.mark.parametrize("wood", [(60, 22, 10), (20, 24, 70), (70, 10, 15)])
def test_what_is_coloured_is_no_bed(wood: tuple[int, int, int]) -> None:
    """A desk of dark wood, a blue cover, a red one; in grey nobody can tell."""
    page = bordered(*wood)
    assert measure(jpeg(page))[0]["border_dark"] < 0.1
    assert measure(pillow_file(page, "JPEG", mode="L"))[0]["border_dark"] > REVIEW


@pytest.mark.parametrize("mode", ["L", "1"])
def test_a_sheet_on_pitch_black_was_scanned(mode: str) -> None:
    """On all four sides, and a little askew, as a lid that stood open shows it: no photograph, and no desk."""
    ground = np.zeros((2000, 1500, 3), np.uint8)
    page = text_page()[:1600, :1150]
    for row in range(1600):
        left = 150 + row // 40
        ground[200 + row, left : left + 1150] = page[row]
    row = measure(pillow_file(ground, "TIFF", mode=mode))[0]
    assert row["perspective"] is None
    assert row["border_dark"] > REVIEW


def test_a_bed_is_of_one_tone() -> None:
    """A ground that the light of a room falls upon from one side is none; in one tone it may be a lighter grey."""
    grey, lit = bordered(57, 57, 57), bordered(0, 0, 0)
    lit[:, :DEEP] = np.linspace(4, 58, len(lit))[:, None, None]
    assert measure(jpeg(grey))[0]["border_dark"] > REVIEW
    assert measure(jpeg(lit))[0]["border_dark"] < REVIEW


def test_a_dark_page_has_no_grey_bed() -> None:
    """Its own ground is as dark as that."""
    page = np.full((1400, 1000, 3), 56, np.uint8)
    page[300:340, 100:900] = 230
    assert measure(jpeg(page))[0]["border_dark"] == 0
