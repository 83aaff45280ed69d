"""What a task has to say of itself when it ends: counts by name, and the batches that it wrote.

A task of Airflow is one process and does one thing, so what is noted in this process is of that task alone. The DAGs
note, the listener in ``plugins/`` writes it to the table ``events``; on the command line nobody reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sohoa.labels import label_vi

_told: list[str] = []
_batches: list[str] = []
_NOT_TOLD = {"work", "problems"}
"""A name that only the next task needs; what the last task of each job says by itself."""


def note_done(counts: Mapping[str, Any]) -> str:
    """Note what the task did, and return it in words."""
    text = describe_counts(counts)
    if text:
        _told.append(text)
    return text


def note_batches(batches: Iterable[tuple[date, str]]) -> None:
    """Note batches that the task wrote, each by its scan date and name."""
    _batches.extend(f"{day.isoformat()}/{batch}" for day, batch in batches)


def take_notes() -> tuple[str | None, list[str]]:
    """Return what was noted, in words, and the batches; both are forgotten then."""
    found = " | ".join(_told) or None, list(dict.fromkeys(_batches))
    _told.clear()
    _batches.clear()
    return found


def describe_counts(counts: Mapping[str, Any]) -> str:
    """Write counts as ``pages 744 · documents 300 · verdicts: accepted 298, review 2``.

    Zeros within a group and what is null or empty are left out; a defect stands under its Vietnamese name too.
    """
    parts = [_describe(name, value) for name, value in counts.items() if name not in _NOT_TOLD]
    return " · ".join(filter(None, parts))


def _describe(name: str, value: Any) -> str:
    words = name.replace("_", " ")
    match value:
        case None | False | "":
            return ""
        case True:
            return words
        case int():
            return f"{words} {value:,}"
        case Mapping():
            found = [f"{_named(name, key)} {count:,}" for key, count in value.items() if count]
            return f"{words}: {', '.join(found)}" if found else ""
        case list():
            return ""
        case _:
            return f"{words} {value}"


def _named(group: str, key: str) -> str:
    return f"{label_vi('defects', key)} ({key})" if group == "defects" else key
