"""Pages as a good scanner sees them: BGR uint8 at the document's resolution, level, even, in colour."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from sohoa.simulate import draw_ink
from sohoa.simulate.draw_map import draw_map
from sohoa.simulate.page_bodies import BODIES, Body, Image, prepare
from sohoa.simulate.paper_sheet import CELL_MM, GRID, coloured, empty_paper, to_px
from sohoa.simulate.plan_scans import Scan
from sohoa.simulate.print_forms import print_cover, print_form, print_photo, stamp_across_edge
from sohoa.simulate.seeded_draws import generator

TEXTS = tuple(body for body in BODIES if body.style in {"text", "table"})
HEAD_MM, TOP_MM, BOTTOM_MM, SIGNATURE_MM = 96.0, 24.0, 276.0, 222.0  # where text may stand within a cell
MIN_MARGIN_MM, MM_PER_INCH = 14.0, 25.4
INK = 160  # darker is ink
GAP_SHARE = 0.01  # a row with less ink lies between lines


def blank_page(scan: Scan) -> Image:
    """The paper alone."""
    return coloured(empty_paper(scan), scan).pixels


def draw_page(scan: Scan, page: int, with_note: bool = False) -> Image:
    """One page of a scan, from 1; a second scan shows what the first showed."""
    rng = generator(0, "page", scan.paper_id, str(page))
    if scan.content == "map":
        return draw_map(scan, rng)
    grey = empty_paper(scan)
    is_cover = scan.cover == "glossy" and page == 1
    if not is_cover and scan.content == "text":
        _lay_bodies(grey, scan, page, rng)
    sheet = coloured(grey, scan)
    if is_cover:
        print_cover(sheet, scan)
    elif scan.content == "photo":
        print_photo(sheet, scan, rng)
    else:
        print_form(sheet, scan, page, rng)
    if scan.has_edge_seal:
        stamp_across_edge(sheet, page, scan.pages)
    if with_note:
        draw_ink.stick_note(sheet.pixels, scan.dpi, 95 + 10 * rng.random(), 120 + 40 * rng.random())
    return sheet.pixels


def _lay_bodies(grey: Image, scan: Scan, page: int, rng: np.random.Generator) -> None:
    """A part of a real page in each A4 cell, another one in each cell and page."""
    order = generator(0, "bodies", scan.paper_id).permutation(len(TEXTS))
    columns, rows = GRID[scan.paper]
    for cell in range(columns * rows):
        body = TEXTS[order[(page - 1 + cell) % len(TEXTS)]]
        top = HEAD_MM if page == 1 and cell == 0 else TOP_MM
        bottom = SIGNATURE_MM if page == scan.pages and cell == columns * rows - 1 else BOTTOM_MM
        bottom -= float(rng.uniform(0, 0.4)) * (bottom - top)
        corner = (cell % columns) * CELL_MM[0], (cell // columns) * CELL_MM[1]
        _lay(grey, body, scan.dpi, (corner[0], corner[1] + top), bottom - top, rng)


def _lay(
    grey: Image, body: Body, dpi: int, corner_mm: tuple[float, float], room_mm: float, rng: np.random.Generator
) -> None:
    """Lay as many lines of a real page as there is room for, from some line on, into a cell whose corner is given.

    Where there is room left they stand somewhere in it, so that two documents with one body are not one page twice.
    """
    source, cuts = prepare(body, dpi), line_gaps(body, dpi)
    room = min(to_px(room_mm, dpi), source.shape[0])
    first = int(rng.choice(cuts[cuts <= source.shape[0] - room]))
    last = int(cuts[cuts <= first + room][-1])
    part = source[first : last if last > first + room // 2 else first + room]
    spare = (CELL_MM[0] - body.width_mm - 2 * MIN_MARGIN_MM, room_mm - part.shape[0] / dpi * MM_PER_INCH)
    aside, down = (float(rng.uniform(0, max(0.0, mm))) for mm in spare)
    left = to_px(corner_mm[0] + (CELL_MM[0] - body.width_mm - max(0.0, spare[0])) / 2 + aside, dpi)
    top = to_px(corner_mm[1] + down, dpi)
    under = grey[top : top + part.shape[0], left : left + part.shape[1]]
    np.minimum(under, part, out=under)


@lru_cache(maxsize=2 * len(BODIES))
def line_gaps(body: Body, dpi: int) -> npt.NDArray[np.int64]:
    """Rows between lines of text, where a real page can be cut, ascending, with both ends."""
    source = prepare(body, dpi)
    share = (source < INK).mean(axis=1)
    window = dpi // 12
    quietest = [top + int(share[top : top + window].argmin()) for top in range(0, len(share) - window, window)]
    return np.array([0, *(row for row in quietest if share[row] < GAP_SHARE), len(share)])
