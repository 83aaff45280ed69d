"""docker/Dockerfile: what it copies exists, what it installs is locked, and the wheel it builds is whole."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.docker.compose_file import ROOT

DOCKERFILE = (ROOT / "docker" / "Dockerfile").read_text(encoding="utf-8")
IGNORE = (ROOT / "docker" / "Dockerfile.dockerignore").read_text(encoding="utf-8")
PACKAGES = {"sohoa": ROOT / "include" / "sohoa", "expectations": ROOT / "expectations"}


def copied() -> set[str]:
    """Paths of the checkout that the Dockerfile copies."""
    lines = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.M)
    return {source for line in lines for source in line.split()}


def test_every_copied_path_exists() -> None:
    """And is let through to the builder, which gets nothing else."""
    assert [source for source in copied() if not (ROOT / source).exists()] == []
    assert set(re.findall(r"^!(\S+)$", IGNORE, re.M)) == copied()
    assert re.findall(r"^[^#!\n].*$", IGNORE, re.M)[0] == "*"


def test_packages_are_locked_by_hash() -> None:
    """The requirements, and the backend that builds the wheel; a line without a hash would stop the build."""
    assert "uv pip install --require-hashes --compile-bytecode -r requirements.txt" in DOCKERFILE
    assert "uv build --wheel --require-hashes --build-constraints requirements-dev.txt" in DOCKERFILE
    assert "uv pip install --no-deps" in DOCKERFILE
    locked = (ROOT / "requirements.txt").read_text().replace("\\\n", " ")
    assert [line for line in locked.splitlines() if "==" in line and "--hash=sha256:" not in line] == []
    assert "\nhatchling==" in (ROOT / "requirements-dev.txt").read_text()


def test_image_is_pinned_and_runs_without_root() -> None:
    """Both stages on one full version; uv as in the Makefile; the last user is not root."""
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.M)
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-bookworm", bases[0])
    uv = re.compile(r"\buv==(\S+)")
    assert uv.findall(DOCKERFILE) == uv.findall((ROOT / "Makefile").read_text())
    assert re.findall(r"^USER (\S+)", DOCKERFILE, re.M) == ["airflow"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names in the wheel, built as the image builds it but offline."""
    folder: Path = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (file,) = folder.glob("*.whl")
    return set(zipfile.ZipFile(file).namelist())


def test_wheel_ships_every_file_of_the_packages(wheel: set[str]) -> None:
    """Code and data: limits, unit lists, fonts, sample pages."""
    missing = [
        f"{name}/{path.relative_to(folder)}"
        for name, folder in PACKAGES.items()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and f"{name}/{path.relative_to(folder)}" not in wheel
    ]
    assert missing == []
    suffixes = {Path(name).suffix for name in wheel}
    assert {".toml", ".csv", ".ttf", ".jpg", ".tif", ".png"} <= suffixes
    assert "expectations/thresholds.toml" in wheel


def test_wheel_ships_nothing_else(wheel: set[str]) -> None:
    """No test, no data of a run, no secret."""
    assert {name.partition("/")[0] for name in wheel if ".dist-info/" not in name} == set(PACKAGES)
