"""Measure thousands of broken page files: each has its rows, within the limits of time and memory.

    python -m tests.pages.fuzz --files 20000 --seed 1 [--keep FOLDER]

Exit 1 where a file has no row or a malformed one, takes longer or more memory than the limits, or ends its process
by an exception of our own. A file that a library crashes on costs a row, is counted, and kept for a look.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sohoa.enums import ERROR_CODES
from sohoa.pages.guard.bounds import FileBounds
from sohoa.pages.guard.guard import Guard
from sohoa.pages.page_row import COLUMNS
from sohoa.settings import load_settings
from tests.pages.mutations import mutate
from tests.pages.sound_files import make_seeds

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
    def label(self) -> str:
        """Its number, the sound file it comes from and what was done to it."""
        return f"{self.number} {self.seed}, {self.what}"

    @property
    def codes(self) -> set[str]:
        """Codes of its errors; ``ended`` where its process ended, ``sound`` where a page has none."""
        errors = [row.get("error") for row in self.rows]
        return {_code(error) if error else "sound" for error in errors}

    @property
    def has_ended(self) -> bool:
        """Whether a library crashed on it."""
        return "ended" in self.codes


def _code(error: str) -> str:
    return "ended" if "(decoder: " in error else error.partition(":")[0]


def fuzz(seeds: dict[str, bytes], files: int, seed: int, limits: FileBounds) -> tuple[list[Found], int]:
    """Measure mutated files; what became of each, and the largest memory of any process in bytes."""
    with Guard(limits, _PROCESSES) as guard, ThreadPoolExecutor(_PROCESSES) as threads:
        found = list(
            threads.map(lambda number: _measure(guard, limits, *mutate(seeds, number, seed), number), range(files))
        )
    return found, 1024 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss


def _measure(guard: Guard, limits: FileBounds, name: str, what: str, data: bytes, number: int) -> Found:
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
        if [name for name in row if name != "sketch"] != list(COLUMNS):
            yield "other columns"
        if error and error.partition(":")[0] not in ERROR_CODES:
            yield f"unknown code: {error}"
        if error and "(decoder: " in error and "ended by SIG" not in error:
            yield error
        try:
            json.dumps(row, allow_nan=False)
        except ValueError:
            yield "a number that is none"


def report_of(found: list[Found], peak: int) -> dict[str, Any]:
    """The largest process, how files of each mutation and of each format came out, and those that need a look."""
    by_kind: dict[str, list[Found]] = defaultdict(list)
    by_format: dict[str, list[Found]] = defaultdict(list)
    for one in found:
        by_kind[one.what].append(one)
        by_format[one.seed].append(one)
    return {
        "files": len(found),
        "peak_bytes": peak,
        "mutations": {what: _counts(of_kind) for what, of_kind in by_kind.items()},
        "formats": {name: _counts(of_format) for name, of_format in by_format.items()},
        "faulty": {one.label: one.faults for one in found if one.faults},
        "ended": {one.label: one.rows[0]["error"] for one in found if one.has_ended},
    }


def _counts(found: list[Found]) -> dict[str, Any]:
    codes = Counter(code for one in found for code in one.codes)
    return {"files": len(found), "slowest_seconds": round(max(one.seconds for one in found), 2), "codes": codes}


def keep_for_a_look(found: list[Found], seeds: dict[str, bytes], seed: int, folder: Path) -> None:
    """Write the files that broke a promise or ended a process into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for one in found:
        if one.faults or one.has_ended:
            (folder / f"{seed}-{one.number}").write_bytes(mutate(seeds, one.number, seed)[2])


def main() -> None:
    """Fuzz, print the report as JSON, exit 1 where a promise is broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.pages.fuzz", description="Measure broken page files.")
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder for the files that broke a promise or ended a process")
    args = parser.parse_args()
    limits = replace(FileBounds.of(load_settings()), max_file_seconds=10, max_memory_bytes=1_073_741_824)
    seeds = make_seeds()
    found, peak = fuzz(seeds, args.files, args.seed, limits)
    print(json.dumps(report_of(found, peak), indent=2, sort_keys=True))
    if args.keep:
        keep_for_a_look(found, seeds, args.seed, args.keep)
    if peak > limits.max_memory_bytes or any(one.faults for one in found):
        sys.exit(1)


if __name__ == "__main__":
    main()
