"""Files of the registry: the one that ships with the package, or the one that a setting names in its place."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TypeVar

from sohoa.errors import SettingsError

DATA = Path(__file__).with_name("data")
Content = TypeVar("Content")


@cache
def read_data(name: str, read: Callable[[Path], Content]) -> Content:
    """Read ``data/<name>.csv``, or the file that ``SOHOA_<NAME>_FILE`` names, once per process.

    Raises:
        SettingsError: the file is missing or malformed; the message names the setting.
    """
    from sohoa.settings import load_settings  # here, so that looking up a unit does not cost the import of pydantic

    file = getattr(load_settings(), f"{name}_file") or DATA / f"{name}.csv"
    try:
        return read(file)
    except (OSError, UnicodeDecodeError, KeyError, ValueError) as error:
        raise SettingsError(
            f"SOHOA_{name.upper()}_FILE: {file} cannot be used: {error}; "
            f"see docs/settings.md and the README beside sohoa/registry/data/{name}.csv"
        ) from error
