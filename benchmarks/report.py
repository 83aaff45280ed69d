"""A week of the whole province, over 30,000 pages: the command that makes its report in every format."""

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
from rich.console import Console
from rich.table import Table

from benchmarks.own_store import own_store
from sohoa.registry import agencies_at
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


def main() -> None:
    """Print CPU time, memory and the size of the files."""
    with TemporaryDirectory() as name, own_store() as store:
        folder = Path(name)
        fill(store, folder / "province", end=_SUNDAY, weeks=_WEEKS, dossiers=_WEEKS * _DOSSIERS_A_WEEK)
        cost = measure(*_COMMAND, "--week", f"{_MONDAY:%G-W%V}", "--out", str(folder / "out"))
        Console().print(_table(cost, count_pages(store, _MONDAY), sorted((folder / "out").iterdir())))


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
