"""A week of the whole province, over 30,000 pages: the command that makes its report in every format.

What it costs is held against reading the same Parquet objects once, from memory, with pyarrow alone.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from benchmarks.own_store import own_store
from benchmarks.timing import cpu_seconds
from sohoa import layout
from sohoa.registry import agencies_at
from sohoa.report.build_report import build_report
from sohoa.store import Store
from tests.province.report_province import count_pages, fill

_SUNDAY, _WEEKS, _DOSSIERS_A_WEEK = date(2023, 10, 1), 30, 6_150
_MONDAY = _SUNDAY - timedelta(6)
_COMMAND = (sys.executable, "-c", "from sohoa.cli import main; main()", "run", "report")
_EVERY = 0.02


@dataclass(frozen=True)
class Cost:
    """What a command took, start, imports and child processes included; memory sampled while it ran."""

    cpu: float
    """Seconds."""
    largest: float
    """Peak of its largest process, MB."""
    together: float
    """Peak of all its processes at one moment, MB; what they share is counted in each."""


class Noting(Store):
    """A store that notes which Parquet objects are read."""

    keys: list[str]

    def get_parquet(self, key: str, schema: pa.Schema | None = None) -> pa.Table:
        """The object; its key is noted."""
        rows = super().get_parquet(key, schema)
        self.keys.append(key)
        return rows


def main() -> None:
    """Print CPU time, memory, the size of the files, and what reading the same objects with pyarrow takes."""
    with TemporaryDirectory() as name, own_store() as store:
        folder = Path(name)
        fill(store, folder / "province", end=_SUNDAY, weeks=_WEEKS, dossiers=_WEEKS * _DOSSIERS_A_WEEK)
        show(store, folder / "out")


def show(store: Store, folder: Path) -> None:
    """Print them for a filled store; the report is written to a folder."""
    week = f"{_MONDAY:%G-W%V}"
    cost = measure(*_COMMAND, "--week", week, "--out", str(folder))
    Console().print(_table(cost, count_pages(store, _MONDAY), sorted(folder.iterdir())))
    times, objects = _parquet_read(store, week)
    reading = cpu_seconds(lambda: [pq.ParquetFile(pa.BufferReader(data)).read(use_threads=False) for data in objects])
    size = sum(map(len, objects)) / 1e6
    print(f"{len(objects):,} Parquet objects, {size:.0f} MB, were read, {times:,} times in all; to read each once with")
    print(f"pyarrow takes {reading:.1f} s of CPU: the report takes {cost.cpu / reading:.0f} times as long")


def _parquet_read(store: Store, week: str) -> tuple[int, list[bytes]]:
    """How many objects the report of a week reads, and each of them."""
    noting = Noting(store.settings)
    noting.keys = []
    build_report(noting, week)
    return len(noting.keys), [store.get(layout.WAREHOUSE, key) for key in sorted(set(noting.keys))]


def measure(*command: str) -> Cost:
    """Run a command to its end.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    before, largest, together = _children_cpu(), 0.0, 0.0
    process = psutil.Popen(command, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        sizes = [_rss_mb(one) for one in (process, *_below(process))]
        largest, together = max(largest, *sizes), max(together, sum(sizes))
        time.sleep(_EVERY)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Cost(_children_cpu() - before, largest, together)


def _below(process: psutil.Process) -> list[psutil.Process]:
    """Its child processes; not one that has only been split off, which still shows its parent's memory as its own."""
    try:
        own = process.cmdline()
        return [child for child in process.children(recursive=True) if child.cmdline() != own]
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return []


def _rss_mb(process: psutil.Process) -> float:
    try:
        return process.memory_info().rss / 2**20
    except (psutil.NoSuchProcess, psutil.ZombieProcess):  # it has ended since
        return 0.0


def _children_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _table(cost: Cost, pages: int, files: list[Path]) -> Table:
    title = f"Report of a week, {len(agencies_at(_MONDAY))} agencies, {pages:,} pages, all formats"
    table = Table("CPU s", "MB, largest process", "MB, all at once", *(path.name for path in files), title=title)
    sizes = (f"{path.stat().st_size / 1e6:.1f} MB" for path in files)
    table.add_row(f"{cost.cpu:.1f}", f"{cost.largest:.0f}", f"{cost.together:.0f}", *sizes)
    return table


if __name__ == "__main__":
    main()
