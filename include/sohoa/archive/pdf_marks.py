"""What the archive asks of a PDF and no page row says: where its signatures show, and which PDF/A it claims to be.

It runs in a process of its own (``read_marks``), since the file comes from outside.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

import pikepdf

from sohoa.archive.marks import Marks
from sohoa.guarded.serve import serve

_MAX_PAGES = 2_000
_TOP = 1 / 3
"""Part of the page's height that is its top."""


def read_marks(file: BinaryIO) -> Marks:
    """Read the marks of a PDF.

    Raises:
        pikepdf.PdfError: it cannot be opened.
    """
    with pikepdf.open(file) as pdf:
        places = {place for number, page in enumerate(pdf.pages[:_MAX_PAGES]) for place in _places(number, page)}
        if not places and _has_signature(pdf):
            places = {"hidden"}
        return {"places": sorted(places), "pdf_a": str(pdf.open_metadata().pdfa_status)}


def _has_signature(pdf: pikepdf.Pdf) -> bool:
    fields = pdf.Root.get("/AcroForm", {}).get("/Fields", [])
    return any(field.get("/FT") == "/Sig" and "/V" in field for field in fields)


def _places(number: int, page: Any) -> Iterator[str]:
    for mark in page.obj.get("/Annots", []):
        field = mark.get("/Parent", mark) if "/FT" not in mark else mark
        if field.get("/FT") != "/Sig" or "/V" not in field:
            continue
        left, low, right, high = (float(value) for value in mark.get("/Rect", [0, 0, 0, 0]))
        if left == right or low == high:
            yield "hidden"
        elif number:
            yield "other_page"
        else:
            yield _corner(page, (left + right) / 2, (low + high) / 2)


def _corner(page: Any, x: float, y: float) -> str:
    """Name the place of a point as the page is shown, turned by its own rotation."""
    left, low, right, high = (float(value) for value in page.mediabox)
    across, down = (x - left) / (right - left), (high - y) / (high - low)
    for _ in range(int(page.obj.get("/Rotate", 0)) // 90 % 4):
        across, down = 1 - down, across
    if down > _TOP:
        return "page_1"
    return "top_left" if across < 1 / 2 else "top_right"


def _answer(_: dict[str, Any], file: BinaryIO | None) -> Iterator[bytes]:
    assert file is not None
    yield json.dumps(read_marks(file)).encode()


def main() -> None:
    """Answer requests until the caller goes."""
    serve(_answer)


if __name__ == "__main__":
    main()
