"""Marks on the picture of a page: where a defect is, drawn as SVG in the pixels of the picture."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from sohoa.slips.receipt import PictureSize, Place, PlacedLimit

_ROOM = 4.0  # pixels between a defect and its box
_FRAME = 2.0  # pixels of the picture that no mark covers
_STROKES = (("#fff", 6.0), ("#c4120c", 2.6))  # light around dark, so that a mark is seen on any page, printed too
_RADIUS = 11.0


@dataclass(frozen=True)
class Mark:
    """``box`` around a place, ``line`` down the page, ``tilt`` of its lines, or ``arrow`` to the head of the page.

    A tilt and an arrow are turned by ``angle`` degrees clockwise around (x, y).
    """

    kind: str
    x: float
    y: float
    width: float = 0.0
    height: float = 0.0
    angle: float = 0.0


def find_mark(failed: list[PlacedLimit], picture: PictureSize | None) -> Mark | None:
    """Find the mark for one defect of a page; null where it has no place, or where there is no picture.

    Args:
        failed: the limits that the page fails by this defect.
        picture: the picture of the page.
    """
    if picture is None:
        return None
    width, height = picture["width"], picture["height"]
    for measured in failed:
        if measured["place"] is not None:
            return _at(measured["place"], width, height)
        if measured["column"] == "skew_deg":
            return Mark("tilt", width / 2, height / 2, width=width, angle=-measured["value"])
        if measured["column"] == "orientation_deg":
            return Mark("arrow", width / 2, height / 2, angle=measured["value"])
    return None


def _at(place: Place, width: int, height: int) -> Mark:
    """A place given as shares of the page; one without width is a line."""
    x, y, across, down = place
    if not across:
        return Mark("line", min(max(_FRAME, x * width), width - _FRAME), _FRAME, height=height - 2 * _FRAME)
    left, top = max(_FRAME, x * width - _ROOM), max(_FRAME, y * height - _ROOM)
    right = min(width - _FRAME, (x + across) * width + _ROOM)
    bottom = min(height - _FRAME, (y + down) * height + _ROOM)
    return Mark("box", left, top, right - left, bottom - top)


def draw_mark(mark: Mark, number: int, picture: PictureSize) -> Markup:
    """Draw the mark and its number as SVG elements."""
    shapes = [_SHAPES[mark.kind](mark, f'fill="none" stroke="{ink}" stroke-width="{wide}"') for ink, wide in _STROKES]
    label = _label(number, *_label_at(mark, picture["width"], picture["height"]))
    return Markup("".join([*shapes, label]))  # noqa: S704 (made of numbers alone)


def _box(mark: Mark, stroke: str) -> str:
    at = f'x="{mark.x:.1f}" y="{mark.y:.1f}" width="{mark.width:.1f}" height="{mark.height:.1f}"'
    return f"<rect {at} {stroke}/>"


def _line(mark: Mark, stroke: str) -> str:
    """Two dashed lines beside the streak, so that it is still seen."""
    sides = "".join(f"M{mark.x + side:.1f} {mark.y:.1f}v{mark.height:.1f}" for side in (-6, 6))
    return f'<path d="{sides}" {stroke} stroke-dasharray="14 7"/>'


def _tilt(mark: Mark, stroke: str) -> str:
    """A dashed level line, and the line that the page's content follows."""
    level = f"M{mark.width * 0.08:.1f} {mark.y:.1f}h{mark.width * 0.84:.1f}"
    turn = f'transform="rotate({mark.angle:.2f} {mark.x:.1f} {mark.y:.1f})"'
    return f'<path d="{level}" {stroke} stroke-dasharray="7 6"/><path d="{level}" {stroke} {turn}/>'


def _arrow(mark: Mark, stroke: str) -> str:
    turn = f'transform="translate({mark.x:.1f} {mark.y:.1f}) rotate({mark.angle:.0f}) scale(1.6)"'
    return f'<path d="M0 30V-38M-18 -20L0 -38L18 -20" {stroke} {turn}/>'


_SHAPES = {"box": _box, "line": _line, "tilt": _tilt, "arrow": _arrow}


def _label_at(mark: Mark, width: int, height: int) -> tuple[float, float]:
    """Where the number stands: at the mark, inside the picture."""
    x = mark.x + mark.width / 2 if mark.kind == "box" and mark.width > mark.height else mark.x
    y = mark.y + 50 if mark.kind == "line" else mark.y
    if mark.kind == "box" and mark.height >= mark.width:
        y = mark.y + mark.height / 2
    edge = _RADIUS + _FRAME
    return min(max(edge, x), width - edge), min(max(edge, y), height - edge)


def _label(number: int, x: float, y: float) -> str:
    circle = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{_RADIUS}" fill="#c4120c" stroke="#fff" stroke-width="2"/>'
    font = 'text-anchor="middle" font-size="14" font-weight="700" font-family="sans-serif" fill="#fff"'
    return f'{circle}<text x="{x:.1f}" y="{y + 5:.1f}" {font}>{number}</text>'
