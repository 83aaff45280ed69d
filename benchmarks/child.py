"""CPU time and peak memory of a piece of work in a process of its own; its start and imports are left out."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path

import pandas as pd  # noqa: F401 (Arrow imports it at the first array from numpy: a start is not the work)


@dataclass(frozen=True)
class Cost:
    """What a piece of work took: CPU seconds of all threads, seconds on the clock, peak of its process in MB."""

    cpu: float
    wall: float
    peak: float


def run_child(work: str, *arguments: str) -> Cost:
    """Call a function (``module:name``) with texts in a new process.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    command = [sys.executable, "-m", "benchmarks.child", work, *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Cost(**json.loads(done.stdout.splitlines()[-1]))


def _measure(work: str, *arguments: str) -> Cost:
    module, _, name = work.partition(":")
    call = getattr(import_module(module), name)
    start, clock = time.process_time(), time.perf_counter()
    call(*arguments)
    cpu, wall = time.process_time() - start, time.perf_counter() - clock
    return Cost(cpu, wall, peak_mb())


def peak_mb() -> float:
    """The peak of this process; what ``getrusage`` calls so is that of its parent where the parent was larger."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


if __name__ == "__main__":
    print(json.dumps(asdict(_measure(*sys.argv[1:]))))
