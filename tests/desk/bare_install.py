"""Run the command as where only the base dependencies are installed: all other packages are hidden from it."""

from __future__ import annotations

import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]


def base_distributions() -> dict[str, metadata.Distribution]:
    """The base dependencies of the package and all that they need, by name."""
    found: dict[str, metadata.Distribution] = {}
    waiting = [(Requirement(text), {""}) for text in _dependencies()]
    while waiting:
        needed, extras = waiting.pop()
        if needed.marker is not None and not any(needed.marker.evaluate({"extra": extra}) for extra in extras):
            continue
        name = _plain(needed.name)
        if name not in found or needed.extras:
            found[name] = metadata.distribution(name)
            waiting += [(Requirement(text), {"", *needed.extras}) for text in found[name].requires or ()]
    return found


def _dependencies() -> list[str]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        dependencies: list[str] = tomllib.load(file)["project"]["dependencies"]
    return dependencies


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


class _Hidden:
    """Finds nothing where a package lies that a bare environment would not have."""

    def __init__(self) -> None:
        base = {*base_distributions(), "sohoa"}
        owners = metadata.packages_distributions()
        self._hidden = {name for name, found in owners.items() if not base & {_plain(one) for one in found}}

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name.partition(".")[0] in self._hidden:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def main() -> None:
    hidden = _Hidden()
    sys.meta_path.insert(0, hidden)  # type: ignore[arg-type]
    for name in [name for name in sys.modules if name.partition(".")[0] in hidden._hidden]:
        del sys.modules[name]
    from sohoa.cli import main as run

    run()


if __name__ == "__main__":
    main()
