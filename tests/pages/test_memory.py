"""A large page in colour is never held whole in colour: what a measuring process takes at most, by the system."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from sohoa.pages.guard.bounds import FileBounds
from sohoa.pages.guard.guard import Guard
from sohoa.settings import Settings
from tests.pages.large_colour import FORMATS

SIDE = 7000
MOST = 350_000_000  # bytes: 600 MB for a page of 9000 x 9000 px leaves room for noise


def measured(data: bytes) -> tuple[dict, int]:
    """The row of a page, and the most memory that the process behind a guard took for it, bytes."""
    before = set(psutil.Process().children())
    with Guard(FileBounds.of(Settings()), 1) as guard:
        (row,) = guard.measure_bytes(data, "page")
        (child,) = set(psutil.Process().children()) - before
        status = Path(f"/proc/{child.pid}/status").read_text(encoding="ascii")
    return row, int(status.partition("VmHWM:")[2].split()[0]) * 1024


@pytest.mark.parametrize("name", ["tiff raw", "tiff lzw", "pdf flate", "png rgb", "png rgba", "pdf flate stamped"])
def test_a_large_page_in_colour_is_measured_in_little_memory(name):
    """Decoded band by band, in every format that keeps all pixels."""
    row, most = measured(FORMATS[name](SIDE))
    assert row["error"] is None and (row["width_px"], row["colour_mode"]) == (SIDE, "colour")
    assert 0 < most < MOST


@pytest.mark.parametrize("name", ["pdf jpx", "pdf jpx stamped"])
def test_a_page_that_needs_more_is_told_before_it_is_decoded(name):
    """JPEG 2000 cannot be decoded in parts: one row with its sides and its advice, and no memory taken."""
    row, most = measured(FORMATS[name](9000))
    assert row["error"].startswith("too_large: ") and "baseline JPEG" in row["error"]
    assert (row["width_px"], row["height_px"]) == (9000, 9000)
    assert 0 < most < MOST


def test_the_system_holds_the_bound():
    """What no check foresees ends at 600 MB by default."""
    assert Settings().max_memory_bytes == 600_000_000
