"""A code that passed from one unit to another: no command gives the one what is the other's, and none loses either.

06187 was Thị trấn Cao Lộc in Huyện Cao Lộc (183) until 30 June 2025 and is Phường Kỳ Lừa since. The week of 30 June to
6 July 2025 has days of both.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import date

import pytest
from click.testing import CliRunner
from rich.console import Console

from sohoa import jobs
from sohoa.days import Week, each_day
from sohoa.progress.revisions import keep_reported
from sohoa.registry import Campaign, bearers
from sohoa.report.build_report import build_report
from sohoa.report.mail.compose_letter import Site, compose
from sohoa.report.mail.recipients import Recipient
from sohoa.report.model import Row, WeekReport
from sohoa.steering.rank_campaigns import read_ranks
from sohoa.store import Store
from sohoa.terminal.show_progress import since_line
from sohoa.terminal.show_steering import ranks_table
from tests.command_line import app
from tests.feeds.feed_rows import csv_bytes, row
from tests.servers import empty_buckets

FRIDAY, MONDAY, TUESDAY = date(2025, 6, 27), date(2025, 6, 30), date(2025, 7, 1)
END, REFORM_WEEK = date(2025, 7, 6), Week(MONDAY)
TOWN, WARD = "Thị trấn Cao Lộc", "Phường Kỳ Lừa"
ENDED_TOWN = "Thị trấn Cao Lộc (đến hết 30/06/2025, nhập vào Phường Kỳ Lừa)"
DONE = {"SoThanhPhan": "0", "CoKetQuaGiay": "0"}
"""Nothing to scan: the dossier is in the numerator."""
IN_TIME = {"NgayHenTra": "20250730170000"}
ROWS = (
    ("H37.84.02", FRIDAY, 2, {}),  # the town's office
    ("H37.84.02", MONDAY, 3, {}),
    ("H37.84", MONDAY, 1, DONE | IN_TIME),  # the district's
    ("H37.125", TUESDAY, 1, DONE),  # the ward's
    ("H37.60", TUESDAY, 1, IN_TIME),
)
LINKS = (("H37.84.02", MONDAY, 2), ("H37.125", TUESDAY, 1))


def code(agency: str, day: date, number: int) -> str:
    return f"{agency}-{day:%y%m%d}-{number:04}"


def registered(agency: str, day: date, number: int, changes: dict[str, str]) -> dict[str, str]:
    times = {
        "NgayTiepNhan": f"{day:%Y%m%d}080000",
        "NgayHenTra": "20250702170000",
        "NgayCapNhat": f"{day:%Y%m%d}090000",
    }
    owner = {"MaHoSo": code(agency, day, number), "DonViXuLy": agency, "MaDonViHanhChinh": ""}
    return row() | owner | times | changes


@pytest.fixture(scope="module")
def reform(store: Store) -> Iterator[Store]:
    """Dossiers of two units of one code, in time and overdue, on the portal or not; the report of the portal, too."""
    empty_buckets(store)
    register = [registered(agency, day, n, new) for agency, day, count, new in ROWS for n in range(1, count + 1)]
    portal = [
        {
            "MaHoSo": code(agency, day, n), "MaTTHC": "1.001193", "DonViXuLy": agency,
            "NgayTiepNhan": f"{day:%Y%m%d}080000", "NgayHenTra": "20250702170000", "TrangThaiHoSo": "4",
            "HoSoCoThanhPhanSoHoa": "0", "DuongDanKetQua": "https://kho.example.vn/kq", "NgayDongBo": "20250702200000",
        }
        for agency, day, count in LINKS
        for n in range(1, count + 1)
    ]  # fmt: skip
    told = [
        {"MaDonVi": "06187", "TuNgay": first, "DenNgay": last, "TiepNhan": number}
        for first, last, number in (("20250630", "20250630", "9"), ("20250701", "20250706", "4"))
    ]
    for name, rows in (("register", register), ("portal", portal), ("national_report", told)):
        store.put("feeds", f"{name}/dt=2025-07-07/a.csv", csv_bytes(*rows, columns=list(rows[0])))
    for day in each_day(FRIDAY, date(2025, 7, 6)):  # the portal has sent each day, and had nothing to tell
        store.put("feeds", f"portal/dt={day}/a.csv", csv_bytes(columns=list(portal[0])))
    for job in (jobs.import_all, jobs.summarise, jobs.reconcile):
        assert job()["problems"] == []
    yield store
    empty_buckets(store)


@pytest.fixture(scope="module")
def report(reform: Store) -> WeekReport:
    return build_report(reform, REFORM_WEEK.name)


def sohoa(*arguments: str, code: int = 0) -> str:
    done = CliRunner(env={"COLUMNS": "120"}).invoke(app, arguments)
    assert done.exit_code == code, done.output
    return done.output if code else done.stdout


def values(*arguments: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(sohoa(*arguments, "--format", "csv"))))


@pytest.mark.parametrize(("last", "due", "links"), [("2025-07-06", 1, 1), ("2025-06-30", 5, 2)])
def test_progress_counts_the_days_of_the_unit_asked_for(reform, last, due, links):
    """The ward's one dossier; asked for up to its own last day, the town's five; links to results likewise."""
    asked = ("progress", "--unit", "06187", "--from", "2025-06-27", "--to", last)
    assert sum(int(row["denominator"]) for row in values(*asked)) == due
    assert f"liên kết trên Cổng: {links} hồ sơ" in " ".join(sohoa(*asked).split())


@pytest.mark.parametrize(("unit", "name"), [("183", "Huyện Cao Lộc"), ("H37.84", "UBND huyện Cao Lộc")])
@pytest.mark.parametrize("command", ["progress", "forecast", "reconcile"])
def test_a_unit_that_has_ended_is_refused_with_its_last_day(reform, unit, name, command):
    """Rather than 0 of 0 of a unit that would exist since the last day asked for; until its end it has its figures."""
    period = ("--from", "2025-06-27", "--to")
    with pytest.raises(Exception, match=f"{unit} names no unit on 2025-07-06: {name} bore it until 2025-06-30"):
        CliRunner().invoke(app, [command, "--unit", unit, *period, "2025-07-06"], catch_exceptions=False)
    assert name in sohoa(command, "--unit", unit, *period, "2025-06-30")


PERIOD = ("--from", "2025-06-27", "--to", "2025-07-06")


def refusal(*asked: str) -> str:
    done = CliRunner().invoke(app, asked)
    assert done.exit_code, done.output
    return str(done.exception)


@pytest.mark.parametrize(
    ("asked", "advice", "instead"),
    [
        (("progress", "--unit", "183"), "ask for days until then", {"--to": "2025-06-30"}),
        (("forecast", "--unit", "183"), "ask for days until then", {"--to": "2025-06-30"}),
        (("reconcile", "--unit", "183"), "ask for days until then", {"--to": "2025-06-30"}),
        (("reconcile", "--unit", "H37.84", "--category", "R4"), "ask for days until then", {"--to": "2025-06-30"}),
        (("progress", "--unit", "H37.84"), "days until then, or with --map", {"--map": "2025-07-01"}),
        (("progress", "--unit", "H37.84"), "days until then, or with --map", {"--map": "2024-12-01"}),
        (("forecast", "--unit", "H37.84"), "days until then, or with --map", {"--map": "2025-07-01"}),
        (
            ("progress", "--unit", "H37.84.02"),
            "for the commune's code, 06187, and days until then",
            {"--unit": "06187", "--to": "2025-06-30"},
        ),
        (
            ("progress", "--unit", "H37.125", "--to", "2025-06-30"),
            "ask for the commune's code, 06187, and a last day from then on",
            {"--unit": "06187", "--to": "2025-07-01"},
        ),
        (
            ("progress", "--unit", "183", "--map", "2025-07-01"),
            "ask without --map for days until then",
            {"--map": None, "--to": "2025-06-30"},
        ),
        (("progress", "--unit", "183", "--map", "2024-12-01"), "use days until 2025-06-30", {"--to": "2025-06-30"}),
        (("forecast", "--unit", "178", "--map", "2024-12-01"), "use days until 2025-06-30", {"--to": "2025-06-30"}),
        (
            ("progress", "--unit", "20", "--map", "2024-12-01"),
            "use --map 2025-07-01, or days until 2025-06-30",
            {"--map": "2025-07-01"},
        ),
        (("progress", "--unit", "20", "--map", "2024-04-01"), "days until 2024-11-30", {"--map": "2025-07-01"}),
        (
            ("progress", "--definition", "backlog", "--unit", "183"),
            "ask without --map for days until then",
            {"--to": "2025-06-30"},
        ),
    ],
)
def test_what_a_refusal_advises_succeeds(reform, asked, advice, instead):
    """The command as it was, with what the message names instead."""
    options = dict(zip(PERIOD[::2], PERIOD[1::2], strict=True)) | dict(zip(asked[1::2], asked[2::2], strict=True))
    assert advice in refusal(asked[0], *(part for option in options.items() for part in option))
    given = {name: value for name, value in (options | instead).items() if value is not None}
    sohoa(asked[0], *(part for option in given.items() for part in option))


@pytest.mark.parametrize("command", ["progress", "forecast", "reconcile"])
def test_nothing_is_advised_where_nothing_helps(reform, command):
    """No unit and no agency ever bore the code: no day and no map will change that."""
    message = refusal(command, "--unit", "99999", *PERIOD)
    assert message == "99999 names no unit on 2025-07-06: no unit and no agency has this code"


def test_a_new_office_is_not_said_to_have_had_another_before():
    """A map joins a unit with what it was formed from; an office was formed from nothing that is known."""
    assert "--map 2025-07-01" in since_line("06187", TUESDAY).plain
    assert "--map" not in since_line("H37.92", TUESDAY).plain


def test_the_message_names_the_successor(reform):
    """05995 has been no code since the merger of 2024."""
    with pytest.raises(Exception, match=r"until 2024-11-30 and passed to Thị trấn Thất Khê \(06040\)"):
        CliRunner().invoke(app, ["progress", "--unit", "05995", "--to", "2025-07-06"], catch_exceptions=False)


@pytest.mark.parametrize(
    ("unit", "is_shown"), [("180", True), ("178", False), ("183", False), ("20", False), ("H37.60", True)]
)
def test_an_old_map_is_refused_only_for_what_it_cannot_show(reform, unit, is_shown):
    """The ward came out of Huyện Cao Lộc (183) and Thành phố Lạng Sơn (178); Huyện Tràng Định (180) had no part."""
    asked = ["progress", "--unit", unit, "--from", "2025-06-30", "--to", "2025-07-06", "--map", "2024-12-01"]
    done = CliRunner().invoke(app, asked)
    assert (done.exit_code == 0) == is_shown, done.output


def test_reconciliation_and_indicator_are_of_the_unit_asked_for(reform):
    """The ward: one dossier on both sides, 1 of the 4 that were reported of its own days; the town: 5, 2 and 9."""

    def counts(last: str) -> dict[str, str]:
        found = values("reconcile", "--unit", "06187", "--from", "2025-06-27", "--to", last)
        return {row["category"]: row["entries"] for row in found if row["category"] in {"portal", "province", "R4"}}

    assert counts("2025-07-06") == {"portal": "1", "province": "1"}
    assert counts("2025-06-30") == {"portal": "2", "province": "5", "R4": "3"}
    text = sohoa("reconcile", "--unit", "06187", "--from", "2025-06-27", "--to", "2025-07-06")
    assert f"{WARD} (06187) · 01/07/2025 – 06/07/2025" in text
    assert "1 / 4" in text
    listed = sohoa(
        "reconcile", "--unit", "06187", "--from", "2025-06-27", "--to", "2025-07-06", "--category", "province"
    )
    assert "H37.125" in listed
    assert "H37.84.02" not in listed


def test_lateness_tells_the_units_of_one_code_apart(reform):
    """Five overdue dossiers are the town's, with what became of it; the ward has one."""
    rows = values("lateness", "--from", "2025-06-27", "--to", "2025-07-06")
    found = {(row["unit_code"], row["valid_from"]): (row["open_overdue"], row["unit"]) for row in rows}
    assert found["06187", "2020-01-01"] == ("5", ENDED_TOWN)
    assert found["06187", "2025-07-01"] == ("1", WARD)


CAMPAIGN = Campaign("x", "Đợt", FRIDAY, date(2025, 7, 31), 50.0, ("district", "commune"), "a test")


def test_a_campaign_ranks_both_units_and_what_has_ended(reform):
    """The ward reached its target and the town did not; the district that is no more keeps its place."""
    ranks = read_ranks(reform, CAMPAIGN, END)
    found = {(rank.unit_code, rank.valid_from.year): (rank.place, rank.numerator, rank.denominator) for rank in ranks}
    assert found == {("06187", 2025): (1, 1, 1), ("06187", 2020): (2, 0, 5), ("183", 2020): (1, 1, 6)}
    assert {rank.last_day for rank in ranks} == {None, MONDAY}
    console = Console(width=160, file=io.StringIO(), color_system=None)
    console.print(*ranks_table(ranks, CAMPAIGN, END))
    text = console.file.getvalue()
    assert ENDED_TOWN in text
    assert "Huyện Cao Lộc (đến hết 30/06/2025) (183)" in text


def test_a_print_keeps_the_units_of_one_code_apart(reform):
    """Three dossiers of the town and one of the ward in one week; each is revised alone."""
    keep_reported(reform, MONDAY)
    sql = "SELECT valid_from, denominator FROM reported WHERE unit_code = '06187' AND definition = 'dn_and' ORDER BY 1"
    assert values("query", sql) == [
        {"valid_from": "2020-01-01", "denominator": "3"},
        {"valid_from": "2025-07-01", "denominator": "1"},
    ]
    text = sohoa("revised", "--week", REFORM_WEEK.name, "--unit", "06187")
    town, ward = text.split(f"\n{WARD} (06187)")
    assert f"{ENDED_TOWN} (06187)" in " ".join(town.split())
    assert "0 / 3" in town
    assert "1 / 1" in ward
    with pytest.raises(Exception, match="05995 names no unit"):
        CliRunner().invoke(app, ["revised", "--week", REFORM_WEEK.name, "--unit", "05995"], catch_exceptions=False)


def rows_of(report: WeekReport, name: str) -> list[Row]:
    return [row for table in report.tables if table.name == name for row in table.rows]


def test_the_report_names_whose_the_overdue_dossiers_are(report):
    """Table and proposal speak of the town, and say where it went; nobody blames the ward."""
    units = [
        (row["unit"], row["open_overdue"]) for row in rows_of(report, "late_communes") if row["unit_code"] == "06187"
    ]
    assert units == [(ENDED_TOWN.replace(" (", ", huyện Cao Lộc (", 1), 5), (WARD, 1)]
    said = [line.replace(f"nhập vào {WARD}", "") for line in report.sections[-1].paragraphs if "quá hạn" in line]
    assert not [line for line in said if WARD in line]


def test_the_report_s_units_and_ranking_have_each_unit_of_the_week(report):
    """The town's three of Monday, the ward's one since Tuesday, the district that ended; together the province."""
    shown = {
        (row["unit_code"], row["unit"]): (row["numerator"], row["denominator"]) for row in rows_of(report, "units")
    }
    assert shown["06187", ENDED_TOWN] == (0, 3)
    assert shown["06187", f"{WARD} (từ 01/07/2025)"] == (1, 1)
    assert shown["183", "Huyện Cao Lộc (đến hết 30/06/2025)"] == (1, 4)
    blocks = rows_of(report, "blocks")
    assert sum(row["denominator"] for row in blocks) == shown["20", "Tỉnh Lạng Sơn"][1] == 6
    assert {(row["unit_code"], row["unit"]) for row in blocks if row["unit_code"]} <= shown.keys()
    assert {row["unit"] for row in blocks} > {f"{WARD} (từ 01/07/2025)", "Huyện Cao Lộc (đến hết 30/06/2025)"}
    assert not [
        row for row in rows_of(report, "units") if row["unit_code"] == "06187" and row["change_points"] is not None
    ]


def test_a_letter_has_the_figures_of_the_unit_that_bears_the_code(report):
    """To the ward, one of one; the town that ended can get no letter."""
    ward = bearers("06187")[-1]
    letter = compose(as_json(report), Recipient(ward, "UBND", "a@langson.example"), Site("so@langson.example", {}))
    text = str(letter.get_body(("plain",)).get_content())
    assert WARD in text and "1/1 hồ sơ" in text


def as_json(report: WeekReport) -> dict[str, object]:
    found: dict[str, object] = json.loads(report.to_json())
    return found


def test_a_forecast_rests_on_the_unit_s_own_days(reform):
    """One dossier of the ward, done: the town's five would make it 1 of 6."""
    text = sohoa("forecast", "--unit", "06187", "--to", "2025-07-06", "--from", "2025-06-01")
    assert "1 / 1 hồ sơ" in text
    assert f"{WARD} (06187) · 01/07/2025 – 06/07/2025" in " ".join(text.split())


@pytest.mark.parametrize("map_day", ["2024-12-01", "2025-07-01"])
def test_nothing_is_asked_or_forecast_of_an_office_that_has_ended(reform, map_day):
    """Its dossiers are shown on each map; no more come in, and no day is left."""
    text = sohoa("forecast", "--unit", "H37.84", "--to", "2025-07-06", "--from", "2025-06-01", "--map", map_day)
    assert "1 / 1 hồ sơ" in text
    assert "Không còn ngày làm việc nào đến 30/06/2025" in text
    assert "đơn vị đã kết thúc hoạt động" in text


@pytest.mark.parametrize("start", ["2025-05-05", "2025-06-16", "2025-06-30"])
def test_no_period_is_shown_in_which_the_unit_did_not_stand(reform, start):
    """Not a 0 for weeks or days that were another's; a week cut by its first day runs from that day."""
    asked = ("progress", "--unit", "06187", "--from", start, "--to", "2025-07-06")
    rows = values(*asked)
    assert min(row["first_day"] for row in rows) == "2025-07-01"
    assert rows[-1]["last_day"] == "2025-07-06"
    text = " ".join(sohoa(*asked).split())
    assert f"{WARD} (06187) · 01/07/2025 – 06/07/2025" in text
    assert "/06" not in text.split("Mẫu")[1].split("Đơn vị này có từ")[0]


def test_a_unit_that_begins_inside_a_period_says_so(reform, report):
    """In the ranking and the report's units; what stood all the time, and what began with the period, does not."""
    names = {rank.unit_code: rank.unit for rank in read_ranks(reform, CAMPAIGN, END) if rank.last_day is None}
    assert names == {"06187": "Phường Kỳ Lừa (từ 01/07/2025)"}
    later = Campaign("x", "Đợt", TUESDAY, date(2025, 7, 31), 50.0, ("commune",), "a test")
    assert [rank.unit for rank in read_ranks(reform, later, END)] == [WARD]
    shown = {row["unit"] for row in rows_of(report, "units")}
    assert {"Phường Kỳ Lừa (từ 01/07/2025)", "Tỉnh Lạng Sơn"} < shown
