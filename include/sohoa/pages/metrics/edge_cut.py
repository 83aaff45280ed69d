"""Cut-off: characters and lines that the frame cuts."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sohoa.pages.reduce import Grey
from sohoa.pages.views import PageViews

_WIDTHS_MM = (0.25, 7.0)  # of a character or a rule where the frame cuts it; wider is bed or a picture
_INWARD_MM = 1.0  # to which it reaches; less is dirt at the frame
_INWARD_SHARE = 0.7  # of the way that is dark
_STRIP_MM = 3.0  # in which the paper is seen
_AROUND_MM = 12.0
_DARKER = 0.25  # of the paper
_DARKER_LEAST = 30  # grey levels
_PAPER_LEAST = 90  # darker is no paper
_FRAME_MM = 0.5  # from the frame of the picture to a line that runs along it
_FRAME = 0.9  # of the side that it covers


def measure_edge_cut(views: PageViews) -> float:
    """Measure characters and lines that the worst side of the frame cuts, 0 for none.

    Counts the dark runs along the frame that are as wide as a stroke or a letter and go on inwards. Where the frame
    runs between two lines of text nothing is cut, and nothing can be seen. A line drawn along a whole side closes it:
    what ends there is not cut.
    """
    return float(max(count_cuts(views)))


def count_cuts(views: PageViews) -> tuple[int, int, int, int]:
    """Return characters and lines that the frame cuts at the top, bottom, left and right.

    It cuts none where the sheet ends inside the picture.
    """
    page, scale = views.page, views.page_px_per_mm
    sides = zip((page, page[::-1], page.T, page.T[::-1]), views.at_frame, strict=True)
    top, bottom, left, right = (_cut(side, scale) if at_frame else 0 for side, at_frame in sides)
    return top, bottom, left, right


def _cut(side: Grey, scale: float) -> int:
    """Return the runs of ink that cross the first rows of ``side``."""
    strip = np.ascontiguousarray(side[: max(3, round(_STRIP_MM * scale))])
    if len(strip) < 3 or strip.shape[1] < 16:
        return 0
    paper = _paper(strip, scale)
    least = np.maximum(_DARKER * paper, _DARKER_LEAST)
    outermost = strip[: max(2, round(_FRAME_MM * scale))]
    if (paper - outermost > least).mean(axis=1).max() > _FRAME:
        return 0
    is_ink = (paper - strip[: max(2, round(_INWARD_MM * scale))] > least) & (paper > _PAPER_LEAST)
    return sum(_goes_on(is_ink[:, start:end]) for start, end in _runs(is_ink[1], scale))


def _paper(strip: Grey, scale: float) -> NDArray[np.int16]:
    """Return the paper along the strip: the brightest grey around, int16 (width,)."""
    width = max(3, round(_AROUND_MM * scale)) | 1
    brightest = cv2.dilate(strip.max(axis=0)[None], np.ones((1, width), np.uint8))
    return np.asarray(cv2.blur(brightest, (width, 1))[0], np.int16)


def _runs(is_ink: NDArray[np.bool_], scale: float) -> list[tuple[int, int]]:
    """Start and end of the runs as wide as a stroke or a letter, those at a corner left out."""
    steps = np.diff(np.concatenate([[False], is_ink, [False]]).astype(np.int8))
    starts, ends = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)
    low, high = (width * scale for width in _WIDTHS_MM)
    fits = (ends - starts >= low) & (ends - starts <= high) & (starts > 0) & (ends < len(is_ink))
    return list(zip(starts[fits].tolist(), ends[fits].tolist(), strict=True))


def _goes_on(run: NDArray[np.bool_]) -> bool:
    return bool(run.any(axis=1).mean() >= _INWARD_SHARE)
