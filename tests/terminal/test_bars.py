"""What is shown while something goes on: figures and ids stay whole, the bar alone gives way."""

from __future__ import annotations

import io

import pytest

from sohoa.terminal import console, upload_screen
from sohoa.terminal.console import Screen, bars, progress_bar
from sohoa.terminal.upload_screen import UploadScreen

BATCH = "H37.80.01-20230306-001"


def screen(monkeypatch: pytest.MonkeyPatch, width: int | None) -> io.StringIO:
    """Put a terminal of so many columns in the place of the error stream; None is a pipe."""
    file = io.StringIO()
    found = Screen(file=file, width=width, force_terminal=width is not None, color_system=None)
    for module in (console, upload_screen):
        monkeypatch.setattr(module, "err", found)
    return file


@pytest.mark.parametrize("width", [60, 80, 100, 200])
@pytest.mark.parametrize(
    ("done", "total", "shown"),
    [(1_234_567, 98_765_432, "1,2/98,8 MB"), (500, 20_480, "0,5/20,5 kB"), (0, 0, "0,0/0,0 kB")],
)
def test_sending_shows_batch_and_amount_whole(
    monkeypatch: pytest.MonkeyPatch, width: int, done: int, total: int, shown: str
) -> None:
    """At any width of a terminal, with files counted as files and never as bytes."""
    file = screen(monkeypatch, width)
    with UploadScreen(are_pages_counted=True) as sending:
        sending.checking(3, 1_200)
        sending.sending(BATCH, done, total)
    last = file.getvalue()
    assert f"Gửi {BATCH}" in last and shown in last and "3/1.200 tệp" in last
    assert "bytes" not in last and "…" not in last
    assert max(len(line) for line in last.replace("\r", "\n").splitlines()) <= width + len("\x1b[2K\x1b[1A") * 2


def test_a_pipe_gets_a_line_every_tenth(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the same words."""
    file = screen(monkeypatch, None)
    with UploadScreen(are_pages_counted=True) as sending:
        for done in range(101):
            sending.sending(BATCH, done * 1_000_000, 100_000_000)
    lines = file.getvalue().splitlines()
    assert lines[:2] == [f"Gửi {BATCH}: 0,0/100,0 MB", f"Gửi {BATCH}: 10,0/100,0 MB"] and len(lines) == 11


@pytest.mark.parametrize("width", [40, 60, 100])
def test_a_narrow_bar_keeps_its_figures(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    """Of the simulation and the upload of the demo."""
    file = screen(monkeypatch, width)
    with progress_bar("simulate") as report:
        report(1_234, 12_345)
    assert "1234/12345" in file.getvalue() and "simulate" in file.getvalue()
    assert bars().console is console.err
