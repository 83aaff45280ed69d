"""How each job ended last: one object a job, written as it ends, read by ``sohoa status``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypedDict

from sohoa import layout
from sohoa.settings import TIME_ZONE
from sohoa.store import Store
from sohoa.work import Job, Settled

MAX_NAMED = 3
"""Of those that wait for one thing."""


class LastRun(TypedDict):
    """How a job ended last."""

    job: Job
    ended_at: str
    """Local time, ISO."""
    settled: int
    """Markers, files or reports that it has done; 0 where there was nothing to do."""
    problems: list[str]
    """A line for each gate that stayed closed, and for each damaged object that something waits for."""


def problem_lines(problems: Mapping[str, list[str]], most: int | None = MAX_NAMED) -> list[str]:
    """Make a line for each problem, with the first of those that have it: a damaged object is told once.

    Args:
        problems: name of a batch, day or marker -> what is wrong with it.
        most: how many a line names; null for all.
    """
    names = dict[str, list[str]]()
    for name, lines in sorted(problems.items()):
        for line in lines:
            names.setdefault(line, []).append(name)
    return [f"{_first(found, most or len(found))}: {line}" for line, found in names.items()]


def _first(names: list[str], most: int) -> str:
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def note_end(store: Store, job: Job, settled: Settled) -> Settled:
    """Write down that a job has ended now, and how; returns what it is given."""
    run: LastRun = {"job": job, "ended_at": datetime.now(TIME_ZONE).isoformat(timespec="seconds"), **settled}
    store.put_json(layout.WAREHOUSE, layout.run_key(job), run)
    return settled


def note_nothing_to_do(store: Store, job: Job) -> None:
    """Write down that a job has looked now, and found nothing to do."""
    note_end(store, job, {"settled": 0, "problems": []})


def read_runs(store: Store) -> dict[str, LastRun]:
    """Read how each job ended last, by name; one that has never ended is absent."""
    keys = [info.key for info in store.list_objects(layout.WAREHOUSE, layout.RUNS)]
    nothing: LastRun | None = None
    runs = store.each(lambda key: store.find_json(layout.WAREHOUSE, key, nothing), keys)
    return {run["job"]: run for run in runs if run is not None}
