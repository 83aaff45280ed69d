"""Ink and skew on real pages, turned, blanked, noisy and degenerate."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from sohoa.pages.metrics.ink import is_blank, measure_ink
from sohoa.pages.metrics.skew import RANGE_DEG, measure_skew
from sohoa.pages.views import PageViews
from tests.pages.page_files import A4_150, REAL, jpeg, measure, pdf_file, pillow_file, text_page

TEXT_PAGES = ("lept_table.27.tif", "lept_cootoots.png", "lept_candelabrum.011.jpg")
TURNS = (-11.0, -3.0, -0.4, 0.07, 1.0, 6.5)


def read(name: str) -> np.ndarray:
    return cv2.imread(str(REAL / name), cv2.IMREAD_GRAYSCALE)


def skew_of(page: np.ndarray) -> tuple[float | None, float]:
    return measure_skew(PageViews.of(np.ascontiguousarray(page), None).ink)


def ink_of(page: np.ndarray) -> float:
    return measure_ink(PageViews.of(np.ascontiguousarray(page), None))


def turned(page: np.ndarray, degrees: float) -> np.ndarray:
    """The page turned counter-clockwise on a sheet that holds all of it."""
    height, width = page.shape
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    cos, sin = abs(matrix[0, 0]), abs(matrix[0, 1])
    size = (int(height * sin + width * cos), int(height * cos + width * sin))
    matrix[:, 2] += (size[0] - width) / 2, (size[1] - height) / 2
    return cv2.warpAffine(page, matrix, size, flags=cv2.INTER_CUBIC, borderValue=int(np.percentile(page, 90)))


@pytest.mark.parametrize("name", TEXT_PAGES)
def test_a_turned_copy_reads_its_turn(name):
    """Skew of a turned copy is the page's own skew plus the turn, counter-clockwise positive, within 0.1 degree."""
    page = read(name)
    own, confidence = skew_of(page)
    assert own is not None and abs(own) < 0.5 and confidence > 0.8
    for turn in TURNS:
        found, _ = skew_of(turned(page, turn))
        assert found == pytest.approx(own + turn, abs=0.1), turn


def columns_page(count: int, slope: float) -> np.ndarray:
    """A page of straight columns of lines, each begun lower than the one before: next to next they meet at a slant."""
    rng, width = np.random.default_rng(1), 1100 // count
    image = Image.new("L", (1240, 1754), 255)
    draw = ImageDraw.Draw(image)
    for column in range(count):
        lower = column * width * math.tan(math.radians(slope)) % 17
        for line in range(92):
            words = "".join(rng.choice(list("aehlmnotubdgpi   "), int(width / 7.2)))
            draw.text((70 + column * width, 90 + lower + line * 17), words, fill=0, font_size=13)
    return np.asarray(image)


@pytest.mark.parametrize("turn", [0.0, 3.5, -6.0])
@pytest.mark.parametrize(("count", "slope"), [(3, 1.2), (4, 1.8), (5, 2.4), (6, 1.8), (5, 3.0)])
def test_lines_that_meet_from_column_to_column_are_not_skewed(count, slope, turn):
    """Their own direction counts: within what no limit looks at."""
    page = columns_page(count, slope)
    found, _ = skew_of(turned(page, turn) if turn else page)
    assert found == pytest.approx(turn, abs=0.4)


def test_skew_survives_noise_blur_shadow_and_a_black_border():
    """What scanners do to a page moves its skew by less than 0.1 degree."""
    page = turned(text_page()[..., 0], 1.3)
    noise = np.random.default_rng(1).normal(0, 15, page.shape)
    shadow = np.linspace(1, 0.5, page.shape[1])
    bordered = page.copy()
    bordered[:, :40] = 10
    for changed in (page + noise, cv2.GaussianBlur(page, (0, 0), 2.5), page * shadow, bordered):
        found, _ = skew_of(np.clip(changed, 0, 255).astype(np.uint8))
        assert found == pytest.approx(1.3, abs=0.1)


def test_lines_on_their_side_are_measured_too():
    """A page scanned sideways is as skewed as it is upright."""
    page = turned(text_page()[..., 0], 2.2)
    for quarter in (1, 2, 3):
        assert skew_of(np.ascontiguousarray(np.rot90(page, quarter)))[0] == pytest.approx(2.2, abs=0.1)


def test_skew_is_null_where_nothing_says_it():
    """Noise, a blank sheet, a landscape of blobs and a map without text lines have no skew."""
    rng = np.random.default_rng(2)
    blobs = cv2.GaussianBlur(rng.integers(0, 255, (1200, 900)).astype(np.uint8), (0, 0), 12) * 6
    noise = rng.normal(235, 12, (1200, 900)).clip(0, 255).astype(np.uint8)
    for page in (blobs, noise, np.full((1200, 900), 250, np.uint8), read("lept_map.057.jpg")):
        assert skew_of(page)[0] is None


def test_skew_stays_in_its_range():
    """Beyond 15 degrees the answer is null or still right, never a wrong one inside the range."""
    for turn in (14.0, 20.0, 35.0, 45.0):
        found, _ = skew_of(turned(text_page()[..., 0], turn))
        assert found == pytest.approx(turn, abs=0.1) if turn <= RANGE_DEG else found is None


@pytest.mark.parametrize("shape", [(1, 1), (1, 4000), (4000, 1), (31, 31), (32, 32), (33, 2000)])
@pytest.mark.parametrize("level", [0, 128, 255])
def test_degenerate_pages_have_no_ink_and_no_skew(shape, level):
    """One tone has no ink at any size, and nothing divides by zero."""
    page = np.full(shape, level, np.uint8)
    assert ink_of(page) == 0.0
    assert skew_of(page) == (None, 0.0)


def test_ink_grows_with_the_writing():
    """No line, one line, ten lines and thirty lines are in order; none is blank, one is not."""
    shares = [ink_of(text_page(lines=lines)[..., 0]) for lines in (0, 1, 10, 30)]
    assert shares == sorted(shares) and len(set(shares)) == 4
    assert is_blank(shares[0]) and not is_blank(shares[1])


def test_a_blank_sheet_stays_blank_under_noise_texture_shadow_and_specks():
    """What paper and scanners leave on an empty sheet is no ink; a signature is."""
    rng = np.random.default_rng(3)
    sheet = np.full(A4_150[::-1], 240.0)
    texture = cv2.resize(rng.normal(0, 6, (60, 40)), A4_150, interpolation=cv2.INTER_CUBIC)
    specks = sheet.copy()
    specks[rng.integers(0, 1754, 60), rng.integers(0, 1240, 60)] = 60
    shadow = sheet * np.linspace(1, 0.4, 1240)
    for page in (sheet + rng.normal(0, 12, sheet.shape), sheet + texture, specks, shadow):
        assert is_blank(ink_of(page.clip(0, 255).astype(np.uint8)))
    signed = sheet.astype(np.uint8)
    cv2.ellipse(signed, (800, 1300), (120, 40), 10, 0, 360, 60, 3)
    assert not is_blank(ink_of(signed))


def test_ink_at_the_edge_is_left_out():
    """The 3 % margin, where scanners leave their shadows, does not count."""
    page = np.full(A4_150[::-1], 240, np.uint8)
    page[:, :30] = 20
    assert ink_of(page) == 0.0


def test_resolution_hardly_moves_the_metrics():
    """The same sheet at 100, 150, 200 and 300 dpi has nearly the same skew, and ink of the same order."""
    large = turned(text_page((2480, 3508), 40)[..., 0], -1.7)
    rows = []
    for dpi in (100, 150, 200, 300):
        page = cv2.resize(large, None, fx=dpi / 300, fy=dpi / 300, interpolation=cv2.INTER_AREA)
        (row,) = measure(pillow_file(cv2.cvtColor(page, cv2.COLOR_GRAY2RGB), "JPEG", dpi=(dpi, dpi), quality=90))
        rows.append(row)
    assert all(row["skew_deg"] == pytest.approx(-1.7, abs=0.05) for row in rows)
    assert max(row["ink_ratio"] for row in rows) < 2 * min(row["ink_ratio"] for row in rows)


def test_rows_do_not_depend_on_threads():
    """Pages measured at once by several threads, rendered ones among them, equal pages measured alone."""
    page = text_page()
    files = [jpeg(page), pdf_file([jpeg(page)]), pdf_file([jpeg(page)], content=b"10 10 300 300 re f")]
    files += [(REAL / name).read_bytes() for name in TEXT_PAGES]
    alone = [measure(data) for data in files]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(measure, files * 2)) == alone * 2


def tinted(shape: str, levels: int, writing: int = 0) -> np.ndarray:
    """A4 of a grainy paper with a tint on a part of it, and three lines of writing on the tint."""
    page = np.full((1754, 1240), 245.0)
    rows, columns = np.mgrid[:1754, :1240]
    part = {
        "right half": columns >= 620, "top": rows < 800, "band": (rows >= 230) & (rows < 290),
        "slanted half": columns + 0.3 * rows > 900, "box": (abs(rows - 600) < 200) & (abs(columns - 500) < 250),
    }[shape]  # fmt: skip
    page -= part * levels
    for line in range(3) if writing else ():
        text = np.zeros(page.shape, np.uint8)
        cv2.putText(text, "Da nhan du ho so", (660, 300 + 60 * line), cv2.FONT_HERSHEY_SIMPLEX, 1, 255, 2)
        page -= text / 255 * writing
    noisy = cv2.GaussianBlur(page, (0, 0), 0.8) + np.random.default_rng(1).normal(0, 2, page.shape)
    return noisy.clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("levels", [30, 65, 100])
@pytest.mark.parametrize("shape", ["right half", "top", "band", "slanted half", "box"])
def test_a_tint_is_no_ink(shape, levels):
    """Wherever it lies and whatever its form, a page of nothing but tints is blank."""
    assert is_blank(ink_of(tinted(shape, levels)))


@pytest.mark.parametrize("levels", [130, 170])
@pytest.mark.parametrize("shape", ["right half", "slanted half", "box"])
def test_the_edge_of_a_dark_tint_is_no_ink(shape, levels):
    """However dark: where two tones meet there is nothing written."""
    assert is_blank(ink_of(tinted(shape, levels)))


@pytest.mark.parametrize("writing", [75, 110])
@pytest.mark.parametrize("levels", [0, 50, 90])
def test_writing_on_a_tint_is_ink(levels, writing):
    """Faint or not, on paper or on a tint."""
    assert ink_of(tinted("right half", levels, writing)) > 1e-3


def cover(shape: str) -> np.ndarray:
    """A cover: a frame, rings and stars around its middle, and next to no text."""
    page = np.full((1754, 1240), 205, np.uint8)
    for inset, width in ((90, 3), (108, 1)):
        cv2.rectangle(page, (inset, inset), (1240 - inset, 1754 - inset), 70, width)
    for radius in {"seal": (180, 130), "seals": (230, 200, 170, 140), "wheel": (260, 250, 120)}[shape]:
        cv2.circle(page, (620, 640), radius, 70, 12)
    for spoke in range(36):
        end = [round(at + 215 * turn(spoke * np.pi / 18)) for at, turn in ((620, np.cos), (640, np.sin))]
        cv2.circle(page, end, 7, 70, -1)
    cv2.putText(page, "BIA", (540, 1200), cv2.FONT_HERSHEY_SIMPLEX, 2, 40, 5)
    return page


@pytest.mark.parametrize("shape", ["seal", "seals", "wheel"])
@pytest.mark.parametrize("turn", [-6.0, -2.5, 3.0, 4.5])
def test_a_frame_around_a_seal_shows_its_turn(shape, turn):
    """Rings spread their energy over all angles; the two directions of the frame agree on one."""
    found, confidence = skew_of(turned(cover(shape), turn))
    assert found == pytest.approx(turn, abs=0.1) and confidence > 0.8


def test_rings_without_a_frame_have_no_direction():
    """Two directions that agree by chance are not taken for a skew."""
    for shape in ("seal", "seals", "wheel"):
        page = cover(shape)
        page[:120], page[-120:], page[:, :120], page[:, -120:], page[1100:1300] = 205, 205, 205, 205, 205
        assert skew_of(turned(page, 4.0))[0] is None
