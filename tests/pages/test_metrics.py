"""Metrics of a page: each grows with its own defect, stays low without it, and is null where nothing can be said."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import cv2
import numpy as np
import PIL.Image
import pytest

from sohoa.pages.broken_edges import find_moved, worst_edge_shift
from sohoa.pages.measure_page import METRICS
from sohoa.pages.metrics.contrast import measure_contrast
from sohoa.pages.metrics.seams import _seems_moved
from sohoa.pages.views import MIN_SIDE_PX, PageViews
from tests.pages.page_files import A4_150, REAL, jpeg, measure, pillow_file, text_page

DPI = 150.0
MM = DPI / 25.4
Image = np.ndarray


@pytest.fixture(scope="module")
def page() -> Image:
    """A page of text on paper of a scan, grey."""
    sheet = text_page(lines=40, paper=238)[..., 0].astype(float)
    return (sheet + np.random.default_rng(1).normal(0, 1, sheet.shape)).clip(0, 255).astype(np.uint8)


def values(page: Image, dpi: float | None = DPI) -> dict[str, Any]:
    """The row of a page image, without loss."""
    options = {} if dpi is None else {"dpi": (dpi, dpi)}
    return measure(pillow_file(page, "PNG", "L", **options))[0]


def blurred(page: Image, mm: float) -> Image:
    return cv2.GaussianBlur(page, (0, 0), mm * MM)


def moved(page: Image, mm: float) -> Image:
    """Smeared along the transport."""
    return cv2.blur(page, (1, max(1, round(mm * MM))))


def blurred_in_a_corner(page: Image, mm: float) -> Image:
    out = page.copy()
    out[:700, :600] = blurred(page, mm)[:700, :600]
    return out


def glaring(page: Image, share: float) -> Image:
    """Light added in a spot: what it reaches fades to white."""
    y, x = np.mgrid[: page.shape[0], : page.shape[1]]
    radius = np.sqrt(share * page.size / np.pi)
    spot = np.exp(-((((x - 500) ** 2 + (y - 800) ** 2) / radius**2) ** 2))
    return (page + 400 * spot).clip(0, 255).astype(np.uint8)


def shaded(page: Image, share: float) -> Image:
    return (page * np.linspace(1, 1 - share, page.shape[1])).astype(np.uint8)


def paled(page: Image, share: float) -> Image:
    return (238 - (238.0 - page) * (1 - share)).clip(0, 255).astype(np.uint8)


def grainy(page: Image, levels: float) -> Image:
    grain = np.random.default_rng(2).normal(0, levels, page.shape)
    return (page - 20 + grain).clip(0, 255).astype(np.uint8)


def rippled(page: Image, levels: float) -> Image:
    """A period of 1.2 mm over the paper, as of a screen."""
    y, x = np.mgrid[: page.shape[0], : page.shape[1]]
    return (page - 10 + levels * np.sin(2 * np.pi * (0.8 * x + 0.6 * y) / (1.2 * MM))).clip(0, 255).astype(np.uint8)


def streaked(page: Image, levels: float) -> Image:
    out = page.astype(float)
    out[:, 400:402] -= levels
    return out.clip(0, 255).astype(np.uint8)


def stitched(page: Image, mm: float) -> Image:
    out = page.copy()
    out[797:] = np.roll(page, round(mm * MM), axis=1)[797:]
    return out


def cut(page: Image, lines: float) -> Image:
    """The left margin and the first letters gone from some lines."""
    out = page.copy()
    rows = slice(0, int(page.shape[0] * lines))
    out[rows, :-129] = page[rows, 129:]
    return out


def bordered(page: Image, share: float) -> Image:
    out = page.copy()
    out[: int(share * len(page)), :25] = 15
    return out


def showing_through(page: Image, levels: float) -> Image:
    """The other side, mirrored and soft, on the same paper."""
    other = blurred(text_page(lines=37)[:, ::-1, 0], 0.15)
    return np.minimum(page, (page.astype(float) - levels * (245.0 - other) / 215).clip(0, 255)).astype(np.uint8)


def held(page: Image, mm: float) -> Image:
    """A finger at the lower edge."""
    out = page.copy()
    cv2.ellipse(out, (800, page.shape[0]), (round(9 * MM), round(mm * MM)), 0, 0, 360, 110, -1)
    return out


WORSE: dict[str, tuple[str, Callable[[Image, float], Image], tuple[float, ...], float]] = {
    "defocus": ("blur_mm", blurred, (0.1, 0.2, 0.4), 0.2),
    "motion": ("blur_mm", moved, (0.35, 0.6, 1.0), 0.2),
    "a blurred corner": ("blur_mm", blurred_in_a_corner, (0.25, 0.5), 0.2),
    "glare": ("glare_ratio", glaring, (0.01, 0.04, 0.1), 0.005),
    "uneven light": ("illumination_range", shaded, (0.15, 0.3, 0.5), 0.1),
    "noise": ("noise", grainy, (4.0, 8.0, 14.0), 1.0),
    "a screen": ("moire_strength", rippled, (2.0, 4.0, 8.0), 10.0),
    "a streak": ("streak_strength", streaked, (6.0, 10.0, 16.0), 3.0),
    "a seam": ("seam_strength", stitched, (0.5, 1.0, 2.0), 0.5),
    "cut text": ("edge_cut", cut, (0.3, 0.6, 0.9), 2.0),
    "a dark border": ("border_dark", bordered, (0.2, 0.5, 0.9), 0.05),
    "bleed-through": ("bleed_through", showing_through, (6.0, 15.0), 0.005),
    "a finger": ("foreign_object", held, (14.0, 22.0, 30.0), 0.003),
}


@pytest.mark.parametrize("name", WORSE)
def test_a_metric_grows_with_its_defect(name: str, page: Image) -> None:
    """Without it low, with it higher, with more of it higher still."""
    column, spoil, amounts, low = WORSE[name]
    found = [values(image)[column] for image in (page, *(spoil(page, amount) for amount in amounts))]
    assert found[0] < low < found[-1]
    assert found == sorted(found) and found[0] < found[1]


def test_contrast_falls_with_the_ink(page: Image) -> None:
    """Paler and paler; a sheet without ink has none to tell."""
    found = [values(paled(page, share))["contrast"] for share in (0, 0.4, 0.8)]
    assert found == sorted(found, reverse=True) and found[-1] < 60
    assert values(np.full_like(page, 240))["contrast"] is None


def test_a_sharp_page_of_any_resolution_has_no_blur_to_speak_of(page: Image) -> None:
    """The width that pixels themselves make is taken off; the same blur in mm reads alike at 150 and 300 dpi."""
    large = cv2.resize(page, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    soft = [values(blurred(page, 0.3))["blur_mm"], values(cv2.GaussianBlur(large, (0, 0), 0.6 * MM), 300)["blur_mm"]]
    assert values(page)["blur_mm"] < 0.1
    assert soft[0] == pytest.approx(soft[1], rel=0.15)


def test_a_few_soft_edges_weigh_less_than_many(page: Image) -> None:
    """The width of a few edges is chance: a soft line at the foot tells less than a soft paragraph."""

    def soft_foot(lines: int) -> Image:
        out = page.copy()
        out[1240:] = 238
        for line in range(lines):
            at = (124, 1600 + 40 * (line - lines + 1))
            cv2.putText(out, "so so 12 ban chinh thanh phan", at, cv2.FONT_HERSHEY_SIMPLEX, 1, (30,), 2)
        out[1260:] = blurred(out, 0.25)[1260:]
        return out

    few, many = (values(soft_foot(lines))["blur_mm"] for lines in (1, 6))
    assert few < 0.26 < many


def test_white_paper_and_white_margins_are_no_glare(page: Image) -> None:
    """White paper is brighter than glare, and a tinted field on a white sheet ends at once."""
    tinted = np.full_like(page, 254)
    tinted[150:-150, 100:-100] = np.minimum(page, 236)[150:-150, 100:-100]
    assert values(np.where(page > 200, 255, page).astype(np.uint8))["glare_ratio"] < 0.005
    assert values(tinted)["glare_ratio"] < 0.005


def test_glare_is_where_the_box_says(page: Image) -> None:
    """The box holds the middle of the spot that was drawn."""
    x, y, width, height = values(glaring(page, 0.04))["glare_box"]
    assert x < 500 / page.shape[1] < x + width and y < 800 / page.shape[0] < y + height


def test_a_streak_is_told_in_millimetres(page: Image) -> None:
    """From the left edge, where the cleaner has to look; a rule that ends at the margins is none."""
    assert values(streaked(page, 16))["streak_x_mm"] == pytest.approx(400.5 / MM, abs=0.5)
    ruled = page.copy()
    ruled[150:-150, 400:402] = 40
    assert values(ruled)["streak_strength"] < 3


@pytest.mark.parametrize("side", [0, 1, 2, 3])
@pytest.mark.parametrize(("mm", "is_border"), [(0.5, False), (0.8, False), (1.0, False), (2.5, True), (4.0, True)])
def test_the_edge_of_a_sheet_is_no_border(page: Image, side: int, mm: float, is_border: bool) -> None:
    """A black line about as thick as a sheet's own shadow is at most worth a note; what is broader is the bed."""
    turned = np.rot90(page, side).copy()
    turned[: round(mm * MM)] = 20
    assert (values(np.ascontiguousarray(np.rot90(turned, -side)))["border_dark"] > 0.6) == is_border


def test_slanting_lines_and_framed_tints_are_no_seams(page: Image) -> None:
    """A skewed rule shifts from row to row all along; the field of a map ends in a line that stops at its corners."""
    turned = page.copy()
    cv2.line(turned, (100, 700), (1150, 780), 40, 2)
    framed = np.full_like(page, 252)
    framed[170:-170, 70:-70] = np.minimum(page, 240)[170:-170, 70:-70]
    cv2.rectangle(framed, (70, 170), (page.shape[1] - 70, page.shape[0] - 170), 30, 2)
    for image in (turned, framed):
        assert values(image)["seam_strength"] < 1


def _patterned(width: int = 900, height: int = 640) -> Image:
    """A card whose whole ground is printed with a pattern, as of banknotes: soft waves of all directions."""
    noise = np.random.default_rng(7).normal(0, 1, (height, width)).astype(np.float32)
    waves = cv2.GaussianBlur(noise, (0, 0), 2.5)
    return (185 + 90 * waves / np.abs(waves).max()).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("shift", [6, -11])
@pytest.mark.parametrize("blend", [0, 1])
def test_a_seam_through_a_pattern_breaks_its_edges(side: int, shift: int, blend: int) -> None:
    """Greys of a pattern are alike on both sides of a seam; its edges go on elsewhere, in all parts of the seam."""
    card = np.ascontiguousarray(np.rot90(_patterned(), side))
    assert values(card, 300)["seam_strength"] < 0.5
    joined = card.copy()
    joined[:, 400:] = np.roll(card, shift, axis=0)[:, 400:]
    if blend:
        joined[:, 400] = joined[:, 399:402:2].mean(axis=1)
    assert values(joined, 300)["seam_strength"] == pytest.approx(abs(shift) / 300 * 25.4 / 0.3, abs=0.2)


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("shift", [0, 6, -11])
def test_a_seam_on_white_a4_is_found_by_its_edges(side: int, shift: int) -> None:
    """Its greys do not tell: a pattern printed on a white page is alike on both sides of a seam."""
    sheet = np.full((1754, 1240), 250, np.uint8)
    sheet[300:940, 150:1050] = _patterned()
    sheet[:, 600:] = np.roll(sheet, shift, axis=0)[:, 600:]
    strength = values(np.ascontiguousarray(np.rot90(sheet, side)), 150)["seam_strength"]
    assert strength == pytest.approx(abs(shift) / 150 * 25.4 / 0.3, abs=0.1)


@pytest.mark.parametrize("shift", [2, -5, 12])
def test_rows_that_match_moved_are_seen_at_half_their_length(page: Image, shift: int) -> None:
    """And so is a fine pattern, which half the length does not show, but no row that matches as it stands."""
    text = page[page.std(axis=1).argsort()[-20:]]
    fine = np.tile(np.array([0, 255], np.uint8), 620)[None]
    rows = np.concatenate([text, text, fine, text, np.roll(text, shift, axis=1), fine[:, ::-1]])
    assert _seems_moved(rows, 18).tolist() == [False] * 20 + [True] * 21


@pytest.mark.parametrize("grey", [235, 255])
def test_a_bare_office_page_has_no_seam(grey: int) -> None:
    """Nor any row that might be at one."""
    assert values(np.full((1754, 1240), grey, np.uint8))["seam_strength"] == 0


@pytest.mark.parametrize("shift", [0, 1, 5, -9, 19, -20, 21])
def test_breaks_are_looked_at_where_edges_match_moved(shift: int) -> None:
    """Not where they match as they stand, or hardly moved, nor where they match best at the farthest that is tried."""
    card = _patterned()
    card[300:] = np.roll(card, shift, axis=1)[300:]
    found = find_moved(card, np.array([99, 299]), 20)
    assert found.tolist() == ([299] if 1 < abs(shift) < 20 else [])


_PLACES = [60, 180, 300, 420, 560]


@pytest.mark.parametrize(
    ("places", "rows", "is_seam"), [([300], 200, False), (_PLACES, 200, True), (_PLACES, 2, False)]
)
def test_edges_of_a_seam_are_shifted_at_several_places(places: list[int], rows: int, is_seam: bool) -> None:
    """A letter is found again a little farther on; a seam shifts whatever it crosses, and both its sides go on."""
    blank, card = np.full((200, 640), 185, np.uint8), _patterned()
    for place in places:
        blank[:, place : place + 40] = card[:200, place : place + 40]
    blank[100:] = np.roll(blank, 9, axis=1)[100:]
    blank[: 100 - rows // 2] = blank[100 + rows // 2 :] = 185
    shift = worst_edge_shift(blank, np.array([99]), 20)
    assert shift == (9 if is_seam else 0)


@pytest.mark.parametrize("kind", ["seam", "periodic", "half still", "some still", "slanting"])
def test_edges_that_go_on_elsewhere_by_chance_are_no_seam(kind: str) -> None:
    """A period fits anywhere; what goes on as it stands is not shifted; slanting lines shift at every row."""
    card, width = _patterned(height=200), 900
    line = 185 + 60 * np.sin(np.arange(width) * 2 * np.pi / 12) if kind == "periodic" else card[99].astype(float)
    page, moved = np.tile(line, (200, 1)), np.roll(line, 9)
    if kind == "some still":
        is_still = np.arange(width) * 12 // width % 12 >= 7
        line = page[0] = np.where(is_still, 185 + (line - 185) * 0.6, line)
        page[:], moved = line, np.where(is_still, line, np.roll(line, 9))
    page[100:] = 0.6 * moved + 0.4 * line if kind == "half still" else moved
    if kind == "slanting":
        page[:] = [np.roll(line, 3 * row) for row in range(200)]
    found = worst_edge_shift(page.round().astype(np.uint8), np.array([99]), 20)
    assert found == (9 if kind == "seam" else 0)


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("is_ruled", [True, False])
def test_columns_of_a_table_may_stand_otherwise_under_a_rule(side: int, is_ruled: bool) -> None:
    """The second part of a table is printed a little farther in; where no rule parts them, a seam does."""
    sheet = np.full((1754, 2480), 250, np.uint8)  # A3
    columns = np.sort(np.random.default_rng(1).choice(np.arange(100, 2300, 40), 14, replace=False))
    for column in columns:
        sheet[400:800, column : column + 2] = 40
        sheet[800:1200, column + 9 : column + 11] = 40
    for top in (400, 800, 1198) if is_ruled else (400, 1198):
        sheet[top : top + 2, 100:2320] = 40
    strength = values(np.ascontiguousarray(np.rot90(sheet, side)), 150)["seam_strength"]
    assert strength < 0.5 if is_ruled else strength > 3


def _bars() -> Image:
    """A3 full of short bars, drawn anew at every twelfth row, as of PDF417."""
    sheet, chance = np.full((2480, 1754), 250, np.uint8), np.random.default_rng(11)
    for row in range(200, 2280, 12):
        sheet[row : row + 12, 150:1606] = np.where(np.repeat(chance.integers(0, 2, 182), 8), 20, 250)
    return sheet


def _dithered(sheet: Image) -> Image:
    return np.asarray(PIL.Image.fromarray(sheet).convert("1").convert("L"))


def _slanting_lines(degrees: float, period: int, dark: int, pale: int) -> Image:
    """A3 full of slanting lines of grey."""
    y, x = np.mgrid[:1754, :2480]
    angle = np.deg2rad(degrees)
    is_line = (x * np.cos(angle) + y * np.sin(angle)) % period < 0.35 * period
    return np.where(is_line, dark, pale).astype(np.uint8)


def _hatching() -> Image:
    return _dithered(_slanting_lines(-80, 14, 120, 235))


def _hatched_field(degrees: float, period: int, dark: int) -> Image:
    """A field of such lines on white, all dithered to black and white."""
    sheet = np.full((1754, 2480), 250, np.uint8)
    sheet[300:1500, 300:2100] = _slanting_lines(degrees, period, dark, 250)[300:1500, 300:2100]
    return _dithered(sheet)


def _axes() -> Image:
    """A3 with the axes of a plan: circles under one another, each at the end of a short line."""
    sheet = np.full((1754, 2480), 255, np.uint8)
    for y in range(173, 1530, 23):
        cv2.line(sheet, (2071, y), (2081, y), 80, 1)
        cv2.circle(sheet, (2095, y), 14, 80, 1, cv2.LINE_AA)
    return sheet


_PATTERNS = (
    _bars, _hatching, _axes, partial(_hatched_field, -60, 9, 60), partial(_hatched_field, -30, 9, 120),
    partial(_hatched_field, 50, 9, 120),
)  # fmt: skip


@pytest.mark.parametrize("draw", _PATTERNS)
@pytest.mark.parametrize("side", [0, 1])
def test_patterns_that_match_moved_elsewhere_too_or_by_chance_are_no_seam(side: int, draw: Callable[[], Image]) -> None:
    """A large sheet would be sent back for them; their rows, moved, match too elsewhere, or far worse than they do, or
    hardly match beside it as they stand."""
    assert values(np.ascontiguousarray(np.rot90(draw(), side)), 150)["seam_strength"] < 1.5


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize(("until", "is_seam"), [(836, False), (1653, True)])
def test_a_fold_darkens_the_paper_there_and_back_and_a_seam_once(side: int, until: int, is_seam: bool) -> None:
    """A3 that was folded in the middle: its shadow is 9 mm wide."""
    sheet = np.tile(text_page(lines=40, paper=238)[..., 0], 2)[:1169, :1653].copy()
    sheet[:, 800:until] = sheet[:, 800:until] * 0.93
    strength = values(np.ascontiguousarray(np.rot90(sheet, side)), 100)["seam_strength"]
    assert strength > 3 if is_seam else strength < 1


def test_bars_that_end_far_apart_are_no_seam(page: Image) -> None:
    """Filled fields of a form, one under the other: they match best at the farthest shift that is looked for."""
    page[900:960] = 245
    page[900:930, 300:900] = 60
    page[930:960, 360:960] = 60
    assert values(page)["seam_strength"] < 1


@pytest.mark.parametrize("quarter", [0, 1, 2, 3])
def test_a_quarter_turn_is_told_or_left_open(quarter: int) -> None:
    """Degrees clockwise, on a page of real text; never a wrong one on real pages."""
    text = cv2.imread(str(REAL / "lept_cootoots.png"), cv2.IMREAD_GRAYSCALE)
    drawn = cv2.imread(str(REAL / "lept_map.057.jpg"), cv2.IMREAD_GRAYSCALE)
    assert values(np.ascontiguousarray(np.rot90(text, -quarter)), 300)["orientation_deg"] == 90 * quarter
    assert values(np.ascontiguousarray(np.rot90(drawn, -quarter)), 300)["orientation_deg"] in (None, 90 * quarter)


def test_a_second_scan_has_nearly_the_same_hash(page: Image) -> None:
    """Saved again, smaller and a little blurred: at most 10 bits of 256; another page far more."""

    def bits(one: str, other: str) -> int:
        return (int(one, 16) ^ int(other, 16)).bit_count()

    own = values(page)["phash"]
    again = cv2.resize(blurred(page, 0.1), None, fx=0.8, fy=0.8, interpolation=cv2.INTER_AREA)
    assert bits(own, values(again, 120)["phash"]) <= 10
    assert bits(own, values(text_page(lines=9)[..., 0])["phash"]) > 60


@pytest.mark.parametrize("shape", [(1, 1), (1, 4000), (31, 31), (32, 32), (33, 47), (32, 2000), (2000, 40), (200, 150)])
@pytest.mark.parametrize("kind", ["black", "white", "noise"])
@pytest.mark.parametrize("dpi", [None, 10.0, 300.0, 20_000.0])
def test_degenerate_pages_are_measured_without_a_warning(shape: tuple[int, int], kind: str, dpi: float | None) -> None:
    """Any size, tone and resolution gives a row of finite numbers; too small to be a page, only the ink."""
    level = {"black": 0, "white": 255}.get(kind)
    noise = np.random.default_rng(3).integers(0, 256, shape).astype(np.uint8)
    with np.errstate(all="raise"):
        row = values(noise if level is None else np.full(shape, level, np.uint8), dpi)
    assert row["error"] is None
    assert all(np.isfinite(value) for value in row.values() if isinstance(value, float))
    if min(shape) < MIN_SIDE_PX:
        assert {row[name] for columns in METRICS for name in columns} == {None}


@pytest.mark.parametrize(
    "name", ["lept_candelabrum.011.jpg", "lept_cootoots.png", "lept_map.057.jpg", "lept_table.27.tif"]
)
def test_a_page_upside_down_is_as_sharp_and_as_whole(name: str) -> None:
    """What is looked at lies alike from both ends: of real pages whose sides no sample divides."""
    page = cv2.imread(str(REAL / name), cv2.IMREAD_GRAYSCALE)
    upright, turned = values(page), values(np.ascontiguousarray(page[::-1, ::-1]))
    for column in ("blur_mm", "bleed_through"):
        assert upright[column] == pytest.approx(turned[column], abs=0.025), column
    assert upright["seam_strength"] == pytest.approx(turned["seam_strength"], abs=0.1)


def test_letters_that_a_camera_sharpens_show_no_other_side() -> None:
    """It makes the paper around them brighter: the paper between them is not darker for that."""
    page = text_page(lines=40, paper=190)[..., 0].astype(np.float32)
    page += np.random.default_rng(3).normal(0, 1, page.shape).astype(np.float32)
    sharpened = page + 0.3 * (page - cv2.GaussianBlur(page, (0, 0), 2.5))
    assert values(sharpened.clip(0, 255).astype(np.uint8))["bleed_through"] < 0.001


def test_views_are_read_and_never_written(page: Image) -> None:
    """Metrics share the views: in any order, twice over, each says the same, and the page is as it was."""
    views, before = PageViews.of(page, DPI), page.copy()
    first = {name: measure_one(views) for name, measure_one in METRICS.items()}
    again = {name: METRICS[name](views) for name in reversed(METRICS)}
    assert first == again and np.array_equal(page, before)
    assert measure_contrast(PageViews.of(page, DPI)) == first["contrast",]


def test_rows_do_not_depend_on_threads_or_order(page: Image) -> None:
    """Pages measured by four threads at once, in both orders, equal pages measured alone."""
    spoiled = [spoil(page, amounts[-1]) for _, spoil, amounts, _ in WORSE.values()]
    files = [jpeg(np.repeat(image[..., None], 3, axis=2)) for image in spoiled]
    alone = [measure(data) for data in files]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(measure, files)) == alone
        assert list(pool.map(measure, files[::-1])) == alone[::-1]


def test_a_large_page_is_measured_at_half_its_size_alike() -> None:
    """A4 at 300 dpi is decoded to 150 dpi: its metrics are those of the same sheet scanned at 150 dpi."""
    page = text_page((2480, 3508), 60)
    (large,) = measure(pillow_file(page, "JPEG", dpi=(300, 300), quality=92))
    small = cv2.resize(page, A4_150, interpolation=cv2.INTER_AREA)
    (half,) = measure(pillow_file(small, "JPEG", dpi=(150, 150), quality=92))
    assert (large["width_px"], half["width_px"]) == (2480, 1240)
    for name in ("skew_deg", "illumination_range", "contrast", "border_dark", "ink_ratio"):
        assert large[name] == pytest.approx(half[name], rel=0.1, abs=0.03), name
