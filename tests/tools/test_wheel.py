"""The wheel, installed where nothing else is, is the agency's program."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.batch_builder import page_jpeg
from tests.servers import ROOT

UV = Path(sys.executable).with_name("uv")
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

pytestmark = pytest.mark.timeout(600)


def run(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(list(map(str, words)), capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def sohoa(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command in an environment of its own: the wheel, what it depends on in the locked versions, no more."""
    folder = tmp_path_factory.mktemp("wheel")
    built = run(
        UV, "build", "--quiet", "--wheel", "--no-build-isolation", "--python", sys.executable, "-o", folder, ROOT
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("*.whl")
    assert wheel.name == f"sohoa-{VERSION}-py3-none-any.whl"
    made = run(UV, "venv", "--quiet", "--python", sys.executable, folder / "venv")
    assert made.returncode == 0, made.stderr
    python = folder / "venv" / "bin" / "python"
    installed = run(
        UV, "pip", "install", "--quiet", "--python", python, "--constraint", ROOT / "requirements.txt", wheel
    )
    assert installed.returncode == 0, installed.stderr
    return python.with_name("sohoa")


def test_it_has_the_version_of_the_project(sohoa: Path) -> None:
    """Which the list of changes names too."""
    assert VERSION in run(sohoa, "--version").stdout
    assert f"## {VERSION} " in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_it_checks_scans(sohoa: Path, tmp_path: Path) -> None:
    """Limits, labels and the page net are in it: a good page passes, one cut short is named."""
    scans = tmp_path / "H37.80.01-230306-0001"
    scans.mkdir()
    (scans / "a.jpg").write_bytes(page_jpeg(1))
    good = run(sohoa, "check", tmp_path)
    assert good.returncode == 0, good.stdout + good.stderr
    (scans / "b.jpg").write_bytes(page_jpeg(2)[:-2000])
    bad = run(sohoa, "check", tmp_path)
    assert (bad.returncode, "b.jpg" in bad.stdout) == (1, True), bad.stdout + bad.stderr


def test_what_the_pipeline_needs_is_named(sohoa: Path) -> None:
    """In one line."""
    asked = run(sohoa, "query", "SELECT 1")
    assert asked.returncode != 0 and "install sohoa[pipeline]" in asked.stderr and len(asked.stderr.splitlines()) == 1
