"""Kill the program that sends at random moments, start it again, and look what lies in the store."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

from sohoa import layout
from sohoa.settings import child_environment
from sohoa.store import Store
from tests.batch_builder import AGENCY
from tests.desk.agency_folder import in_dossier, put_scan, write_config
from tests.desk.fault_proxy import bad_line

ROOT = Path(__file__).parents[2]
_LONGEST_RUN_S = 120
_KBIT_PER_S = 16_000  # slow enough that a kill falls into the sending


def make_folder(folder: Path, files: int, size: int, large: int) -> dict[str, bytes]:
    """Some small page files, and a large one that goes in parts."""
    sizes = {in_dossier(f"a/{number}.jpg"): size for number in range(files)}
    if large:
        sizes[in_dossier("map.tif")] = large
    found = {name: random.Random(name).randbytes(count) for name, count in sizes.items()}
    for name, data in found.items():
        put_scan(folder, name, data)
    return found


def send_with_kills(store: Store, folder: Path, home: Path, kills: int, rng: random.Random) -> tuple[int, int]:
    """Send a folder, ended by SIGKILL so many times; returns how many kills hit a running process, and bytes sent."""
    with bad_line(str(store.settings.s3_endpoint), kbit_per_s=_KBIT_PER_S) as line:
        file = home / "agency.toml"
        write_config(store, file)
        file.write_text(file.read_text(encoding="utf-8").replace(str(store.settings.s3_endpoint), line.address))
        hits = 0
        for _ in range(kills):
            hits += _run(folder, file, rng.uniform(0.0, 6.0))
        while not _run(folder, file, None):
            time.sleep(0.5)
        return hits, line.sent


def _run(folder: Path, file: Path, kill_after: float | None) -> bool:
    """Run it once: whether it was killed in its work, or where nobody kills it whether it ended well."""
    command = [sys.executable, "-m", "tests.desk.sender", str(folder), str(file)]
    process = subprocess.Popen(command, cwd=ROOT, env=child_environment({}), stderr=subprocess.PIPE)
    try:
        _, said = process.communicate(timeout=_LONGEST_RUN_S if kill_after is None else 2.5 + kill_after)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return kill_after is not None
    if kill_after is None and process.returncode:
        raise AssertionError(said.decode())
    return kill_after is None


def landed(store: Store) -> dict[str, bytes]:
    """The page files of all batches, by their names in the batch."""
    keys = [info.key for info in store.list_objects(layout.LANDING, layout.BATCHES) if "claim" not in info.key]
    return {key.split("/", 4)[4]: store.get(layout.LANDING, key) for key in keys}


def markers(store: Store) -> list[str]:
    """The batches whose manifest lies in the inbox."""
    return [layout.split_inbox_key(info.key)[1] for info in store.list_objects(layout.LANDING, layout.INBOX + AGENCY)]
