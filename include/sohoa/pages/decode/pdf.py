"""PDF: a page made up of whole images is put together from their pixels; any other page is rendered."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np
import pikepdf

from sohoa.enums import SignatureState
from sohoa.pages.decode import pdf_content, pdf_images, pdf_layout, pdf_open, pdf_render
from sohoa.pages.decode.flaws import noting_flaws
from sohoa.pages.decode.page import Page, filled
from sohoa.pages.decode.pdf_content import Box, Placed
from sohoa.pages.decode.pdf_images import PIKEPDF_ERRORS, Picture
from sohoa.pages.decode.pdf_layout import Item, Layout
from sohoa.pages.guard.bounds import FileBounds
from sohoa.pages.guard.faults import BadPage
from sohoa.pages.reduce import Grey, fit_long_side

_POINTS_PER_INCH = 72.0
_MM_PER_INCH = 25.4
_CHECK_FACTOR = 8  # all of a JPEG is read, few pixels are made
_STROKE = 60  # grey levels within three pixels
_WRITING = 2.0  # times as many strokes on the page as on the background alone: the writing is in the masks
_MAX_NODES = 100_000


def read_pages(data: bytes, bounds: FileBounds) -> Iterator[Page]:
    """Yield pages of a PDF file.

    Raises:
        BadPage: the file needs a password, is damaged, has no page or more than the limit.
    """
    with noting_flaws() as flaws:
        pdf_open.note_ends(data)
        data = pdf_open.without_zeros(data)
        opened = pdf_open.open_pdf(data, bounds.max_pages)
    with opened as pdf:
        try:
            bounds.check_pages(pdf_open.count_pages(pdf, bounds.max_pages))
            version, has_signature = _version(pdf), _has_signature(pdf)
            pages = list(pdf.pages)
        except PIKEPDF_ERRORS as error:
            raise BadPage.from_library("qpdf", error) from None
        if not pages:
            raise BadPage("unreadable", "the PDF has no page")
        signed = _check_signatures(data) if has_signature else None
        altered, state = (signed, None) if isinstance(signed, BadPage) else (None, signed)
        flaw = min(flaws, default=None)
        with pdf_render.Renderer(data) as renderer:
            for number, found in enumerate(pages):
                page = Page(
                    pdf_version=version, has_signature=has_signature, file_flaw=flaw, signature_state=state,
                    fault=altered,
                )  # fmt: skip
                yield filled(page, lambda p, n=number, f=found: _fill(p, pdf, f, n, renderer, bounds))  # type: ignore[misc]


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


def _check_signatures(data: bytes) -> BadPage | SignatureState:
    from sohoa.pages.decode.pdf_signatures import check_signatures  # takes longer to import than a page to measure

    return check_signatures(data)


def _fill(
    page: Page, pdf: pikepdf.Pdf, found: pikepdf.Page, number: int, renderer: pdf_render.Renderer, bounds: FileBounds
) -> None:
    try:
        box = pdf_content.visible_box(found)
        images = pdf_images.check_images(pdf_content.inherited(found, "/Resources"), bounds)
        placed, is_alone = pdf_content.find_placed(found, box)
        items = _read_items(placed, bounds)
        layout = pdf_layout.lay_out(items, is_alone, box)
        _set_facts(page, box, layout, images)
        if layout is not None:
            bounds.check_image(*layout.size, 0)
        grey = _draw(page, items, layout, box, bounds)
        if grey is None:
            for item in items:
                pdf_images.check_rendering(item.picture, bounds)
        pdf_open.note_warnings(pdf)
    except PIKEPDF_ERRORS as error:
        raise BadPage.from_library("qpdf", error) from None

    is_bare = layout is not None and not any(item.placed.fills(box) for item in items)

    def render(size: tuple[int, int] | None) -> Grey:
        grey = renderer.render(number, box, size, bounds)
        paper = pdf_layout.paper_level(grey)
        return renderer.render(number, box, size, bounds, paper) if is_bare and paper < pdf_layout.PAPER else grey

    if grey is None:
        writing = pdf_layout.writing(layout, box) if layout else None
        grey = _render_writing(page, writing, layout, box, bounds, render) if writing and layout else None
    page.grey = grey if grey is not None else render(layout.size if layout else None)


def _read_items(placed: list[Placed], bounds: FileBounds) -> list[Item]:
    """Return the images that a page places, each read once."""
    known: dict[tuple[int, int], tuple[Picture, float]] = {}
    for one in placed:
        if one.image.objgen not in known:
            known[one.image.objgen] = (
                pdf_images.read_picture(one.image, bounds), pdf_images.painted_share(one.image, bounds)
            )  # fmt: skip
    return [Item(one, *known[one.image.objgen]) for one in placed]


def _set_facts(page: Page, box: Box, layout: Layout | None, images: list[Any]) -> None:
    page.width_mm, page.height_mm = (side / _POINTS_PER_INCH * _MM_PER_INCH for side in (box.width, box.height))
    if layout is None:
        page.colour_mode, page.bit_depth = pdf_images.richest(map(pdf_images.kind_of, images))
        return
    page.colour_mode, page.bit_depth = layout.kind
    page.quantisation = layout.quantisation
    page.width_px, page.height_px = layout.size
    page.set_dpi(layout.dpi)


def _draw(page: Page, items: list[Item], layout: Layout | None, box: Box, bounds: FileBounds) -> Grey | None:
    """Decode every image strictly; return the page that they make up, null where it takes a renderer.

    Raises:
        BadPage: one of them is damaged, cut short, or over the bounds.
    """
    checked = set()

    def decode(picture: Picture, factor: int = page.reduction) -> Grey | None:
        checked.add(picture.image.objgen)
        return pdf_images.decode_grey(picture, factor, bounds)

    grey = pdf_layout.compose(layout, box, page.reduction, decode) if layout else None
    for item in items if grey is None else []:
        if item.picture.image.objgen not in checked:
            decode(item.picture, _CHECK_FACTOR)
    return grey


def _render_writing(
    page: Page,
    writing: Layout,
    layout: Layout,
    box: Box,
    bounds: FileBounds,
    render: Callable[[tuple[int, int] | None], Grey],
) -> Grey | None:
    """Render a page at the resolution of its masks, where those and not the image under them hold the writing."""
    fine = render(writing.size)
    below = pdf_images.decode_grey(next(item.picture for item in layout.items if not item.is_layer), 1, bounds)
    if below is None or _stroke_share(fine, max(below.shape)) < _WRITING * _stroke_share(below, max(below.shape)):
        return None
    _set_facts(page, box, writing, [])
    return fine


def _stroke_share(grey: Grey, long_side: int) -> float:
    """Return the share of a page that lies along strokes, at a resolution that two pages can share."""
    small = fit_long_side(grey, long_side, 1)
    return float(np.mean(cv2.morphologyEx(small, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > _STROKE))
