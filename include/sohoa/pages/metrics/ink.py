"""Ink: the share of a page that carries something."""

from __future__ import annotations

import cv2
import numpy as np

from sohoa.pages.reduce import Grey
from sohoa.pages.views import PageViews

MARGIN = 0.03
INK_LEVELS = 45
BLANK_BELOW = 3e-4
_PLAIN_LEVELS = 20  # that a tint varies within 4 mm, by its grain; writing on it varies more, faded too
_PAPER_CELLS = 15  # 20 mm of A4: wider than any letter


def measure_ink(views: PageViews) -> float:
    """Measure the share of the page inside a 3 % margin that is ink, 0 for none to 1.

    Ink is more than 45 grey levels darker than the paper around it in two neighbouring pixels of ``small`` (0.3 mm of
    A4), which noise, specks and paper texture are not; the mean of such pairs along and across. The paper is the grey
    closing of cell means, so that noise does not lift it. What is wider than strokes, of one tone and not half as dark
    as ink can be is a tint on the paper. A page of one tone, white or black, has none, and so has one of several tints.
    """
    small = views.small
    rows, columns = (round(side * MARGIN) for side in small.shape)
    paper = cv2.morphologyEx(views.eighth, cv2.MORPH_CLOSE, np.ones((_PAPER_CELLS, _PAPER_CELLS), np.uint8))
    paper = cv2.erode(paper, np.ones((3, 3), np.uint8))  # or a cell that two tints share would lift the darker one
    highest = _ink_below(paper)
    highest = np.asarray(cv2.resize(highest, small.shape[::-1], interpolation=cv2.INTER_LINEAR), np.uint8)
    inside = slice(rows, small.shape[0] - rows), slice(columns, small.shape[1] - columns)
    small, highest = small[inside], highest[inside]
    is_plain = cv2.threshold(views.ink[inside], _PLAIN_LEVELS - 1, 255, cv2.THRESH_BINARY_INV)[1]
    is_tint = cv2.subtract(is_plain, cv2.compare(highest // 2, small, cv2.CMP_GT))
    ink = cv2.subtract(cv2.compare(highest, small, cv2.CMP_GT), is_tint)
    across, along = cv2.bitwise_and(ink[:, 1:], ink[:, :-1]), cv2.bitwise_and(ink[1:], ink[:-1])
    return float((cv2.countNonZero(across) + cv2.countNonZero(along)) / (2 * ink.size))


def _ink_below(paper: Grey) -> Grey:
    """Return the grey below which there is ink on such paper."""
    return np.asarray(np.maximum(paper, INK_LEVELS) - INK_LEVELS, np.uint8)  # OpenCV takes a column of four as a scalar


def is_blank(ink_ratio: float) -> bool:
    """Return whether that little ink means a blank page: below 3 in 10 000, 19 mm² of A4, a few words."""
    return ink_ratio < BLANK_BELOW
