"""A path that cannot be used ends the command with a line that names it."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from sohoa.cli import data_commands
from sohoa.cli.root import main


def end(words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Run the command, which has to end with exit code 3, and return what it says."""
    monkeypatch.setattr("sys.argv", ["sohoa", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 3
    return capsys.readouterr().err.splitlines()


@pytest.fixture
def blocked(tmp_path: Path) -> Path:
    """A path under a file, where not even root can write."""
    (tmp_path / "file").touch()
    return tmp_path / "file" / "below"


@pytest.mark.parametrize("words", [["demo"], ["stack", "up"], ["stack", "up", "airflow"]], ids=" ".join)
def test_a_home_that_cannot_be_written(
    blocked: Path, words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is started."""
    monkeypatch.setenv("SOHOA_HOME", str(blocked))
    monkeypatch.setattr("sohoa.demo.run_demo.signal.signal", lambda *_: None)
    (line,) = end(words, monkeypatch, capsys)
    assert str(blocked) in line and "is a file, not a folder" in line and "SOHOA_HOME" in line


@pytest.mark.parametrize("size", ["--dossiers=5", "--pages-per-day=1"])
def test_an_output_that_cannot_be_written(
    blocked: Path, size: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With images and without."""
    line = end(["simulate", "--to=2023-03-07", size, "--out", str(blocked)], monkeypatch, capsys)[-1]
    assert str(blocked) in line and "is a file, not a folder" in line


@pytest.mark.parametrize("name", ["register.csv", "register.xlsx", "portal.csv"])
def test_a_template_that_cannot_be_written(
    blocked: Path, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the words of every other path, whatever writes the file."""
    (line,) = end(["template", str(blocked / name)], monkeypatch, capsys)
    assert str(blocked / name) in line and "is a file, not a folder" in line and "Errno" not in line


@pytest.mark.parametrize(
    ("code", "said"), [(errno.EACCES, "rights"), (errno.EROFS, "another path"), (errno.ENOSPC, "free some space")]
)
def test_what_to_do_is_said(
    code: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rights, a medium that cannot be written, a full disk."""

    def fail(*_: Any) -> None:
        raise OSError(code, os.strerror(code), "/data/x\udce9")

    monkeypatch.setattr(data_commands, "load_settings", fail)
    (line,) = end(["demo"], monkeypatch, capsys)
    assert line.startswith(r"sohoa: /data/x\xe9 cannot be used: ") and said in line and os.strerror(code) not in line


def test_an_error_about_no_path_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a fault of the program, and its traceback is wanted."""

    def fail() -> None:
        raise OSError(errno.EIO, "no path")

    monkeypatch.setattr(data_commands, "load_settings", fail)
    monkeypatch.setattr("sys.argv", ["sohoa", "demo"])
    with pytest.raises(OSError, match="no path"):
        main()
