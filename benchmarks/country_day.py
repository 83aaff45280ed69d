"""A day of the whole country through planner and summaries on this machine: what each costs at so many provinces.

``python -m benchmarks.country_day [--provinces 34] [--dossiers 820]`` sends that many batches of each of the 231
agencies, one page each, and takes what the tasks before measuring cost: discovering, admitting, cutting into shards.
Then it simulates a day of as many times ``--dossiers`` (300,000 a year are 820 a day) with judged documents and runs
the import, the summaries and the reconciliation in processes of their own. The registry stays that of one province, so
that units are as many as ever: rows, batches and objects are the country's. Measuring is not part of it: its cost is a
page's, wherever it runs.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.child import Cost, peak_mb, run_child
from benchmarks.own_store import own_store, store_cpu
from sohoa import jobs, registry
from sohoa.settings import PREFIX
from sohoa.simulate import simulate
from sohoa.store import Store
from tests.batch_builder import DAY, commit, document, manifest, page_jpeg, put_files
from tests.province.upload_province import upload_province

_DOSSIER_DAY = date(2025, 3, 3)
_STEPS = ("import_all", "summarise", "reconcile")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="A day of the country through planner and summaries.")
    parser.add_argument("--provinces", type=int, default=34)
    parser.add_argument("--dossiers", type=int, default=820, help="of a province's day")
    options = parser.parse_args()
    with TemporaryDirectory() as name, own_store() as store:
        os.environ[f"{PREFIX}SHARE_BATCHES"] = str(options.provinces)
        batches = _send(store, options.provinces)
        served = store_cpu(store)
        costs = _plan()
        served_planner = store_cpu(store) - served
        dossiers = options.provinces * options.dossiers
        simulate(Path(name) / "day", start=_DOSSIER_DAY, end=_DOSSIER_DAY, dossiers=dossiers, seed=1)
        upload_province(Path(name) / "day", store)
        served = store_cpu(store)
        costs |= {step: run_child(f"sohoa.jobs:{step}") for step in _STEPS}
        served_summaries = store_cpu(store) - served
        rows = len(store.read_table("dossiers"))
    title = f"{options.provinces} provinces: {batches:,} batches planned, {rows:,} dossiers counted"
    table = Table("step", "CPU s", "clock s", "peak MB", title=title)
    for step, cost in costs.items():
        table.add_row(step, f"{cost.cpu:.1f}", f"{cost.wall:.0f}", f"{cost.peak:.0f}")
    Console().print(table)
    print(f"the store took {served_planner:.1f} CPU s for the planner, {served_summaries:.1f} for the rest")
    print(f"the load of this machine was {os.getloadavg()[2]:.1f} on {os.cpu_count()} cores")


def _send(store: Store, provinces: int) -> int:
    """One batch of each agency for each province."""
    page = {"0.jpg": page_jpeg(1)}
    codes = [agency.code for agency in registry.agencies() if agency.works_on(DAY)]
    sent = [(code, number) for code in codes for number in range(1, provinces + 1)]
    store.each(lambda one: _send_batch(store, one[0], one[1], page), sent)
    return len(sent)


def _send_batch(store: Store, code: str, number: int, page: dict[str, bytes]) -> None:
    body = manifest([document(f"{code}-D{number}", page)], number, code)
    put_files(store, body["batch"], page, code)
    commit(store, body, agency=code)


def _plan() -> dict[str, Cost]:
    """The tasks before measuring, one after another."""
    costs: dict[str, Cost] = {}

    def taken(step: str, task: Callable[..., Any], *arguments: Any) -> Any:
        cpu, wall = time.process_time(), time.perf_counter()
        found = task(*arguments)
        costs[step] = Cost(time.process_time() - cpu, time.perf_counter() - wall, peak_mb())
        return found

    work = taken("discover", jobs.discover_batches)["work"]
    taken("admit", jobs.admit_batches, work)
    shards = taken("plan", jobs.plan_shards, work)
    print(f"{len(shards)} shards")
    return costs


if __name__ == "__main__":
    main()
