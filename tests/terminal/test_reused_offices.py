"""One agency code, two offices one after the other: each has its own queue, batches, scanners, backlog and name."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner

from sohoa import layout
from sohoa.counting.count_progress import progress_of_day
from sohoa.days import Week
from sohoa.quality.thresholds import load_thresholds
from sohoa.report.build_report import build_report
from sohoa.schema import TABLES
from sohoa.slips.slip_page import Contacts, render
from sohoa.steering.dirty_glass import find_dirty_glass
from sohoa.steering.replay_limits import judge_again
from sohoa.store import Store, with_path_key
from sohoa.terminal.show_replay import _label
from tests.command_line import app
from tests.counting_cases import document, dossier, merged, table
from tests.steering.incident_cases import find_incidents

MONDAY, TUESDAY, WEDNESDAY = (date(2024, 4, 15) + timedelta(n) for n in range(3))
CODE, OLD, NEW = "H37.80.01", "UBND phường Cũ", "UBND phường Mới"
ENDED = f"{OLD} (đến hết 16/04/2024)"
AGENCIES = f"""code,name,kind,unit_code,valid_from,valid_to
{CODE},{OLD},commune,05971,2020-01-01,2024-04-17
{CODE},{NEW},commune,05974,2024-04-17,
H37.60,Văn phòng,department,20,2020-01-01,
"""


@pytest.fixture
def two_offices(clean_store: Store, own_file: Any) -> Store:
    """The old one: two dossiers wait, a batch, a scanner, 3 large sheets, a backlog of 9; the new one: a dossier."""
    own_file("agencies", AGENCIES)
    for day, numbers, unit in ((MONDAY, (1, 2), "05971"), (WEDNESDAY, (3,), "05974")):
        rows = merged([dossier(n, unit_code=unit, has_paper_result=False) for n in numbers], [])
        clean_store.write_table("dossiers", day, layout.DAY, rows)
        clean_store.write_table("progress_daily", day, layout.DAY, progress_of_day(day, rows))
    batch = {"agency": CODE, "batch": f"{CODE}-20240415-001"}
    clean_store.write_table("batches", MONDAY, batch["batch"], table("batches", [batch]))
    scanner = {"agency": CODE, "device_id": "S1", "device_kind": "flatbed", "documents_received": 10}
    streak = {"defect_pages": [], "streaks": [{"x_mm": 104, "pages": 5}]}
    for n in range(3):
        day = MONDAY - timedelta(n)
        clean_store.write_table("device_daily", day, layout.DAY, table("device_daily", [scanner | streak]))
    sheet = document("m", batch=batch["batch"], paper="a1", not_scanned="too_large", pages_declared=3)
    sheet |= {"is_received": False, "verdict": None, "pages_found": 0, "pages_accepted": 0}
    clean_store.write_table("documents", MONDAY, batch["batch"], table("documents", [sheet]))
    scans = [document("b", None, "backlog_result", batch=batch["batch"])]
    decided = table("documents", scans).append_column("decision", pa.nulls(1, pa.string()))
    clean_store.write_table("backlog_documents", MONDAY, layout.DAY, decided.select(TABLES["backlog_documents"].names))
    for day, results in ((MONDAY, 9), (WEDNESDAY, 4)):
        told = table("backlog", [{"agency": CODE, "results": results, "line": 2}])
        clean_store.write_table("backlog", day, layout.DAY, told)
    return clean_store


def sohoa(*arguments: str) -> str:
    done = CliRunner(env={"COLUMNS": "160"}).invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return " ".join(done.output.split())


def told(*arguments: str) -> list[dict[str, Any]]:
    done = CliRunner().invoke(app, [*arguments, "--format", "jsonl"], catch_exceptions=False)
    return [json.loads(line) for line in done.output.splitlines()]


def test_queue_and_last_batch_are_of_the_office_s_own_days(two_offices: Store) -> None:
    """On its first day the new office is silent and never sent; two dossiers wait at the old one, which sent."""
    rows = told("silent", "--date", str(WEDNESDAY), "--all")
    found = {row["valid_from"]: (row["state"], row["dossiers"], row["last_batch"]) for row in rows}
    assert found == {"2020-01-01": ("no_agency", 2, "2024-04-15"), "2024-04-17": ("silent", 1, None)}
    assert {row["days_without_batch"] for row in rows} == {0, 1}
    text = sohoa("silent", "--date", str(WEDNESDAY), "--all")
    assert f"{NEW} ({CODE})" in text
    assert f"{OLD} (đến hết" in text


def test_until_its_last_day_it_is_asked(two_offices: Store) -> None:
    """On Tuesday nobody speaks of the office to come."""
    (row,) = told("silent", "--date", str(TUESDAY), "--all")
    assert (row["state"], row["valid_from"], row["days_without_batch"]) == ("silent", "2020-01-01", 1)
    text = sohoa("silent", "--date", str(TUESDAY), "--all") + sohoa("devices", "--to", str(TUESDAY))
    assert f"{OLD} ({CODE})" in text
    assert NEW not in text


def test_a_notice_holds_for_the_office_that_gave_it(two_offices: Store) -> None:
    """The old office had no connection; the new one has said nothing."""
    notice = {"agency": CODE, "notice_kind": "no_connection", "start": MONDAY, "note": "mất sóng"}
    two_offices.write_table("notices", MONDAY, "n", table("notices", [notice]))
    states = {day: {row["state"] for row in told("silent", "--date", str(day))} for day in (TUESDAY, WEDNESDAY)}
    assert states == {TUESDAY: {"no_connection"}, WEDNESDAY: {"silent"}}


def test_scanners_and_sheets_are_of_the_office_that_used_them(two_offices: Store) -> None:
    """Streak and sheets are the old office's, who has ended; the new one has a queue and no scanner yet."""
    text = sohoa("devices", "--to", str(WEDNESDAY))
    glass, rest = text.split("Tài liệu chờ quét")
    queue, large = rest.split("Thiếu máy quét khổ lớn")
    assert f"của {ENDED} ({CODE})" in glass
    assert f"{NEW} ({CODE}) 0 0 – 1 –" in queue
    assert "đến hết 16/04/2024" in large
    assert NEW not in large


def scanner_days(first: date, pages: list[int], code: str = CODE, device: str | None = "S1") -> pa.Table:
    """One scanner day by day, a streak at 40 mm on each."""
    row = {"agency": code, "device_id": device, "documents_received": 9, "streaks": [{"x_mm": 40, "pages": 2}]}
    parts = [table("device_daily", [row | {"pages_received": n, "defect_pages": []}]) for n in pages]
    return pa.concat_tables([with_path_key("device_daily", part, first + timedelta(n)) for n, part in enumerate(parts)])


@pytest.mark.parametrize("device", ["S1", None])
@pytest.mark.parametrize(("code", "found"), [(CODE, 0), ("H37.60", 1), ("H37.999", 1)])
def test_a_scanner_is_held_against_the_limits_of_its_own_office(own_file: Any, code, found, device) -> None:
    """After 26 days of 100 pages, 400 a day: of another office they are no change, of one that goes on they are."""
    own_file("agencies", AGENCIES)
    days = scanner_days(WEDNESDAY - timedelta(26), [100] * 26 + [400] * 3, code, device)
    incidents = find_incidents(days)
    assert [incident.first_day for incident in incidents] == [WEDNESDAY] * found


def test_the_new_office_learns_its_own_limits(own_file: Any) -> None:
    """25 days of 400 pages are what it is held against; the old one keeps the incident of its own days."""
    own_file("agencies", AGENCIES)
    first = WEDNESDAY - timedelta(26)
    days = scanner_days(first, [100] * 25 + [400] + [400] * 25 + [100])
    found = [(incident.first_day, incident.centre // 100, incident.closed_day) for incident in find_incidents(days)]
    assert found == [(TUESDAY, 1, None), (WEDNESDAY + timedelta(25), 4, None)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (2, 2, []),
        (1, 3, [(WEDNESDAY, 3, 6)]),
        (3, 1, [(WEDNESDAY - timedelta(3), 3, 6)]),
        (3, 3, [(WEDNESDAY - timedelta(3), 3, 6), (WEDNESDAY, 3, 6)]),
    ],
)
def test_dirt_is_of_the_office_whose_pages_show_it(own_file: Any, before: int, after: int, expected: list[Any]) -> None:
    """Three days make dirt: those of two offices do not add up."""
    own_file("agencies", AGENCIES)
    days = scanner_days(WEDNESDAY - timedelta(before), [9] * (before + after))
    assert [(glass.first_day, glass.days, glass.pages) for glass in find_dirty_glass(days)] == expected


@pytest.mark.parametrize(("day", "expected"), [(TUESDAY, [(9, 1)]), (WEDNESDAY, [(9, 1), (4, 0)])])
def test_each_has_its_own_backlog(two_offices: Store, day: date, expected: list[tuple[int, int]]) -> None:
    """1 of 9 by the old office, which keeps its figures; 0 of 4 by the new one."""
    asked = ("progress", "--definition", "backlog", "--unit", "20", "--to", str(day))
    assert [(row["denominator"], row["accepted"]) for row in told(*asked)] == expected
    text = sohoa(*asked)
    assert (f"{NEW} ({CODE})" in text) == (day == WEDNESDAY)
    assert ("đến hết 16/04/2024" in text) == (day == WEDNESDAY)


def test_the_report_tells_the_two_apart(two_offices: Store) -> None:
    """Its list of agencies; nobody who is no more is to get a scanner for large sheets."""
    report = build_report(two_offices, Week(MONDAY).name)
    rows = {table.name: table.rows for table in (*report.tables, *report.annex)}
    shown = {row["agency_name"]: (row["state"], row["dossiers"], row["last_batch"]) for row in rows["agencies"]}
    city = "thành phố Lạng Sơn"
    ended = ENDED.replace(" (", f", {city} (", 1)
    assert shown == {ended: ("no_agency", 2, MONDAY), f"{NEW}, {city}": ("silent", 1, None)}
    assert "large_format" not in rows


@pytest.mark.parametrize(
    ("batch", "received", "name"),
    [
        (f"{CODE}-20240416-001", "2024-04-19T03:00:00+00:00", OLD),
        (f"{CODE}-20240417-001", "2024-04-19T03:00:00+00:00", NEW),
        ("lo-1", "2024-04-16T16:30:00+00:00", OLD),
        ("lo-1", "2024-04-16T17:30:00+00:00", NEW),  # half past midnight here
    ],
)
def test_a_slip_names_the_office_of_its_scan_day(own_file: Any, batch: str, received: str, name: str) -> None:
    """However late it is made; where the batch's name tells no day, that of its arrival."""
    own_file("agencies", AGENCIES)
    head = {"schema_version": 1, "agency": CODE, "batch": batch, "received_at": received, "manifest_sha256": "0" * 64}
    receipt: Any = {
        **head,
        "status": "refused",
        "reason": "bad_json",
        "message_vi": "x",
        "way_back_vi": "",
        "problems": [],
    }
    assert name in render(receipt, {}, Contacts("x", "x"), 30)


def test_the_office_of_a_commune_that_was_recoded_is_two(clean_store: Store) -> None:
    """H37.81.01 as shipped: the town's code was another from 1 December 2024 on."""
    for day, number in ((date(2024, 11, 28), 1), (date(2024, 12, 2), 2)):
        rows = merged([dossier(number, handling_agency="H37.81.01", unit_code="06040")], [])
        clean_store.write_table("dossiers", day, layout.DAY, rows)
    rows = told("silent", "--date", "2024-12-03", "--all")
    assert [(row["valid_from"], row["state"], row["dossiers"]) for row in rows] == [
        ("2024-12-01", "silent", 1),
        ("2020-01-01", "no_agency", 1),
    ]


REFORM, REUSED = date(2025, 7, 1), "H37.92"


@pytest.fixture
def district_then_department(clean_store: Store, own_file: Any) -> Store:
    """One code: two dossiers and 1 of 9 results of a district's office, then one dossier and 0 of 4 of a department."""
    rows = (
        f"{REUSED},UBND huyện Cao Lộc,district,183,2020-01-01,2025-07-01",
        f"{REUSED},Sở Mới,department,20,2025-07-01,",
    )
    own_file("agencies", "\n".join(("code,name,kind,unit_code,valid_from,valid_to", *rows)))
    last = REFORM - timedelta(1)
    for day, numbers in ((last, (1, 2)), (REFORM, (3,))):
        dossiers = merged([dossier(n, unit_code=REUSED, handling_agency=REUSED) for n in numbers], [])
        clean_store.write_table("dossiers", day, layout.DAY, dossiers)
        clean_store.write_table("progress_daily", day, layout.DAY, progress_of_day(day, dossiers))
    for day, results in ((last, 9), (REFORM, 4)):
        told_rows = table("backlog", [{"agency": REUSED, "results": results, "line": 2}])
        clean_store.write_table("backlog", day, layout.DAY, told_rows)
    scans = table("documents", [document("b", None, "backlog_result", agency=REUSED, batch=f"{REUSED}-20250630-001")])
    decided = scans.append_column("decision", pa.nulls(1, pa.string())).select(TABLES["backlog_documents"].names)
    clean_store.write_table("backlog_documents", last, layout.DAY, decided)
    return clean_store


@pytest.mark.parametrize(
    ("last", "name", "dossiers", "results"),
    [("2025-06-30", "UBND huyện Cao Lộc", 2, 9), ("2025-07-06", "Sở Mới", 1, 4)],
)
@pytest.mark.parametrize("map_day", [None, "2024-12-01", "2025-07-01"])
def test_a_code_means_one_office_on_every_map(
    district_then_department: Store, map_day: str | None, last: str, name: str, dossiers: int, results: int
) -> None:
    """Progress and backlog of the one that bears it on the last day asked for, and its name."""
    asked = ("--unit", REUSED, "--to", last, *(("--map", map_day) if map_day else ()))
    rows = told("progress", "--from", "2025-06-23", *asked)
    assert sum(row["denominator"] for row in rows) == dossiers
    assert [row["denominator"] for row in told("progress", "--definition", "backlog", *asked)] == [results]
    assert f"{name} ({REUSED})" in sohoa("progress", "--from", "2025-06-23", *asked)


def test_the_departments_together_are_no_district_s_office(district_then_department: Store) -> None:
    """What bears the code of a department now was a district's office in the week: the blocks are the province."""
    report = build_report(district_then_department, Week(REFORM - timedelta(1)).name)
    (blocks,) = [found.rows for found in report.tables if found.name == "blocks"]
    shown = {row["unit"]: row["denominator"] for row in blocks if row["denominator"]}
    assert shown == {"Huyện Cao Lộc (đến hết 30/06/2025)": 2, "Khối sở, ban, ngành": 1}


def test_a_replay_tells_two_offices_of_one_code_apart(clean_store: Store, own_file: Any) -> None:
    """One page of each side of the day on which the code passed on: two lines, each under its own name."""
    own_file("agencies", AGENCIES)
    for day, batch in ((TUESDAY, f"{CODE}-20240416-001"), (WEDNESDAY, f"{CODE}-20240417-001")):
        page = {"agency": CODE, "batch": batch, "document_id": "D", "verdict": "accepted", "defects": [], "notes": []}
        clean_store.write_table("pages", day, batch, table("pages", [page]))
        clean_store.write_table("documents", day, batch, table("documents", [document("D", batch=batch)]))
    lines = judge_again(clean_store, load_thresholds("tthc"), TUESDAY, WEDNESDAY, lambda *_: None)
    offices = [line for line in lines if line.subject == "agency_pages"]
    assert [(line.valid_from, sum(line.before.values())) for line in offices] == [(date(2020, 1, 1), 1), (WEDNESDAY, 1)]
    assert [_label(line) for line in offices] == [
        f"{OLD} (từ 01/01/2020) · {CODE}",
        f"{NEW} (từ 17/04/2024) · {CODE}",
    ]
