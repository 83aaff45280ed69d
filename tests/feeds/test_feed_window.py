"""The daily import looks at late days only: it finds what lies there, and leaves the rest to the look at all."""

from __future__ import annotations

from datetime import date, datetime

from sohoa import jobs, layout
from sohoa.feeds.import_files import find_new_files
from sohoa.settings import TIME_ZONE
from sohoa.store import Store
from sohoa.work import Work
from tests.feeds.feed_rows import csv_bytes, row

SINCE = date(2024, 4, 16)
OLD, NEW = "register/dt=2024-04-15/a.csv", "register/dt=2024-04-16/a.csv"
SYSTEM_OLD, SYSTEM_NEW = "ministry/gplx/dt=2024-04-15/a.csv", "ministry/dkkd/dt=2024-04-16/a.csv"


def found_files(store: Store, since: date | None) -> dict[str, bool]:
    """Key of each file found -> whether it corrects one imported before."""
    work = find_new_files(store, since)["work"]
    plan = Work(store, "import", work).read("files")
    return {file["key"]: file["is_correction"] for file in plan}


def test_a_window_holds_its_first_day_of_every_source_and_system(clean_store: Store):
    """Files of the day and later, also of ministry systems; without a window all of them."""
    for key in (OLD, NEW, SYSTEM_OLD, SYSTEM_NEW):
        clean_store.put(layout.FEEDS, key, csv_bytes(row(1)))
    assert set(found_files(clean_store, SINCE)) == {NEW, SYSTEM_NEW}
    assert set(found_files(clean_store, None)) == {OLD, NEW, SYSTEM_OLD, SYSTEM_NEW}


def test_what_was_imported_is_known_within_a_window_too(clean_store: Store):
    """An imported file is not found again; another content of it is a correction."""
    clean_store.put(layout.FEEDS, NEW, csv_bytes(row(1)))
    jobs.import_all()
    assert jobs.import_all(SINCE.isoformat())["files"] == 0
    clean_store.put(layout.FEEDS, NEW, csv_bytes(row(1, TrangThaiHoSo="9")))
    assert found_files(clean_store, SINCE) == {NEW: True}


def test_sundays_and_runs_by_hand_look_at_all():
    """From 60 days before the local day on a working day; on a Sunday and where somebody asks, no first day."""
    monday = datetime(2024, 4, 15, 1, 0, tzinfo=TIME_ZONE)
    assert jobs.feed_window(monday, True) == "2024-02-15"
    assert jobs.feed_window(monday, False) is None
    assert jobs.feed_window(monday.replace(day=14), True) is None
