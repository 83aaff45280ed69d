"""Sending over a line that is cut, stalls and loses answers: what arrives is whole, once, and cost little more."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import pytest

from sohoa import jobs, layout
from sohoa.desk.line import Meter, open_line
from sohoa.errors import DeskError
from sohoa.store import MIN_PART_BYTES, Store
from tests.batch_builder import AGENCY
from tests.desk.agency_folder import GOOD, QuietScreen, computer, in_dossier, put_scan
from tests.desk.fault_proxy import bad_line

BATCH = f"{AGENCY}-20230306-001"
MAX_COST = 1.3


def noise(size: int, seed: int) -> bytes:
    return random.Random(seed).randbytes(size)


def landed(store: Store) -> dict[str, bytes]:
    keys = [info.key for info in store.list_objects(layout.LANDING, layout.BATCHES) if "claim" not in info.key]
    return {key.split("/", 4)[4]: store.get(layout.LANDING, key) for key in keys}


def send(store: Store, folder: Path, home: Path, **faults: Any) -> tuple[Any, QuietScreen]:
    screen = QuietScreen()
    with bad_line(str(store.settings.s3_endpoint), **faults) as line:
        uploader = computer(store, home, screen, endpoint=line.address)
        uploader.run(folder, with_bad=True)
    return line, screen


def test_cuts_stalls_and_resets(clean_store: Store, tmp_path: Path) -> None:
    """A cut after every one and a half page files of a connection, one reset in a hundred, stalls."""
    size, folder = 60_000, tmp_path / "scans"
    files = {in_dossier(f"a/{number}.jpg"): noise(size, number) for number in range(40)}
    for name, data in files.items():
        put_scan(folder, name, data)
    faults = {"cut_after": size * 3 // 2, "reset_share": 0.15, "stall_share": 0.003, "stall_s": 1.0}
    line, _ = send(clean_store, folder, tmp_path, **faults)
    assert landed(clean_store) == files
    assert line.faults > 2
    assert line.sent <= MAX_COST * sum(map(len, files.values()))
    (marker,) = clean_store.list_objects(layout.LANDING, layout.INBOX)
    assert marker.key == layout.inbox_key(AGENCY, BATCH)


def test_large_files_go_on_part_by_part(clean_store: Store, tmp_path: Path) -> None:
    """A cut within each second part: no part that is there is sent again."""
    folder, data = tmp_path / "scans", noise(4 * MIN_PART_BYTES + 1000, 1)
    put_scan(folder, in_dossier("map.tif"), data)
    line, screen = send(clean_store, folder, tmp_path, reset_share=0.3, cut_after=6 << 20, seed=3)
    assert landed(clean_store) == {in_dossier("map.tif"): data}
    assert line.faults and any("thử lại" in text for text in screen.said)
    assert line.sent <= len(data) + line.faults * 6 * (1 << 20)


def test_answers_that_are_lost_make_no_second_batch(clean_store: Store, tmp_path: Path) -> None:
    """The store took it, and the client did not hear of it: claim, files and manifest are put once more, in place."""
    folder = tmp_path / "scans"
    put_scan(folder, in_dossier("a.jpg"), GOOD)
    line, _ = send(clean_store, folder, tmp_path, lose_answers=3)
    assert (line.lose_answers, line.faults) == (0, 3)
    assert jobs.check()["admitted"] == 1
    assert len(clean_store.read_table("batches")) == 1


def test_a_line_that_is_down_gives_up_and_goes_on_later(clean_store: Store, tmp_path: Path) -> None:
    """With words; the next start sends the same batch."""
    folder, screen = tmp_path / "scans", QuietScreen()
    put_scan(folder, in_dossier("a.jpg"), GOOD)
    with bad_line(str(clean_store.settings.s3_endpoint), cut_after=100_000) as line:
        uploader = computer(clean_store, tmp_path, screen, endpoint=line.address)
        object.__setattr__(uploader._patience, "give_up_s", 0)
        with pytest.raises(DeskError, match=f"Không tới được kho {line.address}"):
            uploader.run(folder)
    assert not list(clean_store.list_objects(layout.LANDING, layout.INBOX))
    uploader.close()
    sent = computer(clean_store, tmp_path).run(folder)
    assert [batch.batch for batch in sent.committed] == [BATCH]


def test_a_file_changed_while_it_waited_is_read_again(clean_store: Store, tmp_path: Path) -> None:
    """The batch keeps its number and takes the page as it is now."""
    folder = tmp_path / "scans"
    put_scan(folder, in_dossier("a.jpg"), GOOD)
    path = put_scan(folder, in_dossier("b.jpg"), GOOD[:-10] + b"0123456789")
    uploader = computer(clean_store, tmp_path)
    put = uploader.store.put

    def put_and_change(bucket: str, key: str, data: bytes, *more: Any) -> str:
        if key.endswith("a.jpg"):
            path.write_bytes(GOOD)
        return put(bucket, key, data, *more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uploader.store, "put", put_and_change)
        sent = uploader.run(folder, with_bad=True)
    assert [batch.batch for batch in sent.committed] == [BATCH]
    assert set(landed(clean_store).values()) == {GOOD}


def test_no_faster_than_allowed(clean_store: Store, tmp_path: Path) -> None:
    """800 kbit/s: 200 kB take two seconds."""
    meter = Meter(800)
    http = open_line(meter, None, None)
    store = Store(clean_store.settings, http)
    start = time.monotonic()
    store.put(layout.LANDING, "batches/x", noise(200_000, 1))
    assert 1.6 < time.monotonic() - start < 6
    assert 200_000 < meter.sent < 203_000


def test_a_proxy_is_gone_through(clean_store: Store, tmp_path: Path) -> None:
    """A web proxy that is not there: nothing goes past it."""
    folder = tmp_path / "scans"
    put_scan(folder, in_dossier("a.jpg"), GOOD)
    uploader = computer(clean_store, tmp_path, proxy="http://127.0.0.1:9")
    object.__setattr__(uploader._patience, "give_up_s", 0)
    with pytest.raises(DeskError, match="xem proxy"):
        uploader.run(folder)
