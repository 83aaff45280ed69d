"""Page files to rows: one ``PageRow`` per page, whatever the file holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from sohoa.pages.decode import read_pages
from sohoa.pages.decode.colour import ColourReader
from sohoa.pages.decode.file_data import FileData, read_file
from sohoa.pages.decode.page import Page
from sohoa.pages.file_row import fault_row, identify_file, make_row
from sohoa.pages.guard.bounds import FileBounds
from sohoa.pages.guard.faults import BadPage
from sohoa.pages.metrics.chroma import is_lost_in_coding, measure_chroma
from sohoa.pages.metrics.foreign_object import believe, find_foreign_object, find_hand
from sohoa.pages.metrics.glare import find_lights
from sohoa.pages.metrics.illumination import find_paper, measure_on_sheet
from sohoa.pages.metrics.ink import is_blank, measure_ink
from sohoa.pages.metrics.jpeg_quality import measure_jpeg_quality
from sohoa.pages.metrics.paper_class import paper_class
from sohoa.pages.metrics.skew import measure_skew
from sohoa.pages.page_net import VIEW_PX, fit_view, paint_maps
from sohoa.pages.page_row import COLUMNS, PageRow
from sohoa.pages.reduce import LONG_SIDE_PX, Grey
from sohoa.pages.sheet import Box, Sheet, is_aslant, view_sheet
from sohoa.pages.views import MIN_SIDE_PX, PageViews, ReadColour

_STORED = (
    "width_px", "height_px", "dpi_x", "dpi_y", "width_mm", "height_mm", "colour_mode", "bit_depth", "pdf_version",
    "has_signature", "file_flaw", "signature_state",
)  # fmt: skip
# beside the columns of a row, while its file is measured
_ASKS_NET, _CORNERS, _OBJECT, _PAPER = "asks_net", "corners", "object_box", "paper"
_MM_PER_INCH = 25.4
_IN_MM = ("blur_mm", "streak_x_mm")  # of a page of unknown size nobody knows them: it may be small

Metric = Callable[[PageViews], Any]


def _load_metrics() -> dict[tuple[str, ...], Metric]:
    """Import the metrics that ``COLUMNS`` names."""
    columns: dict[str, list[str]] = defaultdict(list)
    for name, column in COLUMNS.items():
        if column.metric:
            columns[column.metric].append(name)
    return {tuple(names): _import_metric(metric) for metric, names in columns.items()}


def _import_metric(metric: str) -> Metric:
    module, _, function = metric.partition(":")
    measure: Metric = getattr(import_module(f"sohoa.pages.metrics.{module}"), function)
    return measure


METRICS = _load_metrics()
"""Columns -> the function that measures them."""


def measure_file(path: Path, bounds: FileBounds, with_colour: bool = False) -> list[PageRow]:
    """Measure the pages of the file at ``path``, at least one; a path that cannot be read is a row with ``error``.

    Only a regular file is opened: a FIFO, socket, device or folder would block or answer nonsense.
    """
    try:
        data = read_file(path, bounds)
    except BadPage as fault:
        return [fault_row({"file": str(path)}, fault)]
    return measure_bytes(data, str(path), bounds, with_colour)


def measure_bytes(data: FileData, file: str, bounds: FileBounds, with_colour: bool = False) -> list[PageRow]:
    """Measure the pages of one file: one row per page in order, at least one.

    Args:
        data: the file.
        file: its name, as it stands in the rows.
        bounds: what may be spent on it.
        with_colour: look at its colour too, half as much work again: where a seal is to be expected.

    Returns:
        Rows of JSON-ready values.
    """
    known = identify_file(data, file)
    try:
        bounds.check_file(len(data))
        pages = read_pages(data, known["format"], bounds)
        rows = [
            known | {"page_no": number} | _measure_page(page, partial(_read_colour, data, known["format"], number))
            for number, page in enumerate(pages, 1)
        ]
    except BadPage as fault:
        return [fault_row(known, fault)]
    _add_colours(rows, data, with_colour)
    return [make_row(row) for row in rows]


def _read_colour(data: FileData, name: str | None, number: int) -> Grey | None:
    """Return a page in blue, green and red at about the size of ``PageViews.page``, null where it cannot be had."""
    with ColourReader(data, name) as reader:
        return reader.page(number, LONG_SIDE_PX)


def _measure_page(page: Page, read_colour: ReadColour) -> dict[str, Any]:
    """Measure one decoded page; ``read_colour`` is asked only where colour decides."""
    facts: dict[str, Any] = {name: getattr(page, name) for name in _STORED}
    _add_paper_size(facts)
    read = read_colour if page.colour_mode == "colour" else lambda: None
    whole = None if page.grey is None else _views(page.grey, facts["width_mm"], read)
    is_photo = page.colour_mode != "bilevel"  # no camera makes two tones
    views, sheet = (whole, None) if whole is None or not is_photo else view_sheet(whole)
    if sheet is not None:
        facts["perspective"] = sheet.perspective
        if is_aslant(sheet):  # nothing that is seen from aslant has one scale, whatever the file says
            facts |= dict.fromkeys(("dpi_x", "dpi_y", "width_mm", "height_mm"))
            _add_paper_size(facts)
    facts["jpeg_quality"] = measure_jpeg_quality(page.quantisation)
    facts["error"] = page.fault.text if page.fault else None
    if whole is not None and views is not None:
        facts |= _measure_pixels(views)
        if facts["width_mm"] is None and sheet is None:
            facts |= dict.fromkeys(_IN_MM)
        if page.colour_mode == "bilevel":
            facts["glare_ratio"] = facts["glare_box"] = None  # light leaves no trace of its own in two tones
        elif min(whole.full.shape) >= MIN_SIDE_PX and not whole.is_white:
            facts[_ASKS_NET] = True
            facts[_CORNERS] = None if sheet is None else sheet.corners
            facts[_OBJECT] = _object_box(views, sheet) if facts["foreign_object"] else None
            facts[_PAPER] = views.once(find_paper) if sheet is None and facts["illumination_range"] else None
    return facts


def _add_colours(rows: list[dict[str, Any]], data: FileData, with_colour: bool) -> None:
    """Look at pages in colour: those that are not white for glare and hands, and where a seal is due for its colour."""
    asking = [row for row in rows if row.get(_ASKS_NET) or (with_colour and _has_chroma(row))]
    if not asking:
        return
    with ColourReader(data, rows[0]["format"]) as reader:
        for row in asking:
            if row.get(_ASKS_NET):
                _add_seen(row, reader.page(row["page_no"], VIEW_PX))
            if with_colour and _has_chroma(row):
                _add_chroma(row, reader.page(row["page_no"]))


def _has_chroma(row: dict[str, Any]) -> bool:
    """Return whether a page is stored in colour, could be decoded and carries something."""
    return row["colour_mode"] == "colour" and row.get("is_blank") is False


def _object_box(views: PageViews, sheet: Sheet | None) -> Box | None:
    """Return where in the picture the object is that ``foreign_object`` measures."""
    box = find_foreign_object(views)
    return box if box is None or sheet is None else sheet.box_in_picture(box)


def _add_seen(row: dict[str, Any], colour: Grey | None) -> None:
    """Let the page net look for glare, null where the colours cannot be had, for what lies on the page, and for it."""
    if colour is None:
        row["glare_ratio"] = row["glare_box"] = None
        return
    view = fit_view(colour)
    maps = paint_maps(view)
    row["glare_ratio"], row["glare_box"] = find_lights(maps, row[_CORNERS])
    hand, _ = find_hand(view, maps, row[_CORNERS])
    thing = believe(row["foreign_object"], row[_OBJECT], maps) if row[_OBJECT] else 0.0
    row["foreign_object"] = max(hand, thing)
    if row[_PAPER]:
        row["illumination_range"] = measure_on_sheet(row[_PAPER], maps)


def _add_chroma(row: dict[str, Any], colour: Grey | None) -> None:
    """Add the strength of the colour; null where it cannot be had, or was lost in coding."""
    found = None if colour is None else measure_chroma(colour, _dpi_of(row, colour))
    is_known = found is not None and not is_lost_in_coding(found, row["jpeg_quality"])
    row["chroma"] = found if is_known else None


def _dpi_of(row: dict[str, Any], colour: Grey) -> float | None:
    if not (row["dpi_x"] and row["width_px"]):
        return None
    share = colour.shape[0] * colour.shape[1] / (row["width_px"] * row["height_px"])
    return float(row["dpi_x"] * share**0.5)


def _add_paper_size(facts: dict[str, Any]) -> None:
    for side, axis in (("width", "x"), ("height", "y")):
        pixels, dpi = facts[f"{side}_px"], facts[f"dpi_{axis}"]
        if facts[f"{side}_mm"] is None and pixels and dpi:
            facts[f"{side}_mm"] = pixels / dpi * _MM_PER_INCH
    width, height = facts["width_mm"], facts["height_mm"]
    facts["paper_class"] = paper_class(width, height) if width and height else None


def _views(grey: Grey, width_mm: float | None, read_colour: ReadColour) -> PageViews:
    """Return the views of the decoded page: its width on paper tells the scale, in whatever size it was decoded."""
    dpi = grey.shape[1] / width_mm * _MM_PER_INCH if width_mm else None
    return PageViews.of(np.ascontiguousarray(grey), dpi, read_colour)


def _measure_pixels(views: PageViews) -> dict[str, Any]:
    """Measure what depends on grey pixels; of an image too small to be a page, the ink alone."""
    ink = measure_ink(views)
    facts: dict[str, Any] = {"ink_ratio": ink, "is_blank": is_blank(ink)}
    if min(views.full.shape) < MIN_SIDE_PX:
        return facts | {"skew_confidence": 0.0}
    facts["skew_deg"], facts["skew_confidence"] = (None, 0.0) if facts["is_blank"] else measure_skew(views.ink)
    for columns, measure in METRICS.items():
        found = measure(views)
        facts |= zip(columns, found if len(columns) > 1 else (found,), strict=True)
    return facts
