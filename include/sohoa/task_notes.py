"""What a task has to say of itself when it ends: counts by name, and the batches that it wrote.

A task of Airflow is one process and does one thing, so what is noted in this process is of that task alone. The DAGs
note, the listener in ``plugins/`` writes it to the table ``events``; on the command line nobody reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from sohoa.labels import label_vi

LINE = 60
"""Characters that stand in one line of Airflow's log, beside time and event, without being cut."""

_told: list[str] = []
_counts: dict[str, Any] = {}
_batches: list[str] = []
_NOT_TOLD = {"work", "problems"}
"""A name that only the next task needs; what the last task of each job says by itself."""


def note_done(counts: Mapping[str, Any]) -> list[str]:
    """Note what the task did, and return it in short lines."""
    _counts.update(counts)
    lines = describe_counts(counts)
    _told.extend(lines)
    return lines


def note_batches(batches: Iterable[tuple[date, str]]) -> None:
    """Note batches that the task wrote, each by its scan date and name."""
    _batches.extend(f"{day.isoformat()}/{batch}" for day, batch in batches)


def take_notes() -> tuple[str | None, list[str]]:
    """Return what was noted, in words, and the batches; both are forgotten then."""
    found = " · ".join(_told) or None, list(dict.fromkeys(_batches))
    _told.clear()
    _batches.clear()
    return found


def take_counts() -> dict[str, Any]:
    """Return the counts that were noted, by name, as they are; they are forgotten then."""
    found = dict(_counts)
    _counts.clear()
    return found


def describe_counts(counts: Mapping[str, Any]) -> list[str]:
    """Write counts in lines that fit beside a log's time: ``pages 744 · documents 300``, ``verdicts: accepted 298``.

    Zeros within a group and what is null or empty are left out; a defect stands under its Vietnamese name too.
    """
    told = {name: value for name, value in counts.items() if name not in _NOT_TOLD}
    plain = [text for name, value in told.items() if (text := _describe(name, value))]
    groups = [
        f"{_words(name)}: {line}"
        for name, value in told.items()
        if isinstance(value, Mapping)
        for line in _fill((f"{_named(name, key)} {count:,}" for key, count in value.items() if count), ", ")
    ]
    return [*_fill(plain, " · "), *groups]


def _fill(parts: Iterable[str], between: str) -> Iterator[str]:
    """Join parts to lines of about ``LINE`` characters."""
    line = ""
    for part in parts:
        if line and len(line) + len(between) + len(part) > LINE:
            yield line
            line = part
        else:
            line = f"{line}{between}{part}" if line else part
    if line:
        yield line


def _words(name: str) -> str:
    return name.replace("_", " ")


def _describe(name: str, value: Any) -> str:
    """A count of its own; empty for a group, a list, and what says nothing."""
    match value:
        case None | False | "" | Mapping() | list():
            return ""
        case True:
            return _words(name)
        case int():
            return f"{_words(name)} {value:,}"
        case _:
            return f"{_words(name)} {value}"


def _named(group: str, key: str) -> str:
    return f"{label_vi('defects', key)} ({key})" if group == "defects" else key
