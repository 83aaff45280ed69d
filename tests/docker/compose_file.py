"""docker-compose.yml, its variables, and what stands beside it."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

from sohoa.stack.compose import VARIABLE, read_compose

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"


def raw() -> dict[str, Any]:
    """The file with its merge keys applied and its variables as written."""
    return dict(yaml.safe_load(COMPOSE.read_text(encoding="utf-8")))


def variables() -> list[tuple[str, str, str]]:
    """(name, operator, its text) of every variable in the file."""
    return VARIABLE.findall(COMPOSE.read_text(encoding="utf-8"))


def resolved(values: Mapping[str, str]) -> dict[str, Any]:
    """The file as Compose runs it with these variables.

    Raises:
        StackError: a required variable has no value.
    """
    return read_compose(ROOT, values)


def make_secrets() -> ModuleType:
    """The script behind ``make secrets``."""
    spec = importlib.util.spec_from_file_location("make_secrets", ROOT / "docker" / "make_secrets.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def random_secrets() -> dict[str, str]:
    """A value for every secret, as ``make secrets`` makes them."""
    return {name: make() for name, make in make_secrets().SECRETS.items()}


def deployment_page() -> str:
    """The text of docs/deployment.md."""
    return (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
