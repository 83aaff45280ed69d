"""The same bytes give the same row on every machine: what its processor can do changes the speed alone."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.pages.page_files import REAL

_MEASURE = """
import json, sys
from pathlib import Path
from sohoa.pages.guard.bounds import FileBounds
from sohoa.pages.measure_page import measure_file
from sohoa.settings import load_settings
limits = FileBounds.of(load_settings())
print(json.dumps([measure_file(Path(path), limits) for path in sys.argv[1:]]))
"""
PLAIN_PROCESSOR = {
    "OPENCV_CPU_DISABLE": "SSE4.1,SSE4.2,AVX,FP16,AVX2,AVX512-SKX",
    "NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3 AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL",
    "JSIMD_FORCENONE": "1",
}
"""OpenCV, numpy and libjpeg-turbo keep to what every processor of the kind has; names that it lacks are skipped."""


_SKEW = """
import sys
import numpy as np
from PIL import Image
from sohoa.pages.metrics.skew import measure_skew
from sohoa.pages.views import PageViews
for path in sys.argv[1:]:
    for degrees in (1, 3, 6, 10):
        page = Image.open(path).convert("L").rotate(degrees, fillcolor=245)
        print(measure_skew(PageViews.of(np.asarray(page), None).ink)[0])
"""


def _run(code: str, extra: dict[str, str]) -> str:
    paths = sorted(str(path) for path in REAL.iterdir() if path.suffix in {".jpg", ".png", ".tif"})
    assert len(paths) > 3
    command = [sys.executable, "-W", "ignore", "-c", code, *paths]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | extra).stdout


def _rows(extra: dict[str, str]) -> str:
    return _run(_MEASURE, extra)


KERNELS = ("Prescott", "Haswell", "SkylakeX")
"""Kinds of processor for which OpenBLAS, which multiplies for numpy, adds in an order of their own."""


def test_rows_do_not_depend_on_the_processor() -> None:
    """Real pages, with and without the vector instructions of this machine."""
    assert _rows({}) == _rows(PLAIN_PROCESSOR)


def test_a_page_that_lies_askew_is_turned_upright_the_same_by_every_processor() -> None:
    """Before anything is rounded: what a row says of it differs on one page in hundreds only."""
    assert _run(_SKEW, {}) == _run(_SKEW, PLAIN_PROCESSOR)


@pytest.mark.parametrize("kernel", KERNELS)
def test_rows_do_not_depend_on_the_order_in_which_a_processor_adds(kernel: str) -> None:
    """Real pages, by the kernels of another kind; one that this machine cannot run would fall back to its own."""
    assert _rows({}) == _rows({"OPENBLAS_CORETYPE": kernel})
