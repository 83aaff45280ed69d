"""Made defects in folds: each copy is judged by the net of its page's fold, and compared with copies as they are."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from sohoa.pages import page_net
from tools.pagenet import judge_folds, judge_made
from tools.pagenet.judge_made import (
    AS_IS,
    COLUMNS,
    Copy,
    fold_of_pages,
    ground_of_pages,
    ground_rows,
    judge,
    judge_grounds,
    judge_reach,
    reach_rows,
    read_unseen,
    table_rows,
)


def copy(kind: str, fold: int, strength: float | None, found: bool = False, error: str | None = None) -> Copy:
    row = dict.fromkeys(COLUMNS.values(), 0.0) | {"streak_strength": strength, "error": error}
    return Copy(f"page {fold}", kind, "025", fold, row, frozenset({"streaks"} if found else ()))


def test_areas_and_reports_are_told_by_fold() -> None:
    """Two copies with streaks, of which one reads more than its page; what was not measured reads least."""
    copies = [
        copy("streaks", 1, 9.0, True), copy("streaks", 2, None), copy("streaks", 2, 99.0, error="unreadable: x"),
        copy(AS_IS, 1, 2.0), copy(AS_IS, 2, 0.0, True),
    ]  # fmt: skip
    counts = judge(copies, {("page 2", "streaks", "025")})
    assert counts["streaks"] == {
        "all": [0.5, 2, 2], "seen": [1.0, 1, 2], "fold 1": [1.0, 1, 1], "fold 2": [0.0, 1, 1], "fold 3": [],
        "found": [1, 2], "false": [1, 2],
    }  # fmt: skip
    (row,) = table_rows(counts)
    assert row == (
        "streaks",
        "0.500 (2, 2)",
        "1.000 (1, 2)",
        "1.000 (1, 1)",
        "0.000 (1, 1)",
        "unknown",
        "1 of 2",
        "1 of 2",
    )


def test_pages_of_sources_without_a_fold_are_left_out(tmp_path: Path) -> None:
    """A page is known by the name of its file without the ending."""
    lines = ["file,source", "a.b.jpg,github:zxing/zxing", "c.png,github:somebody/else"]
    (tmp_path / "labels.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert fold_of_pages([tmp_path]) == {"a.b": 2}


def test_a_page_of_which_nothing_can_show_is_left_out_as_it_is_too() -> None:
    """Named without a severity: neither its copies nor the page count beside the figure of all."""
    copies = [copy("streaks", 1, 9.0), copy("streaks", 2, 1.0), copy(AS_IS, 1, 0.0), copy(AS_IS, 2, 99.0)]
    counts = judge(copies, {("page 2", "streaks", "")})
    assert (counts["streaks"]["all"], counts["streaks"]["seen"]) == ([0.5, 2, 2], [1.0, 1, 1])


def test_what_nobody_can_see_is_of_a_kind_that_is_judged() -> None:
    assert {kind for _, kind, _ in read_unseen()} <= set(COLUMNS)


@pytest.mark.parametrize("reader", [judge_made, judge_folds])
def test_a_misspelt_page_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: ModuleType) -> None:
    """A slip in a table would leave a copy, or a label, in. Of other folders' pages nothing is known."""
    lines = ["page,kind,severity,defect,label,reason", "sound,seam,,cut_off,1,x", "sond,seam,025,cut_off,1,x"]
    (tmp_path / "table.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "labels.csv").write_text("file,source\nsound.jpg,github:zxing/zxing\n", encoding="utf-8")
    monkeypatch.setattr(reader, "UNSEEN" if reader is judge_made else "DOUBTFUL", tmp_path / "table.csv")
    folders = ["--labels", str(tmp_path), "--copies", str(tmp_path)] if reader is judge_made else [str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["judge", *["net.onnx"] * 3, *folders])
    monkeypatch.setattr(page_net, "WEIGHTS", page_net.WEIGHTS)  # which judging changes
    with pytest.raises(ValueError, match=r"table\.csv names pages that are not in these folders: sond$"):
        reader.main()


def test_what_is_seen_is_told_by_what_the_page_is(tmp_path: Path) -> None:
    """Paper, a card and a photograph; what cannot be seen on the card is left out, and nothing is left of it."""
    lines = ["file,camera_photo,glossy_cover", "page 1.png,0,0", "page 2.png,0,1", "page 3.png,1,1"]
    (tmp_path / "labels.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    copies = [copy("streaks", page, page / 2) for page in (1, 2, 3)] + [copy(AS_IS, page, 1.0) for page in (1, 2, 3)]
    counts = judge_grounds(copies, ground_of_pages([tmp_path]), {("page 2", "streaks", "025")})
    assert ground_rows(counts) == [("streaks", "0.000 (1, 1)", "unknown", "1.000 (1, 1)")]


def test_what_could_be_reached_is_told_beside(tmp_path: Path) -> None:
    """Seen on the photograph as on paper, its copy would read 5 + 3; were the pages 0, all would be more."""
    lines = ["file,camera_photo,glossy_cover", "page 1.png,0,0", "page 3.png,1,0"]
    (tmp_path / "labels.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    copies = [
        copy("streaks", 1, 4.0), copy("streaks", 3, 5.0), copy(AS_IS, 1, 1.0), copy(AS_IS, 3, 5.0),
    ]  # fmt: skip
    counts = judge_reach(copies, ground_of_pages([tmp_path]))
    assert counts["streaks"] == {
        "own scans of paper": [1.0, 1], "own scans of cards, covers and prints": [], "own photographs": [0.5, 1],
        "sighted": [0.75, 2, 2], "spotless": [1.0, 2, 2],
    }  # fmt: skip
    assert reach_rows(counts) == [("streaks", "1.000", "unknown", "0.500", "0.750", "1.000")]
