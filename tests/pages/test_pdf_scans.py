"""Scans in a PDF, whatever the coding and place of their images: judged by their own data, and as they show."""

from __future__ import annotations

import io
import math
import zlib
from functools import cache
from typing import Any

import numpy as np
import pikepdf
import pytest
from PIL import Image

from sohoa.pages.decode.tags import STRIP_COUNTS, STRIP_OFFSETS, open_tiff
from tests.pages.page_files import A4_150, A4_POINTS, a4_image, code, jpeg, measure, pillow_file, text_page
from tests.pages.pdf_scans import WHOLE, coded, pdf_page, scan_pdf, strips

PAGE = text_page()
JPEG = jpeg(PAGE)
HALF = text_page((A4_150[0] // 2, A4_150[1] // 2), 12)
GREYS = pikepdf.String(bytes(k for k in range(256) for _ in range(3)))
BLACK = pikepdf.Dictionary(FunctionType=2, N=1, Domain=[0, 1], C0=[0, 0, 0, 0], C1=[0, 0, 0, 1])
TO_RED = pikepdf.Dictionary(FunctionType=2, N=1, Domain=[0, 1], C0=[1, 1, 1], C1=[1, 0, 0])
NAME = pikepdf.Name


def row_of(data: bytes) -> dict[str, Any]:
    (row,) = measure(data)
    return row


def sound(data: bytes) -> dict[str, Any]:
    row = row_of(data)
    assert row["error"] is None
    return row


def damaged(data: bytes) -> bytes:
    """A JPEG with a part of its entropy-coded data taken out."""
    middle = len(data) // 2
    return data[:middle] + data[middle + 300 :]


CHAINS = [
    ("/FlateDecode", "/DCTDecode"),
    ("/ASCII85Decode", "/DCTDecode"),
    ("/ASCIIHexDecode", "/DCTDecode"),
    ("/ASCII85Decode", "/FlateDecode", "/DCTDecode"),
]


def chained(data: bytes, chain: tuple[str, ...]) -> bytes:
    for name in reversed(chain[:-1]):
        data = coded(data, name)
    return scan_pdf(data, A4_150, chain)


@pytest.mark.parametrize("chain", CHAINS)
def test_a_jpeg_inside_another_coding_is_judged_as_a_plain_one(chain: tuple[str, ...]) -> None:
    """Damage, a lost end and a low quality are told whatever is wrapped around the JPEG."""
    for data in (damaged(JPEG), JPEG[: len(JPEG) // 2], JPEG[:-2]):
        assert code(row_of(chained(data, chain))) == code(row_of(scan_pdf(data, A4_150))) is not None
    assert sound(chained(jpeg(PAGE, 20), chain))["jpeg_quality"] == 20
    assert sound(chained(JPEG, chain))["ink_ratio"] == sound(scan_pdf(JPEG, A4_150))["ink_ratio"]


def test_a_coding_around_a_jpeg_that_is_damaged_is_told() -> None:
    """A flipped byte of the outer stream is no quieter than one of the inner."""
    packed = bytearray(zlib.compress(JPEG))
    packed[len(packed) // 2] ^= 0xFF
    assert code(row_of(scan_pdf(bytes(packed), A4_150, CHAINS[0]))) in ("unreadable", "truncated")


def jpeg2000(mode: str = "RGB", image: Image.Image | None = None, **options: Any) -> bytes:
    out = io.BytesIO()
    (image or a4_image(100)).convert(mode).save(out, "JPEG2000", **options)
    return out.getvalue()


A4_100 = a4_image(100).size
LOSSY = {"irreversible": True, "quality_mode": "rates", "quality_layers": [60, 30]}
WAYS = [
    {}, LOSSY, {"tile_size": (256, 256)}, {"precinct_size": (128, 128), "progression": "RPCL"},
    {"codeblock_size": (4, 4)}, {"no_jp2": True},
]  # fmt: skip


@pytest.mark.parametrize("options", WAYS, ids=lambda options: next(iter(options), "plain"))
def test_a_sound_jpeg2000_is_measured(options: dict[str, Any]) -> None:
    """Written page, blank page, all greys: no coding of a sound picture is taken for damage."""
    steps = Image.fromarray(np.tile(np.arange(256, dtype=np.uint8), (300, 1)))
    for image in (a4_image(60), Image.new("RGB", (700, 900), "white"), steps):
        assert row_of(scan_pdf(jpeg2000(image=image, **options), image.size, ("/JPXDecode",)))["error"] is None


@pytest.mark.parametrize(("mode", "expected"), [("RGB", "colour"), ("L", "grey"), ("RGBA", "colour")])
@pytest.mark.parametrize("space", [True, False])
def test_the_colour_of_a_jpeg2000_is_its_own(mode: str, expected: str, space: bool) -> None:
    """The dictionary need not name a colour space, nor how many bits a channel has."""
    name = NAME("/DeviceGray") if mode == "L" else NAME("/DeviceRGB")
    keys = {} if space else {"BitsPerComponent": None}
    data = scan_pdf(jpeg2000(mode, **LOSSY), A4_100, ("/JPXDecode",), ColorSpace=name if space else None, **keys)
    row = sound(data)
    assert (row["colour_mode"], row["bit_depth"]) == (expected, 8)
    assert row["ink_ratio"] > 0.005


@pytest.mark.parametrize("options", WAYS, ids=lambda options: next(iter(options), "plain"))
def test_a_jpeg2000_that_is_damaged_or_cut_is_told(options: dict[str, Any]) -> None:
    """Lost tails are truncated; a block of zeros or of other bytes anywhere in the coded data is unreadable."""
    data = jpeg2000(**options)
    for share in (0.2, 0.6, 0.95):
        cut, at = data[: int(share * len(data))], int(share * len(data)) - 2600
        zeros = data[:at] + bytes(2500) + data[at + 2500 :]
        noise = data[:at] + np.random.default_rng(1).bytes(2500) + data[at + 2500 :]
        assert code(row_of(scan_pdf(cut, A4_100, ("/JPXDecode",)))) == "truncated"
        for broken in (zeros, noise):
            assert code(row_of(scan_pdf(broken, A4_100, ("/JPXDecode",)))) in ("unreadable", "truncated")


@cache
def packed_pixels(mode: str) -> tuple[tuple[int, int], bytes]:
    """Size and deflated pixels of a page in a mode of Pillow's, or of a large one in colour."""
    image = a4_image(60).convert("RGB" if mode == "large" else mode)
    image = image.resize((3000, 5500)) if mode == "large" else image
    return image.size, zlib.compress(image.tobytes(), 1)


@pytest.mark.parametrize("mode", ["RGB", "L", "1", "large"])
@pytest.mark.parametrize("share", [0.5, 0.7, 0.9, 0.97])
def test_zeros_at_the_end_of_flate_are_told(mode: str, share: float) -> None:
    """As a disk fills what was never written: they mean pixels, and more of them than the image has."""
    size, packed = packed_pixels(mode)
    bits = 1 if mode == "1" else 8
    keys = {"ColorSpace": NAME("/DeviceGray" if mode in "L1" else "/DeviceRGB"), "BitsPerComponent": bits}
    kept = int(share * len(packed))
    for data, wanted in (
        (packed[:kept] + bytes(len(packed) - kept), {"unreadable", "truncated"}),
        (packed[:-5], {None}),  # its checksum alone is lost
        (packed + bytes(9), {None}),
    ):
        assert code(row_of(scan_pdf(data, size, ("/FlateDecode",), **keys))) in wanted


def unframed(image: Image.Image, compression: str) -> bytes:
    """An image in a coding that TIFF and PDF share."""
    page = np.asarray(image.convert("RGB"))
    whole = pillow_file(page, "TIFF", image.mode, compression=compression, tiffinfo={278: 9999})
    found = open_tiff(whole).read(open_tiff(whole).first)
    (start,), (size,) = found[STRIP_OFFSETS], found[STRIP_COUNTS]
    return whole[start : start + size]


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize(("compression", "name"), [("tiff_lzw", "/LZWDecode"), ("packbits", "/RunLengthDecode")])
def test_lzw_and_run_lengths_that_are_cut_are_told(compression: str, name: str, mode: str) -> None:
    """With and without zeros in place of what is lost; sound ones are read with and without the mark of the end."""
    image = a4_image(60).convert(mode)
    data = unframed(image, compression)
    keys = {"ColorSpace": NAME("/DeviceGray" if mode == "L" else "/DeviceRGB")}
    end = b"\x80" if name == "/RunLengthDecode" else b""
    for whole in (data, data + end, data + end + b"\r\n"):
        assert code(row_of(scan_pdf(whole, image.size, (name,), **keys))) is None
    chained = coded(data + end, "/ASCIIHexDecode")
    assert code(row_of(scan_pdf(chained, image.size, ("/ASCIIHexDecode", name), **keys))) is None
    for share in (0.2, 0.5, 0.9):
        kept = int(share * len(data))
        for damaged in (data[:kept], data[:kept] + bytes(len(data) - kept)):
            assert code(row_of(scan_pdf(damaged, image.size, (name,), **keys))) in ("truncated", "unreadable")


def test_a_jpeg_inside_run_lengths_is_read() -> None:
    """In literal runs of 128 bytes at the most."""
    data = jpeg(HALF)
    runs = b"".join(bytes([len(part) - 1]) + part for k in range(0, len(data), 128) if (part := data[k : k + 128]))
    found = row_of(scan_pdf(runs + b"\x80", (HALF.shape[1], HALF.shape[0]), ("/RunLengthDecode", "/DCTDecode")))
    assert found["error"] is None


def tile_parts(data: bytes) -> list[tuple[int, int]]:
    """Where the parts of a JPEG 2000 codestream begin and end."""
    at = data.index(b"\xff\x90\x00\x0a")
    parts = []
    while data[at : at + 2] == b"\xff\x90":
        parts.append((at, at + int.from_bytes(data[at + 6 : at + 10], "big")))
        at = parts[-1][1]
    return parts


@pytest.mark.parametrize(
    "options", [{}, LOSSY, {"progression": "CPRL", "no_jp2": True}], ids=["plain", "lossy", "bare"]
)
def test_a_jpeg2000_that_lacks_a_tile_or_a_part_of_one_is_told(options: dict[str, Any]) -> None:
    """The parts that are there follow each other up to the end marker: only their numbers say that one is lost."""
    data = jpeg2000(tile_size=(256, 256), **options)
    parts = tile_parts(data)
    for begin, end in (parts[0], parts[len(parts) // 2], parts[-1]):
        assert code(row_of(scan_pdf(data[:begin] + data[end:], A4_100, ("/JPXDecode",)))) == "truncated"
        promised = data[: begin + 11] + b"\2" + data[begin + 12 :]
        assert code(row_of(scan_pdf(promised, A4_100, ("/JPXDecode",)))) == "truncated"
    assert code(row_of(scan_pdf(data, A4_100, ("/JPXDecode",)))) is None


@pytest.mark.parametrize("precinct", [64, 128])
def test_a_hole_in_a_tile_is_told_by_the_packets_of_a_tile(precinct: int) -> None:
    """Not by those of the image, of which there may be thousands."""
    data = jpeg2000(tile_size=(256, 256), precinct_size=(precinct, precinct), codeblock_size=(32, 32))
    begin, end = tile_parts(data)[7]
    hole = data[: begin + 3000] + bytes(2000) + data[begin + 5000 :]
    assert end - begin > 6000 and code(row_of(scan_pdf(hole, A4_100, ("/JPXDecode",)))) == "unreadable"
    for image in (a4_image(60), Image.new("RGB", (700, 900), "white")):
        whole = jpeg2000(image=image, tile_size=(256, 256), precinct_size=(precinct, precinct), codeblock_size=(32, 32))
        assert row_of(scan_pdf(whole, image.size, ("/JPXDecode",)))["error"] is None


def test_sides_are_those_of_the_data_not_of_the_dictionary() -> None:
    """A dictionary that claims twice the pixels gives no resolution that nobody scanned."""
    size = (HALF.shape[1], HALF.shape[0])
    for data, name in (
        (jpeg(HALF), "/DCTDecode"), (jpeg2000(image=Image.fromarray(HALF)), "/JPXDecode"),
        (jpeg(HALF[..., :1].repeat(3, axis=2)), "/DCTDecode"),
    ):  # fmt: skip
        row = sound(scan_pdf(data, A4_150, (name,)))
        assert (row["width_px"], row["height_px"]) == size
        assert row["dpi_x"] == pytest.approx(75, abs=0.1) and row["dpi_y"] == pytest.approx(75, abs=0.1)


def with_height(data: bytes, height: int, lines: int | None = None) -> bytes:
    """A JPEG whose frame claims another height, with or without the marker that gives the number of lines."""
    at = data.index(b"\xff\xc0") + 5
    data = data[:at] + height.to_bytes(2, "big") + data[at + 2 :]
    return data if lines is None else data[:-2] + b"\xff\xdc\0\4" + lines.to_bytes(2, "big") + data[-2:]


def test_a_jpeg_whose_height_was_not_known_when_it_began_is_whole() -> None:
    """Scanners that feed paper write 0 or a large height; what follows the scan, or the dictionary, says it right."""
    plain = sound(scan_pdf(JPEG, A4_150))
    for data in (
        with_height(JPEG, 0, A4_150[1]), with_height(JPEG, 0), with_height(JPEG, 65_000),
        with_height(JPEG, A4_150[1] + 400),
    ):  # fmt: skip
        row = sound(scan_pdf(data, A4_150))
        assert [row[name] for name in ("width_px", "height_px", "dpi_y", "ink_ratio", "phash")] == [
            plain[name] for name in ("width_px", "height_px", "dpi_y", "ink_ratio", "phash")
        ]
    alone = sound(with_height(JPEG, 0, A4_150[1]))
    assert (alone["height_px"], alone["ink_ratio"]) == (A4_150[1], sound(JPEG)["ink_ratio"])


def test_a_jpeg_of_unknown_height_that_lost_its_end_is_still_told() -> None:
    """The dictionary's height saves what is whole only."""
    for data in (with_height(JPEG, 65_000), with_height(JPEG, A4_150[1] + 400), with_height(JPEG, 0)):
        assert code(row_of(scan_pdf(data[: len(data) * 2 // 3], A4_150))) == "truncated"
    assert code(row_of(with_height(JPEG, 0))) == "unreadable"  # alone, nobody says how many lines there are


def space(*parts: Any) -> pikepdf.Array:
    return pikepdf.Array([NAME(part) if isinstance(part, str) else part for part in parts])


@pytest.mark.parametrize(
    ("colours", "bits", "expected"),
    [
        (space("/Indexed", "/DeviceRGB", 1, pikepdf.String(b"\xff\xff\xff\0\0\0")), 1, "bilevel"),
        (space("/Indexed", "/DeviceGray", 1, pikepdf.String(b"\0\xff")), 1, "bilevel"),
        (space("/Indexed", "/DeviceRGB", 255, GREYS), 8, "grey"),
        (space("/Separation", "/Black", "/DeviceCMYK", BLACK), 8, "grey"),
        (space("/DeviceN", pikepdf.Array([NAME("/Black")]), "/DeviceCMYK", BLACK), 8, "grey"),
        (space("/Indexed", "/DeviceRGB", 1, pikepdf.String(b"\xff\xff\xff\xff\0\0")), 1, "colour"),
        (space("/Indexed", "/DeviceRGB", 255, pikepdf.String(bytes(765) + b"\xff\0\0")), 8, "colour"),
        (space("/Separation", "/Red", "/DeviceRGB", TO_RED), 8, "colour"),
    ],
)
def test_a_palette_or_tint_is_as_colourful_as_its_values(colours: pikepdf.Array, bits: int, expected: str) -> None:
    """One red entry makes it colour; greys, in whatever space, do not."""
    grey = PAGE[..., 0]
    raw = np.packbits(grey > 128, axis=1).tobytes() if bits == 1 else grey.tobytes()
    row = sound(scan_pdf(zlib.compress(raw), A4_150, ("/FlateDecode",), ColorSpace=colours, BitsPerComponent=bits))
    assert (row["colour_mode"], row["bit_depth"]) == (expected, bits)


def test_a_grey_jpeg_under_a_colour_name_is_grey() -> None:
    """The dictionary says red, green and blue; the data has one channel."""
    row = sound(scan_pdf(pillow_file(PAGE, "JPEG", "L"), A4_150))
    assert (row["colour_mode"], row["bit_depth"]) == ("grey", 8)


@pytest.mark.parametrize(
    "data",
    [
        scan_pdf(jpeg(255 - PAGE, 95), A4_150, Decode=[1, 0, 1, 0, 1, 0]),
        scan_pdf(
            pillow_file(255 - PAGE, "JPEG", "L", quality=95), A4_150, ColorSpace=NAME("/DeviceGray"), Decode=[1, 0]
        ),
        scan_pdf(
            pillow_file(255 - PAGE, "JPEG", "L", quality=95),
            A4_150,
            ColorSpace=space("/Separation", "/Black", "/DeviceCMYK", BLACK),
        ),
        scan_pdf(zlib.compress((255 - PAGE).tobytes()), A4_150, ("/FlateDecode",), Decode=[1, 0, 1, 0, 1, 0]),
        scan_pdf(
            zlib.compress(np.packbits(PAGE[..., 0] < 128, axis=1).tobytes()),
            A4_150,
            ("/FlateDecode",),
            BitsPerComponent=1,
            ColorSpace=space("/Indexed", "/DeviceGray", 1, pikepdf.String(b"\xff\0")),
        ),
    ],
    ids=["rgb", "grey", "tint", "flate", "palette"],
)
def test_a_negative_that_is_turned_by_the_file_is_measured_as_it_shows(data: bytes) -> None:
    """A range upside down, a tint or a palette with white first: dark text on white, as every reader shows it."""
    row, plain = sound(data), sound(scan_pdf(JPEG, A4_150))
    assert row["ink_ratio"] == pytest.approx(plain["ink_ratio"], rel=0.1)
    assert row["border_dark"] == 0


def test_a_fax_with_a_palette_is_measured_as_it_shows() -> None:
    """White first or black first, the palette says what the two values of the coding are."""
    tiff, size = pillow_file(PAGE[:560, :400], "TIFF", "1", compression="group4"), (400, 560)
    with Image.open(io.BytesIO(tiff)) as image:
        start, count = image.tag_v2[273][0], image.tag_v2[279][0]
    shown = {}
    for first in (b"\0\xff", b"\xff\0"):
        for is_black_1 in (True, False):
            params = pikepdf.Dictionary(K=-1, Columns=400, Rows=560, BlackIs1=is_black_1)
            colours = space("/Indexed", "/DeviceGray", 1, pikepdf.String(first))
            keys = {"ColorSpace": colours, "BitsPerComponent": 1, "DecodeParms": params}
            row = sound(scan_pdf(tiff[start : start + count], size, ("/CCITTFaxDecode",), **keys))
            assert (row["colour_mode"], row["bit_depth"]) == ("bilevel", 1)
            shown[first, is_black_1] = row["ink_ratio"], row["border_dark"]
    plain = pytest.approx((sound(tiff)["ink_ratio"], sound(tiff)["border_dark"]), rel=0.6)
    assert shown[b"\0\xff", True] == plain == shown[b"\xff\0", False]
    assert shown[b"\0\xff", False] != plain != shown[b"\xff\0", True]


def in_strips(page: np.ndarray, count: int = 8, quality: int = 85) -> list[Any]:
    return [(matrix, jpeg(part, quality), (part.shape[1], part.shape[0]), {}) for matrix, part in strips(page, count)]


@pytest.mark.parametrize("count", [2, 8, 30])
def test_strips_are_the_page(count: int) -> None:
    """Resolution, quality and pixels are those of one image."""
    row, whole = sound(pdf_page(in_strips(PAGE, count))), sound(scan_pdf(JPEG, A4_150))
    assert (row["width_px"], row["height_px"], row["jpeg_quality"]) == (*A4_150, 85)
    assert row["dpi_x"] == pytest.approx(150, abs=0.2) and row["dpi_y"] == pytest.approx(150, abs=0.2)
    assert row["ink_ratio"] == pytest.approx(whole["ink_ratio"], rel=0.01)
    assert row["blur_mm"] == pytest.approx(whole["blur_mm"], abs=0.01) and row["seam_strength"] < 1


def test_strips_of_few_pixels_or_low_quality_are_told() -> None:
    """What is rejected as one image is rejected as strips."""
    assert sound(pdf_page(in_strips(HALF)))["dpi_x"] == pytest.approx(75, abs=0.2)
    assert sound(pdf_page(in_strips(PAGE, quality=20)))["jpeg_quality"] == 20
    cut = in_strips(PAGE)
    cut[-1] = (cut[-1][0], cut[-1][1][: len(cut[-1][1]) // 2], *cut[-1][2:])
    assert code(row_of(pdf_page(cut))) == "truncated"


def test_the_worst_strip_decides() -> None:
    """One strip of eight at half the resolution, or of low quality, is a part of the page that was scanned badly."""
    good, poor, coarse = in_strips(PAGE), in_strips(HALF), in_strips(PAGE, quality=20)
    for k in (0, 3, 7):
        row = sound(pdf_page([*good[:k], poor[k], *good[k + 1 :]]))
        assert row["dpi_x"] == pytest.approx(75, abs=0.5)
        assert sound(pdf_page([*good[:k], coarse[k], *good[k + 1 :]]))["jpeg_quality"] == 20


def test_tiles_and_turned_strips_are_the_page() -> None:
    """Columns of strips, and a page that is shown on its side."""
    tiles = []
    for matrix, part in strips(PAGE, 4):
        for k in range(3):
            left, right = (round(j * part.shape[1] / 3) for j in (k, k + 1))
            scale = A4_POINTS[0] / part.shape[1]
            place = ((right - left) * scale, 0, 0, matrix[3], left * scale, matrix[5])
            tiles.append((place, jpeg(part[:, left:right]), (right - left, len(part)), {}))
    row = sound(pdf_page(tiles))
    assert row["dpi_x"] == pytest.approx(150, abs=0.5) and row["width_px"] == pytest.approx(A4_150[0], abs=3)
    with pikepdf.open(io.BytesIO(pdf_page(in_strips(PAGE)))) as pdf:
        pdf.pages[0].obj["/Rotate"] = 90
        out = io.BytesIO()
        pdf.save(out)
    turned, plain = sound(out.getvalue()), sound(scan_pdf(jpeg(np.rot90(PAGE, -1)), A4_150[::-1]))
    assert (turned["width_px"], turned["height_px"]) == A4_150[::-1]
    assert turned["ink_ratio"] == pytest.approx(plain["ink_ratio"], rel=0.02)


def test_a_stamp_over_a_scan_says_nothing_of_it() -> None:
    """Neither its pixels nor its colour; a picture beside text is no scan."""
    stamp = (90, 0, 0, 90, 400, 60)
    for side, quality in ((20, 90), (600, 30)):
        seal = jpeg(np.full((side, side, 3), (200, 30, 30), np.uint8), quality)
        scan = (WHOLE, pillow_file(PAGE, "JPEG", "L", quality=85), A4_150, {"ColorSpace": NAME("/DeviceGray")})
        row = sound(pdf_page([scan, (stamp, seal, (side, side), {})]))
        assert row["dpi_x"] == pytest.approx(150, abs=0.1)
        assert (row["colour_mode"], row["jpeg_quality"]) == ("grey", 85)
    beside = (300, 0, 0, 300, 50, 400)
    text = b"0 0 0 rg 50 50 500 12 re f"
    assert row_of(pdf_page([(beside, JPEG, A4_150, {})], text))["dpi_x"] is None


def test_a_white_image_under_the_scan_is_not_the_scan() -> None:
    """Programs lay one white pixel under the page."""
    white = (WHOLE, bytes([255] * 3), (1, 1), {"Filter": None})
    assert sound(pdf_page([white, *in_strips(PAGE)]))["dpi_x"] == pytest.approx(150, abs=0.2)


TURN = math.radians(1)
DESKEWED = (
    A4_POINTS[0] * math.cos(TURN), A4_POINTS[0] * math.sin(TURN),
    -A4_POINTS[1] * math.sin(TURN), A4_POINTS[1] * math.cos(TURN), 7.0, -5.0,
)  # fmt: skip
OPAQUE = {
    "SMask": (
        zlib.compress(bytes([255]) * 100),
        10,
        10,
        {"ColorSpace": NAME("/DeviceGray"), "Filter": NAME("/FlateDecode")},
    )
}


@pytest.mark.parametrize(
    ("matrix", "keys", "dpi"),
    [
        ((A4_POINTS[1] / 2**0.5, 0, 0, A4_POINTS[0] * 2**0.5, 0, 0), {}, 150),
        ((419.53, 0, 0, 593.4, 0, 246.6), {}, 212.8),
        ((577.42, 0, 0, 816.63, 8.9, 12.6), {}, 154.6),
        ((612.28, 0, 0, 864.57, -8.5, -11.3), {}, 145.8),
        (DESKEWED, {}, 150),
        (WHOLE, OPAQUE, 150),
    ],
    ids=["whole", "part", "inset", "beyond", "deskewed", "opaque_mask"],
)
def test_a_scan_that_is_not_the_page_has_the_resolution_of_its_place(matrix: Any, keys: Any, dpi: float) -> None:
    """Smaller, larger, turned by a degree or under a mask that hides nothing; and drawing it makes no pattern."""
    row = sound(pdf_page([(matrix, jpeg(PAGE, 90), A4_150, keys)]))
    assert row["dpi_x"] == pytest.approx(dpi, rel=0.002) and row["dpi_y"] == pytest.approx(dpi, rel=0.002)
    assert row["paper_class"] == "a4" and row["moire_strength"] < 4 and row["jpeg_quality"] == 90


def mask_of(page: np.ndarray) -> tuple[bytes, dict[str, Any]]:
    """The dark parts of a page as a mask to paint through."""
    keys = {"ImageMask": True, "BitsPerComponent": 1, "ColorSpace": None, "Filter": NAME("/FlateDecode")}
    return zlib.compress(np.packbits(page[..., 0] > 128, axis=1).tobytes()), keys


def test_the_resolution_of_layers_is_that_of_the_writing() -> None:
    """Text in a fine mask over a coarse ground is fine; a fine mask that paints nothing makes no coarse scan fine."""
    ground = jpeg(np.full_like(HALF, 240))
    fine = [(WHOLE, *spread(mask_of(PAGE)))]
    layered = sound(pdf_page([(WHOLE, ground, (620, 877), {}), *fine]))
    assert layered["dpi_x"] == pytest.approx(150, abs=0.2) and layered["jpeg_quality"] is None
    alone = sound(pdf_page(fine))
    assert alone["dpi_x"] == pytest.approx(150, abs=0.2) and alone["colour_mode"] == "bilevel"
    empty = [(WHOLE, *spread(mask_of(np.full_like(PAGE, 255))))]
    assert sound(pdf_page([(WHOLE, jpeg(HALF), (620, 877), {}), *empty]))["dpi_x"] == pytest.approx(75, abs=0.2)


def spread(mask: tuple[bytes, dict[str, Any]]) -> tuple[bytes, tuple[int, int], dict[str, Any]]:
    return mask[0], A4_150, mask[1]


def test_a_large_page_from_few_bytes_is_refused() -> None:
    """One small image placed two thousand times asks for no more pixels than any page may."""
    tile = (0.3, 0, 0, 0.42, 0, 0)
    more = b"\n".join(b"q 12 0 0 17 %d %d cm /S0 Do Q" % (x * 12, y * 17) for x in range(50) for y in range(38))
    data = pdf_page([(tile, jpeg(np.full((4000, 4000, 3), 255, np.uint8), 10), (4000, 4000), {})], more)
    assert code(row_of(data)) == "too_large"
