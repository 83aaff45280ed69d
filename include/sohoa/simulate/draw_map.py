"""A cadastral map drawn over a real map: neat-line, grid, plots with numbers, title block."""

from __future__ import annotations

import cv2
import numpy as np

from sohoa.simulate import draw_ink
from sohoa.simulate.page_bodies import BODIES, Image, prepare
from sohoa.simulate.paper_sheet import SIZE_MM, Sheet, empty_paper
from sohoa.simulate.plan_scans import Scan
from sohoa.simulate.print_forms import dossier_name
from sohoa.simulate.sample_names import person

PLOTS = (12, 8)  # columns, rows
PLOT_LINE = (60, 60, 160)  # BGR
LEFT_MM, TOP_MM, RIGHT_MM, BOTTOM_MM = 20, 30, 20, 45  # margins outside the neat-line
GRID_MM = 50


def draw_map(scan: Scan, rng: np.random.Generator) -> Image:
    """The whole sheet, BGR."""
    width, height = SIZE_MM[scan.paper]
    sheet = Sheet(cv2.merge([empty_paper(scan)] * 3), scan.dpi)
    box = tuple(sheet.px(mm) for mm in (LEFT_MM, TOP_MM, width - RIGHT_MM, height - BOTTOM_MM))
    left, top, right, bottom = box
    maps = [body for body in BODIES if body.style == "map"]
    ground = _fitted(prepare(maps[int(rng.integers(len(maps)))], scan.dpi), right - left, bottom - top)
    sheet.pixels[top:bottom, left:right] = cv2.addWeighted(ground, 0.5, ground, 0, 127)
    _draw_plots(sheet, box, rng)
    _draw_grid(sheet, box)
    sheet.centre(f"BẢN ĐỒ ĐỊA CHÍNH (MẪU) - {scan.office.agency.name.upper()}", width / 2, 14, 18)
    sheet.write(f"Mã hồ sơ: {dossier_name(scan)}", 24, height - 38, 14)
    sheet.write(f"Người đo vẽ: {person(rng)} - Tỷ lệ 1:1000", 24, height - 28, 14)
    seal = draw_ink.turned_seal(sheet.dpi, float(rng.uniform(-12, 12)))
    draw_ink.stamp(sheet.pixels, seal, draw_ink.RED, sheet.px(width - 80), sheet.px(height - 41))
    return sheet.pixels


def _fitted(ground: Image, width: int, height: int) -> Image:
    """The middle of a picture, filling width × height without being stretched."""
    scale = max(width / ground.shape[1], height / ground.shape[0])
    size = (max(width, round(ground.shape[1] * scale)), max(height, round(ground.shape[0] * scale)))
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    large: Image = cv2.resize(ground, size, interpolation=cv2.INTER_CUBIC)
    return large[top : top + height, left : left + width]


def _draw_grid(sheet: Sheet, box: tuple[int, ...]) -> None:
    left, top, right, bottom = box
    step = sheet.px(GRID_MM)
    for x in range(left + step, right, step):
        cv2.line(sheet.pixels, (x, top), (x, bottom), draw_ink.BLACK, 2)
    for y in range(top + step, bottom, step):
        cv2.line(sheet.pixels, (left, y), (right, y), draw_ink.BLACK, 2)
    cv2.rectangle(sheet.pixels, (left, top), (right, bottom), draw_ink.BLACK, 8)


def _draw_plots(sheet: Sheet, box: tuple[int, ...], rng: np.random.Generator) -> None:
    """A wavering net of plots, a number in each."""
    left, top, right, bottom = box
    columns, rows = PLOTS
    x = np.linspace(left, right, columns + 1)[None, :] + rng.normal(0, sheet.px(4), (rows + 1, columns + 1))
    y = np.linspace(top, bottom, rows + 1)[:, None] + rng.normal(0, sheet.px(4), (rows + 1, columns + 1))
    corners = np.stack([x.clip(left, right), y.clip(top, bottom)], axis=-1).round().astype(np.int32)
    for line in (*corners, *np.ascontiguousarray(corners.swapaxes(0, 1))):
        cv2.polylines(sheet.pixels, [line], False, PLOT_LINE, 3, cv2.LINE_AA)
    for number in range(columns * rows):
        row, column = divmod(number, columns)
        at = corners[row : row + 2, column : column + 2].reshape(4, 2).mean(axis=0)
        mask = draw_ink.text_mask(str(number + 1), 9, sheet.dpi)
        left, top = int(at[0]) - mask.shape[1] // 2, int(at[1]) - mask.shape[0] // 2
        draw_ink.stamp(sheet.pixels, mask, draw_ink.BLACK, left, top)
