"""The lines of a replay as tables for a terminal, Vietnamese and English."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.text import Text

from sohoa.defects import DEFECTS
from sohoa.enums import REPLAY_SUBJECTS
from sohoa.format_value import day as format_day
from sohoa.format_value import number
from sohoa.labels import LABELS, Label, label_vi
from sohoa.registry import bearers, owner_name
from sohoa.steering.replay_limits import ALL, Line
from sohoa.terminal.grid import Grid

_WHOLE = {"pages", "documents", "rate"}


def tables(lines: Iterable[Line]) -> Iterator[Grid | Text]:
    """Make one table per subject; of defects and agencies only those that change, and how many do not."""
    by_subject: dict[str, list[Line]] = {subject: [] for subject in REPLAY_SUBJECTS}
    for line in lines:
        by_subject[line.subject].append(line)
    for subject, found in by_subject.items():
        if found:
            yield _table(subject, found)
            yield Text()


def _table(subject: str, lines: list[Line]) -> Grid | Text:
    shown = [line for line in lines if subject in _WHOLE or line.changed]
    caption = f"Không đổi · unchanged: {len(lines) - len(shown)}" if subject not in _WHOLE else None
    title = _both(LABELS["replay_subjects"][subject], " · ")
    if not shown:
        return Text.assemble((title, "bold"), "\n", (caption or "", "dim"))
    table = Grid(title, caption)
    table.text("")
    table.figures(*(_both(LABELS["replay_states"][state], "\n") for state in lines[0].before))
    if lines[0].changed is not None:
        table.figures("Đổi\nchanged")
    for line in shown:
        cells = [_cell(line.before[state], line.after[state]) for state in line.before]
        table.row(_label(line), *cells, *([] if line.changed is None else [number(line.changed)]))
    return table


def _label(line: Line) -> str:
    if line.name in DEFECTS:
        return f"{label_vi('defects', line.name)} · {line.name}"
    if line.valid_from is not None:
        name = owner_name(line.name, line.valid_from, line.valid_from)
        since = f" (từ {format_day(line.valid_from)})" if len(bearers(line.name)) > 1 else ""
        return f"{name}{since} · {line.name}"
    return "Tất cả · all" if line.name == ALL else line.name


def _cell(before: float | None, after: float | None) -> str:
    return number(before) if before == after else f"{number(before)} → {number(after)}"


def _both(label: Label, between: str) -> str:
    return f"{label.vi}{between}{label.en}"
