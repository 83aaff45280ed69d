"""Every screen at every width: whatever a pipe gets whole stands whole on a narrow terminal too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from sohoa.store import Store
from sohoa.terminal.console import out
from tests.command_line import app
from tests.province.monday_province import MondayProvince
from tests.servers import empty_buckets

PIPE = 10_000
START, END = date(2023, 3, 6), date(2023, 3, 19)
SCREENS = (
    "progress --period day",
    "progress --definition backlog",
    "explain --unit 20",
    "reconcile --from 2023-03-06 --to 2023-03-19",
    "reconcile --from 2023-03-06 --to 2023-03-19 --category R4",
    "lateness --from 2023-03-06",
    "silent --all",
    "devices",
    "forecast",
    "campaign",
    "campaign 2023-so-hoa",
    "status",
    "query 'SELECT * FROM dossiers LIMIT 3'",
    "agencies list",
)


@pytest.fixture(scope="module")
def province(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Two weeks of a province, all its feeds and no images."""
    empty_buckets(store)
    MondayProvince(store, tmp_path_factory.mktemp("p") / "p", start=START, end=END, dossiers=150, seed=1).bring(END)
    yield store
    empty_buckets(store)


def shown(line: str, width: int, monkeypatch: pytest.MonkeyPatch) -> str:
    """The screen at a width."""
    monkeypatch.setattr(out, "width", width)
    done = CliRunner().invoke(app, words(line), catch_exceptions=False)
    assert done.exit_code in {0, 1}, done.output
    return done.stdout


def words(line: str) -> list[str]:
    return [quoted or plain for quoted, plain in re.findall(r"'([^']+)'|(\S+)", line)]


def figures(text: str) -> set[str]:
    """Whatever has a digit in it."""
    return {word.strip("();,.:") for word in text.split() if re.search(r"\d", word)}


@pytest.mark.parametrize("line", SCREENS)
def test_no_width_cuts_a_number_or_an_id(province: Store, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each word with a digit of the pipe's text is there, and no line runs over the edge."""
    wanted = figures(shown(line, PIPE, monkeypatch))
    for width in (60, 100, 200):
        text = shown(line, width, monkeypatch)
        assert wanted - figures(text) == set(), width
        assert "…" not in text
        assert max(map(cell_len, text.splitlines())) <= width
