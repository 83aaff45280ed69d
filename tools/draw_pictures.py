"""Draw the example pictures of ``docs/defects.md`` with the simulator's sheets: a sound scan beside a bad one.

    .venv/bin/python -m tools.generate_docs --pictures
    .venv/bin/python -m tools.draw_pictures FOLDER

The same code draws the same pictures. What an example looks like at full size, as the page engine sees it, is
``draw_example``. The second line draws real pages anew, from ``prog/`` of Leptonica's source.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from PIL import ImageFile

from sohoa.registry import find_agency
from sohoa.simulate.draw_sheets import blank_page, draw_page
from sohoa.simulate.offices import Office
from sohoa.simulate.plan_scans import Scan
from sohoa.simulate.sample_names import PROCEDURES

Image = npt.NDArray[np.uint8]
FOLDER = Path(__file__).parents[1] / "docs" / "pictures" / "defects"
REAL_FOLDER = FOLDER.with_name("real")
REAL = {
    "skewed": "shearer.148.tif",
    "wrong_orientation": "pancrazi.15.jpg",
    "cut_off": "cavalerie.29.jpg",
    "dark_border": "binding-example.45.jpg",
    "foreign_object": "amoris.2.150.jpg",
    "uneven_light": "cat.007.jpg",
    "bleed_through": "pedante.079.jpg",
}
"""Defect -> a page with it of ``REAL_SOURCE``."""
REAL_SOURCE = "Leptonica 1.82.0, prog/, BSD-2-Clause"
MAX_BYTES = 40_000
HEIGHT_PX, GAP_PX = 400, 12
SHEETS = {"form": ("text", "matte", "a4"), "cover": ("text", "glossy", "a4"), "map": ("map", "matte", "a3")}
"""Sheet -> content, cover, paper."""


@dataclass(frozen=True)
class Example:
    """How a defect is shown.

    Attributes:
        spoil: (sound page, px of one mm) -> the same page with the defect; BGR uint8.
        sheet: key of ``SHEETS``.
        box_mm: left, top, width, height of the part that is shown; None for the whole page.
    """

    spoil: Callable[[Image, float], Image]
    sheet: str = "form"
    box_mm: tuple[float, float, float, float] | None = None


def draw_example(defect: str) -> tuple[Image, Image, int]:
    """A sound page and the same page with the defect at full size, BGR uint8, and their dpi."""
    example = EXAMPLES[defect]
    scan = _scan(example.sheet)
    sound = _draw(example.sheet)
    return sound, example.spoil(sound, scan.dpi / 25.4), scan.dpi


def main() -> None:
    """Write all pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for defect, example in EXAMPLES.items():
        sound, bad, dpi = draw_example(defect)
        pair = [_view(page, example.box_mm, dpi / 25.4) for page in (sound, bad)]
        gap = np.full((HEIGHT_PX, GAP_PX, 3), 128, np.uint8)
        (FOLDER / f"{defect}.jpg").write_bytes(_small_jpeg(np.hstack([pair[0], gap, pair[1]])))


def draw_real(folder: Path) -> None:
    """Write the pictures of real pages, which lie in ``folder``."""
    REAL_FOLDER.mkdir(parents=True, exist_ok=True)
    for defect, name in REAL.items():
        page = np.asarray(cv2.imread(str(folder / name), cv2.IMREAD_COLOR), np.uint8)
        (REAL_FOLDER / f"{defect}.jpg").write_bytes(_small_jpeg(_view(page, None, 1.0)))


def _scan(sheet: str) -> Scan:
    agency = find_agency("H37.80.01")
    assert agency is not None
    content, cover, paper = SHEETS[sheet]
    glossy = cover == "glossy"
    procedure = next(p for group in PROCEDURES.values() for p in group if p.is_glossy == glossy)
    office = Office(agency, weight=1, keenness=1, dpi=200)
    return Scan(
        id="MAU-0001",
        paper_id="MAU-0001",
        office=office,
        batch=1,
        dossier_code=None,
        received=None,
        procedure=procedure,
        kind="result",
        content=content,
        paper=paper,
        cover=cover,
        pages=1,
        note_pages=(),
        format="pdf",
        scan_date=date(2023, 3, 6),
    )


@lru_cache
def _draw(sheet: str) -> Image:
    return draw_page(_scan(sheet), 1)


def _view(page: Image, box_mm: tuple[float, float, float, float] | None, mm: float) -> Image:
    """The part that is shown, at the height of the picture, one dpi of the page to one of the picture or less."""
    if box_mm is not None:
        left, top, width, height = (round(side * mm) for side in box_mm)
        page = page[top : top + height, left : left + width]
    scale = HEIGHT_PX / page.shape[0]
    size = (round(page.shape[1] * scale), HEIGHT_PX)
    view: Image = cv2.resize(page, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST)
    return view


def _small_jpeg(picture: Image) -> bytes:
    for quality in range(90, 30, -5):
        data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
        if len(data) <= MAX_BYTES:
            break
    return data


# defects


def _to_image(values: npt.NDArray[np.floating]) -> Image:
    return np.asarray(np.clip(values, 0, 255), np.uint8)


def _paper_of(page: Image) -> npt.NDArray[np.float64]:
    return np.asarray(np.median(page[:40].reshape(-1, 3), axis=0))


def _cut_file(page: Image, mm: float) -> Image:
    """The lower part never arrived; a decoder leaves it grey."""
    data = cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    return np.asarray(Pillow.open(BytesIO(data[: len(data) * 6 // 10])).convert("RGB"))[..., ::-1].copy()


def _scan_coarsely(page: Image, mm: float) -> Image:
    scale = 72 / (25.4 * mm)
    coarse = cv2.resize(page, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    shown: Image = cv2.resize(coarse, page.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    return shown


def _grey(page: Image, mm: float) -> Image:
    grey: Image = cv2.cvtColor(cv2.cvtColor(page, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    return grey


def _empty(page: Image, mm: float) -> Image:
    return blank_page(_scan("form"))


def _defocus(page: Image, mm: float) -> Image:
    blurred: Image = cv2.GaussianBlur(page, (0, 0), 0.28 * mm)
    return blurred


def _turn(page: Image, mm: float) -> Image:
    height, width = page.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 4.5, 1.0)
    border = tuple(int(value) for value in _paper_of(page))
    turned: Image = cv2.warpAffine(page, matrix, (width, height), flags=cv2.INTER_CUBIC, borderValue=border)
    return turned


def _upside_down(page: Image, mm: float) -> Image:
    return np.ascontiguousarray(page[::-1, ::-1])


def _shine(page: Image, mm: float) -> Image:
    """A lamp's reflection: a long soft spot, white in its middle."""
    light = _ellipse(page, mm, (118, 92), (52, 20), 24)
    light = cv2.GaussianBlur(light, (0, 0), 7 * mm)[..., None]
    lit = page + (255.0 - page) * np.clip(1.7 * light, 0, 1)
    return _to_image(lit)


def _ellipse(
    page: Image, mm: float, centre_mm: tuple[float, float], axes_mm: tuple[float, float], turn: float
) -> npt.NDArray[np.float32]:
    mask = np.zeros(page.shape[:2], np.float32)
    centre, axes = (tuple(round(value * mm) for value in pair) for pair in (centre_mm, axes_mm))
    filled: npt.NDArray[np.float32] = cv2.ellipse(mask, centre, axes, turn, 0, 360, 1.0, cv2.FILLED, cv2.LINE_AA)
    return filled


def _lay_too_far(page: Image, mm: float) -> Image:
    """The sheet lay beyond the scanned area on the left."""
    shift = round(34 * mm)
    return np.ascontiguousarray(page[:, shift:])


def _photograph(page: Image, mm: float) -> Image:
    """A telephone held aslant over the sheet on a table."""
    height, width = page.shape[:2]
    grain = np.random.default_rng(1).normal(0, 8, (height, 1)).cumsum() % 45
    table = np.repeat((np.array([45, 75, 110]) + grain[:, None, None]), width, axis=1)
    flat = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    seen = np.array([[0.2, 0.12], [0.84, 0.09], [0.93, 0.9], [0.08, 0.86]], np.float32) * np.array([width, height])
    matrix = cv2.getPerspectiveTransform(flat, seen.astype(np.float32))
    sheet = cv2.warpPerspective(page, matrix, (width, height))
    mask = cv2.warpPerspective(np.ones((height, width), np.float32), matrix, (width, height))[..., None]
    return _to_image(sheet * mask + table * (1 - mask))


def _leave_bed(page: Image, mm: float) -> Image:
    """The scanned area is larger than the sheet, and the lid was open."""
    bed = np.random.default_rng(1).normal(24, 3, page.shape)
    height, width = round(page.shape[0] - 16 * mm), round(page.shape[1] - 12 * mm)
    framed = _to_image(bed)
    framed[:height, :width] = page[:height, :width]
    return framed


def _shade(page: Image, mm: float) -> Image:
    """A fold on the left that does not touch the glass, and light that falls off to the right."""
    across = np.linspace(0, 1, page.shape[1])
    light = (1 - 0.55 * np.exp(-((across / 0.16) ** 2))) * (1 - 0.18 * across)
    return _to_image(page * light[None, :, None])


def _pale(page: Image, mm: float) -> Image:
    paper = _paper_of(page)
    return _to_image(paper + (page - paper) * 0.11)


def _grain(page: Image, mm: float) -> Image:
    noise = np.random.default_rng(2).normal(0, 26, page.shape[:2])[..., None]
    return _to_image(page + noise)


def _squeeze(page: Image, mm: float) -> Image:
    squeezed = cv2.imdecode(cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, 6])[1], cv2.IMREAD_COLOR)
    return np.asarray(squeezed, np.uint8)


def _beat(page: Image, mm: float) -> Image:
    """Two fine screens that beat against each other."""
    y, x = np.mgrid[: page.shape[0], : page.shape[1]] / mm
    waves = np.sin(2 * np.pi * (0.52 * x + 0.21 * y)) + np.sin(2 * np.pi * (0.19 * x - 0.5 * y))
    return _to_image(page - 9 + 9 * waves[..., None])


def _dirty_glass(page: Image, mm: float) -> Image:
    """Specks on the glass of a feeder draw lines along the whole sheet."""
    streaked = page.copy()
    for x_mm, width_mm, colour in ((52, 0.4, (150, 165, 120)), (97, 0.3, (180, 130, 145)), (131, 0.5, (125, 125, 125))):
        left, right = round(x_mm * mm), max(round((x_mm + width_mm) * mm), round(x_mm * mm) + 2)
        streaked[:, left:right] = np.minimum(streaked[:, left:right], colour)
    return streaked


def _break_seam(page: Image, mm: float) -> Image:
    """The right strip lies 1.5 mm lower and is darker."""
    broken, seam, drop = page.copy(), page.shape[1] // 2, round(1.5 * mm)
    broken[drop:, seam:] = page[:-drop, seam:]
    broken[:, seam:] = _to_image(broken[:, seam:] * 0.93)
    return broken


def _show_through(page: Image, mm: float) -> Image:
    """The print of the other side, mirrored and soft."""
    other = cv2.GaussianBlur(
        cv2.cvtColor(np.roll(page[:, ::-1], round(3 * mm), 0), cv2.COLOR_BGR2GRAY), (0, 0), 0.25 * mm
    )
    ink = (255.0 - other)[..., None] * 0.28
    return _to_image(page - ink)


def _finger(page: Image, mm: float) -> Image:
    """A thumb that holds the page down at its right edge."""
    across = page.shape[1] / mm
    thumb = cv2.GaussianBlur(_ellipse(page, mm, (across, 200), (30, 11), -8), (0, 0), 0.6 * mm)[..., None]
    nail = cv2.GaussianBlur(_ellipse(page, mm, (across - 23, 203), (6, 5.5), -8), (0, 0), 0.5 * mm)[..., None]
    held = page * (1 - thumb) + np.array([118.0, 152.0, 205.0]) * thumb
    held = held * (1 - 0.6 * nail) + np.array([175.0, 190.0, 232.0]) * 0.6 * nail
    return _to_image(held)


def _again(page: Image, mm: float) -> Image:
    return page.copy()


_TEXT_MM = (26.0, 98.0, 60.0, 60.0)
_WORDS_MM = (26.0, 98.0, 36.0, 36.0)
EXAMPLES = {
    "truncated": Example(_cut_file),
    "low_dpi": Example(_scan_coarsely, box_mm=_WORDS_MM),
    "photographed": Example(_photograph),
    "wrong_colour": Example(_grey, box_mm=(90, 215, 90, 72)),
    "blank": Example(_empty),
    "blurred": Example(_defocus, box_mm=_TEXT_MM),
    "skewed": Example(_turn),
    "wrong_orientation": Example(_upside_down),
    "glare": Example(_shine, "cover"),
    "cut_off": Example(_lay_too_far),
    "dark_border": Example(_leave_bed),
    "uneven_light": Example(_shade),
    "low_contrast": Example(_pale, box_mm=_TEXT_MM),
    "noisy": Example(_grain, box_mm=_WORDS_MM),
    "over_compressed": Example(_squeeze, box_mm=(56, 48, 36, 36)),
    "moire": Example(_beat, box_mm=_TEXT_MM),
    "streaks": Example(_dirty_glass, box_mm=(30, 30, 115, 115)),
    "bad_seam": Example(_break_seam, "map", (170, 60, 80, 80)),
    "bleed_through": Example(_show_through, box_mm=(20, 30, 110, 110)),
    "foreign_object": Example(_finger),
    "duplicate_page": Example(_again),
}
"""Defect -> its example; a defect of the file, not of what it shows, has none."""


if __name__ == "__main__":
    draw_real(Path(sys.argv[1]))
