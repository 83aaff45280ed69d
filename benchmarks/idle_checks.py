"""What checks cost that find nothing: ``python -m benchmarks.idle_checks [--every 0 1 5 15] [--minutes 15]``.

For each interval an embedded store and Airflow are started whose only schedule is check_scan_batches, every so many
minutes (0: never), and left alone. It prints the CPU seconds of all their processes in an hour at that rate.
"""

from __future__ import annotations

import argparse
import time

import psutil

from benchmarks.own_stack import own_stack
from benchmarks.own_store import store_cpu
from sohoa import stack
from sohoa.stack import airflow_server
from sohoa.store import Store

_DAG = "check_scan_batches"
_SETTLE_S = 90.0
"""After its start Airflow reads the DAGs some times more."""
_HOUR_S = 3600


def main() -> None:
    """Print one line an interval."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--every", type=int, nargs="+", default=[0, 1, 5, 15], help="minutes from one check to the next"
    )
    parser.add_argument("--minutes", type=float, default=15.0, help="that each interval is looked at")
    asked = parser.parse_args()
    for every in asked.every:
        crons = {_DAG: f"*/{every} * * * *"} if every else {}
        with own_stack(crons, {}) as store:
            time.sleep(_SETTLE_S)
            print(_line(store, every, asked.minutes * 60), flush=True)


def _line(store: Store, every: int, seconds: float) -> str:
    runs, airflow, served, start = _runs(store), _airflow_cpu(store), store_cpu(store), time.monotonic()
    time.sleep(seconds)
    share = _HOUR_S / (time.monotonic() - start)
    airflow, served, runs = _airflow_cpu(store) - airflow, store_cpu(store) - served, _runs(store) - runs
    name = f"a check every {every} min" if every else "no check"
    return (
        f"{name}: {runs} in {seconds / 60:.0f} min; an hour at this rate takes {airflow * share:.0f} CPU s of Airflow "
        f"and {served * share:.0f} of the store"
    )


def _runs(store: Store) -> int:
    """How many checks there have been."""
    return len(stack.airflow_client(store.settings).runs(_DAG))


def _airflow_cpu(store: Store) -> float:
    """CPU seconds of Airflow's processes so far, with those of their children that have ended."""
    roots = [server.processes()[0] for server in airflow_server.servers(store.settings)]
    known = {one.pid: one for root in roots for one in (root, *root.children(recursive=True))}
    return sum(map(_cpu, known.values()))


def _cpu(process: psutil.Process) -> float:
    try:
        return float(sum(process.cpu_times()[:4]))  # user, system, and both of children that have ended
    except psutil.Error:  # it has ended since: its parent counts it
        return 0.0


if __name__ == "__main__":
    main()
