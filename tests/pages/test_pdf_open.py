"""PDF files with a flaw that no reader minds are measured; what is lost, locked or not agreed on is told."""

from __future__ import annotations

import io
import re
import zlib
from typing import Any

import pikepdf
import pytest

from tests.pages.page_files import A4_150, code, jpeg, measure, pdf_file, text_page
from tests.pages.pdf_scans import scan_pdf
from tests.pages.sound_files import make_seeds

PAGE = text_page()
JPEG = jpeg(PAGE)
FILE = pdf_file([JPEG, jpeg(PAGE[::-1])])
SEEN = ("width_px", "height_px", "dpi_x", "ink_ratio", "phash", "jpeg_quality", "paper_class", "error")


def seen(data: bytes) -> list[list[Any]]:
    return [[row[name] for name in SEEN] for row in measure(data)]


def with_start(data: bytes, shift: int) -> bytes:
    """The file whose last line of numbers points beside the table."""
    return re.sub(rb"startxref\n(\d+)", lambda found: b"startxref\n%d" % (int(found[1]) + shift), data)


def with_length(data: bytes, shift: int) -> bytes:
    """The file whose first picture claims another length."""
    length = b"/Length %d" % len(JPEG)
    assert length in data
    return data.replace(length, b"/Length %d" % (len(JPEG) + shift))


@pytest.mark.parametrize(
    "data",
    [
        FILE + bytes(2048),
        FILE + bytes(70_000),
        FILE + b"\r\n\r\n",
        with_start(FILE, 1),
        with_start(FILE, -7),
        with_start(FILE, 5_000_000),
        with_length(FILE, -30),
        with_length(FILE, 12),
        re.sub(rb"\n3 0 obj", b"\n3  0 obj", FILE),
        with_start(re.sub(rb"\n(\d) 0 obj", rb"\n\1  0 obj", FILE), 3),
        pdf_file([JPEG, jpeg(PAGE[::-1])], keys={"/CropBox": [0, 0, 0, 0]}),
        pdf_file([JPEG, jpeg(PAGE[::-1])], keys={"/CropBox": [2000, 2000, 2595, 2842]}),
    ],
    ids=[
        "zeros", "many_zeros", "line_ends", "start_off_by_one", "start_before", "start_beyond", "length_short",
        "length_long", "two_blanks", "blanks_and_start", "crop_box_of_zeros", "crop_box_outside",
    ],
)  # fmt: skip
def test_a_flaw_that_no_reader_minds_changes_nothing(data: bytes) -> None:
    """The pages are those of the file without it."""
    assert seen(data) == seen(FILE)


def test_a_small_file_with_large_object_numbers_is_read() -> None:
    """A part taken out of a large file keeps its numbers."""
    objects = {
        900_001: b"<</Type/Catalog/Pages 900002 0 R>>",
        900_002: b"<</Type/Pages/Count 1/Kids[900003 0 R]>>",
        900_003: b"<</Type/Page/Parent 900002 0 R/MediaBox[0 0 595 842]>>",
    }
    body, entries = b"%PDF-1.4\n", b""
    for number, text in objects.items():
        entries += b"%010d 00000 n \n" % len(body)
        body += b"%d 0 obj\n%b\nendobj\n" % (number, text)
    table = b"xref\n0 1\n0000000000 65535 f \n900001 3\n" + entries
    tail = b"trailer<</Size 900004/Root 900001 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(body)
    (row,) = measure(body + table + tail)
    assert (row["error"], row["paper_class"], row["is_blank"]) == (None, "a4", True)


def test_a_deflated_image_without_its_checksum_is_whole_and_without_a_row_is_not() -> None:
    """All pixels are there, or not."""
    packed = zlib.compress(PAGE.tobytes())
    whole = seen(scan_pdf(packed, A4_150, ("/FlateDecode",)))
    for lost in (1, 4):
        assert seen(scan_pdf(packed[:-lost], A4_150, ("/FlateDecode",))) == whole
    short = zlib.compressobj()
    data = short.compress(PAGE.tobytes()[: -3 * A4_150[0]]) + short.flush()
    (row,) = measure(scan_pdf(data, A4_150, ("/FlateDecode",)))
    assert code(row) == "truncated"


def locked(**passwords: Any) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(FILE)) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(**passwords))
    return out.getvalue()


@pytest.mark.parametrize("revision", [3, 4, 6])
def test_a_password_is_told_from_damage(revision: int) -> None:
    """Also where only the owner's password is empty; a file that opens without one is measured."""
    aes = {"aes": revision >= 4, "metadata": revision >= 4}
    for owner in ("owner", ""):
        (row,) = measure(locked(owner=owner, user="user", R=revision, **aes))
        assert code(row) == "encrypted"
    assert seen(locked(owner="owner", user="", R=revision, **aes)) == seen(FILE)


def test_what_is_lost_is_told_whatever_can_be_found_by_search() -> None:
    """Cut short, a page gone, a picture gone: no reader's guess makes them whole."""
    second = FILE.rindex(b"\xff\xd8\xff") + 3000
    gone = re.sub(rb"\n%d 0 obj" % 4, b"\n4 0 xxx", FILE)
    for data, expected in (
        (FILE[: len(FILE) // 2], {"truncated"}),
        (FILE[: len(FILE) // 2] + bytes(3000), {"truncated"}),
        (with_start(gone, 1), {"unreadable", "truncated"}),
        (with_start(FILE[:second] + FILE[second + 4000 :], 1), {"unreadable", "truncated"}),
    ):
        assert {code(row) for row in measure(data)} & expected
    half = with_start(pdf_file([JPEG[: len(JPEG) // 2], JPEG]), 1)
    assert [code(row) for row in measure(half)] == ["truncated", None]


@pytest.mark.parametrize("bits", [b"127", b"8", b"7"])
def test_a_file_that_only_one_reader_asks_a_password_for_is_encrypted(bits: bytes) -> None:
    """A key of a length that no standard has: qpdf takes the usual one, PDFium asks."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(make_seeds()["pdf drawn"])) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(owner="owner", user="", R=3, aes=False, metadata=False))
    data = out.getvalue()
    assert b"/Length 128 " in data
    (row,) = measure(data.replace(b"/Length 128 ", (b"/Length %b " % bits).ljust(len(b"/Length 128 "))))
    assert code(row) == "encrypted"
