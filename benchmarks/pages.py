"""What measuring a page costs against a full-colour libjpeg-turbo decode of the same page, and against scripts."""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import simplejpeg
from rich.console import Console
from rich.table import Table

from benchmarks import script_opencv, script_typical
from benchmarks.processes import watch
from benchmarks.timing import cpu_seconds
from sohoa.pages.guard.bounds import FileBounds
from sohoa.pages.guard.guard import Guard
from sohoa.pages.measure_page import measure_bytes
from sohoa.settings import load_settings
from tests.pages.large_sheets import A0_300, A0_600, large_jpeg
from tests.pages.page_files import a4_image

_A0 = {300: A0_300, 600: A0_600}
_WORKERS = (1, 2)
_BATCH = 24
_FRESH = 7


def main() -> None:
    """Print CPU time and ratio for each format of one A4 page at 300 dpi, for scripts, workers and A0 sheets."""
    limits, files = FileBounds.of(load_settings()), _files()
    page = files["JPEG"]
    decode = cpu_seconds(lambda: simplejpeg.decode_jpeg(page))
    size = f"{len(page) / 1e6:.1f} MB"
    table = Table("page", "CPU ms", "colour decodes", title=f"A4 at 300 dpi, {size}; one decode {1000 * decode:.1f} ms")
    calls: dict[str, Callable[[], object]] = {
        name: partial(measure_bytes, data, "page", limits) for name, data in files.items()
    }
    calls["JPEG, script with OpenCV"] = partial(script_opencv.check_page, page)
    calls["JPEG, script with Pillow and OpenCV"] = partial(script_typical.check_page, page)
    for name, call in calls.items():
        seconds = cpu_seconds(call)
        table.add_row(name, f"{1000 * seconds:.1f}", f"{seconds / decode:.2f}")
    Console().print(table)
    _print_qualities(limits)
    _print_workers(page, limits)
    _print_sheets()


def _print_qualities(limits: FileBounds) -> None:
    """The same page with less and with more loss: the larger its file, the less counts what follows decoding.

    Each in processes of its own, one after the other: the same code differs by a twentieth from one to the next.
    """
    table = Table(
        "JPEG quality", "MB", "decode ms", "colour decodes", "in all", title=f"The page, {_FRESH} processes each"
    )
    with get_context("spawn").Pool(1, maxtasksperchild=1) as fresh:
        for quality in (85, 92, 95):
            sink = io.BytesIO()
            a4_image(300).save(sink, "JPEG", quality=quality, dpi=(300, 300))
            data = sink.getvalue()
            times = [fresh.apply(_decode_and_measure, (data, limits)) for _ in range(_FRESH)]
            decode, ratios = min(times)[0], sorted(seconds / decode for decode, seconds in times)
            table.add_row(
                str(quality),
                f"{len(data) / 1e6:.1f}",
                f"{1000 * decode:.1f}",
                f"{ratios[_FRESH // 2]:.2f}",
                f"{ratios[0]:.2f} to {ratios[-1]:.2f}",
            )
    Console().print(table)


def _decode_and_measure(data: bytes, limits: FileBounds) -> tuple[float, float]:
    """CPU time of a decode in full colour, and of a whole check."""
    decode = cpu_seconds(lambda: simplejpeg.decode_jpeg(data))
    return decode, cpu_seconds(lambda: measure_bytes(data, "page", limits))


def _print_sheets() -> None:
    """A0 sheets by the command, all its processes together."""
    table = Table("sheet", "MB", "CPU s", "peak RSS MB", title="A0 by `sohoa measure`, all processes")
    with TemporaryDirectory() as folder:
        for dpi, size in _A0.items():
            path = Path(folder) / f"{dpi}.jpg"
            path.write_bytes(large_jpeg(size, dpi))
            seconds, most = watch([Path(sys.executable).with_name("sohoa"), "measure", path])
            table.add_row(f"{dpi} dpi", f"{path.stat().st_size / 1e6:.0f}", f"{seconds:.2f}", f"{most / 1e6:.0f}")
    Console().print(table)


def _files() -> dict[str, bytes]:
    image, files = a4_image(300), {}
    kinds: dict[str, tuple[str, dict[str, object]]] = {
        "JPEG": ("JPEG", {"quality": 85}),
        "PNG": ("PNG", {}),
        "TIFF LZW": ("TIFF", {"compression": "tiff_lzw"}),
        "PDF of a JPEG": ("PDF", {"quality": 85, "resolution": 300}),
    }
    for name, (kind, options) in kinds.items():
        sink = io.BytesIO()
        image.save(sink, kind, dpi=(300, 300), **options)
        files[name] = sink.getvalue()
    bilevel = io.BytesIO()
    image.convert("1").save(bilevel, "TIFF", compression="group4", dpi=(300, 300))
    return files | {"TIFF G4": bilevel.getvalue()}


def _print_workers(data: bytes, limits: FileBounds) -> None:
    """Pages a second with one worker process and with two, as ``sohoa measure`` uses them; each the best of three."""
    rates = {count: _pages_a_second(data, limits, count) for count in _WORKERS}
    table = Table("workers", "pages a second", "times", title=f"Workers, {os.cpu_count()} CPUs")
    for count, rate in rates.items():
        table.add_row(str(count), f"{rate:.1f}", f"{rate / rates[1]:.2f}")
    Console().print(table)


def _pages_a_second(data: bytes, limits: FileBounds, workers: int) -> float:
    best = 0.0
    with Guard(limits, workers) as guard, ThreadPoolExecutor(workers) as pool:
        for _ in range(4):  # the first round starts the processes
            start = time.perf_counter()
            list(pool.map(lambda _: guard.measure_bytes(data, "page"), range(_BATCH)))
            best = max(best, _BATCH / (time.perf_counter() - start))
    return best
