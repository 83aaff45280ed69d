"""Orientation: by which quarter turn the text of a page stands wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sohoa.pages.reduce import Grey
from sohoa.pages.views import A4_LONG_MM, PageViews, percentiles

Labels = NDArray[np.uint16]
Whole = NDArray[np.intp]
Flags = NDArray[np.bool_]

_TILE_PX = 480  # side of a tile at most; its parts must have labels of 16 bits
_MAX_TILES = 20
_INKED = 0.5  # of the page's darkest ink
_MIN_LEVELS = 24
_MIN_SHARE = 0.002  # of a tile that is ink, or it holds no text
_PATIENCE, _MIN_IN_LINE = 6, 3  # tiles, and pairs in line that they must hold, or the page is no text
_MIN_PX = 5  # height of a letter; a smaller one shows no head and foot
_TALLEST_MM = 10.0  # letter, on A4; a false resolution would hide them all
_WIDEST = 3  # of that: letters that touch
_GAPS = (0.12, 0.24, 0.36, 0.48, 0.6, 0.75)  # of its height behind a letter, where the next one is looked for
_ALIKE = 0.45  # of the larger letter's height that the smaller one has
_LEVEL = 0.08  # of it by which heads, or feet, on one line may differ
_UNEVEN = 0.15  # of it by which they differ if they are not
_MARK_GAPS = (0.1, 0.2, 0.3, 0.4)  # of its height over or under a letter, where a mark is looked for
_MARK = 0.5  # of its height is a mark at most
_AXIS_SURE, _AXIS_ENOUGH = 0.5, 0.2  # log of the odds of lines across against along: to stop early, and at the end
_AXIS_CLEAR = 1.5  # beyond which the other axis is not looked at any more
_SURE, _ENOUGH = 4.0, 2.5  # standard errors: to stop early, and at the end
_CONTRARY = 1.5  # standard errors of the marks against the answer: in other alphabets they stand over the other side
_LEAST_RATIO = 1.25  # of uneven heads to uneven feet, upright
_LATIN_RATIO = (2.4, 12.0)  # of them, where no marks speak for the answer
_CAPITALS = 0.08  # of the pairs in line at most are uneven among capitals and figures
_MANY_IN_LINE = 600  # pairs, among which Latin text has dots


@dataclass
class Votes:
    """What the letters of one direction of reading say.

    Attributes:
        in_line: pairs of neighbours whose heads or feet are level.
        up: pairs with level feet only.
        down: pairs with level heads only.
        over: letters with a mark over them.
        under: letters with a mark under them.
        asking: the smaller letters of pairs with level heads only that have a mark under them.
        asking_turned: those of pairs with level feet only that have a mark over them.
        unmarked: labels, boxes and letters of a tile whose marks have not been looked for, and of these the smaller
            ones of pairs with level heads only, and with level feet only.
    """

    in_line: int = 0
    up: int = 0
    down: int = 0
    over: int = 0
    under: int = 0
    asking: int = 0
    asking_turned: int = 0
    unmarked: tuple[Labels, Whole, Whole, Whole, Whole] | None = None

    @property
    def sureness(self) -> float:
        """What speaks for this side up less what speaks against it, in the standard errors of a toss."""
        return _sureness(self.up + self.over, self.down + self.under)

    def is_latin(self, needs_marks: bool) -> bool:
        """Return whether heads, feet and marks are those of Latin text, this side or the other up.

        In Cyrillic and Greek print more letters reach under the line than over it, and marks stand over letters; in
        Hebrew print both are as frequent; capitals reach under the line only.
        """
        up, down, over, under = self.up, self.down, self.over, self.under
        if self.sureness < 0:
            up, down, over, under = down, up, under, over
        if over > under:
            return up >= _LEAST_RATIO * down
        if needs_marks or self.in_line > _MANY_IN_LINE:
            return False
        low, high = _LATIN_RATIO
        return _sureness(under, over) < _CONTRARY and low * down <= up <= high * down

    def add(self, labels: Labels, boxes: Whole, tallest: float) -> None:
        """Count the letters among ``boxes``, (label; x, y, width, height), but for their marks."""
        self.count_marks()
        _, _, width, height = boxes.T
        is_letter = (height >= _MIN_PX) & (width >= 2) & (height <= tallest) & (width <= _WIDEST * tallest)
        one, two = _neighbours(labels, boxes, is_letter)
        (_, tops, _, _), (_, other_tops, _, _) = boxes[one].T, boxes[two].T
        larger = np.maximum(height[one], height[two])
        near, far = np.maximum(1, _LEVEL * larger), np.maximum(2, _UNEVEN * larger)
        heads, feet = np.abs(tops - other_tops), np.abs(tops + height[one] - other_tops - height[two])
        in_line = (heads <= near) | (feet <= near)
        is_letter[:] = False
        is_letter[one[in_line]] = is_letter[two[in_line]] = True
        up, down = (feet <= near) & (heads >= far), (heads <= near) & (feet >= far)
        self.in_line += int(in_line.sum())
        self.up += int(up.sum())
        self.down += int(down.sum())
        smaller = np.where(height[one] < height[two], one, two)
        self.unmarked = labels, boxes, np.flatnonzero(is_letter), smaller[down], smaller[up]

    def count_marks(self) -> None:
        """Count the marks of the tile that was added last: nobody asks for those of the direction that is none."""
        if self.unmarked is not None:
            labels, boxes, letters, hangs, stands = self.unmarked
            over, under = _marks(labels, boxes, letters)
            self.over, self.under, self.unmarked = self.over + int(over.sum()), self.under + int(under.sum()), None
            self.asking += len({*letters[under].tolist()} & {*hangs.tolist()})
            self.asking_turned += len({*letters[over].tolist()} & {*stands.tolist()})

    def without_questions(self) -> Votes:
        """Return the votes but for letters as a question mark beside a capital.

        It hangs from the head line and has a dot under it, as an i has that is read the other way up.
        """
        asking, turned = self.asking, self.asking_turned
        return Votes(self.in_line, self.up - turned, self.down - asking, self.over - turned, self.under - asking)

    @property
    def are_capitals(self) -> bool:
        """Return whether hardly any pair is uneven: Q, J and commas alone, or few small letters among figures."""
        return self.up + self.down < _CAPITALS * self.in_line


def _sureness(one: int, other: int) -> float:
    return float((one - other) / np.sqrt(one + other + 1))


def measure_orientation(views: PageViews) -> int | None:
    """Measure degrees by which the content is turned clockwise, 0, 90, 180 or 270; null where unsure.

    Neighbouring letters of Latin text stand on one foot line, but their heads differ (b, d, f, h, k, l, t, capitals)
    three times as often as they share a head line and differ at the foot (g, p, q, y); dots and nearly all Vietnamese
    marks stand over their letter. Read the other way up it is the other way round, and across the lines there are few
    such pairs. It is the statistic of ascenders (D. S. Bloomberg et al., "Measuring document image skew and
    orientation", SPIE 2422, 1995), taken from pairs of connected components instead of whole lines, so that neither
    skew nor the size of the letters nor a page of few lines misleads it. Tiles with most ink are read first, and no
    more than the answer needs. Capitals and figures alone, drawings, staves and other scripts are left undecided:
    heads, feet and marks must be in the proportions of Latin text.
    """
    upright, turned = Votes(), Votes()
    tallest = _TALLEST_MM * max(views.page.shape) / A4_LONG_MM
    for seen, tile in enumerate(_tiles(views), -1):
        if seen == _PATIENCE and max(upright.in_line, turned.in_line) < _MIN_IN_LINE:
            return None
        votes = (Votes(), Votes()) if seen < 0 else (upright, turned)  # what a half says, its whole says again
        if (answer := _read(tile, *votes, tallest)) is not None:
            return answer
    return _decide(upright, turned, is_early=False)


def _read(tile: Grey, upright: Votes, turned: Votes, tallest: float) -> int | None:
    """Add what the letters of a tile say; return the answer where it is sure by then."""
    labels, boxes = _components(tile)
    axis = _axis(upright, turned)
    if axis > -_AXIS_CLEAR:
        upright.add(labels, boxes, tallest)
    if axis < _AXIS_CLEAR:
        x, y, width, height = boxes.T
        turned.add(labels.T[::-1], np.stack([y, tile.shape[1] - x - width, height, width], axis=1), tallest)
    return _decide(upright, turned, is_early=True)


def _axis(upright: Votes, turned: Votes) -> float:
    """Return the log of the odds of lines across against lines along the page."""
    return float(np.log((upright.in_line + 5) / (turned.in_line + 5)))


def _decide(upright: Votes, turned: Votes, is_early: bool) -> int | None:
    least_axis, least = (_AXIS_SURE, _SURE) if is_early else (_AXIS_ENOUGH, _ENOUGH)
    axis = _axis(upright, turned)
    votes, first = (upright, 0) if axis > 0 else (turned, 90)
    if abs(axis) < least_axis:
        return None
    votes.count_marks()
    if (asked := votes.without_questions()).are_capitals:
        votes, least = asked, _SURE
    if abs(votes.sureness) < least or not votes.is_latin(is_early):
        return None
    return first if votes.sureness > 0 else first + 180


def _tiles(views: PageViews) -> Iterator[Grey]:
    """Yield the parts of ``page``, 1 where there is ink and 0 elsewhere, the most inked ones first.

    Before all of them comes the upper half of the first: of dense text it is enough.
    """
    paper, ink = views.paper, views.ink
    factor = max(1, round(max(views.page.shape) / max(paper.shape)))
    level = max(_MIN_LEVELS, round(_INKED * percentiles(ink[::8], 0.995)[0]))
    rows, columns = (-(-size // max(1, _TILE_PX // factor)) for size in ink.shape)
    height, width = ink.shape[0] // rows, ink.shape[1] // columns
    is_ink = cv2.threshold(ink, level, 255, cv2.THRESH_BINARY)[1]
    places = [(row * height, column * width) for row in range(rows) for column in range(columns)]
    inked = {(y, x): cv2.countNonZero(is_ink[y : y + height, x : x + width]) for y, x in places}
    for seen, (y, x) in enumerate(sorted(places, key=inked.__getitem__, reverse=True)[:_MAX_TILES]):
        if inked[y, x] < _MIN_SHARE * height * width:
            return
        for rows in (height // 2, height) if seen == 0 and height > 1 else (height,):
            around = _enlarged(paper[y : y + rows, x : x + width], factor)
            part = views.page[y * factor : (y + rows) * factor, x * factor : (x + width) * factor]
            yield np.asarray(cv2.threshold(cv2.subtract(around, part), level, 1, cv2.THRESH_BINARY)[1], np.uint8)


def _enlarged(image: Grey, factor: int) -> Grey:
    """Return each pixel as a square of ``factor`` pixels a side."""
    return np.asarray(cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_NEAREST), np.uint8)


def _components(tile: Grey) -> tuple[Labels, Whole]:
    """Label each pixel; return also x, y, width, height by label; the ground and what the tile cuts have no size.

    Of the rows without ink, a third and more of a page of text, one is enough to part what lies over and under them.
    """
    is_inked = np.ravel(cv2.reduce(tile, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)) > 0
    is_inked[1:] |= is_inked[:-1]
    is_inked[0] = True  # some row there must be
    rows = np.flatnonzero(is_inked)
    _, parts, stats, _ = cv2.connectedComponentsWithStats(tile[rows], connectivity=8, ltype=cv2.CV_16U)
    labels = np.zeros(tile.shape, np.uint16)
    labels[rows] = parts
    boxes = stats[:, :4].astype(np.intp)
    boxes[0] = 0
    boxes[:, 1] = rows[boxes[:, 1]]
    low, high = boxes[:, :2], boxes[:, :2] + boxes[:, 2:]
    boxes[((low <= 0) | (high >= (tile.shape[1], tile.shape[0]))).any(axis=1), 2:] = 0
    return labels, boxes


def _neighbours(labels: Labels, boxes: Whole, is_letter: NDArray[np.bool_]) -> tuple[Whole, Whole]:
    """Return the labels of letters and of the next letter of like height close to the right of each."""
    letters = np.flatnonzero(is_letter)
    x, y, width, height = boxes[letters].T
    after = _first(labels, y + height // 2, x + width - 1 + _steps(_GAPS, height), letters)
    sizes = boxes[letters, 3], boxes[after, 3]
    fits = is_letter[after] & (np.minimum(*sizes) > _ALIKE * np.maximum(*sizes))
    return letters[fits], after[fits]


def _marks(labels: Labels, boxes: Whole, letters: Whole) -> tuple[Flags, Flags]:
    """Tell which letters have a mark close over, and under, their middle."""
    x, y, width, height = boxes[letters].T
    steps, twice = _steps(_MARK_GAPS, height), np.concatenate([letters, letters])
    middle = np.concatenate([x + width // 2] * 2)
    mark = _first(labels, np.hstack([y - steps, y + height - 1 + steps]), middle, twice)
    widths, heights = boxes[:, 2], boxes[:, 3]
    is_mark = (
        (np.minimum(widths, heights)[mark] >= 2)
        & (heights[mark] <= _MARK * heights[twice])
        & (widths[mark] <= np.maximum(widths, heights)[twice])
    )
    return is_mark[: len(letters)], is_mark[len(letters) :]


def _steps(shares: tuple[float, ...], height: Whole) -> Whole:
    """Return the distances in px, (step, letter), each at least one more than the one before."""
    least = np.arange(1, len(shares) + 1)
    return np.maximum(least[:, None], (np.array(shares)[:, None] * height).astype(np.intp))


def _first(labels: Labels, rows: Whole, columns: Whole, own: Whole) -> Whole:
    """Return the first label of each line of points, (step, line), that is neither ground nor ``own``; 0 for none."""
    rows, columns = (
        np.maximum(0, np.minimum(at, side - 1)) for at, side in zip((rows, columns), labels.shape, strict=True)
    )
    seen = labels[rows, columns].astype(np.intp)
    seen *= seen != own
    first = seen[-1]
    for nearer in seen[-2::-1]:
        first = np.where(nearer, nearer, first)
    return np.asarray(first, np.intp)
