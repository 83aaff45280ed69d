"""Lights, shadows and objects as they are drawn over a page: float32 (height, width), 0 to 1."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
Rng = np.random.Generator


def noise(rng: Rng, side: int, cells: int) -> Plane:
    """Return smooth noise of ``cells`` × ``cells`` hills."""
    grid = rng.random((cells, cells), np.float32)
    return np.asarray(cv2.resize(grid, (side, side), interpolation=cv2.INTER_CUBIC), np.float32).clip(0, 1)


def draw_light(rng: Rng, side: int) -> Plane:
    """Return one to four lamps, windows, bands of a scanner, hot rims, rings or wrinkles of a film."""
    light = np.zeros((side, side), np.float32)
    for _ in range(rng.integers(1, 5)):
        kinds = [lamp, lamp, lamp, window, carriage_band, hot_rim, rings, wrinkles]
        one = kinds[int(rng.integers(len(kinds)))](rng, side) * (1 if rng.random() < 0.5 else rng.uniform(0.3, 1))
        if rng.random() < 0.35:
            one = one * _torn(rng, side)
        np.maximum(light, one, out=light)
    return light


def lamp(rng: Rng, side: int) -> Plane:
    """Return an ellipse with a soft or hard rim, from a point to half a page."""
    x, y = _turned(rng, side)
    size, aspect = np.exp(rng.uniform(np.log(0.008), np.log(0.5))), np.exp(rng.uniform(0, 0.8))
    distance = np.sqrt((x / (size * aspect)) ** 2 + (y / (size / aspect)) ** 2)
    return _fall(distance, np.exp(rng.uniform(0.2, 2.2)))


def window(rng: Rng, side: int) -> Plane:
    """Return a rectangle, or the tube of a lamp."""
    x, y = _turned(rng, side)
    wide, high = rng.uniform(0.03, 0.6), np.exp(rng.uniform(np.log(0.01), np.log(0.3)))
    return _fall(np.maximum(np.abs(x / wide), np.abs(y / high)), np.exp(rng.uniform(0.5, 2.3)))


def carriage_band(rng: Rng, side: int) -> Plane:
    """Return a band over the whole page along one axis, as a scanner's lamp mirrored in a cover gives it."""
    at, width = rng.uniform(-1, 1), np.exp(rng.uniform(np.log(0.02), np.log(0.25)))
    line = _fall(np.abs(np.linspace(-1, 1, side, dtype=np.float32) - at) / np.float32(width), rng.uniform(1.2, 6))
    plane = np.repeat(line[None], side, axis=0)
    return plane if rng.random() < 0.5 else plane.T.copy()


def hot_rim(rng: Rng, side: int) -> Plane:
    """Return light that rises towards a spine or a rim, and ends there at once."""
    at, reach = rng.uniform(-1, 1), rng.uniform(0.05, 0.35)
    behind = (np.linspace(-1, 1, side, dtype=np.float32) - np.float32(at)) * rng.choice([-1, 1])
    line = np.where(behind > 0, np.exp(-behind / reach), 0).astype(np.float32)
    plane = np.repeat(line[None], side, axis=0) * (0.4 + 0.6 * noise(rng, side, 3))
    return plane if rng.random() < 0.7 else plane.T.copy()


def rings(rng: Rng, side: int) -> Plane:
    """Return Newton's rings between film and glass."""
    x, y = _turned(rng, side)
    size = rng.uniform(0.15, 0.6)
    distance = (x**2 + y**2 * rng.uniform(1, 3)) / size**2
    wave = 0.5 + 0.5 * np.cos(distance * rng.uniform(8, 30))
    return np.asarray(wave * np.exp(-(distance**2)) * rng.uniform(0.3, 0.8), np.float32)


def wrinkles(rng: Rng, side: int) -> Plane:
    """Return the thin bright lines of a wrinkled film."""
    hills = noise(rng, side, int(rng.integers(4, 16)))
    ridge = np.exp(-(((hills - rng.uniform(0.35, 0.65)) / rng.uniform(0.01, 0.05)) ** 2))
    return np.asarray(ridge * ((noise(rng, side, 5) - 0.4) * 3).clip(0, 1), np.float32)


def draw_shadow(rng: Rng, side: int) -> Plane:
    """Return a shadow: what a hand or a head keeps off, with a penumbra."""
    x, y = _turned(rng, side)
    shape = y if rng.random() < 0.4 else 1 - np.sqrt((x / rng.uniform(0.2, 1)) ** 2 + (y / rng.uniform(0.15, 0.6)) ** 2)
    bent = shape + (noise(rng, side, 5) - 0.5) * rng.uniform(0, 0.4)
    return np.asarray((bent / np.exp(rng.uniform(np.log(0.02), np.log(0.25)))).clip(0, 1), np.float32)


def draw_object(rng: Rng, side: int, hands: Sequence[NDArray[np.uint8]]) -> tuple[NDArray[np.uint8], Plane]:
    """Return a picture (side, side, 3) and a mask of a hand, finger, clip, strap or sheet that enters from a rim."""
    if hands and rng.random() < 0.6:
        return _hand(rng, side, hands[int(rng.integers(len(hands)))])
    mask = np.zeros((side, side), np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    inward = np.array([np.cos(angle), np.sin(angle)])
    rim = side / 2 * (1 - inward / np.abs(inward).max()) + rng.uniform(-0.35, 0.35, 2) * side * (np.abs(inward) < 0.72)
    kind = rng.choice(["finger", "finger", "clip", "strap", "sheet"])
    colour = rng.uniform(0, 255, 3)
    if kind == "finger":
        colour = np.array([0.55, 0.68, 0.9]) * rng.uniform(90, 265)
        width = int(side * rng.uniform(0.03, 0.09))
        for step in range(int(rng.integers(1, 4))):
            start = rim + np.array([-inward[1], inward[0]]) * step * width * 1.3
            cv2.line(mask, _point(start), _point(start + inward * side * rng.uniform(0.04, 0.25)), 1.0, width)
    elif kind == "sheet":
        grown = rng.uniform(0.6, 1.6) * side
        centre = rim - inward * (grown / 2 - side * rng.uniform(0.02, 0.2))
        turn = np.degrees(angle) + rng.uniform(-25, 25)
        cv2.fillPoly(mask, [cv2.boxPoints((tuple(centre), (grown, grown), turn)).astype(np.int32)], 1.0)
        colour = np.array([1, 1, 1]) * rng.uniform(150, 255) + rng.uniform(-20, 5, 3)
    else:
        size = side * (rng.uniform(0.03, 0.12, 2) if kind == "clip" else np.array([2.2, rng.uniform(0.02, 0.07)]))
        turn = np.degrees(angle) + (rng.uniform(-10, 10) if kind == "clip" else rng.uniform(40, 140))
        inside = rim + inward * side * rng.uniform(0, 0.12)
        cv2.fillPoly(mask, [cv2.boxPoints((tuple(inside), tuple(size), turn)).astype(np.int32)], 1.0)
        colour = colour if rng.random() < 0.5 else np.array([1, 1, 1]) * rng.uniform(10, 210)
    shade = 0.6 + 0.4 * cv2.GaussianBlur(mask, (0, 0), side * 0.012) + 0.15 * (noise(rng, side, 9) - 0.5)
    mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), 0.8), np.float32)
    return (shade[..., None] * colour).clip(0, 255).astype(np.uint8), mask


def _hand(rng: Rng, side: int, hand: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], Plane]:
    """Lay a hand, whose fingers point up, so that it reaches in from a rim: a finger's tip, or all of it."""
    height, width = hand.shape[:2]
    angle = rng.uniform(0, 2 * np.pi)
    inward = np.array([np.cos(angle), np.sin(angle)])
    rim = side / 2 * (1 - inward / np.abs(inward).max()) + rng.uniform(-0.4, 0.4, 2) * side * (np.abs(inward) < 0.72)
    scale = np.exp(rng.uniform(np.log(0.5), np.log(3.0)))
    rows = np.flatnonzero(hand[..., 3].any(axis=1))
    reach = min(rng.uniform(0.06, 0.5) * side, 0.9 * scale * (height - rows[0]))
    turn = np.degrees(np.arctan2(-inward[0], -inward[1]))  # of a picture whose up shall be inwards
    turn += rng.uniform(-35, 35)
    matrix = cv2.getRotationMatrix2D((width / 2, float(rows[0])), turn, scale)
    matrix[:, 2] += rim + inward * reach - (width / 2, rows[0])
    if rng.random() < 0.5:
        hand = np.ascontiguousarray(hand[:, ::-1])
    size = (side, side)
    picture = cv2.warpAffine(hand[..., :3], matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    mask = cv2.warpAffine(hand[..., 3].astype(np.float32) / 255, matrix, size)
    tone = np.exp(rng.uniform(np.log(0.3), np.log(1.25))) * rng.uniform(0.88, 1.12, 3)
    return (picture * tone).clip(0, 255).astype(np.uint8), np.asarray(mask, np.float32)


def _turned(rng: Rng, side: int) -> tuple[Plane, Plane]:
    """Return coordinates around a place on the page, -1 to 1, turned anyhow."""
    x0, y0 = rng.uniform(-1, 1, 2).astype(np.float32)
    turn = rng.uniform(0, np.pi) if rng.random() < 0.6 else 0.0
    line = np.linspace(-1, 1, side, dtype=np.float32)
    x, y = line[None] - x0, line[:, None] - y0
    cos, sin = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    return x * cos + y * sin, y * cos - x * sin


def _fall(distance: Plane, hardness: float) -> Plane:
    return np.asarray(cv2.exp(-cv2.min(cv2.pow(distance.clip(0, 5), float(hardness)), 40.0)), np.float32)


def _torn(rng: Rng, side: int) -> Plane:
    hills = noise(rng, side, int(rng.choice([4, 8, 14, 24])))
    return np.asarray(((hills - rng.uniform(0, 0.7)) / np.exp(rng.uniform(-4, -1))).clip(0, 1), np.float32)


def _point(at: NDArray[np.float64]) -> tuple[int, int]:
    return round(float(at[0])), round(float(at[1]))
