"""Real pages, made ready to be the body of a simulated sheet: straightened, cropped, whitened, scaled."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]

SOFTNESS_PX = 0.5  # what a lens does to edges that were cut by a threshold


@dataclass(frozen=True)
class Body:
    """A page of the package's ``pages/`` folder.

    Attributes:
        file: its name there.
        style: text | table | picture | map.
        width_mm: width it takes on the sheet; chosen so that no page is enlarged much.
        box: left, top, right, bottom of the part used, as shares of the straightened page.
        turn_deg: clockwise turn that makes its lines level.
    """

    file: str
    style: str
    width_mm: float
    box: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    turn_deg: float = 0.0


BODIES = (
    Body("lept_witten.tif", "text", 172, (0.01, 0.10, 0.99, 0.975), -0.09),
    Body("lept_feyn.tif", "text", 172, (0.02, 0.30, 0.87, 0.955), -0.93),
    Body("lept_pageseg4.tif", "text", 165, (0.05, 0.07, 0.95, 0.93), -0.18),
    Body("lept_rabi.png", "text", 165, (0.06, 0.56, 0.985, 0.95), -0.37),
    Body("lept_scots-frag.tif", "text", 150, (0.0, 0.27, 0.54, 0.97), 0.41),
    Body("lept_patent.png", "text", 172, (0.0, 0.07, 1.0, 0.97)),
    Body("lept_cootoots.png", "text", 150, (0.05, 0.08, 0.98, 0.85), -0.05),
    Body("lept_keystone.png", "text", 150, (0.03, 0.07, 0.99, 0.955), -1.73),
    Body("lept_lucasta.047.jpg", "text", 150, (0.0, 0.0, 1.0, 0.99)),
    Body("lept_harmoniam-11.tif", "text", 150, (0.03, 0.0, 0.97, 0.98), -0.01),
    Body("lept_zanotti-78.jpg", "text", 130, (0.10, 0.05, 0.94, 0.62), -0.1),
    Body("lept_cavalerie.29.jpg", "text", 110, (0.12, 0.08, 0.88, 0.92), -0.26),
    Body("lept_candelabrum.011.jpg", "text", 90, (0.06, 0.02, 0.94, 0.95), 0.05),
    Body("lept_ortiz-02.tif", "text", 165, (0.03, 0.02, 0.90, 0.96), 0.02),
    Body("lept_table.15.tif", "table", 160, (0.08, 0.15, 0.95, 0.97), 0.2),
    Body("lept_table.27.tif", "table", 160, (0.02, 0.02, 1.0, 0.97), -0.01),
    Body("lept_lion-page.00010.jpg", "picture", 110, (0.05, 0.03, 0.97, 0.95)),
    Body("lept_wet-day.jpg", "picture", 120, (0.13, 0.195, 0.87, 0.67)),
    Body("lept_comap.100.jpg", "map", 170, (0.02, 0.045, 0.98, 0.955)),
    Body("lept_comap.110.jpg", "map", 170, (0.025, 0.06, 0.975, 0.96)),
)
"""In the order of their use; each has its source in ``pages/README.md``."""


@lru_cache(maxsize=2 * len(BODIES))
def prepare(body: Body, dpi: int) -> Image:
    """The page at ``dpi``: grey (h, w) on white for text and table, BGR (h, w, 3) for picture and map."""
    data = np.frombuffer(files(__package__).joinpath("pages", body.file).read_bytes(), np.uint8)
    coloured = body.style in {"picture", "map"}
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR if coloured else cv2.IMREAD_GRAYSCALE)
    assert decoded is not None, f"{body.file} cannot be decoded"
    page = _cropped(_turned(decoded, body.turn_deg), body.box)
    width = round(body.width_mm / 25.4 * dpi)
    size = (width, round(page.shape[0] * width / page.shape[1]))
    shrinks = width < page.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    scaled: Image = cv2.resize(page if coloured else _whitened(page), size, interpolation=method)
    if not coloured:
        scaled = cv2.GaussianBlur(scaled, (0, 0), SOFTNESS_PX)
    return scaled


def _turned(page: Image, degrees: float) -> Image:
    if not degrees:
        return page
    height, width = page.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1.0)
    level: Image = cv2.warpAffine(page, matrix, (width, height), flags=cv2.INTER_CUBIC, borderValue=(255, 255, 255))
    return level


def _cropped(page: Image, box: tuple[float, float, float, float]) -> Image:
    height, width = page.shape[:2]
    left, top, right, bottom = box
    return page[round(top * height) : round(bottom * height), round(left * width) : round(right * width)]


def _whitened(page: Image) -> Image:
    """Ink on white: the page over its own paper, which a closing wider than the strokes estimates."""
    small = cv2.resize(page, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    paper = cv2.GaussianBlur(cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((15, 15), np.uint8)), (0, 0), 8)
    paper = cv2.resize(paper, (page.shape[1], page.shape[0]), interpolation=cv2.INTER_LINEAR)
    white: Image = cv2.divide(page, np.maximum(paper, 60), scale=255 / 0.92)
    return white
