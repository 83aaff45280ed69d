"""What a decoder hands on: one page, as the file stores it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from sohoa.enums import FileFlaw, SignatureState
from sohoa.pages.decode.flaws import noting_flaws
from sohoa.pages.guard.faults import BadPage
from sohoa.pages.reduce import Grey

CREDIBLE_DPI = (10.0, 20_000.0)
"""Outside of these a resolution is a place-holder (1 × 1) or nonsense, and not known."""
MAX_GREY_PX = 150_000_000
"""A larger sheet is decoded to a whole fraction of its sides: A0 at 300 dpi has 139.5 million pixels."""
_MIN_DPI = 297.0  # after reduction: 300 less what a header rounds off
_PAGE_PX = 8_000_000  # a page of fewer costs little: A4 at 300 dpi has 8.7 million
_LARGEST_PAGE_PX = 40_000_000  # A3 at 400 dpi has 31 million; larger sheets carry finer lines
_MIN_PAGE_DPI = 148.5

_SIDEWAYS = {5, 6, 7, 8}  # orientations that exchange width and height
_MIRRORED = {2, 4, 5, 7}
_TURNS = {
    3: cv2.ROTATE_180, 4: cv2.ROTATE_180, 5: cv2.ROTATE_90_COUNTERCLOCKWISE, 6: cv2.ROTATE_90_CLOCKWISE,
    7: cv2.ROTATE_90_CLOCKWISE, 8: cv2.ROTATE_90_COUNTERCLOCKWISE,
}  # fmt: skip


@dataclass
class Page:
    """One page. Sides and resolution are of the page as a reader shows it, after any turn that the file asks for."""

    width_px: int | None = None
    height_px: int | None = None
    dpi_x: float | None = None
    dpi_y: float | None = None
    width_mm: float | None = None
    height_mm: float | None = None
    colour_mode: str | None = None
    bit_depth: int | None = None
    quantisation: tuple[tuple[int, ...], ...] = ()
    pdf_version: str | None = None
    has_signature: bool | None = None
    file_flaw: FileFlaw | None = None
    signature_state: SignatureState | None = None
    grey: Grey | None = None
    fault: BadPage | None = None

    def set_dpi(self, dpi: tuple[float, float] | None) -> None:
        """Keep a resolution that a scanner can have; an incredible one is not known."""
        low, high = CREDIBLE_DPI
        if dpi is not None and all(low <= value <= high for value in dpi):
            self.dpi_x, self.dpi_y = dpi

    @property
    def dpi(self) -> tuple[float, float] | None:
        """Horizontal and vertical resolution, null where it is not known."""
        return (self.dpi_x, self.dpi_y) if self.dpi_x and self.dpi_y else None

    @property
    def reduction(self) -> int:
        """Whole factor by which a decoder shrinks the sides.

        2 or more for sheets over A0 at 300 dpi, if 300 remain, and for A4 to A3 at 300 dpi or more, if 150 remain:
        that still tells a blur of 0.085 mm, at four fifths of the cost.
        """
        pixels, factor = (self.width_px or 0) * (self.height_px or 0), 1
        is_sheet = self.dpi is None or pixels > min(_LARGEST_PAGE_PX, MAX_GREY_PX)
        most, least = (MAX_GREY_PX, _MIN_DPI) if is_sheet else (_PAGE_PX, _MIN_PAGE_DPI)
        while pixels > most * factor**2 and factor < 8:
            if self.dpi is not None and min(self.dpi) / (2 * factor) < least:
                break
            factor *= 2
        return factor

    def turn(self, orientation: int) -> None:
        """Turn the picture upright, and its facts with it, as an orientation of EXIF or TIFF asks (1 to 8)."""
        if self.grey is not None:
            self.grey = turn_upright(self.grey, orientation)
        if orientation in _SIDEWAYS:
            self.width_px, self.height_px = self.height_px, self.width_px
            self.dpi_x, self.dpi_y = self.dpi_y, self.dpi_x


def turn_upright(picture: Grey, orientation: int) -> Grey:
    """Return a picture, grey or in colour, as its orientation (EXIF 274, 1 to 8) asks to show it."""
    if orientation in _MIRRORED:
        picture = np.asarray(cv2.flip(picture, 1), np.uint8)
    turn = _TURNS.get(orientation)
    return picture if turn is None else np.asarray(cv2.rotate(picture, turn), np.uint8)


def filled(page: Page, fill: Callable[[Page], None]) -> Page:
    """Return the page after ``fill``, with the flaw that did not stop it, or the fault that did."""
    try:
        with noting_flaws() as flaws:
            fill(page)
        page.file_flaw = page.file_flaw or min(flaws, default=None)
    except BadPage as fault:
        page.fault, page.grey = fault, None
    except MemoryError:  # numpy or a decoder could not allocate what the header asks for
        page.fault, page.grey = BadPage("too_large", "there is not enough memory to decode it"), None
    if page.fault is not None:
        page.file_flaw = page.signature_state = None
    return page
