"""Pages that judge: what is fetched is what was labelled, and its labels are those that the judge reads."""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path

import pytest
from PIL import Image

from tools.fetch_jury import JURY, fetch_pages, set_width
from tools.judge_limits import LABELS

OFFICE = {"group": "office", "content": "", "paper": "", "width_mm": ""}


def test_pages_come_with_their_labels_and_changed_ones_do_not(tmp_path: Path) -> None:
    """A clean page has no defect, another one that is named and else nothing known; a page that changed is named."""
    same = OFFICE | {"source": "github:here/there", "commit": "c", "path": "a b.png", "page": "1"}
    same["sha256"] = hashlib.sha256(b"x").hexdigest()
    pages = [
        same | {"file": "clean.png", "clean": "1", "defect": ""},
        same | {"file": "dark.png", "clean": "0", "defect": "dark_border"},
        same | {"file": "changed.png", "clean": "1", "defect": "", "sha256": "0"},
    ]
    asked: list[str] = []
    assert fetch_pages(pages, tmp_path, lambda url: asked.append(url) or b"x") == ["changed.png"]
    assert asked[0] == "https://raw.githubusercontent.com/here/there/c/a%20b.png"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clean.png", "dark.png", "labels.csv"]
    with (tmp_path / "labels.csv").open(encoding="utf-8", newline="") as lines:
        clean, dark = csv.DictReader(lines)
    assert {clean[name] for name in LABELS.values()} == {"0"}
    assert dark["dark_border"] == "1" and dark["cutoff"] == "-1"


def test_a_file_of_several_pages_is_asked_for_once(tmp_path: Path) -> None:
    file = {"source": "github:here/there", "commit": "c", "path": "a.pdf", "sha256": hashlib.sha256(b"x").hexdigest()}
    file |= OFFICE
    pages = [file | {"file": "a.pdf", "page": number, "clean": "1", "defect": ""} for number in ("2", "7")]
    asked: list[str] = []
    assert fetch_pages(pages, tmp_path, lambda url: asked.append(url) or b"x") == []
    assert len(asked) == 1
    with (tmp_path / "labels.csv").open(encoding="utf-8", newline="") as lines:
        assert [line["page"] for line in csv.DictReader(lines)] == ["2", "7"]


def test_the_list_names_each_page_once_with_a_label_and_what_its_source_allows() -> None:
    with JURY.open(encoding="utf-8", newline="") as lines:
        pages = list(csv.DictReader(lines))
    assert len({(page["file"], page["page"]) for page in pages}) == len(pages)
    files = {page["file"]: page["sha256"] for page in pages}
    assert len(set(files.values())) == len(files) and all(files[page["file"]] == page["sha256"] for page in pages)
    assert all(page["licence"] for page in pages)
    assert {(page["clean"], bool(page["defect"])) for page in pages} == {("1", False), ("0", True), ("-1", False)}
    assert {page["group"] for page in pages} == {"office", "large"}


def test_a_large_sheet_has_the_defect_that_is_named_alone_and_comes_in_its_size(tmp_path: Path) -> None:
    """Of one that nobody vouches for nothing is known."""
    data = _picture("PNG")
    sheet = {"source": "github:here/there", "commit": "c", "path": "a.png", "page": "1", "group": "large"}
    sheet |= {"content": "map", "paper": "a2", "width_mm": "300", "sha256": hashlib.sha256(data).hexdigest()}
    pages = [
        sheet | {"file": "dark.png", "clean": "0", "defect": "dark_border"},
        sheet | {"file": "doubtful.png", "clean": "-1", "defect": ""},
    ]
    assert fetch_pages(pages, tmp_path, lambda _: data) == []
    with (tmp_path / "labels.csv").open(encoding="utf-8", newline="") as lines:
        dark, doubtful = csv.DictReader(lines)
    assert dark["dark_border"] == "1" and dark["seam"] == "0" and doubtful["seam"] == "-1"
    assert (dark["content"], dark["paper"]) == ("map", "a2")
    with Image.open(tmp_path / "dark.png") as image:
        assert image.info["dpi"] == pytest.approx((25.4 * 400 / 300,) * 2, rel=1e-3)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_picture_is_given_a_size_and_keeps_its_pixels(kind: str) -> None:
    """Whatever its file said before."""
    before = _picture(kind, dpi=(72, 72))
    with Image.open(io.BytesIO(set_width(before, 100))) as sized, Image.open(io.BytesIO(before)) as image:
        assert sized.info["dpi"] == pytest.approx((101.6, 101.6), abs=0.3)
        assert sized.tobytes() == image.tobytes()


def _picture(kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize((400, 200)).save(out, kind, **options)
    return out.getvalue()
