"""A competent OpenCV script, as an engineer writes it in a day: one usual measure a check, in whole-array calls.

It decodes to grey once, keeps to 8 and 32 bits, and searches the skew on a small copy. What the engine answers and no
usual measure does (orientation) is left out.
"""

from __future__ import annotations

import cv2
import numpy as np

_ANGLES = np.arange(-15, 15.25, 0.25)


def check_page(data: bytes) -> dict[str, float]:
    """Figures of one JPEG page."""
    page: np.ndarray = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)  # type: ignore[assignment]
    small = cv2.resize(page, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    paper = cv2.medianBlur(cv2.dilate(small, np.ones((7, 7), np.uint8)), 21)
    large_paper = cv2.resize(paper, page.shape[::-1], interpolation=cv2.INTER_LINEAR)
    ink = cv2.threshold(cv2.subtract(large_paper, page), 45, 255, cv2.THRESH_BINARY)[1]
    found = {"ink": cv2.countNonZero(ink) / ink.size, "skew": _skew(small), "phash": _phash(small)}
    found |= _light(page, paper, ink) | _frame(page, ink)
    return found | _texture(page, small, paper, ink)


def _skew(small: np.ndarray) -> float:
    """Sharpest row profile of the turned page, coarse then fine."""
    thin = cv2.threshold(small, 0, 255, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)[1]
    thin = cv2.resize(thin, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    best = max(_ANGLES, key=lambda angle: _sharpness(thin, angle))
    return float(max(best + np.arange(-0.25, 0.3, 0.05), key=lambda angle: _sharpness(thin, angle)))


def _sharpness(ink: np.ndarray, angle: float) -> float:
    height, width = ink.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    rows = cv2.reduce(cv2.warpAffine(ink, matrix, (width, height)), 1, cv2.REDUCE_AVG, dtype=cv2.CV_32F)
    return float(np.square(np.diff(rows[:, 0])).sum())


def _phash(small: np.ndarray) -> float:
    low = cv2.dct(cv2.resize(small, (64, 64), interpolation=cv2.INTER_AREA).astype(np.float32))[:16, :16]
    return float((low > np.median(low)).sum())


def _light(page: np.ndarray, paper: np.ndarray, ink: np.ndarray) -> dict[str, float]:
    dark, bright = np.percentile(paper, (5, 95))
    low, high = np.percentile(page[::4, ::4], (0.5, 99.5))
    spots = cv2.morphologyEx(cv2.inRange(page, 250, 255), cv2.MORPH_OPEN, np.ones((25, 25), np.uint8))
    return {
        "illumination": 1 - dark / max(bright, 1),
        "contrast": high - low,
        "glare": cv2.countNonZero(cv2.subtract(spots, ink)) / page.size,
    }


def _frame(page: np.ndarray, ink: np.ndarray) -> dict[str, float]:
    reach = max(1, len(page) // 100)
    sides = (page[:reach], page[-reach:], page[:, :reach].T, page[:, -reach:].T)
    count, _, boxes, _ = cv2.connectedComponentsWithStats(ink)
    left, top, width, height = boxes[1:count, :4].T
    touches = (left <= 2) | (top <= 2) | (left + width >= page.shape[1] - 2) | (top + height >= page.shape[0] - 2)
    area = boxes[1:count, cv2.CC_STAT_AREA]
    return {
        "border": max(float((side.mean(axis=0) < 60).mean()) for side in sides),
        "edge_cut": float((touches & (area > 30) & (area < 5000)).sum()),
        "foreign": float(area[touches].max(initial=0)) / page.size,
    }


def _texture(page: np.ndarray, small: np.ndarray, paper: np.ndarray, ink: np.ndarray) -> dict[str, float]:
    """Blur, noise, moiré, streaks, seams and bleed-through."""
    laplacian = cv2.Laplacian(page, cv2.CV_16S)
    residual = cv2.absdiff(page, cv2.medianBlur(page, 3))
    columns = cv2.reduce(page, 0, cv2.REDUCE_AVG, dtype=cv2.CV_32F)
    rows = cv2.reduce(page, 1, cv2.REDUCE_AVG, dtype=cv2.CV_32F)
    spectrum = np.abs(np.fft.rfft2(cv2.subtract(paper, small).astype(np.float32)))
    weak = cv2.inRange(cv2.subtract(paper, small), 6, 30)
    return {
        "blur": float(cv2.meanStdDev(laplacian)[1][0, 0]) ** 2,
        "noise": cv2.mean(residual, cv2.bitwise_not(ink))[0],
        "moire": float(spectrum[40:-40, 40:].max() / np.median(spectrum)),
        "streaks": float(np.abs(columns - cv2.blur(columns, (25, 1))).max()),
        "seams": float(max(np.abs(np.diff(columns[0])).max(), np.abs(np.diff(rows[:, 0])).max())),
        "bleed": cv2.countNonZero(cv2.morphologyEx(weak, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))) / weak.size,
    }
