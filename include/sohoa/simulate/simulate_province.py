"""From a seed to a folder: plan what happens in a province, write what would arrive, write what is true."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from threading import current_thread, main_thread
from typing import Any

import cv2
import pyarrow as pa
import pyarrow.csv as pacsv

from sohoa import layout
from sohoa.errors import InputError
from sohoa.registry import ministry_systems
from sohoa.simulate.arrays import day_array
from sohoa.simulate.batch_manifests import Batch, FileFacts, gather_batches, manifest
from sohoa.simulate.draw_scans import draw_scan, file_names
from sohoa.simulate.judged_rows import write_judged_rows
from sohoa.simulate.lateness_truth import lateness_rows
from sohoa.simulate.ministry_feeds import write_ministries
from sohoa.simulate.offices import Offices, choose_offices
from sohoa.simulate.page_truth import pages_table
from sohoa.simulate.plan_documents import Documents, plan_documents
from sohoa.simulate.plan_dossiers import TAIL_DAYS, Dossiers, plan_dossiers
from sohoa.simulate.plan_levels import ACCEPTED
from sohoa.simulate.plan_scans import Scan, plan_scans
from sohoa.simulate.portal_feed import STORED_LINK, write_portal
from sohoa.simulate.province_truth import Province, backlog_rows, progress_rows, reconciliation_rows
from sohoa.simulate.register_feed import write_register
from sohoa.simulate.seeded_draws import generator
from sohoa.simulate.small_feeds import write_small_feeds

MARK = "simulated.json"
TRUTH = "truth"
TOLERANCE, ATTEMPTS = 0.02, 8
PAGES_PER_DOSSIER = 2.2  # to begin with

Report = Callable[[int, int], None]


@dataclass(frozen=True)
class Plan:
    """All that happens in a province."""

    offices: Offices
    dossiers: Dossiers
    documents: Documents

    @property
    def pages(self) -> int:
        """Pages scanned, second scans too."""
        return int(self.documents.images.sum())


@dataclass(frozen=True)
class Truth:
    """What is true of a simulated province; each table is also a CSV file in ``truth/`` of its folder.

    See ``province_truth``, ``lateness_truth`` and ``page_truth`` for the columns.
    """

    progress: pa.Table
    reconciliation: pa.Table
    backlog: pa.Table
    lateness: pa.Table
    """At the end of the last day, 60 days after the last dossier day."""
    lateness_before: pa.Table
    """Halfway through the dossier days."""
    pages: pa.Table
    """Empty where there are no images."""


def simulate(
    out: Path,
    *,
    start: date,
    end: date,
    seed: int,
    agencies: int | None = None,
    pages_per_day: int | None = None,
    dossiers: int | None = None,
    report: Report | None = None,
    workers: int | None = None,
) -> Truth:
    """Write a province under ``out``; the same arguments give the same bytes.

    ``feeds/`` is as in its bucket. What was scanned is either drawn: batches and manifests in ``landing/``; or judged
    without images: ``documents``, ``batches`` and ``reviews`` in ``warehouse/``, one object per scan day.

    Args:
        out: a new or empty folder, or one that an earlier run made, which is replaced.
        start: first dossier day.
        end: last dossier day; results, second scans and changes follow for 60 days more.
        seed: other seeds give other provinces.
        agencies: how many take part; by default all that the registry knows, each in its time.
        pages_per_day: pages drawn, by all agencies together, on an average dossier day (within 20 %).
        dossiers: how many dossiers to make without images, in place of ``pages_per_day``.
        report: called with (pages drawn, pages in all).
        workers: processes that draw; by default one per core.

    Raises:
        InputError: an argument cannot be used, or ``out`` holds something else.
    """
    if end < start or (pages_per_day is None) == (dossiers is None) or (pages_per_day or dossiers or 0) < 1:
        raise InputError("--to must not be before --from; --pages-per-day or --dossiers must be at least 1")
    arguments = {"agencies": agencies, "from": f"{start}", "to": f"{end}", "seed": seed}
    if pages_per_day is not None:
        plan = plan_pages(agencies, start, end, pages_per_day, seed)
        _clear(out, arguments | {"pages_per_day": pages_per_day})
        scans = plan_scans(plan.offices, plan.documents, generator(seed, "scans"))
        _write_landing(out / layout.LANDING, scans, seed, report, workers)
    else:
        plan = plan_province(agencies, start, end, dossiers or 0, seed)
        _clear(out, arguments | {"dossiers": dossiers})
        scans = []
        write_judged_rows(out / layout.WAREHOUSE, plan.offices, plan.documents, generator(seed, "judged rows"))
    truth = _truth(_write_feeds(out, plan, start, end, seed), scans, start, end)
    for name, table in vars(truth).items():
        _write_csv(out / TRUTH / f"{name}.csv", table)
    return truth


def plan_province(
    agencies: int | None, start: date, end: date, dossiers: int, seed: int, has_waivers: bool = True
) -> Plan:
    """Plan all that happens; people's decisions only where no images are drawn."""
    offices, days = choose_offices(agencies, start, end, seed), day_array(start, end)
    planned = plan_dossiers(offices, days, dossiers, generator(seed, "dossiers"))
    documents = plan_documents(offices, planned, days[-1] + TAIL_DAYS, has_waivers, generator(seed, "documents"))
    return Plan(offices, planned, documents)


def plan_pages(agencies: int | None, start: date, end: date, pages_per_day: int, seed: int) -> Plan:
    """Plan as many dossiers as it takes for the pages asked for."""
    wanted = pages_per_day * ((end - start).days + 1)
    count, plans = max(1, round(wanted / PAGES_PER_DOSSIER)), []
    for _ in range(ATTEMPTS):
        plans.append(plan_province(agencies, start, end, count, seed, has_waivers=False))
        if abs(plans[-1].pages - wanted) <= TOLERANCE * wanted:
            break
        count = max(1, round(count * wanted / max(1, plans[-1].pages)))
    return min(plans, key=lambda plan: abs(plan.pages - wanted))


def _clear(out: Path, arguments: dict[str, Any]) -> None:
    """An empty ``out`` with the mark of this program in it."""
    mark = out / MARK
    if out.exists() and any(out.iterdir()) and not mark.exists():
        raise InputError(f"{out} holds something else; give a new folder")
    _write(mark, json.dumps(arguments).encode())
    for part in (layout.LANDING, layout.FEEDS, layout.WAREHOUSE, TRUTH):
        if (out / part).exists():
            shutil.rmtree(out / part)


def _write_feeds(out: Path, plan: Plan, start: date, end: date, seed: int) -> Province:
    """Write every feed, and the object that links of the portal lead to."""
    feeds, offices, dossiers, documents = out / layout.FEEDS, plan.offices, plan.dossiers, plan.documents
    register = write_register(feeds, offices, dossiers, generator(seed, "register"))
    has_component = documents.counts("component", len(dossiers))[:, ACCEPTED] > 0
    portal = write_portal(feeds, offices, dossiers, register.spelling, has_component, generator(seed, "portal"))
    systems = tuple(dict.fromkeys(system.system for system in ministry_systems()))
    ministry = write_ministries(feeds, offices, systems, dossiers, portal.messages, generator(seed, "ministry"))
    days, rng = day_array(start, end), generator(seed, "small feeds")
    targets = write_small_feeds(feeds, offices, days, dossiers.codes.day, rng)
    _write(out / STORED_LINK, b"%PDF-1.4")
    return Province(offices, dossiers, register, documents, portal, ministry, targets)


def _truth(province: Province, scans: list[Scan], start: date, end: date) -> Truth:
    halfway, last = start + (end - start + timedelta(1)) // 2, end + timedelta(TAIL_DAYS)
    return Truth(
        progress=progress_rows(province),
        reconciliation=reconciliation_rows(province),
        backlog=backlog_rows(province),
        lateness=lateness_rows(province.offices, province.dossiers, last),
        lateness_before=lateness_rows(province.offices, province.dossiers, halfway),
        pages=pages_table(scans),
    )


def _write_landing(landing: Path, scans: list[Scan], seed: int, report: Report | None, workers: int | None) -> None:
    """Draw the scans, then commit each batch by its manifest."""
    batches = gather_batches(scans)
    files = _write_scans(landing, batches, sum(scan.images for scan in scans), report, workers)
    for batch in batches:
        text = json.dumps(manifest(batch, files, seed), ensure_ascii=False, indent=1)
        _write(landing / layout.inbox_key(batch.office.agency.code, batch.id), text.encode())


def _write_scans(
    landing: Path, batches: Sequence[Batch], total: int, report: Report | None, workers: int | None
) -> dict[str, Sequence[FileFacts]]:
    """Draw and write the files of all scans; full id -> its files."""
    jobs = [
        (landing / layout.batch_prefix(batch.office.agency.code, batch.scan_date, batch.id), scan)
        for batch in batches
        for scan in batch.scans
    ]
    files: dict[str, Sequence[FileFacts]] = {}
    done = 0
    for (_, scan), facts in zip(jobs, _work(jobs, workers or os.cpu_count() or 1), strict=True):
        files[scan.full_id] = facts
        done += scan.images
        if report is not None:
            report(done, total)
    return files


def _work(jobs: list[tuple[Path, Scan]], workers: int) -> Iterator[tuple[FileFacts, ...]]:
    if workers == 1 or not jobs:
        yield from map(_write_scan, jobs)
        return
    # spawned, not forked: the caller may have threads (a progress bar)
    with ProcessPoolExecutor(workers, get_context("spawn"), initializer=partial(cv2.setNumThreads, 1)) as pool:
        with without_ctrl_c():
            written = pool.map(_write_scan, jobs, chunksize=8)
        yield from written


@contextmanager
def without_ctrl_c() -> Iterator[None]:
    """Start processes that Ctrl-C does not reach: it is for this one, which ends them."""
    if current_thread() is not main_thread():  # only the main one may say what a signal does
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _write_scan(job: tuple[Path, Scan]) -> tuple[FileFacts, ...]:
    folder, scan = job
    facts = []
    for name, data in zip(file_names(scan), draw_scan(scan), strict=True):
        _write(folder / name, data)
        facts.append(FileFacts(name, hashlib.sha256(data).hexdigest(), len(data)))
    return tuple(facts)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _write_csv(path: Path, table: pa.Table) -> None:
    """Write a header without quotes, then the rows."""
    _write(path, (",".join(table.column_names) + "\n").encode())
    with path.open("ab") as file:
        pacsv.write_csv(table, file, pacsv.WriteOptions(include_header=False, quoting_style="none"))
