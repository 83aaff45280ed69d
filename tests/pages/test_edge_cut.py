"""Cut-off: what the frame of the picture cuts, and what a line along it closes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sohoa.pages.metrics.edge_cut import measure_edge_cut
from sohoa.pages.views import PageViews

DPI = 150


def strokes(frame: bool) -> NDArray[np.uint8]:
    """Strokes of a letter's width that run to the right side, with a line along it or without."""
    page = np.full((1754, 1240), 240, np.uint8)
    for y in range(300, 1500, 60):
        page[y : y + 5, 1000:] = 40
    if frame:
        page[:, -2:] = 40
    return page


def test_strokes_that_end_in_a_border_line_are_not_cut() -> None:
    """The grid marks of a drawing end in its border line, where the same strokes without it are cut."""
    assert measure_edge_cut(PageViews.of(strokes(frame=False), DPI)) >= 10
    assert measure_edge_cut(PageViews.of(strokes(frame=True), DPI)) == 0


def test_a_border_line_on_one_side_hides_no_other() -> None:
    """Each side is judged by itself."""
    page = strokes(frame=False)
    page[:2] = 40
    assert measure_edge_cut(PageViews.of(page, DPI)) >= 10
