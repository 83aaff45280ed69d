"""Sheets captured in tiles: whether the tiles show all that the reference, a capture of the whole sheet, shows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sohoa.pages.draw_sketches import read_sketch

_Ink = npt.NDArray[np.float32]

_STROKE_PX = 9  # of a sketch, 11 mm: wider than lines and letters
_INK = 12  # grey levels under the paper: less is grain and shade
_SOFT_PX = 1.5  # a tile may be turned half a degree against the reference
_SAME = 0.5  # correlation from which a tile is found: on simulated sheets its own place gives 0.98, another map 0.12
_EDGE = 0.15  # of its side by which a tile may reach beyond the reference
_GROUP = ("agency", "batch", "document_id", "sheet")


def find_uncovered(pages: pa.Table) -> pa.Array[Any]:
    """Find for each reference the share of its ink that no tile of its sheet shows; null for all other pages.

    Each tile is sought in the reference by the correlation of their inks, in the four quarter turns. Null too where
    there is nothing to compare: no tile, no ink, a scale that is not known, a tile that is found nowhere in it.

    Args:
        pages: page rows with the column ``sketch`` (``pages.draw_sketches``), which tiles and references have.
    """
    uncovered: list[float | None] = [None] * len(pages)
    parts = defaultdict(list)
    for place, row in enumerate(pages.select([*_GROUP, "role", "sketch"]).to_pylist()):
        if row["role"] != "page":
            parts[tuple(row[name] for name in _GROUP)].append((place, row["role"], row["sketch"]))
    for group in parts.values():
        tiles = [sketch for _, role, sketch in group if role == "tile"]
        for place, role, sketch in group:
            if role == "reference" and sketch and tiles and all(tiles):
                uncovered[place] = _share_uncovered(_ink(sketch), map(_ink, tiles))
    return pa.array(uncovered, pa.float64())


def _ink(sketch: str) -> _Ink:
    """Return the grey levels by which a sketch is darker than the paper around."""
    grey = read_sketch(sketch)
    ink = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, np.ones((_STROKE_PX, _STROKE_PX), np.uint8))
    return np.asarray(np.where(ink > _INK, ink, 0), np.float32)


def _share_uncovered(reference: _Ink, tiles: Iterable[_Ink]) -> float | None:
    total = float(reference.sum())
    left = reference.copy()
    for tile in tiles:
        found = _find(reference, tile)
        if found is None:
            return None
        x, y, width, height = found
        left[max(0, y) : max(0, y + height), max(0, x) : max(0, x + width)] = 0
    return round(float(left.sum()) / total, 4) if total else None


def _find(reference: _Ink, tile: _Ink) -> tuple[int, int, int, int] | None:
    """Return where the tile lies in the reference: x, y, width, height in its pixels; None where it is not found."""
    best, found = _SAME, None
    for turns in range(4):
        turned = np.ascontiguousarray(np.rot90(tile, turns))
        height, width = turned.shape
        edge_y, edge_x = (
            round(_EDGE * side) + max(0, side - whole)
            for side, whole in zip(turned.shape, reference.shape, strict=True)
        )
        padded = cv2.copyMakeBorder(reference, edge_y, edge_y, edge_x, edge_x, cv2.BORDER_CONSTANT, value=0)
        fit = cv2.matchTemplate(_soft(padded), _soft(turned), cv2.TM_CCOEFF_NORMED)
        _, score, _, (x, y) = cv2.minMaxLoc(np.where(np.isfinite(fit), fit, 0))
        if score > best:
            best, found = score, (x - edge_x, y - edge_y, width, height)
    return found


def _soft(ink: _Ink) -> _Ink:
    return np.asarray(cv2.GaussianBlur(ink, (0, 0), _SOFT_PX), np.float32)
