"""The memory of a server of the pages while the tables that they show change again and again.

``python -m benchmarks.web_memory [--changes 400]`` fills a store with some weeks of a small province. A process of its
own then serves the pages, as Airflow's API server does: before each change one object of each table that they show is
written again, and then each page is opened, by four readers at a time. Ten changes in a minute are many: 400 are what
days bring. Every so often it prints the memory of the process alone, what of it Arrow and the C library hold and have
free, Python's objects, and the answers that are kept; at the end the medians of each quarter. It ends with 1 where the
last quarter has more than the second by a twentieth.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import random
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from urllib.parse import quote

import pyarrow as pa

from benchmarks.own_store import own_store
from sohoa.days import Week
from sohoa.store import Store, open_store
from sohoa.web import listing
from tests.province.report_province import fill
from tests.web.pages_server import Pages, open_pages

END, WEEKS, DOSSIERS = date(2023, 3, 26), 3, 900
READERS = 4
MOST_GROWTH = 1.05
_CHANGED = (
    "progress_daily", "quality_daily", "pages_daily", "device_daily", "dossiers", "documents", "batches", "portal",
    "register", "reconciliation", "reconciliation_daily",
)  # fmt: skip
_MB = 1e6


class _Mallinfo(ctypes.Structure):
    """What ``mallinfo2`` of glibc returns."""

    _fields_ = [
        (name, ctypes.c_size_t) for name in (
            "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost",
        )
    ]  # fmt: skip


def main() -> None:
    """Fill the store, then let a process of its own serve."""
    parser = argparse.ArgumentParser(description="The memory of a server of the pages while tables change.")
    parser.add_argument("--changes", type=int, default=400)
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.home:
        serve(options.home, options.changes)
        return
    with TemporaryDirectory() as name, own_store() as store:
        fill(store, Path(name) / "province", end=END, weeks=WEEKS, dossiers=DOSSIERS)
        command = [sys.executable, "-m", "benchmarks.web_memory", f"--changes={options.changes}", f"--home={name}/home"]
        sys.exit(subprocess.run(command, check=False).returncode)


def serve(home: Path, changes: int) -> None:
    """Serve the pages in this process, and change what they show; exits with 1 where memory grows on."""
    listing.FRESH_SECONDS = listing.KEPT_SECONDS = 0.0  # each page sees each change
    store, rng, taken = open_store(), random.Random(1), list[float]()
    pages, addresses = open_pages(store, home), list(_addresses(store))
    keys = {table: store.table_keys(table) for table in _CHANGED}
    with ThreadPoolExecutor(READERS) as readers:
        for number in range(1, changes + 1):
            for table in _CHANGED:
                if keys[table]:
                    _write_again(store, rng.choice(keys[table]), number)
            list(readers.map(lambda address: _open(pages, address), addresses))
            taken.append(_own_mb())
            if number % max(1, changes // 20) == 0:
                print(f"{number:>5} changes: {_tell(pages)}", flush=True)
    part = len(taken) // 4
    quarters = [median(taken[number * part : (number + 1) * part]) for number in range(4)]
    print(f"MB by quarter: {[round(one, 1) for one in quarters]}, {len(addresses)} pages each time")
    pages.close()
    sys.exit(quarters[3] > MOST_GROWTH * quarters[1])


def _addresses(store: Store) -> list[str]:
    year = f"start={Week.of(END).first}&end={END}"
    documents = store.read_table("documents").slice(0, 1).to_pylist()[0]
    place = f"{documents['scan_date']}/{quote(documents['batch'])}"
    return [
        f"/progress?{year}", f"/progress/trend.json?{year}", f"/progress/map.json?{year}",
        f"/progress/dossiers?unit=20&day={END}", f"/quality?{year}", f"/quality/causes.json?{year}",
        f"/quality/heat.json?{year}", f"/reconciliation?{year}", f"/reconciliation/R2?{year}", "/batches",
        "/batches?q=H37.60", f"/batches/{place}", f"/batches?q={quote(documents['document_id'])}", "/reports",
    ]  # fmt: skip


def _write_again(store: Store, key: str, number: int) -> None:
    """The same rows as other bytes."""
    rows = store.get_parquet(key)
    store.put_parquet(
        key, rows.replace_schema_metadata((rows.schema.metadata or {}) | {b"change": str(number).encode()})
    )


def _open(pages: Pages, address: str) -> None:
    answer = pages.get(address)
    assert answer.status_code in {200, 404}, (address, answer.status_code, answer.text[-300:])


def _own_mb() -> float:
    """Memory of this process that it shares with nobody."""
    found = re.findall(r"Private_\w+:\s+(\d+) kB", Path("/proc/self/smaps_rollup").read_text())
    return sum(map(int, found)) / 1000


def _nameless_mb() -> float:
    """What of it lies in mappings without a file or a name: of Arrow's allocator, of arenas and stacks of threads."""
    found = re.findall(
        r"^[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ 0 *\n(?:\w+:.*\n)*?Private_Dirty: +(\d+) kB",
        Path("/proc/self/smaps").read_text(),
        re.MULTILINE,
    )
    return sum(map(int, found)) / 1000


def _tell(pages: Pages) -> str:
    mallinfo = ctypes.CDLL(None).mallinfo2
    mallinfo.restype = _Mallinfo
    heap, site = mallinfo(), pages.client.app.state.site  # type: ignore[attr-defined]
    pool = pa.default_memory_pool()
    return (
        f"own {_own_mb():.0f} MB, of which nameless {_nameless_mb():.0f}; {threading.active_count()} threads; Arrow "
        f"({pool.backend_name}) {pool.bytes_allocated() / _MB:.0f}, most {(pool.max_memory() or 0) / _MB:.0f}; heap: "
        f"{heap.uordblks / _MB:.0f} in use, {heap.fordblks / _MB:.0f} free, {heap.hblkhd / _MB:.0f} mapped; "
        f"{len(gc.get_objects()):,} objects of Python; {len(site._made)} pages kept"
    )


if __name__ == "__main__":
    main()
