"""A table takes the width that there is, and cuts neither a number nor an id at any."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.text import Text

from sohoa.terminal import grid
from sohoa.terminal.console import Screen
from sohoa.terminal.grid import Grid

ROWS = (
    ("Văn phòng Ủy ban nhân dân tỉnh Lạng Sơn", "H37.81.03-240415-0012", "1.234.567", "100,0"),
    ("Sở Tài chính", "H37.00.87.13-240311-0001", "−20", "0,5"),
)


def shown(width: int | None, *rows: tuple[str, ...], title: str | None = None) -> str:
    """The table as a terminal of so many columns shows it; None is a pipe."""
    table = Grid(title)
    table.text("Cơ quan")
    table.keys("Hồ sơ")
    table.figures("Số\ntrang", "Tỷ lệ %")
    for row in rows:
        table.row(*row)
    file = io.StringIO()
    screen = Screen(file=file, width=width, force_terminal=width is not None, color_system=None)
    screen.print(table)
    return file.getvalue()


@pytest.mark.parametrize("width", [25, 30, 45, 60, 80, 100, 200, None])
def test_no_width_cuts_a_number_or_an_id(width: int | None) -> None:
    """All of them stand there whole, whatever folds, and no line is wider than the terminal."""
    text = shown(width, *ROWS)
    for _, *figures in ROWS:
        for figure in figures:
            assert figure in text, (width, figure)
    assert "…" not in text
    assert width is None or max(map(len, text.splitlines())) <= width


def test_a_narrow_terminal_gets_one_record_a_block() -> None:
    """Its heads become labels; rows with one word name what follows."""
    text = shown(50, ("Cấp xã", "", "", ""), *ROWS)
    assert text.splitlines()[0] == "Cấp xã"
    blocks = text.split("\n\n")
    assert blocks[1].splitlines()[0].split() == ["Cơ", "quan", "Sở", "Tài", "chính"]
    assert "Số trang  1.234.567" in blocks[0]


def test_a_pipe_gets_each_row_on_one_line() -> None:
    """However long: what reads it may cut at lines."""
    title, _, heads, *lines = shown(None, *ROWS, title="T").splitlines()
    assert title.strip() == "T"
    assert [line.split("  ")[0] for line in lines] == [row[0] for row in ROWS]
    assert "Tỷ lệ %" in heads


@pytest.mark.parametrize("columns", [40, 60, 100])
def test_columns_give_a_pipe_a_width(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for a pager that does not fold; a pipe without is as wide as what goes into it."""
    monkeypatch.setenv("COLUMNS", str(columns))
    assert Screen(file=io.StringIO()).width == columns
    monkeypatch.delenv("COLUMNS")
    assert Screen(file=io.StringIO()).width > 1_000


def test_words_fold_before_the_table_does() -> None:
    """At 70 columns the name takes two lines and the figures stay beside it."""
    text = shown(70, *ROWS)
    assert "Văn phòng Ủy ban" in text and "Văn phòng Ủy ban nhân dân tỉnh Lạng Sơn" not in text
    assert all(figure in text.splitlines()[2] for figure in ROWS[0][1:])


def test_nothing_in_a_cell_is_markup_or_moves_the_cursor() -> None:
    """What an agency sent is shown as it is, with a sign for what cannot be seen."""
    text = shown(200, ("[red]đỏ[/red] :smile: \x1b[2J", "a", "1", "2"))
    assert "[red]đỏ[/red] :smile: �[2J" in text


def test_an_empty_table_and_styled_cells_are_shown() -> None:
    """Heads alone; a Text stays what it is."""
    assert shown(100).split() == ["Số", "Cơ", "quan", "Hồ", "sơ", "trang", "Tỷ", "lệ", "%"]
    assert "im lặng" in shown(100, (Text("im lặng", "red"), "a", "1", "2"))  # type: ignore[arg-type]


def test_every_screen_has_the_one_style() -> None:
    """No other module lays out a table by itself, the demo's end and the commands neither."""
    package = Path(grid.__file__).parents[1]
    own = [path.name for path in package.rglob("*.py") if "rich.table" in path.read_text(encoding="utf-8")]
    assert own == ["grid.py"]
