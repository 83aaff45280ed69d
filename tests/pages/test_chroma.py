"""Colour of pages on which a seal is to be expected."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from sohoa.pages.decode import colour
from sohoa.pages.guard.guard import Guard
from sohoa.pages.measure_page import measure_bytes
from sohoa.pages.metrics.chroma import measure_chroma
from tests.pages.page_files import LIMITS, REAL, jpeg, measure, pdf_file, pillow_file, text_page

SIZE = (1240, 1754)
PAGE = text_page(SIZE)


def sealed(page: np.ndarray) -> np.ndarray:
    """With a red ring of 35 mm."""
    page = page.copy()
    for radius, width in ((100, 6), (70, 3)):
        cv2.circle(page, (800, 1400), radius, (210, 40, 60), width)
    return page


def grey(page: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(cv2.cvtColor(page, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)


SEALED = sealed(PAGE)


def raw_pdf(page: np.ndarray) -> bytes:
    return pdf_file([zlib.compress(np.ascontiguousarray(page).tobytes())], SIZE, coding="/FlateDecode")


FORMATS: dict[str, Callable[[np.ndarray], bytes]] = {
    "jpeg": jpeg,
    "pdf": lambda page: pdf_file([jpeg(page)]),
    "raw_pdf": raw_pdf,
    "png": lambda page: pillow_file(page, "PNG"),
    "tiff": lambda page: pillow_file(page, "TIFF"),
}


def chroma(data: bytes) -> float | None:
    [row] = measure_bytes(data, "page", LIMITS, with_colour=True)
    assert row["error"] is None
    value: float | None = row["chroma"]
    return value


@pytest.mark.parametrize("kind", FORMATS)
def test_a_seal_stands_out_and_a_grey_scan_has_no_colour(kind: str) -> None:
    """Each format: a red ring far above black print, and exactly nothing where red was lost."""
    make = FORMATS[kind]
    with_seal, without, lost = (chroma(make(page)) for page in (SEALED, PAGE, grey(SEALED)))
    assert with_seal is not None and without is not None
    assert with_seal > 40 > 20 > without
    assert lost == 0


def test_it_is_not_looked_at_unless_asked_for() -> None:
    """Without `with_colour` the column is null."""
    [row] = measure(jpeg(SEALED))
    assert row["chroma"] is None


def test_a_page_that_is_not_stored_in_colour_has_none_to_measure() -> None:
    """Grey and black-and-white files have no chroma, not a chroma of 0."""
    assert chroma(pillow_file(PAGE, "PNG", "L")) is None
    assert chroma(pillow_file(PAGE, "TIFF", "1")) is None


def test_a_blank_page_shows_nothing_about_colour() -> None:
    """The back of a result without print is no lost seal."""
    assert chroma(jpeg(np.full_like(PAGE, 250))) is None


def test_each_page_of_a_file_has_its_own() -> None:
    """The pages of one PDF keep their order: sealed above plain above grey."""
    rows = measure_bytes(pdf_file([jpeg(page) for page in (PAGE, SEALED, grey(PAGE))]), "page", LIMITS, True)
    first, second, third = (row["chroma"] for row in rows)
    assert second > first > third == 0


def test_the_tint_of_old_paper_is_no_colour() -> None:
    """A grey print on yellow paper is as colourless as on white: the paper is what colours are held against."""
    yellow = np.full((300, 200, 3), (150, 215, 235), np.uint8)
    assert measure_chroma(yellow, 36.0) == 0


def test_a_spot_smaller_than_a_seal_does_not_count() -> None:
    """50 mm² are needed, whatever the size of the sheet."""
    for side in (300, 1200):
        page = np.full((side, side, 3), 245, np.uint8)
        page[50:55, 50:55] = (60, 40, 210)
        assert measure_chroma(page, 36.0) == 0
        page[50:70, 50:70] = (60, 40, 210)
        assert measure_chroma(page, 36.0) > 40


def test_real_pages() -> None:
    """A map in four colours, and a page of black print scanned in colour."""
    colours = chroma((REAL / "lept_map.057.jpg").read_bytes()), chroma((REAL / "lept_candelabrum.011.jpg").read_bytes())
    assert colours[0] is not None and colours[1] is not None
    assert colours[0] > 60 > colours[1] > 1


def test_a_guarded_process_says_the_same() -> None:
    """The row of a child process is the row of this process."""
    with Guard(LIMITS, 1) as guard:
        assert guard.measure_bytes(jpeg(SEALED), "page", True) == measure_bytes(jpeg(SEALED), "page", LIMITS, True)


def test_a_damaged_file_stays_a_row() -> None:
    """A file that is cut short has its error and no chroma."""
    [row] = measure_bytes(jpeg(SEALED)[:5000], "page", LIMITS, True)
    assert row["error"].startswith("truncated") and row["chroma"] is None


def test_colours_that_coding_has_lost_are_not_told_to_be_absent():
    """A faint tint is gone at a quality below 26, and so is the proof that there was none; a seal is still seen."""
    tinted = np.clip(PAGE - np.array([0, 0, 3]), 0, 255).astype(np.uint8)
    assert chroma(jpeg(tinted, 11)) is None and chroma(jpeg(grey(PAGE), 20)) is None
    assert chroma(jpeg(grey(PAGE), 30)) == 0 and chroma(jpeg(grey(PAGE), 85)) == 0
    assert (chroma(jpeg(SEALED, 11)) or 0) > 10


@pytest.mark.parametrize("wrap", [bytes, lambda data: pdf_file([data], (1650, 2340))], ids=["jpeg", "pdf"])
def test_a_tinted_result_is_decoded_in_colour_once(
    wrap: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its glare and its seal are looked for in one picture, with what each finds by itself."""
    data = wrap(jpeg(sealed(text_page((1650, 2340), paper=190))))
    [row], decoded, decode = measure(data), [], colour._decode
    assert row["glare_ratio"] is not None
    monkeypatch.setattr(colour, "_decode", lambda *args: decoded.append(args) or decode(*args))
    [both] = measure_bytes(data, "page", LIMITS, with_colour=True)
    assert len(decoded) == 1
    assert both == {**row, "file": "page", "chroma": both["chroma"]} and both["chroma"] > 20
