"""Page files to rows: one dict a page with the columns of ``schema.MEASURED``, whatever the file holds."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import Any

from sohoa.pages.decode import file_format, read_pages
from sohoa.pages.decode.page import Page
from sohoa.pages.faults import BadPage
from sohoa.pages.ink import is_blank, measure_ink
from sohoa.pages.jpeg_quality import measure_jpeg_quality
from sohoa.pages.limits import Limits
from sohoa.pages.paper import paper_class
from sohoa.pages.reduce import Grey, reduce_page
from sohoa.pages.skew import measure_skew
from sohoa.schema import MEASURED

__all__ = ["ENGINE_VERSION", "Limits", "measure_bytes", "measure_file"]

ENGINE_VERSION = "1"
_STORED = (
    "width_px", "height_px", "dpi_x", "dpi_y", "width_mm", "height_mm", "colour_mode", "bit_depth", "pdf_version",
    "has_signature",
)  # fmt: skip
_DECIMALS = {"ink_ratio": 6, "skew_deg": 3, "skew_confidence": 3}
_MM_PER_INCH = 25.4


def measure_file(path: Path, limits: Limits) -> list[dict[str, Any]]:
    """Rows of the file at ``path``, at least one; a path that cannot be read is a row with ``error``.

    Only a regular file is opened: a FIFO, socket, device or folder would block or answer nonsense.
    """
    try:
        data = _read(path, limits)
    except BadPage as fault:
        return [_row({"file": str(path), "page_no": 1, "error": fault.text})]
    return measure_bytes(data, str(path), limits)


def measure_bytes(data: bytes, file: str, limits: Limits) -> list[dict[str, Any]]:
    """Rows of one file, one a page in order, at least one.

    Args:
        data: the file.
        file: its name, as it stands in the rows.
        limits: what may be spent on it.

    Returns:
        Dicts with exactly the names of ``schema.MEASURED`` and JSON-ready values.
    """
    known: dict[str, Any] = {
        "file": file,
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "format": file_format(data),
    }
    try:
        limits.check_file(len(data))
        pages = read_pages(data, known["format"], limits)
        return [_row(known | {"page_no": number} | _measure_page(page)) for number, page in enumerate(pages, 1)]
    except BadPage as fault:
        return [_row(known | {"page_no": 1, "error": fault.text})]


def _read(path: Path, limits: Limits) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise BadPage("unreadable", "not a regular file")
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as stream:
            found = os.fstat(stream.fileno())
            if not stat.S_ISREG(found.st_mode):  # replaced since the first look
                raise BadPage("unreadable", "not a regular file")
            limits.check_file(found.st_size)
            return stream.read(limits.max_file_bytes + 1)
    except FileNotFoundError:
        raise BadPage("missing", "no such file") from None
    except (OSError, ValueError) as error:  # no permission, a loop of links, a failing disk; a NUL in the name
        raise BadPage("unreadable", type(error).__name__) from None


def _measure_page(page: Page) -> dict[str, Any]:
    """The columns that depend on one decoded page."""
    facts: dict[str, Any] = {name: getattr(page, name) for name in _STORED}
    _add_paper_size(facts)
    facts["jpeg_quality"] = measure_jpeg_quality(page.quantisation)
    facts["error"] = page.fault.text if page.fault else None
    if page.grey is not None:
        facts |= _measure_pixels(reduce_page(page.grey, facts["dpi_x"]))
    return facts


def _add_paper_size(facts: dict[str, Any]) -> None:
    for side, axis in (("width", "x"), ("height", "y")):
        pixels, dpi = facts[f"{side}_px"], facts[f"dpi_{axis}"]
        if facts[f"{side}_mm"] is None and pixels and dpi:
            facts[f"{side}_mm"] = pixels / dpi * _MM_PER_INCH
    width, height = facts["width_mm"], facts["height_mm"]
    facts["paper_class"] = paper_class(width, height) if width and height else None


def _measure_pixels(grey: Grey) -> dict[str, Any]:
    ink = measure_ink(grey)
    blank = is_blank(ink)
    skew, confidence = (None, 0.0) if blank else measure_skew(grey)
    return {"ink_ratio": ink, "is_blank": blank, "skew_deg": skew, "skew_confidence": confidence}


def _row(values: dict[str, Any]) -> dict[str, Any]:
    """All columns in order; floats rounded to what they can mean, so that a row is the same on every machine."""
    return {
        name: round(value, _DECIMALS.get(name, 2)) if isinstance(value := values.get(name), float) else value
        for name in MEASURED.names
    }
