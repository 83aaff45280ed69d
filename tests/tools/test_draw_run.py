"""The pictures of the README are drawn from a run that is true, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sohoa.errors import TruthDiffers
from sohoa.settings import load_settings
from tools import draw_run


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[int], str]:
    """Draws the end of a demo with so many differences."""
    monkeypatch.setenv("SOHOA_HOME", str(tmp_path))
    monkeypatch.setattr(draw_run, "open_store", lambda: None)

    def draw(differences: int) -> str:
        def show(_store: Any, province: Path, command: str, out: Any) -> int:
            assert province == tmp_path / "demo" / "province"
            out.print(f"Tiến độ {command}")
            return differences

        monkeypatch.setattr(draw_run.run_demo, "show", show)
        return draw_run.draw_end(load_settings())

    return draw


def test_the_end_is_drawn_as_it_is_printed(ended: Callable[[int], str]) -> None:
    """With the command as a reader of the README types it."""
    svg = ended(0)
    assert svg.startswith("<svg") and "make&#160;demo" in svg.replace(" ", "&#160;")
    assert "Tiến&#160;độ&#160;.venv/bin/sohoa" in svg


@pytest.mark.parametrize("differences", [1, 7])
def test_a_run_that_differs_is_not_drawn(ended: Callable[[int], str], differences: int) -> None:
    """A picture would claim what is not so."""
    with pytest.raises(TruthDiffers, match=f"{differences} differences: nothing was drawn"):
        ended(differences)
