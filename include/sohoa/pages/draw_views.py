"""Pages to look at: one picture that fits a screen, or all of a page in tiles, as fine as the memory allows."""

from __future__ import annotations

import base64
from typing import Any

import cv2

from sohoa.pages.decode import file_format
from sohoa.pages.decode.colour import ColourReader
from sohoa.pages.decode.file_data import FileData
from sohoa.pages.draw_pages import MEASURED_PX, PLACES, find_places
from sohoa.pages.reduce import Grey

FIT_PX = 1600
"""Long side of the picture that fits a screen."""
TILE_PX = 1024
"""Sides of a tile; those at the right and at the bottom are smaller."""
_QUALITY = 82
_BYTES_PER_PIXEL = 3


def draw_view(data: FileData, view: dict[str, Any]) -> dict[str, Any] | None:
    """Draw one page.

    Args:
        data: the file.
        view: ``page_no``; ``width_mm`` as in its row; ``columns``, the metrics to find the place of; ``long_side_px``
            and ``short_side_px`` of the page, 0 where not known; ``tiles``, whether all of it is wanted;
            ``most_bytes`` that its pixels may take.

    Returns:
        ``width`` and ``height`` in pixels of what was drawn, ``places`` as shares of the page, and ``pictures``: base64
        JPEG by place, "0-0" alone without ``tiles``, "<column>-<row>" with them. None where it cannot be shown.
    """
    columns = [name for name in PLACES if name in view["columns"]]
    least = max(FIT_PX, MEASURED_PX if columns else 0)
    wanted = _affordable(view, least) if view["tiles"] else min(least, view["long_side_px"] or least)
    with ColourReader(data, file_format(data)) as reader:
        colour = reader.page(view["page_no"], wanted)
    if colour is None:
        return None
    shown = colour if view["tiles"] else _fit(colour)
    return {
        "width": shown.shape[1],
        "height": shown.shape[0],
        "places": find_places(colour, columns, view["width_mm"]),
        "pictures": _tiles(shown) if view["tiles"] else {"0-0": _code(shown)},
    }


def _affordable(view: dict[str, Any], least: int) -> int:
    """The long side that the page is read at: its own, halved until its pixels fit in what they may take."""
    long_side, short_side = view["long_side_px"] or least, view["short_side_px"] or least
    factor = 1
    while long_side * short_side * _BYTES_PER_PIXEL / factor**2 > view["most_bytes"]:
        factor *= 2
    return max(least, long_side // factor)


def _fit(colour: Grey) -> Grey:
    scale = min(1.0, FIT_PX / max(colour.shape[:2]))
    if scale == 1.0:
        return colour
    size = [max(1, round(side * scale)) for side in colour.shape[1::-1]]
    shrunk: Grey = cv2.resize(colour, size, interpolation=cv2.INTER_AREA)
    return shrunk


def _tiles(colour: Grey) -> dict[str, str]:
    height, width = colour.shape[:2]
    return {
        f"{x // TILE_PX}-{y // TILE_PX}": _code(colour[y : y + TILE_PX, x : x + TILE_PX])
        for y in range(0, height, TILE_PX)
        for x in range(0, width, TILE_PX)
    }


def _code(picture: Grey) -> str:
    coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1]
    return base64.b64encode(coded.tobytes()).decode("ascii")
