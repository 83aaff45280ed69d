"""How the images of a PDF page make up the page: resolution and colour of what is seen, and the page put together.

A page may be one image, strips, tiles, an image on part of the sheet or beyond it, or layers: a coarse background
under masks that hold the writing. The page is looked at in points: of each, the image on top is the one that is seen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sohoa.pages.decode.pdf_content import Box, Placed
from sohoa.pages.decode.pdf_images import Picture, richest
from sohoa.pages.reduce import Grey

_POINTS_PER_INCH = 72.0
_SIDE_POINTS = 40  # along each side of the page
_LEAST_ALONE = 1 / 3  # of the page that images cover where nothing else is seen: A5 on A4 is half
_LEAST_UNDER = 0.9  # where text or lines are seen too: less is an illustrated text, not a scan
_COUNTS_FROM = 0.1  # of what is covered: a stamp or emblem put over a scan is smaller
_FITS = 1.5  # pixels by which an image may miss the pixels of the page
_MOSTLY = 0.5
PAPER = 255
"""Grey of paper that no image shows."""
_DIM = 180  # darker than that it is a picture, not paper
_STEP = 8  # every eighth row or pixel tells the paper


@dataclass(frozen=True)
class Item:
    """An image where it is placed.

    Attributes:
        placed: where.
        picture: what it is.
        painted: the share of it that its mask lets through, 1 without one.
    """

    placed: Placed
    picture: Picture
    painted: float

    def dpi(self, box: Box) -> tuple[float, float]:
        """Return pixels per inch across and down the page as shown."""
        matrix = self.placed.matrix
        width, height = math.hypot(matrix.a, matrix.b), math.hypot(matrix.c, matrix.d)
        if self.placed.fills(box):
            width, height = box.right - box.left, box.top - box.bottom
            if self.placed.is_sideways:
                width, height = height, width
        x = self.picture.width / (width * box.unit) * _POINTS_PER_INCH
        y = self.picture.height / (height * box.unit) * _POINTS_PER_INCH
        return (y, x) if self.placed.is_sideways != bool(box.turn % 180) else (x, y)

    @property
    def is_layer(self) -> bool:
        """Whether it paints on less than half of its area, as a mask does."""
        return self.painted < _MOSTLY


@dataclass(frozen=True)
class Layout:
    """The page as its images make it up; sides in pixels and resolution as shown."""

    items: Sequence[Item]
    is_alone: bool
    dpi: tuple[float, float]
    size: tuple[int, int]
    kind: tuple[str | None, int | None]
    quantisation: tuple[tuple[int, ...], ...]


def lay_out(items: Sequence[Item], is_alone: bool, box: Box) -> Layout | None:
    """Return what the images of a page make of it; null where they are not what the page is."""
    weights = _weights(items, box)
    covered = weights.sum()
    if covered < (_LEAST_ALONE if is_alone else _LEAST_UNDER):
        return None
    each = np.array([item.dpi(box) for item in items])
    dpi = (_low(each[:, 0], weights), _low(each[:, 1], weights))
    if len(items) == 1 and items[0].placed.fills(box):
        picture = items[0].picture
        is_turned = items[0].placed.is_sideways != bool(box.turn % 180)
        size = (picture.height, picture.width) if is_turned else (picture.width, picture.height)
    else:
        size = (round(box.width / _POINTS_PER_INCH * dpi[0]), round(box.height / _POINTS_PER_INCH * dpi[1]))
    return Layout(items, is_alone, dpi, size, _kind(items, weights / covered), _coarsest(items, weights))


def _weights(items: Sequence[Item], box: Box) -> NDArray[np.float64]:
    """Return the share of the page on which each image is the one that is seen; a mask only where nothing else is."""
    steps = (np.arange(_SIDE_POINTS) + 0.5) / _SIDE_POINTS
    x = (box.left + steps * (box.right - box.left))[None, :].repeat(_SIDE_POINTS, axis=0)
    y = (box.bottom + steps * (box.top - box.bottom))[:, None].repeat(_SIDE_POINTS, axis=1)
    seen = np.full(x.shape, -1)
    for number, item in sorted(enumerate(items), key=lambda pair: not pair[1].is_layer):
        seen[_covers(item.placed, box, x, y)] = number
    return np.bincount(seen[seen >= 0], minlength=len(items)) / seen.size


def _covers(placed: Placed, box: Box, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
    if placed.fills(box):
        return np.ones(x.shape, bool)
    m = placed.matrix
    area = m.a * m.d - m.b * m.c
    across = (m.d * (x - m.e) - m.c * (y - m.f)) / area
    up = (m.a * (y - m.f) - m.b * (x - m.e)) / area
    return np.asarray((across >= 0) & (across < 1) & (up >= 0) & (up < 1))


def _low(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Return the value that a tenth of the weight does not exceed."""
    order = np.argsort(values)
    return float(values[order][np.searchsorted(np.cumsum(weights[order]), _COUNTS_FROM * weights.sum())])


def _kind(items: Sequence[Item], shares: NDArray[np.float64]) -> tuple[str | None, int | None]:
    """Return the richest colour mode that a tenth of what is seen has, with its greatest depth."""
    modes = [item.picture.colour_mode for item in items]
    seen = {mode: sum(share for at, share in zip(modes, shares, strict=True) if at == mode) for mode in modes}
    return richest(
        (i.picture.colour_mode, i.picture.bits) for i in items if seen[i.picture.colour_mode] >= _COUNTS_FROM
    )


def _coarsest(items: Sequence[Item], weights: NDArray[np.float64]) -> tuple[tuple[int, ...], ...]:
    """Return the coarsest quantisation that a tenth of what is seen has, finer tables included in the tenth."""
    steps = np.array([np.mean(item.picture.quantisation) if item.picture.quantisation else 0.0 for item in items])
    wanted = -_low(-steps, weights)
    return next(item.picture.quantisation for item, step in zip(items, steps, strict=True) if step == wanted)


def compose(layout: Layout, box: Box, factor: int, decode: Callable[[Picture], Grey | None]) -> Grey | None:
    """Return the page put together from the pixels of its images; null where it takes a renderer.

    Args:
        layout: the page.
        box: what is shown of it.
        factor: by which ``decode`` divides the sides.
        decode: gives the pixels of an image, null where it takes a renderer.

    Raises:
        BadPage: what ``decode`` raises.
    """
    if not layout.is_alone or any(item.painted < 1 or item.placed.quarter is None for item in layout.items):
        return None
    turns = -(box.turn // 90)
    if len(layout.items) == 1 and layout.items[0].placed.fills(box):
        grey = decode(layout.items[0].picture)
        return None if grey is None else _turned(grey, (layout.items[0].placed.quarter or 0) + turns)
    width, height = layout.size[::-1] if box.turn % 180 else layout.size
    width, height = max(1, width // factor), max(1, height // factor)
    places = [_place(item, box, width, height) for item in layout.items]
    if not all(_fits(item, place, factor) for item, place in zip(layout.items, places, strict=True)):
        return None
    page = np.full((height, width), PAPER, np.uint8)
    is_bare = np.ones((height, width), bool)
    for item, place in zip(layout.items, places, strict=True):
        grey = decode(item.picture)
        if grey is None:
            return None
        _paste(page, is_bare, _turned(grey, item.placed.quarter or 0), place)
    if is_bare.any():
        seen = page[::_STEP, ::_STEP][~is_bare[::_STEP, ::_STEP]]
        np.copyto(page, paper_level(seen), where=is_bare, casting="unsafe")
    return _turned(page, turns)


def paper_level(grey: Grey) -> int:
    """Return the grey of an image's paper: what no image covers is shown like it, or its edge would be a mark."""
    level = int(np.median(grey[::_STEP])) if grey.size else PAPER
    return level if level >= _DIM else PAPER


def _turned(grey: Grey, quarters: int) -> Grey:
    return np.ascontiguousarray(np.rot90(grey, quarters % 4))


def _place(item: Item, box: Box, width: int, height: int) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom in pixels of the page."""
    left, bottom, right, top = item.placed.extent
    x, y = width / (box.right - box.left), height / (box.top - box.bottom)
    return (
        round((left - box.left) * x), round((box.top - top) * y),
        round((right - box.left) * x), round((box.top - bottom) * y),
    )  # fmt: skip


def _fits(item: Item, place: tuple[int, int, int, int], factor: int) -> bool:
    sides = (item.picture.width / factor, item.picture.height / factor)
    across, down = sides[::-1] if item.placed.is_sideways else sides
    return abs(place[2] - place[0] - across) <= _FITS and abs(place[3] - place[1] - down) <= _FITS


def _paste(page: Grey, is_bare: NDArray[np.bool_], grey: Grey, place: tuple[int, int, int, int]) -> None:
    """Lay an image on the page, a pixel more or less at its right and lower edge as its place asks."""
    left, top, right, bottom = place
    more = max(0, bottom - top - grey.shape[0]), max(0, right - left - grey.shape[1])
    whole = np.asarray(cv2.copyMakeBorder(grey, 0, more[0], 0, more[1], cv2.BORDER_REPLICATE), np.uint8)
    x, y = max(0, left), max(0, top)
    part = whole[y - top : min(bottom, page.shape[0]) - top, x - left : min(right, page.shape[1]) - left]
    area = slice(y, y + part.shape[0]), slice(x, x + part.shape[1])
    page[area], is_bare[area] = part, False


def writing(layout: Layout, box: Box) -> Layout | None:
    """Return the layout of the masks alone that lie over a coarser background; null where there are none."""
    layers = [item for item in layout.items if item.is_layer]
    if not layers or len(layers) == len(layout.items):
        return None
    each = np.array([item.dpi(box) for item in layers])
    areas = np.array([item.picture.width * item.picture.height for item in layers]) / np.prod(each, axis=1)
    dpi = (_low(each[:, 0], areas), _low(each[:, 1], areas))
    if min(dpi) <= min(layout.dpi):
        return None
    size = (round(box.width / _POINTS_PER_INCH * dpi[0]), round(box.height / _POINTS_PER_INCH * dpi[1]))
    return Layout(layout.items, layout.is_alone, dpi, size, layout.kind, ())
