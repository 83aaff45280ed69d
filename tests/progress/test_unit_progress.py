"""Figures as they are shown: periods, rates, score, way to the target; electronic results and backlog as counts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pytest

from sohoa import layout
from sohoa.counting.count_backlog import backlog_of, merge_backlog
from sohoa.counting.count_progress import progress_of_day
from sohoa.errors import InputError
from sohoa.progress.carry_forward import map_dates
from sohoa.progress.unit_progress import (
    ProgressQuery,
    by_period,
    count_electronic_results,
    default_start,
    newest_day,
    read_backlog,
    read_days,
    shown_start,
    steps,
    sum_backlog,
)
from sohoa.registry import agencies_at
from sohoa.schema import TABLES
from sohoa.settings import Settings
from tests.counting_cases import decided, document, dossier, merged, review, table

FIRST_MAP = map_dates()[0]
PROVINCE = ProgressQuery("20", "dn_and", "all", None)
MONDAY = date(2024, 4, 15)
DAY = timedelta(days=1)
SETTINGS = Settings(baseline_percent=5.6, target_percent=86, points_766_digitised=4)


def write_day(store: Any, day: date, *dossiers: dict[str, Any], documents: tuple[dict[str, Any], ...] = ()) -> None:
    rows = merged(list(dossiers), list(documents))
    store.write_table("progress_daily", day, layout.DAY, progress_of_day(day, rows))


@pytest.fixture
def three_days(clean_store):
    """Monday: one of two digitised; Wednesday: one of one; the Monday after: none of one."""
    good = (document("a"), document("r", kind="result"))
    write_day(clean_store, MONDAY, dossier(1), dossier(2), documents=good)
    write_day(clean_store, MONDAY + 2 * DAY, dossier(1), documents=good)
    write_day(clean_store, MONDAY + 7 * DAY, dossier(1))
    return clean_store


def test_periods_sum_days_and_keep_unknown_apart(three_days):
    """Sums over days, weeks from Monday, cut at the ends; a week without dossiers has no rate."""
    end = MONDAY + 16 * DAY
    rows = read_days(three_days, PROVINCE, MONDAY, end)
    weeks = by_period(rows, MONDAY, end, "week", SETTINGS)
    assert [(w.first_day, w.last_day) for w in weeks] == [
        (MONDAY, MONDAY + 6 * DAY),
        (MONDAY + 7 * DAY, MONDAY + 13 * DAY),
        (MONDAY + 14 * DAY, end),
    ]
    assert [(w.accepted, w.denominator, w.rate_percent) for w in weeks] == [(2, 3, 200 / 3), (0, 1, 0.0), (0, 0, None)]
    assert (weeks[2].score_766, weeks[2].target_share, weeks[2].received_percent) == (None, None, None)
    whole = by_period(rows, MONDAY, end, "all", SETTINGS)[0]
    assert (whole.accepted, whole.denominator, whole.rate_percent) == (2, 4, 50.0)
    assert whole.score_766 == pytest.approx(50 * 4 / 80)
    assert whole.target_share == pytest.approx((50 - 5.6) / (86 - 5.6))


def test_months_are_calendar_months():
    """The first and the last are cut by the period."""
    empty = pa.schema([pa.field("dossier_date", pa.date32()), *TABLES["progress_daily"]]).empty_table()
    empty = empty.append_column("is_approximate", pa.array([], pa.bool_()))
    months = by_period(empty, date(2023, 12, 30), date(2024, 3, 1), "month", SETTINGS)
    assert [(m.first_day.isoformat(), m.last_day.isoformat()) for m in months] == [
        ("2023-12-30", "2023-12-31"),
        ("2024-01-01", "2024-01-31"),
        ("2024-02-01", "2024-02-29"),
        ("2024-03-01", "2024-03-01"),
    ]


def test_longer_periods_are_shown_in_longer_steps():
    """Days, then weeks, then months; the sparkline one step finer."""
    assert [steps(MONDAY, MONDAY + (n - 1) * DAY) for n in (1, 14, 15, 112, 113, 366)] == [
        ("day", "day"),
        ("day", "day"),
        ("week", "day"),
        ("week", "day"),
        ("month", "week"),
        ("month", "week"),
    ]


def test_the_default_period_ends_with_the_newest_day(three_days):
    """Twelve ISO weeks, the newest day's among them."""
    assert newest_day(three_days) == MONDAY + 7 * DAY
    assert default_start(MONDAY + 9 * DAY) == MONDAY + 7 * DAY - timedelta(weeks=11)


def test_no_week_before_all_progress_is_shown(three_days):
    """It would be a row of zeros of days that nobody knows; of a time before all there is the whole period."""
    assert shown_start(three_days, MONDAY + 9 * DAY) == MONDAY
    assert shown_start(three_days, MONDAY + timedelta(weeks=20)) == MONDAY + timedelta(weeks=9)
    assert shown_start(three_days, MONDAY - DAY) == MONDAY - timedelta(weeks=12)


def test_no_progress_says_what_to_run(clean_store):
    """Rather than a table of nothing."""
    with pytest.raises(InputError, match="sohoa run summarise"):
        newest_day(clean_store)


def test_only_the_days_asked_for_are_read(three_days, monkeypatch):
    """One object a day that has one, whatever the history."""
    read, get = [], type(three_days).get

    def noted(store: Any, bucket: str, key: str) -> bytes:
        read.append(key)
        return get(store, bucket, key)

    monkeypatch.setattr(type(three_days), "get", noted)
    read_days(three_days, PROVINCE, MONDAY, MONDAY + 2 * DAY)
    assert sorted(read) == [layout.table_key("progress_daily", day, layout.DAY) for day in (MONDAY, MONDAY + 2 * DAY)]


def test_a_code_means_the_unit_that_bears_it_at_the_end(clean_store):
    """06040 before the merger was another commune: without a map its days do not count, with one they do."""
    merger = map_dates()[1]
    write_day(clean_store, merger - DAY, dossier(1, unit_code="06040"), dossier(2, unit_code="05995"))
    write_day(clean_store, merger, dossier(1, unit_code="06040"))

    def due(map_day):
        rows = read_days(clean_store, ProgressQuery("06040", "dn_and", "all", map_day), merger - DAY, merger)
        figure = by_period(rows, merger - DAY, merger, "all", SETTINGS)[0]
        return figure.denominator, figure.is_approximate

    assert due(None) == (1, False)
    assert due(merger) == (3, True)
    with pytest.raises(InputError, match="--map 2024-04-01 cannot show"):
        due(map_dates()[0])


def linked(number: int, link: str | None = "https://a", **values: Any) -> dict[str, Any]:
    """A row of the portal, which names the agency H37.80.01 unless told otherwise."""
    row = {"dossier_key": f"k{number}", "dossier_code": "new", "handling_agency": "H37.80.01"}
    return {**row, "result_link": link, **values}


def owned(number: int, unit_code: str = "05971", *, is_void: bool = False) -> dict[str, Any]:
    """A row of the register."""
    return {"dossier_key": f"k{number}", "unit_code": unit_code, "is_void": is_void}


def write_results(store: Any, day: date, portal: list[dict[str, Any]], register: list[dict[str, Any]]) -> None:
    store.write_table("portal", day, layout.DAY, table("portal", portal))
    store.write_table("register", day, layout.DAY, table("register", register))


def count_results(store: Any, unit: str, last: date, map_day: date | None = None) -> int:
    return count_electronic_results(store, ProgressQuery(unit, "dn_and", "all", map_day), MONDAY, last)


def test_electronic_results_are_dossiers_with_a_link(clean_store):
    """Both spellings are one dossier, an empty link is none, other units and days stay out."""
    rows = [linked(1), linked(1, dossier_code="old"), linked(2, ""), linked(3, None), linked(4, "x")]
    write_results(clean_store, MONDAY, rows, [*map(owned, (1, 2, 3)), owned(4, "H37.60")])
    write_results(clean_store, MONDAY + DAY, [linked(5)], [owned(5)])
    found = [count_results(clean_store, unit, MONDAY) for unit in ("20", "178", "05971", "H37.60", "06001")]
    assert found == [2, 1, 1, 1, 0]
    assert [count_results(clean_store, unit, MONDAY + DAY) for unit in ("20", "178")] == [3, 2]
    assert count_results(clean_store, "06187", MONDAY + DAY, map_dates()[-1]) == 2


@pytest.mark.parametrize("agency", ["H37.60", "H37.80", "H37.80.02", "H99.1", None])
def test_electronic_results_lie_where_the_rate_counts_the_dossier(clean_store, agency):
    """By the register's unit, its commune if it names one, whatever agency the portal names."""
    write_results(clean_store, MONDAY, [linked(1, handling_agency=agency)], [owned(1)])
    found = [count_results(clean_store, unit, MONDAY) for unit in ("20", "178", "05971", "H37.60", "H37.80", "05974")]
    assert found == [1, 1, 1, 0, 0, 0]


def test_electronic_results_of_void_and_unknown_dossiers_do_not_count(clean_store):
    """As they are in no rate; a dossier that the register names on another day is not on this one."""
    write_results(clean_store, MONDAY, [linked(1), linked(2), linked(3)], [owned(1), owned(2, is_void=True)])
    write_results(clean_store, MONDAY + DAY, [linked(4)], [])
    assert [count_results(clean_store, unit, MONDAY + DAY) for unit in ("20", "05971")] == [1, 1]
    write_results(clean_store, MONDAY, [linked(1)], [owned(1, is_void=True)])
    assert count_results(clean_store, "20", MONDAY) == 0


def backlog_document(name: str, **values: Any) -> dict[str, Any]:
    return document(name, None, "backlog_result", **values)


def target(agency: str, results: int, dt: date = MONDAY, line: int = 2) -> dict[str, Any]:
    return {"dt": dt, "agency": agency, "results": results, "line": line}


def targets(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), pa.schema([pa.field("dt", pa.date32()), *TABLES["backlog"]]))


def scanned(documents: list[dict[str, Any]], reviews: list[dict[str, Any]] | None = None) -> pa.Table:
    none = TABLES["backlog_documents"].empty_table()
    rows = merge_backlog(none, decided(documents, reviews))
    return rows.append_column(pa.field("scan_date", pa.date32()), pa.array([MONDAY] * len(rows), pa.date32()))


def test_the_backlog_is_a_stream_of_its_own():
    """Accepted documents so far over the newest target of the agency; waivers count apart, replaced ones not at all."""
    documents = [
        backlog_document("a"),
        backlog_document("b", verdict="rejected"),
        backlog_document("c", is_received=False, verdict=None),
        backlog_document("d", replaces="a"),
        backlog_document("e", agency="H37.60", batch="H37.60-20240416-001"),
        document("f"),
    ]
    found = backlog_of(
        scanned(documents, [review("b", "waive")]),
        targets(target("H37.80.01", 9), target("H37.80.01", 10, MONDAY + DAY), target("H37.61", 5)),
    ).to_pylist()
    shown = {
        row["agency"]: tuple(row[n] for n in ("declared", "received", "accepted", "waived", "denominator"))
        for row in found
    }
    assert shown == {"H37.60": (1, 1, 1, 0, None), "H37.61": (0, 0, 0, 0, 5), "H37.80.01": (3, 2, 2, 1, 10)}
    assert {row["agency"]: row["last_day"] for row in found}["H37.80.01"] == MONDAY + DAY


def test_a_backlog_batch_taken_again_replaces_its_own_rows():
    """Twice the same batch is once; another batch's rows stay."""
    other = backlog_document("z", batch="H37.80.01-20240416-002")
    rows = merge_backlog(TABLES["backlog_documents"].empty_table(), decided([backlog_document("a"), other]))
    again = merge_backlog(rows, decided([backlog_document("a", verdict="rejected")]))
    assert [(row["document_id"], row["verdict"]) for row in again.to_pylist()] == [("a", "rejected"), ("z", "accepted")]


def test_the_backlog_of_a_unit_is_that_of_its_agencies(clean_store):
    """Up to the day asked for, on the map asked for; an agency that never said is not in the sum."""
    rows = [backlog_document("a"), backlog_document("e", agency="H37.60", batch="H37.60-20240416-001")]
    day_rows = scanned(rows).drop_columns("scan_date")
    clean_store.write_table("backlog_documents", MONDAY, layout.DAY, day_rows)
    for day, results in ((MONDAY, 4), (MONDAY + DAY, 8)):
        told = table("backlog", [{"agency": "H37.80.01", "results": results, "line": 2}])
        clean_store.write_table("backlog", day, layout.DAY, told)

    def rates(unit: str, end: date, map_day: date = FIRST_MAP) -> list[tuple[str, float | None]]:
        found = read_backlog(clean_store, ProgressQuery(unit, "backlog", "all", map_day), end)
        return [(figure.agency, figure.rate_percent) for figure in found]

    assert rates("20", MONDAY) == [("H37.60", None), ("H37.80.01", 25.0)]
    assert rates("05971", MONDAY + DAY) == rates("06187", MONDAY + DAY, map_dates()[-1]) == [("H37.80.01", 12.5)]
    assert rates("20", MONDAY - DAY) == []
    total = sum_backlog(read_backlog(clean_store, ProgressQuery("20", "backlog", "all", map_dates()[0]), MONDAY))
    assert (total.accepted, total.denominator) == (1, 4)


def test_an_office_that_has_ended_is_named_with_its_last_day_on_every_map():
    """Until its last day it is named plainly; a commune's name is the map's."""
    reform = map_dates()[-1]
    names = [ProgressQuery("H37.80", "dn_and", "all", reform).name_on(day) for day in (reform - DAY, reform)]
    assert names == ["UBND thành phố Lạng Sơn", "UBND thành phố Lạng Sơn (đến hết 30/06/2025)"]
    assert ProgressQuery("H37.60", "dn_and", "all", reform).name_on(reform) == "Văn phòng UBND tỉnh"


def test_the_backlog_of_a_split_commune_is_marked_where_it_goes_and_where_it_may_belong(clean_store):
    """06622 went mostly to 06613 and in part to 06625 on 2025-07-01: both are marked, it counts once."""
    reform = map_dates()[-1]
    office = next(agency.code for agency in agencies_at(MONDAY) if agency.unit_code == "06622")
    rows = [backlog_document("a", agency=office, batch=f"{office}-20240415-001")]
    clean_store.write_table("backlog_documents", MONDAY, layout.DAY, scanned(rows).drop_columns("scan_date"))

    def marks(unit: str, map_day: date) -> list[tuple[int, bool]]:
        found = read_backlog(clean_store, ProgressQuery(unit, "backlog", "all", map_day), reform)
        assert sum_backlog(found).is_approximate == any(figure.is_approximate for figure in found)
        return [(figure.accepted, figure.is_approximate) for figure in found]

    assert marks("06613", reform) == [(1, True)]
    assert marks("06625", reform) == [(0, True)]
    assert marks("20", reform) == marks("06622", map_dates()[0]) == [(1, False)]
