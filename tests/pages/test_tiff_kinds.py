"""TIFF as scanners and map programs write it: what every reader opens is measured, what is cut is told."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest

from sohoa.pages.decode import read_pages
from sohoa.pages.decode.tags import open_tiff
from tests.pages.page_files import LIMITS, code, jpeg, measure, pillow_file, text_page
from tests.pages.tiff_writer import (
    BYTE,
    COUNTS,
    DOUBLE,
    FLOAT,
    LONG,
    OFFSETS,
    SHORT,
    TILE_COUNTS,
    TILE_OFFSETS,
    page_tags,
    write_tiff,
)

PAGE = text_page((400, 560), 10)
GREY = np.ascontiguousarray(PAGE[..., 0])
COLOUR_TAGS, GREY_TAGS = page_tags(400, 560), page_tags(400, 560, (8,), 1)
ROWS = 64
STRIPS = [PAGE[top : top + ROWS] for top in range(0, 560, ROWS)]
DEFLATED = [zlib.compress(strip.tobytes()) for strip in STRIPS]
STRIP_TAGS = page_tags(400, 560, rows=ROWS) | {259: (SHORT, [8])}
UPRIGHT = pillow_file(PAGE, "TIFF", dpi=(150, 150))


def grey_of(data: bytes) -> np.ndarray:
    (page,) = read_pages(data, "tiff", LIMITS)
    assert page.fault is None, page.fault
    assert page.grey is not None
    return page.grey


def same(data: bytes, expected: np.ndarray, levels: float = 1.0) -> bool:
    """Whether a file is decoded to these greys, to a level or so."""
    grey = grey_of(data)
    return grey.shape == expected.shape and bool(np.abs(grey.astype(int) - expected).max() <= levels)


LUMA = grey_of(UPRIGHT)


def fax(data: bytes) -> tuple[bytes, dict[int, tuple[int, list[int]]]]:
    """Strip and tags of a page in CCITT group 4."""
    whole = pillow_file(PAGE, "TIFF", "1", compression="group4")
    file = open_tiff(whole)
    tags = file.read(file.first)
    (start,), (size,) = tags[OFFSETS], tags[COUNTS]
    return whole[start : start + size], page_tags(400, 560, (1,), tags[262][0]) | {259: (SHORT, [4])}


# ----------------------------------------------------------------------------------------------- data that are cut off

CODED_STRIPS = [
    (coding, mode, rows)
    for coding, modes in (
        ("jpeg", ("RGB", "L", "CMYK")), ("tiff_adobe_deflate", ("RGB", "L")), ("tiff_deflate", ("L",)),
        ("tiff_lzw", ("RGB",)), ("packbits", ("RGB",)), ("zstd", ("RGB",)),
    )
    for mode in modes
    for rows in (64, 560)
]  # fmt: skip


@pytest.mark.parametrize(("coding", "mode", "rows"), CODED_STRIPS)
def test_a_strip_that_is_cut_is_told_in_every_coding(coding: str, mode: str, rows: int) -> None:
    """Its end lost, or zeros in place of it, of the first or the last strip: libtiff fills a picture all the same."""
    whole = pillow_file(PAGE, "TIFF", mode, compression=coding, tiffinfo={278: rows})
    found = open_tiff(whole).read(open_tiff(whole).first)
    assert code(measure(whole)[0]) is None
    for number in {0, len(found[OFFSETS]) - 1}:
        start, size = found[OFFSETS][number], found[COUNTS][number]
        for share in (0.3, 0.6, 0.9):
            kept = start + int(share * size)
            zeros = whole[:kept] + bytes(start + size - kept) + whole[start + size :]
            assert code(measure(zeros)[0]) in ("truncated", "unreadable")


def test_a_jpeg_strip_without_its_end_mark_is_whole() -> None:
    """All its rows are there."""
    whole = pillow_file(PAGE, "TIFF", "RGB", compression="jpeg", tiffinfo={278: 560})
    found = open_tiff(whole).read(open_tiff(whole).first)
    end = found[OFFSETS][0] + found[COUNTS][0]
    assert whole[end - 2 : end] == b"\xff\xd9"
    assert code(measure(whole[: end - 2] + bytes(2) + whole[end:])[0]) is None


def test_a_flipped_bit_in_a_deflated_strip_is_told_by_its_checksum() -> None:
    """Which libtiff does not look at."""
    whole = pillow_file(PAGE, "TIFF", "RGB", compression="tiff_adobe_deflate", tiffinfo={278: 560})
    found = open_tiff(whole).read(open_tiff(whole).first)
    for share in (0.2, 0.5, 0.9, 0.9999):
        at = found[OFFSETS][0] + int(share * found[COUNTS][0])
        for bit in (0, 3, 7):
            flipped = whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :]
            assert code(measure(flipped)[0]) == "unreadable"


# --------------------------------------------------------------------------------------------------- sizes of strips


@pytest.mark.parametrize(
    "counts",
    [(LONG, []), (LONG, [0]), (LONG, [7]), (LONG, [PAGE.nbytes * 9]), (LONG, [0xFFFFFFFF])],
    ids=["absent", "zero", "too small", "past the end", "of all bits"],
)
def test_an_uncompressed_page_is_as_long_as_its_pixels(counts):
    """What ``StripByteCounts`` does not say follows from the sides; a strip that is not there is told."""
    data = write_tiff((COLOUR_TAGS | {COUNTS: counts}, [PAGE.tobytes()]))
    assert same(data, LUMA)
    for rows in (1, 10, 300):
        taller = COLOUR_TAGS | {COUNTS: counts, 257: (LONG, [560 + rows]), 278: (LONG, [560 + rows])}
        assert code(measure(write_tiff((taller, [PAGE.tobytes()])))[0]) == "truncated"


@pytest.mark.parametrize("counts", [(LONG, []), (LONG, [0] * len(STRIPS))], ids=["absent", "zero"])
def test_a_compressed_strip_reaches_to_the_next_one(counts):
    """Strips of unknown size are read; if the last one is cut, that is told."""
    assert same(write_tiff((STRIP_TAGS | {COUNTS: counts}, DEFLATED)), LUMA)
    cut = write_tiff((STRIP_TAGS | {COUNTS: counts}, [*DEFLATED[:-1], DEFLATED[-1][:20]]))
    assert code(measure(cut)[0]) is not None


@pytest.mark.parametrize("counts", [(LONG, []), (LONG, [0])], ids=["absent", "zero"])
def test_a_fax_page_of_unknown_size_needs_its_end_mark(counts):
    """Group 4 without a size is whole with its two end-of-line codes, in either order of bits, and cut without."""
    strip, tags = fax(UPRIGHT)
    whole = write_tiff((tags, [strip]))
    unknown = write_tiff((tags | {COUNTS: counts}, [strip]))
    assert np.array_equal(grey_of(unknown), grey_of(whole))
    turned = np.packbits(np.unpackbits(np.frombuffer(strip, np.uint8)), bitorder="little").tobytes()
    assert np.array_equal(grey_of(write_tiff((tags | {COUNTS: counts, 266: (SHORT, [2])}, [turned]))), grey_of(whole))
    for lost in (4, 40, len(strip) // 2):
        assert code(measure(write_tiff((tags | {COUNTS: counts}, [strip[:-lost]])))[0]) == "truncated"


def test_a_jpeg_strip_of_unknown_size_needs_its_end_marker():
    """Whole it is read, without its end it is cut."""
    tags = COLOUR_TAGS | {259: (SHORT, [7]), 262: (SHORT, [6]), 530: (SHORT, [1, 1]), COUNTS: (LONG, [])}
    data = jpeg(PAGE)
    assert same(write_tiff((tags, [data])), LUMA, 40)
    assert code(measure(write_tiff((tags, [data[:-2]])))[0]) == "truncated"


# ------------------------------------------------------------------------------------------------------ sparse files


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_strip_that_the_file_leaves_out_is_paper(order):
    """Offset 0 and size 0 stand for nothing on it: the rest of the page is as it was."""
    sparse = write_tiff((STRIP_TAGS, [*DEFLATED[:-1], None]), order=order)
    expected = LUMA.copy()
    expected[ROWS * (len(STRIPS) - 1) :] = 255
    assert same(sparse, expected)
    first_gone = write_tiff((STRIP_TAGS, [None, *DEFLATED[1:]]), order=order)
    assert (grey_of(first_gone)[:ROWS] == 255).all() and same_rows(first_gone, LUMA, ROWS)


def same_rows(data: bytes, expected: np.ndarray, top: int) -> bool:
    return np.array_equal(grey_of(data)[top:], expected[top:])


def test_a_tile_that_the_file_leaves_out_is_paper():
    """Only its own place is."""
    tiles, tags = as_tiles(GREY, 128)
    tiles[6] = None
    grey = grey_of(write_tiff((tags, tiles), places=TILE_OFFSETS))
    assert (grey[128:256, 256:384] == 255).all()
    grey[128:256, 256:384] = GREY[128:256, 256:384]
    assert np.array_equal(grey, GREY)


def test_a_page_of_which_nothing_is_there_is_told():
    """All strips left out, an offset without a size's bytes in the file, a size without an offset."""
    for pieces, change in (
        ([None] * len(STRIPS), {}),
        (DEFLATED, {OFFSETS: (LONG, [0] * len(STRIPS))}),
        (DEFLATED, {OFFSETS: (LONG, [9_999_999] * len(STRIPS)), COUNTS: (LONG, [0] * len(STRIPS))}),
    ):
        assert code(measure(write_tiff((STRIP_TAGS | change, pieces)))[0]) == "truncated"


# ------------------------------------------------------------------------------------------------------------- tiles


def as_tiles(grey: np.ndarray, side: int) -> tuple[list[bytes | None], dict]:
    """Uncompressed tiles of a grey page of 8 or 16 bits, those at the right and at the foot filled up with 7."""
    height, width = grey.shape
    padded = np.full((-(-height // side) * side, -(-width // side) * side), 7, grey.dtype)
    padded[:height, :width] = grey
    tiles = [
        padded[top : top + side, left : left + side].tobytes()
        for top in range(0, len(padded), side)
        for left in range(0, padded.shape[1], side)
    ]
    tags = page_tags(width, height, (8 * grey.itemsize,), 1) | {322: (SHORT, [side]), 323: (SHORT, [side])}
    return tiles, tags | {278: (LONG, [])}


@pytest.mark.parametrize("places", [OFFSETS, TILE_OFFSETS], ids=["listed as strips", "listed as tiles"])
@pytest.mark.parametrize("depth", [8, 16])
def test_tiles_in_which_white_is_zero(places, depth):
    """The page is no negative, whichever tags list its tiles; one tile too few is told."""
    negative = ~GREY if depth == 8 else (255 - GREY.astype(np.uint16)) * 257
    tiles, tags = as_tiles(negative, 128)
    tags[262] = (SHORT, [0])
    assert same(write_tiff((tags, tiles), places=places), GREY)
    assert code(measure(write_tiff((tags, tiles[:-1]), places=places))[0]) == "truncated"


@pytest.mark.parametrize("order", ["<", ">"])
def test_sixteen_bits_in_which_white_is_zero(order):
    """Strips of 16 bits, in either order of bytes, are no negative either."""
    negative = ((255 - GREY.astype(np.uint16)) * 257).astype(order + "u2")
    tags = page_tags(400, 560, (16,), 0)
    assert same(write_tiff((tags, [negative.tobytes()]), order=order), GREY)


# ------------------------------------------------------------------------------------------ what tags say their own way


@pytest.mark.parametrize(
    "value",
    [(FLOAT, [200.0]), (DOUBLE, [200.0]), (SHORT, [200])],
    ids=["float", "double", "short"],
)
def test_a_resolution_is_a_number_in_whatever_type(value):
    """200 dpi is 200 dpi; what is no number is not known."""
    row = measure(write_tiff((GREY_TAGS | {282: value, 283: value}, [GREY.tobytes()])))[0]
    assert (row["dpi_x"], row["dpi_y"], row["error"]) == (200.0, 200.0, None)
    for nonsense in (float("nan"), float("inf"), 0.0, -200.0):
        tags = GREY_TAGS | {282: (FLOAT, [nonsense]), 283: (FLOAT, [nonsense])}
        assert measure(write_tiff((tags, [GREY.tobytes()])))[0]["dpi_x"] is None


def test_an_orientation_in_one_byte_is_passed_over():
    """It is what programs leave behind that have turned the page; in two bytes or four it holds."""
    shown = {
        kind: grey_of(write_tiff((GREY_TAGS | {274: (kind, [8])}, [GREY.tobytes()]))) for kind in (BYTE, SHORT, LONG)
    }
    assert np.array_equal(shown[BYTE], GREY)
    assert np.array_equal(shown[SHORT], np.rot90(GREY)) and np.array_equal(shown[LONG], np.rot90(GREY))


@pytest.mark.parametrize("factor", [1, 257], ids=["8 bits", "16 bits"])
def test_a_colour_map_of_eight_bits_is_not_black(factor):
    """Writers that put 0 to 255 where 0 to 65535 belong mean the same colours."""
    ramp = [value * factor for value in range(256)]
    tags = page_tags(400, 560, (8,), 3) | {320: (SHORT, ramp * 3)}
    assert same(write_tiff((tags, [GREY.tobytes()])), GREY)


@pytest.mark.parametrize(("across", "down"), [(1, 1), (2, 1), (2, 2), (1, 2)])
def test_luma_with_fewer_colours_uncompressed(across, down):
    """YCbCr whose colours stand once for several pixels is decoded; a strip too short for it is told."""
    height, width = GREY.shape
    blocks = GREY.reshape(height // down, down, width // across, across).swapaxes(1, 2).reshape(-1, down * across)
    body = np.hstack([blocks, np.full((len(blocks), 2), 128, np.uint8)]).tobytes()
    tags = page_tags(width, height, photometric=6) | {530: (SHORT, [across, down])}
    assert same(write_tiff((tags, [body])), GREY, 2)
    assert code(measure(write_tiff((tags | {COUNTS: (LONG, [])}, [body]))[0:8000])[0]) == "truncated"


@pytest.mark.parametrize("has_strips", [True, False])
def test_jpeg_of_the_old_style(has_strips):
    """A whole JPEG stream that the directory names is read as one, strictly."""
    stream = jpeg(PAGE)

    def old(data: bytes) -> bytes:
        tags = COLOUR_TAGS | {259: (SHORT, [6]), 262: (SHORT, [6]), 513: (LONG, [8]), 514: (LONG, [len(data)])}
        return write_tiff((tags if has_strips else tags | {OFFSETS: (LONG, []), COUNTS: (LONG, [])}, [data]))

    row = measure(old(stream))[0]
    assert (row["error"], row["jpeg_quality"], row["colour_mode"]) == (None, 85.0, "colour")
    assert same(old(stream), LUMA, 40)
    assert code(measure(old(stream[: len(stream) // 2]))[0]) == "truncated"


# ------------------------------------------------------------------------------------------------ other kinds of pixels


def test_lab_is_shown_as_its_lightness():
    """L* of 100 is white, 0 is black, 50 is the grey of that lightness."""
    lab = np.zeros((60, 90, 3), np.uint8)
    lab[:, 30:60, 0], lab[:, 60:, 0] = 128, 255
    grey = grey_of(write_tiff((page_tags(90, 60, photometric=8), [lab.tobytes()])))
    assert grey[30, 5] == 0 and grey[30, 85] == 255 and abs(int(grey[30, 45]) - 119) <= 2


@pytest.mark.parametrize(
    ("tags", "bytes_per_pixel"),
    [
        (page_tags(400, 560, (12,), 1), 1.5),
        (page_tags(400, 560, (32,), 1) | {339: (SHORT, [3])}, 4),
        (page_tags(400, 560, (16, 16, 16), 8), 6),
        (page_tags(400, 560, (8, 8), 1) | {338: (SHORT, [1])}, 2),
    ],
    ids=["12 bits", "float", "deep Lab", "grey times alpha"],
)
def test_sound_pixels_of_a_kind_that_is_not_read_are_not_damaged(tags, bytes_per_pixel):
    """The advice is to save the file as an ordinary one; cut short, such a file is cut short."""
    body = bytes(round(400 * 560 * bytes_per_pixel))
    row = measure(write_tiff((tags, [body])))[0]
    assert code(row) == "wrong_format" and "8 bit" in row["error"]
    assert (row["width_px"], row["height_px"], row["dpi_x"]) == (400, 560, 150.0)
    assert code(measure(write_tiff((tags | {OFFSETS: (LONG, [2_000_000])}, [body])))[0]) == "truncated"


# ------------------------------------------------------------------------------------------------ directories, no pages

SMALL = np.ascontiguousarray(GREY[::2, ::2])
REDUCED = (page_tags(200, 280, (8,), 1) | {254: (LONG, [1])}, [SMALL.tobytes()])
OLD_REDUCED = (page_tags(200, 280, (8,), 1) | {255: (SHORT, [2])}, [SMALL.tobytes()])
MASK = (page_tags(400, 560, (1,), 4) | {254: (LONG, [4])}, [b"\xff" * 50 * 560])
REDUCED_MASK = (page_tags(200, 280, (1,), 4) | {254: (LONG, [5])}, [b"\xff" * 25 * 280])
FULL = (GREY_TAGS, [GREY.tobytes()])
OF_MANY = (GREY_TAGS | {254: (LONG, [2])}, [GREY.tobytes()])


@pytest.mark.parametrize(
    ("directories", "pages"),
    [
        ([FULL, REDUCED, REDUCED], 1), ([FULL, MASK, REDUCED, REDUCED_MASK], 1), ([REDUCED, FULL], 1),
        ([FULL, OLD_REDUCED], 1), ([OF_MANY, REDUCED, OF_MANY], 2), ([REDUCED], 1),
    ],
    ids=["overviews", "masks", "thumbnail first", "old tag", "pages of many", "nothing else"],
)  # fmt: skip
def test_reduced_copies_and_masks_are_no_pages(directories, pages):
    """Their directories are passed over, unless the file has no other."""
    rows = measure(write_tiff(*directories))
    assert [(row["page_no"], row["error"]) for row in rows] == [(number, None) for number in range(1, pages + 1)]
    if len(directories) > 1:
        assert {(row["width_px"], row["height_px"]) for row in rows} == {(400, 560)}


def test_a_damaged_page_between_overviews_keeps_its_row():
    """A directory whose strip is not there is a page with an error, the one after it is measured."""
    broken = (GREY_TAGS | {OFFSETS: (LONG, [9_999_999])}, [])
    assert [code(row) for row in measure(write_tiff(broken, REDUCED, FULL))] == ["truncated", None]


def test_a_picture_under_its_thumbnail_is_the_page():
    """Cameras keep the picture in a directory that the thumbnail names."""
    data = write_tiff(REDUCED, FULL)
    file = open_tiff(data)
    below = file.next_directory(file.first)
    nested = write_tiff((REDUCED[0] | {330: (LONG, [0xABCDEF])}, REDUCED[1]), FULL)
    below = open_tiff(nested).next_directory(open_tiff(nested).first)
    at = nested.index(struct.pack("<I", below))  # the link of the first directory to the second
    nested = nested[:at] + bytes(4) + nested[at + 4 :]
    nested = nested.replace(struct.pack("<I", 0xABCDEF), struct.pack("<I", below))
    (row,) = measure(nested)
    assert (row["width_px"], row["error"]) == (400, None)


@pytest.mark.parametrize("changes", [{254: (LONG, [0])}, {TILE_COUNTS: (LONG, [])}])
def test_a_plain_page_stays_one(changes):
    """Tags that say nothing change nothing."""
    assert same(write_tiff((GREY_TAGS | changes, [GREY.tobytes()])), GREY)


@pytest.mark.parametrize("bits", [(8, 8, 8), (8,), (8, 8, 8, 8)])
def test_a_picture_in_webp_is_of_a_wrong_format(bits: tuple[int, ...]) -> None:
    """It may be whole; hardly a reader of TIFF opens it."""
    tags = page_tags(400, 560, bits, 2 if len(bits) > 1 else 1) | {259: (SHORT, [50001])}
    assert code(measure(write_tiff((tags, [b"RIFF" + bytes(500)])))[0]) == "wrong_format"
