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
from functools import cache, lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sohoa.pages.reduce import Grey, fit_long_side

RANGE_DEG = 15.0
SURE = 0.78
"""Confidence below which the answer is null: the peak must stand 4.5 times above the median of all angles."""

_LEAST_BOTH = 0.35  # of either direction, where both have their peak at one angle, as a frame and its text have
_SAME_DEG = 0.05
_HARMLESS_DEG = 0.5  # a skew that hardly any limit looks at
_AROUND_STEP_DEG = 0.25
_AROUND_DEG = np.arange(-4.0, 4.125, _AROUND_STEP_DEG)  # by which lines that meet from column to column may slant
_NEAR = 2  # strips, of which the second next mostly lies in the same column
_LEAST_FIT, _CLEARLY = 0.3, 1.3  # of their correlation; times as well as at the angle of most energy
_SPECTRUM_PX = 384  # side of the spectrum; the page takes 95 % of it
_CYCLES = np.arange(6, 150, dtype=np.float32)  # from a sixth of the page down to about five pixels
_COARSE_DEG = np.arange(-RANGE_DEG - 1, RANGE_DEG + 1.125, 0.25, dtype=np.float32)
_SIN, _COS = np.sin(np.radians(_COARSE_DEG))[:, None], np.cos(np.radians(_COARSE_DEG))[:, None]
_STRIPS = 32
_BAND = (0.004, 0.42)  # cycles a pixel
_UPRIGHT_DEG = 0.6  # a strip is so narrow that this blurs a line by no more than a quarter of a pixel
_CAP = 20  # grey levels that one row of one strip may weigh
_INK_CAP = 80
_IGNORE = 10  # grey levels of paper texture
_PART_BITS = 5  # of a pixel's parts, by which ``cv2.remap`` weighs
_PARTS = 1 << _PART_BITS

Power = NDArray[np.float32]
Strips = tuple[NDArray[np.complex64], NDArray[np.float32]]
"""The spectra of the strips' lower edges (strip, frequency), and the phase each turns by at slope one."""


def measure_skew(ink: Grey) -> tuple[float | None, float]:
    """Measure the skew in degrees, positive where the content is turned counter-clockwise, and its confidence.

    Args:
        ink: grey levels by which the page is darker than its paper, uint8 (height, width); about 900 px on the long
            side is enough.

    Returns:
        (degrees within ±15 to about 0.02, to 0.4 where lines of several columns meet at a slant, null where unsure;
        confidence 0 to 1: one minus the median over the peak of the energy of all angles). A page whose lines stand
        upright on their side is measured by them. Two directions at a right angle that agree, neither sure by itself,
        are as sure as both together: a frame around a seal.
    """
    if min(ink.shape) < _STRIPS:
        return None, 0.0
    ink = cv2.subtract(cv2.threshold(ink, _IGNORE + _INK_CAP, 0, cv2.THRESH_TRUNC)[1], (_IGNORE,))
    spectrum = _spectrum(ink)
    rows = _energy_by_angle(spectrum, False)
    confidence = _prominence(rows)
    if confidence < SURE:
        columns = _energy_by_angle(spectrum, True)
        other = _prominence(columns)
        agree = min(confidence, other) > _LEAST_BOTH and _agree(ink, rows, columns)
        if other > confidence:
            rows, confidence, other, ink = columns, other, confidence, np.rot90(ink)
        if agree:
            confidence = 1 - (1 - confidence) * (1 - other)
    if confidence < SURE:
        return None, confidence
    skew = _peak(ink, rows)
    return (skew if abs(skew) <= RANGE_DEG else None), confidence


def _spectrum(ink: Grey) -> Power:
    """Return the spectrum of a small, windowed copy of the ink, as OpenCV packs it: float32 (384, 384)."""
    small = fit_long_side(ink, int(_SPECTRUM_PX * 0.95), enlarge=1.0).astype(np.float32)
    small -= small.mean()
    height, width = small.shape
    small *= _window(height)[:, None]
    small *= _window(width)
    padded = np.zeros((_SPECTRUM_PX, _SPECTRUM_PX), np.float32)
    padded[:height, :width] = small
    return np.asarray(cv2.dft(padded), np.float32)


@lru_cache(maxsize=16)
def _window(size: int) -> Power:
    """Return the weights that fade a side of that many pixels towards both its ends."""
    return np.sqrt(np.hanning(size + 2)[1:-1]).astype(np.float32)


def _power(packed: Power, width: int) -> Power:
    """Take squared magnitudes from OpenCV's packed transform of a real image of an even side.

    Returns:
        float32 (side, width): vertical frequency from minus half the side, horizontal from 0, less than half the side.
    """
    side = len(packed)
    half = side // 2
    power = np.zeros((side, width), np.float32)
    used = packed[:, : 2 * width - 1]
    squares = cv2.multiply(used, used)
    for out, rows in ((power[:half], squares[half:]), (power[half:], squares[:half])):
        cv2.add(rows[:, 1::2], rows[:, 2::2], dst=out[:, 1:])
    upright = squares[1:-1, 0]  # real and imaginary parts in turn
    power[half + 1 :, 0] = upright[::2] + upright[1::2]
    power[1:half, 0] = power[:half:-1, 0]
    return power


def _energy_by_angle(spectrum: Power, is_sideways: bool) -> Power:
    """Return the energy of lines turned by each coarse angle: of rows, or of rows that stand on their side."""
    x, y = _places(is_sideways)
    power = _power(spectrum, int(x.max()) + 2)
    along = np.asarray(cv2.remap(power, x, y, cv2.INTER_LINEAR), np.float32)
    return np.asarray((along * _CYCLES).sum(axis=1), np.float32)


@cache
def _places(is_sideways: bool) -> tuple[Power, Power]:
    """Return x and y in the power spectrum, (coarse angle, cycles)."""
    x, y = (_COS, -_SIN) if is_sideways else (_SIN, _COS)
    x, y = x * _CYCLES, y * _CYCLES
    return np.abs(x), np.where(x < 0, -y, y) + _SPECTRUM_PX // 2


def _prominence(energy: Power) -> float:
    ordered = np.sort(energy)  # of an odd number of angles: one of them is the median
    peak = float(ordered[-1])
    return 1.0 - float(ordered[len(ordered) // 2]) / peak if peak > 0 else 0.0


def _agree(ink: Grey, rows: Power, columns: Power) -> bool:
    """Return whether both directions have their peak at one angle."""
    if abs(int(rows.argmax()) - int(columns.argmax())) > 1:
        return False
    return abs(_peak(ink, rows) - _peak(np.rot90(ink), columns)) <= _SAME_DEG


def _peak(ink: Grey, energy: Power) -> float:
    """Return the angle at which the lines of ``ink`` have most energy, degrees; of columns of lines, their own."""
    coarse, ink = float(_COARSE_DEG[energy.argmax()]), np.ascontiguousarray(ink)
    turn = coarse if abs(coarse) > _UPRIGHT_DEG else 0.0
    strips = _strip_spectra(_turn(ink, -turn) if turn else ink)
    angle = _refine(strips, coarse - turn)
    return turn + (_in_columns(strips, angle) if abs(turn + angle) > _HARMLESS_DEG else angle)


def _refine(strips: Strips, coarse: float) -> float:
    """Return the angle near ``coarse`` at which the strips' lower edges line up best, degrees."""
    near, _ = _best(strips, coarse, 0.1, 6)
    near, score = _best(strips, near, 0.02, 6)
    return near + 0.02 * _summit(score)


def _in_columns(strips: Strips, angle: float) -> float:
    """Return the angle at which strips near one another fit, where they hardly do at ``angle``, or ``angle``.

    Lines of several columns of text, each straight, may meet at a slant from one column to the next.
    """
    spectra, phase = strips
    common = (spectra[:-_NEAR].conj() * spectra[_NEAR:]).sum(axis=0)
    around = angle + _AROUND_DEG
    slopes = np.tan(np.radians(around)).astype(np.float32)[:, None]
    fits = (_unit((phase[_NEAR] - phase[0]) * slopes) * common).real.sum(axis=1)
    top, power = int(fits.argmax()), float(np.vdot(spectra, spectra).real)
    is_inside = 0 < top < len(fits) - 1
    if not is_inside or fits[top] < max(_CLEARLY * float(fits[len(fits) // 2]), _LEAST_FIT * power):
        return angle
    return float(around[top]) + _AROUND_STEP_DEG * _summit(fits)


def _summit(score: NDArray[Any]) -> float:
    """Return by how much a parabola through the highest score and its neighbours is highest beside it, in steps."""
    top = min(max(int(score.argmax()), 1), len(score) - 2)
    left, middle, right = score[top - 1 : top + 2]
    bend = left - 2 * middle + right
    return 0.5 * float((left - right) / bend) if bend < 0 else 0.0


def _turn(ink: Grey, degrees: float) -> Grey:
    """Turn the page about its middle, by whole parts of a pixel: ``cv2.warpAffine`` rounds as the processor does."""
    height, width = ink.shape
    middle = (width - 1) / 2, (height - 1) / 2
    x, y = np.arange(width), np.arange(height)[:, None]
    across, down = (
        np.rint(_PARTS * along * x + _PARTS * (away * y + start)).astype(np.int32)
        for along, away, start in cv2.invertAffineTransform(cv2.getRotationMatrix2D(middle, degrees, 1.0)).tolist()
    )
    pixels = cv2.merge([(places >> _PART_BITS).astype(np.int16) for places in (across, down)])
    parts = ((down & _PARTS - 1) << _PART_BITS | across & _PARTS - 1).astype(np.uint16)
    return np.asarray(cv2.remap(ink, pixels, parts, cv2.INTER_LINEAR), np.uint8)


def _strip_spectra(ink: Grey) -> Strips:
    """Return the strips of a page."""
    height, width = ink.shape
    edges = cv2.subtract(ink[:-1], ink[1:])
    columns = cv2.transpose(edges)
    size = width // _STRIPS
    profile = columns[: size * _STRIPS].reshape(_STRIPS, size, height - 1).sum(axis=1, dtype=np.uint16)
    length = cv2.getOptimalDFTSize(height + 48)
    padded = np.zeros((_STRIPS, length), np.float32)
    padded[:, : height - 1] = np.minimum(profile, np.uint16(_CAP * size)) / np.float32(size)
    spectra = np.ascontiguousarray(cv2.dft(padded, flags=cv2.DFT_ROWS)[:, 1 : length // 2 * 2 - 1]).view(np.complex64)
    used, phase = _phases(width, length)
    return np.ascontiguousarray(spectra[:, used]), phase


@lru_cache(maxsize=4)
def _phases(width: int, length: int) -> tuple[slice, NDArray[np.float32]]:
    """Return the frequencies that count, and the phase (strip, frequency) by which each strip turns at slope one."""
    frequency = np.arange(1, length // 2, dtype=np.float32) / length
    used = slice(*np.searchsorted(frequency, _BAND).tolist())
    middles = (np.arange(_STRIPS, dtype=np.float32) + 0.5) * (width // _STRIPS) - width / 2
    return used, np.asarray(np.float32(-2 * np.pi) * middles[:, None] * frequency[used], np.float32)


def _best(strips: Strips, around: float, step: float, count: int) -> tuple[float, NDArray[np.float64]]:
    """Return the best of 2 ``count`` + 1 angles, ``step`` degrees apart, and the score of each."""
    spectra, phase = strips
    slopes = [math.tan(math.radians(around + step * k)) for k in range(-count, count + 1)]
    turning = spectra * _unit(phase * np.float32(slopes[0]))
    turn = _unit(phase * np.float32((slopes[-1] - slopes[0]) / (2 * count)))
    score = np.empty(len(slopes))
    for k in range(len(slopes)):
        total = np.add.reduce(turning)
        score[k] = float(np.vdot(total, total).real)
        turning *= turn
    return around + step * (int(score.argmax()) - count), score


def _unit(phase: NDArray[np.float32]) -> NDArray[np.complex64]:
    """Return complex numbers of length one, faster than ``np.exp(1j * phase)``."""
    numbers = np.empty(phase.shape, np.complex64)
    np.cos(phase, out=numbers.real)
    np.sin(phase, out=numbers.imag)
    return numbers
