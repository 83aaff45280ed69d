"""Fax-coded data with a code word that there is not: libtiff mends them, and the page is an error all the same."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pikepdf
import pytest

from sohoa.pages.decode import libtiff
from tests.pages.page_files import code, measure, pillow_file, text_page
from tests.pages.pdf_scans import scan_pdf
from tests.pages.test_tiff_kinds import fax, write_tiff

PAGE = text_page((400, 560), 10)
CODED, TAGS = fax(b"")
PARAMS = pikepdf.Dictionary(K=-1, Columns=400, Rows=560)


def in_pdf(coded: bytes, **keys: Any) -> bytes:
    usual = {"ColorSpace": None, "BitsPerComponent": 1, "DecodeParms": PARAMS}
    return scan_pdf(coded, (400, 560), ("/CCITTFaxDecode",), **(usual | keys))


FILES: dict[str, Callable[[bytes], bytes]] = {
    "pdf": lambda coded: in_pdf(coded, ColorSpace=pikepdf.Name("/DeviceGray")),
    "tiff": lambda coded: write_tiff((TAGS, [coded])),
    "pdf mask": lambda coded: in_pdf(coded, ImageMask=True),
    "pdf mask, turned round": lambda coded: in_pdf(coded, ImageMask=True, Decode=[1, 0]),
}


def flipped(data: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(200, len(data) - 200)
    return data[:at] + bytes([data[at] ^ 1 << dice.randrange(8)]) + data[at + 1 :]


@pytest.mark.parametrize("kind", FILES)
def test_a_flipped_bit_is_nearly_always_told(kind: str) -> None:
    """A row of group 4 rests on the row above: what follows seldom makes sense. The sound file has no error."""
    dice, make = random.Random(3), FILES[kind]
    assert code(measure(make(CODED))[0]) is None
    found = [code(measure(make(flipped(CODED, dice)))[0]) for _ in range(20)]
    assert set(found) <= {"unreadable", None} and found.count("unreadable") >= 17


def test_a_file_after_a_damaged_one_is_not_blamed() -> None:
    """Nor is one of another coding."""
    assert code(measure(FILES["tiff"](flipped(CODED, random.Random(3))))[0]) == "unreadable"
    assert code(measure(FILES["tiff"](CODED))[0]) is None
    assert code(measure(pillow_file(PAGE, "TIFF", compression="tiff_lzw"))[0]) is None


def test_sound_pages_of_any_pattern_are_whole() -> None:
    """Noise, hardly any ink, hardly any paper; group 3 and 4, with and without its order of bits."""
    dice = np.random.default_rng(1)
    for share in (0.01, 0.5, 0.99):
        noise = np.repeat((dice.random((233, 301, 1)) > share).astype(np.uint8) * 255, 3, axis=2)
        for coding in ("group3", "group4", "tiff_ccitt"):
            assert code(measure(pillow_file(noise, "TIFF", "1", compression=coding))[0]) is None


def test_the_library_that_pillow_has_loaded_is_found() -> None:
    """Else all of the above would say nothing."""
    assert libtiff._listen() is not None
