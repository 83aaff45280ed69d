"""What a manager reads: names, Vietnamese numbers, nothing cut at 100 columns, and every figure once."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner
from rich.console import Console

from sohoa import layout
from sohoa.counting.count_progress import RATES, progress_of_day
from sohoa.counting.document_states import STATES
from sohoa.counting.join_dossiers import merge_dossiers
from sohoa.counting.record_review import add_decisions
from sohoa.enums import DOSSIER_REASONS, RATE_NAMES
from sohoa.labels import label_vi, rate_name
from sohoa.progress.unit_progress import Figure
from sohoa.schema import TABLES
from sohoa.settings import Settings
from sohoa.terminal.bars import bar, sparkline
from sohoa.terminal.show_progress import progress_table, spark_lines
from tests.command_line import app

MONDAY = date(2024, 4, 15)
SETTINGS = Settings()


def figure(rate: float | None, **values: Any) -> Figure:
    """A period of the size of the whole province's year."""
    due = 300_000 if rate is not None else 0
    found = round(due * (rate or 0) / 100)
    return Figure(
        **{
            "first_day": MONDAY,
            "last_day": MONDAY + timedelta(6),
            **dict.fromkeys(("denominator", "finished"), due),
            **dict.fromkeys(("declared", "received", "accepted"), found),
            "waived": 123,
            **dict.fromkeys(("rate_percent", "received_percent"), rate),
            "score_766": None if rate is None else 3.21,
            "target_share": None if rate is None else 0.5,
            "is_approximate": False,
        }
        | values
    )


def lines(*parts: Any, width: int = 100) -> list[str]:
    console = Console(width=width, file=io.StringIO(), color_system=None)
    for part in parts:
        console.print(part)
    return console.file.getvalue().splitlines()


def test_a_sparkline_rises_with_the_rate_and_leaves_gaps():
    """One character a value, lowest at 0 %, highest at 100 %, a blank where nothing is known."""
    drawn = sparkline([0.0, None, 50.0, 100.0])
    assert len(drawn) == 4
    assert drawn[1] == " "
    assert drawn[0] < drawn[2] < drawn[3] == "█"


@pytest.mark.parametrize(("percent", "cells"), [(0.0, 0), (50.0, 5), (100.0, 10)])
def test_a_bar_is_as_long_as_its_share(percent, cells):
    """In eighths of a cell: 1 % more is seen."""
    assert len(bar(percent, 10)) == cells
    assert bar(percent, 10) != bar(percent + 1.5, 10)


@pytest.mark.parametrize("width", [100, 80])
def test_nothing_is_cut(width):
    """With the largest numbers every cell stands whole; bars make way in a narrower window."""
    table = progress_table([figure(9.5), figure(None), figure(86.0)], figure(47.7), "week", SETTINGS, width)
    shown = lines(table, width=width)
    text = "\n".join(shown)
    assert max(map(len, shown)) <= width
    assert "…" not in text
    assert text.count("300.000") == 3
    assert ("█" in text) == (width == 100)


def test_the_bar_meets_its_mark_at_the_target():
    """Below the target the mark stands; from the target on the bar covers it."""
    below, at = lines(progress_table([figure(80.0), figure(86.0)], figure(83.0), "week", SETTINGS, 100))[2:4]
    mark = below.index("╎")
    assert at[mark] in "█▏▎▍▌▋▊▉" and "╎" not in at


def test_a_long_sparkline_is_broken_at_the_width():
    """A period in which nothing counts says so."""
    shown = lines(spark_lines([figure(50.0)] * 120, "day", 100))
    assert max(map(len, shown)) <= 100
    assert sum(line.count("▅") for line in shown) == 120
    assert "Không có hồ sơ" in "\n".join(lines(spark_lines([figure(None)], "day", 100)))


def test_every_rate_and_reason_has_its_code():
    """A new definition, stage or state is named in the enumerations, which have labels."""
    assert {rate_name(*rate) for rate in RATES} | {"backlog"} == set(RATE_NAMES)
    for kind in ("component", "result"):
        assert {f"{kind}_{state}" for state in ("undeclared", *STATES[1:4])} <= set(DOSSIER_REASONS)


@pytest.fixture
def two_dossiers(clean_store):
    """One digitised, one without scans, both of commune 05971, on a Monday; and a scan of an unknown dossier."""
    row = {"unit_code": "05971", "handling_agency": "H37.80.01", "status": 9, "components": 1, "is_void": False}
    register = [{"dossier_key": f"H37.80.01-240415-{n}", "has_paper_result": False, **row} for n in (1, 2)]
    scan = {"agency": "H37.80.01", "batch": "b", "kind": "component", "is_received": True, "verdict": "accepted"}
    documents = [{"document_id": f"D{n}", "dossier_key": f"H37.80.01-240415-{n}", **scan} for n in (1, 9)]
    tables = {"register": register, "documents": documents, "reviews": []}
    rows = {name: table_of(name, values) for name, values in tables.items()}
    dossiers = merge_dossiers(None, rows["register"], add_decisions(rows["documents"], rows["reviews"]))
    clean_store.write_table("dossiers", MONDAY, layout.DAY, dossiers)
    clean_store.write_table("progress_daily", MONDAY, layout.DAY, progress_of_day(MONDAY, dossiers))
    return clean_store


def table_of(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, TABLES[name])


def sohoa(*arguments: str) -> str:
    done = CliRunner(env={"COLUMNS": "100"}).invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_progress_and_explain_agree(two_dossiers):
    """The same numerator and denominator in the table, as JSON lines and in the list behind them."""
    asked = ("progress", "--from", "2024-04-15", "--to", "2024-04-16")
    text = sohoa(*asked)
    assert "Tỉnh Lạng Sơn (20)" in text and "T2 15/04" in text and "50,0" in text
    days = [json.loads(line) for line in sohoa(*asked, "--format", "jsonl").splitlines()]
    assert [(day["accepted"], day["denominator"], day["rate_percent"]) for day in days] == [(1, 2, 50.0), (0, 0, None)]
    asked = ("explain", "--unit", "20", "--date", "2024-04-15")
    listed = csv.DictReader(io.StringIO(sohoa(*asked, "--format", "csv")))
    assert [(row["dossier_key"][-2:], row["accepted"], row["reasons"]) for row in listed] == [
        ("-2", "0", "component_undeclared"),
        ("-1", "1", "digitised"),
    ]
    text = sohoa(*asked)
    for part in (
        "Tử số 1 / mẫu số 2",
        "50,0 % nhận (chính thức)",
        label_vi("dossier_reasons", "component_undeclared"),
        "1 hồ sơ có",
    ):
        assert part in text


def test_dossiers_that_the_summary_has_not_taken_are_told(two_dossiers):
    """The list shows what is known of the dossiers, and says that the table of progress still has another figure."""
    asked = ("explain", "--unit", "05971", "--date", "2024-04-15")
    assert "chưa được tổng hợp lại" not in sohoa(*asked)
    nothing = two_dossiers.read_table("dossiers", [MONDAY]).slice(0, 0)
    two_dossiers.write_table("progress_daily", MONDAY, layout.DAY, progress_of_day(MONDAY, nothing))
    assert "tử số 0 / mẫu số 0: ngày này chưa được tổng hợp lại" in sohoa(*asked)


def test_a_young_unit_says_since_when_it_stands(two_dossiers):
    """Days before it are not silently left out; on a map they count."""
    asked = ("progress", "--unit", "06040", "--from", "2024-11-25", "--to", "2024-12-08")
    assert "Đơn vị này có từ 01/12/2024" in sohoa(*asked)
    assert "Đơn vị này có từ" not in sohoa(*asked, "--map", "2024-12-01")


def test_a_map_is_named_and_an_unknown_one_refused(two_dossiers):
    """05971 lies in Phường Kỳ Lừa on the newest map; a date without map is wrong usage."""
    text = sohoa("progress", "--unit", "06187", "--map", "2025-07-01", "--to", "2024-04-21")
    assert "Phường Kỳ Lừa (06187)" in text and "địa giới ngày 01/07/2025" in text
    done = CliRunner().invoke(app, ["progress", "--map", "2025-01-01"])
    assert done.exit_code == 2
