"""The pictures of docs/defects.md show what they say: the page engine finds each defect, and not in the sound page."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from PIL import Image

from sohoa.defects import DEFECTS
from sohoa.pages.guard.bounds import FileBounds
from sohoa.pages.measure_page import measure_bytes
from sohoa.quality.rules import judge_pages
from sohoa.quality.thresholds import load_thresholds
from sohoa.schema import MEASURED, TABLES
from sohoa.settings import load_settings
from tools import draw_pictures

DOCS = Path(__file__).parents[2] / "docs"
OF_THE_FILE = {"truncated", "low_dpi", "wrong_colour", "over_compressed", "duplicate_page"}
"""What makes these a defect is in the file or beside it, not in the pixels of one page."""
DECLARED = [TABLES["pages"].field(name) for name in ("kind", "content", "paper", "cover", "device_kind")]


def judged(image: Any, dpi: int, sheet: str) -> set[str]:
    """All that the engine finds on a page, notes included."""
    sink = io.BytesIO()
    Image.fromarray(image[..., ::-1]).save(sink, "JPEG", quality=90, dpi=(dpi, dpi))
    (row,) = measure_bytes(sink.getvalue(), "page.jpg", FileBounds.of(load_settings()))
    content, cover, paper = draw_pictures.SHEETS[sheet]
    row |= {"kind": "result", "content": content, "cover": cover, "paper": paper}
    rows = pa.Table.from_pylist([row], pa.schema([*MEASURED, *DECLARED]))
    (found,) = judge_pages(rows, load_thresholds("tthc").rules).to_pylist()
    return {*found["defects"], *found["notes"]}


@pytest.mark.parametrize("defect", sorted(draw_pictures.EXAMPLES.keys() - OF_THE_FILE))
def test_the_engine_sees_the_defect_of_the_example(defect: str) -> None:
    """On the right picture and not on the left one."""
    sound, bad, dpi = draw_pictures.draw_example(defect)
    sheet = draw_pictures.EXAMPLES[defect].sheet
    assert defect not in judged(sound, dpi, sheet)
    assert defect in judged(bad, dpi, sheet)


def test_every_picture_is_there_small_and_used() -> None:
    """One picture an example, none above 40 kB, none left over."""
    found = {path.stem: path.stat().st_size for path in (DOCS / "pictures" / "defects").iterdir()}
    assert found.keys() == draw_pictures.EXAMPLES.keys() <= DEFECTS.keys()
    assert max(found.values()) <= 40_000


def test_every_defect_tells_what_to_do() -> None:
    """In Vietnamese and in English, each in one or two sentences of its own."""
    for defect in DEFECTS.values():
        for advice in (defect.advice_vi, defect.advice_en):
            assert 40 < len(advice) < 240, defect.name
            assert advice.endswith("."), defect.name
    assert len({defect.advice_vi for defect in DEFECTS.values()}) == len(DEFECTS)


def test_real_pages_are_there_small_and_named() -> None:
    """One for each that is listed, beside a drawn one."""
    found = {path.stem: path.stat().st_size for path in draw_pictures.REAL_FOLDER.iterdir()}
    assert found.keys() == draw_pictures.REAL.keys() <= draw_pictures.EXAMPLES.keys()
    assert max(found.values()) <= draw_pictures.MAX_BYTES
