"""Of which days a reconciliation speaks: no data is not zero, no file of the portal is not `not synchronised`."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from sohoa import jobs, layout
from sohoa.errors import InputError
from sohoa.reconcile.known_days import _has_file, read_known_days
from sohoa.registry import is_working_day
from sohoa.store import Store

MONDAY = date(2024, 4, 15)
FRIDAY, SATURDAY, SUNDAY = (MONDAY + timedelta(n) for n in (4, 5, 6))


def week_days(*numbers: int) -> list[date]:
    """Days of the week, 0 for Monday."""
    return [MONDAY + timedelta(number) for number in numbers]


def wait(store: Store, *numbers: int) -> None:
    """Something of these days changed."""
    for day in week_days(*numbers):
        store.put_json(layout.WAREHOUSE, layout.unreconciled_key(day, "register"), {})


def sent(store: Store, *numbers: int) -> None:
    """The portal's files of these days were imported."""
    for day in week_days(*numbers):
        store.put_json(layout.WAREHOUSE, layout.imported_key(f"portal/dt={day}/portal.csv", "e"), {})


def known(store: Store, first: date = MONDAY, last: date = SUNDAY) -> dict[str, list[date]]:
    """What is not empty."""
    return {name: days for name, days in vars(read_known_days(store, "20", first, last)).items() if days}


def test_nothing_is_known_of_an_empty_store(clean_store: Store):
    """Not even of a day off, where nothing else is asked about."""
    assert known(clean_store) == {"without_data": week_days(0, 1, 2, 3, 4, 5, 6)}
    assert known(clean_store, SATURDAY, SATURDAY) == {"without_data": [SATURDAY]}


def test_each_day_is_in_one_list(clean_store: Store):
    """Reconciled with the portal's file, without it, changed since, not done yet, and nothing of it at all."""
    wait(clean_store, 0, 1, 2)
    sent(clean_store, 0, 2, 3)
    jobs.reconcile()
    wait(clean_store, 2, 3)
    assert known(clean_store) == {
        "compared": week_days(0, 2),
        "without_portal": week_days(1),
        "not_reconciled": week_days(3),
        "without_data": week_days(4, 5, 6),
        "changed": week_days(2),
    }
    assert not read_known_days(clean_store, "20", MONDAY, SUNDAY).is_whole
    assert read_known_days(clean_store, "20", MONDAY, MONDAY).is_whole


def test_days_off_need_no_data_between_known_days(clean_store: Store):
    """Nothing of a weekend is missing in a week that is known."""
    wait(clean_store, 0, 1, 2, 3, 4, 7)
    sent(clean_store, 0, 1, 2, 3, 4, 7)
    jobs.reconcile()
    assert known(clean_store, last=SUNDAY + timedelta(1)) == {"compared": week_days(0, 1, 2, 3, 4, 7)}


@pytest.mark.parametrize(("files", "is_told"), [((4, 7), True), ((4, 5, 7), True), ((4, 6, 7), False), ((4,), False)])
def test_a_portal_that_rests_on_days_off_tells_of_them_on_monday(clean_store: Store, files, is_told):
    """Where it also sends on days off, the file of the Saturday itself is waited for."""
    wait(clean_store, 5)
    sent(clean_store, *files)
    jobs.reconcile()
    assert (known(clean_store, SATURDAY, SATURDAY) == {"compared": [SATURDAY]}) == is_told


def off_days(weeks: range) -> list[int]:
    """Saturdays and Sundays, as numbers of days from ``MONDAY`` on."""
    return [7 * week + number for week in weeks for number in (5, 6)]


@pytest.mark.parametrize(
    ("sent_off", "rests"),
    [
        ([], True),
        ([5], True),  # one stray file, the week after
        ([-2], True),  # or the week before
        (off_days(range(-3, 1)), False),  # seven of the twelve other days off, holidays among them
        ([number for number in off_days(range(-4, 5)) if number not in {12, 13}], False),
        (off_days(range(-60, -20)), True),  # it did a year ago
        (off_days(range(-2, 1)), False),  # six: the file may yet come
    ],
    ids=["never", "once_after", "once_before", "habit", "all_but_this_one", "long_ago", "half"],
)
def test_whether_the_portal_rests_is_told_by_the_weeks_around(sent_off: list[int], rests: bool):
    """Asked of the second Sunday, which has no file of its own, with files of all working days."""
    working = [n for n in range(-400, 20) if is_working_day(MONDAY + timedelta(n))]
    days = {MONDAY + timedelta(number) for number in (*working, *sent_off)} - {MONDAY + timedelta(13)}
    assert _has_file(days, MONDAY + timedelta(13)) == rests


def test_the_first_file_tells_of_the_past_as_far_as_its_rows_go(clean_store: Store):
    """A first export holds all years; days before its oldest row are as unknown as before."""
    wait(clean_store, 0, 1, 2)
    sent(clean_store, 3)
    jobs.reconcile()
    clean_store.put(layout.WAREHOUSE, layout.table_key("portal", week_days(1)[0], layout.DAY), b"")
    assert known(clean_store, last=week_days(2)[0]) == {"compared": week_days(1, 2), "without_portal": [MONDAY]}


def test_a_file_that_waits_for_its_correction_tells_of_no_day(clean_store: Store):
    """Most of its rows could not be used: that a dossier is not in it says nothing. Once corrected it counts."""
    wait(clean_store, 0, 1)
    sent(clean_store, 0, 1)
    feed = f"portal/dt={MONDAY}/portal.csv"
    clean_store.put_json(layout.WAREHOUSE, layout.closed_feed_key(feed), {"key": feed, "rows": 12, "rejects": 11})
    jobs.reconcile()
    assert known(clean_store, last=week_days(1)[0]) == {"compared": week_days(1), "without_portal": [MONDAY]}
    clean_store.delete(layout.WAREHOUSE, layout.closed_feed_key(feed))
    assert known(clean_store, last=week_days(1)[0]) == {"compared": week_days(0, 1)}


def test_days_before_the_unit_are_not_its_days(clean_store: Store):
    """A code that nobody bears is refused."""
    found = read_known_days(clean_store, "05998", date(2024, 11, 28), date(2024, 12, 2))
    assert found.without_data == [date(2024, 12, 1), date(2024, 12, 2)]
    with pytest.raises(InputError):
        read_known_days(clean_store, "99999", MONDAY, SUNDAY)
