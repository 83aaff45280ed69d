from __future__ import annotations

import pytest

from sohoa.terminal.console import out


@pytest.fixture(autouse=True)
def pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the output a pipe without a width of its own, whatever COLUMNS says and another test has set."""
    monkeypatch.setattr(out, "_width", None)
