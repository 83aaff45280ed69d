"""Watching a folder: what is being written waits, what is left alone is sent, a line that is down is waited for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sohoa.desk import upload
from sohoa.desk.judge_scans import Checkup
from sohoa.desk.scans import OWN_FOLDER, scans_below
from sohoa.desk.upload import Sent, watch_folder
from sohoa.errors import DeskError, InputError
from sohoa.store import Store
from tests.batch_builder import AGENCY
from tests.desk.agency_folder import GOOD, OTHER, QuietScreen, computer, in_dossier, lonely_computer, put_scan


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


@pytest.mark.parametrize("fault", [DeskError("no line"), InputError("no folder")])
def test_a_pass_that_failed_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: DeskError | InputError
) -> None:
    """A minute later, although nothing has come; a pass that went well and waits for nothing is not."""
    clock, passes = [0.0], list[float]()

    def looks(*_: object) -> Iterator[bool]:
        for second in range(0, 400, 20):
            clock[0] = second
            yield second == 0

    def run(*_: object, **__: object) -> Sent:
        passes.append(clock[0])
        if len(passes) < 3:
            raise fault
        return Sent(Checkup())

    screen = QuietScreen()
    uploader = lonely_computer(tmp_path, screen)
    monkeypatch.setattr(upload, "watch_folder", looks)
    monkeypatch.setattr(upload.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(uploader, "run", run)
    assert len(list(uploader.watch(tmp_path))) == 1
    assert passes == [0, 60, 120]
    assert screen.said == [str(fault)] * 2


def test_a_folder_that_vanishes_while_it_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What else lies there is found; what this program wrote there is not looked at."""
    for name in ("a.jpg", "gone/b.jpg", "stays/c.jpg", f"{OWN_FOLDER}/d.jpg", f"stays/{OWN_FOLDER}/e.jpg"):
        put_scan(tmp_path, name, b"1")
    scandir = os.scandir

    def look(path: Any) -> Any:
        if Path(path).name == "gone":
            (tmp_path / "gone" / "b.jpg").unlink()
            (tmp_path / "gone").rmdir()
        return scandir(path)

    monkeypatch.setattr(os, "scandir", look)
    assert [path.relative_to(tmp_path).as_posix() for path in scans_below(tmp_path)] == ["a.jpg", "stays/c.jpg"]
