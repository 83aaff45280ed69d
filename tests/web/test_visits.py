"""Visits: written down before the page is made, one a minute and address, in the store soon, and gone after a term."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from sohoa import layout
from sohoa.schema import TABLES
from sohoa.settings import TIME_ZONE
from sohoa.store import Store
from sohoa.web.visits import Visits


def told(store: Store) -> list[tuple[str, str]]:
    return [(row["visitor"], row["address"]) for row in store.read_table("visits").to_pylist()]


def test_a_visit_is_on_the_disk_at_once_and_in_the_store_when_sent(clean_store: Store, tmp_path: Path) -> None:
    kept = Visits(clean_store, tmp_path)
    kept.note("hoa", "scan", "/scans/<b>?file=a\nb")
    (journal,) = tmp_path.glob("*.jsonl")
    assert json.loads(journal.read_text(encoding="utf-8").strip())["visitor"] == "hoa"
    assert told(clean_store) == []
    kept.send()
    kept.send()
    assert told(clean_store) == [("hoa", "/scans/<b>?file=a\nb")]


def test_the_same_page_again_is_one_visit_and_another_persons_is_not(clean_store: Store, tmp_path: Path) -> None:
    kept = Visits(clean_store, tmp_path)
    for visitor in ("hoa", "hoa", "lan"):
        kept.note(visitor, "scan", "/scans/1")
    kept.note("hoa", "scan", "/scans/2")
    kept.send()
    assert sorted(told(clean_store)) == [("hoa", "/scans/1"), ("hoa", "/scans/2"), ("lan", "/scans/1")]


def test_a_visit_that_could_not_be_written_is_no_visit_yet(
    clean_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full, then it is not: the same page again is written down."""
    kept, full = Visits(clean_store, tmp_path), OSError("no space left on device")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(full))
        with pytest.raises(OSError, match="no space"):
            kept.note("hoa", "scan", "/scans/1")
    before = sum(len(file.read_text(encoding="utf-8")) for file in tmp_path.glob("*.jsonl"))
    kept.note("hoa", "scan", "/scans/1")
    kept.note("hoa", "scan", "/scans/1")
    lines = "".join(file.read_text(encoding="utf-8") for file in tmp_path.glob("*.jsonl"))[before:].strip().splitlines()
    assert len(lines) == 1 and json.loads(lines[0])["visitor"] == "hoa"


def test_two_servers_keep_each_their_own(clean_store: Store, tmp_path: Path) -> None:
    for name in ("one", "other"):
        kept = Visits(clean_store, tmp_path / name)
        kept.note(name, "batches", "/batches")
        kept.send()
    assert sorted(told(clean_store)) == [("one", "/batches"), ("other", "/batches")]


def test_days_over_leave_the_disk_and_after_the_term_the_store(clean_store: Store, tmp_path: Path) -> None:
    """Yesterday's journal, left by a server that was killed, is sent and ends; what is older than the term goes."""
    term, today = clean_store.settings.visits_days, datetime.now(TIME_ZONE).date()
    line = {"at": "2023-03-06T08:00:00.000", "visitor": "hoa", "opened": "scan", "address": "/scans/1"}
    row = pa.Table.from_pylist([{"visitor": "old", "address": "/"}], TABLES["visits"])
    for age in (term, term + 1):
        clean_store.write_table("visits", today - timedelta(age), f"server-{age}", row)
    tmp_path.joinpath(f"{today - timedelta(1)}.jsonl").write_text(f"\n{json.dumps(line)}", encoding="utf-8")
    Visits(clean_store, tmp_path).send()
    assert list(tmp_path.glob("*.jsonl")) == []
    days = {layout.table_day(info.key) for info in clean_store.list_objects(layout.WAREHOUSE, "visits/")}
    assert days == {today - timedelta(term), today - timedelta(1)}
