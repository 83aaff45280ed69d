"""What the verbs that delete take away, and what they leave."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

MADE = (".venv/lib/x", "build/x", ".ruff_cache/x", "include/__pycache__/x.pyc")
DATA = (".sohoa/store/data/x", ".sohoa/dags/__pycache__/x.pyc")
OWN = ("include/x.py", "docs/x.md")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the project's Makefile, files of its own, made ones and data."""
    for name in (*MADE, *DATA, *OWN):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    shutil.copy(Path(__file__).parents[2] / "Makefile", tmp_path)
    return tmp_path


def make(checkout: Path, *words: str, answer: str = "") -> subprocess.CompletedProcess[str]:
    command = ["make", "--no-print-directory", *words]
    return subprocess.run(command, cwd=checkout, input=answer, capture_output=True, text=True, check=False)


def left(checkout: Path, names: tuple[str, ...]) -> list[str]:
    return [name for name in names if (checkout / name).exists()]


def test_clean_keeps_the_data_and_says_so(checkout: Path) -> None:
    """What was made goes, twice without an error."""
    for _ in range(2):
        done = make(checkout, "clean")
        assert done.returncode == 0, done.stderr
        assert "The data stays in .sohoa" in done.stdout
        assert (left(checkout, MADE), left(checkout, DATA), left(checkout, OWN)) == ([], [*DATA], [*OWN])


@pytest.mark.parametrize("answer", ["", "\n", "n\n", "yes, please\n"])
def test_distclean_asks_first(checkout: Path, answer: str) -> None:
    """Nobody to ask, or any answer but y, and nothing at all is removed."""
    done = make(checkout, "distclean", answer=answer)
    assert done.returncode != 0
    assert "Remove all data in .sohoa" in done.stdout and "Nothing was removed." in done.stdout
    assert left(checkout, (*MADE, *DATA, *OWN)) == [*MADE, *DATA, *OWN]


@pytest.mark.parametrize(("words", "answer"), [(["distclean"], "y\n"), (["distclean", "FORCE=1"], "")])
def test_distclean_removes_the_data_when_told(checkout: Path, words: list[str], answer: str) -> None:
    """By a y, or by FORCE=1, which asks nothing; without data there is nothing to ask."""
    done = make(checkout, *words, answer=answer)
    assert done.returncode == 0, done.stderr
    assert ("[y/N]" in done.stdout) == bool(answer)
    assert (left(checkout, MADE), left(checkout, DATA), left(checkout, OWN)) == ([], [], [*OWN])
    assert make(checkout, "distclean").returncode == 0
