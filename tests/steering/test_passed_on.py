"""Work of offices that are no more goes to who has it now, and stays where nobody is known to have it."""

from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa
import pytest

from sohoa import layout
from sohoa.days import Week
from sohoa.registry import agencies_at, bearer_at
from sohoa.report.sections.agency_attention import AgencyOverview, _notices, agencies_table, left_behind
from sohoa.steering.agency_activity import AgencyActivity, list_activity
from sohoa.steering.passed_on import Office, offices_now
from sohoa.steering.scanner_capacity import LargeFormatNeed, list_capacity
from sohoa.steering.waiting_documents import read_waiting
from sohoa.store import with_path_key
from tests.counting_cases import document, dossier, merged, table

REFORM, BEFORE = date(2025, 7, 1), date(2025, 6, 20)
WEEK, FRIDAY = Week.parse("2025-W27"), date(2025, 7, 4)
HOANG_VAN_THU, KY_LUA = "05971", "06187"  # the ward went into another one on 1 July 2025


def office(code: str, day: date = BEFORE) -> Office:
    found = bearer_at(code, day)
    return code, found and found.valid_from


def office_of(commune: str, day: date) -> Office:
    """The office of a commune."""
    (one,) = (one for one in agencies_at(day) if one.unit_code == commune and one.kind == "commune")
    return one.code, one.valid_from


@pytest.mark.parametrize(
    ("who", "leaf", "day", "commune"),
    [
        ("H37.80.01", "05971", REFORM, KY_LUA),  # a ward's office passes on with its ward
        ("H37.80.01", "H37.60", REFORM, KY_LUA),  # wherever the dossier lies
        ("H37.80", "05971", REFORM, KY_LUA),  # a district's office: where the dossier lies
        ("H37.82", "06103", REFORM, "06103"),  # Hòa Bình became Thiện Long, which bears its code
        ("H37.80", "H37.80", REFORM, None),  # the dossier names no commune: nobody knows
        ("H37.80", None, REFORM, None),
        ("H99.1", None, REFORM, None),  # never was
    ],
)
def test_who_has_the_work_of_an_office_that_is_no_more(who: str, leaf: str | None, day: date, commune: str | None):
    """The office of the commune of that day, or nobody."""
    piece = (office(who), leaf, BEFORE)
    assert offices_now([piece, piece], day) == {piece: None if commune is None else office_of(commune, day)}


@pytest.mark.parametrize(
    ("who", "leaf", "heir"),
    [
        ("H37.62", "H37.62", "H37.91"),  # Kế hoạch và Đầu tư went into Tài chính
        ("H37.62", "05971", "H37.91"),  # wherever the dossier lies
        ("H37.61", "H37.61", "H37.91"),  # which is another one since
    ],
)
def test_a_department_s_work_goes_to_the_one_that_it_went_into(who: str, leaf: str, heir: str):
    """From 1 March 2025 on, after later mergers too."""
    eve = date(2025, 2, 28)
    piece = (office(who, eve), leaf, eve)
    for day in (date(2025, 3, 1), REFORM):
        assert offices_now([piece], day) == {piece: (heir, date(2025, 3, 1))}


def test_an_own_list_may_name_who_goes_on_twice_or_not_at_all(own_file):
    """A went into B and B into C; D ended and nobody is named."""
    own_file("agencies", "code,name,kind,unit_code,valid_from,valid_to,successor\n"
             "H37.1,A,department,20,2020-01-01,2024-01-01,H37.2\nH37.2,B,department,20,2020-01-01,2025-01-01,H37.3\n"
             "H37.3,C,department,20,2020-01-01,,\nH37.4,D,department,20,2020-01-01,2024-01-01,\n")  # fmt: skip
    first = date(2020, 1, 1)
    pieces = {code: ((code, first), code, date(2023, 5, 5)) for code in ("H37.1", "H37.4")}
    found = {day: offices_now(pieces.values(), day) for day in (date(2024, 6, 1), date(2025, 6, 1))}
    shown = [[heirs[piece] for piece in pieces.values()] for heirs in found.values()]
    assert shown == [[("H37.2", first), None], [("H37.3", first), None]]


@pytest.mark.parametrize(("end", "is_told"), [(None, False), (date(2025, 6, 30), True), (date(2025, 6, 27), False)])
def test_a_notice_ends_with_its_agency(end: date | None, is_told: bool):
    """A ward's office without connection since May ended on Monday 30 June; two weeks later nothing is said of it."""
    told = {"agency": "H37.80.01", "notice_kind": "no_connection", "start": date(2025, 5, 5), "end": end, "note": None}
    assert bool(_notices([told], WEEK).rows) == (is_told or end is None)
    assert not _notices([told], WEEK.back(-2)).rows
    other = {**told, "agency": "H37.101", "start": REFORM}
    assert bool(_notices([other], WEEK.back(-2)).rows) == (end is None)


def test_the_first_merger_passes_on_too():
    """Vĩnh Tiến went into Khánh Long on 1 December 2024, and with it into Đoàn Kết on 1 July 2025."""
    (vinh_tien,) = (one for one in agencies_at(date(2024, 11, 30)) if one.unit_code == "06007")
    piece = ((vinh_tien.code, vinh_tien.valid_from), "06007", date(2024, 11, 1))
    for day, commune in ((date(2024, 12, 1), "05998"), (REFORM, "06001")):
        assert offices_now([piece], day)[piece] == office_of(commune, day)


def test_what_waits_of_a_district_s_office_is_split_by_commune():
    """Two dossiers of the ward, three of no commune; what is passed on and what is left are all of it."""
    register = [dossier(n, handling_agency="H37.80", unit_code=unit, components=n) for n, unit in enumerate(
        [HOANG_VAN_THU, HOANG_VAN_THU, "H37.80", "H37.80", "H37.80"], start=1)]  # fmt: skip
    rows = with_path_key("dossiers", merged(register, []), BEFORE)
    found = list_activity(rows, table_of("batches"), table("notices", []), REFORM, WEEK.last)
    one = next(row for row in found if row.agency == "H37.80")
    shown = {part.office: (part.dossiers, part.documents) for part in one.passed_on}
    assert shown == {office_of(KY_LUA, REFORM): (2, 3), None: (3, 12)}
    assert (one.state, one.dossiers, one.documents) == ("no_agency", 5, 15)
    agencies = agencies_table(AgencyOverview(found, {}, [], _notices([], WEEK), {}), WEEK)
    rows = {row["agency"]: row for row in agencies.rows}
    heir = rows[office_of(KY_LUA, REFORM)[0]]
    assert (heir["state"], heir["dossiers"], heir["documents"], heir["inherited"]) == ("silent", 2, 3, 3)
    assert heir["inherited_from"] == "UBND thành phố Lạng Sơn"
    assert (rows["H37.80"]["documents"], rows["H37.80"]["dossiers"]) == (12, 3)
    assert left_behind(agencies) == (12, 1)
    assert "inherited" in {column.key for column in agencies.columns}


@pytest.mark.parametrize(
    ("sent", "given", "state", "days"),
    [
        (None, None, "silent", 4),
        (date(2025, 7, 2), None, "silent", 2),
        (FRIDAY, None, "sent", 0),
        (None, "device_down", "device_down", 4),
    ],
)
def test_who_has_the_work_of_another_is_judged_by_it(sent: date | None, given: str | None, state: str, days: int):
    """The dossiers are a ward's that is no more; its successor has none of its own, and four days."""
    rows = with_path_key("dossiers", merged([dossier(1, handling_agency="H37.80.01")], []), BEFORE)
    code, _ = office_of(KY_LUA, REFORM)
    batches = with_path_key("batches", table("batches", [{"agency": code}] if sent else []), sent or BEFORE)
    told = [{"agency": code, "notice_kind": given, "start": REFORM, "end": None}] if given else []
    found = list_activity(rows, batches, table("notices", told), FRIDAY, WEEK.last)
    agencies = agencies_table(AgencyOverview(found, {}, [], _notices([], WEEK), {}), WEEK)
    (heir,) = agencies.rows
    shown = [heir[name] for name in ("agency", "state", "days_without_batch", "dossiers", "inherited", "oldest")]
    assert shown == [code, state, days, 1, 1, BEFORE]


@pytest.mark.parametrize(
    ("day", "state", "days"),
    [(date(2024, 11, 29), "nothing_waits", 0), (date(2024, 12, 2), "silent", 1), (date(2024, 12, 4), "silent", 3)],
)
def test_nobody_is_silent_about_work_before_it_is_his(day: date, state: str, days: int):
    """Khánh Long has its office throughout, and from Sunday 1 December 2024 on the work of Vĩnh Tiến."""
    (ended,) = (one for one in agencies_at(date(2024, 11, 30)) if one.unit_code == "06007")
    rows = with_path_key("dossiers", merged([dossier(1, handling_agency=ended.code)], []), date(2024, 11, 20))
    week = Week.of(day)
    found = list_activity(rows, table_of("batches"), table("notices", []), day, week.last)
    (heir,) = agencies_table(AgencyOverview(found, {}, [], _notices([], week), {}), week).rows
    assert (heir["state"], heir["days_without_batch"], heir["dossiers"]) == (state, days, 1)


def test_a_successor_with_nothing_else_keeps_what_its_scanners_lack():
    """Large sheets of a ward's office that is no more, and no dossier that waits: it stands in the annex with them."""
    code, first = office_of(KY_LUA, REFORM)
    need = LargeFormatNeed(code, 3, 1, 2, ("a3",), first)
    (heir,) = agencies_table(AgencyOverview([], {}, [need], _notices([], WEEK), {}), WEEK).rows
    assert (heir["agency"], heir["never_scanned"], heir["rejected"], heir["state"]) == (code, 3, 1, "nothing_waits")


def test_what_is_inherited_is_in_the_queue_of_its_scanners():
    """An office that has two dossiers of a ward that is no more, and scanned five documents on one day."""
    code, first = office_of(KY_LUA, REFORM)
    found = AgencyActivity(code, "silent", None, FRIDAY, 1, 0, 0, None, None, first, inherited=10)
    used = {"agency": code, "device_id": "d", "device_kind": "adf", "documents_received": 5, "pages_received": 5}
    (capacity,) = list_capacity(with_path_key("device_daily", table("device_daily", [used]), FRIDAY), [found])
    assert (capacity.unscanned, capacity.documents_per_day, capacity.days_to_clear) == (10, 5.0, 2.0)


@pytest.mark.parametrize("agency", ["H99.1", "H37.163"])
def test_who_never_was_or_is_yet_to_come_has_not_ended(agency: str):
    """A code of nobody, and an office of July 2025 a month before: nothing is said to be left behind."""
    week = Week.parse("2025-W22")
    rows = with_path_key("dossiers", merged([dossier(1, handling_agency=agency)], []), date(2025, 5, 20))
    found = list_activity(rows, table_of("batches"), table("notices", []), week.last)
    agencies = agencies_table(AgencyOverview(found, {}, [], _notices([], week), {}), week)
    assert [row["state"] for row in agencies.rows] == ["no_agency"]
    assert left_behind(agencies) == (0, 0)


@pytest.mark.parametrize(("day", "days"), [(REFORM, 1), (date(2025, 7, 4), 4), (date(2025, 7, 11), 9)])
def test_an_office_is_silent_on_its_own_days_alone(day: date, days: int):
    """The register gives it dossiers that are older than itself."""
    code, _ = office_of(KY_LUA, REFORM)
    rows = with_path_key("dossiers", merged([dossier(1, handling_agency=code)], []), BEFORE)
    (found,) = list_activity(rows, table_of("batches"), table("notices", []), day)
    assert (found.state, found.days_without_batch, found.oldest) == ("silent", days, BEFORE)


def table_of(name: str) -> pa.Table:
    return with_path_key(name, table(name, []), BEFORE)


def test_what_is_to_be_scanned_again_goes_with_its_dossier(clean_store):
    """Slips of the district's office for a dossier of the ward and for one of none, and of the ward's own office."""
    register = [dossier(n, handling_agency="H37.80", unit_code=unit) for n, unit in
                ((1, HOANG_VAN_THU), (2, "H37.80"))]  # fmt: skip
    day = date(2024, 4, 15)  # that of the codes
    clean_store.write_table("dossiers", day, layout.DAY, merged(register, []))
    again = {"verdict": "rejected", "batch": "H37.80-20250620-001", "agency": "H37.80"}
    scans = [document("a", 1, **again), document("b", 2, **again)]
    scans += [document("c", 1, verdict="review", batch="H37.80.01-20250620-001")]
    clean_store.write_table("documents", BEFORE, "H37.80-20250620-001", table("documents", scans))
    until = {one.office: (one.to_scan, one.in_review) for one in read_waiting(clean_store, REFORM - timedelta(1))}
    assert until == {office("H37.80"): (2, 0), office("H37.80.01"): (0, 1)}
    since = {one.office: one for one in read_waiting(clean_store, REFORM)}
    heir = since.pop(office_of(KY_LUA, REFORM))
    assert (heir.to_scan, heir.in_review) == (1, 1)
    assert heir.forerunners == (office("H37.80"), office("H37.80.01"))
    (left,) = since.values()
    assert (left.office, left.to_scan) == (office("H37.80"), 1)


def test_before_any_merger_no_column_speaks_of_forerunners():
    """Nobody has ended: the columns would be empty."""
    rows = with_path_key("dossiers", merged([dossier(1)], []), date(2024, 4, 15))
    week = Week.parse("2024-W16")
    found = list_activity(rows, table_of("batches"), table("notices", []), week.last)
    agencies = agencies_table(AgencyOverview(found, {}, [], _notices([], week), {}), week)
    assert "inherited" not in {column.key for column in agencies.columns}
    assert left_behind(agencies) == (0, 0)
