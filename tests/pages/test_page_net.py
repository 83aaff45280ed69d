"""The page net paints the same maps everywhere: those that whole numbers alone give."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from sohoa.pages.measure_page import measure_bytes
from sohoa.pages.page_net import VIEW_PX, WEIGHTS, PageMaps, fit_view, load_net, pad_view, paint_maps
from sohoa.pages.reduce import Grey
from tests.pages.net_reference import NetReference
from tests.pages.page_files import LIMITS
from tests.pages.test_machines import PLAIN_PROCESSOR

_HASH = """
import hashlib
from tests.pages.test_page_net import PAGES
from sohoa.pages.page_net import paint_maps
print([hashlib.sha256(b"".join(map(bytes, vars(paint_maps(page)).values()))).hexdigest() for page in PAGES.values()])
"""


def _page(height: int, width: int, seed: int) -> Grey:
    """Return a tinted page with lines of print, a seal and a soft light."""
    rng = np.random.default_rng(seed)
    page = np.full((height, width, 3), rng.integers(150, 256, 3), np.uint8)
    for y in range(12, height - 12, 11):
        cv2.line(page, (8, y), (8 + int(rng.integers(20, max(21, width - 20))), y), (40, 30, 30), 2)
    cv2.circle(page, (width // 2, height // 2), 14, (40, 40, 220), 3)
    lamp = np.zeros((height, width, 3), np.float32)
    cv2.circle(lamp, (width // 3, height // 3), 10, (400, 400, 400), -1)
    return np.clip(page + cv2.blur(lamp, (15, 15)), 0, 255).astype(np.uint8)


PAGES = {
    "strip": _page(390, 60, 1),
    "lying strip": _page(90, 470, 2),
    "form": _page(877, 310, 3),
    "speckled": np.random.default_rng(4).integers(0, 256, (200, 30, 3)).astype(np.uint8),
    "white": np.full((300, 70, 3), 255, np.uint8),
    "black": np.zeros((80, 400, 3), np.uint8),
}


@pytest.fixture(scope="module")
def reference() -> NetReference:
    return NetReference(WEIGHTS)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", PAGES)
def test_maps_are_those_of_whole_numbers(name: str, threads: int, reference: NetReference) -> None:
    """Floats that are never rounded leave nothing to the order of the sums."""
    view = fit_view(PAGES[name])
    expected = reference.paint(pad_view(view).transpose(2, 0, 1).astype(np.int64))
    cv2.setNumThreads(threads)
    try:
        maps = paint_maps(PAGES[name])
    finally:
        cv2.setNumThreads(1)
    rows, columns = maps.light.shape
    assert (rows, columns) == tuple(-(-side // 4) for side in view.shape[:2])
    for found, wanted in zip(vars(maps).values(), expected, strict=True):
        assert np.array_equal(found, wanted[:rows, :columns])


def test_no_sum_can_be_rounded(reference: NetReference) -> None:
    """The largest sum that any page can make fits into the 24 bits that float32 counts in."""
    bits = list(reference.bits())
    assert len(bits) > 100
    assert max(bits) < 24


def test_maps_do_not_depend_on_the_processor() -> None:
    """Pages with and without the vector instructions of this machine."""
    said = [
        subprocess.run(
            [sys.executable, "-c", _HASH], check=True, capture_output=True, text=True, env=os.environ | extra
        ).stdout
        for extra in ({}, PLAIN_PROCESSOR)
    ]
    assert said[0] == said[1]
    assert len(said[0]) > 64


def test_the_weights_are_small() -> None:
    """The wheel carries them."""
    assert WEIGHTS.stat().st_size <= 2_000_000


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (33, 32), (2000, 3)])
def test_any_shape_has_maps(shape: tuple[int, int]) -> None:
    """A page of one pixel, or of one row, is still painted."""
    maps = paint_maps(np.full((*shape, 3), 128, np.uint8))
    assert isinstance(maps, PageMaps)
    assert max(maps.light.shape) == VIEW_PX // 4


def test_a_net_is_loaded_once() -> None:
    """Reading the weights takes longer than using them."""
    assert load_net(WEIGHTS) is load_net(WEIGHTS)


def test_pages_measured_in_threads_are_those_measured_one_by_one() -> None:
    """A net of OpenCV that is used in two threads at a time paints wrongly, or fails: each thread has its own."""
    files = [cv2.imencode(".png", page)[1].tobytes() for page in PAGES.values()] * 8
    maps = [vars(paint_maps(page)) for page in PAGES.values()] * 8
    rows = [measure_bytes(data, "page.png", LIMITS) for data in files]
    with ThreadPoolExecutor(6) as threads:
        for found, wanted in zip(threads.map(paint_maps, list(PAGES.values()) * 8), maps, strict=True):
            assert all(np.array_equal(found_map, wanted[name]) for name, found_map in vars(found).items())
        assert list(threads.map(lambda data: measure_bytes(data, "page.png", LIMITS), files)) == rows
