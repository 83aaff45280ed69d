"""Watching a folder: what is being written waits, what is left alone is sent, a line that is down is waited for."""

from __future__ import annotations

from pathlib import Path

import pytest

from sohoa.desk import upload
from sohoa.desk.upload import watch_folder
from sohoa.store import Store
from tests.batch_builder import AGENCY
from tests.desk.agency_folder import GOOD, OTHER, QuietScreen, computer, in_dossier, put_scan


def test_a_folder_is_looked_at_once_it_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first time at once; then when it has changed and stayed so; never for what stays the same."""
    clock = [0.0]
    monkeypatch.setattr(upload.time, "monotonic", lambda: clock[0])
    looks = watch_folder(tmp_path, 60, lambda seconds: None)
    assert [next(looks), next(looks)] == [True, False]
    put_scan(tmp_path, "a.jpg", b"1")
    assert not next(looks)
    clock[0] = 59.0
    put_scan(tmp_path, "a.jpg", b"12")
    assert not next(looks)
    clock[0] = 118.0
    assert not next(looks)
    clock[0] = 119.0
    assert [next(looks), next(looks)] == [True, False]
    put_scan(tmp_path, "Thumbs.db", b"1")
    clock[0] = 300.0
    assert not next(looks)


def test_what_comes_is_sent_and_a_fault_does_not_end_it(
    clean_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list that cannot be read is said; when it is gone, documents go, the oldest first."""
    monkeypatch.setattr(upload, "SEND_SETTLED_S", 0.0)
    folder, screen = tmp_path / "scans", QuietScreen()
    put_scan(folder, "danh-sach.csv", b"no\n")
    passes = computer(clean_store, tmp_path, screen).watch(folder)
    monkeypatch.setattr(upload, "watch_folder", lambda *_: iter([True]))
    assert list(passes) == []
    assert any("dòng đầu phải là tên cột" in text for text in screen.said)
    (folder / "danh-sach.csv").unlink()
    noon = put_scan(folder, in_dossier("b.jpg"), GOOD).stat().st_mtime
    put_scan(folder, in_dossier("a.jpg"), OTHER, written=noon + 60)
    uploader = computer(clean_store, tmp_path / "other", screen)
    (sent,) = uploader.watch(folder)
    (batch,) = sent.committed
    assert batch.batch == f"{AGENCY}-20230306-001"
    assert [one.fields["title"] for one in uploader.state.documents(batch)] == ["b", "a"]
