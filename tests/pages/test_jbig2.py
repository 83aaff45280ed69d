"""JBIG2 images of a PDF: sound ones are measured, those cut short or with a part missing are an error."""

from __future__ import annotations

import io
import struct
from typing import Any

import cv2
import numpy as np
import pikepdf
import pytest

from sohoa.pages.decode import read_pages
from tests.pages.jbig2_writer import (
    FILE_END,
    GENERIC,
    PAGE_END,
    STRIPE_END,
    SYMBOLS,
    TEXT,
    UNKNOWN,
    arithmetic,
    page,
    region,
    segment,
)
from tests.pages.page_files import LIMITS, code, measure, text_page
from tests.pages.pdf_scans import scan_pdf
from tests.pages.test_tiff_kinds import fax

SIZE, STRIPE = (240, 320), 80
BLACK = text_page(SIZE, 4).mean(axis=2) < 128
CODED = arithmetic(BLACK)
FAX_SIZE, FAX = (400, 560), fax(b"")[0]


def striped(height: int, count: int = SIZE[1] // STRIPE) -> bytes:
    """A page of so many stripes, each with its end."""
    parts = [page(SIZE[0], height, STRIPE)]
    for number in range(count):
        top = number * STRIPE
        coded = region((SIZE[0], STRIPE), arithmetic(BLACK[top : top + STRIPE]), top)
        parts.append(segment(2 * number + 1, GENERIC, coded))
        parts.append(segment(2 * number + 2, STRIPE_END, struct.pack(">I", top + STRIPE - 1)))
    return b"".join(parts)


WHOLE = page(*SIZE) + segment(1, GENERIC, region(SIZE, CODED))
ROWS = struct.pack(">I", SIZE[1])
SOUND = {
    "arithmetic": WHOLE,
    "with the ends of a file": WHOLE + segment(2, PAGE_END, b"") + segment(3, FILE_END, b""),
    "padded": WHOLE + bytes(9),
    "with a line feed": WHOLE + b"\r\n",
    "length unknown": page(*SIZE) + segment(1, GENERIC, region(SIZE, CODED) + ROWS, size=UNKNOWN),
    "stripes": striped(SIZE[1]),
    "height unknown": striped(UNKNOWN),
}


def in_pdf(data: bytes, size: tuple[int, int] = SIZE, **keys: Any) -> bytes:
    usual = {"ColorSpace": pikepdf.Name("/DeviceGray"), "BitsPerComponent": 1}
    return scan_pdf(data, size, ("/JBIG2Decode",), **(usual | keys))


def error_of(data: bytes, **keys: Any) -> str | None:
    return code(measure(in_pdf(data, **keys))[0])


@pytest.mark.parametrize("kind", SOUND)
def test_a_sound_image_is_read(kind: str) -> None:
    """The pixels are those that were coded."""
    (found,) = read_pages(in_pdf(SOUND[kind]), "pdf", LIMITS)
    assert found.fault is None and found.grey is not None
    expected = cv2.resize(np.where(BLACK, 0, 255).astype(np.uint8), found.grey.shape[::-1], None, 0, 0, cv2.INTER_AREA)
    assert np.abs(found.grey.astype(int) - expected).mean() < 3
    assert error_of(SOUND[kind]) is None
    assert error_of(SOUND[kind], ColorSpace=None, ImageMask=True) is None


@pytest.mark.parametrize("kind", ["arithmetic", "length unknown", "stripes", "height unknown"])
def test_an_image_cut_short_is_told(kind: str) -> None:
    """Anywhere inside a segment, and between stripes."""
    whole = SOUND[kind]
    for cut in (0, 20, 45, 60, len(whole) // 3, len(whole) // 2, len(whole) - 20):
        assert error_of(whole[:cut]) == "truncated"
        assert error_of(whole[:cut], ColorSpace=None, ImageMask=True) == "truncated"
    for count in (1, 2, 3) if kind in ("stripes", "height unknown") else ():
        assert error_of(striped(SIZE[1] if kind == "stripes" else UNKNOWN, count)) == "truncated"


@pytest.mark.parametrize("kind", ["arithmetic", "stripes", "fax"])
def test_a_hole_of_zeros_is_told(kind: str) -> None:
    """Inside, and up to the end of what the disk never wrote."""
    is_fax = kind == "fax"
    size = FAX_SIZE if is_fax else SIZE
    whole = page(*size) + segment(1, GENERIC, region(size, FAX, is_fax=True)) if is_fax else SOUND[kind]
    assert code(measure(in_pdf(whole, size))[0]) is None
    for at in (70, len(whole) // 2):
        for rest in (whole[at + 200 :], bytes(len(whole) - at - 200)):
            assert code(measure(in_pdf(whole[:at] + bytes(200) + rest, size))[0]) in ("truncated", "unreadable")


def test_what_images_share_must_be_there() -> None:
    """Text names the dictionaries of its letters: in the image or among the shared segments."""
    letters = segment(0, SYMBOLS, bytes(18))
    text = page(*SIZE) + segment(2, TEXT, struct.pack(">4IB", *SIZE, 0, 0, 0) + bytes(9), (0,))
    own = page(*SIZE).replace(bytes(4), b"\0\0\0\1", 1)
    text = own + text[len(own) :]
    with pikepdf.open(io.BytesIO(in_pdf(text))) as pdf:
        image, out = pdf.pages[0].obj.Resources.XObject["/S0"], io.BytesIO()
        image.DecodeParms = pikepdf.Dictionary(JBIG2Globals=pdf.make_stream(letters))
        pdf.save(out)
    assert code(measure(out.getvalue())[0]) is None
    assert error_of(letters + text) is None
    assert error_of(text) == "unreadable"


@pytest.mark.parametrize("kind", [1, 21, 63])
def test_a_segment_of_no_known_type_is_told(kind: int) -> None:
    """As flipped bits of a header make it."""
    assert error_of(page(*SIZE) + segment(1, kind, region(SIZE, CODED))) == "unreadable"


def test_coded_pixels_of_any_pattern_hold_few_zeros() -> None:
    """Blank, full, noise, a chequer, lines: what a hole is told by is in none of them."""
    dice = np.random.default_rng(1)
    for pattern in (
        np.zeros((150, 200), bool), np.ones((150, 200), bool), dice.random((150, 200)) < 0.5,
        dice.random((150, 200)) < 0.02, np.indices((150, 200)).sum(axis=0) % 2 == 0, np.indices((150, 200))[0] % 9 == 0,
    ):  # fmt: skip
        data = page(200, 150) + segment(1, GENERIC, region((200, 150), arithmetic(pattern)))
        assert code(measure(in_pdf(data, (200, 150)))[0]) is None
