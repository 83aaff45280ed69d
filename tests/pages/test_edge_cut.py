"""Cut-off: letters of the page that the frame of the picture cuts, and all else at a frame that is no such thing."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from sohoa.pages.metrics.edge_cut import measure_edge_cut
from sohoa.pages.views import PageViews
from tests.pages.page_files import A4_150, jpeg, measure, pillow_file

DPI = 150
MM = DPI / 25.4
RED = (200, 40, 50)
Image = NDArray[np.uint8]


def sheet(tone: int = 240) -> Image:
    """Paper with lines of writing inside its margins."""
    page = np.full((A4_150[1], A4_150[0], 3), tone, np.uint8)
    write(page, 130, range(200, 1600, 46))
    return page


def write(page: Image, left: int, lines: range, ink: tuple[int, int, int] = (40, 40, 45)) -> None:
    for k, y in enumerate(lines):
        cv2.putText(page, f"quyet dinh so {k + 11} ngay", (left + 7 * k % 40, y), cv2.FONT_HERSHEY_SIMPLEX, 0.9, ink, 2)


def found(page: Image) -> float:
    return measure_edge_cut(PageViews.of(np.asarray(cv2.cvtColor(page, cv2.COLOR_RGB2GRAY), np.uint8), DPI))


def right_of_text() -> Image:
    """The page ends inside its lines."""
    return np.ascontiguousarray(sheet()[:, :420])


def left_of_text() -> Image:
    return np.ascontiguousarray(sheet()[:, 170:])


def line_sliced() -> Image:
    """The page ends at half the height of its last line."""
    return np.ascontiguousarray(sheet()[: 200 + 20 * 46 - 4])


def turned_and_cut() -> Image:
    return np.ascontiguousarray(np.rot90(right_of_text()))


@pytest.mark.parametrize("cut", [right_of_text, left_of_text, line_sliced, turned_and_cut])
def test_letters_that_the_frame_cuts_are_counted(cut: Callable[[], Image]) -> None:
    """Ends of lines on either side, a line sliced lengthwise, and so on a page laid crosswise."""
    assert found(cut()) > 6


def table_to_the_frame(page: Image) -> None:
    """Rules of a table that run off the sheet, close together."""
    for y in range(300, 1500, 30):
        page[y : y + 3, 900:] = 40
    page[300:1500, 1000:1003] = 40


def rules_that_end_at_the_frame(page: Image) -> None:
    for y in range(300, 1500, 60):
        page[y : y + 5, 1180:] = 40


def frame_lines(page: Image) -> None:
    page[:, -4:] = page[-3:] = 30


def ragged_black_edge(page: Image) -> None:
    """The edge of the paper as a line of specks, a pixel or two deep with some that reach further."""
    depth = np.random.default_rng(5).choice([0, 1, 2, 3, 5, 8], page.shape[0], p=[0.3, 0.3, 0.2, 0.1, 0.06, 0.04])
    for y, d in enumerate(depth):
        page[y, page.shape[1] - d :] = 20


def tinted_corner(page: Image) -> None:
    cv2.fillPoly(page, [np.array([[1240, 0], [1240, 300], [900, 0]])], (150, 170, 210))


def staple_and_holes(page: Image) -> None:
    cv2.line(page, (0, 60), (50, 40), (60, 60, 60), 3)
    for y in (500, 1250):
        cv2.circle(page, (10, y), 18, (25, 25, 25), -1)


def number_near_the_frame(page: Image) -> None:
    cv2.putText(page, "17", (1180, 1740), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (40, 40, 40), 2)


def picture_to_the_frame(page: Image) -> None:
    grain = np.random.default_rng(6).integers(0, 255, (30, 40, 1)).astype(np.uint8)
    page[600:1100, 700:] = cv2.resize(grain, (540, 500), interpolation=cv2.INTER_CUBIC)[..., None]


def seal(page: Image) -> None:
    """A third of a round red seal with lines of letters, over the middle of the right side."""
    middle = (page.shape[1] + 35, 850)
    for radius in (105, 98):
        cv2.circle(page, middle, radius, RED, 4)
    write(page, page.shape[1] - 60, range(790, 930, 42), RED)


HARMLESS = [
    table_to_the_frame, rules_that_end_at_the_frame, frame_lines, ragged_black_edge, tinted_corner, staple_and_holes,
    number_near_the_frame, picture_to_the_frame,
]  # fmt: skip


@pytest.mark.parametrize("add", HARMLESS)
@pytest.mark.parametrize("tone", [240, 205])
def test_what_lies_at_the_frame_and_is_no_cut_letter_is_not_counted(add: Callable[[Image], None], tone: int) -> None:
    """Nothing of it counts as the three letters that are reported, and it hides none on another side."""
    page = sheet(tone)
    add(page)
    assert found(page) < 3
    page[:, :-160] = page[:, 160:].copy()
    assert found(page) > 6


def test_a_whole_receipt_cropped_to_its_paper_is_not_cut() -> None:
    """Letters half a millimetre from the frame on all sides are whole."""
    page = sheet()
    y, x = np.nonzero(page[..., 0] < 200)
    whole = page[y.min() - 3 : y.max() + 4, x.min() - 3 : x.max() + 4]
    assert found(np.ascontiguousarray(whole)) < 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_a_seal_across_the_edges_of_the_sheets_is_what_the_law_asks_for(kind: str) -> None:
    """Red ink is no letter of the page; the same letters in black ink are cut, and those that a seal lies over too."""
    page = sheet()
    seal(page)
    cut = right_of_text()
    seal(cut)
    options = {"quality": 85} if kind == "JPEG" else {}
    whole, black, covered = (
        measure(pillow_file(image, kind, dpi=(DPI, DPI), **options))[0]["edge_cut"]
        for image in (page, np.where((page == RED).all(axis=2, keepdims=True), 40, page).astype(np.uint8), cut)
    )
    assert whole < 1 and black > 3 and covered > 6


def test_a_seal_is_told_by_its_colour_alone() -> None:
    """Without colours there is nothing to tell it by: a page in grey is judged by its strokes."""
    page = sheet()
    seal(page)
    assert measure(jpeg(page))[0]["edge_cut"] < 1
    grey = measure(pillow_file(page, "JPEG", "L", dpi=(DPI, DPI), quality=90))[0]
    assert grey["edge_cut"] > 3


def white_on_blue(left: int) -> Image:
    """A cover with lines in white, of which the first ``left`` pixels are lost."""
    cover = np.full((A4_150[1], A4_150[0], 3), (30, 50, 120), np.uint8)
    write(cover, 130, range(200, 1600, 46), ink=(235, 235, 240))
    return np.ascontiguousarray(cover[:, left:])


def test_white_letters_on_a_cover_are_letters_too() -> None:
    """Cut by the frame, and not."""
    assert found(white_on_blue(170)) > 6
    assert found(white_on_blue(40)) < 3


def test_on_a_page_of_unknown_size_letters_may_be_large() -> None:
    """A label seen from near: its letters would be 20 mm high on A4."""
    label = np.full((1000, 760), 235, np.uint8)
    for y in range(120, 1000, 110):
        cv2.putText(label, "So: 6802/UBND", (30, y), cv2.FONT_HERSHEY_SIMPLEX, 2.4, 40, 6)
    cut = np.ascontiguousarray(label[:, :440])
    assert measure_edge_cut(PageViews.of(cut, None)) > 3
    assert measure_edge_cut(PageViews.of(cut, 85)) < 3
    assert measure_edge_cut(PageViews.of(label, None)) < 3


def pale(page: Image) -> Image:
    """The same in hardly any ink."""
    return (255 - (255 - page.astype(int)) * 0.36).astype(np.uint8)


@pytest.mark.parametrize("cut", [right_of_text, line_sliced])
def test_pale_letters_that_the_frame_cuts_are_counted(cut: Callable[[], Image]) -> None:
    """White paper whose darkest print is pale; whole, it has none."""
    whole = sheet(255)
    assert found(pale(whole)) < 1
    assert found(pale(np.where(cut() < 235, cut(), 255).astype(np.uint8))) > 6
