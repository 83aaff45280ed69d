"""The page net: maps of what only context can tell, light from paper and a sheet from the desk under it.

A small U-net (``tools/pagenet``) runs in OpenCV. Its weights are multiples of powers of two and its activations whole
numbers from 0 to 255, chosen so that no sum is ever rounded: the maps are the same to the bit on every thread count and
with every set of vector instructions.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from sohoa.pages.reduce import Grey, shrink

VIEW_PX = 256
"""Long side of what the net sees."""
CELL_PX = 4
"""Pixels of the view under a cell of a map, along each axis."""
EVEN = 128
"""Level of a map at which both answers are as likely."""
PER_NAT = 16
"""Levels of a map up which the odds are 2.7 times as high."""
WEIGHTS = Path(__file__).with_name("page_net.onnx")
_MULTIPLE = 32


@dataclass(frozen=True)
class PageMaps:
    """What the net sees on one page: uint8 (rows, columns) each, 0 surely not, ``EVEN`` even odds, 255 surely.

    Attributes:
        light: light of a lamp, a window or the scanner itself that hides print.
        sheet: the sheet, against the ground that it lies on.
        object: a finger, a clip, a strap or another sheet.
        shadow: a shadow that falls on the sheet.
    """

    light: Grey
    sheet: Grey
    object: Grey
    shadow: Grey


def paint_maps(colour: Grey, weights: Path | None = None) -> PageMaps:
    """Paint the maps of a page: cells of 1/64 of its long side.

    Args:
        colour: the page in blue, green, red, uint8 (height, width, 3), best at 352 to 800 pixels on its long side.
        weights: another net than ``WEIGHTS``.
    """
    view = fit_view(colour)
    height, width = view.shape[:2]
    padded = pad_view(view)
    net = load_net(weights or WEIGHTS)
    net.setInput(padded.transpose(2, 0, 1)[None].astype(np.float32))
    maps = np.asarray(net.forward())[0].astype(np.uint8)
    rows, columns = -(-height // CELL_PX), -(-width // CELL_PX)
    return PageMaps(*(np.ascontiguousarray(each[:rows, :columns]) for each in maps))


def mask_sheet(shape: tuple[int, ...], corners: NDArray[np.float64] | None) -> Grey:
    """Return 1 where the sheet of a photograph lies and 0 beside it; null corners: all is the page.

    Args:
        shape: rows and columns of the mask.
        corners: x, y as shares of the picture.
    """
    mask = np.ones(shape[:2], np.uint8)
    if corners is None:
        return mask
    return np.asarray(cv2.fillConvexPoly(mask * 0, np.rint(corners * shape[1::-1]).astype(np.int32), 1), np.uint8)


def fit_view(colour: Grey) -> Grey:
    """Return the page at ``VIEW_PX`` on its long side: whole squares averaged, the rest interpolated exactly."""
    long_side = max(colour.shape[:2])
    height, width = (max(1, (side * VIEW_PX + long_side // 2) // long_side) for side in colour.shape[:2])
    whole = shrink(colour, max(1, min(long_side // VIEW_PX, *colour.shape[:2])))
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_LINEAR_EXACT), np.uint8)


def pad_view(view: Grey) -> Grey:
    """Return the view with its last row and column repeated until the net can halve the sides five times."""
    padding = (0, -view.shape[0] % _MULTIPLE, 0, -view.shape[1] % _MULTIPLE)
    return np.asarray(cv2.copyMakeBorder(view, *padding, cv2.BORDER_REPLICATE), np.uint8)


@dataclass
class _OwnNets(threading.local):
    """The nets of this thread: one that paints in two threads at a time paints wrongly."""

    by_weights: dict[Path, cv2.dnn.Net] = field(default_factory=dict)


_OWN = _OwnNets()


def load_net(path: Path) -> cv2.dnn.Net:
    """Load weights, once per thread, for whole numbers alone."""
    if path in _OWN.by_weights:
        return _OWN.by_weights[path]
    net = cv2.dnn.readNetFromONNX(str(path), cv2.dnn.ENGINE_CLASSIC)  # a twelfth faster than the new one
    net.enableWinograd(False)  # its transforms round
    _OWN.by_weights[path] = net
    return net
