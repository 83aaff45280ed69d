"""PDF: an embedded full-page image is taken as it is, a JPEG byte for byte; any other page is rendered."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pikepdf

from sohoa.pages.decode import jpeg, jpeg_header, pdf_content, pdf_images, pdf_render
from sohoa.pages.decode.page import Page, filled
from sohoa.pages.decode.pdf_content import Box, Scan
from sohoa.pages.decode.pdf_images import PIKEPDF_ERRORS
from sohoa.pages.guard.bounds import FileBounds
from sohoa.pages.guard.faults import BadPage
from sohoa.pages.reduce import Grey

_POINTS_PER_INCH = 72.0
_MM_PER_INCH = 25.4
_CMYK = 4
_EOF_WITHIN = 1024
_MAX_NODES = 100_000
_MAX_MEMORY = 268_435_456  # of any one stream that qpdf unpacks: page descriptions, object streams

pikepdf.settings.set_qpdf_limits(
    flate_max_memory=_MAX_MEMORY,
    png_max_memory=_MAX_MEMORY,
    run_length_max_memory=_MAX_MEMORY,
    tiff_max_memory=_MAX_MEMORY,
)


def read_pages(data: bytes, bounds: FileBounds) -> Iterator[Page]:
    """Yield pages of a PDF file.

    Raises:
        BadPage: the file needs a password, is damaged, has no page or more than the limit.
    """
    pdf = _open(data)
    with pdf:
        try:
            bounds.check_pages(_count_pages(pdf, bounds.max_pages))
            version, has_signature = _version(pdf), _has_signature(pdf)
            pages = list(pdf.pages)
        except PIKEPDF_ERRORS as error:
            raise BadPage.from_library("qpdf", error) from None
        if not pages:
            raise BadPage("unreadable", "the PDF has no page")
        altered = _check_signatures(data) if has_signature else None
        with pdf_render.Renderer(data) as renderer:
            for number, found in enumerate(pages):
                page = Page(pdf_version=version, has_signature=has_signature, fault=altered)
                yield filled(page, lambda p, n=number, f=found: _fill(p, f, n, renderer, bounds))  # type: ignore[misc]


def _open(data: bytes) -> pikepdf.Pdf:
    try:
        return pikepdf.open(io.BytesIO(data), attempt_recovery=False, inherit_page_attributes=False)
    except pikepdf.PasswordError:
        raise BadPage("encrypted", "the PDF needs a password") from None
    except PIKEPDF_ERRORS as error:
        fault = BadPage.from_library("qpdf", error)
        if b"%%EOF" not in data[-_EOF_WITHIN:]:
            fault.code = "truncated"
        raise fault from None


def _count_pages(pdf: pikepdf.Pdf, most: int) -> int:
    """Return pages in the page tree, counted to one over ``most`` at the most and without building the list of them."""
    count, stack = 0, [pdf.Root.Pages]
    for _ in range(_MAX_NODES):
        if not stack or count > most:
            return count
        node = stack.pop()
        kids = node.get("/Kids")
        if kids is None:
            count += 1
        elif len(kids) > 2 * most + len(stack):
            return most + 1
        else:
            stack.extend(kids)
    raise BadPage("too_large", "the page tree is too large, or runs in a circle")


def _version(pdf: pikepdf.Pdf) -> str | None:
    """Return the larger of the versions in header and catalog, null where neither is well formed."""
    said = [str(pdf.pdf_version), str(pdf.Root.get("/Version", "")).lstrip("/")]
    known = [text for text in said if re.fullmatch(r"\d\.\d", text)]
    return max(known, default=None)


def _has_signature(pdf: pikepdf.Pdf) -> bool:
    """Return whether a signature field has a value, whatever that is."""
    form = pdf.Root.get("/AcroForm")
    if not isinstance(form, pikepdf.Dictionary):
        return False
    stack: list[tuple[Any, bool]] = [(form.get("/Fields"), False)]
    for _ in range(_MAX_NODES):
        if not stack:
            return False
        node, is_signature = stack.pop()
        if isinstance(node, pikepdf.Array):
            stack.extend((kid, is_signature) for kid in list(node)[:_MAX_NODES])
        elif isinstance(node, pikepdf.Dictionary):
            is_signature = node.get("/FT", "/Sig" if is_signature else None) == "/Sig"
            if is_signature and node.get("/V") is not None:
                return True
            stack.append((node.get("/Kids"), is_signature))
    return False


def _check_signatures(data: bytes) -> BadPage | None:
    from sohoa.pages.decode.pdf_signatures import check_signatures  # takes longer to import than a page to measure

    return check_signatures(data)


def _fill(page: Page, found: pikepdf.Page, number: int, renderer: pdf_render.Renderer, bounds: FileBounds) -> None:
    try:
        box = pdf_content.visible_box(found)
        images = pdf_images.check_images(pdf_content.inherited(found, "/Resources"), bounds)
        scan, is_alone = pdf_content.find_scan(found, box)
        page.colour_mode, page.bit_depth = pdf_images.colour_of([scan.image] if scan else images)
        _set_sides(page, box, scan)
        grey = _decode_scan(page, scan.image, bounds) if scan else None
    except PIKEPDF_ERRORS as error:
        raise BadPage.from_library("qpdf", error) from None
    if grey is not None and is_alone and scan is not None and scan.turns is not None:
        page.grey = np.ascontiguousarray(np.rot90(grey, scan.turns))
    else:
        page.grey = renderer.render(number, box, scan.size if scan else None, bounds)


def _set_sides(page: Page, box: Box, scan: Scan | None) -> None:
    inches = (box.width / _POINTS_PER_INCH, box.height / _POINTS_PER_INCH)
    page.width_mm, page.height_mm = (side * _MM_PER_INCH for side in inches)
    if scan is not None:
        page.width_px, page.height_px = scan.size
        page.set_dpi((scan.size[0] / inches[0], scan.size[1] / inches[1]))


def _decode_scan(page: Page, image: Any, bounds: FileBounds) -> Grey | None:
    """Decode the scan to grey, strictly whether or not more is drawn over it; null where it must be rendered."""
    filters = pdf_images.filters_of(image)
    if filters != ["/DCTDecode"]:
        return pdf_images.unpack_grey(image, filters, page.reduction)
    stream = bytes(image.read_raw_bytes())
    header = jpeg_header.read_header(stream)
    page.quantisation = header.quantisation
    return None if header.components == _CMYK else jpeg.decode_grey(stream, header, page.reduction, bounds)
