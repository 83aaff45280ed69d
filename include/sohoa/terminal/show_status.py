"""The morning's one look, on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.text import Text

from sohoa.steering.morning_status import Line
from sohoa.terminal.grid import Grid

if TYPE_CHECKING:
    from sohoa.steering.diagnose import Finding


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


def findings_table(found: list[Finding], versions: Mapping[str, str]) -> Grid:
    """Make a row for each thing that was looked at; under what is wrong, what to do."""
    table = Grid()
    table.show_header = False
    table.keys("")
    table.text("")
    for one in found:
        mark, style = (" ", "") if one.state == "well" else ("!", "red")
        table.row(f"{mark} {one.topic}", one.text + (f" -> {one.advice}" if one.advice else ""), style=style)
    table.row("  versions", ", ".join(f"{name} {number}" for name, number in versions.items()))
    return table


def wrong_line(found: list[Finding]) -> Text:
    """Say how many things are wrong."""
    wrong = sum(one.state != "well" for one in found)
    if wrong:
        return Text(f"{wrong} of {len(found)} want a person: marked !, each with what to do.", "red")
    return Text(f"All {len(found)} are in order.", "green")
