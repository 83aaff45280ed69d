"""The one style of a table: it takes the width that it needs, and folds into one record a block where that is too much.

No figure, id or date is ever cut: words fold, and what does not fit side by side stands below each other.
"""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment
from rich.table import Column, Table
from rich.text import Text

from sohoa.clean_text import clean

Named = tuple[str, RenderableType]
"""A head and a cell under it."""
_MIN_TEXT = 16
"""Columns that words get at least, if they need them."""
_MAX_LABEL = 24


class _Head(Text):
    """A head of several lines, which stands at the foot of its row; cells stand at the top of theirs."""

    vertical = "bottom"


class Grid(Table):
    """Rows under columns of three kinds: text, which folds at its words, keys and figures, which do not."""

    def __init__(self, title: str | None = None, caption: str | None = None, gap: int = 2, leading: int = 0) -> None:
        """Make a table without columns; ``gap`` stands between two of them, ``leading`` lines between two rows."""
        super().__init__(
            title=title, caption=caption, title_justify="left", caption_justify="left", title_style="bold", box=None,
            header_style="bold", pad_edge=False, padding=(0, gap, 0, 0),
            leading=leading,
        )  # fmt: skip
        self._gap = gap

    def text(self, *heads: str) -> None:
        """Add columns of words."""
        for head in heads:
            self.add_column(_Head(head), overflow="fold")

    def keys(self, *heads: str) -> None:
        """Add columns of codes, ids or dates, which stand on one line."""
        for head in heads:
            self.add_column(_Head(head), no_wrap=True)

    def figures(self, *heads: str) -> None:
        """Add columns of numbers, which stand on one line, at the right."""
        for head in heads:
            self.add_column(_Head(head), no_wrap=True, justify="right")

    def row(self, *cells: str | Text | None, style: str = "") -> None:
        """Add a row; nothing in a cell is markup, and what cannot be seen in it is replaced; its lines stay lines."""
        texts = (Text("\n".join(map(clean, cell.split("\n")))) if isinstance(cell, str) else cell for cell in cells)
        self.add_row(*texts, style=style or None)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the table, or its records where it is wider than the terminal."""
        least, most = map(list, zip(*map(_widths, self.columns), strict=True)) if self.columns else ([], [])
        room = options.max_width - self._gap * max(0, len(least) - 1)
        if sum(least) > room:
            yield from self._records(options.max_width)
            return
        for column, width in zip(self.columns, _shared(least, most, room), strict=True):
            column.width = width
        yield from super().__rich_console__(console, options)

    def _records(self, room: int) -> Iterator[Text | Table | Segment]:
        """Yield a block a row; its labels stand beside what they name, or above it where not even that fits."""
        if self.title:
            yield Text(str(self.title), "bold")
        heads = [" ".join(str(column.header).split()) for column in self.columns]
        width = min(_MAX_LABEL, max(map(len, heads)))
        is_beside = width + 2 + max(map(_longest_word, self.columns)) <= room
        cells = zip(*(column.cells for column in self.columns), strict=True)
        for row, style in zip(cells, (str(row.style or "") for row in self.rows), strict=True):
            filled = [(head, cell) for head, cell in zip(heads, row, strict=True) if str(cell)]
            if len(filled) == 1 < len(heads):  # names the rows that follow
                yield Text(str(filled[0][1]), "bold")
            elif filled:
                yield from self._beside(filled, width, style) if is_beside else self._above(filled, style)
                yield Segment.line()
        if self.caption:
            yield Text(str(self.caption), "dim")

    @staticmethod
    def _beside(filled: list[Named], width: int, style: str) -> Iterator[Table]:
        record = Table.grid(padding=(0, 2, 0, 0))
        record.add_column(width=width, overflow="fold", style="dim")
        record.add_column(overflow="fold", style=style)
        for pair in filled:
            record.add_row(*pair)
        yield record

    @staticmethod
    def _above(filled: list[Named], style: str) -> Iterator[Text]:
        for head, cell in filled:
            if head:
                yield Text(head, "dim")
            yield Text(str(cell), style)


def _widths(column: Column) -> tuple[int, int]:
    """Return (the least width, that of the whole on one line) of a column."""
    lines = [line for cell in (column.header, *column.cells) for line in str(cell).split("\n")]
    most = max(Text(line).cell_len for line in lines)
    if column.no_wrap:
        return most, most
    return max(_longest_word(column), min(most, _MIN_TEXT)), most


def _longest_word(column: Column) -> int:
    """Return the width of what cannot be folded in the cells of a column."""
    return max((Text(word).cell_len for cell in column.cells for word in str(cell).split()), default=0)


def _shared(least: list[int], most: list[int], room: int) -> list[int]:
    """Share what is left over among the columns that want more than the least, by what they want."""
    wanted = [whole - part for part, whole in zip(least, most, strict=True)]
    left = room - sum(least)
    share = min(1.0, left / sum(wanted)) if sum(wanted) else 0
    return [part + int(want * share) for part, want in zip(least, wanted, strict=True)]
