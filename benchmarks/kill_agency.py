"""Kill an agency's program fifty times while it sends: ``python -m benchmarks.kill_agency [--kills 50]``.

Each round sends a folder of its own under a fresh state, is ended by SIGKILL five times at random moments, and is then
let alone: one batch a round, every byte as it was.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from pathlib import Path

import pytest

from sohoa import stack
from sohoa.settings import load_settings
from sohoa.stack.processes import stop
from sohoa.store import open_store
from tests.desk.kill_sender import landed, make_folder, markers, send_with_kills
from tests.servers import empty_buckets, new_home, quiet

_KILLS_A_ROUND = 5


def main() -> None:
    """Run the rounds and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    rng = random.Random(asked.seed)
    with tempfile.TemporaryDirectory() as home, pytest.MonkeyPatch.context() as patch:
        new_home(patch, Path(home) / "home")
        stack.up(load_settings(), "store", quiet)
        try:
            _run_rounds(Path(home), asked.kills, rng)
        finally:
            stop(stack.store_servers(load_settings()), 0)


def _run_rounds(home: Path, kills: int, rng: random.Random) -> None:
    store, hit = open_store(), 0
    for number in range(1, -(-kills // _KILLS_A_ROUND) + 1):
        empty_buckets(store)
        folder = home / f"scans{number}"
        files = make_folder(folder, files=6, size=200_000, large=11_000_000)
        hits, sent = send_with_kills(store, folder, home / f"pc{number}", _KILLS_A_ROUND, rng)
        hit += hits
        payload = sum(map(len, files.values()))
        is_right = len(markers(store)) == 1 and landed(store) == files
        told = "right" if is_right else "WRONG"
        print(f"round {number}: {hits} kills, {sent / payload:.2f} times the payload sent, {told}")
        assert is_right
    print(f"{hit} kills hit; every round ended as one batch with every byte as it was")


if __name__ == "__main__":
    main()
