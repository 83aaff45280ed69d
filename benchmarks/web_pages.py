"""The pages in the Airflow UI on a year of the whole province: what each takes after a restart, and warm.

Each page is opened in a server of its own, whose tables an earlier one has kept on this machine: once just after its
start, then some times more. The first server of all, which has nothing yet, is told apart.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

import pyarrow.compute as pc
from rich.console import Console
from rich.table import Table

from benchmarks.child import peak_mb
from benchmarks.own_store import own_store
from benchmarks.web_year import count_objects, fill
from benchmarks.year import DOSSIERS, END, START
from sohoa import layout
from sohoa.days import Week
from sohoa.registry import agencies_at
from sohoa.store import Store, open_store

_MANY = ("documents", "batches", "reviews", "page_reviews", "audit_sample", "events")
_WARM_ROUNDS = 5
_BEING_READ, _ASK_AGAIN_S = 202, 1.0
"""What a page answers while a table that it needs is read behind it; then it is asked for again."""
WARM_S, RESTART_S = 0.3, 3.0
"""What a page may take, seconds on the clock of a machine that does nothing else."""


@dataclass(frozen=True)
class Opened:
    """What a page took: the first time, and the least of some times after that; its bytes, its server's peak in MB."""

    first_cpu: float
    first_s: float
    warm_cpu: float
    warm_s: float
    size: int
    peak: float


def main() -> None:
    """Make the year, open the pages, print what they took."""
    with TemporaryDirectory() as name, own_store() as store:
        folder = Path(name)
        pages = fill(store, folder, START, END, DOSSIERS)
        shutil.rmtree(folder / "year")
        home = str(folder / "home")
        addresses = list(_addresses(store))
        new = {address: open_page(home, address) for address in addresses}
        kept = {address: open_page(home, address) for address in addresses}
        Console(width=150).print(_table(new, kept, pages))
        print("objects:", ", ".join(f"{name} {count:,}" for name, count in count_objects(store, _MANY).items()))


def _addresses(store: Store) -> Iterator[str]:
    """The pages with all that they can show of the year, and one batch with its newest page."""
    year = f"start={START}&end={END}"
    yield f"/progress?{year}"
    yield f"/progress/trend.json?{year}"
    yield f"/progress/trend.json?{year}&forecast=1"
    yield f"/progress/map.json?{year}"
    yield f"/progress/dossiers?unit=20&day={END}"
    yield f"/quality?{year}"
    yield f"/quality/causes.json?{year}"
    yield f"/quality/heat.json?{year}"
    yield f"/reconciliation?{year}"
    yield f"/reconciliation/R2?start={Week.of(END).first}&end={END}"
    yield "/batches"
    yield "/batches?q=H37.60"
    day, page = _newest_page(store)
    place = f"{day}/{quote(page['batch'])}"
    yield f"/batches/{place}"
    yield f"/scans/{place}?file={quote(page['file'])}&page={page['page_no']}"
    document = store.read_table("documents", [day]).to_pylist()[0]
    yield f"/batches?q={quote(document['dossier_key'])}"
    yield f"/batches?q={quote(document['document_id'])}"
    yield f"/batches?q={quote(document['batch'])}"
    yield from ("/reports", f"/reports/{Week.of(END).name}", "/decisions", "/audit")
    last = layout.table_day(
        max(info.key for info in store.list_objects(layout.WAREHOUSE, layout.table_prefix("events")))
    )
    yield f"/visits?start={last - timedelta(6)}&end={last}"
    run = store.read_table("events", [last])["run_id"][0].as_py()
    yield f"/runs/check_scan_batches/{quote(run)}"


def _newest_page(store: Store) -> tuple[date, dict[str, Any]]:
    """The first page of the newest scan day; its batch gets the objects of its own that real ones have."""
    newest = max(info.key for info in store.list_objects(layout.WAREHOUSE, layout.table_prefix("pages")))
    day = layout.table_day(newest)
    pages = store.read_table("pages", [day])
    first: dict[str, Any] = pages.slice(0, 1).to_pylist()[0]
    store.write_table("pages", day, first["batch"], pages.filter(pc.equal(pages["batch"], first["batch"])))
    return day, first


def open_page(home: str, address: str) -> Opened:
    """Open a page in a server of its own."""
    command = [sys.executable, "-m", "benchmarks.web_pages", home, address]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Opened(**json.loads(done.stdout.splitlines()[-1]))


def serve(home: str, address: str) -> Opened:
    """Open a page in this process: first just after its start, then warm."""
    from tests.web.pages_server import open_pages

    pages = open_pages(open_store(), Path(home))
    tries = [_try(pages, address) for _ in range(1 + _WARM_ROUNDS)]
    first, warm = tries[0], tries[1:]
    opened = Opened(
        first[0], first[1], min(cpu for cpu, *_ in warm), min(clock for _, clock, _ in warm), first[2], peak_mb()
    )
    pages.close()
    return opened


def _try(pages: object, address: str) -> tuple[float, float, int]:
    start, clock = time.process_time(), time.perf_counter()
    while (answer := pages.get(address, "editor")).status_code == _BEING_READ:  # type: ignore[attr-defined]
        time.sleep(_ASK_AGAIN_S)
    spent = time.process_time() - start, time.perf_counter() - clock
    assert answer.status_code == 200, (address, answer.status_code)
    return *spent, len(answer.content)


def _table(new: dict[str, Opened], kept: dict[str, Opened], pages: int) -> Table:
    title = (
        f"Pages on a year of {len(agencies_at(END))} agencies, {DOSSIERS:,} dossiers, {pages:,} page rows: "
        f"at most {RESTART_S:g} s after a restart, {WARM_S * 1000:.0f} ms warm"
    )
    table = Table("page", "kB", "new: CPU s", "s", "restart: CPU s", "s", "warm: CPU ms", "ms", "MB", "", title=title)
    for address, opened in kept.items():
        is_kept = opened.first_s < RESTART_S and opened.warm_s < WARM_S
        first = new[address]
        table.add_row(
            address.partition("?start")[0] + " with forecast" * ("forecast=" in address),
            f"{opened.size / 1000:.0f}", f"{first.first_cpu:.1f}",
            f"{first.first_s:.1f}", f"{opened.first_cpu:.2f}", f"{opened.first_s:.2f}", f"{opened.warm_cpu * 1000:.0f}",
            f"{opened.warm_s * 1000:.0f}", f"{opened.peak:.0f}", "" if is_kept else "over",
        )  # fmt: skip
    return table


if __name__ == "__main__":
    if sys.argv[1:]:
        print(json.dumps(asdict(serve(*sys.argv[1:]))))
    else:
        main()
