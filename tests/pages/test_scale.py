"""Scale: whatever is rendered is measured in the millimetres of its page, of any size."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pikepdf
import pytest

from tests.pages import page_files
from tests.pages.page_files import LIMITS, pillow_file, text_page

MM = 72 / 25.4
SHEETS = {"a5": (148, 210), "letter crosswise": (279.4, 215.9), "a2": (420, 594), "a0": (841, 1189)}


def measure(data: bytes) -> dict[str, Any]:
    """The row of a one-page file, an A0 sheet of 62 million pixels included."""
    (row,) = page_files.measure(data, replace(LIMITS, max_pixels=70_000_000, max_decoded_bytes=400_000_000))
    assert row["error"] is None
    return row


def drawn_sheet(width_mm: float, height_mm: float, content: str) -> bytes:
    """A sheet without an image, drawn in millimetres from its lower left corner."""
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(width_mm * MM, height_mm * MM))
        pdf.pages[0].obj["/Contents"] = pdf.make_stream(f"{MM} 0 0 {MM} 0 0 cm 0 g {content}".encode())
        out = io.BytesIO()
        pdf.save(out)
        return out.getvalue()


def letters(width_mm: float, height_mm: float, step_mm: float = 8.0) -> str:
    """Marks of the size of letters, 2 by 1 mm, over the whole sheet but its margins."""
    across, down = (int((side - 40) / step_mm) for side in (width_mm, height_mm))
    return " ".join(f"{20 + x * step_mm} {20 + y * step_mm} 2 1 re f" for x in range(across) for y in range(down))


@pytest.mark.parametrize("name", SHEETS)
def test_a_line_from_end_to_end_is_where_it_is_on_the_sheet(name: str) -> None:
    """73 mm from the left edge of any sheet, though no image gives the page a resolution."""
    width, height = SHEETS[name]
    row = measure(drawn_sheet(width, height, f"0.7 g 73 0 0.3 {height} re f 0 g {letters(width, height)}"))
    assert row["dpi_x"] is None and row["width_mm"] == pytest.approx(width, abs=0.01)
    assert row["streak_strength"] > 3 and row["streak_x_mm"] == pytest.approx(73.15, abs=0.5)


@pytest.mark.parametrize("name", ["a5", "a2"])
def test_letters_that_the_frame_cuts_are_of_the_size_that_they_have_on_the_sheet(name: str) -> None:
    """Lines of letters 3 mm high that run off at the left are writing, of any sheet."""
    places = [(-1 + 2.5 * x, 30 + 6 * y) for x in range(6) for y in range(20)]
    lines = " ".join(f"{x} {y} 0.5 3 re f {x} {y} 1.8 0.6 re f" for x, y in places)
    assert measure(drawn_sheet(*SHEETS[name], lines))["edge_cut"] >= 15


@pytest.mark.parametrize(("name", "share"), [("a5", 0.0164), ("a2", 0.00205)])
def test_a_clip_is_as_large_as_it_is_on_any_sheet(name: str, share: float) -> None:
    """A round thing that reaches 26 mm into the page, 25 mm wide, is one of the size of a finger or a clip."""
    width, height = SHEETS[name]
    row = measure(drawn_sheet(width, height, f"{letters(width, height)} 0.4 g 0 90 m 34.7 90 34.7 115 0 115 c f"))
    assert row["foreign_object"] == pytest.approx(share, rel=0.1)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_millimetres_are_not_known_where_the_size_on_paper_is_not(kind: str) -> None:
    """A small slip of 10 cm scanned at 200 dpi has the pixels of a blurred A4 page: without a size nobody can say."""
    page = cv2.GaussianBlur(text_page((800, 600), 12), (0, 0), 1.2)
    page[:, 300] = np.minimum(page[:, 300], 200)
    known, unknown = (measure(pillow_file(page, kind, **options)) for options in ({"dpi": (200, 200)}, {}))
    assert known["blur_mm"] > 0 and known["width_mm"] == pytest.approx(101.6, abs=0.5)
    assert [unknown[name] for name in ("width_mm", "blur_mm", "streak_x_mm")] == [None] * 3
    assert unknown["ink_ratio"] == known["ink_ratio"]
