"""The arrows between the parts, read from the imports themselves, lazy ones included."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "include" / "sohoa"

LAYERS = (
    {"errors", "defects", "enums", "format_value", "clean_text", "logs"},
    {"labels"},
    {"settings", "layout", "days", "arrow", "private_file", "task_notes", "lineage"},
    {"dossier_code"},
    {"guarded"},
    {"pages"},
    {"schema"},
    {"store", "registry"},
    {"work", "pending", "known_documents", "notify"},
    {"last_runs", "imported_files", "run_events"},
    {"capacity"},
    {"intake", "quality", "counting", "feeds"},
    {"progress", "reconcile", "simulate", "audit", "stack"},
    {"steering"},
    {"report", "slips"},
    {"upkeep", "desk", "archive"},
    {"jobs"},
    {"terminal", "web"},
    {"demo"},
    {"cli"},
)
LEVEL = {part: level for level, layer in enumerate(LAYERS) for part in layer}
OWNERS = {
    "minio": {"include/sohoa/store.py"},
    "great_expectations": {"include/sohoa/quality/gate.py", "expectations/"},
    "airflow": {"dags/", "plugins/"},
    "bagit": {"include/sohoa/archive/write_bags.py"},
}


def python_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


@cache
def imported(path: Path) -> tuple[str, ...]:
    """Full names of all modules that a file imports, wherever in the file."""
    return tuple(_imported(path))


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


PRODUCT = [path for path in python_files("include/sohoa") if path != PACKAGE / "__init__.py"]


def test_every_part_has_a_layer() -> None:
    """A new part of the package has to be placed on the map."""
    assert {part_of(path) for path in PRODUCT} <= set(LEVEL)


@pytest.mark.parametrize("path", PRODUCT, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_arrows_point_down(path: Path) -> None:
    """A part imports only parts of lower layers, and never dags or plugins."""
    own = part_of(path)
    for name in imported(path):
        words = name.split(".")
        assert words[0] not in {"dags", "plugins"}, f"{path.name} imports {name}"
        if words[0] == "sohoa" and len(words) > 1 and words[1] in LEVEL and words[1] != own:
            assert LEVEL[words[1]] < LEVEL[own], f"{path.name} ({own}) imports {name}"


@pytest.mark.parametrize("library", OWNERS)
def test_one_owner_per_library(library: str) -> None:
    """Only the owner of an outside library imports it."""
    for path in python_files("include", "expectations", "dags", "plugins"):
        where = path.relative_to(ROOT).as_posix()
        if any(where.startswith(owner) for owner in OWNERS[library]):
            continue
        assert not [name for name in imported(path) if name.split(".")[0] == library], where


def test_the_expectations_are_read_by_quality_alone() -> None:
    """The limits and suites reach the product through sohoa.quality."""
    for path in PRODUCT:
        if part_of(path) != "quality":
            assert not [name for name in imported(path) if name.split(".")[0] == "expectations"], path


def test_the_simulator_imports_nothing_that_judges_or_counts() -> None:
    """Truth that came from the code under test would prove nothing."""
    judging = {
        "quality",
        "counting",
        "progress",
        "steering",
        "feeds",
        "intake",
        "pages",
        "reconcile",
        "jobs",
        "dossier_code",
        "report",
        "slips",
    }
    for path in python_files("include/sohoa/simulate"):
        for name in imported(path):
            words = name.split(".")
            assert words[0] != "expectations", path
            assert not (words[0] == "sohoa" and len(words) > 1 and words[1] in judging), f"{path}: {name}"


def test_one_reader_of_the_environment() -> None:
    """Only settings.py touches os.environ."""
    for path in python_files("include", "expectations", "dags", "plugins"):
        if path == PACKAGE / "settings.py":
            continue
        text = path.read_text(encoding="utf-8")
        assert "os.environ" not in text, path
        assert "getenv" not in text, path


def test_nothing_edits_the_import_path() -> None:
    """The package is installed, so no file needs to change sys.path."""
    for path in python_files("include", "expectations", "dags", "plugins", "tests"):
        if path != Path(__file__):
            assert "sys.path" not in path.read_text(encoding="utf-8"), path
