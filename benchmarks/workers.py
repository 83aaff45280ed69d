"""Pages a second of the measuring tasks with one Celery worker and with two, and what that makes of the whole day.

``python -m benchmarks.workers [--agencies 100] [--shard-files 50]`` starts the profile ``production`` with one worker,
sends a day of batches (10 pages of A4 at 200 dpi each) and has Airflow check and summarise it; then the same with two.
Each worker is pinned to a core of its own and runs one task at a time; all other processes go where they like. It
wants a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import dataclass
from datetime import datetime

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.day import PAGES, send_day
from benchmarks.own_production import PATIENCE_S, copy_project, own_home, prepared, wait_until_quiet
from sohoa import stack
from sohoa.errors import StackError
from sohoa.settings import Settings
from sohoa.stack import production
from sohoa.stack.airflow_client import AirflowClient
from sohoa.store import Store
from tests.batch_builder import page_jpeg
from tests.servers import empty_buckets

_COUNTS = (1, 2)
_DAG, _MEASURING = "check_scan_batches", "measure_shard"


@dataclass
class Day:
    """What a day took with so many workers."""

    workers: int
    pages: int
    tasks: int
    measuring_s: float
    """From the start of the first measuring task to the end of the last."""
    all_s: float


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Measuring with one Celery worker and with two.")
    parser.add_argument("--agencies", type=int, default=100, help="batches of 10 pages")
    parser.add_argument("--shard-files", type=int, default=50, help="pages of one measuring task")
    options = parser.parse_args()
    days = [_day(count, options.agencies, options.shard_files) for count in _COUNTS]
    Console().print(_table(days))
    print(f"load of the last minutes: {' '.join(f'{load:.1f}' for load in os.getloadavg())} on {os.cpu_count()} cores")


def _day(workers: int, agencies: int, shard_files: int) -> Day:
    """A day in a stack of its own with so many workers."""
    with own_home({"shard_files": shard_files}) as folder:
        copy_project(folder / "project", {})
        options = {"WORKERS": workers, "WORKER_CONCURRENCY": 1, "MEASURE_SLOTS": workers}
        with prepared(options) as settings:
            stack.up(settings, "all", print, stack.PRODUCTION)
            _pin(settings)
            return _run(Store(settings), stack.airflow_client(settings), workers, agencies)


def _pin(settings: Settings) -> None:
    """Give each worker and what it starts a core of its own."""
    names = sorted(one.name for one in production.running(settings) if one.name.startswith("worker-"))
    pids = {one.name: one.pid for one in production.running(settings)}
    for core, name in enumerate(names):
        worker = psutil.Process(pids[name])
        for process in (worker, *worker.children(recursive=True)):
            process.cpu_affinity([core])


def _run(store: Store, client: AirflowClient, workers: int, agencies: int) -> Day:
    empty_buckets(store)
    drawn = [page_jpeg(seed) for seed in range(PAGES)]
    send_day(store, agencies, lambda _, page: drawn[page])
    began = time.perf_counter()
    run = client.trigger(_DAG)
    if (state := client.wait_for(_DAG, run, PATIENCE_S)) != "success":
        raise StackError(f"{_DAG} {run} ended {state}")
    wait_until_quiet(client)
    all_s = time.perf_counter() - began
    spans = _spans(client, run)
    measuring = max(end for _, end in spans) - min(start for start, _ in spans)
    return Day(workers, len(store.read_table("pages")), len(spans), measuring.total_seconds(), all_s)


def _spans(client: AirflowClient, run: str) -> list[tuple[datetime, datetime]]:
    """When each measuring task began and ended."""
    answer = client.call("GET", f"/dags/{_DAG}/dagRuns/{run}/taskInstances?task_id={_MEASURING}&limit=1000")
    found = [one for one in answer["task_instances"] if one["task_id"] == _MEASURING]
    return [(datetime.fromisoformat(one["start_date"]), datetime.fromisoformat(one["end_date"])) for one in found]


def _table(days: list[Day]) -> Table:
    first = days[0]
    columns = ("workers", "pages", "tasks", "measuring s", "pages/s", "times", "whole day s", "times")
    table = Table(*columns, title="Measuring by Celery workers, each on a core of its own")
    for day in days:
        rate, of_one = day.pages / day.measuring_s, first.pages / first.measuring_s
        measured = (f"{day.measuring_s:.1f}", f"{rate:.1f}", f"{rate / of_one:.2f}")
        table.add_row(
            *map(str, (day.workers, day.pages, day.tasks)),
            *measured,
            f"{day.all_s:.1f}",
            f"{first.all_s / day.all_s:.2f}",
        )
    return table


if __name__ == "__main__":
    main()
