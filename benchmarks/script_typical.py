"""A typical script of Pillow, numpy and OpenCV, as found in answers on the web: each check on its own, at full size.

Skew turns the whole page by every angle; sums and histograms run on 64-bit copies of it.
"""

from __future__ import annotations

import io

import cv2
import numpy as np
from PIL import Image


def check_page(data: bytes) -> dict[str, float]:
    """Figures of one JPEG page."""
    image = Image.open(io.BytesIO(data)).convert("RGB")
    colour = np.array(image)
    grey = cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY)
    _, ink = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    return {
        "blur": float(cv2.Laplacian(grey, cv2.CV_64F).var()),
        "contrast": float(np.percentile(grey, 95) - np.percentile(grey, 5)),
        "exposure": float(np.histogram(grey, 256, (0, 256))[0][250:].sum() / grey.size),
        "ink": float(np.mean(ink > 0)),
        "noise": _noise(grey),
        "illumination": _illumination(grey),
        "glare": float(np.mean((cv2.cvtColor(colour, cv2.COLOR_RGB2HSV)[..., 2] > 250) & (ink == 0))),
        "border": max(float(np.mean(side < 60)) for side in (grey[:30], grey[-30:], grey[:, :30], grey[:, -30:])),
        "skew": _skew(ink),
    }


def _noise(grey: np.ndarray) -> float:
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]])
    return float(np.abs(cv2.filter2D(grey.astype(np.float64), -1, kernel)).mean() * np.sqrt(np.pi / 2) / 6)


def _illumination(grey: np.ndarray) -> float:
    background = cv2.GaussianBlur(grey, (101, 101), 0)
    return float(background.std())


def _skew(ink: np.ndarray) -> float:
    """The angle whose row sums vary most, 1 then 0.1 degree apart."""
    best = max(np.arange(-15, 16, 1.0), key=lambda angle: _variation(ink, angle))
    return float(max(best + np.arange(-1, 1.05, 0.1), key=lambda angle: _variation(ink, angle)))


def _variation(ink: np.ndarray, angle: float) -> float:
    height, width = ink.shape
    matrix = cv2.getRotationMatrix2D((width // 2, height // 2), angle, 1.0)
    turned = cv2.warpAffine(ink, matrix, (width, height))
    return float(np.sum(turned, axis=1).var())
