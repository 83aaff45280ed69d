"""The morning's one look, on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.text import Text

from sohoa.clean_text import clean
from sohoa.steering.morning_status import Line


def status_lines(lines: list[Line], versions: Mapping[str, str]) -> Iterator[Text]:
    """A line for each thing to know, in red and with a mark where it wants a person; at the end how many do."""
    width = max(len(line.topic) for line in lines)
    shown = ""
    for line in lines:
        topic = line.topic if line.topic != shown else ""
        shown = line.topic
        mark, style = ("!", "red") if line.wants_person else (" ", "")
        yield Text(f"{mark} {topic:{width}}  {clean(line.text)}", style)
    yield Text(f"  {'versions':{width}}  " + ", ".join(f"{name} {number}" for name, number in versions.items()))
    wanting = sum(line.wants_person for line in lines)
    if wanting:
        yield Text(f"Wants a person: {wanting} above, marked !", "red")
    else:
        yield Text("Nothing wants a person.", "green")
