"""Pages to look at: one picture that fits, or all of a page in tiles that fit together, within what they may take."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sohoa.pages.draw_views import FIT_PX, TILE_PX, draw_view
from tests.batch_builder import page_image, page_jpeg, page_pdf

WIDTH, HEIGHT = 1654, 2339
"""Of a page at 200 dpi."""


def view(tiles: bool, **changes: Any) -> dict[str, Any]:
    sides = {"long_side_px": HEIGHT, "short_side_px": WIDTH, "most_bytes": 230_000_000}
    return {"page_no": 1, "width_mm": 210.0, "columns": [], "tiles": tiles, **sides, **changes}


def picture(jpeg: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(jpeg)))


@pytest.mark.parametrize("make", [page_jpeg, page_pdf], ids=["jpeg", "pdf"])
def test_one_picture_fits_a_screen(make: Callable[[int], bytes]) -> None:
    found = draw_view(make(1), view(tiles=False))
    assert found is not None and list(found["pictures"]) == ["0-0"]
    assert picture(found["pictures"]["0-0"]).size == (found["width"], found["height"])
    assert found["height"] == FIT_PX and abs(found["width"] / found["height"] - WIDTH / HEIGHT) < 0.01


def test_a_small_page_is_not_enlarged() -> None:
    found = draw_view(page_jpeg(1, dpi=72), view(tiles=False, long_side_px=842, short_side_px=595))
    assert found is not None and (found["width"], found["height"]) == (595, 842)


def test_tiles_put_together_are_the_page() -> None:
    found = draw_view(page_jpeg(1), view(tiles=True))
    assert found is not None and (found["width"], found["height"]) == (WIDTH, HEIGHT)
    whole = Image.new("RGB", (WIDTH, HEIGHT))
    for place, jpeg in found["pictures"].items():
        x, y = (int(number) * TILE_PX for number in place.split("-"))
        whole.paste(picture(jpeg), (x, y))
    difference = np.abs(np.asarray(whole, np.int16) - np.asarray(page_image(1), np.int16))
    assert difference.mean() < 4


@pytest.mark.parametrize(("most_bytes", "factor"), [(WIDTH * HEIGHT * 3, 1), (WIDTH * HEIGHT * 3 - 1, 1.46)])
def test_a_page_is_halved_until_it_fits(most_bytes: int, factor: float) -> None:
    """Never below what fits a screen: half of this page would be less."""
    found = draw_view(page_jpeg(1), view(tiles=True, most_bytes=most_bytes))
    assert found is not None and found["height"] >= min(HEIGHT, FIT_PX)
    assert found["height"] >= HEIGHT / factor - 1


def test_a_large_sheet_is_halved() -> None:
    found = draw_view(page_jpeg(1, dpi=400), view(True, long_side_px=4677, short_side_px=3307, most_bytes=20_000_000))
    assert found is not None and (found["width"], found["height"]) == (1654, 2339)


def test_the_place_of_a_defect_comes_with_the_picture() -> None:
    """A black bar at the right side, as a share of the page."""
    image = page_image(1)
    image.paste((10, 10, 10), (WIDTH - 60, 0, WIDTH, HEIGHT))
    sink = io.BytesIO()
    image.save(sink, "JPEG", quality=90, dpi=(200, 200))
    found = draw_view(sink.getvalue(), view(tiles=False, columns=["border_dark", "skew_deg"]))
    assert found is not None and list(found["places"]) == ["border_dark"]
    x, _, across, _ = found["places"]["border_dark"]
    assert x > 0.9 and x + across <= 1.0001


@pytest.mark.parametrize("data", [b"", b"not a page", page_jpeg(1, 40)[:300]])
def test_what_cannot_be_read_has_no_view(data: bytes) -> None:
    assert draw_view(data, view(tiles=False)) is None
