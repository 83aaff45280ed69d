"""Ink: the share of a page that carries something."""

from __future__ import annotations

import cv2
import numpy as np

from sohoa.pages.reduce import Grey

MARGIN = 0.03
INK_LEVELS = 45
BLANK_BELOW = 3e-4
_CELL_PX = 8
_PAPER_CELLS = 15  # 20 mm at 150 dpi: wider than any letter


def measure_ink(grey: Grey) -> float:
    """Share of the page inside a 3 % margin that is ink, 0 for none to 1.

    Ink is more than 45 grey levels darker than the paper around it and at least 2 × 2 px wide (150 dpi of an A4 page),
    which single noisy pixels and paper texture are not. The paper is the grey closing of cell means, so that noise
    does not lift it. A page of one tone, white or black, has none.

    Args:
        grey: page as ``reduce.reduce_page`` leaves it, uint8 (height, width).
    """
    rows, columns = (round(side * MARGIN) for side in grey.shape)
    inner = grey[rows : grey.shape[0] - rows, columns : grey.shape[1] - columns]
    height, width = inner.shape
    cells = (max(1, width // _CELL_PX), max(1, height // _CELL_PX))
    small = cv2.resize(inner, cells, interpolation=cv2.INTER_AREA)
    closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((_PAPER_CELLS, _PAPER_CELLS), np.uint8))
    paper = cv2.resize(closed, (width, height), interpolation=cv2.INTER_LINEAR)
    ink = cv2.threshold(cv2.subtract(paper, inner), INK_LEVELS, 255, cv2.THRESH_BINARY)[1]
    ink = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    return float(cv2.countNonZero(ink) / ink.size)


def is_blank(ink_ratio: float) -> bool:
    """Whether that little ink means a blank page: below 3 in 10 000, 19 mm² of A4, a few words."""
    return ink_ratio < BLANK_BELOW
