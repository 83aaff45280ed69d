"""The program that sends is killed in the midst of it, and started again."""

from __future__ import annotations

import random
from pathlib import Path

from sohoa.store import Store
from tests.batch_builder import AGENCY
from tests.desk.kill_sender import landed, make_folder, markers, send_with_kills


def test_the_same_batch_after_kills(clean_store: Store, tmp_path: Path) -> None:
    """``kill -9`` at three random moments: one batch, all files as they are; ``benchmarks.kill_agency`` does fifty."""
    folder = tmp_path / "scans"
    files = make_folder(folder, files=6, size=200_000, large=11_000_000)
    hits, _ = send_with_kills(clean_store, folder, tmp_path / "home", 3, random.Random(5))
    assert hits
    assert markers(clean_store) == [f"{AGENCY}-20230306-001"]
    assert landed(clean_store) == files
