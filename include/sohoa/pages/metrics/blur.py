"""Blur: how wide the edges are, on the worse axis and in the worse part of the page."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sohoa.pages.reduce import Grey
from sohoa.pages.views import Lines, PageViews

_PARTS = 7  # each way
_STRONG = 0.5  # of the strongest edges of a part; weaker ones are strokes met at a slant, or tints
_PAGE_SHARE = 0.12  # of the strongest edges of the page, or a part has nothing to judge by
_MIN_LEVELS = 20
_MIN_EDGES = 10  # edges, or a part has too few to judge by
_MIN_EDGE_SHARE = 0.15  # of the edges of the fullest part
_SHARPEST = 0.25  # share of the edges of a part that are sharper than the one that stands for it
_WORST_SHARE = 0.5  # weight of the worst part; the rest is the mean of all
_STEADY_EDGES = 8  # weigh as much as the mean of all parts: the width of a few edges is chance
_SHARP_PX = 1.35  # edge width of a sharp capture, in pixels


def measure_blur(views: PageViews) -> float | None:
    """Measure the edge width in mm beyond what sharp pixels make, 0 for a sharp page; null where the page has no edges.

    The width of an edge is its grey range over the largest step of one pixel, 2.5 σ of a Gaussian blur or the length
    of a motion. Each window of 4 mm along a scan line gives one. The page is cut into parts; a part is as sharp as
    its sharper edges, the page half as its worst part, and the worse axis stands for both, so that a motion along one
    axis and a page that lifts from the glass in one place are seen. A part of few edges is drawn towards the mean of
    all. The width of a sharp edge, which is a matter of resolution, is taken off in quadrature. The ratio follows the
    edge gradient methods (ISO 12233 annex on edge acutance, without its target); parts and axes are our own.
    """
    widths = [width for lines in (views.across, views.along) if (width := _worst_width(lines)) is not None]
    if not widths:
        return None
    return float(np.sqrt(max(0.0, max(widths) ** 2 - _SHARP_PX**2))) / views.px_per_mm


def _worst_width(lines: Lines) -> float | None:
    """Return the edge width in px along the lines, half of it that of the worst part."""
    ranges, steps = _parts(lines.range), _parts(lines.step)
    top = _strongest(ranges)
    if top.max() < _MIN_LEVELS:
        return None
    least = np.maximum(_STRONG * top, max(_MIN_LEVELS, _PAGE_SHARE * top.max()))
    width = np.where(ranges >= least[:, None], ranges / np.maximum(steps, 1).astype(np.float32), np.inf)
    count = np.isfinite(width).sum(axis=1)
    if count.max() < _MIN_EDGES:
        return None
    width.sort(axis=1)
    typical = width[np.arange(len(width)), (count * _SHARPEST).astype(int)]
    enough = count >= max(_MIN_EDGES, _MIN_EDGE_SHARE * count.max())
    typical, count = typical[enough], count[enough]
    mean = float((typical * count).sum() / count.sum())
    beyond = (typical - mean) * count / (count + _STEADY_EDGES)
    return mean + _WORST_SHARE * float(beyond.max())


def _strongest(ranges: Grey) -> Grey:
    """Return the range that one window in fifty of each part exceeds; floats are parted without a branch."""
    last = max(1, ranges.shape[1] // 50)
    parted = ranges.astype(np.float32)
    parted.partition(-last, axis=1)
    return parted[:, -last].astype(np.uint8)


def _parts(values: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the windows of each part of the page in one row, (part, window); what is left over lies at both ends."""
    rows, columns = (max(1, size // _PARTS) for size in values.shape)
    down, across = values.shape[0] // rows, values.shape[1] // columns
    top, left = (values.shape[0] - down * rows) // 2, (values.shape[1] - across * columns) // 2
    cut = values[top : top + down * rows, left : left + across * columns].reshape(down, rows, across, columns)
    return cut.swapaxes(1, 2).reshape(down * across, rows * columns)
