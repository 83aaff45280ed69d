"""The version of the engine stands for what it says of a page."""

from __future__ import annotations

import json
from pathlib import Path

from sohoa.pages.measure_page import measure_bytes
from sohoa.pages.page_row import ENGINE_VERSION
from tests.pages.page_files import LIMITS, REAL

ROWS = Path(__file__).parents[1] / "data" / "rows"


def test_rows_change_with_the_version_and_only_then() -> None:
    """The rows of real pages are those kept for this version.

    A change on purpose raises ``ENGINE_VERSION``, and its rows are kept beside those of the last one.
    """
    kept = (ROWS / f"engine-{ENGINE_VERSION}.jsonl").read_text(encoding="utf-8").splitlines()
    files = sorted(REAL.iterdir())
    rows = [row for path in files for row in measure_bytes(path.read_bytes(), path.name, LIMITS, with_colour=True)]
    assert [json.dumps(row) for row in rows] == kept


def test_no_later_version_has_rows() -> None:
    """Rows are kept for versions up to this one: going back would give old rows a new meaning."""
    assert max(int(path.stem.rpartition("-")[2]) for path in ROWS.iterdir()) == int(ENGINE_VERSION)
