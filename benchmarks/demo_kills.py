"""Kill the demo in each of its phases, then run it again: ``python -m benchmarks.demo_kills [--phases upload,print]``.

A small province in place of the demo's own, everything else as ``make demo`` does it. First it runs undisturbed. Then,
for each phase, in a home of its own: it is ended by SIGKILL at a random moment of that phase, its servers as they are,
and run once more. That run has to end with exit code 0 (each figure, page and slip true), print the same end as the
undisturbed one, and leave no process behind. It prints a line for each phase and ends with 1 where one is wrong. One
phase takes some two minutes.
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

PHASES = {
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
    rng = random.Random(asked.seed)
    with _own_home() as environment:
        whole = _run(environment)
        left = _living(environment)
    print(f"{'undisturbed':12} exit {whole.code} after {whole.seconds:.0f} s, {len(left)} processes left", flush=True)
    if whole.code or left:
        sys.exit(f"{whole.text}\nthe demo that nobody disturbed has not ended well")
    wrong = [phase for phase in phases if not _try_phase(phase, whole, rng)]
    if wrong:
        sys.exit(f"wrong after a kill in {', '.join(wrong)}")
    print(f"{len(phases)} kills, and each time the next run made good what was left")


def be_the_demo() -> None:
    """Run the demo's command on the small province."""
    run_demo.SIZE |= SMALL
    run_demo.WEEK = Week.of(SMALL["end"])
    sys.argv = ["sohoa", "demo"]
    cli.main()


def _try_phase(phase: str, whole: Ended, rng: random.Random) -> bool:
    """Kill in a phase and run again; whether all is as if nothing had been."""
    mark, most = PHASES[phase]
    with _own_home() as environment:
        delay = rng.uniform(0, most)
        killed = _run(environment, mark, delay)
        again = _run(environment)
        left = _living(environment)
    faults = [
        *(["the kill came too late"] if killed.code != -signal.SIGKILL else []),
        *([f"exit {again.code}"] if again.code else []),
        *(["another result"] if again.result != whole.result else []),
        *([f"{len(left)} processes left"] if left else []),
    ]
    told = ", ".join(faults) or f"exit 0 after {again.seconds:.0f} s, the same result, no process left"
    print(
        f"{phase:12} killed {delay:4.1f} s after its begin, {killed.seconds:3.0f} s in all; again: {told}", flush=True
    )
    if faults:
        print(again.text[-3_000:])
    return not faults


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
