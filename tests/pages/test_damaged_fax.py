"""Fax-coded data with a code word that there is not, or cut short: libtiff mends them, and the page is an error."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pikepdf
import pytest

from sohoa.pages.decode import libtiff
from sohoa.pages.decode.fax_rows import row_ends
from sohoa.pages.decode.tags import open_tiff
from sohoa.pages.draw_pages import draw_pages
from tests.pages.page_files import code, measure, pillow_file, text_page
from tests.pages.pdf_scans import scan_pdf
from tests.pages.test_tiff_kinds import fax
from tests.pages.tiff_writer import COUNTS, LONG, OFFSETS, SHORT, page_tags, write_tiff

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


MARK = "000000000001"
TURNED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))
SCAN = np.where(text_page((640, 480), 4).mean(axis=2, keepdims=True) > 128, 255, 0).astype(np.uint8).repeat(3, axis=2)


def bits_of(data: bytes) -> str:
    return "".join(f"{byte:08b}" for byte in data)


def packed(bits: str) -> bytes:
    return int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")


def without_mark(coded: bytes) -> bytes:
    """Group 4 as encoders write it that leave the mark of the end out."""
    return packed(bits_of(coded).rpartition(MARK * 2)[0])


def strips(compression: str, options: int, rows: int) -> tuple[list[bytes], dict[int, Any]]:
    """The strips of ``SCAN`` and their tags."""
    number = {"tiff_ccitt": 2, "group3": 3, "group4": 4}[compression]
    made = [coded_rows(compression, options, top, top + rows) for top in range(0, 480, rows)]
    usual = {259: (SHORT, [number]), 278: (LONG, [rows])} | ({292: (LONG, [options])} if options else {})
    return made, page_tags(640, 480, (1,), 1) | usual


def coded_rows(compression: str, options: int, top: int, bottom: int) -> bytes:
    """Some rows of ``SCAN``, with the marks that their encoder sets."""
    extra = {"compression": compression, "tiffinfo": {292: options} if options else {}}
    whole = pillow_file(SCAN[top:bottom], "TIFF", "1", **extra)
    tags = open_tiff(whole).read(open_tiff(whole).first)
    start, size = tags[OFFSETS][0], tags[COUNTS][0]
    return whole[start : start + size]


def flipped(data: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(200, len(data) - 200)
    return data[:at] + bytes([data[at] ^ 1 << dice.randrange(8)]) + data[at + 1 :]


@pytest.mark.parametrize("kind", FILES)
def test_a_flipped_bit_is_nearly_always_told(kind: str) -> None:
    """A row of group 4 rests on the row above: what follows seldom makes sense. The sound file has no error."""
    dice, make = random.Random(3), FILES[kind]
    assert code(measure(make(CODED))[0]) is None
    found = [code(measure(make(flipped(CODED, dice)))[0]) for _ in range(20)]
    assert set(found) <= {"unreadable", "truncated", None} and found.count("unreadable") >= 17


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("share", [0.05, 0.4, 0.6, 0.97])
def test_group_4_cut_short_is_told(kind: str, share: float) -> None:
    """With and without zeros in place of what is lost, as a disk fills what was never written."""
    kept = int(len(CODED) * share)
    for cut in range(kept, kept + 5):
        for rest in (b"", bytes(3), bytes(len(CODED) - cut)):
            assert code(measure(FILES[kind](CODED[:cut] + rest))[0]) in ("truncated", "unreadable")


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("rows", [1, 300, 559])
def test_the_mark_of_the_end_before_the_last_row_is_told(kind: str, rows: int) -> None:
    """Whatever lies behind it: what libtiff leaves out would be what happened to lie in memory."""
    whole = pillow_file(PAGE[:rows], "TIFF", "1", compression="group4")
    tags = open_tiff(whole).read(open_tiff(whole).first)
    early = whole[tags[OFFSETS][0] :][: tags[COUNTS][0]]
    for behind in (b"", bytes(40), CODED):
        assert code(measure(FILES[kind](early + behind))[0]) == "truncated"
    assert code(measure(FILES[kind](CODED + early))[0]) is None


@pytest.mark.parametrize("kind", FILES)
def test_a_hole_of_zeros_is_told(kind: str) -> None:
    """The mark of the end stands behind it."""
    for at in (300, 5000, 5003, len(CODED) - 600):
        assert code(measure(FILES[kind](CODED[:at] + bytes(512) + CODED[at + 512 :]))[0]) == "unreadable"


@pytest.mark.parametrize("kind", FILES)
def test_group_4_without_the_mark_of_its_end_is_whole(kind: str) -> None:
    """Encoders may leave it out; whatever fills the strip after the last row does not matter."""
    bare = without_mark(CODED)
    assert len(bare) < len(CODED)
    for rest in (b"", b"\0", bytes(700), b"\0\0\x01\x80" * 9):
        assert code(measure(FILES[kind](bare + rest))[0]) is None
    assert code(measure(FILES[kind](bare[:-200]))[0]) in ("truncated", "unreadable")


CODINGS = [("tiff_ccitt", 0), ("group3", 0), ("group3", 1), ("group3", 4), ("group3", 5), ("group4", 0)]


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("rows", [48, 96, 480])
@pytest.mark.parametrize("coding", CODINGS, ids=lambda coding: "-".join(map(str, coding)))
def test_any_strip_cut_short_is_told(coding: tuple[str, int], rows: int, order: int) -> None:
    """The first, one inside, the last; in all fax codings, with and without zeros in place of what is lost."""
    made, tags = strips(*coding, rows)
    turned = [strip if order == 1 else strip.translate(TURNED) for strip in made]
    tags |= {266: (SHORT, [order])}
    assert code(measure(write_tiff((tags, turned)))[0]) is None
    for number in {0, len(made) // 2, len(made) - 1}:
        for rest in (0, 1):
            strip = turned[number]
            cut = strip[: len(strip) // 2] + bytes(rest * (len(strip) - len(strip) // 2))
            damaged = [*turned[:number], cut, *turned[number + 1 :]]
            assert code(measure(write_tiff((tags, damaged)))[0]) in ("truncated", "unreadable")


@pytest.mark.parametrize("compression", ["group3", "group4"])
def test_no_picture_shows_what_lay_in_memory(compression: str) -> None:
    """Of a page that lacks rows there is none; of the whole one there is."""
    made, tags = strips(compression, 0, 480)
    early = coded_rows(compression, 0, 0, 240) + packed(MARK * 6)
    wanted = [{"page_no": 1, "columns": [], "width_mm": 108.4}]
    assert draw_pages(write_tiff((tags, [early])), wanted) == [{}]
    assert draw_pages(write_tiff((tags, made)), wanted)[0]["width"] == 320


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("rows", [96, 480])
@pytest.mark.parametrize("coding", CODINGS[1:], ids=lambda coding: "-".join(map(str, coding)))
def test_any_strip_whose_end_comes_early_is_told(coding: tuple[str, int], rows: int, order: int) -> None:
    """A row too few, or half of them; with the encoder's mark of the end, or that of group 3, and more behind it."""
    made, tags = strips(*coding, rows)
    tags |= {266: (SHORT, [order])}
    end = packed((MARK + "1" * (coding[1] & 1)) * 6) if coding[0] == "group3" else b""
    for number in {0, len(made) - 1}:
        for left in (rows - 1, rows // 2):
            early = coded_rows(*coding, number * rows, number * rows + left) + end + made[number]
            pieces = [*made[:number], early, *made[number + 1 :]]
            turned = [piece if order == 1 else piece.translate(TURNED) for piece in pieces]
            assert code(measure(write_tiff((tags, turned)))[0]) == "truncated"


@pytest.mark.parametrize("way", [0, 1])
def test_group_3_in_a_pdf_is_counted_by_its_marks(way: int) -> None:
    """With the six marks of its end or without; a row more than there are is missing."""
    (coded,), _ = strips("group3", way, 480)
    end = (MARK + "1" * way) * 6

    def found(data: bytes, rows: int = 480) -> str | None:
        params = pikepdf.Dictionary(K=way, Columns=640, Rows=rows, EndOfLine=True)
        keys = {"ColorSpace": None, "BitsPerComponent": 1, "ImageMask": True, "DecodeParms": params}
        return code(measure(scan_pdf(data, (640, rows), ("/CCITTFaxDecode",), **keys))[0])

    assert found(coded) is None
    assert found(packed(bits_of(coded).rstrip("0") + end)) is None
    assert found(coded, 482) in ("truncated", "unreadable")
    assert found(coded[: len(coded) // 2]) in ("truncated", "unreadable")


NO_MARKS = packed(bits_of(strips("group3", 0, 480)[0][0]).replace(MARK, ""))
BY_BYTES = strips("tiff_ccitt", 0, 480)[0][0]


def aligned_rows() -> bytes:
    """``SCAN`` in group 4, each row from a whole byte on: what libtiff writes, cut where rows end."""
    coded, start = coded_rows("group4", 0, 0, 480), 0
    rows = []
    for end in row_ends(coded, 640, 480, is_aligned=False):
        rows.append(packed(bits_of(coded)[start:end]))
        start = end
    return b"".join(rows)


ODD: dict[str, tuple[bytes, dict[str, Any]]] = {
    "one-dimensional, no marks": (NO_MARKS, {"K": 0}),
    "one-dimensional, from whole bytes": (BY_BYTES, {"K": 0, "EncodedByteAlign": True}),
    "group 4, from whole bytes": (aligned_rows(), {"K": -1, "EncodedByteAlign": True}),
}


def odd_pdf(data: bytes, said: dict[str, Any], rows: int = 480, width: int = 640) -> bytes:
    params = pikepdf.Dictionary(Columns=640, Rows=rows, BlackIs1=True, **said)
    keys = {"ColorSpace": pikepdf.Name("/DeviceGray"), "BitsPerComponent": 1, "DecodeParms": params}
    return scan_pdf(data, (width, rows), ("/CCITTFaxDecode",), **keys)


@pytest.mark.parametrize("kind", ODD)
def test_odd_codings_of_a_pdf_are_checked_row_by_row(kind: str) -> None:
    """Cut, with a hole of zeros, a row too few; whole, they look as in any coding, whatever is behind the last row."""
    data, said = ODD[kind]
    usual = measure(write_tiff(strips("group4", 0, 480)[::-1]))[0]
    for whole in (data, data + bytes(9), data + packed(MARK), data + packed(MARK * 6)):
        row = measure(odd_pdf(whole, said))[0]
        assert code(row) is None and abs(row["ink_ratio"] - usual["ink_ratio"]) < 0.03
    hole = data[:900] + bytes(400) + data[1300:]
    cuts = [data[: len(data) * part // 10] + rest for part in (1, 5, 9) for rest in (b"", bytes(500))]
    for damaged in (hole, *cuts):
        assert code(measure(odd_pdf(damaged, said))[0]) in ("truncated", "unreadable")
    assert code(measure(odd_pdf(data, said, rows=481))[0]) in ("truncated", "unreadable")


def test_tiff_rows_without_marks_are_checked() -> None:
    """Group 3 that leaves the marks out: libtiff tries it without."""
    tags = page_tags(640, 480, (1,), 1) | {259: (SHORT, [3])}
    assert code(measure(write_tiff((tags, [NO_MARKS])))[0]) is None
    for share in (0.1, 0.5, 0.97):
        assert code(measure(write_tiff((tags, [NO_MARKS[: int(len(NO_MARKS) * share)]])))[0]) == "truncated"


def test_rows_of_a_pdf_are_as_wide_as_their_coding_says() -> None:
    """Not as the image, nor 1728 where neither says: PDFium cuts or fills them."""
    coded = coded_rows("group4", 0, 0, 480)
    assert code(measure(odd_pdf(coded, {"K": -1}, width=600))[0]) is None
    assert code(measure(odd_pdf(coded[:-500], {"K": -1}, width=600))[0]) in ("truncated", "unreadable")
    page = text_page((1728, 300), 3)
    whole = pillow_file(page, "TIFF", "1", compression="group3")
    tags = open_tiff(whole).read(open_tiff(whole).first)
    data = whole[tags[OFFSETS][0] :][: tags[COUNTS][0]]
    unsaid = {"ColorSpace": pikepdf.Name("/DeviceGray"), "BitsPerComponent": 1}
    assert code(measure(scan_pdf(data, (1728, 300), ("/CCITTFaxDecode",), **unsaid))[0]) is None
    assert code(measure(scan_pdf(data[:2000], (1728, 300), ("/CCITTFaxDecode",), **unsaid))[0]) == "truncated"


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99, 1.0])
@pytest.mark.parametrize("width", [1, 7, 301, 2600, 5300])
def test_rows_end_where_the_encoder_ended_them(share: float, width: int) -> None:
    """Its mark of the end stands behind the last: runs of all lengths, changes at both edges, hardly any change."""
    noise = np.repeat((np.random.default_rng(1).random((30, width, 1)) >= share).astype(np.uint8) * 255, 3, axis=2)
    whole = pillow_file(noise, "TIFF", "1", compression="group4", tiffinfo={278: 30})
    tags = open_tiff(whole).read(open_tiff(whole).first)
    data = whole[tags[OFFSETS][0] :][: tags[COUNTS][0]]
    assert bits_of(data)[row_ends(data, width, 30, is_aligned=False)[-1] :].startswith(MARK * 2)


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
