"""Send 200 MB at 4 Mbit/s and 4 MB at 64 kbit/s over a line that cuts, stalls and resets: ``-m benchmarks.bad_line``.

A connection is cut after one and a half page files, one in a hundred is reset before, and now and then nothing passes
for 30 s. Each must arrive as it was, as one batch, with at most 1.3 times its bytes sent. It takes a quarter of an
hour; ``--only 64`` or ``--only 4000`` takes one of them.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from sohoa import stack
from sohoa.settings import load_settings
from sohoa.stack.processes import stop
from sohoa.store import Store, open_store
from tests.desk.agency_folder import QuietScreen, computer, in_dossier, put_scan
from tests.desk.fault_proxy import bad_line
from tests.desk.kill_sender import landed, markers
from tests.servers import empty_buckets, new_home, quiet

_MAX_COST = 1.3


@dataclass(frozen=True)
class Scenario:
    """So many page files of a size, over a line of a speed."""

    kbit_per_s: int
    files: int
    size: int
    stall_share: float


SCENARIOS = (Scenario(64, 20, 200_000, 0.004), Scenario(4_000, 200, 1_000_000, 0.0001))


def main() -> None:
    """Run the scenarios and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", type=int, choices=[scenario.kbit_per_s for scenario in SCENARIOS])
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as home, pytest.MonkeyPatch.context() as patch:
        new_home(patch, Path(home) / "home")
        stack.up(load_settings(), "store", quiet)
        try:
            for scenario in SCENARIOS:
                if asked.only in (None, scenario.kbit_per_s):
                    _run(open_store(), Path(home) / str(scenario.kbit_per_s), scenario)
        finally:
            stop(stack.store_servers(load_settings()), 0)


def _run(store: Store, home: Path, scenario: Scenario) -> None:
    empty_buckets(store)
    rng, folder = random.Random(scenario.kbit_per_s), home / "scans"
    files = {in_dossier(f"a/{number}.jpg"): rng.randbytes(scenario.size) for number in range(scenario.files)}
    for name, data in files.items():
        put_scan(folder, name, data)
    payload, start, screen = sum(map(len, files.values())), time.monotonic(), QuietScreen()
    with bad_line(
        str(store.settings.s3_endpoint),
        kbit_per_s=scenario.kbit_per_s,
        cut_after=scenario.size * 3 // 2,
        reset_share=0.01,
        stall_share=scenario.stall_share,
        stall_s=30.0,
    ) as line:
        uploader = computer(store, home, screen, endpoint=line.address)
        uploader.run(folder, with_bad=True)
        uploader.close()
    cost, seconds = line.sent / payload, time.monotonic() - start
    is_right = landed(store) == files and len(markers(store)) == 1 and cost <= _MAX_COST
    print(
        f"{payload / 1e6:.0f} MB at {scenario.kbit_per_s} kbit/s: {line.faults} cuts, resets and stalls, "
        f"{cost:.3f} times the payload sent, {seconds:.0f} s: {'right' if is_right else 'WRONG'}",
        flush=True,
    )
    assert is_right


if __name__ == "__main__":
    main()
