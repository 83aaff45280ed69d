"""Photographs of a sheet on a ground: the sheet is found, and what is measured is measured on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pytest

from sohoa.pages.measure_page import measure_bytes
from sohoa.pages.metrics.bleed_through import measure_bleed_through
from sohoa.pages.metrics.seams import measure_seams
from sohoa.pages.sheet import find_sheet, lay_flat, view_sheet
from sohoa.pages.views import PageViews
from sohoa.quality.rules import judge_pages
from sohoa.quality.thresholds import load_thresholds
from sohoa.schema import MEASURED, TABLES
from tests.pages.page_files import LIMITS, jpeg, pillow_file, text_page

PAGE = text_page((1000, 1414))
HEIGHT, WIDTH = 1600, 1300
ASLANT = np.array([[180, 160], [1080, 200], [1180, 1450], [90, 1400]], np.float32)
TURNED = np.array([[250, 120], [1170, 290], [1010, 1480], [90, 1310]], np.float32)
STRAIGHT = np.array([[200, 150], [1100, 150], [1100, 1422], [200, 1422]], np.float32)


def cloth(height: int, width: int) -> np.ndarray:
    """Black cloth: nearly even, with folds."""
    fold = 26 + 12 * np.sin(np.arange(width) / 90.0 + np.arange(height)[:, None] / 300.0)
    return np.repeat(fold.astype(np.uint8)[..., None], 3, axis=2)


def wood(height: int, width: int) -> np.ndarray:
    """A brown table whose grain runs across it."""
    grain = np.random.default_rng(1).normal(0, 9, (height, 1)).cumsum() % 50
    return np.repeat((np.array([50, 80, 120]) + grain[:, None, None]), width, axis=1).clip(0, 255).astype(np.uint8)


def tiles(height: int, width: int) -> np.ndarray:
    """A grey floor with dark joints that run to the frame, as letters would that it cuts."""
    floor = np.full((height, width, 3), 130, np.uint8)
    floor[:, ::60], floor[::60] = 70, 70
    return cv2.dilate(255 - floor, np.ones((5, 5), np.uint8)) * 0 + cv2.erode(floor, np.ones((5, 5), np.uint8))


def photograph(ground: np.ndarray, corners: np.ndarray, page: np.ndarray = PAGE) -> np.ndarray:
    """The page on the ground, seen so that its corners lie there."""
    height, width = page.shape[:2]
    flat = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(flat, corners)
    size = ground.shape[1::-1]
    seen = cv2.warpPerspective(page, matrix, size, flags=cv2.INTER_LINEAR)
    mask = cv2.warpPerspective(np.ones((height, width), np.float32), matrix, size)[..., None]
    return (seen * mask + ground * (1 - mask)).astype(np.uint8)


def row_of(picture: np.ndarray, **tags: Any) -> dict[str, Any]:
    (row,) = measure_bytes(pillow_file(picture, "JPEG", quality=92, **tags) if tags else jpeg(picture, 92), "a", LIMITS)
    return dict(row)


def views_of(picture: np.ndarray) -> PageViews:
    return PageViews.of(np.ascontiguousarray(picture[..., 1]), None)


SEEN: dict[str, tuple[Callable[[int, int], np.ndarray], np.ndarray]] = {
    "cloth, aslant": (cloth, ASLANT),
    "cloth, turned": (cloth, TURNED),
    "cloth, straight": (cloth, STRAIGHT),
    "wood, aslant": (wood, ASLANT),
    "wood, straight": (wood, STRAIGHT),
    "tiles, turned": (tiles, TURNED),
}


@pytest.mark.parametrize("name", SEEN)
def test_the_corners_of_the_sheet_are_found(name: str) -> None:
    """To a hundredth of the picture's sides."""
    ground, corners = SEEN[name]
    found = find_sheet(views_of(photograph(ground(HEIGHT, WIDTH), corners)))
    assert found is not None
    assert np.abs(found.corners - corners / (WIDTH, HEIGHT)).max() < 0.01
    sides = [np.hypot(*(corners[at] - corners[(at + 1) % 4])) for at in range(4)]
    wanted = max(1 - min(pair) / max(pair) for pair in ((sides[0], sides[2]), (sides[1], sides[3])))
    assert found.perspective == pytest.approx(wanted, abs=0.015)


@pytest.mark.parametrize("name", SEEN)
def test_a_whole_sheet_on_a_ground_has_no_defect_of_the_ground(name: str) -> None:
    """It is not cut off, has no dark border, no foreign object, and is as straight as it was printed."""
    ground, corners = SEEN[name]
    row = row_of(photograph(ground(HEIGHT, WIDTH), corners))
    assert (row["edge_cut"], row["border_dark"], row["foreign_object"]) == (0, 0, 0)
    assert row["skew_deg"] == pytest.approx(0, abs=0.3)
    assert row["illumination_range"] < 0.1
    assert row["perspective"] is not None


def bordered(sides: str) -> np.ndarray:
    page = PAGE.copy()
    for side in sides:
        page[{"t": np.s_[:90], "b": np.s_[-90:], "l": np.s_[:, :80], "r": np.s_[:, -80:]}[side]] = 20
    return page


def cover() -> np.ndarray:
    """A dark cover with a white panel that runs over two of its sides."""
    page = np.full((1414, 1000, 3), (90, 40, 30), np.uint8)
    page[300:1100, :700] = 250
    return page


SCANS: dict[str, Callable[[], np.ndarray]] = {
    "page": lambda: PAGE,
    "bed on one side": lambda: bordered("r"),
    "bed on two sides": lambda: bordered("tl"),
    "bed on three sides": lambda: bordered("tbl"),
    "skewed": lambda: photograph(np.full((HEIGHT, WIDTH, 3), 245, np.uint8), TURNED),
    "cover": cover,
    "white": lambda: np.full((900, 700, 3), 255, np.uint8),
    "black": lambda: np.zeros((900, 700, 3), np.uint8),
    "slip": lambda: text_page((1240, 120), lines=2),
}


@pytest.mark.parametrize("name", SCANS)
def test_a_scan_is_no_photograph(name: str) -> None:
    """Nothing is cut away from it: its dark border is seen as before."""
    picture = SCANS[name]()
    assert view_sheet(views_of(picture))[1] is None
    row = row_of(picture)
    assert row["perspective"] is None
    assert (row["border_dark"] > 0.3) == ("bed" in name or name == "black")


def test_a_photograph_shows_the_other_side_from_more_levels_on() -> None:
    """Grey print and grain of a photographed sheet are a few levels darker than its paper; a scanner shows weaker."""
    page = np.full((877, 620), 230, np.uint8)
    page[100:800:12, 60:560] -= np.tile(np.repeat(np.array([0, 7], np.uint8), 5), 50)
    page[104:800:12, 60:560] = page[103:799:12, 60:560] = page[102:798:12, 60:560] = page[100:796:12, 60:560]
    scan = PageViews.of(page, None)
    assert (measure_bleed_through(scan) or 0) > 0.02
    assert measure_bleed_through(replace(scan, picture=scan)) == 0


def test_a_seam_of_a_photograph_is_found_in_the_picture() -> None:
    """It is as straight as the sensor; on the sheet laid flat it lies aslant."""
    picture = photograph(wood(HEIGHT, WIDTH), ASLANT)
    sound, _ = view_sheet(views_of(picture))
    picture[:, 520:] = np.roll(picture, 12, axis=0)[:, 520:]
    joined, sheet = view_sheet(views_of(picture))
    assert sheet is not None and sheet.perspective > 0.02
    assert (measure_seams(sound) or 0) < 1 and (measure_seams(joined) or 0) > 3


def test_a_sheet_that_runs_out_of_the_picture_is_cut_there_alone() -> None:
    """The lines that the right side cuts are counted, the ground's joints beside the others are not."""
    away = ASLANT + np.array([640, 0], np.float32)
    picture = photograph(tiles(HEIGHT, WIDTH), away)
    found = find_sheet(views_of(picture))
    assert found is not None and found.at_frame == (False, False, False, True)
    assert row_of(picture)["edge_cut"] >= 3


def test_the_sheet_is_laid_flat_pixel_by_pixel() -> None:
    """Black and white stay black and white, and print stands where it stood on the sheet."""
    page = np.full((1414, 1000, 3), 255, np.uint8)
    page[700:714] = 0
    picture = photograph(wood(HEIGHT, WIDTH), ASLANT, page)
    sheet = find_sheet(views_of(picture))
    assert sheet is not None
    flat = lay_flat(np.ascontiguousarray(picture[..., 1]), sheet)
    assert flat[:, flat.shape[1] // 2].argmin() / len(flat) == pytest.approx(0.5, abs=0.015)
    x, y, width, height = sheet.box_in_picture((0, 0.49, 1, 0.02))
    assert (x, x + width) == pytest.approx((135 / WIDTH, 1130 / WIDTH), abs=0.03)
    assert 0.4 < y < y + height < 0.56


@pytest.mark.parametrize(("corners", "is_known"), [(ASLANT, False), (STRAIGHT, True)])
def test_what_is_seen_from_aslant_has_no_scale(corners: np.ndarray, is_known: bool) -> None:
    """A resolution in the file cannot be true of all of it; a camera that hangs above the sheet may know it."""
    row = row_of(photograph(cloth(HEIGHT, WIDTH), corners), dpi=(300, 300))
    assert (row["dpi_x"] is not None, row["width_mm"] is not None) == (is_known, is_known)


def judged(row: dict[str, Any], device: str | None) -> dict[str, Any]:
    declared = {"kind": "component", "content": "text", "paper": "a4", "cover": "matte", "device_kind": device}
    schema = pa.schema([*MEASURED, *(TABLES["pages"].field(name) for name in declared)])
    (found,) = judge_pages(pa.Table.from_pylist([row | declared], schema), load_thresholds("tthc").rules).to_pylist()
    return found  # type: ignore[no-any-return]


def test_a_person_decides_about_photographs() -> None:
    """Whether it is seen on the page or declared; a scan is none; one from far aslant is refused."""
    photo, scan = row_of(photograph(cloth(HEIGHT, WIDTH), ASLANT)), row_of(PAGE, dpi=(300, 300))
    assert "photographed" in judged(photo, None)["defects"]
    assert judged(photo, "camera")["verdict"] == "review"
    assert "photographed" in judged(scan, "camera")["defects"]
    assert "photographed" not in judged(scan, "flatbed")["defects"] + judged(scan, None)["defects"]
    assert judged(photo | {"perspective": 0.3}, "camera")["verdict"] == "rejected"


def test_the_resolution_that_a_camera_writes_is_not_held_against_it() -> None:
    """72 dpi of a scanner is too few, of a camera it says nothing."""
    row = row_of(PAGE, dpi=(72, 72))
    assert "low_dpi" in judged(row, "flatbed")["defects"]
    assert "low_dpi" not in judged(row, "camera")["defects"]


@pytest.mark.parametrize(("column", "value"), [("blur_mm", 0.5), ("illumination_range", 0.5), ("blur_mm", 0.31)])
def test_what_a_camera_cannot_give_is_decided_by_a_person(column: str, value: float) -> None:
    """Its light is seldom even, its scale is not known: never refused for that alone, as a scan is."""
    row = row_of(PAGE, dpi=(300, 300)) | {"jpeg_quality": 90.0, column: value}
    assert [judged(row, device)["verdict"] for device in ("flatbed", None, "camera")] == ["rejected"] * 2 + ["review"]


def test_a_small_sheet_turned_towards_the_frame_is_a_photograph_and_a_book_page_is_none() -> None:
    """One corner near the frame amid a wide ground; a page whose bent sides differ a little, beside a narrow one."""
    turned = np.array([[30, 330], [830, 230], [990, 1180], [200, 1290]], np.float32)
    book = np.array([[140, 110], [1296, 95], [1297, 1510], [140, 1466]], np.float32)
    assert find_sheet(views_of(photograph(cloth(HEIGHT, WIDTH), turned))) is not None
    assert find_sheet(views_of(photograph(cloth(HEIGHT, WIDTH), book))) is None


def test_a_label_on_a_bright_package_is_no_sheet() -> None:
    """A white field with a code on it, on print of another tone all around."""
    package = np.full((HEIGHT, WIDTH, 3), 165, np.uint8)
    label = np.array([[350, 500], [900, 480], [930, 1000], [340, 980]], np.float32)
    assert find_sheet(views_of(photograph(package, label, np.full((500, 600, 3), 250, np.uint8)))) is None
    assert find_sheet(views_of(photograph(package // 3, label, np.full((500, 600, 3), 250, np.uint8)))) is not None
