"""Glare on what is not white paper: the page net looks, where the image asks for it, and at the sheet alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from sohoa.pages import measure_page
from sohoa.pages.measure_page import measure_bytes
from sohoa.pages.metrics.glare import find_lights, measure_glare
from sohoa.pages.page_net import PageMaps
from sohoa.pages.views import PageViews
from tests.pages.page_files import LIMITS, jpeg, pdf_file, pillow_file, text_page
from tests.pages.test_machines import PLAIN_PROCESSOR
from tests.pages.test_sheet import ASLANT, HEIGHT, WIDTH, photograph, wood

REVIEW = 0.0029
"""Of ``expectations/thresholds.toml``."""


def cover(red: int, green: int, blue: int) -> np.ndarray:
    """A coloured cover with a lighter band and print."""
    page = np.full((1414, 1000, 3), (red, green, blue), np.uint8)
    page[200:420] = np.minimum(page[200:420].astype(int) + 60, 255)
    for line in range(8):
        place = (90, 260 + 130 * line)
        cv2.putText(page, f"GIAY CHUNG NHAN {line}", place, cv2.FONT_HERSHEY_DUPLEX, 2, (240, 220, 120), 4)
    return page


def lamp(page: np.ndarray, x: float, y: float, size: float, strength: float = 3.0) -> np.ndarray:
    """The page with the image of a lamp on it, added as light is."""
    height, width = page.shape[:2]
    rows, columns = np.ogrid[:height, :width]
    far = ((columns / width - x) ** 2 + (rows / height - y) ** 2 * (height / width) ** 2) / size**2
    lit = (page / 255.0) ** 2.2 + strength * np.exp(-(far**1.5))[..., None]
    return (np.clip(lit, 0, 1) ** (1 / 2.2) * 255).astype(np.uint8)


def row_of(data: bytes) -> dict[str, Any]:
    (row,) = measure_bytes(data, "a", LIMITS)
    return dict(row)


COVERS = {"red": (150, 20, 25), "blue": (30, 60, 120), "grey": (90, 90, 95), "green": (20, 90, 50)}
PLACES = {"upper left": (0.3, 0.25), "middle": (0.5, 0.5), "lower right": (0.7, 0.75)}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES.keys())
@pytest.mark.parametrize("colour", COVERS.values(), ids=COVERS.keys())
def test_a_lamp_on_a_cover_is_seen_where_it_is(colour: tuple[int, int, int], place: tuple[float, float]) -> None:
    """More than the limit, its centre inside the box; the same cover without it has none."""
    page = cover(*colour)
    bare, row = row_of(jpeg(page)), row_of(jpeg(lamp(page, *place, 0.2)))
    assert bare["glare_ratio"] < REVIEW / 2
    assert row["glare_ratio"] > REVIEW
    x, y, width, height = row["glare_box"]
    assert x < place[0] < x + width and y < place[1] < y + height


FILES: dict[str, Callable[[np.ndarray], bytes]] = {
    "png": lambda page: pillow_file(page, "PNG"),
    "tiff": lambda page: pillow_file(page, "TIFF"),
    "grey jpeg": lambda page: pillow_file(page, "JPEG", mode="L", quality=90),
    "pdf": lambda page: pdf_file([jpeg(page)]),
    "turned": lambda page: pillow_file(np.rot90(page), "JPEG", exif=_turned(), quality=90),
}


def _turned() -> Image.Exif:
    block = Image.Exif()
    block[274] = 6
    return block


@pytest.mark.parametrize("name", FILES)
def test_every_format_is_looked_at_the_right_way_up(name: str) -> None:
    """In colour or in grey."""
    row = row_of(FILES[name](lamp(cover(150, 20, 25), 0.7, 0.25, 0.2)))
    x, y, width, height = row["glare_box"]
    assert row["glare_ratio"] > REVIEW
    assert x < 0.7 < x + width and y < 0.25 < y + height


def asked(data: bytes, monkeypatch: pytest.MonkeyPatch) -> int:
    """How often the net is asked about a file."""
    calls: list[object] = []
    monkeypatch.setattr(measure_page, "find_lights", lambda *_: calls.append(0) or (0.5, None))
    measure_bytes(data, "a", LIMITS)
    return len(calls)


def test_white_pages_and_two_tones_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Office pages cost no second decoding; of two tones nothing is said."""
    sealed = text_page()
    cv2.circle(sealed, (900, 1400), 130, (200, 30, 40), 12)
    fax = pillow_file(cover(150, 20, 25), "TIFF", mode="1")
    assert [asked(data, monkeypatch) for data in (jpeg(text_page()), jpeg(sealed), fax)] == [0, 0, 0]
    assert asked(pillow_file(cover(150, 20, 25), "TIFF", pages=2), monkeypatch) == 2
    assert row_of(fax)["glare_ratio"] is None


@cache
def white_a3(paper: int) -> np.ndarray:
    """An A3 sheet of two pages of text at 150 dpi, as a scanner shows it."""
    sheet = np.full((1754, 2480), float(paper))
    text = text_page(lines=40, paper=255)[..., 0] / 255.0
    sheet[:, :1240] *= text
    sheet[:, 1240:] *= text
    return sheet + np.random.default_rng(1).normal(0, 1, sheet.shape)


@pytest.mark.parametrize("turned", [False, True])
def test_a_white_field_on_tinted_paper_is_no_glare(turned: bool) -> None:
    """As on an identity card: its edges fade and are straight. As large a light with a round edge is glare."""
    field, light = np.zeros((2, 1414, 1000), np.uint8)
    field[950:1250, 60:940] = 255
    cv2.ellipse(light, (500, 1000), (330, 180), 30, 0, 360, 255, -1)
    for shape, across, is_glare in ((field, 6, False), (light, 60, True)):
        lit = cv2.GaussianBlur(shape, (0, 0), across, sigmaY=90)
        page = (225 + 29 * (lit / lit.max())).astype(np.uint8)
        share, _ = measure_glare(PageViews.of(np.ascontiguousarray(page.T if turned else page), 121.0))
        assert (share > 0) == is_glare


STRIPS = {
    "right": (slice(None), slice(1360, None)), "lower": (slice(960, None), slice(None)),
    "left": (slice(None), slice(1100)), "middle": (slice(None), slice(800, 1700)),
}  # fmt: skip


@pytest.mark.parametrize("strip", STRIPS.values(), ids=STRIPS.keys())
@pytest.mark.parametrize("share", [0.03, 0.045, 0.06])
@pytest.mark.parametrize("paper", [237, 241])
def test_a_brighter_strip_of_a_white_sheet_is_no_glare(strip: tuple[slice, slice], share: float, paper: int) -> None:
    """Scanners of large sheets join strips of unequal tone: that is a seam. A lamp on the same sheet is glare still."""
    sheet = white_a3(paper).copy()
    sheet[strip] *= 1 + share
    seen = sheet.clip(0, 255).astype(np.uint8)
    assert measure_glare(PageViews.of(seen, 150.0)) == (0.0, None)
    lit = lamp(seen[..., None], 0.5, 0.5, 0.1, 0.6)[..., 0]
    share_lit, box = measure_glare(PageViews.of(np.ascontiguousarray(lit), 150.0))
    assert share_lit > 0.0005 and box is not None


def test_a_lamp_in_the_desk_beside_the_sheet_hides_nothing() -> None:
    """The same lamp counts where it lies on the sheet."""
    desk = photograph(wood(HEIGHT, WIDTH), ASLANT * 0.8 + np.array([10, 20], np.float32), text_page(paper=205))
    beside, upon = (row_of(jpeg(lamp(desk, *place, 0.1))) for place in ((0.93, 0.9), (0.4, 0.45)))
    assert beside["perspective"] is not None and upon["perspective"] is not None
    assert beside["glare_ratio"] < REVIEW < upon["glare_ratio"]


_PRINT = """
import sys
from pathlib import Path
from sohoa.pages.measure_page import measure_bytes
from sohoa.pages.metrics.glare import find_lights, measure_glare
from sohoa.pages.page_net import PageMaps
from sohoa.pages.views import PageViews
from tests.pages.page_files import LIMITS
for name in sys.argv[1:]:
    (row,) = measure_bytes(Path(name).read_bytes(), "a", LIMITS)
    print(row)
"""


def test_covers_and_photographs_do_not_depend_on_the_processor(tmp_path: Path) -> None:
    """With and without vector instructions: the second decoding, the net, and the sheet laid flat."""
    shown = {
        "cover": lamp(cover(30, 60, 120), 0.4, 0.4, 0.2),
        "photograph": photograph(wood(HEIGHT, WIDTH), ASLANT, text_page((1000, 1414))),
    }
    for name, picture in shown.items():
        (tmp_path / name).write_bytes(jpeg(picture))
    command = [sys.executable, "-c", _PRINT, *(str(tmp_path / name) for name in shown)]
    said = [
        subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | extra).stdout
        for extra in ({}, PLAIN_PROCESSOR)
    ]
    assert said[0] == said[1]
    assert "'perspective': 0." in said[0]


def test_light_that_falls_off_over_a_page_is_no_lamp() -> None:
    """The map rises towards one side without an end; a small light as sure stands out."""
    slope = np.tile(np.linspace(0, 150, 48).astype(np.uint8), (64, 1))
    spot = np.zeros((64, 48), np.uint8)
    spot[30:34, 20:24] = 175
    none, sheet = np.zeros((64, 48), np.uint8), np.full((64, 48), 255, np.uint8)
    assert find_lights(PageMaps(slope, sheet, none, none), None)[0] < REVIEW
    assert find_lights(PageMaps(spot, sheet, none, none), None)[0] > REVIEW


def test_a_spot_amid_other_light_must_be_surer() -> None:
    """A hologram of a card whose film is all a little bright; where nothing else is lit the same spot is a lamp."""
    none, sheet = np.zeros((64, 48), np.uint8), np.full((64, 48), 255, np.uint8)
    film = np.full((64, 48), 100, np.uint8)
    for around, is_lamp in ((film, False), (none, True)):
        light = around.copy()
        light[30:34, 20:24] = 181
        assert (find_lights(PageMaps(light, sheet, none, none), None)[0] > REVIEW) is is_lamp
