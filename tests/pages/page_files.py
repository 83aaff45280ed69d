"""Page files made by code: good ones, and the parts from which tests make bad ones."""

from __future__ import annotations

import io
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pikepdf
import simplejpeg
from PIL import Image

from sohoa.pages.guard.bounds import FileBounds
from sohoa.pages.measure_page import measure_bytes

REAL = Path(__file__).parents[1] / "data" / "pages"
LIMITS = FileBounds(
    max_file_bytes=50_000_000,
    max_pixels=40_000_000,
    max_decoded_bytes=200_000_000,
    max_pages=50,
    max_file_seconds=20,
    max_memory_bytes=1_000_000_000,
)
A4_150 = (1240, 1754)
A4_POINTS = (595.28, 841.89)


def text_page(size: tuple[int, int] = A4_150, lines: int = 30, paper: int = 245) -> np.ndarray:
    """A colour page with lines of text, (height, width, 3)."""
    page = np.full((size[1], size[0], 3), paper, np.uint8)
    for k in range(lines):
        at = (size[0] // 10, size[1] // 10 + k * size[1] * 8 // 10 // max(1, lines))
        cv2.putText(page, f"Thanh phan ho so so {k:02d}, ban chinh", at, cv2.FONT_HERSHEY_SIMPLEX, 1, (30, 30, 40), 2)
    return page


@cache
def a4_image(dpi: int, rows: int | None = None) -> Image.Image:
    """A page of dense real text on tinted, slightly noisy paper; if asked, its first rows alone."""
    size = (round(210 / 25.4 * dpi), round(297 / 25.4 * dpi))
    source = Image.open(str(files("sohoa.simulate").joinpath("pages", "lept_patent.png"))).convert("L").resize(size)
    source = source.crop((0, 0, size[0], rows or size[1]))
    noise = np.random.default_rng(1).normal(0, 1.5, (*source.size[::-1], 3))
    paper = np.array([246, 243, 234]) * (np.asarray(source)[..., None] / 255) + noise
    return Image.fromarray(np.clip(paper, 0, 255).astype(np.uint8))


def jpeg(page: np.ndarray, quality: int = 85) -> bytes:
    return simplejpeg.encode_jpeg(np.ascontiguousarray(page), quality=quality)


def pillow_file(page: np.ndarray, kind: str, mode: str = "RGB", pages: int = 1, **options: Any) -> bytes:
    images = [Image.fromarray(page).convert(mode)] * pages
    if kind == "PNG":
        options = {"compress_level": 1} | options  # Pillow's own takes five times as long over noise
    more = {"save_all": True, "append_images": images[1:]} if pages > 1 else {}
    out = io.BytesIO()
    images[0].save(out, kind, **more, **options)
    return out.getvalue()


def image_of(pdf: pikepdf.Pdf, data: bytes, size: tuple[int, int], coding: str = "/DCTDecode") -> pikepdf.Stream:
    image = pikepdf.Stream(pdf, b"")
    image.write(data, filter=pikepdf.Name(coding))
    image["/Subtype"], image["/ColorSpace"] = pikepdf.Name("/Image"), pikepdf.Name("/DeviceRGB")
    image["/Width"], image["/Height"], image["/BitsPerComponent"] = *size, 8
    return image


def pdf_file(
    scans: list[bytes],
    size: tuple[int, int] = A4_150,
    content: bytes | None = None,
    coding: str = "/DCTDecode",
    keys: dict[str, Any] | None = None,
    **save: Any,
) -> bytes:
    """A PDF of one A4 page a scan; ``content`` replaces what draws the scan, ``keys`` are added to each page."""
    with pikepdf.new() as pdf:
        for data in scans:
            pdf.add_blank_page(page_size=A4_POINTS)
            page = pdf.pages[-1].obj
            page["/Resources"] = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=image_of(pdf, data, size, coding)))
            page["/Contents"] = pdf.make_stream(content or b"q %g 0 0 %g 0 0 cm /Im0 Do Q" % A4_POINTS)
            for key, value in (keys or {}).items():
                page[key] = value
        out = io.BytesIO()
        pdf.save(out, **save)
        return out.getvalue()


def measure(data: bytes, limits: FileBounds = LIMITS) -> list[dict[str, Any]]:
    return measure_bytes(data, "page", limits)


def code(row: dict[str, Any]) -> str | None:
    """The error's code, null where there is no error."""
    return row["error"].partition(":")[0] if row["error"] else None
