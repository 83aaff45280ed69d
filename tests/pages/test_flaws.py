"""Flaws that harm no pixel: the page is measured as every reader shows it. What was cut or damaged is still told."""

from __future__ import annotations

import io
import random
import struct

import numpy as np
import pytest
import simplejpeg
from PIL import Image

from sohoa.pages.decode import read_pages
from sohoa.pages.decode.colour import ColourReader
from tests.pages.page_files import LIMITS, code, measure, pdf_file, pillow_file, text_page
from tests.pages.test_integrity import chunk

PAGE = text_page((400, 560), 10)
PLAIN = pillow_file(PAGE, "JPEG", quality=85)
RESTARTS = pillow_file(PAGE, "JPEG", quality=85, restart_marker_rows=1)
PROGRESSIVE = pillow_file(PAGE, "JPEG", progressive=True)
PNG = pillow_file(PAGE, "PNG", dpi=(150, 150))


def grey_of(data: bytes, kind: str = "jpeg") -> np.ndarray:
    (page,) = read_pages(data, kind, LIMITS)
    assert page.fault is None, page.fault
    assert page.grey is not None
    return page.grey


def before(data: bytes, marker: bytes, more: bytes, every: bool = False) -> bytes:
    """The stream with bytes before the last of these markers, or before every one."""
    return (
        data.replace(marker, more + marker)
        if every
        else more.join([data[: data.rindex(marker)], data[data.rindex(marker) :]])
    )


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body


def adobe(transform: int) -> bytes:
    return segment(0xEE, b"Adobe" + struct.pack(">HHHB", 100, 0, 0, transform))


def after_start(data: bytes, more: bytes) -> bytes:
    return data[:2] + more + data[2:]


# ------------------------------------------------------------------------------------------------------------- JPEG

ICC = b"ICC_PROFILE\0"
HARMLESS = {
    "one zero before the end": before(PLAIN, b"\xff\xd9", b"\0"),
    "two zeros before the end": before(PLAIN, b"\xff\xd9", b"\0\0"),
    "many zeros before the end": before(PLAIN, b"\xff\xd9", bytes(4000)),
    "zeros before one restart": before(RESTARTS, b"\xff\xd3", bytes(8)),
    "zeros before every restart": before(RESTARTS, b"\xff\xd3", bytes(8), every=True),
    "zeros before restarts and end": before(before(RESTARTS, b"\xff\xd3", bytes(5)), b"\xff\xd9", bytes(3)),
    "zeros before the end, progressive": before(PROGRESSIVE, b"\xff\xd9", bytes(16)),
    "bytes between two segments": before(PLAIN, b"\xff\xc0", b"\x01\x02"),
    "zeros before the scan": before(PLAIN, b"\xff\xda", bytes(3)),
    "empty colour profile": after_start(PLAIN, segment(0xE2, ICC + b"\1\1")),
    "colour profile after the frame": before(PLAIN, b"\xff\xda", segment(0xE2, ICC + b"\1\2")),
    "colour profile of which a part is missing": after_start(PLAIN, segment(0xE2, ICC + b"\2\3profile")),
    "colour profile numbered 0": after_start(PLAIN, segment(0xE2, ICC + b"\0\0profile")),
    "unknown transform": after_start(PLAIN[:2] + PLAIN[20:], adobe(9)),
    "transform of four colours": after_start(PLAIN[:2] + PLAIN[20:], adobe(2)),
    "empty profile, unknown transform and zeros": before(
        after_start(PLAIN, adobe(2) + segment(0xE2, ICC + b"\1\1")), b"\xff\xd9", bytes(16)
    ),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_a_flawed_jpeg_gives_the_pixels_of_the_sound_one(name):
    """By itself and inside a PDF."""
    data = HARMLESS[name]
    sound = RESTARTS if "restart" in name else PROGRESSIVE if "progressive" in name else PLAIN
    assert np.array_equal(grey_of(data), grey_of(sound))
    row = measure(pdf_file([data], (400, 560)))[0]
    assert (row["error"], row["ink_ratio"]) == (None, measure(pdf_file([sound], (400, 560)))[0]["ink_ratio"])


def test_a_flawed_jpeg_that_was_cut_is_told():
    """Wherever it is cut: a flaw excuses nothing."""
    for data in HARMLESS.values():
        for keep in (0.3, 0.6, 0.9):
            assert code(measure(data[: int(keep * len(data))])[0]) is not None
            assert code(measure(data[: int(keep * len(data))] + b"\xff\xd9")[0]) is not None


def decodes_without_a_warning(data: bytes) -> bool:
    try:
        return len(simplejpeg.decode_jpeg(data, colorspace="GRAY", strict=True)) > 0
    except ValueError:
        return False


def test_what_libjpeg_finds_damaged_stays_damaged():
    """Flipped bits, zeroed and doubled stretches of coded data; other bytes than zeros before a marker."""
    dice, told = random.Random(1), 0
    for data in (PLAIN, RESTARTS):
        start = data.rindex(b"\xff\xda") + 14
        for _ in range(150):
            at, size = dice.randrange(start, len(data) - 60), dice.choice((1, 2, 8, 40))
            stretch = data[at : at + size]
            bad = dice.choice((bytes(size), bytes([stretch[0] ^ 1 << dice.randrange(8)]) + stretch[1:], 2 * stretch))
            broken = data[:at] + bad + data[at + size :]
            if not decodes_without_a_warning(broken):
                told += 1
                assert code(measure(broken)[0]) is not None
    assert told > 100
    for more in (b"\x12\x34\x56\x78" * 3, b"\1" * 12, bytes(12) + b"\x80"):
        assert code(measure(before(PLAIN, b"\xff\xd9", more))[0]) == "unreadable"


def test_zeros_in_place_of_the_end_of_the_picture_are_no_flaw():
    """The last blocks overwritten with zeros are lost, end marker or not."""
    for lost in (50, 500, 5000):
        assert code(measure(PLAIN[: -2 - lost] + bytes(lost) + b"\xff\xd9")[0]) is not None


@pytest.mark.parametrize("orientation", range(1, 9))
def test_each_orientation_is_undone(orientation):
    """A picture that was turned or mirrored, and says so, is upright; sides and resolution go with it."""
    undo = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}[orientation]
    back = {2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
            5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
            8: Image.Transpose.ROTATE_90}  # fmt: skip
    exif = Image.Exif()
    exif[274], exif[282], exif[283], exif[296] = orientation, 150.0, 300.0, 2
    stored = Image.fromarray(PAGE).transpose(back[undo]) if undo > 1 else Image.fromarray(PAGE)
    data = pillow_file(np.asarray(stored), "JPEG", quality=95, exif=exif)
    grey = grey_of(data)
    assert grey.shape == (560, 400)
    assert np.abs(grey.astype(int) - grey_of(pillow_file(PAGE, "JPEG", quality=95))).mean() < 1
    row = measure(data)[0]
    assert (row["width_px"], row["dpi_x"]) == (400, 300.0 if orientation > 4 else 150.0)
    with ColourReader(data, "jpeg") as reader:
        shown = reader.page(1, 400)
    assert shown is not None and np.abs(shown.astype(int) - PAGE[..., ::-1]).mean() < 2


@pytest.mark.parametrize("orientation", [3, 5, 6, 8])
def test_readers_do_not_turn_a_jpeg_inside_a_pdf(orientation):
    """Its picture on a slip stands as the page does, whatever its EXIF block says; so do the numbers."""
    exif = Image.Exif()
    exif[274] = orientation
    plain, told = (pdf_file([pillow_file(PAGE, "JPEG", exif=block)], (400, 560)) for block in (Image.Exif(), exif))
    pictures = []
    for data in (plain, told):
        with ColourReader(data, "pdf") as reader:
            pictures.append(reader.page(1, 400))
    assert pictures[1].shape == (560, 400, 3) and np.array_equal(*pictures)
    assert measure(plain)[0]["ink_ratio"] == measure(told)[0]["ink_ratio"]


# -------------------------------------------------------------------------------------------------------------- PNG


def with_chunk(name: bytes, body: bytes, wrong: bool = True) -> bytes:
    """The page with one chunk more, after its header, whose checksum may be wrong."""
    whole = chunk(name, body)
    return PNG[:33] + whole[:-4] + (b"\x12\x34\x56\x78" if wrong else whole[-4:]) + PNG[33:]


@pytest.mark.parametrize("name", [b"tEXt", b"iTXt", b"zTXt", b"eXIf", b"iCCP", b"tIME"])
def test_a_wrong_checksum_of_what_no_picture_needs_harms_nothing(name):
    """The page is that of the sound file."""
    row, sound = measure(with_chunk(name, b"Comment\0text"))[0], measure(PNG)[0]
    assert row["error"] is None
    assert {key: row[key] for key in row if key not in {"sha256", "bytes", "file_flaw"}} == {
        key: sound[key] for key in sound if key not in {"sha256", "bytes", "file_flaw"}
    }


def test_a_resolution_with_a_wrong_checksum_is_not_known():
    """It is not believed, and the page is measured."""
    at = PNG.index(b"pHYs")
    row = measure(PNG[: at + 13] + b"\0\0\0\0" + PNG[at + 17 :])[0]
    assert (row["error"], row["dpi_x"]) == (None, None)


@pytest.mark.parametrize("name", [b"IHDR", b"IDAT", b"tRNS", b"PLTE", b"CgBI", b"\0\1\2\3"])
def test_a_wrong_checksum_of_what_the_picture_needs_is_damage(name):
    """Of pixels, palette, transparency and of chunks that nobody knows but must."""
    image = Image.fromarray(PAGE).quantize(16)
    out = io.BytesIO()
    image.save(out, "PNG", transparency=3)
    data = out.getvalue()
    if name in data:
        at = data.index(name)
        end = at + 4 + int.from_bytes(data[at - 4 : at], "big")
        data = data[:end] + bytes([data[end] ^ 1]) + data[end + 1 :]
    else:
        data = with_chunk(name, b"x")
    assert code(measure(data)[0]) == "unreadable"


def test_a_png_that_ends_inside_a_text_is_cut():
    """A chunk that does not lie inside the file is a cut, whatever it would have said."""
    text = with_chunk(b"tEXt", b"Comment\0" + bytes(500))
    assert code(measure(text[:200])[0]) == "truncated"
