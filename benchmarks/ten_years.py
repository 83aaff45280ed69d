"""Ten years of a province: what each job, query and page costs in year ten against year one.

``python -m benchmarks.ten_years [--agencies 9] [--dossiers 3000] [--years 10]`` simulates a year, counts it and puts
documents, batches and decisions apart, one object a batch, as checks and people write them. It takes what each piece of
work costs. Then the year's dated objects are copied to the years before, so that the same last days stand at the end of
ten years, and the same is taken again. Nothing else differs: what costs more looks at history.

Jobs and queries run in this process, best of two; pages in a server of their own, whose tables an earlier one has kept
on this machine. CPU of the store is told apart. A row that costs more by half and by more than ``_FREE_MS`` is marked.
Upkeep that changes the store as it goes, merging, retention and reading back, takes so many objects a run and is not
among them.
"""

from __future__ import annotations

import argparse
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.own_store import own_store, store_cpu
from benchmarks.web_pages import open_page
from benchmarks.web_year import put_apart
from benchmarks.year import END, START, copy_year, redo_day
from sohoa import jobs, layout
from sohoa.days import Week, each_day
from sohoa.jobs.query_tables import run_query
from sohoa.report.build_report import build_report
from sohoa.simulate import simulate
from sohoa.steering.unscanned_months import keep_months
from sohoa.store import Store
from tests.province.report_province import scan_documents
from tests.province.upload_province import upload_province

_LATE_DAYS = (date(2025, 3, 3), date(2025, 3, 4), date(2025, 3, 5), date(2025, 3, 6))
"""Each round redoes two of them: one to warm up."""
_TRIES = 2
_FREE_MS, _MOST_RATIO = 50.0, 1.5
_QUERIES = {
    "rate of each unit, a month": "SELECT unit_code, sum(numerator), sum(denominator) FROM progress_daily "
    "WHERE dossier_date BETWEEN DATE '2025-07-01' AND DATE '2025-07-31' GROUP BY 1",
    "defects of each agency, a month": "SELECT agency, defect, sum(pages_bad), sum(pages_judged) FROM quality_daily "
    "WHERE scan_date BETWEEN DATE '2025-07-01' AND DATE '2025-07-31' GROUP BY 1, 2",
    "a unit's rate, all years": "SELECT year(dossier_date), sum(numerator), sum(denominator) FROM progress_daily "
    "WHERE unit_code = '20' GROUP BY 1",
}
_PAGES = (
    f"/progress?start={START}&end={END}",
    f"/progress?start={END - timedelta(30)}&end={END}",
    f"/quality?start={END - timedelta(30)}&end={END}",
    f"/reconciliation?start={END - timedelta(30)}&end={END}",
    "/batches",
    "/batches?q=H37.60",
    "/decisions",
    "/audit",
)
_LAST_SCANS = timedelta(60)


@dataclass(frozen=True)
class Cost:
    """CPU milliseconds of who works, and of the store."""

    own: float
    store: float


Costs = dict[str, Cost]


def main() -> None:
    """Make the year, take the costs, make ten of it, take them again."""
    parser = argparse.ArgumentParser(description="Ten years of a province against one.")
    parser.add_argument("--agencies", type=int, default=9, help="nine outlived the merger of 2025")
    parser.add_argument("--dossiers", type=int, default=3_000, help="of a year")
    parser.add_argument("--years", type=int, default=10)
    options = parser.parse_args()
    with TemporaryDirectory() as name, own_store() as store:
        folder = Path(name)
        _fill(store, folder / "year", options.agencies, options.dossiers)
        before, one = _objects(store), _take(store, folder / "one", 0)
        copy_year(store, options.years)
        ten = _take(store, folder / "ten", 2)
        objects = f"{before:,} objects in one year, {_objects(store):,} in {options.years}"
    Console(width=130).print(_table(one, ten, options.years))
    print(
        f"{options.agencies} agencies, {options.dossiers:,} dossiers a year; {objects}; load {os.getloadavg()[2]:.1f}"
    )


def _fill(store: Store, folder: Path, agencies: int, dossiers: int) -> None:
    """A year with the rows of its pages, counted, one object a batch."""
    simulate(folder, start=START, end=END, agencies=agencies, dossiers=dossiers, seed=1)
    rng = np.random.default_rng(1)
    for day in each_day(START, END + _LAST_SCANS):
        scan_documents(folder / layout.WAREHOUSE, day, rng)
    upload_province(folder, store)
    shutil.rmtree(folder)
    for job in (jobs.import_all, jobs.summarise, jobs.reconcile):
        assert job()["problems"] == [], job
    for table in ("pages", "documents", "batches", "reviews"):
        found = store.list_folders(layout.WAREHOUSE, layout.table_prefix(table))
        store.each(partial(put_apart, store, table), sorted(map(layout.table_day, found)))


def _take(store: Store, home: Path, first: int) -> Costs:
    """What everything costs now; the late days from ``first`` on are still to be redone."""
    redo_day(store, _LATE_DAYS[first])
    late = redo_day(store, _LATE_DAYS[first + 1])
    found = {f"job: {name}, a late day": Cost(1000 * cpu, 0.0) for name, cpu in late.jobs.items()}
    found["job: these three, of the store"] = Cost(0.0, 1000 * late.store)
    for name, work in _works(store).items():
        found[name] = _cost(store, work)
    for address in _PAGES:
        open_page(str(home), address)
        opened = open_page(str(home), address)
        found[f"page: {address}, after a restart"] = Cost(1000 * opened.first_cpu, 0.0)
        found[f"page: {address}, warm"] = Cost(1000 * opened.warm_cpu, 0.0)
    return found


def _works(store: Store) -> dict[str, Callable[[], object]]:
    """Jobs that find nothing new, the report, queries."""
    return {
        "job: check, empty inbox": jobs.discover_batches,
        "job: import of 60 days, nothing new": partial(jobs.import_all, (END + timedelta(1)).isoformat()),
        "job: import of all files, nothing new": jobs.import_all,
        "job: summarise, nothing waits": jobs.summarise,
        "job: reconcile, nothing waits": jobs.reconcile,
        "job: incidents of scanners": jobs.update_incidents,
        "job: samples to look at": jobs.draw_samples,
        "job: report of a week": partial(_report, store),
        **{f"query: {name}": partial(run_query, store, text) for name, text in _QUERIES.items()},
    }


def _report(store: Store) -> None:
    """What the weekly job does before it writes anything."""
    keep_months(store)
    build_report(store, Week.of(END).name)


def _cost(store: Store, work: Callable[[], object]) -> Cost:
    """The least of some calls."""
    found = []
    for _ in range(_TRIES):
        served, start = store_cpu(store), time.process_time()
        work()
        found.append(Cost(1000 * (time.process_time() - start), 1000 * (store_cpu(store) - served)))
    return min(found, key=lambda cost: cost.own)


def _objects(store: Store) -> int:
    return sum(1 for bucket in (layout.FEEDS, layout.WAREHOUSE) for _ in store.list_objects(bucket, ""))


def _table(one: Costs, ten: Costs, years: int) -> Table:
    title = f"CPU ms of who works (+ of the store), in year {years} against year one"
    table = Table("work", "year one", f"year {years}", "ratio", "", title=title)
    for name, first in one.items():
        last = ten[name]
        ratio, more = last.own / max(first.own, 1.0), last.own - first.own
        told = "GROWS" if ratio > _MOST_RATIO and more > _FREE_MS else ""
        costs = (f"{cost.own:,.0f} + {cost.store:,.0f}" for cost in (first, last))
        table.add_row(name, *costs, f"{ratio:.2f}", told)
    return table


if __name__ == "__main__":
    main()
