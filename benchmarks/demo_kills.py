"""Kill the demo in each of its phases, one after another: ``python -m benchmarks.demo_kills [--phases upload,print]``.

A small province in place of the demo's own, everything else as ``make demo`` does it. First nobody disturbs it. Then,
in another home, it is ended by SIGKILL at a random moment of its first phase and run again, in which it is killed in
the second phase, and so on: each run makes good what the one before has left. The last run is let be: it has to end
with exit code 0 (each figure, page and slip true), print the same end as the undisturbed one, and leave no process
behind. A kill leaves the servers as they are; ``--servers`` ends them too, as a power cut does. It prints a line for
each run and ends with 1 where one is wrong.
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
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
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
    "stack-up": ("starting the object store", 1.0),
    "simulate": ("simulating", 4.0),
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
"""Phase, in order -> what the demo prints as it begins, and the seconds within which it is killed."""
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
    """Run the demo undisturbed, then kill it in the phases that are asked for; print a line for each run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phases", default=",".join(PHASES), help="Names separated by commas, in order; else all.")
    parser.add_argument("--servers", action="store_true", help="Kill the servers and tasks too.")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    phases = asked.phases.split(",")
    if unknown := set(phases) - set(PHASES):
        parser.error(f"there is no phase {', '.join(unknown)}: use {', '.join(PHASES)}")
    undisturbed, faults = _try_phases([], random.Random(asked.seed), asked.servers)
    killed, more = _try_phases(phases, random.Random(asked.seed), asked.servers)
    faults += more
    if killed.result != undisturbed.result:
        faults.append("another result than undisturbed")
    if faults:
        print(killed.text[-3_000:])
        sys.exit("wrong: " + "; ".join(faults))
    print(f"{len(phases)} phases: the last run made good what they left, with the same result")


def be_the_demo() -> None:
    """Run the demo's command on the small province."""
    run_demo.SIZE |= SMALL
    run_demo.WEEK = Week.of(SMALL["end"])
    sys.argv = ["sohoa", "demo"]
    cli.main()


def _try_phases(phases: Sequence[str], rng: random.Random, with_servers: bool) -> tuple[Ended, list[str]]:
    """Kill one run in each phase, then let one be; how that ended, and what is wrong."""
    faults = []
    with _own_home() as environment:
        for phase in phases:
            mark, most = PHASES[phase]
            delay = rng.uniform(0, most)
            killed = _run(environment, mark, delay)
            print(f"{phase:11} killed after {killed.seconds:3.0f} s, {delay:4.1f} s of the phase", flush=True)
            if killed.code != -signal.SIGKILL:
                faults.append(f"exit {killed.code} before the kill in {phase}")
            if with_servers:
                _end(environment)
        last = _run(environment)
        left = _living(environment)
    print(f"{'let be':11} ended after {last.seconds:3.0f} s with exit code {last.code}", flush=True)
    faults += [f"exit {last.code}"] if last.code else []
    faults += [f"{len(left)} processes left"] if left else []
    return last, faults


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
            _end(environment)


def _end(environment: Mapping[str, str]) -> None:
    for process in _living(environment):
        with suppress(psutil.NoSuchProcess):
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
