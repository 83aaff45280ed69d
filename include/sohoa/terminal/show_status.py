"""The morning's one look, on a terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich.text import Text

from sohoa.steering.morning_status import Line
from sohoa.terminal.grid import Grid


def status_table(lines: list[Line], versions: Mapping[str, str]) -> Grid:
    """Make a row for each thing to know, in red and with a mark where it wants a person."""
    table = Grid()
    table.show_header = False
    table.keys("")
    table.text("")
    shown = ""
    for line in lines:
        topic = line.topic if line.topic != shown else ""
        shown = line.topic
        mark, style = ("!", "red") if line.wants_person else (" ", "")
        table.row(f"{mark} {topic}", line.text, style=style)
    table.row("  versions", ", ".join(f"{name} {number}" for name, number in versions.items()))
    return table


def wanting_line(lines: list[Line]) -> Text:
    """Say how many of them want a person."""
    wanting = sum(line.wants_person for line in lines)
    if wanting:
        return Text(f"Wants a person: {wanting} above, marked !", "red")
    return Text("Nothing wants a person.", "green")
