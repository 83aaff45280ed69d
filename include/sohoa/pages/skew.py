"""Skew: by how many degrees the content of a page is turned.

Text lines, rules and frames put the energy of a page's spectrum on one line through the origin, at a right angle to
them (the slice theorem: that line *is* the spectrum of the projection along the lines). A coarse search reads the
energy along lines through the power spectrum of a small copy. A fine search turns the page upright by that angle, cuts
it into vertical strips, and shifts the strips' row profiles against one another in the frequency domain, where a shift
by a fraction of a pixel is a change of phase: the energy of their sum is the score of Postl's projection profile
(W. Postl, "Detection of linear oblique structures and skew scan in digitized documents", ICPR 1986), without its
steps. Only lower edges of the ink count, which letters of one line have in common, and what one row of one strip may
weigh is capped, so that a long rule does not outvote the text.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from sohoa.pages.reduce import Grey, darker_than_paper, fit_long_side

RANGE_DEG = 15.0
SURE = 0.78
"""Confidence below which the answer is null: the peak must stand 4.5 times above the median of all angles."""

_SPECTRUM_PX = 512  # side of the spectrum; the page takes 95 % of it
_CYCLES = np.arange(6, 200, dtype=np.float32)  # from a sixth of the page down to about five pixels
_COARSE_DEG = np.arange(-RANGE_DEG - 1, RANGE_DEG + 1.125, 0.25, dtype=np.float32)
_FINE_PX = 1200  # long side for the fine search, 100 dpi of an A4 page
_STRIPS = 32
_HIGHEST = 0.25  # cycles a pixel
_CAP = 12.0  # grey levels that one row of one strip may weigh
_INK_CAP = 80

Power = NDArray[np.float32]


def measure_skew(grey: Grey) -> tuple[float | None, float]:
    """Skew in degrees, positive where the content is turned counter-clockwise, and its confidence.

    Args:
        grey: page, uint8 (height, width), any size; about 1000 to 2500 px on the long side is enough.

    Returns:
        (degrees within ±15 to about 0.02, null where unsure; confidence 0 to 1: one minus the median over the peak of
        the energy of all angles). A page whose lines stand upright on their side is measured by them.
    """
    if min(grey.shape) < 32:
        return None, 0.0
    page = fit_long_side(grey, _FINE_PX, enlarge=2.0)
    ink = cv2.min(darker_than_paper(page, 15, 10), _INK_CAP)
    power = power_spectrum(ink)
    rows, columns = _energy_by_angle(power, False), _energy_by_angle(power, True)
    confidence, other = _prominence(rows), _prominence(columns)
    if confidence < SURE and other > confidence:
        rows, confidence, ink = columns, other, np.rot90(ink)
    if confidence < SURE:
        return None, confidence
    skew = _refine(np.ascontiguousarray(ink), float(_COARSE_DEG[rows.argmax()]))
    return (skew if abs(skew) <= RANGE_DEG else None), confidence


def power_spectrum(ink: Grey) -> Power:
    """Right half of the power spectrum of a small, windowed copy of the ink.

    Returns:
        float32 (512, 257): vertical frequency from -256, horizontal from 0.
    """
    small = fit_long_side(ink, int(_SPECTRUM_PX * 0.95), enlarge=1.0).astype(np.float32)
    small -= small.mean()
    height, width = small.shape
    small *= np.sqrt(np.hanning(height + 2)[1:-1, None]).astype(np.float32)
    small *= np.sqrt(np.hanning(width + 2)[None, 1:-1]).astype(np.float32)
    spectrum = np.fft.rfft2(small, (_SPECTRUM_PX, _SPECTRUM_PX))
    return np.fft.fftshift(spectrum.real**2 + spectrum.imag**2, axes=0)


def _energy_by_angle(power: Power, is_sideways: bool) -> Power:
    """Energy of lines turned by each coarse angle: of rows, or of rows that stand on their side."""
    angle = np.radians(_COARSE_DEG)[:, None]
    x, y = np.sin(angle) * _CYCLES, np.cos(angle) * _CYCLES
    if is_sideways:
        x, y = y, -x
    y = np.where(x < 0, -y, y) + _SPECTRUM_PX // 2
    along = np.asarray(cv2.remap(power, np.abs(x), y, cv2.INTER_LINEAR), np.float32)
    return np.asarray((along * _CYCLES).sum(axis=1), np.float32)


def _prominence(energy: Power) -> float:
    peak = float(energy.max())
    return 1.0 - float(np.median(energy)) / peak if peak > 0 else 0.0


def _refine(ink: Grey, coarse: float) -> float:
    """The angle near ``coarse`` at which the strips' lower edges line up best, degrees."""
    strips = _strip_spectra(_turn(ink, -coarse))
    near, _ = _best(strips, 0.0, 0.1, 10)
    near, score = _best(strips, near, 0.02, 6)
    k = int(np.clip(score.argmax(), 1, len(score) - 2))
    left, top, right = score[k - 1 : k + 2]
    bend = left - 2 * top + right
    return coarse + near + (0.01 * float((left - right) / bend) if bend < 0 else 0.0)


def _turn(ink: Grey, degrees: float) -> Grey:
    height, width = ink.shape
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    return np.asarray(cv2.warpAffine(ink, matrix, (width, height), flags=cv2.INTER_LINEAR), np.uint8)


def _strip_spectra(ink: Grey) -> tuple[NDArray[np.complex64], NDArray[np.float32]]:
    """Spectra of the strips' lower-edge profiles (frequency, strip), and the phase each turns by at slope one."""
    height, width = ink.shape
    edges = cv2.subtract(ink[:-1], ink[1:])
    profile = cv2.resize(edges, (_STRIPS, height - 1), interpolation=cv2.INTER_AREA).astype(np.float32)
    length = cv2.getOptimalDFTSize(height + 48)
    spectra = np.fft.rfft(np.minimum(profile, _CAP), length, axis=0)
    frequency = np.arange(len(spectra), dtype=np.float32) / length
    used = (frequency >= 0.004) & (frequency < _HIGHEST)
    middles = (np.arange(_STRIPS, dtype=np.float32) + 0.5) * width / _STRIPS - width / 2
    phase = -2 * np.pi * frequency[used, None] * middles
    return spectra[used].astype(np.complex64), phase.astype(np.float32)


def _best(
    strips: tuple[NDArray[np.complex64], NDArray[np.float32]], around: float, step: float, count: int
) -> tuple[float, NDArray[np.float64]]:
    """The best of 2 ``count`` + 1 angles, ``step`` degrees apart, and the score of each."""
    spectra, phase = strips
    slopes = [math.tan(math.radians(around + step * k)) for k in range(-count, count + 1)]
    turning = spectra * np.exp(1j * phase * np.float32(slopes[0]))
    turn = np.exp(1j * phase * np.float32((slopes[-1] - slopes[0]) / (2 * count)))
    score = np.empty(len(slopes))
    for k in range(len(slopes)):
        total = turning.sum(axis=1)
        score[k] = float(np.vdot(total, total).real)
        turning *= turn
    return around + step * (int(score.argmax()) - count), score
