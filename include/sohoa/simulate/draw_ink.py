"""What is printed and stamped over a sheet: Vietnamese text, a seal, a signature, a stuck-on note.

Masks are uint8 (h, w), 255 where there is ink; a stamp puts one on a BGR sheet in a colour.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from io import BytesIO

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from sohoa.simulate.page_bodies import Image

Colour = tuple[int, int, int]  # BGR
BLACK, BLUE, RED, NOTE = (32, 28, 30), (150, 60, 30), (40, 30, 200), (120, 235, 250)
POINTS_PER_INCH = 72


@lru_cache(maxsize=128)
def _font(face: str, size_px: int) -> ImageFont.FreeTypeFont:
    data = files("sohoa").joinpath("fonts", f"LiberationSerif-{face}.ttf").read_bytes()
    return ImageFont.truetype(BytesIO(data), size_px, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=2048)
def text_mask(text: str, size_pt: float, dpi: int, face: str = "Regular") -> Image:
    """One line of text; its height is that of the font's line."""
    font = _font(face, round(size_pt / POINTS_PER_INCH * dpi))
    ascent, descent = font.getmetrics()
    line = Pillow.new("L", (max(1, round(font.getlength(text)) + 4), ascent + descent))
    ImageDraw.Draw(line).text((2, 0), text, fill=255, font=font)
    return np.asarray(line)


def stamp(sheet: Image, mask: Image, colour: Colour, x: int, y: int) -> None:
    """Put ``mask`` on the sheet, its top left corner at (x, y); what does not fit on the sheet is left out."""
    mask = mask[max(0, -y) : sheet.shape[0] - y, max(0, -x) : sheet.shape[1] - x]
    if not mask.size:
        return
    x, y = max(0, x), max(0, y)
    under = sheet[y : y + mask.shape[0], x : x + mask.shape[1]]
    ink = mask[..., None].astype(np.int32)
    under[:] = (under * (255 - ink) + np.array(colour) * ink + 127) // 255


@lru_cache(maxsize=8)
def seal_mask(dpi: int) -> Image:
    """A round seal of 35 mm that says it is a sample: two rings, a star, two lines of text."""
    size = round(35 / 25.4 * dpi)
    middle, seal = size // 2, np.zeros((size, size), np.uint8)
    for share, width in ((0.48, 0.020), (0.36, 0.010)):
        cv2.circle(seal, (middle, middle), round(share * size), 255, max(2, round(width * size)), cv2.LINE_AA)
    turns = np.arange(10) * np.pi / 5 - np.pi / 2
    reach = np.where(np.arange(10) % 2, 0.045, 0.11) * size
    points = np.stack([middle + reach * np.cos(turns), 0.36 * size + reach * np.sin(turns)], axis=1)
    cv2.fillPoly(seal, [points.round().astype(np.int32)], 255, cv2.LINE_AA)
    for text, at in (("MẪU", 0.50), ("MÔ PHỎNG", 0.61)):
        line = text_mask(text, 8, dpi, "Bold")
        top, left = round(at * size), middle - line.shape[1] // 2
        seal[top : top + line.shape[0], left : left + line.shape[1]] |= line
    for number in range(40):
        turn = number * np.pi / 20
        dot = (round(middle + 0.42 * size * np.cos(turn)), round(middle + 0.42 * size * np.sin(turn)))
        cv2.circle(seal, dot, max(1, size // 90), 255, -1, cv2.LINE_AA)
    return seal


def turned_seal(dpi: int, degrees: float) -> Image:
    """The seal as a hand puts it: a little turned, its ink not quite covering."""
    seal = seal_mask(dpi)
    middle = seal.shape[0] / 2
    turned = cv2.warpAffine(seal, cv2.getRotationMatrix2D((middle, middle), degrees, 1.0), seal.shape[::-1])
    pale: Image = cv2.convertScaleAbs(turned, alpha=0.85)
    return pale


def signature_mask(dpi: int, rng: np.random.Generator) -> Image:
    """A scribble, 45 × 18 mm."""
    width, height = round(45 / 25.4 * dpi), round(18 / 25.4 * dpi)
    along = np.linspace(0, 1, 160)
    waves = sum(rng.uniform(0.08, 0.25) * np.sin(2 * np.pi * (rate * along + rng.random())) for rate in (2.0, 5.0, 9.0))
    x = (0.06 + 0.85 * along + 0.04 * np.sin(2 * np.pi * (7 * along + rng.random()))) * width
    y = (0.5 + 0.6 * waves * (1 - 0.5 * along)).clip(0.05, 0.95) * height
    scribble = np.zeros((height, width), np.uint8)
    points = np.stack([x, y], axis=1).round().astype(np.int32)
    cv2.polylines(scribble, [points], False, 255, max(2, round(0.4 / 25.4 * dpi)), cv2.LINE_AA)
    return scribble


def stick_note(sheet: Image, dpi: int, x_mm: float, y_mm: float) -> None:
    """Stick a yellow note of 70 × 45 mm on the sheet, hiding what is under it."""
    left, top = round(x_mm / 25.4 * dpi), round(y_mm / 25.4 * dpi)
    right, bottom = left + round(70 / 25.4 * dpi), top + round(45 / 25.4 * dpi)
    cv2.rectangle(sheet, (left, top), (right, bottom), NOTE, cv2.FILLED)
    for number, line in enumerate(("Ghi chú:", "đã đối chiếu bản chính", "đề nghị quét cả tờ này")):
        stamp(sheet, text_mask(line, 14, dpi, "Italic"), BLUE, left + dpi // 8, top + number * dpi // 3 + dpi // 5)
