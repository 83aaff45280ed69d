"""A day of all agencies under a real Airflow, from the inbox to receipts and summaries: where its seconds go.

``python -m benchmarks.airflow_day [--agencies 231] [--pages 10] [--measuring-ms 20.5]`` starts the embedded store and
Airflow in a home of their own. Each agency sends a batch of so many drawn A4 pages at 200 dpi (130 of each are 30,000
pages); ``check_scan_batches`` is asked for once and wakes ``summarise_progress``. It prints, task by task, the seconds
on the clock and the CPU seconds of its process and of all below it, decoders too, as seen four times a second; the
servers' own CPU; and the minutes from the request to the receipts, and until nothing waits to be summarised.

``--measuring-ms`` is the CPU time that measuring a page of this day took at 7a79f9f, in one process and without its
guard: everything but measuring is held against a quarter of that.
"""

from __future__ import annotations

import argparse
import os
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.day import PAGES, send_day
from benchmarks.own_stack import own_stack
from benchmarks.timing import beside
from sohoa import layout, stack
from sohoa.demo.watch_runs import Watch
from sohoa.stack import airflow_server, seaweed
from sohoa.stack.airflow_client import AirflowClient
from sohoa.stack.processes import Server
from sohoa.store import Store
from tests.batch_builder import page_jpeg

DAGS = ("check_scan_batches", "summarise_progress")
MEASURING = "measure_shard"
_SIGN = "airflow worker -- "
_LOOK_S = 0.25
_SHARE = 0.25


@dataclass
class Watched:
    """CPU seconds that were seen: of each task's process on this machine, by its id; of Airflow; of the store."""

    tasks: dict[str, float] = field(default_factory=dict)
    airflow: float = 0.0
    """All of it, tasks too."""
    store: float = 0.0


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="A day of all agencies under a real Airflow.")
    parser.add_argument("--agencies", type=int, default=231)
    parser.add_argument("--pages", type=int, default=PAGES, help="of a batch")
    parser.add_argument("--measuring-ms", type=float, default=20.5)
    options = parser.parse_args()
    with own_stack({}, {"SPACE_WARN_PERCENT": 100, "SPACE_STOP_PERCENT": 100}) as store:
        drawn = [page_jpeg(seed) for seed in range(options.pages)]
        send_day(store, options.agencies, lambda _, page: drawn[page], options.pages)
        client = stack.airflow_client(store.settings)
        watch, watched = Watch(store.settings, client, store, lambda _: None), Watched()
        with _watching(store, watched):
            began = time.monotonic()
            watch.run("check_scan_batches")
            checked = time.monotonic() - began
            watch.wait_until_empty("summarise_progress", layout.PENDING)
            summarised = time.monotonic() - began
        pages = sum(len(store.read_table("pages", [day])) for day in _days(store))
        batches = sum(1 for _ in store.list_objects(layout.WAREHOUSE, layout.table_prefix("batches")))
        tries = [one for dag in DAGS for one in _tries(client, dag)]
        cpu, wall = defaultdict[str, float](float), defaultdict[str, float](float)
        for one in tries:
            cpu[one["task_id"]] += watched.tasks.get(one["id"], 0.0)
            wall[one["task_id"]] += one["duration"] or 0.0
        Console().print(_table(cpu, wall, tries, pages))
        rest = sum(cpu.values()) - cpu[MEASURING]
        most = _SHARE * options.measuring_ms * pages / 1000
        print(f"{batches} batches, {pages} pages")
        print(
            f"minutes until all receipts are there: {checked / 60:.1f}, until all is summarised: {summarised / 60:.1f}"
        )
        print(f"tasks, all but measuring: {rest:.1f} CPU s; a quarter of measuring at 7a79f9f: {most:.1f} CPU s")
        print(f"beside tasks: Airflow {watched.airflow - sum(cpu.values()):.1f} CPU s, store {watched.store:.1f} CPU s")
        print(f"the load of this machine was {os.getloadavg()[2]:.1f} on {os.cpu_count()} cores")


def _days(store: Store) -> set[Any]:
    return set(map(layout.table_day, store.list_folders(layout.WAREHOUSE, layout.table_prefix("pages"))))


def _tries(client: AirflowClient, dag: str) -> Iterator[dict[str, Any]]:
    """The task instances of every run of a DAG, in the order in which they began."""
    found = [
        one
        for run in client.runs(dag)
        for one in client.call("GET", f"/dags/{dag}/dagRuns/{run}/taskInstances?limit=100")["task_instances"]
        if one["start_date"]
    ]
    yield from sorted(found, key=lambda one: datetime.fromisoformat(one["start_date"]))


@contextmanager
def _watching(store: Store, watched: Watched) -> Iterator[None]:
    """See what tasks and servers take until the block ends."""
    servers = airflow_server.servers(store.settings)
    before = (_spent(servers), _spent([seaweed.server(store.settings)]))
    try:
        with beside(partial(_look_on, watched)):
            yield
    finally:
        watched.airflow = _spent(servers) - before[0]
        watched.store = _spent([seaweed.server(store.settings)]) - before[1]


def _spent(servers: Iterable[Server]) -> float:
    """CPU seconds of servers, of what runs below them and of what has ended there."""
    return sum(_of(process.cpu_times()) for server in servers for process in server.processes())


def _look_on(watched: Watched, over: threading.Event) -> None:
    while not over.wait(_LOOK_S):
        for process in psutil.process_iter(["cmdline"]):
            title = " ".join(process.info["cmdline"] or ())
            if _SIGN in title:
                name = title.rpartition(_SIGN)[2].strip()
                watched.tasks[name] = max(watched.tasks.get(name, 0.0), _tree(process))


def _tree(process: psutil.Process) -> float:
    """CPU seconds of a process and all below it, as far as they still live or were waited for."""
    try:
        return sum(_of(one.cpu_times()) for one in (process, *process.children(recursive=True)))
    except psutil.Error:  # one of them has just ended
        return 0.0


def _of(times: Any) -> float:
    """CPU seconds of a process and of its children that ended."""
    return float(times.user + times.system + times.children_user + times.children_system)


def _table(cpu: Mapping[str, float], wall: Mapping[str, float], tries: list[dict[str, Any]], pages: int) -> Table:
    counts, all_of = Counter(one["task_id"] for one in tries), sum(cpu.values())
    table = Table(
        "task", "tries", "s", "CPU s", "share", "CPU ms a page", title=f"{pages} pages under Airflow, by task"
    )
    for task in dict.fromkeys(one["task_id"] for one in tries):
        share, each = 100 * cpu[task] / all_of, 1000 * cpu[task] / pages
        table.add_row(task, str(counts[task]), f"{wall[task]:.1f}", f"{cpu[task]:.1f}", f"{share:.0f} %", f"{each:.1f}")
    table.add_row(
        "all", str(len(tries)), f"{sum(wall.values()):.1f}", f"{all_of:.1f}", "", f"{1000 * all_of / pages:.1f}"
    )
    return table


if __name__ == "__main__":
    main()
