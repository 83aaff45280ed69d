"""A sheet of paper under way: BGR uint8 pixels at one resolution, addressed in mm."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from sohoa.simulate import draw_ink
from sohoa.simulate.page_bodies import Image
from sohoa.simulate.plan_scans import Scan
from sohoa.simulate.seeded_draws import generator

MM_PER_INCH = 25.4
CELL_MM = (210, 297)
GRID = {"a4": (1, 1), "a3": (2, 1), "a2": (2, 2), "a1": (4, 2)}
"""Paper -> columns and rows of A4 cells: so large a sheet needs no page enlarged."""
SIZE_MM = {"a4": (210, 297), "a3": (420, 297), "a2": (420, 594), "a1": (841, 594)}
TINTS = ((252, 253, 253), (244, 250, 252), (250, 250, 246), (242, 248, 250))  # BGR
GLOSSY_TINT = (206, 196, 240)


class Sheet:
    """Pixels with a pen."""

    def __init__(self, pixels: Image, dpi: int) -> None:
        """A sheet of these pixels."""
        self.pixels, self.dpi = pixels, dpi

    def px(self, mm: float) -> int:
        """A length on paper in pixels."""
        return to_px(mm, self.dpi)

    def write(
        self, text: str, x_mm: float, y_mm: float, size: float = 13, face: str = "Regular", blue: bool = False
    ) -> float:
        """Write one line from (x, y) on; the x where it ends, mm."""
        mask = draw_ink.text_mask(text, size, self.dpi, face)
        draw_ink.stamp(self.pixels, mask, draw_ink.BLUE if blue else draw_ink.BLACK, self.px(x_mm), self.px(y_mm))
        return float(x_mm + mask.shape[1] * MM_PER_INCH / self.dpi)

    def centre(self, text: str, x_mm: float, y_mm: float, size: float = 13, face: str = "Bold") -> None:
        """Write one line centred on x."""
        width = draw_ink.text_mask(text, size, self.dpi, face).shape[1] * MM_PER_INCH / self.dpi
        self.write(text, x_mm - width / 2, y_mm, size, face)

    def rule(self, x_mm: float, y_mm: float, width_mm: float) -> None:
        """Draw a thin horizontal line centred on x."""
        left, top = self.px(x_mm - width_mm / 2), self.px(y_mm)
        cv2.rectangle(self.pixels, (left, top), (self.px(x_mm + width_mm / 2), top + 1), draw_ink.BLACK, cv2.FILLED)


def to_px(mm: float, dpi: int) -> int:
    """A length on paper in pixels."""
    return round(mm / MM_PER_INCH * dpi)


def empty_paper(scan: Scan) -> Image:
    """Grey paper of the document's size, to be written on: uint8 (h, w)."""
    width, height = SIZE_MM[scan.paper]
    return _paper(to_px(height, scan.dpi), to_px(width, scan.dpi)).copy()


def coloured(grey: Image, scan: Scan) -> Sheet:
    """The sheet in colour: black ink on paper of the document's tint."""
    tint = TINTS[int(generator(0, "tint", scan.paper_id).integers(len(TINTS)))]
    if scan.cover == "glossy":
        tint = GLOSSY_TINT
    ramp = np.linspace(0, 1, 256)[:, None]
    table = (np.array(draw_ink.BLACK) * (1 - ramp) + np.array(tint) * ramp).round().astype(np.uint8)
    return Sheet(cv2.applyColorMap(grey, table[:, None, :]), scan.dpi)


@lru_cache(maxsize=6)
def _paper(height: int, width: int) -> Image:
    """Light, with a faint grain and fainter clouds."""
    rng = np.random.default_rng(7)
    clouds = cv2.resize(rng.normal(0, 0.8, (8, 8)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    grain = cv2.GaussianBlur(rng.normal(0, 0.7, (512, 512)).astype(np.float32), (3, 3), 0)
    grain = np.tile(grain, (height // 512 + 1, width // 512 + 1))[:height, :width]
    paper: Image = np.clip(251 + clouds + grain, 0, 255).round().astype(np.uint8)
    return paper
