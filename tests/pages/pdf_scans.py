"""PDF pages made of images: any coding, any place, several on one page."""

from __future__ import annotations

import base64
import io
import zlib
from itertools import pairwise
from typing import Any

import numpy as np
import pikepdf

from tests.pages.page_files import A4_POINTS

Matrix = tuple[float, float, float, float, float, float]

WHOLE: Matrix = (A4_POINTS[0], 0, 0, A4_POINTS[1], 0, 0)
"""The matrix of an image that fills the page."""


def scan_pdf(
    data: bytes,
    size: tuple[int, int],
    filters: tuple[str, ...] = ("/DCTDecode",),
    matrix: Matrix = WHOLE,
    **keys: Any,
) -> bytes:
    """A page of one image; ``keys`` go into its dictionary, null takes one out."""
    names = [pikepdf.Name(name) for name in filters]
    return pdf_page([(matrix, data, size, {"Filter": names if len(names) > 1 else names[0], **keys})])


def pdf_page(images: list[tuple[Matrix, bytes, tuple[int, int], dict[str, Any]]], more: bytes = b"") -> bytes:
    """A page of several images, drawn in that order, and what comes after them."""
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=A4_POINTS)
        page, drawn, named = pdf.pages[0].obj, [], {}
        for number, (matrix, data, (width, height), keys) in enumerate(images):
            named[f"/S{number}"] = image_stream(pdf, data, width, height, keys)
            drawn.append(b"q %f %f %f %f %f %f cm /S%d Do Q" % (*matrix, number))
        page["/Resources"] = pikepdf.Dictionary(XObject=pikepdf.Dictionary(named))
        page["/Contents"] = pdf.make_stream(b"\n".join([*drawn, more]))
        out = io.BytesIO()
        pdf.save(out)
        return out.getvalue()


def image_stream(pdf: pikepdf.Pdf, data: bytes, width: int, height: int, keys: dict[str, Any]) -> pikepdf.Stream:
    stream = pdf.make_stream(data)
    usual = {
        "Type": pikepdf.Name("/XObject"), "Subtype": pikepdf.Name("/Image"), "Width": width, "Height": height,
        "ColorSpace": pikepdf.Name("/DeviceRGB"), "BitsPerComponent": 8, "Filter": pikepdf.Name("/DCTDecode"),
    }  # fmt: skip
    for key, value in (usual | keys).items():
        if key in ("SMask", "Mask") and isinstance(value, tuple):
            stream[f"/{key}"] = image_stream(pdf, *value)
        elif value is not None:
            stream[f"/{key}"] = value
    return stream


def coded(data: bytes, name: str) -> bytes:
    """The data in one more coding of PDF."""
    return {
        "/FlateDecode": zlib.compress,
        "/ASCII85Decode": lambda raw: base64.a85encode(raw) + b"~>",
        "/ASCIIHexDecode": lambda raw: raw.hex().encode() + b">",
    }[name](data)


def strips(page: np.ndarray, count: int) -> list[tuple[Matrix, np.ndarray]]:
    """A page cut into strips, from the top, each with its place."""
    edges = [round(k * len(page) / count) for k in range(count + 1)]
    scale = A4_POINTS[1] / len(page)
    return [
        ((A4_POINTS[0], 0, 0, (low - high) * scale, 0, A4_POINTS[1] - low * scale), page[high:low])
        for high, low in pairwise(edges)
    ]
