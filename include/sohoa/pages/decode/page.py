"""What a decoder hands on: one page, as the file stores it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sohoa.pages.faults import BadPage
from sohoa.pages.reduce import Grey

CREDIBLE_DPI = (10.0, 20_000.0)
"""Outside of these a resolution is a place-holder (1 × 1) or nonsense, and not known."""


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
    grey: Grey | None = None
    fault: BadPage | None = None

    def set_dpi(self, dpi: tuple[float, float] | None) -> None:
        """Keep a resolution that a scanner can have; an incredible one is not known."""
        low, high = CREDIBLE_DPI
        if dpi is not None and all(low <= value <= high for value in dpi):
            self.dpi_x, self.dpi_y = dpi

    def swap_sides(self) -> None:
        """Turn the facts by a quarter."""
        self.width_px, self.height_px = self.height_px, self.width_px
        self.dpi_x, self.dpi_y = self.dpi_y, self.dpi_x


def filled(page: Page, fill: Callable[[Page], None]) -> Page:
    """The page after ``fill``, with the fault that stopped it."""
    try:
        fill(page)
    except BadPage as fault:
        page.fault, page.grey = fault, None
    except MemoryError:  # numpy or a decoder could not allocate what the header asks for
        page.fault, page.grey = BadPage("too_large", "there is not enough memory to decode it"), None
    return page
