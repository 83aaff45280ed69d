"""Light: shade that falls on the sheet, and print, tints and what lies beside the sheet, which are no shade."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from sohoa.pages.metrics.illumination import find_paper, measure_illumination, measure_on_sheet
from sohoa.pages.page_net import PageMaps
from sohoa.pages.views import PageViews
from tests.pages.page_files import A4_150, text_page

DPI = 150
MM = DPI / 25.4
Image = NDArray[np.uint8]


def sheet(paper: int = 242) -> Image:
    page = text_page(lines=40, paper=paper)[..., 0].astype(float)
    return (page + np.random.default_rng(2).normal(0, 1, page.shape)).clip(0, 255).astype(np.uint8)


def found(page: Image) -> float:
    return measure_illumination(PageViews.of(np.ascontiguousarray(page), DPI))


def header_in_colour(page: Image) -> None:
    """Printed to the edge of the paper, with letters left white."""
    page[:210] = 70
    cv2.putText(page, "BAO CAO NAM", (100, 140), cv2.FONT_HERSHEY_DUPLEX, 3, 250, 6)


def band_down_the_side(page: Image) -> None:
    page[:, -90:] = 150


def tint_of_half_the_page(page: Image) -> None:
    page[page.shape[0] // 2 :] = (page[page.shape[0] // 2 :] * 0.66).astype(np.uint8)


def grey_beside_the_sheet(page: Image) -> None:
    """A receipt on a grey backing, both from top to bottom."""
    page[:, :380] = page[:, -380:] = 102


def dark_bed_at_both_sides(page: Image) -> None:
    page[:, :120] = page[:, -90:] = 55


def backing_around_a_small_sheet(page: Image) -> None:
    small = page[300:1200, 300:900].copy()
    page[:] = 128
    page[300:1200, 300:900] = small


PRINT = [
    header_in_colour, band_down_the_side, tint_of_half_the_page, grey_beside_the_sheet, dark_bed_at_both_sides,
    backing_around_a_small_sheet,
]  # fmt: skip


@pytest.mark.parametrize("add", PRINT)
@pytest.mark.parametrize("angle", [0.0, 1.5])
def test_what_ends_at_once_is_no_shade(add: Callable[[Image], None], angle: float) -> None:
    """On a sheet that lies straight, and on one that lies askew."""
    page = sheet()
    add(page)
    turn = cv2.getRotationMatrix2D((A4_150[0] / 2, A4_150[1] / 2), angle, 1.05 if angle else 1.0)
    assert found(np.asarray(cv2.warpAffine(page, turn, A4_150, borderValue=242), np.uint8)) < 0.1


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_how_a_picture_was_lit_nobody_knows(seed: int) -> None:
    """A picture from edge to edge has dark and bright parts of its own."""
    patches = np.random.default_rng(seed).integers(30, 240, (58, 41)).astype(np.uint8)
    assert found(np.asarray(cv2.resize(patches, A4_150, interpolation=cv2.INTER_CUBIC), np.uint8)) == 0


def penumbra(depth: float, mm: float) -> Image:
    """A shadow from beyond the left edge, which fades over ``mm`` on each side of its rim."""
    shade = np.zeros(A4_150[::-1], np.float32)
    cv2.fillPoly(shade, [np.array([[0, 0], [400, 0], [300, A4_150[1]], [0, A4_150[1]]], np.int32)], 1.0)
    return np.asarray(cv2.GaussianBlur(shade, (0, 0), mm * MM) * depth, np.float32)


def slope(depth: float, mm: float) -> Image:
    """Light that falls off over the last ``mm`` times 20 towards the right."""
    fall = np.clip(1 - np.arange(A4_150[0])[::-1] / (20 * mm * MM), 0, 1)
    return np.asarray(np.broadcast_to((fall * depth).astype(np.float32), A4_150[::-1]))


@pytest.mark.parametrize("depth", [0.35, 0.5, 0.7])
@pytest.mark.parametrize("mm", [4, 8, 14])
@pytest.mark.parametrize("fall", [penumbra, slope])
def test_shade_that_fades_is_seen(fall: Callable[[float, float], Image], mm: int, depth: float) -> None:
    """As before, whatever is printed beside it."""
    page = (sheet() * (1 - fall(depth, mm))).astype(np.uint8)
    page[:60] = 90
    assert found(page) > 0.6 * depth


def on_sheet(page: Image, sheet: Image) -> float:
    """As before, where the page net sees the sheet in ``sheet``, 0 to 255."""
    none = np.zeros_like(sheet)
    views = PageViews.of(np.ascontiguousarray(page), DPI)
    return measure_on_sheet(find_paper(views), PageMaps(none, sheet, none, none))


def test_a_desk_beside_the_sheet_is_no_shade() -> None:
    """A desk whose brightness runs into that of the sheet, which reads as shade until the net tells them apart."""
    page = (sheet() * (1 - slope(0.5, 6))).astype(np.uint8)
    seen = np.full((64, 45), 255, np.uint8)
    assert found(page) > 0.25 and on_sheet(page, seen) == found(page)
    seen[:, 22:] = 0
    assert on_sheet(page, seen) < 0.1


def test_what_the_net_sees_of_a_sheet_never_reads_more() -> None:
    """Nor is a page even because the net sees no sheet on it."""
    page = (sheet() * (1 - slope(0.5, 6))).astype(np.uint8)
    assert on_sheet(page, np.zeros((64, 45), np.uint8)) == found(page)
    assert on_sheet(page, np.tile(np.linspace(0, 255, 45).astype(np.uint8), (64, 1))) <= found(page)
