"""A short round of the fuzz command: broken files have their rows, within the limits."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.pages.mutations import MUTATIONS, mutate
from tests.pages.page_files import measure
from tests.pages.sound_files import make_seeds


def test_broken_files_have_their_rows_within_the_limits():
    """No file breaks a promise, ends a process or takes more memory than allowed."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.pages.fuzz", "--files", "300", "--seed", "7"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert (report["files"], report["faulty"], report["ended"]) == (300, {}, {})
    assert report["mutations"].keys() == {"spliced", *MUTATIONS}
    assert sum(one["files"] for one in report["mutations"].values()) == 300


def test_every_seed_is_whole_and_every_number_has_its_file():
    """What is broken was sound before, CMYK apart, and a number stands for the same file each time."""
    seeds = make_seeds()
    whole = {name for name, data in seeds.items() if all(row["error"] is None for row in measure(data))}
    assert whole == seeds.keys() - {"jpeg cmyk"}
    assert all(mutate(seeds, number, 7) == mutate(seeds, number, 7) for number in range(20))
