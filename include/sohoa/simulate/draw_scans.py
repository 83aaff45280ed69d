"""Sheets turned into the files that a scanner leaves, good or with a defect far past its limit."""

from __future__ import annotations

import struct
from io import BytesIO

import cv2
import numpy as np
import pikepdf
import simplejpeg
from PIL import Image as Pillow

from sohoa.simulate.draw_sheets import blank_page, draw_page
from sohoa.simulate.page_bodies import Image
from sohoa.simulate.plan_scans import Scan
from sohoa.simulate.seeded_draws import generator
from sohoa.simulate.spoil_pages import SPOILERS

QUALITY, LOW_DPI = 85, 100
EMPTY_SHARE = 0.35  # of the files cut short
SUFFIX = {"pdf": "pdf", "jpeg": "jpg", "tiff": "tif"}


def file_names(scan: Scan) -> tuple[str, ...]:
    """Names of the document's files, unique in the run."""
    if scan.not_scanned:
        return ()
    suffix = SUFFIX[scan.format]
    if scan.format == "jpeg":
        return tuple(f"{scan.full_id}.p{page}.{suffix}" for page in range(1, scan.images + 1))
    return (f"{scan.full_id}.{suffix}",)


def draw_scan(scan: Scan) -> tuple[bytes, ...]:
    """The document's files, in the order of ``file_names``; the same bytes for the same scan."""
    if scan.not_scanned:
        return ()
    rng = generator(0, "scan", scan.full_id)
    images = [_scan_page(scan, page, with_note, rng) for page, with_note in _exposures(scan)]
    dpi = LOW_DPI if scan.defect == "low_dpi" else scan.dpi
    if scan.format == "jpeg":
        files = [_jpeg(image, _dpi_of(scan, page), _quality(scan, page, rng)) for page, image in enumerate(images, 1)]
        return tuple(_arrived(scan, file, {page}, rng) for page, file in enumerate(files, 1))
    if scan.format == "tiff":
        data = _tiff(images, dpi, rng)
    else:
        data = _pdf([_jpeg(image, dpi, _quality(scan, 1, rng)) for image in images], scan.defect == "old_pdf")
    return (_arrived(scan, data, set(range(1, scan.images + 1)), rng),)


def _exposures(scan: Scan) -> list[tuple[int, bool]]:
    """(page, with its note) in the order of scanning: a page with a note is scanned with it, then without."""
    return [
        (page, with_note)
        for page in range(1, scan.pages + 1)
        for with_note in ((True, False) if page in scan.note_pages else (False,))
    ]


def _scan_page(scan: Scan, page: int, with_note: bool, rng: np.random.Generator) -> Image:
    """One page: BGR, or grey where the colour is wrong."""
    defect = scan.defect if page in scan.bad_pages else ""
    if defect == "blank":
        return blank_page(scan)
    image = draw_page(scan, page, with_note)
    if defect == "low_dpi":
        scale = LOW_DPI / scan.dpi
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    if defect == "skewed":
        image = _turn(image, float(rng.uniform(4, 9)) * (1 if rng.random() < 0.5 else -1))
    if defect in SPOILERS:
        image = SPOILERS[defect](image, scan.dpi, rng)
    if defect == "wrong_colour":
        image = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    return image


def _turn(image: Image, degrees: float) -> Image:
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    paper = tuple(int(v) for v in np.median(image[:20].reshape(-1, 3), axis=0))
    turned: Image = cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=paper)
    return turned


def _dpi_of(scan: Scan, page: int) -> int:
    return LOW_DPI if scan.defect == "low_dpi" and page in scan.bad_pages else scan.dpi


def _quality(scan: Scan, page: int, rng: np.random.Generator) -> int:
    over = scan.defect == "over_compressed" and page in scan.bad_pages
    return int(rng.integers(10, 20)) if over else QUALITY


def _jpeg(image: Image, dpi: int, quality: int) -> bytes:
    grey = image.ndim == 2
    data: bytes = simplejpeg.encode_jpeg(
        np.ascontiguousarray(image[..., None] if grey else image),
        quality=quality,
        colorspace="GRAY" if grey else "BGR",
        colorsubsampling="Gray" if grey else "420",
        fastdct=False,
    )
    assert data[6:11] == b"JFIF\0", "the encoder writes a JFIF header first"
    return data[:13] + struct.pack(">BHH", 1, dpi, dpi) + data[18:]


def _pdf(jpegs: list[bytes], is_old: bool) -> bytes:
    """A PDF at 1:1, one JPEG a page as it is."""
    pdf = pikepdf.Pdf.new()
    for jpeg in jpegs:
        height, width, space, _ = simplejpeg.decode_jpeg_header(jpeg)
        dpi = struct.unpack(">H", jpeg[14:16])[0]
        size = [int(pixels * 7200 / dpi) / 100 for pixels in (width, height)]  # rounded down: never below the dpi
        image = pikepdf.Stream(
            pdf,
            jpeg,
            Type=pikepdf.Name.XObject,
            Subtype=pikepdf.Name.Image,
            Width=width,
            Height=height,
            ColorSpace=pikepdf.Name.DeviceGray if space == "Gray" else pikepdf.Name.DeviceRGB,
            BitsPerComponent=8,
            Filter=pikepdf.Name.DCTDecode,
        )
        page = pdf.add_blank_page(page_size=(size[0], size[1]))
        page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Scan=image))
        page.obj.Contents = pikepdf.Stream(pdf, f"q {size[0]} 0 0 {size[1]} 0 0 cm /Scan Do Q".encode())
    out = BytesIO()
    pdf.save(
        out,
        force_version="1.3" if is_old else "1.7",
        deterministic_id=True,
        object_stream_mode=pikepdf.ObjectStreamMode.disable,
    )
    return out.getvalue()


def _tiff(images: list[Image], dpi: int, rng: np.random.Generator) -> bytes:
    """A TIFF, a page an image: colour by JPEG or, one page, by LZW; a page of the wrong colour bilevel by G4."""
    if images[0].ndim == 2:
        pages = [Pillow.fromarray(np.where(image > 150, 255, 0).astype(np.uint8)).convert("1") for image in images]
        options: dict[str, object] = {"compression": "group4"}
    else:
        pages = [Pillow.fromarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB)) for image in images]
        lzw = len(images) == 1 and rng.random() < 0.5
        options = {"compression": "tiff_lzw"} if lzw else {"compression": "jpeg", "quality": QUALITY}
    out = BytesIO()
    pages[0].save(out, "TIFF", save_all=True, append_images=pages[1:], dpi=(dpi, dpi), **options)
    return out.getvalue()


def _arrived(scan: Scan, data: bytes, pages: set[int], rng: np.random.Generator) -> bytes:
    """The file as it arrives: cut short, at worst to nothing, or a PDF with noise where its objects should be."""
    if not scan.bad_pages & pages:
        return data
    if scan.defect == "truncated":
        return b"" if rng.random() < EMPTY_SHARE else data[: int(len(data) * rng.uniform(0.4, 0.7))]
    if scan.defect == "unreadable":
        return data[:9] + rng.bytes(len(data)) + b"\n%%EOF\n"
    return data
