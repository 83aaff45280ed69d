"""A file that breaks its decoder costs one row: crash, endless loop, memory, exception, garbled output."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import psutil
import pytest

from sohoa.errors import MeasuringError
from sohoa.pages.guard import guard as guard_module
from sohoa.pages.guard.guard import Guard
from sohoa.pages.measure_page import measure_bytes, measure_file
from sohoa.pages.page_row import COLUMNS
from tests.pages.page_files import LIMITS, REAL, code, jpeg, measure, pdf_file, pillow_file, text_page

TIGHT = replace(LIMITS, max_file_seconds=1, max_memory_bytes=400_000_000)
PAGE = text_page((400, 560), 10)
GOOD = jpeg(PAGE)
BROKEN_DECODER = """
import os, signal, sys, time
from sohoa.pages import measure_page
from sohoa.pages.guard import child_process

def decode(data, *_):
    said = bytes(data).decode(errors="replace")
    if said == "crash": os.kill(os.getpid(), signal.SIGSEGV)
    if said == "spin":
        while True: pass
    if said == "sleep": time.sleep(1000)
    if said == "eat": return [bytearray(10_000_000) for _ in range(100)]
    if said == "raise": raise KeyError("/Fm0")
    if said == "print": os.write(1, b"[]\\n")
    if said.startswith("once") and not os.path.exists(said[5:]):
        open(said[5:], "w").close()
        os.abort()
    return whole(data, *_)

whole = measure_page.read_pages
measure_page.read_pages = decode
child_process.main()
"""


@pytest.fixture
def broken_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes have a decoder that does what the file says."""
    monkeypatch.setattr(guard_module, "_COMMAND", (sys.executable, "-P", "-c", BROKEN_DECODER))
    monkeypatch.setattr(guard_module, "_WALL_PER_CPU", 60)


@pytest.fixture
def broken(broken_decoder) -> Iterator[Guard]:
    """A guard of one such process."""
    with Guard(TIGHT, 1) as guard:
        yield guard


@pytest.mark.parametrize(
    ("does", "expected", "detail"),
    [("crash", "unreadable", "SIGSEGV"), ("spin", "too_large", "1 s of CPU time"),
     ("eat", "too_large", "MemoryError"), ("raise", "unreadable", "KeyError: '/Fm0'")],
)  # fmt: skip
def test_a_file_that_breaks_its_decoder_is_one_row_and_the_next_file_is_measured(broken, does, expected, detail):
    """The row names the file, its bytes and the reason; the worker goes on."""
    data = does.encode()
    (row,) = broken.measure_bytes(data, f"{does}.jpg")
    assert code(row) == expected and detail in row["error"]
    assert list(row) == list(COLUMNS)
    assert (row["file"], row["bytes"], row["page_no"]) == (f"{does}.jpg", len(data), 1)
    assert row["sha256"] == sha256(data).hexdigest()
    assert broken.measure_bytes(GOOD, "page") == measure_bytes(GOOD, "page", TIGHT)


def test_a_decoder_that_waits_for_ever_is_one_row(broken, monkeypatch):
    """Waiting takes no CPU time: the clock ends it."""
    monkeypatch.setattr(guard_module, "_WALL_PER_CPU", 2)
    (row,) = broken.measure_bytes(b"sleep", "page")
    assert code(row) == "too_large" and "no answer after 2 s" in row["error"]


def test_a_path_whose_file_breaks_its_decoder_is_one_row(broken, tmp_path):
    """A file on disk is read again for its row, without decoding it."""
    (tmp_path / "page.jpg").write_bytes(b"crash")
    (row,) = broken.measure_file(tmp_path / "page.jpg")
    assert code(row) == "unreadable" and row["file"] == str(tmp_path / "page.jpg") and row["bytes"] == 5


def test_what_a_library_prints_does_not_garble_the_answer(broken):
    """Standard output belongs to the answers."""
    assert code(broken.measure_bytes(b"print", "page")[0]) == "wrong_format"


def test_a_process_ended_from_outside_is_not_the_files_fault(broken, tmp_path):
    """The file is measured again in a fresh process before it is blamed."""
    (row,) = broken.measure_bytes(f"once {tmp_path / 'mark'}".encode(), "page")
    assert code(row) == "wrong_format" and (tmp_path / "mark").exists()
    for process in psutil.Process().children():
        if process.cmdline()[1:3] == ["-P", "-c"]:
            process.kill()
    assert broken.measure_bytes(GOOD, "page") == measure_bytes(GOOD, "page", TIGHT)


def test_a_process_that_does_not_start_is_an_error_of_the_machine(monkeypatch):
    """A broken installation must not become thousands of bad scans."""
    monkeypatch.setattr(guard_module, "_COMMAND", (sys.executable, "-c", "import no_such_module"))
    with Guard(LIMITS, 1) as guard, pytest.raises(MeasuringError, match="no_such_module"):
        guard.measure_bytes(GOOD, "page")


def test_rows_are_those_of_measuring_in_process(tmp_path):
    """Good and bad, by path and by bytes, in one process or three: the same rows in the same order."""
    png, pdf = pillow_file(PAGE, "PNG"), pdf_file([GOOD, GOOD[:-2]], (400, 560))
    contents = [GOOD, png, pdf, b"", GOOD[:-2], pillow_file(PAGE, "TIFF", pages=3), b"text"] * 2
    paths = [*REAL.iterdir(), tmp_path / "gone", tmp_path]
    for processes in (1, 3):
        with Guard(LIMITS, processes) as guard, ThreadPoolExecutor(4) as threads:
            assert list(threads.map(guard.measure_bytes, contents, ["page"] * len(contents))) == [
                measure(data) for data in contents
            ]
            assert list(threads.map(guard.measure_file, paths)) == [measure_file(path, LIMITS) for path in paths]


def test_a_path_that_is_no_text_comes_back_as_it_was(tmp_path):
    """File names are bytes; one that is not UTF-8 is measured and named like any other."""
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\n.jpg"))
    path.write_bytes(GOOD)
    with Guard(LIMITS, 1) as guard:
        assert guard.measure_file(path) == measure_file(path, LIMITS)


def test_an_image_over_the_memory_limit_is_a_row():
    """The system's limit holds where the header's estimate let a file pass."""
    wide = pillow_file(np.full((8000, 8000, 3), 200, np.uint8), "PNG")
    limits = replace(TIGHT, max_pixels=100_000_000, max_decoded_bytes=10**12, max_file_seconds=20)
    with Guard(replace(limits, max_memory_bytes=268_435_456), 1) as guard:
        (row,) = guard.measure_bytes(wide, "page")
        assert code(row) == "too_large"
        assert guard.measure_bytes(GOOD, "page") == measure(GOOD)
    with Guard(replace(limits, max_memory_bytes=2_000_000_000), 1) as guard:
        assert guard.measure_bytes(wide, "page")[0]["error"] is None


def _measure_in_daemon(answers: multiprocessing.Queue) -> None:
    with Guard(LIMITS, 2) as guard:
        answers.put(guard.measure_bytes(GOOD, "page"))


def test_a_daemonic_process_can_measure():
    """Schedulers run tasks in daemonic processes, which may not have children of ``multiprocessing``."""
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    process = context.Process(target=_measure_in_daemon, args=(answers,), daemon=True)
    process.start()
    assert answers.get(timeout=60) == measure(GOOD)
    process.join(60)
    assert process.exitcode == 0


def test_no_process_outlives_its_guard():
    """Neither the end of the block nor an error in it leaves anything running."""
    guard = Guard(LIMITS, 2)
    before = psutil.Process().children()
    with pytest.raises(RuntimeError), guard:  # noqa: PT012 - the error has to come late
        guard.measure_bytes(GOOD, "page")
        started = set(psutil.Process().children()) - set(before)
        assert started
        raise RuntimeError
    assert not any(process.is_running() for process in started)


def test_closing_does_not_wait_for_a_file(broken_decoder):
    """Whoever still waits for a file is told that measuring was stopped."""
    with ThreadPoolExecutor(1) as threads:
        with Guard(TIGHT, 1) as guard:
            waiting = threads.submit(guard.measure_bytes, b"sleep", "page")
            _wait_until(lambda: guard._started)
        with pytest.raises(MeasuringError, match="stopped"):
            waiting.result(timeout=10)


def test_a_process_ends_with_its_caller(tmp_path):
    """A worker that is killed leaves no measuring process behind."""
    script = f"""
import pathlib, time
from sohoa.pages.guard import child_process
from sohoa.pages.guard import guard as guard_module
from sohoa.pages.guard.guard import Guard
from sohoa.pages.guard.bounds import FileBounds
guard = Guard(FileBounds(**{LIMITS.__dict__!r}), 1)
guard.measure_bytes(b"", "page")
pathlib.Path({str(tmp_path / "ready")!r}).touch()
time.sleep(100)
"""
    caller = psutil.Popen([sys.executable, "-c", script])
    _wait_until((tmp_path / "ready").exists)
    (process,) = caller.children()
    caller.kill()
    caller.wait()
    _wait_until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)


def _wait_until(holds, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)
