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


def _rows(extra: dict[str, str]) -> str:
    paths = sorted(str(path) for path in REAL.iterdir() if path.suffix in {".jpg", ".png", ".tif"})
    assert len(paths) > 3
    command = [sys.executable, "-W", "ignore", "-c", _MEASURE, *paths]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | extra).stdout


KERNELS = ("Prescott", "Haswell", "SkylakeX")
"""Kinds of processor for which OpenBLAS, which multiplies for numpy, adds in an order of their own."""


def test_rows_do_not_depend_on_the_processor() -> None:
    """Real pages, with and without the vector instructions of this machine."""
    assert _rows({}) == _rows(PLAIN_PROCESSOR)


@pytest.mark.parametrize("kernel", KERNELS)
def test_rows_do_not_depend_on_the_order_in_which_a_processor_adds(kernel: str) -> None:
    """Real pages, by the kernels of another kind; one that this machine cannot run would fall back to its own."""
    assert _rows({}) == _rows({"OPENBLAS_CORETYPE": kernel})
