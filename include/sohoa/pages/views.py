"""Views: what the metrics of a page share, computed once."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from sohoa.pages.reduce import Grey, halve, reduce_page, shrink

ReadColour = Callable[[], Grey | None]
Found = TypeVar("Found")

A4_LONG_MM = 297.0
MIN_SIDE_PX = 32
"""Smaller than that is no page, and no metric says anything about it."""
_MM_PER_INCH = 25.4
_SMALL_PX = 877  # long side of the small view: 75 dpi of A4
_LINES = 180  # scan lines taken in each direction
_MAX_IN_16_BITS = 257  # greys of 255 that add up to at most 65535
_NOT_WHITE = 230  # grey of paper
_SHARE_NOT_WHITE = 0.75  # of a page that is no darker, or it is not white
_BAND = 64  # rows of a large sheet's colours that are looked at at a time
_FEW = 256  # of many greys, by which a level is guessed
_PAPER_PX = 13  # 4.4 mm of A4: wider than strokes of letters, narrower than pictures


@dataclass(frozen=True)
class Lines:
    """Every n-th line of the page at full resolution, cut into windows of about 4 mm along the line, from its middle.

    Attributes:
        range: grey range of each window, uint8 (windows, lines).
        step: largest difference of neighbours in the window, uint8 (windows, lines).
        mean_step: their mean, float32 (windows, lines).
    """

    range: Grey
    step: Grey
    mean_step: NDArray[np.float32]

    @classmethod
    def of(cls, lines: Grey, window: int) -> Lines:
        """Return the windows along the first axis of ``lines``, (position, line)."""
        count = max(1, (len(lines) - 1) // window)
        window = min(window, len(lines) - 1)
        shape, first = (count, window, lines.shape[1]), (len(lines) - 1) % window // 2
        inside = slice(first, first + count * window)
        steps = np.asarray(cv2.absdiff(lines[1:], lines[:-1]))[inside].reshape(shape)
        greys, ends = lines[inside].reshape(shape), lines[first + window : first + count * window + 1 : window]
        high, low = np.maximum(fold_rows(np.maximum, greys), ends), np.minimum(fold_rows(np.minimum, greys), ends)
        return cls(high - low, fold_rows(np.maximum, steps), mean_rows(steps))


@dataclass(frozen=True)
class PageViews:
    """One page in the sizes that metrics look at. Every derived view is computed once, when first asked for.

    Attributes:
        full: the page as decoded, uint8 (height, width).
        page: about 150 dpi of an A4 page, as ``reduce.reduce_page`` leaves it.
        px_per_mm: pixels of ``full`` per millimetre; where the size on paper is not known, as if the long side were
            A4's.
        read_colour: reads the page again in blue, green and red, at a size of its own; null where that cannot be.
        is_scaled: whether that size is known.
        at_frame: whether the frame of the picture is the end of the page at its top, bottom, left and right; a sheet
            that was photographed whole ends inside the picture.
        picture: of a sheet that was laid flat, the picture as the sensor saw it.
    """

    full: Grey
    page: Grey
    px_per_mm: float
    read_colour: ReadColour
    is_scaled: bool = True
    at_frame: tuple[bool, bool, bool, bool] = (True, True, True, True)
    picture: PageViews | None = None

    @classmethod
    def of(cls, full: Grey, dpi: float | None, read_colour: ReadColour = lambda: None) -> PageViews:
        """Return the views of a page of at least ``MIN_SIDE_PX`` each way."""
        scale = dpi / _MM_PER_INCH if dpi else max(full.shape) / A4_LONG_MM
        return cls(full, reduce_page(full, dpi), scale, read_colour, bool(dpi))

    def once(self, find: Callable[[PageViews], Found]) -> Found:
        """Return what ``find`` finds on the page, which is looked for once, whoever asks."""
        if find not in self._found:
            self._found[find] = find(self)
        found: Found = self._found[find]
        return found

    @cached_property
    def _found(self) -> dict[Callable[[PageViews], Any], Any]:
        return {}

    def leave_out_red(self) -> Grey | None:
        """Return ``page`` as paper and ink are without what is red on it, null where no colour can be had: red light
        less what of it is grey, so that a seal is as bright as its paper and print under it is not.

        Of a large sheet it takes as much memory as ``page``, so it is not kept.
        """
        return None if self._colour is None else _fit(_without_red(self._colour), self.page)

    @cached_property
    def small_chroma(self) -> Grey | None:
        """Levels between the strongest and the weakest colour in ``small``, null where no colour can be had."""
        if self._colour is None:
            return None
        blue, green, red = cv2.split(_fit(self._colour, self.small))
        strongest, weakest = cv2.max(cv2.max(blue, green), red), cv2.min(cv2.min(blue, green), red)
        return np.asarray(cv2.subtract(strongest, weakest), np.uint8)

    @cached_property
    def _colour(self) -> Grey | None:
        return self.read_colour()

    @cached_property
    def small(self) -> Grey:
        """About 877 px on the long side, by a whole factor."""
        factor = max(1, round(max(self.page.shape) / _SMALL_PX))
        return shrink(self.page, min(factor, *self.page.shape))

    @cached_property
    def eighth(self) -> Grey:
        """``page`` at an eighth of its size."""
        is_half = max(self.page.shape) // 2 == max(self.small.shape)
        return halve(halve(self.small if is_half else halve(self.page)))

    @cached_property
    def small_px_per_mm(self) -> float:
        """Pixels of ``small`` per millimetre."""
        return float(self.px_per_mm * max(self.small.shape) / max(self.full.shape))

    @cached_property
    def page_px_per_mm(self) -> float:
        """Pixels of ``page`` per millimetre."""
        return float(self.px_per_mm * max(self.page.shape) / max(self.full.shape))

    @cached_property
    def paper(self) -> Grey:
        """Grey of the paper under the ink of ``small``: its closing."""
        kernel = np.ones((_PAPER_PX, _PAPER_PX), np.uint8)
        return np.asarray(cv2.morphologyEx(self.small, cv2.MORPH_CLOSE, kernel), np.uint8)

    @cached_property
    def half_paper(self) -> Grey:
        """``paper`` at half size."""
        return halve(self.paper)

    @cached_property
    def is_white(self) -> bool:
        """Whether a quarter of the page and more is white paper, as of most office pages."""
        return is_level_above(self.half_paper, _SHARE_NOT_WHITE, _NOT_WHITE)

    @cached_property
    def ink(self) -> Grey:
        """Grey levels by which ``small`` is darker than its paper."""
        return np.asarray(cv2.subtract(self.paper, self.small), np.uint8)

    @cached_property
    def rows(self) -> Grey:
        """Some 180 to 540 rows of ``full``, evenly spread: (row, x)."""
        return np.ascontiguousarray(self.full[_scan_lines(self.full.shape[0])])

    @cached_property
    def columns(self) -> Grey:
        """Some 180 to 540 columns of ``full``, evenly spread, as rows: (column, y)."""
        return transpose(self._upright)

    @cached_property
    def _upright(self) -> Grey:
        """``columns`` as they stand: (y, column)."""
        return np.ascontiguousarray(self.full[:, _scan_lines(self.full.shape[1])])

    @cached_property
    def across(self) -> Lines:
        """Windows of about 4 mm along ``rows``."""
        return Lines.of(transpose(self.rows), self._window)

    @cached_property
    def along(self) -> Lines:
        """Windows of about 4 mm along ``columns``."""
        return Lines.of(self._upright, self._window)

    @property
    def _window(self) -> int:
        return max(12, round(4 * self.px_per_mm))


def _scan_lines(length: int) -> slice:
    step = max(1, length // _LINES)
    return each_nth(length, step - (step % 2 == 0))


def each_nth(length: int, step: int) -> slice:
    """Return each n-th of so many lines, n odd: the same ones of a page that is turned upside down."""
    rest = (length - 1) % step
    return slice((rest if rest % 2 == 0 else rest + step) // 2, None, step)


def _without_red(colour: Grey) -> Grey:
    """Return red light less what of it is grey, made band by band."""
    bright = np.empty(colour.shape[:2], np.uint8)
    for top in range(0, len(colour), _BAND):
        blue, green, red = cv2.split(colour[top : top + _BAND])
        bright[top : top + _BAND] = cv2.add(red, cv2.subtract(red, cv2.max(blue, green)))
    return bright


def _fit(image: Grey, other: Grey) -> Grey:
    """Return the image as large as the other: whole squares averaged, the rest interpolated."""
    height, width = other.shape
    whole = shrink(image, max(1, min(image.shape[0] // height, image.shape[1] // width)))
    return whole if whole.shape[:2] == other.shape else np.asarray(cv2.resize(whole, (width, height)), np.uint8)


def transpose(image: Grey) -> Grey:
    """Return the image with rows and columns exchanged, laid out anew."""
    return np.asarray(cv2.transpose(image), np.uint8)


def group_rows(image: Grey, count: int) -> NDArray[np.float32]:
    """Return the means of ``count`` groups of neighbouring rows of one size, amid the image: float32 (count, width)."""
    size = max(1, len(image) // count)
    count = min(count, len(image))
    first = (len(image) - count * size) // 2
    return mean_rows(image[first : first + count * size].reshape(count, size, image.shape[1]))


def mean_rows(groups: Grey) -> NDArray[np.float32]:
    """Return the mean row of each group, (group, row, x)."""
    size = groups.shape[1]
    fits = size <= _MAX_IN_16_BITS
    return np.asarray(groups.sum(axis=1, dtype=np.uint16 if fits else np.uint32) / np.float32(size), np.float32)


def fold_rows(pick: np.ufunc, groups: Grey) -> Grey:
    """Return what ``pick``, the maximum or minimum, leaves of the rows of each group, (group, row, x).

    One half of all groups' rows against the other at once: few steps over long stretches of memory.
    """
    while (count := groups.shape[1]) > 1:
        half = -(-count // 2)
        groups = pick(groups[:, :half], groups[:, count - half :])
    return groups[:, 0]


def lowest(bands: NDArray[np.float32], left_out: int) -> NDArray[np.float32]:
    """Return the lowest number of each column, ``left_out`` of them left out: faster than sorting a few long bands."""
    found: list[NDArray[np.float32]] = []
    for band in bands:
        for place, known in enumerate(found):
            found[place] = np.minimum(known, band)
            if place < left_out:
                band = np.maximum(known, band)
        if len(found) <= left_out:
            found.append(band)
    return found[-1]


def percentiles(values: Grey, *shares: float) -> tuple[int, ...]:
    """Return the grey levels that these shares (0 to 1) of ``values`` do not exceed; of paper a few tell them."""
    line = np.ascontiguousarray(values).ravel()
    few = np.sort(line[:: max(1, line.size // _FEW)])
    return tuple(_percentile(line, share, int(few[int(share * (few.size - 1))])) for share in shares)


def _percentile(line: Grey, share: float, likely: int) -> int:
    """Return the grey level that this share does not exceed: the likely one, or that found by halving the range."""
    low, high = 0, 255
    if is_level_above(line, share, likely):
        low = likely + 1
    elif likely == 0 or is_level_above(line, share, likely - 1):
        return likely
    else:
        high = likely - 1
    return bisect_left(range(255), True, low, high, key=lambda level: not is_level_above(line, share, level))


def is_level_above(values: Grey, share: float, level: int) -> bool:
    """Return whether the grey level that this share (0 to 1) of ``values`` does not exceed is above ``level``."""
    return level < 255 and values.size - _count_above(values, level) < share * values.size


def _count_above(values: Grey, level: int) -> int:
    return cv2.countNonZero(cv2.threshold(values, level, 1, cv2.THRESH_BINARY)[1])
