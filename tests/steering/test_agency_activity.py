"""Dossiers that are not scanned yet, agencies that are silent, and those that gave notice."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pytest

from sohoa import layout
from sohoa.steering.agency_activity import list_activity, read_activity
from sohoa.steering.unscanned_dossiers import unscanned_dossiers
from sohoa.store import with_path_key
from tests.counting_cases import document, dossier, key, merged, table

MONDAY, TUESDAY, WEDNESDAY = date(2024, 4, 15), date(2024, 4, 16), date(2024, 4, 17)
HUNG_KINGS, SATURDAY, NEXT_MONDAY = date(2024, 4, 18), date(2024, 4, 20), date(2024, 4, 22)
AGENCY, BATCH = "H37.80.01", "H37.80.01-20240416-001"


def dossiers(register: list[dict[str, Any]], documents: list[dict[str, Any]] = (), day: date = MONDAY) -> pa.Table:
    return with_path_key("dossiers", merged(register, list(documents)), day)


def batches(*days: date, **values: Any) -> pa.Table:
    rows = table("batches", [{"agency": AGENCY, **values}])
    return pa.concat_tables([with_path_key("batches", rows, day) for day in (date(2023, 1, 2), *days)])


def notice(kind: str, start: date, end: date | None, note: str | None = None) -> pa.Table:
    return table("notices", [{"agency": AGENCY, "notice_kind": kind, "start": start, "end": end, "note": note}])


NO_NOTICE = table("notices", [])


def unscanned(rows: pa.Table, day: date = MONDAY) -> dict[str, int]:
    found = unscanned_dossiers(rows, day)
    return dict(zip(found["dossier_key"].to_pylist(), found["documents"].to_pylist(), strict=True))


@pytest.mark.parametrize(
    ("values", "documents", "expected"),
    [
        ({"components": 3}, [], 3),
        ({"components": 3, "status": 9}, [], 4),
        ({"components": 3, "status": 9}, [document("a")], 1),
        ({"components": 3, "status": 4}, [document("a")], 0),
        ({"components": 0, "status": 4}, [], 0),
        ({"components": 3}, [document("a", is_received=False)], 3),
        ({"components": 3}, [document("a", verdict="rejected")], 0),
        ({"components": 3, "exemption": "secret"}, [], 0),
        ({"components": 3, "status": 3}, [], 0),
        ({"components": 3, "is_void": True}, [], 0),
    ],
    ids=[
        "nothing_scanned", "result_too", "result_only", "result_not_there_yet", "nothing_due", "not_received",
        "a_bad_scan_is_a_scan", "exempt", "refused", "void",
    ],
)  # fmt: skip
def test_what_is_unscanned(values, documents, expected):
    """Components until one is received, the result once the dossier is finished; what does not count is not due."""
    assert unscanned(dossiers([dossier(1, **values)], documents), TUESDAY).get(key(1), 0) == expected


def test_a_day_is_seen_as_it_was_scanned():
    """The batch of Tuesday helps from Tuesday on, however late it arrived; dossiers of later days are not there yet."""
    rows = dossiers([dossier(1)], [document("a")])
    assert unscanned(rows, MONDAY) == {key(1): 1}
    assert unscanned(rows, TUESDAY) == {}
    assert unscanned(dossiers([dossier(1)], day=TUESDAY), MONDAY) == {}


def test_the_oldest_comes_first():
    """By dossier day, then key."""
    rows = pa.concat_tables([dossiers([dossier(2)], day=TUESDAY), dossiers([dossier(3), dossier(1)])])
    assert list(unscanned(rows, WEDNESDAY)) == [key(1), key(3), key(2)]


@pytest.mark.parametrize(
    ("day", "sent", "given", "state", "days"),
    [
        (WEDNESDAY, (), NO_NOTICE, "silent", 3),
        (WEDNESDAY, (MONDAY,), NO_NOTICE, "silent", 2),
        (WEDNESDAY, (WEDNESDAY,), NO_NOTICE, "sent", 0),
        (HUNG_KINGS, (MONDAY,), NO_NOTICE, "day_off", 2),
        (SATURDAY, (MONDAY,), NO_NOTICE, "day_off", 3),
        (SATURDAY, (SATURDAY,), NO_NOTICE, "sent", 0),
        (NEXT_MONDAY, (SATURDAY,), NO_NOTICE, "silent", 1),
        (WEDNESDAY, (), notice("no_connection", MONDAY, None), "no_connection", 3),
        (WEDNESDAY, (), notice("device_down", MONDAY, TUESDAY), "silent", 3),
        (WEDNESDAY, (WEDNESDAY,), notice("no_work", MONDAY, None), "sent", 0),
    ],
    ids=[
        "silent", "since_its_last_batch", "sent", "public_holiday", "saturday_not_demanded", "saturday_counts",
        "silent_again", "no_connection", "notice_is_over", "sent_in_spite_of_the_notice",
    ],
)  # fmt: skip
def test_silence_is_separate_from_other_reasons(day, sent, given, state, days):
    """Working days without a batch while a dossier of Monday is unscanned: neglect, unless a notice covers the day."""
    (found,) = list_activity(dossiers([dossier(1)]), batches(*sent), given, day)
    assert (found.state, found.days_without_batch) == (state, days)


def test_who_has_nothing_to_scan_is_not_silent():
    """No dossier is unscanned: no batch is missed."""
    (found,) = list_activity(dossiers([dossier(1)], [document("a")]), batches(TUESDAY), NO_NOTICE, WEDNESDAY)
    assert (found.state, found.days_without_batch, found.oldest) == ("nothing_waits", 0, None)


def test_a_late_batch_ends_the_silence_of_its_own_day():
    """Looked at again after the batch of Tuesday came on Friday, Tuesday was not silent."""
    before = list_activity(dossiers([dossier(1)]), batches(), NO_NOTICE, TUESDAY)[0]
    after = list_activity(dossiers([dossier(1), dossier(2)], [document("a")]), batches(TUESDAY), NO_NOTICE, TUESDAY)[0]
    assert (before.state, after.state, after.dossiers) == ("silent", "sent", 1)


def test_a_refused_batch_is_neither_sent_nor_silent():
    """It tried: the receipt says what is wrong."""
    refused = with_path_key("batches", table("batches", [{"agency": AGENCY, "refusal": "bad_path"}]), TUESDAY)
    (found,) = list_activity(dossiers([dossier(1)]), refused, NO_NOTICE, TUESDAY)
    assert (found.state, found.last_batch, found.days_without_batch) == ("refused", None, 2)


def test_the_longest_silence_comes_first():
    """Silent before excused; then by days without a batch; the oldest dossier and the notice's words are named."""
    rows = pa.concat_tables(
        [
            dossiers([dossier(1, handling_agency="H37.60"), dossier(2, handling_agency="H37.62", components=2)]),
            dossiers([dossier(3, handling_agency="H37.61")], day=TUESDAY),
        ]
    )
    given = table(
        "notices", [{"agency": "H37.62", "notice_kind": "no_connection", "start": MONDAY, "note": "mất sóng"}]
    )
    found = list_activity(rows, batches(), given, WEDNESDAY)
    assert [(row.agency, row.state) for row in found] == [
        ("H37.60", "silent"), ("H37.61", "silent"), ("H37.62", "no_connection"), (AGENCY, "nothing_waits"),
    ]  # fmt: skip
    excused = found[2]
    assert (excused.oldest, excused.oldest_key, excused.documents, excused.note) == (MONDAY, key(2), 2, "mất sóng")


REFORM = date(2025, 7, 1)


@pytest.mark.parametrize(
    ("agency", "day", "state"),
    [
        ("H37.80", REFORM - timedelta(1), "silent"),  # the office of the town of Lạng Sơn, on its last day
        ("H37.80", REFORM, "no_agency"),
        ("H37.80.01", REFORM, "no_agency"),  # a commune's
        ("H37.60", REFORM, "silent"),
        ("H99.1", REFORM, "no_agency"),  # never was
    ],
)
def test_an_agency_that_is_no_more_is_not_asked_to_scan(clean_store, agency, day, state):
    """What waits there is told apart: until its last day it is silent, afterwards nobody can be."""
    rows = dossiers([dossier(1, handling_agency=agency)]).drop_columns("dossier_date")
    clean_store.write_table("dossiers", MONDAY, layout.DAY, rows)
    (found,) = read_activity(clean_store, day)
    assert (found.agency, found.state, found.dossiers) == (agency, state, 1)
    assert bool(found.days_without_batch) == (state == "silent")


def test_an_agency_that_is_no_more_and_owes_nothing_is_not_listed():
    """It sent its last batch on its last day."""
    sent = with_path_key("batches", table("batches", [{"agency": "H37.80"}]), REFORM - timedelta(1))
    assert list_activity(dossiers([]), sent, NO_NOTICE, REFORM) == []


@pytest.mark.parametrize("years", [1, 2, 3])
def test_a_dossier_waits_however_long(clean_store, years):
    """Nothing ends its waiting but a scan; a dossier of a later day is not there yet."""
    for received, number in ((MONDAY, 1), (MONDAY.replace(year=MONDAY.year + 4), 2)):
        rows = dossiers([dossier(number)]).drop_columns("dossier_date")
        clean_store.write_table("dossiers", received, layout.DAY, rows)
    (found,) = read_activity(clean_store, MONDAY.replace(year=MONDAY.year + years))
    assert (found.oldest, found.oldest_key, found.dossiers) == (MONDAY, key(1), 1)
