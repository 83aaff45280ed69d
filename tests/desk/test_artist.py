"""Pictures at an agency: drawn within the pipeline's bounds, each file read once, kept while it lies there."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from sohoa.desk.judge_scans import Artist, Checkup, MemoryRows, judge_scans
from sohoa.desk.read_scans import read_scans
from sohoa.desk.scans import ScanFile
from sohoa.settings import Settings, load_settings
from tests.desk.agency_folder import BAD, DECLARED, put_scan

_KEPT = MemoryRows()


class Counted:
    """Counts the files that are given to processes that draw, and does not draw."""

    def __init__(self, artist: Artist, patch: pytest.MonkeyPatch) -> None:
        self.artist, self.asked = artist, list[tuple[str, int]]()
        patch.setattr(artist.guard, "draw_pages", self._draw)

    def _draw(self, data: bytes, file: str, wanted: list[dict[str, Any]]) -> list[dict[str, Any]]:
        self.asked.append((file, len(wanted)))
        return [{"jpeg": "x", "width": 1, "height": 1, "places": {}} for _ in wanted]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counted]:
    """Of an artist who draws two pictures for a batch."""
    artist = Artist(settings())
    yield Counted(artist, monkeypatch)
    artist.close()


def coarse_pages(count: int) -> bytes:
    """A TIFF of pages that have too few dots per inch."""
    page, out = Image.open(io.BytesIO(BAD)), io.BytesIO()
    page.save(out, "TIFF", save_all=True, append_images=[page] * (count - 1), compression="jpeg", dpi=(100, 100))
    return out.getvalue()


def settings(**changes: int) -> Settings:
    return load_settings().model_copy(update={"pictures_per_batch": 2, **changes})


def look(folder: Path, artist: Artist) -> Checkup:
    return judge_scans(read_scans(folder, DECLARED), "adf", settings(), _KEPT, lambda done, total: None, artist)


def test_a_file_is_read_once_and_of_many_pages_some_are_drawn(counted: Counted, tmp_path: Path) -> None:
    """As on a slip; a second look draws nothing."""
    put_scan(tmp_path, "a.tif", coarse_pages(3))
    (pile,) = look(tmp_path, counted.artist).loose
    assert len(pile.pictures) == 2
    look(tmp_path, counted.artist)
    assert counted.asked == [("a.tif", 2)]


def test_pictures_of_what_has_gone_are_forgotten(counted: Counted, tmp_path: Path) -> None:
    """Those of what is there are kept, under another name too."""
    put_scan(tmp_path, "a.jpg", BAD)
    path = put_scan(tmp_path, "b.tif", coarse_pages(3))
    look(tmp_path, counted.artist)
    path.unlink()
    (tmp_path / "a.jpg").rename(tmp_path / "c.jpg")
    look(tmp_path, counted.artist)
    assert len({key[0] for key in counted.artist._drawn}) == 1
    assert [file for file, _ in counted.asked].count("c.jpg") == 0


@pytest.mark.parametrize("defect", ["large", "changed", "gone", "without a hash"])
def test_what_is_not_given_to_be_drawn(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, defect: str) -> None:
    """A file that is too large or not what was judged; nothing of it is kept, so that it is drawn once it is there."""
    artist = Artist(settings(max_file_bytes=10 if defect == "large" else 10**9))
    counted, path = Counted(artist, monkeypatch), put_scan(tmp_path, "a.jpg", BAD)
    if defect == "gone":
        path.unlink()
    sha256 = "" if defect == "without a hash" else "0" * 64
    assert artist.draw_page(ScanFile(path, "a.jpg"), sha256, 1) == {}
    assert (counted.asked, artist._drawn) == ([], {})
    artist.close()
