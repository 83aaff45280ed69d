"""Foreign objects: fingers, clips and straps at the frame, and print that lies there too."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from sohoa.pages.metrics.foreign_object import believe, find_foreign_object, find_hand, measure_foreign_object
from sohoa.pages.page_net import PageMaps
from sohoa.pages.views import PageViews
from tests.pages.page_files import text_page

DPI = 150
MM = DPI / 25.4
LIMIT = 0.003
Image = NDArray[np.uint8]


def found(page: Image) -> float:
    return measure_foreign_object(PageViews.of(page, DPI))


def shaded(page: Image, area: Image, dark: float, bright: float) -> None:
    """Lay a thing on the page that is lit from above."""
    tones = np.linspace(bright, dark, page.shape[0])[:, None].repeat(page.shape[1], axis=1)
    tones += 25 * np.sin(np.arange(page.shape[1]) / 25)
    soft = cv2.GaussianBlur(area.astype(np.float32), (0, 0), 2)
    page[:] = (page * (1 - soft) + tones * soft).clip(0, 255).astype(np.uint8)


def finger(page: Image) -> None:
    area = np.zeros_like(page)
    cv2.ellipse(area, (700, page.shape[0]), (round(9 * MM), round(30 * MM)), 8, 0, 360, 1, -1)
    shaded(page, area, 90, 150)


def thumb_at_a_corner(page: Image) -> None:
    area = np.zeros_like(page)
    cv2.ellipse(area, (0, page.shape[0]), (round(20 * MM), round(28 * MM)), 0, 0, 360, 1, -1)
    shaded(page, area, 90, 150)


def clip(page: Image) -> None:
    """A flat thing with straight sides, of metal: its sheen is what tells it from print."""
    area = np.zeros_like(page)
    area[: round(18 * MM), 500:700] = 1
    shaded(page, area, 30, 120)


@pytest.mark.parametrize("add", [finger, thumb_at_a_corner, clip])
@pytest.mark.parametrize("paper", [245, 190])
def test_a_thing_on_the_page_is_found_where_it_is(add: Callable[[Image], None], paper: int) -> None:
    page = text_page(paper=paper)[..., 0].copy()
    add(page)
    assert found(page) > LIMIT and find_foreign_object(PageViews.of(page, DPI)) is not None


def letterhead(page: Image) -> None:
    """A block in the house's colour with its name in white, at the head of the sheet."""
    page[: round(22 * MM), 760:1010] = 110
    cv2.putText(page, "CYAN", (790, 90), cv2.FONT_HERSHEY_SIMPLEX, 2, 250, 5)


def bar_at_the_side(page: Image) -> None:
    page[500:750, : round(8 * MM)] = 130


def tinted_corner(page: Image) -> None:
    cv2.fillPoly(page, [np.array([[0, 0], [260, 0], [0, 240]])], 150)


def folded_corner(page: Image) -> None:
    """The bed shows where a corner is folded away."""
    cv2.fillPoly(page, [np.array([[1240, 0], [1000, 0], [1060, 120], [1240, 230]])], 25)


def picture(page: Image) -> None:
    grain = np.random.default_rng(3).integers(0, 230, (9, 8)).astype(np.uint8)
    page[700:940, :230] = cv2.resize(grain, (230, 240), interpolation=cv2.INTER_CUBIC)


@pytest.mark.parametrize("add", [letterhead, bar_at_the_side, tinted_corner, folded_corner, picture])
@pytest.mark.parametrize("paper", [252, 225])
def test_print_and_corners_are_no_thing_on_the_page(add: Callable[[Image], None], paper: int) -> None:
    page = text_page(paper=paper)[..., 0].copy()
    add(page)
    assert found(page) <= LIMIT


SKIN = (110, 140, 205)  # blue, green, red


def maps(level: int) -> PageMaps:
    """What the net would see on such a page, objects alike everywhere."""
    none, all_over = np.zeros((64, 48), np.uint8), np.full((64, 48), level, np.uint8)
    return PageMaps(none, all_over, all_over, none)


def cover_with(*ellipse: int) -> Image:
    page = np.full((1024, 768, 3), (150, 110, 60), np.uint8)
    cv2.ellipse(page, ellipse[:2], ellipse[2:], 0, 0, 360, SKIN, -1)
    return page


def test_a_hand_at_the_frame_is_told_by_its_colour_as_far_as_the_net_believes_it() -> None:
    """Its share and its place; a field of that colour inside the page, or along all of a side, is no hand."""
    hand, inside, along = cover_with(0, 700, 120, 60), cover_with(400, 500, 120, 60), cover_with(0, 500, 90, 900)
    share, box = find_hand(hand, maps(255), None)
    assert share == pytest.approx(np.pi * 120 * 60 / 2 / hand[..., 0].size, rel=0.15)
    assert box is not None and box == pytest.approx((0, 640 / 1024, 120 / 768, 120 / 1024), abs=0.02)
    assert find_hand(hand, maps(112), None)[0] == pytest.approx(share / np.e, rel=0.02)
    assert find_hand(hand, maps(0), None)[0] < 0.001 * share + 1e-5
    assert find_hand(inside, maps(255), None) == find_hand(along, maps(255), None) == (0.0, None)


def test_a_hand_beside_the_sheet_covers_nothing() -> None:
    """It holds the sheet by its edge; what lies on it counts."""
    corners = np.array([[0.2, 0.1], [0.9, 0.1], [0.9, 0.9], [0.2, 0.9]])
    assert find_hand(cover_with(0, 700, 120, 60), maps(255), corners)[0] == 0
    assert find_hand(cover_with(0, 700, 300, 60), maps(255), corners)[0] > 0.01


def test_an_object_counts_as_far_as_the_net_believes_it() -> None:
    """One in its box."""
    assert believe(0.02, (0.0, 0.9, 0.3, 0.1), maps(200)) == 0.02
    assert believe(0.02, (0.0, 0.9, 0.3, 0.1), maps(112)) == pytest.approx(0.02 / np.e, rel=0.01)
