"""Files of one's own in place of those that the registry ships."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sohoa.registry import calendar
from sohoa.registry.data_files import read_data


@pytest.fixture
def own_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[str, str], None]]:
    """Use a text as one file of the registry, read anew."""

    def use(name: str, text: str) -> None:
        path = tmp_path / f"{name}.csv"
        path.write_text(text, encoding="utf-8")
        monkeypatch.setenv(f"SOHOA_{name.upper()}_FILE", str(path))
        _forget()

    yield use
    monkeypatch.undo()
    _forget()


def _forget() -> None:
    read_data.cache_clear()
    calendar.is_working_day.cache_clear()
