"""What an agency installs on Windows: no call of POSIX alone, and names by Windows' own rules."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sohoa.desk.scans import name_in_batch
from sohoa.desk.sort_scans import safe_folder_name
from tests.desk.bare_install import ROOT

FORBIDDEN = '<>:"/\\|?*'


def makefile_line() -> list[str]:
    """The arguments that ``make lint`` gives mypy for Windows."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    (line,) = [line for line in text.splitlines() if "--platform win32" in line]
    return line.split()[1:]


def test_lint_finds_what_windows_has_not(tmp_path: Path) -> None:
    """``make lint`` reads all of the desk and what reads pages as Windows would; a module that calls more is told."""
    assert {"include/sohoa/desk", "include/sohoa/guarded", "include/sohoa/pages"} <= set(makefile_line())
    (tmp_path / "wrong.py").write_text("import os\nos.geteuid()\n")
    command = [Path(sys.executable).with_name("mypy"), "--platform", "win32", "wrong.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 1


@pytest.mark.filterwarnings("ignore:.*is_reserved.*:DeprecationWarning")  # Python 3.13 has it elsewhere
@given(st.text(max_size=100))
@example("con")
@example("COM1.jpg")
@example("com¹.a")
@example("nul .txt")
@example("CONIN$")
@example("a. . .")
@example("x" * 300)
@example("Đơn: «xin» cấp/đổi?")
def test_a_folder_of_any_title_can_be_made_on_windows(title: str) -> None:
    """One step of a path, no device, no sign that is forbidden, no blank or dot at its end."""
    name = safe_folder_name(title)
    path = PureWindowsPath("C:/quét") / name
    assert path.name == name and path.parent == PureWindowsPath("C:/quét")
    assert not path.is_reserved()
    assert not set(name) & set(FORBIDDEN) and min(name) > "\x1f"
    assert name == name.strip() and not name.endswith(".")


def test_names_in_a_batch_have_slashes_on_windows_too() -> None:
    """Whatever the separator of the computer, and in one normal form."""
    folder = PureWindowsPath(r"D:\Quét\hôm nay")
    name = name_in_batch(folder, folder / "H37_1" / "thanh-phan" / "To\u031b\u0300 khai" / "1.jpg")  # type: ignore[arg-type]
    assert name == "H37_1/thanh-phan/T\u1edd khai/1.jpg"
