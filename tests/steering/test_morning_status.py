"""The morning's one look: what waits too long, what stayed closed and what has not run wants a person, else nothing."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta

import pytest
from click.testing import CliRunner

from sohoa import jobs, layout
from sohoa.last_runs import note_end, problem_lines
from sohoa.settings import TIME_ZONE
from sohoa.steering.morning_status import Line, read_status
from sohoa.store import Store
from tests.batch_builder import commit
from tests.command_line import app
from tests.feeds.feed_rows import csv_bytes, row
from tests.feeds.source_rows import GOOD, csv_of
from tests.spoil import spoil

FEED = "register/dt=2024-04-16/a.csv"


def now() -> datetime:
    return datetime.now(TIME_ZONE)


def look(store: Store, hours: float = 0) -> list[Line]:
    """What is told some hours from now."""
    return read_status(store, now() + timedelta(hours=hours))


def wanting(store: Store, hours: float = 0) -> list[str]:
    return [line.topic for line in look(store, hours) if line.wants_person and line.topic != "store"]


def send_feed(store: Store, *rows: dict[str, str]) -> None:
    store.put(layout.FEEDS, FEED, csv_bytes(*rows))
    jobs.import_all()


def test_an_empty_store_wants_nobody(clean_store: Store):
    """Nothing waits, no job has ever run."""
    found = {line.topic: line.text for line in look(clean_store)}
    assert found["inbox"] == "no batch waits"
    assert (found["to count"], found["to reconcile"], found["mail"]) == ("nothing waits",) * 3
    assert next(line.text for line in look(clean_store) if line.topic == "last run") == "check: never"
    assert not wanting(clean_store)


@pytest.mark.parametrize(
    ("minutes", "hours", "topics"), [(15, 0.4, []), (15, 0.6, ["inbox"]), (60, 1.9, []), (60, 2.1, ["inbox"])]
)
def test_a_batch_waits_for_two_schedules_at_the_most(clean_store: Store, minutes: int, hours: float, topics: list[str]):
    """As often as this site checks: every 15 minutes, or once an hour."""
    commit(clean_store, b"{", "H37.80.01-20230306-001")
    store = Store(clean_store.settings.model_copy(update={"check_minutes": minutes}))
    assert wanting(store, hours) == topics


def test_days_that_nobody_counts_are_told_after_a_day(clean_store: Store):
    """A change of the register waits for summary and reconciliation."""
    send_feed(clean_store, row(1))
    assert wanting(clean_store, 1) == []
    assert "to count" in wanting(clean_store, 27)


@pytest.mark.parametrize(
    ("host", "hours", "wanted"), [("mail.example", 1, []), ("mail.example", 27, ["mail"]), (None, 999, [])]
)
def test_a_report_waits_for_ever_where_no_mail_is_set_up(
    clean_store: Store, host: str | None, hours: float, wanted: list[str]
):
    """There nobody has to act; where it is set up somebody looks after a day."""
    clean_store.put_json(layout.WAREHOUSE, layout.outbox_key("2023-W17"), {})
    store = Store(clean_store.settings.model_copy(update={"smtp_host": host}))
    assert wanting(store, hours) == wanted
    (line,) = [line.text for line in look(store, hours) if line.topic == "mail"]
    assert line.startswith("1 since ") and ("SOHOA_SMTP_HOST" in line) == (host is None)


def test_a_bad_feed_stays_closed_until_a_corrected_file_comes(clean_store: Store):
    """Whatever else is imported meanwhile, and however often."""
    send_feed(clean_store, row(1), row(2, NgayTiepNhan="soon"))
    clean_store.put(layout.FEEDS, "register/dt=2024-04-17/b.csv", csv_bytes(row(3)))
    jobs.import_all()
    jobs.import_all()
    (line,) = [line for line in look(clean_store) if line.topic == "closed"]
    assert line == Line("closed", f"{FEED}: 1 of 2 rows unusable; send it corrected", True)
    send_feed(clean_store, row(1), row(2))
    assert not [line for line in look(clean_store) if line.topic == "closed"]


def test_a_gate_that_stayed_closed_and_a_job_that_no_longer_runs_are_told(clean_store: Store):
    """The check ends every 15 minutes even where there is nothing to do."""
    note_end(clean_store, "check", {"settled": 3, "problems": ["H37.80.01-20230306-001: pages: keys are not unique"]})
    assert wanting(clean_store, 0.9) == ["closed"]
    assert wanting(clean_store, 1.1) == ["closed", "last run"]
    jobs.check()
    assert wanting(clean_store) == []
    assert "check: " in next(line.text for line in look(clean_store) if line.topic == "last run")


def test_what_many_wait_for_is_one_line() -> None:
    """It names the first of them; what each has for itself has its own line."""
    waiting = {f"batch-{number}": ["a.parquet is damaged"] for number in range(1, 6)}
    assert problem_lines({}) == []
    assert problem_lines(waiting | {"batch-2": ["a.parquet is damaged", "rows"]}) == [
        "batch-1, batch-2, batch-3 and 2 more: a.parquet is damaged",
        "batch-2: rows",
    ]
    assert problem_lines(waiting, most=None) == [f"{', '.join(waiting)}: a.parquet is damaged"]


def test_a_damaged_object_that_an_import_needs_is_told(clean_store: Store) -> None:
    """No other job has to need it: nothing is counted of changes of status."""
    key, sent = layout.table_key("status", date(2024, 4, 15), layout.DAY), "status/dt=2024-04-16/a.csv"
    clean_store.put(layout.FEEDS, sent, csv_of(GOOD["status"]))
    jobs.import_all()
    spoil(clean_store, key)
    clean_store.put(layout.FEEDS, sent.replace("a.csv", "b.csv"), csv_of(GOOD["status"]))
    jobs.import_all()
    (line,) = [line.text for line in look(clean_store) if line.topic == "closed"]
    assert f"warehouse/{key} is damaged" in line


def test_a_site_that_checks_once_an_hour_is_not_late_within_it(clean_store: Store) -> None:
    """Four schedules without an end are too many."""
    jobs.check()
    store = Store(clean_store.settings.model_copy(update={"check_minutes": 60}))
    assert wanting(store, 3.9) == []
    assert wanting(store, 4.1) == ["last run"]


def test_the_command_ends_with_1_where_something_wants_a_person(clean_store: Store):
    """Lines for people, one JSON object for programs."""
    note_end(clean_store, "check", {"settled": 0, "problems": ["a\x1b[31mb: closed"]})
    done = CliRunner().invoke(app, ["status"])
    assert done.exit_code == 1
    assert "Wants a person: 1 above" in done.output or "Wants a person: 2 above" in done.output  # a full disk too
    assert "\x1b[31mb" not in done.output
    told = json.loads(CliRunner().invoke(app, ["status", "--format", "json"]).stdout)
    assert {"topic": "closed", "text": "a\x1b[31mb: closed", "wants_person": True} in told["lines"]


def test_a_job_tells_sentences_or_stable_keys(clean_store: Store):
    """``run check`` with one refused batch."""
    commit(clean_store, b"{", "H37.80.01-20230306-001")
    told = CliRunner().invoke(app, ["run", "check"]).stdout.splitlines()
    assert told == ["1 batch: 1 refused (1 not_json).", "1 receipt written; in the inbox no batch waits."]
    counts = json.loads(CliRunner().invoke(app, ["run", "check", "--format", "json"]).stdout)
    assert (counts["markers"], counts["settled"]) == (0, 0)
