"""Whatever stands on the command line, the command ends with a line that a person reads: never with a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sohoa.errors import SohoaError
from sohoa.store import Store
from tests.command_line import app

ODD = ("", "-1", "9" * 20, "2023-02-30", "2023-W60", "9999-12-31", "H37.81.03", "'; DROP\x1b[31m\n", "\udce9")
NOT_HERE = {("demo",), ("simulate",), ("stack", "up"), ("stack", "down"), ("stack", "status")}
"""Commands that start servers or work for minutes."""


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.commands.items():
        here = (*path, name)
        if hasattr(command, "commands"):
            yield from commands(command, here)
        elif here not in NOT_HERE:
            yield here, command


COMMANDS = list(commands(app))
GOOD = {"week": "2023-W14", "start": "2023-03-06", "end": "2023-03-07"}


def lines(command: Any, tmp_path: Path) -> Iterator[list[str]]:
    """Each parameter with each odd value, whatever the command needs besides with a plain one."""
    for odd_one in command.params:
        if getattr(odd_one, "is_flag", False):
            continue
        for odd in ODD:
            line = []
            for param in command.params:
                if param is not odd_one and not param.required:
                    continue
                value = odd if param is odd_one else GOOD.get(param.name or "", str(tmp_path / "no-such-file"))
                line += [value] if param.param_type_name == "argument" else [f"{param.opts[0]}={value}"]
            yield line


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=[" ".join(path) for path, _ in COMMANDS])
def test_any_value_of_any_parameter_ends_in_a_line(
    path: tuple[str, ...], command: Any, clean_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On an empty store: done, refused, or nothing to show, in one of the four ways to end."""
    monkeypatch.chdir(tmp_path)
    if path[0] == "agencies":  # the keys that the other tests use stay as they are
        monkeypatch.setenv("SOHOA_HOME", str(tmp_path / "home"))
    tried = 0
    for line in lines(command, tmp_path):
        done = CliRunner().invoke(app, [*path, *line])
        said = (path, [word[:60] for word in line], repr(done.exception))
        assert done.exception is None or isinstance(done.exception, SystemExit | SohoaError), said
        assert done.exit_code in {0, 1, 2, 3}, said
        tried += 1
    assert tried or all(getattr(param, "is_flag", False) for param in command.params)
