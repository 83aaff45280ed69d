"""Measure thousands of broken page files: each has its rows, within the limits of time and memory.

    python -m benchmarks.fuzz --files 20000 --seed 1 [--keep FOLDER]

Exit 1 where a file has no row or a malformed one, takes longer or more memory than the limits, or ends its process
by an exception of our own. A file that a library crashes on costs a row, is counted, and kept for a look.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.mutations import mutate
from benchmarks.sound_files import make_seeds
from sohoa.enums import ERROR_CODES, MEASURED_NAMES
from sohoa.pages.guard.bounds import Limits
from sohoa.pages.guard.guard import Guard
from sohoa.settings import load_settings

_PROCESSES = 2
_WALL = 5  # times the CPU limit, at most, and a start of the process
_AGAIN = 10  # every tenth file is measured twice


@dataclass
class Found:
    """What became of one mutated file."""

    number: int
    seed: str
    what: str
    seconds: float
    rows: list[dict[str, Any]]
    faults: list[str] = field(default_factory=list)

    @property
    def codes(self) -> set[str]:
        """Codes of its errors; ``ended`` where its process ended, ``sound`` where a page has none."""
        errors = [row.get("error") for row in self.rows]
        return {_code(error) if error else "sound" for error in errors}


def _code(error: str) -> str:
    return "ended" if "(decoder: " in error else error.partition(":")[0]


def fuzz(seeds: dict[str, bytes], files: int, seed: int, limits: Limits) -> tuple[list[Found], int]:
    """Measure mutated files; what became of each, and the largest memory of any process in bytes."""
    with Guard(limits, _PROCESSES) as guard, ThreadPoolExecutor(_PROCESSES) as threads:
        found = list(
            threads.map(lambda number: _measure(guard, limits, *mutate(seeds, number, seed), number), range(files))
        )
    return found, 1024 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss


def _measure(guard: Guard, limits: Limits, name: str, what: str, data: bytes, number: int) -> Found:
    start = time.monotonic()
    looked_at = {"with_colour": number % 4 < 2, "with_sketch": number % 7 == 0}
    rows = guard.measure_bytes(data, "page", **looked_at)
    found = Found(number, name, what, time.monotonic() - start, rows)
    found.faults.extend(_malformed(rows))
    if found.seconds > _WALL * limits.max_file_seconds:
        found.faults.append(f"took {found.seconds:.0f} s")
    if number % _AGAIN == 0 and guard.measure_bytes(data, "page", **looked_at) != rows:
        found.faults.append("other rows the second time")
    return found


def _malformed(rows: list[dict[str, Any]]) -> Iterator[str]:
    if not rows or [row.get("page_no") for row in rows] != list(range(1, len(rows) + 1)):
        yield "pages are missing"
    for row in rows:
        error = row.get("error")
        if [name for name in row if name != "sketch"] != list(MEASURED_NAMES):
            yield "other columns"
        if error and error.partition(":")[0] not in ERROR_CODES:
            yield f"unknown code: {error}"
        if error and "(decoder: " in error and "ended by SIG" not in error:
            yield error
        try:
            json.dumps(row, allow_nan=False)
        except ValueError:
            yield "a number that is none"


def print_table(found: list[Found], peak: int) -> None:
    """A line a kind of mutation: how many files came out how."""
    codes = ["sound", *(code for code in ERROR_CODES if code not in ("missing", "hash_mismatch")), "ended"]
    table = Table("mutation", "files", *codes, "slowest s", title=f"largest process {peak / 1e6:.0f} MB")
    for what in [*sorted({one.what for one in found}), "all"]:
        files = [one for one in found if what in (one.what, "all")]
        counts = Counter(code for one in files for code in one.codes)
        slowest = max(one.seconds for one in files)
        table.add_row(what, str(len(files)), *(str(counts[code]) for code in codes), f"{slowest:.2f}")
    Console(width=150).print(table)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description="Measure broken page files.")
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder for the files that broke a promise or ended a process")
    args = parser.parse_args()
    limits = replace(Limits.of(load_settings()), max_file_seconds=10, max_memory_bytes=1_073_741_824)
    seeds = make_seeds()
    found, peak = fuzz(seeds, args.files, args.seed, limits)
    print_table(found, peak)
    for one in found:
        if one.faults or "ended" in one.codes:
            print(f"{args.seed}/{one.number} {one.seed}, {one.what}: {one.faults or one.rows[0]['error']}")
            if args.keep:
                args.keep.mkdir(parents=True, exist_ok=True)
                (args.keep / f"{args.seed}-{one.number}").write_bytes(mutate(seeds, one.number, args.seed)[2])
    if peak > limits.max_memory_bytes or any(one.faults for one in found):
        sys.exit(1)


if __name__ == "__main__":
    main()
