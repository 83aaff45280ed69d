"""Defects of large sheets and glossy covers, drawn over a sound page as plainly as they come: BGR uint8."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from sohoa.simulate.page_bodies import Image
from sohoa.simulate.paper_sheet import to_px

STREAKS = ((0.4, (150, 165, 120)), (0.3, (180, 130, 145)), (0.5, (125, 125, 125)))
"""Width in mm and colour of what specks on the glass of a feeder draw along a sheet."""
SEAM_DARKER = 0.93
CUT_MM, INK = (28, 60, 75), 140
"""How much of a sheet lies beyond the glass: at least, and at most between the others; darker is print."""


def shine(page: Image, dpi: int, rng: np.random.Generator) -> Image:
    """A lamp reflected by a glossy cover: a long soft spot in the middle of it, white inside."""
    height, width = page.shape[:2]
    centre = (round(width * rng.uniform(0.42, 0.58)), round(height * rng.uniform(0.35, 0.55)))
    light = np.zeros((height, width), np.float32)
    axes = (to_px(60, dpi), to_px(26, dpi))
    cv2.ellipse(light, centre, axes, float(rng.uniform(15, 35)), 0, 360, 1.0, cv2.FILLED, cv2.LINE_AA)
    light = cv2.GaussianBlur(light, (0, 0), to_px(6, dpi))[..., None]
    return _image(page + (255.0 - page) * np.clip(1.7 * light, 0, 1))


def lay_too_far(page: Image, dpi: int, rng: np.random.Generator) -> Image:
    """The sheet lay beyond the scanned area: its left edge is lost through the print, the lid shows on the right."""
    near, far = to_px(CUT_MM[0], dpi), to_px(rng.uniform(*CUT_MM[1:]), dpi)
    is_ink = page[:, near:far].min(axis=2) < INK
    strokes = (is_ink[1:] & ~is_ink[:-1]).sum(axis=0)
    shift = near + int(strokes.argmax())
    shifted = np.empty_like(page)
    shifted[:, :-shift] = page[:, shift:]
    shifted[:, -shift:] = np.median(page[:20].reshape(-1, 3), axis=0)
    return shifted


def break_seam(page: Image, dpi: int, rng: np.random.Generator) -> Image:
    """Two strips put together badly: what is drawn across both is broken, the right one lies lower and is darker."""
    broken, seam, drop = page.copy(), round(page.shape[1] * rng.uniform(0.4, 0.6)), to_px(rng.uniform(2.5, 3.5), dpi)
    broken[drop:, seam:] = _image(page[:-drop, seam:] * SEAM_DARKER)
    broken[:drop, seam:] = np.median(page[:20].reshape(-1, 3), axis=0)
    return broken


def streak(page: Image, dpi: int, rng: np.random.Generator) -> Image:
    """Dirty glass of a feeder: coloured lines along the whole sheet."""
    streaked, width = page.copy(), page.shape[1]
    for place, (width_mm, colour) in zip((0.24, 0.48, 0.7), STREAKS, strict=True):
        left = round(width * (place + rng.uniform(-0.03, 0.03)))
        lines = streaked[:, left : left + max(2, to_px(width_mm, dpi))]
        np.minimum(lines, np.array(colour, np.uint8), out=lines)
    return streaked


def _image(values: npt.NDArray[np.floating]) -> Image:
    return np.asarray(np.clip(values, 0, 255), np.uint8)


SPOILERS = {"glare": shine, "cut_off": lay_too_far, "bad_seam": break_seam, "streaks": streak}
"""Defect -> (sound page, dpi, source of chance) -> the same page with it."""
