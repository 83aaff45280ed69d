"""Lateness of one dossier at a time, by the portal's rules; each case can be checked by hand."""

from __future__ import annotations

import itertools
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sohoa.progress.lateness import LATENESS, count_lateness, judge_lateness, read_lateness
from sohoa.schema import TABLES
from sohoa.store import Store

DAY, AS_OF = date(2024, 4, 15), date(2024, 4, 30)
KEY = "H37.81.03-240415-1"
DUE = 19
"""Promised for the 19th, 17:00."""


def at(day: int, hour: int = 8, minute: int = 0) -> datetime:
    return datetime(2024, 4, day, hour, minute)  # noqa: DTZ001 (the wall clock)


def register(**changes: Any) -> pa.Table:
    row = {
        "dossier_date": DAY,
        "dossier_key": KEY,
        "handling_agency": "H37.81.03",
        "lodged_at": at(15),
        "due_at": at(DUE, 17),
        "status": 4,
        "is_void": False,
    }
    schema = pa.schema([pa.field("dossier_date", pa.date32()), *TABLES["register"]])
    return pa.Table.from_pylist([{**row, **changes}], schema)


def history(*events: tuple[int, datetime], key: str = KEY) -> pa.Table:
    rows = [{"dossier_key": key, "status": status, "changed_at": moment} for status, moment in events]
    return pa.Table.from_pylist(rows, TABLES["status"])


def judge(*events: tuple[int, datetime], as_of: date = AS_OF, **changes: Any) -> str | None:
    return judge_lateness(register(**changes), history((2, at(15)), *events), as_of)[0].as_py()


def test_finished_in_time_and_late():
    """The second of the promise is in time, the minute after it is late."""
    assert judge((9, at(DUE, 17))) == "finished_in_time"
    assert judge((9, at(DUE, 17, 1))) == "finished_late"


def test_9_counts_before_10():
    """What was finished in time and handed over late is in time, in whatever order both were told."""
    assert judge((9, at(18)), (10, at(25))) == "finished_in_time"
    assert judge((10, at(18)), (9, at(25))) == "finished_late"
    assert judge((10, at(25))) == "finished_late"


def test_the_wait_for_the_citizen_is_deducted():
    """Three days of waiting give three days more, to the minute."""
    wait = (5, at(16)), (4, at(19))
    assert judge(*wait, (9, at(22, 17))) == "finished_in_time"
    assert judge(*wait, (9, at(22, 17, 1))) == "finished_late"


def test_status_5_twice_is_overdue():
    """Even where all was finished in time; two moments of it are two, whatever lies between, one told twice is one."""
    twice = (5, at(15, 9)), (4, at(15, 10)), (5, at(15, 11)), (4, at(15, 12))
    assert judge(*twice, (9, at(16))) == "finished_late"
    assert judge(*twice) == "open_overdue"
    assert judge((5, at(15, 9)), (5, at(15, 10)), (4, at(15, 11)), (9, at(16))) == "finished_late"
    assert judge((5, at(15, 9)), (5, at(15, 9)), (4, at(15, 11)), (9, at(16))) == "finished_in_time"
    assert judge((4, at(15, 9)), (4, at(15, 10)), (9, at(16))) == "finished_in_time"


def test_status_5_that_nothing_follows_ends_the_case():
    """Asked in time, the citizen's delay is no lateness; asked too late, it is one."""
    assert judge((5, at(18))) == "open_in_time"
    assert judge((5, at(20))) == "open_overdue"
    assert judge((5, at(16)), (5, at(18))) == "open_overdue"


def test_unfinished_is_compared_with_the_end_of_the_period():
    """The same dossier, asked about on two days; the deduction holds here too."""
    assert judge((4, at(16)), as_of=date(2024, 4, 18)) == "open_in_time"
    assert judge((4, at(16)), as_of=date(2024, 4, 19)) == "open_overdue"
    assert judge((5, at(16)), (4, at(18)), as_of=date(2024, 4, 20)) == "open_in_time"


def test_what_happens_after_the_period_has_not_happened():
    """Finished on the 25th is open on the 20th."""
    assert judge((9, at(25)), as_of=date(2024, 4, 20)) == "open_overdue"
    assert judge((9, at(18)), (4, at(22)), as_of=date(2024, 4, 20)) == "finished_in_time"


def test_a_dossier_taken_up_again_is_not_finished():
    """Only the end after which nothing is open counts."""
    assert judge((9, at(18)), (4, at(19))) == "open_overdue"
    assert judge((9, at(17)), (4, at(18)), (9, at(22))) == "finished_late"


def test_without_a_promise_it_is_unknown():
    """No NgayHenTra, no judgement."""
    assert judge((9, at(18)), due_at=None) == "unknown"
    assert judge(due_at=None) == "unknown"


@pytest.mark.parametrize("status", [3, 8])
def test_refused_and_stopped_are_finished(status):
    """Their moment is compared with the promise."""
    assert judge((status, at(18))) == "finished_in_time"
    assert judge((status, at(22))) == "finished_late"


def test_withdrawn_counts_where_it_was_received():
    """No deadline runs where a dossier was only registered, withdrawn then or not: that is said, not left out."""
    assert judge((7, at(18))) == "finished_in_time"
    for events in ([(1, at(15)), (7, at(16))], [(1, at(15))]):
        rows = register(lodged_at=None, status=events[-1][0])
        assert judge_lateness(rows, history(*events), AS_OF)[0].as_py() == "not_received"
    rows = register(lodged_at=None, status=3)
    assert judge_lateness(rows, history((1, at(15)), (3, at(16))), AS_OF)[0].as_py() == "finished_in_time"


def test_void_dossiers_are_no_case():
    """Void or test; nor are those of days after the period."""
    assert judge((9, at(18)), is_void=True) is None
    assert judge((9, at(18)), as_of=date(2024, 4, 14)) is None


@pytest.mark.parametrize(
    ("status", "lodged", "events", "as_of", "state"),
    [
        (1, at(15), [], AS_OF, "not_received"),  # NgayTiepNhan is there, the status says that it is not received
        (1, at(15), [(1, at(15))], AS_OF, "not_received"),
        (1, None, [], AS_OF, "not_received"),
        (1, at(15), [(1, at(15)), (2, at(16))], AS_OF, "open_overdue"),  # the history is ahead of the register
        (1, at(15), [(1, at(15)), (2, at(20))], date(2024, 4, 19), "not_received"),
        (4, None, [], AS_OF, "open_overdue"),  # received on the day in its code
        (4, None, [(1, at(15))], AS_OF, "open_overdue"),
        (4, None, [], date(2024, 4, 18), "open_in_time"),
        (4, None, [(1, at(15)), (4, at(20))], date(2024, 4, 18), "not_received"),
        (4, at(20), [], date(2024, 4, 18), "not_received"),
        (2, None, [], AS_OF, "open_overdue"),
        (5, None, [], AS_OF, "unknown"),
        (8, None, [], AS_OF, "unknown"),
        (9, None, [], AS_OF, "unknown"),
        (3, None, [], AS_OF, "unknown"),  # refused, nobody knows when
        (3, at(15), [(1, at(15)), (3, at(20))], date(2024, 4, 19), "not_received"),
        (3, at(15), [(1, at(15)), (3, at(20))], AS_OF, "finished_late"),
        (7, at(15), [(7, at(18))], AS_OF, "finished_in_time"),
        (7, None, [(7, at(18))], AS_OF, "not_received"),
        (7, None, [], AS_OF, "not_received"),
    ],
)
def test_a_deadline_runs_once_a_dossier_is_received(status, lodged, events, as_of, state):
    """By the history, else by the register: every dossier that is not void is one thing or another."""
    rows = register(status=status, lodged_at=lodged)
    assert judge_lateness(rows, history(*events), as_of)[0].as_py() == state


def test_every_dossier_is_counted_somewhere():
    """Of each status, with and without NgayTiepNhan, NgayHenTra and history: the columns add up to the dossiers."""
    choices = itertools.product(range(1, 11), (None, at(15)), (None, at(19)), ((), ((2, at(15)),)))
    rows, events = [], []
    for number, (status, lodged, due, told) in enumerate(choices):
        rows.append(register(dossier_key=f"{number}", status=status, lodged_at=lodged, due_at=due))
        events.append(history(*told, key=f"{number}"))
    (counts,) = count_lateness(pa.concat_tables(rows), pa.concat_tables(events), AS_OF).to_pylist()
    assert sum(counts[name] for name in LATENESS) == len(rows)


def test_the_register_fills_the_gaps_of_the_history():
    """An end that the history lacks is the register's; what both know is the history's; with neither it is open."""
    assert judge(status=9, finished_at=at(18)) == "finished_in_time"
    assert judge(status=10, returned_at=at(22)) == "finished_late"
    assert judge(status=10, finished_at=at(18), returned_at=at(22)) == "finished_in_time"
    assert judge((9, at(18)), status=9, finished_at=at(22)) == "finished_in_time"


def test_an_end_at_an_unknown_moment_is_unknown():
    """The register says finished or waiting, and nobody says since when."""
    assert judge(status=9) == "unknown"
    assert judge(status=5) == "unknown"


@given(st.permutations(list(range(6))), st.lists(st.integers(0, 5), max_size=4))
def test_order_and_repetition_of_the_history_change_nothing(order, again):
    """Rows come in any order, some twice."""
    events = [(2, at(15)), (4, at(15, 9)), (5, at(16)), (4, at(18)), (9, at(20)), (10, at(21))]
    shuffled = history(*[events[n] for n in [*order, *again]])
    assert judge_lateness(register(), shuffled, AS_OF).to_pylist() == ["finished_in_time"]


def test_counts_by_level_and_unit():
    """The level is that of DonViXuLy, not of the commune that the dossier names."""
    rows = pa.concat_tables(
        [
            register(dossier_key="a", commune_code="05971"),
            register(dossier_key="b", handling_agency="H37.60"),
            register(dossier_key="c", handling_agency="H37.80", due_at=None),
            register(dossier_key="d", handling_agency="H99.9"),
        ]
    )
    events = pa.concat_tables([history((9, at(18)), key="a"), history((9, at(25)), key="b")])
    found = count_lateness(rows, events, AS_OF).to_pylist()
    shown = [(r["level"], r["unit_code"], [name for name in LATENESS if r[name]]) for r in found]
    assert shown == [
        ("commune", "06001", ["finished_in_time"]),
        ("district", "H37.80", ["unknown"]),
        ("province", "H37.60", ["finished_late"]),
        (None, "20", ["open_overdue"]),
    ]


def test_no_dossier_is_no_row():
    """Days without a register."""
    assert count_lateness(register().slice(0, 0), history(), AS_OF).num_rows == 0


def test_the_tables_are_read_by_day(clean_store: Store):
    """Only the dossiers of the days asked for are counted."""
    for day, key in ((DAY, KEY), (date(2024, 6, 1), "H37.81.03-240601-1")):
        rows = register(dossier_key=key).drop_columns("dossier_date")
        clean_store.write_table("register", day, "day", rows)
    clean_store.write_table("status", DAY, "day", history((9, at(18))))
    counts = read_lateness(clean_store, date(2024, 4, 1), date(2024, 5, 31), AS_OF).to_pylist()
    assert [(r["unit_code"], r["finished_in_time"]) for r in counts] == [("06001", 1)]
