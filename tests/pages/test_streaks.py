"""Streaks: lines over the height of the page in the paper between its print, and print that looks like them."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from sohoa.pages.metrics.streaks import measure_streaks
from sohoa.pages.sheet import view_sheet
from sohoa.pages.views import PageViews
from tests.pages.page_files import A4_150
from tests.pages.test_sheet import HEIGHT, TURNED, WIDTH, photograph, wood

DPI = 150
MM = DPI / 25.4
Image = NDArray[np.uint8]


def sheet(paper: int = 240, font: int = cv2.FONT_HERSHEY_COMPLEX) -> Image:
    page = np.full(A4_150[::-1], paper, np.uint8)
    for k in range(32):
        cv2.putText(page, f"So {k} quyet dinh cap giay phep xay", (110 + 5 * k % 31, 180 + 44 * k), font, 0.85, 35, 2)
    grain = np.random.default_rng(4).normal(0, 1, page.shape)
    return (page + grain).clip(0, 255).astype(np.uint8)


def found(page: Image) -> tuple[float, float | None]:
    return measure_streaks(PageViews.of(np.ascontiguousarray(page), DPI))


def streak(page: Image, levels: int, rows: slice, width: int = 1) -> Image:
    """A streak at 107 mm, darker or lighter by ``levels``, over the text and between."""
    out = page.astype(int)
    out[rows, 632 : 632 + width] -= levels
    return out.clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("paper", [255, 240, 205])
@pytest.mark.parametrize("levels", [15, 40, 90])
def test_a_streak_is_found_although_the_scanner_whitens_the_ends(paper: int, levels: int) -> None:
    """From 4 % of the height to 95 %: as strong as it is, where it is, whatever is printed under it."""
    strength, where = found(streak(sheet(paper), levels, slice(70, 1670)))
    assert strength == pytest.approx(levels, abs=3) and where == pytest.approx(632 / MM, abs=0.5)


def test_a_lighter_streak_is_found_on_paper_that_can_be_lighter() -> None:
    """A dead element leaves a line lighter than tinted paper; white paper hides it."""
    strength, where = found(streak(sheet(205), -30, slice(None), 2))
    assert strength > 20 and where == pytest.approx(632 / MM, abs=0.6)
    assert found(streak(sheet(255), -30, slice(None), 2))[0] < 1


def test_a_streak_across_the_page_has_no_place_from_the_left() -> None:
    """A page fed sideways: told where the line runs from end to end."""
    strength, where = found(streak(sheet(), 30, slice(None)).T)
    assert strength > 20 and where is None


def rule_down_the_page(page: Image) -> None:
    """A table's rule, grey, from margin to margin; 86 % of the height has it at the most."""
    page[150:-150, 500:503] = 150


def line_in_ink(page: Image) -> None:
    page[:, 700:703] = 40


def rules_across(page: Image) -> None:
    for y in range(160, 1700, 400):
        page[y : y + 2, 90:-90] = 120


def edge_of_the_sheet(page: Image) -> None:
    """The shade of the sheet's own edge, 2 mm inside the frame."""
    page[:, -12:-10] = 190


def many_lines(page: Image) -> None:
    page[:, 60::47] -= 40


def slanting_rule(page: Image) -> None:
    """A rule over the whole height of a sheet that lies askew by a quarter of a degree."""
    cv2.line(page, (700, 0), (708, page.shape[0]), 190, 1)


def letters_in_columns(page: Image) -> None:
    """A print-out: every letter in a cell of one width."""
    page[:] = 255
    for y in range(120, 1650, 30):
        for k, letter in enumerate("ma so ho so va ngay nhan tra kq"):
            cv2.putText(page, letter, (100 + 32 * k, y), cv2.FONT_HERSHEY_PLAIN, 1.7, 30, 2)


def dithering(page: Image) -> None:
    y, x = np.indices(page.shape)
    screen = np.where((x % 4 < 2) ^ (y % 4 < 2), 40, 255)
    page[:, 400:900] = screen[:, 400:900]


def rule_a_little_askew(page: Image) -> None:
    """A table's border on a sheet that lies askew by a twentieth of a degree: it leaves its column by a pixel."""
    for y in range(100, page.shape[0] - 40):
        page[y, 703:706] = (60 if y < 900 else 190, 60, 190 if y < 1300 else 60)
    page[100:400, 702], page[400:700, 702] = 150, 200


def border_of_a_table(page: Image) -> None:
    """Light rules begin at it, all on one side."""
    page[80:-70, 300] = 150
    for y in range(200, 1700, 300):
        page[y : y + 2, 300:1100] = 150


def frame_around_the_page(page: Image) -> None:
    """As of a drawing: four light lines that meet 12 mm inside the frame."""
    page[70:-70, [70, -70]] = 140
    page[[70, -70], 70:-70] = 140


def frame_under_a_lamp(page: Image) -> None:
    """Heavy glare on a cover: in its light the frame fades."""
    frame_around_the_page(page)
    y, x = np.indices(page.shape)
    light = np.exp(-(((x - 70) ** 2 + (y - 900) ** 2) / 420.0**2))
    page[:] = 255 - (255 - page) * (1 - light)


PRINT = [
    rule_down_the_page, rule_a_little_askew, border_of_a_table, frame_around_the_page, frame_under_a_lamp,
    line_in_ink,
    rules_across, edge_of_the_sheet, many_lines, slanting_rule, letters_in_columns, dithering,
]  # fmt: skip


@pytest.mark.parametrize("add", PRINT)
@pytest.mark.parametrize("paper", [255, 235])
def test_print_and_edges_are_no_streak(add: Callable[[Image], None], paper: int) -> None:
    """Far below the limit of 8, on either paper and with its lines laid crosswise."""
    page = sheet(paper)
    add(page)
    assert found(page)[0] < 5


def test_a_streak_through_a_table_is_one() -> None:
    """The rules of the table cross it; those of another cell that end near it do not make it print."""
    page = sheet()
    for y in range(200, 1700, 300):
        page[y : y + 2, 90:1150] = 60
    page[900:902, 640:700] = 60
    strength, where = found(streak(page, 30, slice(None)))
    assert strength == pytest.approx(30, abs=3) and where == pytest.approx(632 / MM, abs=0.5)


def test_text_of_any_face_is_no_streak() -> None:
    for font in (cv2.FONT_HERSHEY_PLAIN, cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_TRIPLEX, cv2.FONT_HERSHEY_COMPLEX):
        assert found(sheet(255, font))[0] < 1


@pytest.mark.parametrize("levels", [12, 60])
def test_a_streak_over_a_dark_field_is_one(levels: int) -> None:
    """A cover's title page: half of the height is a tint far below the paper, and the streak shows in both."""
    page = sheet()
    page[500:1500] = np.minimum(page[500:1500], 110)
    strength, where = found(streak(page, levels, slice(None)))
    assert strength == pytest.approx(levels, abs=3) and where == pytest.approx(632 / MM, abs=0.5)


def test_a_pale_streak_beside_lines_of_text_bears_no_rules() -> None:
    """Text is far darker than the streak and fills rows on one side of it: no border of a table."""
    page = np.full(A4_150[::-1], 250, np.uint8)
    for y in range(150, 1650, 30):
        page[y : y + 14, 645:1150] = 40
    strength, where = found(streak(page, 10, slice(None)))
    assert strength == pytest.approx(10, abs=2) and where == pytest.approx(632 / MM, abs=0.5)


def test_a_pale_streak_at_which_black_rules_end_is_one() -> None:
    """Rules of a form are drawn in ink; a border as pale as the streak would bear rules as pale (see ``PRINT``)."""
    page = sheet()
    for row in (400, 640, 900, 1200):
        page[row : row + 3, 634:1140] = 30
    assert found(streak(page, 20, slice(None)))[0] == pytest.approx(20, abs=3)


def test_a_pale_border_that_ends_at_rules_in_ink_is_of_their_table() -> None:
    """Hairlines down and black rules across, from the first to the last: dust ends nowhere near both."""
    page = sheet()
    page[75:1680, [100, 1139]] = 190
    for row in range(75, 1681, 107):
        page[row : row + 3, 100:1140] = 30
    assert found(page)[0] < 1


def test_each_reason_to_take_a_line_for_print_makes_it_less_likely() -> None:
    """Lines from end to end, that bear rules of their own: in ink they are surely no dust."""
    grey, ink = sheet(), sheet()
    for page, level in ((grey, 150), (ink, 20)):
        page[:, 500:503] = level
        for row in (400, 640, 900, 1200):
            page[row : row + 3, 503:1140] = level
    assert 0 < found(ink)[0] < found(grey)[0] < 1


@pytest.mark.parametrize("at", [50, 80])
def test_the_pale_flank_of_a_line_in_ink_is_no_streak(at: int) -> None:
    """The edge of the sheet down the page, drawn out by the scanner's lamp: grey beside black is not a line of dust."""
    page = sheet(255)
    page[:1640, at], page[:1640, at + 1] = 225, 90
    assert found(page)[0] < 1


def test_a_lighter_streak_is_judged_by_its_lightest_column() -> None:
    page = streak(streak(sheet(205), -11, slice(None), 3), -19, slice(None))
    assert found(page) == (pytest.approx(30, abs=3), pytest.approx(632 / MM, abs=0.01))


def test_a_streak_some_pixels_wide_is_one_line() -> None:
    """Three of three pixels are not nine, which only ruled paper has."""
    page = np.full(A4_150[::-1], 240, np.uint8)
    for at in (300, 632, 900):
        page[:, at : at + 3] = 215
    assert found(page)[0] == 25


def test_the_edge_between_two_grounds_is_no_streak() -> None:
    """The shade along a letter that lies on a sheet a little darker, over all of the picture."""
    page = sheet()
    page[:, 900:] -= 12
    page[:, 898:901] -= 14
    assert found(page)[0] < 1


def test_what_falls_short_of_a_streak_reads_below_one() -> None:
    """A line that ends at the margins, and one that a table bears, come near at most."""
    for add in (rule_down_the_page, border_of_a_table):
        page = sheet()
        add(page)
        assert 0 < found(page)[0] < 1


def test_a_streak_of_a_photograph_keeps_to_the_picture_and_not_to_the_sheet() -> None:
    """The sensor that leaves it sees the ground too; on the sheet laid flat it would slant. Grain of wood is none."""
    picture = photograph(wood(HEIGHT, WIDTH), TURNED)[..., 0]
    marked = picture.astype(int)
    marked[:, 640:642] -= 25
    strengths = []
    for seen in (picture, marked.clip(0, 255).astype(np.uint8)):
        views, on_ground = view_sheet(PageViews.of(np.ascontiguousarray(seen), None))
        assert on_ground is not None
        strengths.append(measure_streaks(views)[0])
    assert strengths[0] < 1 and strengths[1] == pytest.approx(25, abs=3)
