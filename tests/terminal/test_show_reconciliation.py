"""What a manager reads of a reconciliation and of lateness: every category by its name, and nothing unexplained."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, datetime

import pyarrow as pa
import pytest
from click.testing import CliRunner

from sohoa import jobs, layout
from sohoa.schema import TABLES
from tests.command_line import app

DAY = date(2024, 4, 15)
KEY = "H37.81.03-240415-{}"
FEED = "portal/dt=2024-04-15/portal.csv"


def sohoa(*arguments: str) -> str:
    done = CliRunner(env={"COLUMNS": "100"}).invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def write(store, name, *rows):
    store.write_table(name, DAY, layout.DAY, pa.Table.from_pylist(list(rows), TABLES[name]))


def dossier(number, **values):
    common = {"handling_agency": "H37.81.03", "status": 9, "first_seen": date(2024, 4, 16)}
    return {"dossier_key": KEY.format(number), "dossier_code": KEY.format(f"{number:04}"), **common, **values}


@pytest.fixture
def three_dossiers(clean_store):
    """One on both sides with its status told differently, two that the portal lacks; one of these is late."""
    due, end, late = (datetime(2024, 4, 19, hour) for hour in (17, 10, 18))  # noqa: DTZ001 (the wall clock)
    register = [
        dossier(n, due_at=due, lodged_at=due.replace(day=15), finished_at=done, is_void=False, has_paper_result=False)
        for n, done in ((1, end), (2, late), (3, end))
    ]
    write(clean_store, "register", *register)
    write(clean_store, "portal", dossier(1, status=4, due_at=due, lodged_at=due.replace(day=15)))
    clean_store.put_json(layout.WAREHOUSE, layout.unreconciled_key(DAY, "test"), {})
    clean_store.put_json(layout.WAREHOUSE, layout.imported_key(FEED, "etag"), {})
    return clean_store


def test_the_day_that_is_asked_for_is_shown(three_dossiers):
    """The job's own command prints the province's table, balance and indicator, then what it did."""
    text = sohoa("run", "reconcile", "--date", "2024-04-15")
    for part in (
        "Tỉnh Lạng Sơn (20)",
        "Chưa đồng bộ",
        "−2",
        "còn lại 0",
        "100,00 % = 1 / 1",
        "1 dossier day reconciled",
    ):
        assert part in text, part


def test_a_figure_and_the_codes_behind_it(three_dossiers):
    """R4 of a commune counts two, and lists them; other units list none."""
    jobs.reconcile()
    asked = ("reconcile", "--from", "2024-04-15", "--unit", "06001", "--as-of", "2024-04-20")
    found = {row["category"]: row for row in map(json.loads, sohoa(*asked, "--format", "jsonl").splitlines())}
    assert (found["R4"]["entries"], found["R4"]["oldest_days"], found["R6"]["entries"]) == (2, 4, 1)
    listed = csv.DictReader(io.StringIO(sohoa(*asked, "--category", "R4", "--format", "csv")))
    assert [row["dossier_code"] for row in listed] == [KEY.format("0002"), KEY.format("0003")]
    text = sohoa(*asked, "--category", "R6")
    assert KEY.format("0001") in text and "Lệch trạng thái · 1" in text
    other = ("reconcile", "--from", "2024-04-15", "--unit", "H37.60", "--category", "R4", "--format", "csv")
    assert len(sohoa(*other).splitlines()) == 1


def test_days_of_which_nothing_is_known_are_no_zeros(three_dossiers):
    """Not reconciled yet: no figure; then a day without the portal's file beside a known one; then nothing at all."""
    asked = ("reconcile", "--from", "2024-04-15", "--to", "2024-04-16")
    text = sohoa(*asked)
    assert "Chưa đối soát 1 ngày (15/04/2024): chạy `sohoa run reconcile`." in text
    assert "Cổng − tỉnh = " not in text and "1.4" not in text
    three_dossiers.put_json(layout.WAREHOUSE, layout.unreconciled_key(DAY.replace(day=16), "test"), {})
    jobs.reconcile()
    text = sohoa(*asked)
    assert "Chưa có tệp của Cổng cho 1 ngày (16/04/2024)" in text
    assert "Dưới đây chỉ tính 1 ngày (15/04/2024); chưa tính chỉ số 1.4." in text and "còn lại 0" in text
    text = sohoa("reconcile", "--from", "2024-05-06", "--to", "2024-05-08")
    assert "Chưa có số liệu nào của 3 ngày (06/05–08/05): không phải là 0 hồ sơ" in text and "= 0" not in text


def test_a_day_without_the_portals_file_lists_nobody_as_not_synchronised(three_dossiers):
    """Rows leave the day out, and the error stream says so."""
    three_dossiers.delete(layout.WAREHOUSE, layout.imported_key(FEED, "etag"))
    jobs.reconcile()
    asked = ("reconcile", "--from", "2024-04-15", "--format", "jsonl")
    for more in ((), ("--category", "R4")):
        done = CliRunner().invoke(app, (*asked, *more), catch_exceptions=False)
        assert done.stdout == "" and "Chưa có tệp của Cổng cho 1 ngày" in done.stderr
    assert "Chưa có tệp của Cổng cho 1 ngày" in sohoa(*asked[:3], "--category", "R4")


def test_lateness_by_level(three_dossiers):
    """One of three is late, at commune level; an hour after the promise is late."""
    text = sohoa("lateness", "--from", "2024-04-15", "--to", "2024-04-30")
    assert "Cấp xã" in text and "Cấp tỉnh" not in text
    assert "33,3" in text
    assert "hồ sơ tiếp nhận 15/04/2024 – 30/04/2024 · tính đến hết 30/04/2024" in text
    one_day = sohoa("lateness", "--from", "2024-04-15", "--as-of", "2024-05-06")
    assert "hồ sơ tiếp nhận 15/04/2024 · tính đến hết 06/05/2024" in one_day
    asked = ("lateness", "--from", "2024-04-15", "--as-of", "2024-04-30", "--format", "jsonl")
    (row,) = map(json.loads, sohoa(*asked).splitlines())
    assert (row["level"], row["unit_code"], row["finished_in_time"], row["finished_late"]) == ("commune", "06001", 2, 1)


@pytest.mark.parametrize(
    "arguments",
    [
        ("reconcile", "--from", "2024-04-15", "--to", "2024-04-14"),
        ("reconcile", "--from", "2024-04-15", "--category", "R13"),
        ("lateness", "--from", "2024-04-15", "--to", "2024-04-14"),
    ],
)
def test_wrong_usage_is_told(arguments):
    """Exit code 2."""
    assert CliRunner().invoke(app, arguments).exit_code == 2
