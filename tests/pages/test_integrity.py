"""Bad files become rows with the right code, whatever is wrong with them; nothing else is lost."""

from __future__ import annotations

import io
import json
import os
import socket
import struct
import time
import zlib
from dataclasses import replace

import numpy as np
import pikepdf
import pytest

from sohoa.pages.guard.faults import NEXT_STEPS, BadPage
from sohoa.pages.measure_page import measure_file
from sohoa.schema import MEASURED
from tests.pages.page_files import A4_150, LIMITS, REAL, code, image_of, jpeg, measure, pdf_file, pillow_file, text_page

PAGE = text_page((400, 560), 10)
JPEG = jpeg(PAGE)
PROGRESSIVE = pillow_file(PAGE, "JPEG", progressive=True)
PNG = pillow_file(PAGE, "PNG")
TIFF = pillow_file(PAGE, "TIFF", pages=3, compression="tiff_lzw")
PDF = pdf_file([JPEG, JPEG, JPEG], (400, 560))


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_of(width: int, height: int, body: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return PNG[:8] + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def tiff_of(*tags: tuple[int, int, int, int], following: int = 0) -> bytes:
    """A little-endian TIFF of one directory: (tag, type, count, value)."""
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + struct.pack("<I", following)


def locked(**passwords: str) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(PDF)) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(**passwords))
    return out.getvalue()


def repeated_page(times: int) -> bytes:
    """A PDF whose page tree names one page that many times."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count %d/Kids[" % times + b"3 0 R " * times + b"]>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>",
    ]
    body, offsets = b"%PDF-1.4\n", []
    for number, text in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n" % number + text + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    tail = b"trailer<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(body)
    return body + b"xref\n0 4\n0000000000 65535 f \n" + table + tail


BAD = {
    "empty": (b"", "truncated"),
    "text": (b"not a page", "wrong_format"),
    "jpeg without its last two bytes": (JPEG[:-2], "truncated"),
    "jpeg half": (JPEG[: len(JPEG) // 2], "truncated"),
    "jpeg half with an end marker": (JPEG[: len(JPEG) // 2] + b"\xff\xd9", "truncated"),
    "jpeg cut in its header": (JPEG[:100], "truncated"),
    "jpeg zeroed tail": (JPEG[:-200] + bytes(200), "truncated"),
    "jpeg progressive half": (PROGRESSIVE[: len(PROGRESSIVE) // 2], "truncated"),
    "png half": (PNG[: len(PNG) // 2], "truncated"),
    "png without end": (PNG[:-12], "truncated"),
    "png flipped bit": (PNG[:2000] + bytes([PNG[2000] ^ 1]) + PNG[2001:], "unreadable"),
    "png short of rows": (png_of(50, 50, zlib.compress(bytes(100))), "truncated"),
    "png bomb": (png_of(60_000, 60_000, b""), "too_large"),
    "png of no size": (png_of(0, 5, b""), "unreadable"),
    "tiff header": (b"II*\0", "truncated"),
    "tiff header alone": (b"II*\0\x08\0\0\0", "truncated"),
    "tiff without pages": (b"II*\0\0\0\0\0", "unreadable"),
    "tiff bomb": (tiff_of((256, 4, 1, 100_000), (257, 4, 1, 100_000)), "too_large"),
    "tiff tile bomb": (
        tiff_of((256, 4, 1, 9), (257, 4, 1, 9), (322, 4, 1, 1 << 30), (323, 4, 1, 1 << 30)), "too_large"
    ),
    "tiff absurd count": (tiff_of((256, 4, 1, 9), (257, 4, 1, 9), (273, 4, 4_000_000_000, 8)), "unreadable"),
    "tiff value outside": (tiff_of((256, 4, 1, 9), (257, 4, 1, 9), (273, 4, 9, 1 << 31)), "truncated"),
    "tiff strip outside": (
        tiff_of((256, 4, 1, 9), (257, 4, 1, 9), (273, 4, 1, 8), (279, 4, 1, 99_999)), "truncated"
    ),
    "tiff without strips": (tiff_of((256, 4, 1, 9), (257, 4, 1, 9)), "truncated"),
    "pdf half": (PDF[: len(PDF) // 2], "truncated"),
    "pdf without end": (PDF[:-30], "truncated"),
    "pdf garbage": (b"%PDF-1.7\n" + b"\0garbage " * 50 + b"%%EOF", "unreadable"),
    "pdf with a password": (locked(owner="a", user="b"), "encrypted"),
    "pdf of too many pages": (repeated_page(100_000), "too_large"),
    "pdf without pages": (repeated_page(0), "unreadable"),
    "pdf with a cut jpeg": (pdf_file([JPEG[:-2]], (400, 560)), "truncated"),
    "pdf with a cut image": (
        pdf_file([zlib.compress(PAGE.tobytes()[:-5000])], (400, 560), coding="/FlateDecode"), "truncated"
    ),
    "pdf image bomb by size": (pdf_file([JPEG], (100_000, 100_000)), "too_large"),
    "pdf image bomb by data": (
        pdf_file([zlib.compress(bytes(30_000_000))], (400, 560), coding="/FlateDecode"), "too_large"
    ),
    "pdf page bomb": (pdf_file([JPEG], (400, 560), keys={"/MediaBox": [0, 0, 1_000_000, 1_000_000]}), "too_large"),
    "pdf page without area": (pdf_file([JPEG], (400, 560), keys={"/MediaBox": [0, 0, 0, 800]}), "unreadable"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_file_is_one_row_with_its_code_and_next_step(name):
    """Each defect has its code; no pixel is measured; the row still says which file it was."""
    data, expected = BAD[name]
    (row,) = measure(data)
    assert code(row) == expected
    assert NEXT_STEPS[expected] in row["error"]
    assert row["bytes"] == len(data)
    assert row["ink_ratio"] is None and row["skew_deg"] is None


def test_every_row_has_all_columns_in_order_and_is_json():
    """Good and bad rows alike have exactly the names of the contract, and survive JSON."""
    for data in (JPEG, PNG, TIFF, PDF, b"", JPEG[:-2]):
        for row in measure(data):
            assert list(row) == MEASURED.names
            assert json.loads(json.dumps(row)) == row


def test_same_bytes_same_rows():
    """No address, time or order of work gets into a row."""
    for data, _ in BAD.values():
        assert measure(data) == measure(bytes(bytearray(data)))


def test_every_cut_of_a_file_is_an_error():
    """A file that lost its tail, wherever, is never accepted as whole."""
    for whole in (JPEG, PROGRESSIVE, PNG):
        for keep in range(1, 60):
            assert all(code(row) for row in measure(whole[: len(whole) * keep // 60]))


def test_bytes_after_the_end_marker_do_no_harm():
    """Cameras append their own data; the picture is whole."""
    (row,) = measure(JPEG + b"maker's own trailer")
    assert row["error"] is None and row["ink_ratio"] > 0


def test_one_bad_page_leaves_the_others():
    """In a TIFF and in a PDF, a damaged page has its own row and the others are measured."""
    half = pdf_file([JPEG, JPEG[:-2], JPEG], (400, 560))
    assert [code(row) for row in measure(half)] == [None, "truncated", None]
    offset = struct.unpack_from("<I", TIFF, 4)[0]
    count = struct.unpack_from("<H", TIFF, offset)[0]
    for k in range(count):
        at = offset + 2 + 12 * k
        if struct.unpack_from("<H", TIFF, at)[0] == 257:  # the first page claims 65 535 rows
            bad = TIFF[: at + 8] + b"\xff" * 4 + TIFF[at + 12 :]
    assert [code(row) for row in measure(bad)] == ["truncated", None, None]


def test_tiff_whose_pages_run_in_a_circle_ends():
    """A directory that names itself as the next one is measured once, and the circle is told."""
    rows = measure(tiff_of((256, 4, 1, 9), (257, 4, 1, 9), following=8))
    assert len(rows) == 2 and "circle" in rows[1]["error"]


def test_limits_are_the_callers():
    """Each limit refuses a file that passes without it."""
    for name, value in (("max_file_bytes", 1000), ("max_pixels", 1000), ("max_decoded_bytes", 1000), ("max_pages", 2)):
        rows = measure(PDF, replace(LIMITS, **{name: value}))
        assert {code(row) for row in rows} == {"too_large"}, name
    assert [code(row) for row in measure(PDF)] == [None] * 3


def test_a_progressive_jpeg_needs_memory_for_its_coefficients():
    """Under a tight limit the baseline file passes and the progressive one is refused before it is decoded."""
    tight = replace(LIMITS, max_decoded_bytes=400 * 560 * 2)
    assert code(measure(JPEG, tight)[0]) is None
    assert code(measure(PROGRESSIVE, tight)[0]) == "too_large"


def test_paths_that_are_no_files_are_rows_at_once(tmp_path):
    """A missing path, a folder, a FIFO without writer, a socket and a locked file are rows; nothing blocks."""
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        for name, expected in (
            ("gone", "missing"),
            (".", "unreadable"),
            ("fifo", "unreadable"),
            ("socket", "unreadable"),
        ):
            (row,) = measure_file(tmp_path / name, LIMITS)
            assert code(row) == expected
            assert row["file"] == str(tmp_path / name)
    (tmp_path / "large").write_bytes(bytes(2000))
    (row,) = measure_file(tmp_path / "large", replace(LIMITS, max_file_bytes=1000))
    assert code(row) == "too_large"


def test_a_file_reads_as_its_bytes_do():
    """``measure_file`` adds nothing but the path."""
    path = REAL / "lept_table.27.tif"
    assert [row | {"file": "page"} for row in measure_file(path, LIMITS)] == measure(path.read_bytes())


def test_deeply_nested_forms_end():
    """A form that draws itself does not hang or crash the reader."""
    with pikepdf.open(io.BytesIO(PDF)) as pdf:
        form = pdf.make_stream(b"/Fm0 Do")
        form["/Type"], form["/Subtype"] = pikepdf.Name("/XObject"), pikepdf.Name("/Form")
        form["/BBox"] = [0, 0, 600, 900]
        form = pdf.make_indirect(form)
        form["/Resources"] = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Fm0=form))
        page = pdf.pages[0].obj
        page["/Resources"] = pikepdf.Dictionary(
            XObject=pikepdf.Dictionary(Fm0=form, Im0=image_of(pdf, jpeg(text_page(A4_150)), A4_150))
        )
        page["/Contents"] = pdf.make_stream(b"/Fm0 Do")
        out = io.BytesIO()
        pdf.save(out)
    assert len(measure(out.getvalue())) == 3


def nested_forms(*times: int) -> bytes:
    """A page that draws a form so many times, which draws the next one so many times, and so on, down to areas."""
    with pikepdf.open(io.BytesIO(PDF)) as pdf:
        content, resources = b"0 0 9 9 re f\n" * times[-1], pikepdf.Dictionary()
        for count in reversed(times[:-1]):
            form = pdf.make_stream(content)
            form["/Type"], form["/Subtype"] = pikepdf.Name("/XObject"), pikepdf.Name("/Form")
            form["/BBox"], form["/Resources"] = [0, 0, 600, 900], resources
            content, resources = b"/F Do\n" * count, pikepdf.Dictionary(XObject=pikepdf.Dictionary(F=form))
        page = pdf.pages[0].obj
        page["/Contents"], page["/Resources"] = pdf.make_stream(content), resources
        out = io.BytesIO()
        pdf.save(out)
    return out.getvalue()


@pytest.mark.parametrize("times", [(1000,) * 5, (2,) * 30, (5100, 5000)], ids=["often", "deep", "wide"])
def test_forms_that_draw_one_another_without_end_are_told_at_once(times: tuple[int, ...]) -> None:
    """Kilobytes that would take hours cost what reading each form takes, not all the time of a file."""
    start = time.process_time()
    row = measure(nested_forms(*times))[0]
    assert code(row) == "too_large" and "draw one another" in row["error"]
    assert time.process_time() - start < 3


@pytest.mark.parametrize("times", [(300, 5), (2,) * 8, (1, 1, 1, 4000)], ids=["often", "deep", "long"])
def test_forms_that_draw_one_another_now_and_then_are_measured(times: tuple[int, ...]) -> None:
    """A symbol of a map, a stamp in a stamp, a drawing in a frame."""
    assert [row["error"] for row in measure(nested_forms(*times))] == [None] * 3


def png_with_height(page: np.ndarray, height: int, **options: object) -> bytes:
    """A whole PNG whose header claims another height, with its checksum right."""
    data = pillow_file(page, "PNG", **options)
    header = data[16:20] + struct.pack(">I", height) + data[24:29]
    return data[:8] + chunk(b"IHDR", header) + data[33:]


def adam7(page: np.ndarray, missing: int = 0) -> bytes:
    """An interlaced grey PNG of ``page`` without the rows that come last in the file."""
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    rows = [b"\0" + row.tobytes() for x, y, dx, dy in passes for row in page[y::dy, x::dx] if row.size]
    header = struct.pack(">IIBBBBB", page.shape[1], page.shape[0], 8, 0, 0, 0, 1)
    body = zlib.compress(b"".join(rows[: len(rows) - missing]))
    return PNG[:8] + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def test_a_png_with_fewer_rows_than_it_says_is_truncated():
    """Also where the stream ends well, and interlaced; a whole page with a black last row is whole."""
    black = PAGE.copy()
    black[-40:] = 0
    for mode in ("RGB", "L", "P", "1", "RGBA"):
        for more in (1, 5000):
            assert code(measure(png_with_height(PAGE, 560 + more, mode=mode))[0]) == "truncated"
        assert measure(png_with_height(black, 560, mode=mode))[0]["error"] is None
    grey = black[:557, :399, 0]
    assert measure(adam7(grey))[0]["error"] is None
    assert {code(measure(adam7(grey, missing))[0]) for missing in (1, 9, 500)} == {"truncated"}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("out of memory when reading image file", "too_large"),
        ("memory limit exceeded", "too_large"),
        ("Failed to load document (PDFium: Incorrect password error).", "encrypted"),
        ("broken data stream when reading image file", "unreadable"),
    ],
)
def test_what_a_library_says_names_the_cause(message: str, expected: str) -> None:
    """Lack of memory is no damage, nor is a password."""
    assert BadPage.from_library("library", OSError(message)).code == expected
