"""Pictures of scans: bounded in memory and in waiting, and what cannot be drawn is tried once."""

from __future__ import annotations

import base64
import hashlib
import os
import time
from pathlib import Path
from typing import Any

import pytest
from fastapi import HTTPException

from sohoa.errors import ObjectTooLarge
from sohoa.guarded.process import Cause, ProcessEnded
from sohoa.settings import Settings
from sohoa.web import scans
from sohoa.web.scans import Drawn, Scans
from tests.batch_builder import AGENCY, DAY

DATA = b"a scan"
PAGE: dict[str, Any] = {
    "agency": AGENCY, "batch": f"{AGENCY}-{DAY:%Y%m%d}-001", "file": "a.jpg", "page_no": 1, "width_px": 10,
    "height_px": 20, "width_mm": 1.0, "sha256": hashlib.sha256(DATA).hexdigest(),
}  # fmt: skip
VIEW = {"width": 10, "height": 20, "places": {}, "pictures": {"0-0": base64.b64encode(b"jpeg").decode()}}


class OneFile:
    """A store of one file, as large as it says."""

    def __init__(self, size: int = len(DATA)) -> None:
        self.settings, self.size = Settings(), size

    def get_spelled(self, bucket: str, key: str, limit: int) -> bytes:
        """As the store's."""
        if self.size > limit:
            raise ObjectTooLarge(key)
        return DATA


class Painter:
    """A guard that answers as it is told, and counts."""

    def __init__(self, *answers: dict[str, Any] | ProcessEnded | None) -> None:
        self.answers, self.asked = list(answers), 0

    def __call__(self, *_: object) -> Painter:
        return self

    def draw_view(self, data: bytes, file: str, view: dict[str, Any]) -> dict[str, Any] | None:
        """As the guard's."""
        self.asked += 1
        answer = self.answers.pop(0)
        if isinstance(answer, ProcessEnded):
            raise answer
        return None if answer is None else dict(answer)


def scans_of(monkeypatch: pytest.MonkeyPatch, folder: Path, painter: Painter, size: int = len(DATA)) -> Scans:
    monkeypatch.setattr(scans, "Guard", painter)
    return Scans(OneFile(size), folder, 10**6)  # type: ignore[arg-type]


@pytest.mark.parametrize(("size", "is_shown"), [(0, True), (256 << 20, True), ((256 << 20) + 1, False)])
def test_a_file_too_large_for_the_server_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, is_shown: bool
) -> None:
    kept = scans_of(monkeypatch, tmp_path, Painter(VIEW), size)
    assert (kept.fitted(DAY, PAGE, []) is not None) == is_shown


@pytest.mark.parametrize(
    "first", [None, ProcessEnded(Cause.SECONDS, ""), ProcessEnded(Cause.CRASH, ""), ProcessEnded(Cause.SILENCE, "")]
)
def test_what_cannot_be_drawn_is_tried_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: ProcessEnded | None
) -> None:
    painter = Painter(first, VIEW)
    for _ in range(2):
        assert scans_of(monkeypatch, tmp_path, painter).tiled(DAY, PAGE) is None
    assert painter.asked == 1


def test_what_was_ended_from_outside_is_drawn_another_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = scans_of(monkeypatch, tmp_path, Painter(ProcessEnded(Cause.OUTSIDE, ""), VIEW))
    assert kept.fitted(DAY, PAGE, []) is None
    assert kept.fitted(DAY, PAGE, []) == Drawn(10, 20, {})
    assert kept.picture(PAGE, "0-0", tiles=False) == b"jpeg"


def test_who_would_wait_long_is_asked_to_try_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scans, "WAIT_SECONDS", 0.01)
    kept = scans_of(monkeypatch, tmp_path, Painter(VIEW))
    with kept._places, pytest.raises(HTTPException) as refused:
        kept.fitted(DAY, PAGE, [])
    assert refused.value.status_code == 503
    assert kept.fitted(DAY, PAGE, []) is not None


def test_a_picture_taken_away_while_it_is_looked_at_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = scans_of(monkeypatch, tmp_path, Painter(VIEW))
    monkeypatch.setattr(scans, "_read_facts", lambda _: Drawn(10, 20, {}))
    kept.fitted(DAY, PAGE, [])
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_server_left_half_written_goes_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, age in {"old.1.part": 4_000, "new.1.part": 10}.items():
        part = tmp_path / name
        part.mkdir()
        os.utime(part, (time.time() - age,) * 2)
    scans_of(monkeypatch, tmp_path, Painter())
    assert [path.name for path in tmp_path.iterdir()] == ["new.1.part"]
