"""What those who steer read: forecast, campaign, revisions, silent agencies, scanners."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner

from sohoa import layout
from sohoa.counting.count_progress import progress_of_day
from sohoa.counting.join_dossiers import merge_dossiers
from sohoa.labels import label_vi
from sohoa.progress.compare_periods import Comparison, Period
from sohoa.registry import agencies_at
from sohoa.schema import TABLES
from sohoa.steering.forecast import Outlook
from sohoa.steering.target_line import TargetLine
from sohoa.store import Store
from sohoa.terminal.show_steering import change, outlook_line
from tests.command_line import app

MONDAY, WEEK = date(2024, 4, 15), "2024-W16"
AGENCY, BATCH = "H37.80.01", "H37.80.01-20240416-001"
DOSSIER = {
    "dossier_key": "H37.80.01-240415-1",
    "unit_code": "05971",
    "handling_agency": AGENCY,
    "status": 4,
    "components": 1,
    "has_paper_result": False,
    "is_void": False,
}
DOCUMENT = {
    "agency": AGENCY,
    "batch": BATCH,
    "document_id": "d",
    "dossier_key": DOSSIER["dossier_key"],
    "kind": "component",
    "is_received": True,
    "verdict": "accepted",
    "pages_found": 2,
}


def table_of(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, TABLES[name])


NO_DOCUMENTS = table_of("documents", []).append_column("decision", pa.nulls(0, pa.string()))


def write_day(store: Store, *documents: dict[str, Any]) -> None:
    """One dossier on Monday, with these documents."""
    scanned = table_of("documents", list(documents))
    decided = scanned.append_column("decision", pa.nulls(len(scanned), pa.string()))
    dossiers = merge_dossiers(None, table_of("register", [DOSSIER]), decided)
    store.write_table("dossiers", MONDAY, layout.DAY, dossiers)
    store.write_table("progress_daily", MONDAY, layout.DAY, progress_of_day(MONDAY, dossiers))


@pytest.fixture
def small_store(clean_store):
    """A dossier that nobody has scanned, a scanner with a streak on three days, a map that was too large for it."""
    write_day(clean_store)
    device = {
        "agency": AGENCY,
        "device_id": "Fujitsu 1",
        "device_kind": "adf",
        "documents_received": 4,
        "pages_received": 9,
    }
    streak = {"defect_pages": [], "streaks": [{"x_mm": 104, "pages": 5}]}
    for n in range(3):
        rows = table_of("device_daily", [device | streak])
        clean_store.write_table("device_daily", MONDAY - timedelta(7 - n), layout.DAY, rows)
    sheet = {**DOCUMENT, "document_id": "m", "paper": "a1", "not_scanned": "too_large", "pages_declared": 3}
    rows = table_of(
        "documents", [sheet | {"is_received": False, "verdict": None, "pages_found": 0, "pages_accepted": 0}]
    )
    clean_store.write_table("documents", MONDAY - timedelta(7), BATCH, rows)
    return clean_store


def sohoa(*arguments: str) -> str:
    done = CliRunner(env={"COLUMNS": "120"}).invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_a_silent_agency_is_listed_until_its_notice_comes(small_store):
    """Two working days without a batch; then a notice says why."""
    text = sohoa("silent", "--date", "2024-04-16")
    assert "UBND phường Hoàng Văn Thụ" in text
    assert label_vi("activity_states", "silent") in text
    assert DOSSIER["dossier_key"] in text
    notice = {"agency": AGENCY, "notice_kind": "no_connection", "start": MONDAY, "note": "mất sóng"}
    small_store.write_table("notices", MONDAY, "n", table_of("notices", [notice]))
    text = sohoa("silent", "--date", "2024-04-16")
    assert f"{label_vi('activity_states', 'no_connection')}: mất sóng" in text
    assert label_vi("activity_states", "silent") not in text


def test_scanners_that_want_attention(small_store):
    """Which glass to clean and where, whose queue grows, and who needs a large-format scanner."""
    text = sohoa("devices", "--to", "2024-04-15")
    assert "Lau mặt kính máy quét Fujitsu 1" in text
    assert "104 mm từ mép trái, 3 ngày (08/04–10/04), 15 trang" in text
    queue, large = text.split("Thiếu máy quét khổ lớn")
    assert "4,0" in queue
    assert "A1" in large


@pytest.mark.parametrize(("start", "to"), [("2020-01-06", "2020-01-12"), ("2023-01-02", "2023-01-08")])
def test_scanners_of_days_without_scans(small_store, start, to):
    """Each part says that there is nothing to do; no table stands there without a row."""
    text = sohoa("devices", "--from", start, "--to", to)
    assert f"quét {start[8:]}/{start[5:7]}/{start[:4]} – {to[8:]}/{to[5:7]}/{to[:4]}" in text
    assert text.count("Không ") == 3 and "Tờ" not in text


def test_a_printed_week_is_revised(small_store):
    """Printed with 0 of 1; a batch since makes it 1 of 1, and the cause is named."""
    sohoa("run", "keep", "--week", WEEK)
    assert "Không có gì thay đổi" in sohoa("revised", "--week", WEEK)
    write_day(small_store, DOCUMENT)
    text = sohoa("revised", "--week", WEEK, "--unit", "05971")
    assert "Đã in cho tuần 15/04–21/04: 0 / 1" in text
    assert label_vi("revision_causes", "new_batch") in text
    assert "Nay: 1 / 1" in text


def test_a_forecast_says_why_it_is_silent(small_store):
    """One day tells nothing about the date; what is left to do is told all the same."""
    text = sohoa("forecast", "--to", "2024-04-21", "--by", "2024-04-30")
    assert "Không dự báo ngày đạt 86 %: chưa đủ số tuần" in text
    assert "còn 5 ngày" in text  # 22 to 26 April; then 29 April is moved and 30 April a holiday


def test_campaigns_are_listed_and_ranked(small_store):
    """The list names the codes; a ranking names the places."""
    assert "2023-so-hoa" in sohoa("campaign")
    assert "UBND" not in sohoa("campaign", "2024-mot-cua", "--to", "2024-04-21")
    assert "Phường Hoàng Văn Thụ (05971)" in sohoa("campaign", "2024-mot-cua", "--to", "2024-04-21")
    rows = sohoa("campaign", "2024-mot-cua", "--to", "2024-04-21", "--format", "jsonl").splitlines()
    assert len(rows) == 2  # district and commune; the campaign has no departments
    listed = csv.DictReader(io.StringIO(sohoa("campaign", "2024-mot-cua", "--to", "2024-04-21", "--format", "csv")))
    for row, line in zip(listed, map(json.loads, rows), strict=True):
        period, against = line["against"]["period"], line["against"]
        assert (row["unit_code"], row["against_reason"]) == (line["unit_code"], against["reason"] or "")
        assert (row["against_period_first"], row["against_period_last"]) == (period["first"], period["last"])
        assert row["is_reached"] in ("", "true", "false")
        assert not set("{}[]'") & set("".join(row.values()))


@pytest.mark.parametrize("week", ["2024-60", "2024-W60", "tuần 16"])
def test_a_week_that_is_none(week):
    """Wrong usage is exit code 2, and the form is shown."""
    done = CliRunner().invoke(app, ["revised", "--week", week])
    assert done.exit_code == 2


def test_a_comparison_is_signed_or_explained():
    """Up and down are told apart; unlike periods say why."""
    period = Period(MONDAY, MONDAY + timedelta(6))
    before = Period(MONDAY - timedelta(7), MONDAY - timedelta(1))
    assert change(Comparison(period, before, 75.0, 50.0, 25.0, None)) == "75,0 % (+25,0 điểm so với 08/04–14/04)"
    assert "−5,0" in change(Comparison(period, before, 45.0, 50.0, -5.0, None))
    assert label_vi("comparison_reasons", "holidays") in change(
        Comparison(period, before, 45.0, None, None, "holidays")
    )


def test_a_date_is_the_end_of_its_week():
    """Reached in the week of Monday 15 April: known on Sunday the 21st."""
    line = TargetLine(date(2024, 1, 1), date(2024, 12, 31), 5.6, 86.0)
    outlook = Outlook(MONDAY, MONDAY + timedelta(7), None, MONDAY, None, None, "already", 0)
    assert "21/04/2024" in outlook_line(outlook, line).plain


@pytest.mark.parametrize(("unit", "is_marked"), [("06613", True), ("06625", True), ("20", False), ("06622", False)])
def test_a_forecast_of_a_split_unit_is_marked(clean_store, unit, is_marked):
    """06622 went to two units on 2025-07-01; on the map of its own days, and for the province, nothing is open."""
    rows = merge_dossiers(None, table_of("register", [DOSSIER | {"unit_code": "06622"}]), NO_DOCUMENTS)
    clean_store.write_table("progress_daily", MONDAY, layout.DAY, progress_of_day(MONDAY, rows))
    map_day = "2024-04-01" if unit == "06622" else "2025-07-01"
    text = sohoa("forecast", "--unit", unit, "--map", map_day, "--to", "2024-04-21")
    assert ("thực tế ≈" in text) == ("≈ Gần đúng" in text) == is_marked


def test_the_backlog_of_a_split_unit_is_marked(clean_store):
    """The rate and what it means; the office is named with its last day."""
    write_day(clean_store)
    office = next(agency.code for agency in agencies_at(MONDAY) if agency.unit_code == "06622")
    told = table_of("backlog", [{"agency": office, "results": 4, "line": 2}])
    clean_store.write_table("backlog", MONDAY, layout.DAY, told)
    asked = ("progress", "--definition", "backlog", "--unit")
    marked = sohoa(*asked, "06613", "--to", "2025-07-01")
    assert "≈0,0" in marked
    assert "≈ Gần đúng" in marked
    assert "(đến hết" in marked
    plain = sohoa(*asked, "06622", "--to", "2024-04-15")
    assert "≈" not in plain
    assert "(đến hết" not in plain


@pytest.mark.parametrize(("end", "is_ended"), [("2025-06-30", False), ("2025-07-01", True)])
def test_an_ended_office_is_named_so_on_a_map(small_store, end, is_ended):
    """Title of the progress, the backlog and the forecast."""
    for asked in (("progress",), ("progress", "--definition", "backlog"), ("forecast",)):
        text = sohoa(*asked, "--unit", "H37.80", "--map", "2025-07-01", "--to", end)
        assert ("UBND thành phố Lạng Sơn (đến hết 30/06/2025)" in text) == is_ended
