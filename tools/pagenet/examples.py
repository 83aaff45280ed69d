"""Made examples: a base page, perhaps on a ground, with lights, objects and shadows whose truth is known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sohoa.pages.page_net import CELL_PX, VIEW_PX
from sohoa.pages.reduce import Grey
from tools.pagenet.bases import Base
from tools.pagenet.lights import Plane, Rng, draw_light, draw_object, draw_shadow, lamp, noise, window

CROP_PX = 192
"""Side of an example: a part of a page at the scale at which the net sees whole ones."""
_BLACK = 0.06  # of white: so much light hides the darkest print
_COVER = (170, 240)
_GAMMA = 2.2
_LINEAR = (np.arange(256, dtype=np.float32) / 255) ** np.float32(_GAMMA)  # level -> light
_LIT = 0.25  # share of a cell that light hides

Example = tuple[Grey, Grey, Grey]


class Examples:
    """An endless source of examples from one seed."""

    def __init__(self, bases: list[Base], seed: int) -> None:
        """Keep the bases by what they are good for."""
        self._rng = np.random.default_rng(seed)
        self._pages = [base for base in bases if base.kind == "page" and base.glare is not True]
        self._photos = [base for base in bases if base.kind == "photo" and base.glare is not True]
        self._glares = [base for base in bases if base.glare and base.box]
        self._grounds = [base for base in bases if base.kind == "ground"]
        self._hands = [base.picture for base in bases if base.kind == "hand"]

    def __iter__(self) -> Iterator[Example]:
        """Yield view (256, 256, 3), truth and weight (4, 64, 64), uint8 each: 255 is one."""
        while True:
            yield self.make()

    def make(self) -> Example:
        """Make one example."""
        rng = self._rng
        draw = rng.random()
        if draw < 0.08 and self._glares:
            return self._real_glare(_pick(rng, self._glares))
        if draw < 0.28 and self._photos:
            base = _pick(rng, self._photos)
            view, inside = _lay(rng, base.picture, rng.uniform(0.75, 1.5))
            known = base.glare is False, base.object is False
            return self._finish(view, np.ones_like(inside), inside * 0, *map(float, known))
        page = self._cover() if rng.random() < 0.3 else _pick(rng, self._pages).picture
        if rng.random() < 0.45:
            view, sheet = self._on_ground(page)
        else:
            view, sheet = _lay(rng, page, rng.uniform(0.75, 1.4))
            view = view + (1 - sheet[..., None]) * (rng.choice([0, 1]) * rng.uniform(0, 255, 3)).astype(np.float32)
        return self._finish(view, sheet, np.ones_like(sheet), 1.0, 1.0)

    def _cover(self) -> Grey:
        """Draw a cover: a picture or plain colours, with shapes and letters."""
        rng = self._rng
        if rng.random() < 0.6 and self._grounds:
            ground = _pick(rng, self._grounds).picture
            cover = cv2.resize(ground, _COVER) if rng.random() < 0.5 else cv2.resize(ground, None, fx=0.5, fy=0.5)
        else:
            cells = int(rng.integers(2, 6))
            small = rng.integers(0, 256, (cells, cells, 3)).astype(np.uint8)
            kind = cv2.INTER_CUBIC if rng.random() < 0.5 else cv2.INTER_NEAREST
            cover = cv2.resize(small if rng.random() < 0.5 else small[:1, :1], _COVER, interpolation=kind)
        for _ in range(rng.integers(0, 9)):
            _print_something(rng, cover)
        return np.asarray(cover, np.uint8)

    def _ground(self) -> Plane:
        rng = self._rng
        draw = rng.random()
        if draw < 0.35 and self._grounds + self._photos:
            view, _ = _lay(rng, _pick(rng, self._grounds + self._photos).picture, rng.uniform(1.5, 4))
            return view
        grain = noise(rng, CROP_PX, int(rng.choice([3, 9, 30, 90])))[..., None]
        if draw < 0.6:  # wood
            grain = np.repeat(rng.random((CROP_PX, 1, 1), np.float32), CROP_PX, axis=1) * 0.5 + grain * 0.5
        colour = (rng.uniform(0, 255) + rng.uniform(-40, 40, 3)).clip(0, 255)
        return np.asarray(colour * (1 - grain * rng.uniform(0, 0.5)), np.float32)

    def _on_ground(self, page: Grey) -> tuple[Plane, Plane]:
        """Lay a page on a ground: seen from aslant, bent, with the shadow that it throws and uneven light."""
        rng = self._rng
        height, width = page.shape[:2]
        half = np.exp(rng.uniform(np.log(0.4), np.log(0.9))) * VIEW_PX / max(page.shape) / 2
        corners = np.array([[-width, -height], [width, -height], [width, height], [-width, height]]) * half
        turn = rng.uniform(-0.3, 0.3) + (rng.integers(0, 4) * np.pi / 2 if rng.random() < 0.3 else 0)
        spin = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        placed = (corners * (1 + rng.uniform(-0.12, 0.12, (4, 2)))) @ spin + CROP_PX * rng.uniform(0.2, 0.8, 2)
        source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
        matrix = cv2.getPerspectiveTransform(source, placed.astype(np.float32))
        size = (CROP_PX, CROP_PX)
        flat = cv2.warpPerspective(page, matrix, size, flags=cv2.INTER_AREA).astype(np.float32)
        mask = cv2.warpPerspective(np.ones((height, width), np.float32), matrix, size)
        flat, mask = (np.asarray(each, np.float32) for each in _bend(rng, flat, mask))
        fall = cv2.GaussianBlur(np.roll(mask, rng.integers(-9, 10, 2), (0, 1)), (0, 0), rng.uniform(1, 7))
        ground = self._ground() * (1 - fall * rng.uniform(0, 0.7))[..., None]
        light = 1 - rng.uniform(0, 0.5) * noise(rng, CROP_PX, 3)
        view = (flat * mask[..., None] + ground * (1 - mask[..., None])) * light[..., None]
        return np.asarray(view, np.float32), mask

    def _finish(
        self, view: Plane, sheet: Plane, sheet_weight: Plane, light_weight: float, object_weight: float
    ) -> Example:
        """Print, shade, cover and light what is there, and say where."""
        rng = self._rng
        is_fax = rng.random() < 0.08
        printed = _two_tones(rng, view) if is_fax else _tone(rng, view)
        if rng.random() < 0.35:
            _print_something(rng, printed)
        view = printed.astype(np.float32)
        weight = np.ones((4, CROP_PX, CROP_PX), np.float32)
        truth = np.zeros_like(weight)
        weight[0], weight[1], truth[1] = light_weight, sheet_weight, sheet
        weight[2], weight[3] = object_weight, light_weight * sheet_weight.max()
        if rng.random() < 0.25:
            shade, most = draw_shadow(rng, CROP_PX), rng.uniform(0.15, 0.6)
            view *= (1 - shade * most)[..., None]
            truth[3], weight[3] = shade > 0.6, (shade < 0.1) | (shade > 0.6)
        if rng.random() < 0.35:
            picture, mask = draw_object(rng, CROP_PX, self._hands)
            fall = cv2.GaussianBlur(np.roll(mask, rng.integers(-4, 5, 2), (0, 1)), (0, 0), rng.uniform(1, 5))
            view *= (1 - fall * rng.uniform(0, 0.5))[..., None]
            view = view * (1 - mask[..., None]) + picture * mask[..., None]
            truth[2], weight[2] = mask > 0.5, 1
            weight[1] *= mask < 0.1
        if rng.random() < 0.5 and not is_fax:
            on_sheet = sheet if rng.random() < 0.5 and sheet_weight.any() else np.ones_like(sheet)
            view, truth[0], weight[0] = _light(rng, view, draw_light(rng, CROP_PX) * on_sheet, weight[0])
        return _cells(_sensor(rng, view), truth, weight)

    def _real_glare(self, base: Base) -> Example:
        """Take a page with glare as it is: what is white in its box is true, the rest of the box unknown."""
        rng = self._rng
        height, width = base.picture.shape[:2]
        x, y, wide, high = base.box or (0.0, 0.0, 0.0, 0.0)
        box = np.zeros((height, width), np.float32)
        box[int(y * height) : int((y + high) * height) + 1, int(x * width) : int((x + wide) * width) + 1] = 1
        layers = np.dstack([base.picture.astype(np.float32), box * 255])
        view, inside = _lay(rng, layers, rng.uniform(0.7, 1.1))
        view, is_boxed = view[..., :3], view[..., 3] > 127
        least, most = _spread(view)
        is_white = (most > 215) & (most - least < 60)
        weight = np.zeros((4, CROP_PX, CROP_PX), np.float32)
        truth = np.zeros_like(weight)
        truth[0] = is_boxed & is_white
        weight[0] = np.where(is_boxed, is_white, ~is_white) * inside
        return _cells(_sensor(rng, view), truth, weight)


def _lay(rng: Rng, picture: NDArray[np.generic], zoom: float) -> tuple[Plane, Plane]:
    """Lay a picture flat into an example, turned a little or by quarters: (view, what it covers)."""
    height, width = picture.shape[:2]
    scale = VIEW_PX / max(height, width) * zoom
    turn = float(rng.uniform(-4, 4)) + (90.0 * int(rng.integers(0, 4)) if rng.random() < 0.3 else 0.0)
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), turn, scale)
    room = np.abs(np.array([width, height]) * scale - CROP_PX) / 2 + 8
    matrix[:, 2] += CROP_PX / 2 - np.array([width, height]) / 2 + rng.uniform(-1, 1, 2) * room
    if rng.random() < 0.3:
        matrix[0] = -matrix[0] + np.array([0, 0, CROP_PX])
    size = (CROP_PX, CROP_PX)
    view = cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_LINEAR)
    inside = cv2.warpAffine(np.ones((height, width), np.float32), matrix, size)
    return np.asarray(view, np.float32), np.asarray(inside, np.float32)


def _light(rng: Rng, view: Plane, light: Plane, known: Plane) -> tuple[Plane, Plane, Plane]:
    """Add light in linear light; (view, where it hides print, weight: half-tones count for nothing)."""
    linear = np.asarray(cv2.LUT(view.clip(0, 255).astype(np.uint8), _LINEAR), np.float32)
    strength = np.exp(rng.uniform(np.log(0.22), np.log(4)))
    veil = cv2.resize(cv2.blur(cv2.resize(light, (32, 32)), (7, 7)), (CROP_PX, CROP_PX)) * rng.uniform(0, 0.4)
    added = np.asarray(light * strength + veil, np.float32)
    lit = (linear + cv2.merge([added * np.float32(tint) for tint in rng.uniform(0.92, 1.08, 3)])).clip(0, 1)
    darkest = cv2.erode(_mean(linear), np.ones((7, 7), np.uint8))
    is_lost = (added > 0.18) & (added > 0.6 * (darkest + _BLACK)) & (_mean(lit) > 0.42) & (darkest < 0.7)
    weight = np.where(is_lost, 1, np.where(added > 0.05, 0, known)).astype(np.float32)
    return np.asarray(cv2.pow(lit, 1 / _GAMMA) * 255, np.float32), is_lost.astype(np.float32), weight


def _tone(rng: Rng, view: Plane) -> Grey:
    """Change exposure and contrast, so that white alone proves nothing; some are grey."""
    levels = np.linspace(0, 1, 256) ** np.exp(rng.uniform(-0.3, 0.3)) * np.exp(rng.uniform(-0.35, 0.35)) * 255
    toned = np.asarray(cv2.LUT(view.clip(0, 255).astype(np.uint8), levels.clip(0, 255).astype(np.uint8)), np.uint8)
    return cv2.merge([_mean(toned)] * 3) if rng.random() < 0.12 else toned


def _mean(picture: NDArray[np.generic]) -> NDArray[Any]:
    """Return the mean of the three colours."""
    return np.asarray(cv2.transform(picture, np.full((1, 3), 1 / 3)))


def _spread(picture: NDArray[np.generic]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the least and the most of the three colours."""
    blue, green, red = cv2.split(picture)
    return np.asarray(cv2.min(cv2.min(blue, green), red)), np.asarray(cv2.max(cv2.max(blue, green), red))


def _two_tones(rng: Rng, view: Plane) -> Grey:
    """Make a fax of it: whatever is white there, no light hides anything."""
    grey = _mean(view)
    two = np.where(grey > np.median(grey[::4, ::4]) * rng.uniform(0.6, 0.95), np.uint8(255), np.uint8(0))
    return np.asarray(cv2.merge([two] * 3), np.uint8)


def _sensor(rng: Rng, view: Plane) -> Plane:
    if rng.random() < 0.4:
        view = np.asarray(cv2.GaussianBlur(view, (0, 0), rng.uniform(0.3, 1.2)), np.float32)
    if rng.random() < 0.5:
        spread = np.float32(rng.uniform(0.5, 6))
        grain = cv2.randn(np.empty(view.shape, np.int8), 0, 24)
        view = view + np.asarray(grain, np.float32) * (spread / 24)
    return view


def _print_something(rng: Rng, picture: Grey) -> None:
    """Print a white or coloured shape, sharp or glowing, a disc like the sun, or letters: bright, and no light."""
    side = max(picture.shape[:2])
    colour = rng.uniform(200, 255) + rng.uniform(-15, 15, 3) if rng.random() < 0.6 else rng.uniform(0, 255, 3)
    draw = rng.random()
    if draw < 0.4:
        at = (int(rng.integers(0, picture.shape[1])), int(rng.integers(10, picture.shape[0])))
        text = "".join(rng.choice(list("ABCDEHKLMNOPRSTUVX 0123456789"), rng.integers(3, 14)))
        size = float(np.exp(rng.uniform(np.log(0.3), np.log(2.5))))
        cv2.putText(picture, text, at, int(rng.integers(0, 8)), size, colour.tolist(), int(rng.integers(1, 5)))
        return
    shape = (lamp if draw < 0.7 else window)(rng, side)[: picture.shape[0], : picture.shape[1], None]
    mask = shape if rng.random() < 0.3 else (shape > rng.uniform(0.1, 0.9)).astype(np.float32)
    picture[:] = (picture * (1 - mask) + colour.clip(0, 255) * mask).astype(np.uint8)


def _bend(rng: Rng, *pictures: Plane) -> list[object]:
    line = np.linspace(-1, 1, CROP_PX, dtype=np.float32)
    by = rng.uniform(-5, 5, 2).astype(np.float32)
    x, y = np.meshgrid(np.arange(CROP_PX, dtype=np.float32), np.arange(CROP_PX, dtype=np.float32))
    x, y = x + by[0] * np.sin(line * 2.2)[:, None], y + by[1] * np.sin(line * 2.2)[None]
    return [cv2.remap(picture, x, y, cv2.INTER_LINEAR) for picture in pictures]


def _cells(view: Plane, truth: Plane, weight: Plane) -> Example:
    """Return bytes: the mean of each cell, but any quarter of light makes a cell of light."""
    size = (CROP_PX // CELL_PX, CROP_PX // CELL_PX)
    target, known = (
        np.array([cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in planes])
        for planes in (truth, weight)
    )
    target[0] = target[0] > _LIT  # a small light is a whole cell, its half-tones around or not
    known[0] = np.where(target[0] > 0, known[0] > 0, known[0])
    return view.clip(0, 255).astype(np.uint8), (target * 255).astype(np.uint8), (known * 255).astype(np.uint8)


def _pick(rng: Rng, bases: list[Base]) -> Base:
    return bases[int(rng.integers(0, len(bases)))]
