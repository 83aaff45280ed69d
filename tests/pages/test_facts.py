"""What a file says of itself: format, size, resolution, paper, colour, quality, version, signature."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pikepdf
import pytest
from PIL import Image

from sohoa.pages.decode.tags import STRIP_COUNTS, STRIP_OFFSETS, open_tiff
from sohoa.pages.metrics.jpeg_quality import measure_jpeg_quality
from sohoa.pages.metrics.paper_class import ISO_MM, paper_class
from tests.pages.page_files import A4_150, A4_POINTS, REAL, jpeg, measure, pdf_file, pillow_file, text_page

PAGE = text_page()
A4_200 = text_page((1654, 2339))


def one(data: bytes) -> dict[str, object]:
    (row,) = measure(data)
    assert row["error"] is None
    return row


@pytest.mark.parametrize(
    ("kind", "options"),
    [("JPEG", {}), ("PNG", {}), ("TIFF", {"compression": "tiff_lzw"}), ("TIFF", {"compression": "jpeg"}),
     ("TIFF", {"compression": "tiff_adobe_deflate"}), ("TIFF", {})],
)  # fmt: skip
def test_formats_agree_on_one_page(kind, options):
    """The same A4 page at 200 dpi is the same page in each format."""
    row = one(pillow_file(A4_200, kind, dpi=(200, 200), **options))
    assert row["format"] == kind.lower()
    assert (row["width_px"], row["height_px"], row["paper_class"]) == (1654, 2339, "a4")
    assert row["dpi_x"] == pytest.approx(200, abs=0.01)
    assert (row["colour_mode"], row["bit_depth"]) == ("colour", 8)
    assert row["width_mm"] == pytest.approx(210, abs=0.2) and row["height_mm"] == pytest.approx(297, abs=0.2)
    assert row["pdf_version"] is None and row["has_signature"] is None


def test_bilevel_g4_of_many_pages():
    """A fax-coded TIFF is bilevel, and each of its pages is a row in order."""
    rows = measure(pillow_file(PAGE, "TIFF", "1", pages=3, compression="group4", dpi=(150, 150)))
    assert [(row["page_no"], row["colour_mode"], row["bit_depth"], row["error"]) for row in rows] == [
        (n, "bilevel", 1, None) for n in (1, 2, 3)
    ]


@pytest.mark.parametrize(
    ("kind", "mode", "expected"),
    [("PNG", "1", ("bilevel", 1)), ("PNG", "L", ("grey", 8)), ("PNG", "P", ("colour", 8)),
     ("PNG", "RGBA", ("colour", 8)), ("PNG", "I;16", ("grey", 16)),
     ("JPEG", "L", ("grey", 8)), ("TIFF", "L", ("grey", 8))],
)  # fmt: skip
def test_colour_mode_is_the_files_own(kind, mode, expected):
    """Mode and depth are those of the file, not of the picture."""
    grey = PAGE[:200, :200]
    if mode == "I;16":
        out = io.BytesIO()
        Image.fromarray(grey[..., 0].astype(np.uint16) * 257).save(out, kind)
        data = out.getvalue()
    else:
        data = pillow_file(grey, kind, mode)
    row = one(data)
    assert (row["colour_mode"], row["bit_depth"]) == expected


def test_a_colour_jpeg_without_chroma_is_still_colour():
    """Whether red is missing is judged elsewhere; the file stores three channels."""
    assert one(jpeg(np.repeat(PAGE[..., :1], 3, axis=2)))["colour_mode"] == "colour"


def test_resolution_is_never_guessed():
    """Density as a mere ratio, absent tags and contradicting tags give null, and so do size and paper."""
    bare = jpeg(PAGE)  # JFIF with unit 0
    exif = Image.Exif()
    exif[282], exif[283], exif[296] = 300.0, 300.0, 2
    contradicting = pillow_file(PAGE, "JPEG", dpi=(72, 72), exif=exif)
    for data in (bare, contradicting, pillow_file(PAGE, "PNG")):
        row = one(data)
        assert [row[name] for name in ("dpi_x", "dpi_y", "width_mm", "height_mm", "paper_class")] == [None] * 5


def test_resolution_that_fits_no_paper_is_still_what_the_file_says():
    """An A4 scan tagged 72 dpi is a sheet of another size, not silently A4."""
    row = one(pillow_file(PAGE, "JPEG", dpi=(72, 72)))
    assert (row["dpi_x"], row["paper_class"]) == (72.0, "other")


def test_exif_resolution_and_turn_count():
    """EXIF speaks where JFIF is silent, and a photograph on its side is shown upright."""
    exif = Image.Exif()
    exif[282], exif[283], exif[296], exif[274] = 150.0, 150.0, 2, 6
    sideways = np.ascontiguousarray(np.rot90(PAGE))
    data = pillow_file(sideways, "JPEG", exif=exif)
    row = one(data)
    assert (row["width_px"], row["height_px"]) == A4_150
    assert row["dpi_x"] == pytest.approx(150)
    assert row["skew_deg"] == pytest.approx(0, abs=0.05)


def test_pixels_per_metre_and_centimetre():
    """PNG counts in metres, JFIF and TIFF may count in centimetres."""
    metric = bytearray(jpeg(PAGE))
    at = metric.index(b"JFIF\0")
    metric[at + 7 : at + 12] = struct.pack(">BHH", 2, 59, 59)
    assert one(bytes(metric))["dpi_x"] == pytest.approx(59 * 2.54, abs=0.01)
    assert one(pillow_file(PAGE, "TIFF", resolution=59, resolution_unit="cm"))["dpi_x"] == pytest.approx(149.86)
    assert one(pillow_file(PAGE, "PNG", dpi=(150, 150)))["dpi_x"] == pytest.approx(150, abs=0.02)


def test_paper_in_either_orientation_and_within_its_tolerance():
    """Each ISO size is itself turned, cut by 2 mm, and other when cut by 20 mm; A4 allows 3 mm, A0 allows 1 %."""
    for name, (short, long) in ISO_MM.items():
        assert paper_class(short, long) == paper_class(long, short) == paper_class(short - 2, long + 2) == name
        assert paper_class(short - 20, long) == "other"
    assert paper_class(210 - 4, 297) == "other" and paper_class(841 - 8, 1189) == "a0"


@pytest.mark.parametrize("quality", [5, 20, 50, 75, 85, 95, 100])
def test_jpeg_quality_is_exact_for_libjpeg_wherever_the_jpeg_lies(quality):
    """The quality of the encoder comes back from a file, from a TIFF strip and from inside a PDF."""
    data = jpeg(PAGE, quality)
    assert one(data)["jpeg_quality"] == quality
    assert one(pdf_file([data]))["jpeg_quality"] == quality
    if quality >= 50:
        tiff = pillow_file(PAGE, "TIFF", compression="jpeg", quality=quality)
        assert one(tiff)["jpeg_quality"] == quality


def test_jpeg_quality_orders_foreign_tables():
    """Tables of another maker get the nearest quality: coarser steps, lower quality; no table, no quality."""
    scores = [measure_jpeg_quality([[step] * 64]) for step in (2, 8, 30, 90)]
    assert scores == sorted(scores, reverse=True) and len(set(scores)) == 4
    assert measure_jpeg_quality([]) is None
    assert one(pillow_file(PAGE, "PNG"))["jpeg_quality"] is None


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_pdf_page_is_its_scan_as_shown(turn):
    """Sides and resolution follow the page's own turn; the embedded JPEG is measured, not a rendering."""
    row = one(pdf_file([jpeg(PAGE)], keys={"/Rotate": turn}))
    assert (row["width_px"], row["height_px"]) == (A4_150[::-1] if turn % 180 else A4_150)
    assert row["dpi_x"] == pytest.approx(150, abs=0.1) and row["paper_class"] == "a4"
    assert (row["colour_mode"], row["jpeg_quality"], row["has_signature"]) == ("colour", 85.0, False)
    assert row["skew_deg"] == pytest.approx(0, abs=0.05)
    assert row["ink_ratio"] == pytest.approx(one(jpeg(PAGE))["ink_ratio"], rel=0.01)


def test_pdf_units_boxes_and_matrices():
    """UserUnit scales the sheet, the crop box is the page, and a scan placed on its side is turned upright."""
    data = jpeg(PAGE)
    assert one(pdf_file([data], keys={"/UserUnit": 2}))["dpi_x"] == pytest.approx(75, abs=0.1)
    assert one(pdf_file([data], keys={"/UserUnit": 2}))["paper_class"] == "a2"
    cropped = one(pdf_file([data], keys={"/MediaBox": [-50, -50, 700, 900], "/CropBox": [0, 0, *A4_POINTS]}))
    assert (cropped["width_px"], cropped["paper_class"]) == (A4_150[0], "a4")
    sideways = pdf_file(
        [jpeg(np.rot90(PAGE, -1))], A4_150[::-1], b"q 0 %g -%g 0 %g 0 cm /Im0 Do Q" % (A4_POINTS[1], *A4_POINTS[:1] * 2)
    )
    assert (one(sideways)["width_px"], one(sideways)["dpi_x"]) == (A4_150[0], pytest.approx(150, abs=0.1))


def test_pdf_attributes_are_inherited():
    """A page without box or turn of its own takes them from the page tree."""
    with pikepdf.open(io.BytesIO(pdf_file([jpeg(PAGE)]))) as pdf:
        page = pdf.pages[0].obj
        for key, value in (("/MediaBox", page["/MediaBox"]), ("/Resources", page["/Resources"]), ("/Rotate", 90)):
            pdf.Root.Pages[key] = value
        del page["/MediaBox"], page["/Resources"]
        out = io.BytesIO()
        pdf.save(out)
    row = one(out.getvalue())
    assert (row["width_px"], row["paper_class"]) == (A4_150[1], "a4")


def test_invisible_text_over_a_scan_changes_nothing():
    """The layer of a text recogniser leaves the embedded JPEG the page; visible marks make it a rendering."""
    draw = b"q %g 0 0 %g 0 0 cm /Im0 Do Q " % A4_POINTS
    data = jpeg(PAGE)
    plain = one(pdf_file([data]))
    layered = one(pdf_file([data], content=draw + b"BT 3 Tr (x) Tj ET"))
    stamped = one(pdf_file([data], content=draw + b"1 0 0 rg 400 60 150 60 re f"))
    assert layered["ink_ratio"] == plain["ink_ratio"] < stamped["ink_ratio"]
    assert stamped["dpi_x"] == plain["dpi_x"]


def test_pdf_page_without_a_scan_is_rendered():
    """A drawing and a picture on part of the sheet have a size on paper and ink, but no resolution."""
    drawing = one(
        pdf_file([jpeg(PAGE)], content=b"2 w " + b" ".join(b"60 %d m 500 %d l S" % (y, y) for y in range(100, 700, 20)))
    )
    part = one(pdf_file([jpeg(PAGE)], content=b"q 300 0 0 400 50 50 cm /Im0 Do Q"))
    for row in (drawing, part):
        assert row["paper_class"] == "a4" and row["ink_ratio"] > 0
        assert row["dpi_x"] is None and row["width_px"] is None
    assert drawing["skew_deg"] == pytest.approx(0, abs=0.05)


def test_deflated_scan_in_a_pdf_reads_like_the_picture():
    """A lossless scan gives the pixels of a PNG; a stamped one is rendered at its own size, and reads nearly so."""
    row = one(pdf_file([zlib.compress(PAGE.tobytes())], coding="/FlateDecode"))
    assert (row["width_px"], row["height_px"], row["colour_mode"]) == (*A4_150, "colour")
    assert row["jpeg_quality"] is None
    ink = one(pillow_file(PAGE, "PNG"))["ink_ratio"]
    assert row["ink_ratio"] == ink
    draw = b"q %g 0 0 %g 0 0 cm /Im0 Do Q 1 1 1 rg 0 0 9 9 re f" % A4_POINTS
    rendered = one(pdf_file([zlib.compress(PAGE.tobytes())], content=draw, coding="/FlateDecode"))
    assert rendered["ink_ratio"] == pytest.approx(ink, rel=0.1)


def test_fax_coded_scan_in_a_pdf_reads_like_the_picture():
    """A bilevel scan in CCITT group 4 gives the pixels of the TIFF that its bytes come from."""
    tiff = pillow_file(PAGE[:560, :400], "TIFF", "1", compression="group4")
    directory = open_tiff(tiff)
    tags = directory.read(directory.first)
    (start,), (count,) = tags[STRIP_OFFSETS], tags[STRIP_COUNTS]
    with pikepdf.open(io.BytesIO(pdf_file([tiff[start : start + count]], (400, 560), coding="/CCITTFaxDecode"))) as pdf:
        image = pdf.pages[0].obj["/Resources"]["/XObject"]["/Im0"]
        image["/ColorSpace"], image["/BitsPerComponent"] = pikepdf.Name("/DeviceGray"), 1
        image["/DecodeParms"] = pikepdf.Dictionary(K=-1, Columns=400, Rows=560, BlackIs1=True)  # as Pillow codes it
        out = io.BytesIO()
        pdf.save(out)
    row = one(out.getvalue())
    assert (row["colour_mode"], row["bit_depth"], row["width_px"]) == ("bilevel", 1, 400)
    assert row["ink_ratio"] == one(tiff)["ink_ratio"] > 0


def test_pdf_version_is_the_larger_of_header_and_catalog():
    """An update may raise the version in the catalog; it cannot lower it."""
    for header, catalog, expected in (("1.3", None, "1.3"), ("1.3", "/1.6", "1.6"), ("1.7", "/1.4", "1.7")):
        with pikepdf.open(io.BytesIO(pdf_file([jpeg(PAGE)]))) as pdf:
            if catalog:
                pdf.Root["/Version"] = pikepdf.Name(catalog)
            out = io.BytesIO()
            pdf.save(out, force_version=header)
        assert one(out.getvalue())["pdf_version"] == expected


def test_signature_is_a_signature_field_with_a_value():
    """An empty signature field and a filled text field are no signature; a value inherited through a parent is."""

    def signed(*fields: pikepdf.Dictionary) -> object:
        with pikepdf.open(io.BytesIO(pdf_file([jpeg(PAGE)]))) as pdf:
            pdf.Root["/AcroForm"] = pikepdf.Dictionary(Fields=pikepdf.Array(fields))
            out = io.BytesIO()
            pdf.save(out)
        return one(out.getvalue())["has_signature"]

    sig, text = pikepdf.Name("/Sig"), pikepdf.Name("/Tx")
    value = pikepdf.Dictionary(Type=sig)
    assert signed() is False
    assert signed(pikepdf.Dictionary(FT=sig), pikepdf.Dictionary(FT=text, V=pikepdf.String("x"))) is False
    assert signed(pikepdf.Dictionary(FT=sig, V=value)) is True
    assert signed(pikepdf.Dictionary(FT=sig, Kids=pikepdf.Array([pikepdf.Dictionary(V=value)]))) is True


def test_real_files_are_what_their_headers_say():
    """Real scans: a fax-coded TIFF at 150 dpi, a bilevel PNG at 300 dpi and a colour JPEG at 75 dpi."""
    found = {}
    for name in ("lept_table.27.tif", "lept_cootoots.png", "lept_candelabrum.011.jpg"):
        row = one((REAL / name).read_bytes())
        found[name] = (row["width_px"], row["height_px"], row["dpi_x"], row["colour_mode"], row["bit_depth"])
    assert found == {
        "lept_table.27.tif": (1187, 1625, 150.0, "bilevel", 1),
        "lept_cootoots.png": (1145, 1785, 300.0, "bilevel", 1),
        "lept_candelabrum.011.jpg": (452, 596, 75.0, "colour", 8),
    }
