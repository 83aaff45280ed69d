"""A sheet captured in tiles: what the tiles leave out of the capture of the whole."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pytest
from PIL import Image as Pillow

from sohoa.pages.draw_sketches import draw_sketches
from sohoa.pages.guard.bounds import FileBounds
from sohoa.quality.tile_coverage import find_uncovered
from sohoa.settings import Settings

LIMITS = FileBounds.of(Settings())
REAL = Path(__file__).parents[1] / "data" / "pages"
DPI, SIZE_MM = 60, (594, 841)
Image = np.ndarray[Any, np.dtype[np.uint8]]
KEY = {"agency": "H37.1", "batch": "H37.1-20240415-001", "document_id": "d1", "sheet": 1}
SCHEMA = pa.schema(
    [*((name, pa.string()) for name in ("agency", "batch", "document_id", "role", "sketch")), ("sheet", pa.int64())]
)


@cache
def sheet() -> Image:
    """An A1 sheet: a real page enlarged, and plots with numbers over it."""
    rng = np.random.default_rng(3)
    size = [round(mm / 25.4 * DPI) for mm in SIZE_MM]
    grey = cv2.imread(str(REAL / "lept_candelabrum.011.jpg"), cv2.IMREAD_GRAYSCALE)
    page = cv2.resize(grey, size, interpolation=cv2.INTER_CUBIC)
    for number in range(80):
        x, y = (int(rng.integers(side)) for side in size)
        cv2.rectangle(page, (x, y), (x + int(rng.integers(300)), y + int(rng.integers(300))), 40, 2)
        cv2.putText(page, f"Thua {number}", (x, y), 0, 0.8, 20, 2)
    return np.asarray(page, np.uint8)


def sketch(image: Image, degrees: float = 0.0, quarter_turns: int = 0, dpi: int | None = DPI) -> str | None:
    """The sketch of a capture, turned by a little, in another light, with grain."""
    rng = np.random.default_rng(image.size)
    height, width = image.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    seen = cv2.warpAffine(image, turn, (width, height), borderMode=cv2.BORDER_REPLICATE) * 0.95
    seen = np.clip(np.rot90(seen + rng.normal(0, 3, seen.shape), quarter_turns), 0, 255).astype(np.uint8)
    out = io.BytesIO()
    Pillow.fromarray(seen).save(out, "JPEG", quality=80, **({"dpi": (dpi, dpi)} if dpi else {}))
    [drawn] = draw_sketches(out.getvalue(), LIMITS)
    return drawn


@cache
def tiles(across: int, down: int, overlap: float, quarter_turns: int = 0) -> tuple[str | None, ...]:
    """Captures of parts of the sheet, each turned by up to half a degree."""
    page, rng = sheet(), np.random.default_rng(across * down)
    height, width = (side / (n - (n - 1) * overlap) for side, n in zip(page.shape, (down, across), strict=True))
    corners = [(j * height * (1 - overlap), i * width * (1 - overlap)) for j in range(down) for i in range(across)]
    return tuple(
        sketch(
            np.ascontiguousarray(page[int(y) : int(y + height), int(x) : int(x + width)]),
            rng.uniform(-0.5, 0.5),
            quarter_turns,
        )
        for y, x in corners
    )


@cache
def reference() -> str | None:
    return sketch(sheet(), 0.4)


def uncovered(parts: list[str | None], whole: str | None = None) -> float | None:
    rows = [KEY | {"role": "reference", "sketch": whole or reference()}]
    rows += [KEY | {"role": "tile", "sketch": part} for part in parts]
    found = find_uncovered(pa.Table.from_pylist(rows, schema=SCHEMA)).to_pylist()
    assert found[1:] == [None] * len(parts)
    return found[0]


@pytest.mark.parametrize("cut", [(1, 2, 0.1), (2, 2, 0.1), (2, 3, 0.15, 1), (3, 4, 0.2)])
def test_all_tiles_show_the_whole_sheet_and_all_but_one_do_not(cut: tuple[Any, ...]) -> None:
    """Whatever part is missing, and though the tiles overlap and may lie a quarter turn round."""
    parts = list(tiles(*cut))
    whole = uncovered(parts)
    assert whole is not None and whole <= 0.005
    for number in range(len(parts)):
        left = uncovered(parts[:number] + parts[number + 1 :])
        assert left is not None and left > 0.02, number


def test_a_tile_twice_is_no_other_tile() -> None:
    """A part of the sheet stays uncovered where one tile was sent twice in place of another."""
    parts = list(tiles(2, 2, 0.1))
    left = uncovered([parts[0], parts[1], parts[2], parts[2]])
    assert left is not None and left > 0.1


def test_nothing_is_said_where_nothing_can_be() -> None:
    """A tile of another sheet, no tile, a tile or a reference of unknown scale, a bare sheet."""
    parts = list(tiles(2, 2, 0.1))
    height, width = sheet().shape
    other = sketch(np.ascontiguousarray(sheet()[::-1, ::-1][: height // 2, : width // 2].T))
    blank = sketch(np.full((400, 300), 230, np.uint8))
    assert uncovered([*parts[:3], other]) is None
    assert uncovered([]) is None
    assert sketch(sheet(), dpi=None) is None
    assert uncovered([*parts, None]) is None
    assert uncovered([blank], blank) is None


def test_sheets_are_told_apart() -> None:
    """By document and number; pages are not looked at."""
    whole, parts = reference(), tiles(1, 2, 0.1)
    rows = [
        KEY | {"role": "reference", "sketch": whole},
        KEY | {"role": "tile", "sketch": parts[0]},
        KEY | {"role": "tile", "sketch": parts[1], "sheet": 2},
        KEY | {"role": "reference", "sketch": whole, "document_id": "d2"},
        *(KEY | {"role": "tile", "sketch": part, "document_id": "d2"} for part in parts),
        KEY | {"role": "page", "document_id": "d3"},
    ]
    first, *_, last = (found := find_uncovered(pa.Table.from_pylist(rows, schema=SCHEMA)).to_pylist())
    assert first > 0.3 and found[3] <= 0.005 and last is None
