"""Kill the demo in each of its phases, then run it again: ``python -m benchmarks.demo_kills [--phases upload,print]``.

A small province in place of the demo's own, everything else as ``make demo`` does it. For each phase, in a home of its
own: the demo is ended by SIGKILL at a random moment of it, its servers left as they are, and run once more. That run
has to end with exit code 0 (each figure, page and slip true), print the same end as those of the other phases, and
leave no process behind; in the phase ``none`` nobody disturbs it. It prints a line for each phase and ends with 1 where
one is wrong. One phase takes some two minutes.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from sohoa import cli
from sohoa.days import Week
from sohoa.demo import run_demo
from sohoa.settings import PREFIX
from tests.servers import free_port

NONE = "none"
PHASES = {
    NONE: ("", 0.0),
    "simulate": ("simulating", 4.0),
    "stack-up": ("starting the object store", 1.0),
    "upload": ("uploading", 1.5),
    "airflow-up": ("starting Airflow", 10.0),
    "import": ("Airflow runs import_feeds", 10.0),
    "check": ("Airflow runs check_scan_batches", 15.0),
    "summarise": ("Airflow runs summarise_progress", 8.0),
    "reconcile": ("Airflow runs reconcile_portal", 8.0),
    "report": ("Airflow runs weekly_quality_report", 10.0),
    "compare": ("comparing with", 1.0),
    "print": ("1. Tiến độ", 0.0),
}
"""Phase -> what the demo prints as it begins, and the seconds within which it is killed."""
SMALL: dict[str, Any] = {"agencies": 4, "start": date(2023, 3, 6), "end": date(2023, 3, 12), "pages_per_day": 10}
_BEGIN, _END = "1. Tiến độ", "5. Xem ở đâu"
"""The result stands between these: what follows names the home."""
_PATIENCE_S = 900
_AS_DEMO = "--as-demo"
"""With which this module is the demo itself."""


@dataclass(frozen=True)
class Ended:
    """How a demo has ended: its exit code, all that it printed, seconds on the clock."""

    code: int
    text: str
    seconds: float

    @property
    def result(self) -> str:
        """The figures that it printed at its end."""
        return self.text[self.text.find(_BEGIN) :].partition(_END)[0]


def main() -> None:
    """Run the phases that are asked for and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phases", default=",".join(PHASES), help="Names separated by commas; else all.")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    phases = asked.phases.split(",")
    if unknown := set(phases) - set(PHASES):
        parser.error(f"there is no phase {', '.join(unknown)}: use {', '.join(PHASES)}")
    rng, wrong, result = random.Random(asked.seed), list[str](), ""
    for phase in phases:
        again, faults = _try_phase(phase, rng)
        result = result or again.result
        if again.result != result:
            faults.append("another result")
        print("; ".join(faults) or "exit 0, the same result, no process left", flush=True)
        if faults:
            print(again.text[-3_000:])
            wrong.append(phase)
    if wrong:
        sys.exit(f"wrong after a kill in {', '.join(wrong)}")
    print(f"{len(phases)} phases, and each time the next run made good what was left")


def be_the_demo() -> None:
    """Run the demo's command on the small province."""
    run_demo.SIZE |= SMALL
    run_demo.WEEK = Week.of(SMALL["end"])
    sys.argv = ["sohoa", "demo"]
    cli.main()


def _try_phase(phase: str, rng: random.Random) -> tuple[Ended, list[str]]:
    """Kill in a phase and run again; how that ended, and what is wrong with it."""
    mark, most = PHASES[phase]
    faults = []
    with _own_home() as environment:
        if phase != NONE:
            delay = rng.uniform(0, most)
            killed = _run(environment, mark, delay)
            print(f"{phase:11} killed after {killed.seconds:3.0f} s, {delay:4.1f} s of the phase", end="; ", flush=True)
            faults += ["the kill came too late"] if killed.code != -signal.SIGKILL else []
        again = _run(environment)
        left = _living(environment)
    print(f"{phase:11} ended after {again.seconds:3.0f} s", end=": ", flush=True)
    faults += [f"exit {again.code}"] if again.code else []
    faults += [f"{len(left)} processes left"] if left else []
    return again, faults


def _run(environment: Mapping[str, str], mark: str | None = None, delay: float = 0.0) -> Ended:
    """Run the demo; kill it some seconds after it has printed ``mark``."""
    started, lines = time.monotonic(), list[str]()
    command = [sys.executable, "-m", "benchmarks.demo_kills", _AS_DEMO]
    demo = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
    watchdog = threading.Timer(_PATIENCE_S, demo.kill)
    watchdog.start()
    assert demo.stdout is not None
    for line in demo.stdout:
        lines.append(line)
        if mark is not None and mark in line:
            threading.Timer(delay, demo.kill).start()
            mark = None
        if demo.poll() == -signal.SIGKILL:  # what it has started may hold the pipe open
            break
    code = demo.wait()
    watchdog.cancel()
    return Ended(code, "".join(lines), time.monotonic() - started)


@contextmanager
def _own_home() -> Iterator[dict[str, str]]:
    """The environment of a demo with a home and ports of its own; whatever of it still lives at the end is ended."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    with TemporaryDirectory() as folder:
        ports = {f"{PREFIX}PORT_{name}": str(free_port()) for name in ("MASTER", "VOLUME", "FILER", "S3", "AIRFLOW")}
        environment |= {f"{PREFIX}HOME": str(Path(folder) / "home"), "DEMO_EXIT": "1", "PYTHONUNBUFFERED": "1", **ports}
        try:
            yield environment
        finally:
            for process in _living(environment):
                process.kill()


def _living(environment: Mapping[str, str]) -> list[psutil.Process]:
    """The processes of this home."""
    home, found = environment[f"{PREFIX}HOME"], []
    for process in psutil.process_iter():
        try:
            if process.environ().get(f"{PREFIX}HOME") == home and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:  # it has ended, or is another user's
            continue
    return found


if __name__ == "__main__":
    if sys.argv[1:] == [_AS_DEMO]:
        be_the_demo()
    else:
        main()
