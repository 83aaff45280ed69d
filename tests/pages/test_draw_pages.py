"""Pictures of faulty pages: small, the right way up, with the places that a row does not keep."""

from __future__ import annotations

import base64
import io
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from sohoa.pages.draw_pages import LONG_SIDE_PX, PLACES, draw_pages
from sohoa.pages.guard import guard as guard_module
from sohoa.pages.guard.guard import Guard
from tests.pages.page_files import LIMITS, jpeg, pdf_file, pillow_file, text_page

PAGE = text_page()


def with_head(page: np.ndarray) -> np.ndarray:
    """The page with a black field at its head, on the left."""
    marked = page.copy()
    marked[60:300, 100:500] = 0
    return marked


def wanted(*columns: str, page_no: int = 1) -> dict[str, Any]:
    return {"page_no": page_no, "columns": list(columns), "width_mm": PAGE.shape[1] / 150 * 25.4}


def draw(data: bytes, *columns: str) -> tuple[np.ndarray, dict[str, Any]]:
    (drawn,) = draw_pages(data, [wanted(*columns)])
    image = Image.open(io.BytesIO(base64.b64decode(drawn["jpeg"])))
    assert (drawn["width"], drawn["height"]) == image.size
    return np.asarray(image), drawn["places"]


def exif(orientation: int) -> Image.Exif:
    block = Image.Exif()
    block[274] = orientation
    return block


HEADED = with_head(PAGE)
TURNED = {
    "jpeg": jpeg(HEADED),
    "exif turn": pillow_file(np.rot90(HEADED), "JPEG", exif=exif(6)),
    "png": pillow_file(HEADED, "PNG"),
    "tiff": pillow_file(HEADED, "TIFF"),
    "pdf": pdf_file([jpeg(HEADED)]),
    "pdf upside down": pdf_file([jpeg(np.ascontiguousarray(HEADED[::-1, ::-1]))], keys={"/Rotate": 180}),
    "pdf rendered": pdf_file([jpeg(HEADED)], content=b"q 595.28 0 0 841.89 0 0 cm /Im0 Do Q 0 0 1 1 re f"),
}


@pytest.mark.parametrize("data", TURNED.values(), ids=TURNED.keys())
def test_a_picture_is_small_and_as_a_reader_shows_the_page(data: bytes) -> None:
    """At most 320 px and some 20 kB; the head is at the head, whatever turn the file asks for."""
    image, _ = draw(data)
    assert max(image.shape) <= LONG_SIDE_PX
    assert image.shape[0] > image.shape[1]
    head, foot = image[10:50, 20:80].mean(), image[-50:-10, -80:-20].mean()
    assert head < 90 < 200 < foot


def test_pictures_cost_little_to_send() -> None:
    """A page of text comes to less than 20 kB, the same bytes each time."""
    first, second = (draw_pages(jpeg(PAGE), [wanted()])[0]["jpeg"] for _ in range(2))
    assert first == second
    assert len(base64.b64decode(first)) < 20_000


SIDES = {"top": (0, 1), "bottom": (0, -1), "left": (1, 1), "right": (1, -1)}


@pytest.mark.parametrize("side", SIDES)
def test_the_place_of_a_dark_border_is_its_side(side: str) -> None:
    """A black strip at one side; without one there is no place."""
    page = PAGE.copy()
    axis, sign = SIDES[side]
    strip = np.moveaxis(page, axis, 0)[::sign]
    strip[:40] = 10
    _, places = draw(jpeg(page), "border_dark")
    x, y, width, height = places["border_dark"]
    assert (width < 0.1, height < 0.1) == (axis == 1, axis == 0)
    assert (y > 0.5, x > 0.5) == (side == "bottom", side == "right")
    assert draw(jpeg(PAGE), "border_dark")[1] == {}


def test_the_place_of_cut_text_is_its_side() -> None:
    """The left part of the page is missing: its lines begin at the frame."""
    _, places = draw(jpeg(PAGE[:, 146:]), "edge_cut")
    x, y, width, height = places["edge_cut"]
    assert (x, y, height) == (0, 0, 1)
    assert width < 0.1


def test_the_place_of_a_finger_is_where_it_lies() -> None:
    """A field of skin at the right side, from 40 to 50 % of the height, with a round end."""
    page = PAGE.copy()
    cv2.ellipse(page, (page.shape[1], 790), (130, 90), 0, 0, 360, (150, 165, 190), -1)
    _, places = draw(jpeg(page), "foreign_object")
    x, y, width, height = places["foreign_object"]
    assert x + width == pytest.approx(1, abs=0.02)
    assert 0.35 < y < 0.45 < y + height < 0.55


def test_a_file_cut_short_shows_what_arrived() -> None:
    """The upper part is there; of a file in which nothing is to be seen there is no picture."""
    data = jpeg(PAGE)
    image, _ = draw(data[: len(data) // 2])
    assert image[:100].std() > image[-40:].std()
    for nothing in (b"", b"xin chao", data[:100]):
        assert draw_pages(nothing, [wanted(*PLACES)]) == [{}]


def test_a_page_that_is_not_there_has_no_picture() -> None:
    """A PDF of two pages of which the third is asked for."""
    found = draw_pages(pdf_file([jpeg(PAGE)] * 2), [wanted(page_no=2), wanted(page_no=3)])
    assert [bool(drawn) for drawn in found] == [True, False]


KILLED_DRAWING = """
import os, signal, sys
from sohoa.pages import draw_pages as drawing
from sohoa.pages.guard import child_process

marks = os.open(sys.argv[1], os.O_RDWR | os.O_APPEND | os.O_CREAT)
draw = drawing.draw_pages

def draw_or_end(data, wanted):
    if os.lseek(marks, 0, os.SEEK_END) < int(sys.argv[2]):
        os.write(marks, b"x")
        os.kill(os.getpid(), signal.SIGKILL)
    return draw(data, wanted)

drawing.draw_pages = draw_or_end
child_process.main()
"""


@pytest.mark.parametrize(("kills", "has_picture"), [(1, True), (2, False)])
def test_a_process_ended_while_it_draws_is_no_reason_for_a_slip_without_picture(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kills: int, has_picture: bool
) -> None:
    """A fresh one draws the file; one that ends two processes has no picture, and the next file is drawn."""
    command = (sys.executable, "-P", "-c", KILLED_DRAWING, str(tmp_path / "marks"), str(kills))
    monkeypatch.setattr(guard_module, "_COMMAND", command)
    expected = draw_pages(jpeg(PAGE), [wanted()])
    with Guard(LIMITS, 1) as guard:
        assert guard.draw_pages(jpeg(PAGE), "a.jpg", [wanted()]) == (expected if has_picture else [])
        assert guard.draw_pages(jpeg(PAGE), "b.jpg", [wanted()]) == expected
