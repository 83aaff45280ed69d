"""From a seed to a folder: plan the events, make the scans, write what the agencies and the province would send."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2

from sohoa import layout
from sohoa.errors import InputError
from sohoa.simulate.batch_manifests import Batch, FileFacts, gather_batches, manifest
from sohoa.simulate.dossiers import TAIL_DAYS, Dossier, plan_dossiers
from sohoa.simulate.draw_scans import file_names, scan_document
from sohoa.simulate.offices import Office, choose_offices
from sohoa.simulate.page_truth import page_rows, progress_rows
from sohoa.simulate.plan_scans import Document, plan_documents
from sohoa.simulate.register import FIELDS, feed_files

MARK = "simulated.json"
TRUTH = "truth"
PAGES_HEADER = ("file", "page", "defect")
PROGRESS_HEADER = ("unit_code", "dossier_date", "definition", "stage", "numerator", "denominator")
TOLERANCE, ATTEMPTS = 0.02, 8

Report = Callable[[int, int], None]


@dataclass(frozen=True)
class Plan:
    """All events of a run."""

    offices: tuple[Office, ...]
    dossiers: list[Dossier]
    documents: list[Document]

    @property
    def pages(self) -> int:
        """Pages scanned, second scans too."""
        return sum(document.images for document in self.documents)


def simulate(
    out: Path,
    agencies: int,
    start: date,
    end: date,
    pages_per_day: int,
    seed: int,
    report: Report,
    workers: int | None = None,
) -> None:
    """Write a province under ``out``; the same arguments give the same bytes.

    ``landing/`` and ``feeds/`` are as in their buckets; ``truth/`` says what should be found (see ``truth``).

    Args:
        out: a new or empty folder, or one that an earlier run made, which is replaced.
        agencies: how many take part.
        start: first dossier day.
        end: last dossier day; results, second scans and changes follow for 14 days more.
        pages_per_day: pages scanned in all, by all agencies together, over the dossier days (within 20 %).
        seed: other seeds give other provinces.
        report: called with (pages made, pages in all).
        workers: processes to use; by default one a core.

    Raises:
        InputError: an argument cannot be used, or ``out`` holds something else.
    """
    if end < start or pages_per_day < 1:
        raise InputError("--to must not be before --from, and --pages-per-day must be at least 1")
    plan = plan_province(agencies, start, end, pages_per_day, seed)
    _clear(
        out, {"agencies": agencies, "from": f"{start}", "to": f"{end}", "pages_per_day": pages_per_day, "seed": seed}
    )
    batches = gather_batches(plan.documents)
    files = _write_scans(out / layout.LANDING, batches, plan.pages, report, workers)
    for batch in batches:
        text = json.dumps(manifest(batch, files, seed), ensure_ascii=False, indent=1)
        _write(out / layout.LANDING / layout.inbox_key(batch.office.agency.code, batch.id), text.encode())
    for day, rows in feed_files(plan.dossiers, end + timedelta(TAIL_DAYS), seed).items():
        path = out / layout.FEEDS / f"register/dt={day.isoformat()}/register.csv"
        _write_csv(path, FIELDS, ([row[field] for field in FIELDS] for row in rows))
    pages = (row for document in plan.documents for row in page_rows(document, file_names(document)))
    _write_csv(out / TRUTH / "pages.csv", PAGES_HEADER, pages)
    progress = progress_rows(plan.dossiers, plan.documents, plan.offices, start, end)
    _write_csv(out / TRUTH / "progress.csv", PROGRESS_HEADER, progress)


def plan_province(agencies: int, start: date, end: date, pages_per_day: int, seed: int) -> Plan:
    """The events of a run: as many dossiers as it takes for the pages asked for."""
    wanted = pages_per_day * ((end - start).days + 1)
    offices = choose_offices(agencies, start, end, seed)
    count, best = max(1, round(wanted / 2.2)), None
    for _ in range(ATTEMPTS):
        dossiers = plan_dossiers(count, offices, start, end, seed)
        plan = Plan(offices, dossiers, plan_documents(dossiers, offices, end + timedelta(TAIL_DAYS), seed))
        if best is None or abs(plan.pages - wanted) < abs(best.pages - wanted):
            best = plan
        if abs(plan.pages - wanted) <= TOLERANCE * wanted:
            break
        count = max(1, round(count * wanted / max(1, plan.pages)))
    assert best is not None
    return best


def _clear(out: Path, arguments: dict[str, Any]) -> None:
    """An empty ``out`` with the mark of this program in it."""
    mark = out / MARK
    if out.exists() and any(out.iterdir()) and not mark.exists():
        raise InputError(f"{out} holds something else; give a new folder")
    _write(mark, json.dumps(arguments).encode())
    for part in (layout.LANDING, layout.FEEDS, TRUTH):
        if (out / part).exists():
            shutil.rmtree(out / part)


def _write_scans(
    landing: Path, batches: Sequence[Batch], total: int, report: Report, workers: int | None
) -> dict[str, Sequence[FileFacts]]:
    """Make and write the files of all documents; document id -> its files."""
    jobs = [
        (landing / layout.batch_prefix(batch.office.agency.code, batch.scan_date, batch.id), document)
        for batch in batches
        for document in batch.documents
    ]
    files: dict[str, Sequence[FileFacts]] = {}
    done = 0
    for (_, document), facts in zip(jobs, _work(jobs, workers or os.cpu_count() or 1), strict=True):
        files[document.id] = facts
        done += document.images
        report(done, total)
    return files


def _work(jobs: list[tuple[Path, Document]], workers: int) -> Iterator[tuple[FileFacts, ...]]:
    if workers == 1:
        yield from map(_write_document, jobs)
        return
    # spawned, not forked: the caller may have threads (a progress bar)
    with ProcessPoolExecutor(workers, get_context("spawn"), initializer=partial(cv2.setNumThreads, 1)) as pool:
        yield from pool.map(_write_document, jobs, chunksize=8)


def _write_document(job: tuple[Path, Document]) -> tuple[FileFacts, ...]:
    folder, document = job
    facts = []
    for name, data in zip(file_names(document), scan_document(document), strict=True):
        _write(folder / name, data)
        facts.append(FileFacts(name, hashlib.sha256(data).hexdigest(), len(data)))
    return tuple(facts)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
