"""What a PDF page shows, without rendering it: which images it places where, and whether anything else is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pikepdf

from sohoa.pages.decode.flaws import note_repair
from sohoa.pages.guard.faults import BadPage

_MAX_CONTENT_BYTES = 1_000_000  # a longer page description is a drawing, not a scan
_MAX_DEPTH = 6
_MAX_FORMS_DEEP = 40  # PDFium draws no deeper
_MAX_ANCESTORS = 50
_MAX_PLACED = 2_000
_MAX_OPERATORS = 50_000_000  # to draw a page: at some microseconds each, more time than a file may use
_FULL_PAGE = 0.01  # of a side, by which the image may miss the page's edge
_PAINTS = {"S", "s", "f", "F", "f*", "B", "B*", "b", "b*", "sh", "INLINE IMAGE"}
_SHOWS_TEXT = {"Tj", "TJ", "'", '"'}
_INVISIBLE_TEXT = 3
_IDENTITY = pikepdf.Matrix()


@dataclass(frozen=True)
class Box:
    """The part of a page that is shown: corner and sides in units of user space, sides in points as turned."""

    left: float
    bottom: float
    right: float
    top: float
    unit: float
    turn: int

    @property
    def width(self) -> float:
        """Width as shown, points."""
        return self.unit * (self.top - self.bottom if self.turn % 180 else self.right - self.left)

    @property
    def height(self) -> float:
        """Height as shown, points."""
        return self.unit * (self.right - self.left if self.turn % 180 else self.top - self.bottom)


@dataclass(frozen=True)
class Placed:
    """An image as a page draws it: the matrix takes the unit square to the page."""

    image: Any
    matrix: pikepdf.Matrix

    def fills(self, box: Box) -> bool:
        """Return whether it fills the page, to 1 % of a side."""
        left, bottom, right, top = self.extent
        spare = (_FULL_PAGE * (box.right - box.left), _FULL_PAGE * (box.top - box.bottom))
        across = max(abs(left - box.left), abs(right - box.right)) <= spare[0]
        return across and max(abs(bottom - box.bottom), abs(top - box.top)) <= spare[1]

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Left, bottom, right and top of two of its corners, in units of user space: what it covers if not slanted."""
        matrix = self.matrix
        xs = sorted((matrix.e, matrix.e + matrix.a + matrix.c))
        ys = sorted((matrix.f, matrix.f + matrix.b + matrix.d))
        return xs[0], ys[0], xs[1], ys[1]

    @property
    def quarter(self) -> int | None:
        """Quarters counter-clockwise by which it is turned, null where it is mirrored or slanted."""
        matrix = self.matrix
        large = max(abs(matrix.a), abs(matrix.b), abs(matrix.c), abs(matrix.d))
        a, b, c, d = (
            0 if abs(v) < 1e-3 * large else (1 if v > 0 else -1) for v in (matrix.a, matrix.b, matrix.c, matrix.d)
        )
        return {(1, 0, 0, 1): 0, (0, 1, -1, 0): 1, (-1, 0, 0, -1): 2, (0, -1, 1, 0): 3}.get((a, b, c, d))

    @property
    def is_sideways(self) -> bool:
        """Whether its rows run up or down the page."""
        return bool(abs(self.matrix.b) > abs(self.matrix.a))


def inherited(page: pikepdf.Page, key: str) -> Any:
    """Return an attribute of a page, or else of the nearest node of the page tree above it; null where none has it."""
    node = page.obj
    for _ in range(_MAX_ANCESTORS):
        if node is None or key in node:
            break
        node = node.get("/Parent")
    return node.get(key) if node is not None else None


def visible_box(page: pikepdf.Page) -> Box:
    """Return the crop box inside the media box, with the page's own unit and turn; one that shows nothing is passed by.

    Raises:
        BadPage: unreadable, where it has no area.
    """
    found = inherited(page, "/MediaBox")
    media, crop = ([float(v) for v in box] for box in (found, inherited(page, "/CropBox") or found))
    sides = [_ordered(box) for box in (media, crop)]
    left, bottom = (max(box[k] for box in sides) for k in (0, 1))
    right, top = (min(box[k] for box in sides) for k in (2, 3))
    if not (right - left > 0 and top - bottom > 0):
        left, bottom, right, top = sides[0]
        note_repair()
    unit = float(page.obj.get("/UserUnit", 1))
    if not (right - left > 0 and top - bottom > 0 and 0 < unit < 1e6):
        raise BadPage("unreadable", "the page has no area")
    return Box(left, bottom, right, top, unit, int(inherited(page, "/Rotate") or 0) % 360)


def _ordered(box: list[float]) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = box
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def find_placed(page: pikepdf.Page, box: Box) -> tuple[list[Placed], bool]:
    """Return the images that a page shows in the order in which they are drawn, and whether they are all that is seen.

    What lies under an image that fills the page is not seen; invisible text (the layer of a text recogniser) neither.

    Raises:
        BadPage: too_large, where forms draw one another without end.
    """
    if _content_size(page) > _MAX_CONTENT_BYTES:
        return [], False
    _check_forms(page)
    placed: list[Placed] = []
    is_alone = True
    for drawn, matrix in _marks(page.obj, inherited(page, "/Resources"), _IDENTITY, 0):
        if drawn is None:
            is_alone = False
        elif matrix.a * matrix.d != matrix.b * matrix.c:  # else it has no area
            found = Placed(drawn, matrix)
            if _is_opaque(drawn) and found.fills(box):
                placed, is_alone = [], True
            placed.append(found)
        if len(placed) > _MAX_PLACED:
            return [], False
    return placed, is_alone


def _check_forms(page: pikepdf.Page) -> None:
    """Refuse a page whose forms draw one another so often that it would take all the time there is.

    Raises:
        BadPage: too_large.
    """
    resources = inherited(page, "/Resources")
    if any(_is_form(drawn) for drawn in _objects(resources).values()):
        count = _count_operators(page.obj, resources, {}, 0)
        if count > _MAX_OPERATORS:
            raise BadPage("too_large", f"its forms draw one another: {count:.0e} operators")


def _count_operators(content: Any, resources: Any, known: dict[Any, int], depth: int) -> int:
    """Count what it takes to draw a page or form, the forms in it again each time; each is read once, for ``known``."""
    objects, count = _objects(resources), 0
    for operands, operator in pikepdf.parse_content_stream(content):
        count += 1
        drawn = objects.get(str(operands[0])) if str(operator) == "Do" else None
        if drawn is not None and _is_form(drawn):
            form = drawn.objgen
            if form not in known:
                known[form] = 0  # of a form that draws itself
                if depth < _MAX_FORMS_DEEP and len(drawn.read_bytes()) <= _MAX_CONTENT_BYTES:
                    known[form] = _count_operators(drawn, drawn.get("/Resources", resources), known, depth + 1)
            count += known[form]
    return count


def _objects(resources: Any) -> Any:
    """Return what resources name to be drawn; nothing where they are none."""
    objects = resources.get("/XObject") if isinstance(resources, pikepdf.Dictionary) else None
    return objects if isinstance(objects, pikepdf.Dictionary) else {}


def _is_form(drawn: Any) -> bool:
    return isinstance(drawn, pikepdf.Stream) and bool(drawn.get("/Subtype") == "/Form")


def _is_opaque(image: Any) -> bool:
    return not any(key in image for key in ("/SMask", "/Mask")) and not image.get("/ImageMask", False)


def _content_size(page: pikepdf.Page) -> int:
    content = page.obj.get("/Contents")
    parts = content if isinstance(content, pikepdf.Array) else [content] if content is not None else []
    size = 0
    for part in parts:
        size += len(part.read_bytes())
        if size > _MAX_CONTENT_BYTES:
            break
    return size


def _marks(content: Any, resources: Any, matrix: pikepdf.Matrix, depth: int) -> Iterator[tuple[Any, pikepdf.Matrix]]:
    """Yield everything visible that is drawn, in order: (image, its matrix), or (None, …) for text, lines and areas."""
    stack: list[tuple[pikepdf.Matrix, int]] = []
    text_mode = 0
    objects = resources.get("/XObject") if isinstance(resources, pikepdf.Dictionary) else None
    for operands, operator in pikepdf.parse_content_stream(content):
        name = str(operator)
        if name == "q":
            stack.append((matrix, text_mode))
        elif name == "Q" and stack:
            matrix, text_mode = stack.pop()
        elif name == "cm":
            matrix = pikepdf.Matrix(*(float(value) for value in operands)) @ matrix
        elif name == "Tr":
            text_mode = int(operands[0])
        elif name in _PAINTS or (name in _SHOWS_TEXT and text_mode != _INVISIBLE_TEXT):
            yield None, matrix
        elif name == "Do":
            drawn = objects.get(str(operands[0])) if objects is not None else None
            yield from _drawn(drawn, resources, matrix, depth)


def _drawn(drawn: Any, resources: Any, matrix: pikepdf.Matrix, depth: int) -> Iterator[tuple[Any, pikepdf.Matrix]]:
    kind = drawn.get("/Subtype") if drawn is not None else None
    if kind == "/Image":
        yield drawn, matrix
    elif kind == "/Form" and depth < _MAX_DEPTH and len(drawn.read_bytes()) <= _MAX_CONTENT_BYTES:
        inner = pikepdf.Matrix(*(float(value) for value in drawn.get("/Matrix", [1, 0, 0, 1, 0, 0])))
        yield from _marks(drawn, drawn.get("/Resources", resources), inner @ matrix, depth + 1)
    elif kind is not None:
        yield None, matrix
