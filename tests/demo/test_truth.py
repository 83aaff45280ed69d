"""The demo ends well only where every figure and every page is what the simulator knows to be true."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from sohoa.cli import main
from sohoa.demo import run_demo
from sohoa.demo.compare_truth import compare_truth

RATES = [{"unit_code": "20", "numerator": 3, "denominator": 4}, {"unit_code": "178", "numerator": 1, "denominator": 2}]
COUNTS = [{"unit_code": "20", "category": "R1", "entries": 2}]
PAGES = [
    {"file": "batches/a/clean.jpg", "page_no": 1, "defects": []},
    {"file": "batches/a/blurred.jpg", "page_no": 1, "defects": ["blurred"]},
    {"file": "batches/a/of-a-short-one.pdf", "page_no": 2, "defects": []},
]
TRUE_PAGES = [
    {"file": "clean.jpg", "page": 1, "defect": ""},
    {"file": "blurred.jpg", "page": 1, "defect": "blurred"},
    {"file": "of-a-short-one.pdf", "page": 2, "defect": "missing_page"},
]


class Tables:
    """A store of three tables."""

    settings = None

    def __init__(self, **changes: list[dict[str, Any]]) -> None:
        self._tables = {"progress_daily": RATES, "reconciliation_daily": COUNTS, "pages": PAGES} | changes

    def read_table(self, name: str) -> pa.Table:
        return pa.Table.from_pylist(self._tables[name])


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    """The simulator's files."""
    folder = tmp_path / "demo" / "province" / "truth"
    folder.mkdir(parents=True)
    for name, rows in (("progress", RATES), ("reconciliation", COUNTS), ("pages", TRUE_PAGES)):
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return folder


def differences(store: Any, truth: Path) -> list[str]:
    return [line for comparison in compare_truth(store, truth) for line in comparison.differences]


def test_a_true_province_has_no_difference(truth: Path) -> None:
    """Nor has a page that is missing from its document."""
    assert differences(Tables(), truth) == []
    assert [comparison.compared for comparison in compare_truth(Tables(), truth)] == [2, 1, 3]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("table", "rows", "lines", "words"),
    [
        ("progress_daily", [RATES[0] | {"numerator": 2}, RATES[1]], 2, "numerator 2"),
        ("progress_daily", RATES[:1], 1, "unit_code 178"),
        ("reconciliation_daily", [*COUNTS, {"unit_code": "20", "category": "R2", "entries": 1}], 1, "category R2"),
        (
            "pages",
            [PAGES[0] | {"defects": ["blurred"]}, *PAGES[1:]],
            1,
            "clean.jpg page 1: made clean, found ['blurred']",
        ),
        ("pages", [PAGES[0], PAGES[1] | {"defects": []}, PAGES[2]], 1, "made blurred, found []"),
        ("pages", [PAGES[0], PAGES[1] | {"defects": ["blurred", "noisy"]}, PAGES[2]], 1, "found ['blurred', 'noisy']"),
        ("pages", PAGES[:2], 1, "of-a-short-one.pdf page 2"),
        ("pages", [*PAGES, {"file": "x/more.jpg", "page_no": 1, "defects": []}], 1, "more.jpg page 1"),
    ],
)
def test_each_difference_is_a_line(truth: Path, table: str, rows: list[dict[str, Any]], lines: int, words: str) -> None:
    """A count that is off is missing and too many; a page is named with what was made of it and what was found."""
    found = differences(Tables(**{table: rows}), truth)
    assert len(found) == lines and any(words in line for line in found)


@pytest.mark.parametrize(("pages", "code"), [(PAGES, 0), ([PAGES[0] | {"defects": ["skewed"]}, *PAGES[1:]], 1)])
def test_the_command_ends_red_where_something_differs(
    truth: Path, pages: list[dict[str, Any]], code: int, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """Exit 1 and the line, after everything has been stopped; exit 0 where all is true."""
    stopped: list[str] = []

    monkeypatch.setenv("DEMO_EXIT", "1")
    monkeypatch.setenv("SOHOA_HOME", str(truth.parents[2]))
    for name in ("_prepare", "_run_dags", "_show_units", "_show_defects"):
        monkeypatch.setattr(run_demo, name, lambda *_: None)
    monkeypatch.setattr(run_demo.signal, "signal", lambda *_: None)
    monkeypatch.setattr(run_demo.stack, "up", lambda *_: None)
    monkeypatch.setattr(run_demo.stack, "down", lambda *_: stopped.append("all"))
    monkeypatch.setattr(run_demo.stack, "describe", lambda *_: [])
    monkeypatch.setattr(run_demo, "open_store", lambda: Tables(pages=pages))
    monkeypatch.setattr(run_demo, "_show_weeks", lambda *_: None)
    monkeypatch.setattr("sys.argv", ["sohoa", "demo"])
    with pytest.raises(SystemExit) as end:
        main()
    assert (end.value.code, stopped) == (code, ["all"])
    printed = capsys.readouterr()
    assert ("made clean, found ['skewed']" in printed.out) == (code == 1)
    assert ("differ" in printed.err) == (code == 1)
