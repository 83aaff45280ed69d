"""A file that breaks its decoder costs one row: crash, endless loop, memory, exception, garbled output."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from threading import Lock

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
    if said.startswith("spin-and-") and said.endswith("1") and not os.lseek(MARKS, 0, os.SEEK_END):
        while time.process_time() < START + 0.3: pass
    said = said.removeprefix("spin-and-")
    if said == "eat": return [bytearray(10_000_000) for _ in range(100)]
    if said == "raise": raise KeyError("/Fm0")
    if said == "print": os.write(1, b"[]\\n")
    kind, _space, times = said.partition(" ")
    if kind in ENDS and os.lseek(MARKS, 0, os.SEEK_END) < int(times):
        os.write(MARKS, b"x")
        os.kill(os.getpid(), ENDS[kind])
    return whole(data, *_)

ENDS = {"abort": signal.SIGABRT, "kill": signal.SIGKILL, "end": signal.SIGTERM}
MARKS = os.open(sys.argv[1], os.O_RDWR | os.O_APPEND | os.O_CREAT)  # one for each process that has ended

START = time.process_time()
whole = measure_page.read_pages
measure_page.read_pages = decode
child_process.main()
"""


@pytest.fixture
def marks(tmp_path: Path) -> Path:
    """A file that grows by a byte with each process that has ended as the file asked for."""
    return tmp_path / "marks"


@pytest.fixture
def broken_decoder(monkeypatch: pytest.MonkeyPatch, marks: Path) -> None:
    """Processes have a decoder that does what the file says."""
    monkeypatch.setattr(guard_module, "_COMMAND", (sys.executable, "-P", "-c", BROKEN_DECODER, str(marks)))
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


@pytest.mark.parametrize("end", ["abort", "kill", "end"])
def test_a_process_ended_once_is_not_the_files_fault(broken, marks, end):
    """The file is measured again in a fresh process before it is blamed."""
    (row,) = broken.measure_bytes(f"{end} 1".encode(), "page")
    assert code(row) == "wrong_format" and marks.read_bytes() == b"x"


def test_a_process_ended_between_two_files_costs_none(broken):
    """The next file finds a dead process, and gets a fresh one."""
    broken.measure_bytes(GOOD, "page")
    for process in psutil.Process().children():
        if process.cmdline()[1:3] == ["-P", "-c"]:
            process.kill()
    assert broken.measure_bytes(GOOD, "page") == measure_bytes(GOOD, "page", TIGHT)


@pytest.mark.parametrize(
    ("end", "expected", "signal"),
    [("kill", "not_measured", "SIGKILL"), ("end", "not_measured", "SIGTERM"), ("abort", "unreadable", "SIGABRT")],
)
def test_who_ended_a_process_twice_is_told(broken, marks, end, expected, signal):
    """From outside, as where the machine lacks memory: the file need not be damaged. By itself: it is."""
    (row,) = broken.measure_bytes(f"{end} 2".encode(), "page")
    assert code(row) == expected and signal in row["error"] and marks.read_bytes() == b"xx"
    assert ("damaged" in row["error"]) == (expected == "unreadable")
    assert row["sha256"] == sha256(f"{end} 2".encode()).hexdigest()


STARTS_THE_LAST_TIME = """
import os, signal, sys
marks = os.open(sys.argv[1], os.O_RDWR | os.O_APPEND | os.O_CREAT)
if os.lseek(marks, 0, os.SEEK_END) < int(sys.argv[2]):
    os.write(marks, b"x")
    os.kill(os.getpid(), signal.SIGKILL)
from sohoa.pages.guard import child_process
child_process.main()
"""


@pytest.mark.parametrize("kills", [1, 2])
def test_a_process_ended_while_it_starts_is_started_again(monkeypatch, marks, kills):
    """That a machine lacks memory for a moment does not end the task."""
    monkeypatch.setattr(
        guard_module, "_COMMAND", (sys.executable, "-P", "-c", STARTS_THE_LAST_TIME, str(marks), str(kills))
    )
    with Guard(LIMITS, 1) as guard:
        assert guard.measure_bytes(GOOD, "page") == measure(GOOD)
    assert marks.read_bytes() == b"x" * kills


def test_a_process_that_is_ended_at_every_start_is_an_error_of_the_machine(monkeypatch, marks):
    """Starting ends too."""
    monkeypatch.setattr(guard_module, "_COMMAND", (sys.executable, "-P", "-c", STARTS_THE_LAST_TIME, str(marks), "99"))
    with Guard(LIMITS, 1) as guard, pytest.raises(MeasuringError, match="SIGKILL"):
        guard.measure_bytes(GOOD, "page")
    assert marks.read_bytes() == b"xxx"


def test_a_process_that_does_not_start_is_an_error_of_the_machine(monkeypatch):
    """A broken installation must not become thousands of bad scans."""
    monkeypatch.setattr(guard_module, "_COMMAND", (sys.executable, "-c", "import no_such_module"))
    with Guard(LIMITS, 1) as guard, pytest.raises(MeasuringError, match="no_such_module"):
        guard.measure_bytes(GOOD, "page")


def test_the_cpu_time_of_a_file_is_told(broken):
    """Of one that is measured, and of one that used up its time: not what the process took before."""
    broken.measure_bytes(GOOD, "page")  # the first page of a process loads what it needs, and takes that time
    for _ in range(3):
        measured = broken.measure_timed(GOOD, "page")
        assert measured.rows == broken.measure_bytes(GOOD, "page") and 0 < measured.cpu_seconds < 0.5
    assert 1 <= broken.measure_timed(b"spin", "page").cpu_seconds < 1.4


def test_a_file_that_is_given_up_starts_no_process(broken, tmp_path):
    """What is known of it without decoding is told by the caller, for bytes and for a path."""
    (tmp_path / "page.jpg").write_bytes(b"spin")
    (told,), (read,) = broken.measure_bytes(b"spin", "page"), broken.measure_file(tmp_path / "page.jpg")
    assert not broken._started
    assert {**read, "file": "page"} == told and told["sha256"] == sha256(b"spin").hexdigest()
    assert (told["bytes"], told["format"], told["page_no"]) == (4, None, 1)


def test_the_tries_of_a_file_are_one_cost(broken, marks):
    """What a process took before it was ended counts too."""
    spin = "spin-and-kill 1"
    once = broken.measure_timed(spin.replace(" 1", " 0").encode(), "page").cpu_seconds
    twice = broken.measure_timed(spin.encode(), "page").cpu_seconds
    assert once < 0.2 < twice


def test_as_many_files_are_held_as_there_are_processes():
    """Eight threads that read a file each in their place, two processes: two files at a time, and none is lost."""
    held, most, lock = 0, [], Lock()

    def read_and_measure(number: int) -> list[dict]:
        nonlocal held
        with guard.place():
            with lock:
                held += 1
                most.append(held)
            time.sleep(0.02)
            rows = guard.measure_bytes(GOOD, str(number))
            with guard.place():  # of the same thread
                assert guard.draw_pages(b"", "x", [{"page_no": 1, "columns": [], "dpi_x": None, "width_px": None}]) == [
                    {}
                ]
            with lock:
                held -= 1
            return rows

    with Guard(LIMITS, 2) as guard, ThreadPoolExecutor(8) as threads:
        found = [rows[0]["file"] for rows in threads.map(read_and_measure, range(8))]
    assert found == [str(number) for number in range(8)] and max(most) == 2


def test_an_error_in_its_place_gives_it_back():
    """Whoever cannot read a file keeps no process from the others."""
    with Guard(LIMITS, 1) as guard:
        with pytest.raises(KeyError), guard.place():
            raise KeyError
        assert guard.measure_bytes(GOOD, "page") == measure(GOOD)


def test_who_waits_for_a_place_is_told_of_the_end(broken_decoder):
    """Three wait for one process: all of them, not the first alone, are told that measuring was stopped."""
    with ThreadPoolExecutor(3) as threads:
        with Guard(TIGHT, 1) as guard:
            waiting = [threads.submit(guard.measure_bytes, b"sleep", "page") for _ in range(3)]
            _wait_until(lambda: guard._started)
        for one in waiting:
            with pytest.raises(MeasuringError, match="stopped"):
                one.result(timeout=10)


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


def test_what_only_the_caller_needs_is_not_loaded_by_a_decoder() -> None:
    """Some twenty modules, a twentieth of its start."""
    loaded = (
        "import sys, sohoa.pages.guard.child_process; print(*{'subprocess', 'tempfile', 'shutil'} & {*sys.modules})"
    )
    found = subprocess.run([sys.executable, "-c", loaded], check=True, capture_output=True, text=True).stdout
    assert found.split() == []
