"""Reads docker-compose.yml as Compose does: YAML with merge keys, ``${NAME:-default}`` and ``${NAME:?message}``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sohoa.errors import StackError

FILE = "docker-compose.yml"
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")
_DOLLAR = "$$"
"""A dollar sign that is not Compose's."""


def read_compose(folder: Path, values: Mapping[str, str]) -> dict[str, Any]:
    """Read the file in ``folder`` as Compose runs it with these variables.

    Raises:
        StackError: a required variable has no value.
    """
    import yaml  # of Airflow's; only the production profile reads it

    return dict(_filled(yaml.safe_load((folder / FILE).read_text(encoding="utf-8")), values))


def read_values(file: Path) -> dict[str, str]:
    """Read the variables of an ``.env`` as `make secrets` writes it, ``NAME=value`` a line.

    Raises:
        StackError: it is in no UTF-8.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise StackError(
            f"{file} is no UTF-8 text ({error}): save it as UTF-8, or bring it back from a backup"
        ) from error
    lines = (line.strip() for line in text.splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def _filled(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(item, values) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, values) for item in value]
    if not isinstance(value, str):
        return value
    parts = (VARIABLE.sub(lambda match: _value(match, values), part) for part in value.split(_DOLLAR))
    return "$".join(parts)


def _value(match: re.Match[str], values: Mapping[str, str]) -> str:
    name, operator, text = match.groups()
    if found := values.get(name):
        return found
    if operator == "-":
        return str(text)
    raise StackError(f"{name}: {text}")
