"""CI keeps the promise of ``requires-python``."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_ci_runs_on_the_lowest_and_the_highest_python_promised() -> None:
    """Raising the bound in pyproject.toml alone would promise what nobody tries."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        promised = tomllib.load(file)["project"]["requires-python"]
    lowest, above = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", promised).groups()
    highest = int(above) - 1
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    assert f'python: ["3.{lowest}", "3.{highest}"]' in workflow
    assert f"\nhighest=3.{highest}\n" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
