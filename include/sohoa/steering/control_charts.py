"""Control charts that go on from day to day: is a day out of the limits that the days before it set?

Limits are those of Laney's p′ and u′ charts (D. B. Laney, Improved control charts for attributes, Quality Engineering
14(4), 2002, 531-537): those of the p and u charts, widened by how much more the days differ than chance would have it.
In place of three standard deviations stand probability limits (D. C. Montgomery, Introduction to Statistical Quality
Control, chapter 7), which also hold where defects are rare. Limits come from the newest 25 scan days in control before
the day, so what is known later changes no earlier day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from math import ceil, isnan, sqrt

from scipy.special import bdtrik, pdtrik

LEARNED_FROM = 25
"""Scan days behind the limits: the 20 to 25 samples of the textbook. A scanner with fewer is not judged yet."""
_TAIL = 1e-5
"""Chance that a day leaves one limit although nothing has changed. Some 230 scanners with 20 measures on 250 days are a
million charted points a year: a dozen false incidents in the whole province."""
_MOVING_RANGE = 1.128
"""Mean range of two values of a normal distribution, in standard deviations."""


@dataclass(frozen=True)
class Point:
    """One scan day of a chart: ``count`` in ``n``."""

    day: date
    count: int
    n: int


@dataclass(frozen=True)
class Limits:
    """What a point is held against, as count / n."""

    centre: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Departure:
    """Points of a chart out of limits, one after another."""

    points: tuple[Point, ...]
    limits: Limits
    """Those of its first point."""
    closed_day: date | None
    """The day that was back in limits, or from which on this is how it is; None while it is open."""


@dataclass
class Chart:
    """One measure of one scanner, as far as its days have been told.

    Points out of limits teach nothing, unless they stay out for as long as limits are learned from: then that is how
    this scanner works now, and the departure ends.
    """

    is_volume: bool
    """Counts without an upper bound, watched both ways; else shares, watched upward."""
    known: list[Point] = field(default_factory=list)
    """The newest points in control, at most ``LEARNED_FROM``."""
    out: list[Point] = field(default_factory=list)
    """The points of a departure that is open."""
    opened: Limits | None = None
    """Its limits."""

    def __post_init__(self) -> None:
        self._baseline = _Baseline(self.known)

    def add(self, point: Point) -> Departure | None:
        """Take the next day; return the departure that it ends."""
        if not self._baseline.is_full or (self.opened is None and self._baseline.has_as_usual(point, self.is_volume)):
            self._baseline.learn(point)
            return None
        limits = control_limits(self.known, point.n, self.is_volume)
        is_out = not limits.lower <= point.count / point.n <= limits.upper
        if is_out:
            self.opened = self.opened or limits
            self.out.append(point)
        ended = None
        if self.opened is not None and (not is_out or len(self.out) == LEARNED_FROM):
            ended = Departure(tuple(self.out), self.opened, point.day)
            if is_out:
                self.known = self.out
                self._baseline = _Baseline(self.known)
            self.out, self.opened = [], None
        if not is_out:
            self._baseline.learn(point)
        return ended

    @property
    def departure(self) -> Departure | None:
        """The one that is open."""
        return None if self.opened is None else Departure(tuple(self.out), self.opened, None)


def control_limits(baseline: Sequence[Point], n: int, is_volume: bool) -> Limits:
    """Compute the limits for a point of ``n``, from the points before it.

    Args:
        baseline: at least two points in control, in the order of their days.
        n: pages of the day to judge; 1 for the volume.
        is_volume: counts without an upper bound (u′) in place of shares (p′), and a lower limit too.
    """
    centre, low, high = _by_chance(sum(point.count for point in baseline), sum(p.n for p in baseline), n, is_volume)
    spread = 1.0 if is_volume else 1 - centre
    scores = [(point.count - point.n * centre) / sqrt(point.n * centre * spread) for point in baseline]
    ranges = [abs(after - before) for before, after in pairwise(scores)]
    widening = max(1.0, sum(ranges) / len(ranges) / _MOVING_RANGE)
    upper, lower = centre + widening * (high - centre), centre - widening * (centre - low)
    return Limits(centre, max(0.0, lower) if is_volume else 0.0, upper)


def _by_chance(count: int, total: int, n: int, is_volume: bool) -> tuple[float, float, float]:
    """Return centre, lower and upper limit as chance alone has them.

    Args:
        count: of all points of the baseline together.
        total: their ``n`` together.
        n: as for ``control_limits``.
        is_volume: as there.
    """
    # half a count more: a series without a defect so far must not take the first one for a change (Jeffreys)
    centre = (count + 0.5) / (total + (not is_volume))
    high = _quantile(pdtrik(1 - _TAIL, centre) if is_volume else bdtrik(1 - _TAIL, n, centre))
    low = _quantile(pdtrik(_TAIL, centre)) if is_volume else 0
    return centre, low / n, high / n


class _Baseline:
    """The newest points in control, at most ``LEARNED_FROM``, and their sums."""

    def __init__(self, points: list[Point]) -> None:
        """Go on from these; the list is kept up to date."""
        self.points = points
        self._count, self._total = sum(point.count for point in points), sum(point.n for point in points)

    def learn(self, point: Point) -> None:
        if self.is_full:
            oldest = self.points.pop(0)
            self._count, self._total = self._count - oldest.count, self._total - oldest.n
        self.points.append(point)
        self._count, self._total = self._count + point.count, self._total + point.n

    @property
    def is_full(self) -> bool:
        return len(self.points) == LEARNED_FROM

    def has_as_usual(self, point: Point, is_volume: bool) -> bool:
        """Tell whether a point is within what chance alone has, and so within its limits, which are never narrower.

        This takes a tenth of the time of the limits, and all but a few points of a year are so.
        """
        centre, low, high = _by_chance(self._count, self._total, point.n, is_volume)
        value = point.count / point.n
        return low <= centre <= high and centre - (centre - low) <= value <= centre + (high - centre)


def _quantile(value: float) -> int:
    """Return the whole number at or above; 0 where even that is likelier than asked for, which SciPy says by nan."""
    return 0 if isnan(value) else ceil(value)
