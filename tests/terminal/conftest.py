from __future__ import annotations

import pytest

from sohoa.terminal.console import out


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the terminal 120 columns, whichever test of the process made it first."""
    monkeypatch.setattr(out, "width", 120)
