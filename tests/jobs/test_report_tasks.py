"""The weekly report from the tables to the mailbox."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from itertools import count
from pathlib import Path

import pytest
from click.testing import CliRunner

from sohoa import jobs, layout
from sohoa.counting.count_progress import progress_of_day
from sohoa.errors import InputError, MailError, Undelivered
from sohoa.progress.revisions import newest_print
from sohoa.report import build_report, refuse_week
from sohoa.report.formats import write_html, write_pdf, write_workbook
from sohoa.store import Store
from tests.command_line import app
from tests.counting_cases import dossier, merged
from tests.jobs.kills import killed_before
from tests.report.report_samples import MONDAY
from tests.report.smtp_sink import Sink, running
from tests.servers import free_port

pytestmark = pytest.mark.timeout(300)
WEEK = f"{MONDAY:%G-W%V}"
NAMES = {"report.pdf", "report.html", "report.xlsx", "report.json"}


def objects(store: Store) -> dict[str, bytes]:
    """What lies in the store of the week's report."""
    prefix = layout.report_key(WEEK, "")
    keys = [item.key for item in store.list_objects(layout.REPORTS, prefix)]
    return {key.removeprefix(prefix): store.get(layout.REPORTS, key) for key in keys}


def write_dossiers(store: Store, day: date = MONDAY) -> None:
    """One dossier of a day, so that there is something to report on."""
    dossiers = merged([dossier(1)], [])
    store.write_table("dossiers", day, layout.DAY, dossiers)
    store.write_table("progress_daily", day, layout.DAY, progress_of_day(day, dossiers))


@pytest.mark.parametrize(
    ("week", "is_fed", "words"),
    [
        (WEEK, False, "chưa có hồ sơ nào phải số hóa; chưa có tệp sổ hồ sơ nào"),
        ("2126-W15", True, "chưa kết thúc"),
        (f"{date.today():%G-W%V}", True, "chưa kết thúc"),  # noqa: DTZ011 (a week is a week in every zone here)
        (f"{MONDAY - timedelta(7):%G-W%V}", True, "Không có số liệu không phải là không có hồ sơ"),
    ],
    ids=["empty", "future", "running", "before_the_site"],
)
def test_a_week_of_which_nothing_can_be_said_is_refused(
    clean_store: Store, tmp_path: Path, week: str, is_fed: bool, words: str
):
    """By command and DAG, with the reason, and nothing is written."""
    if is_fed:
        write_dossiers(clean_store)
    with pytest.raises(InputError, match=words):
        jobs.build_report(week)
    with pytest.raises(InputError, match=words):
        jobs.write_report(week, tmp_path / "out")
    done = CliRunner().invoke(app, ["run", "report", "--week", week, "--out", str(tmp_path / "out")])
    assert done.exit_code != 0
    assert not (tmp_path / "out").exists()
    assert not list(clean_store.list_objects(layout.REPORTS, ""))


def test_a_forced_report_is_neither_mailed_nor_kept(clean_store: Store):
    """It lies in the store for who asked for it."""
    jobs.build_report(WEEK, is_forced=True)
    assert clean_store.stat(layout.REPORTS, layout.report_key(WEEK, "report.pdf")) is not None
    assert clean_store.stat(layout.WAREHOUSE, layout.outbox_key(WEEK)) is None
    assert not list(clean_store.list_objects(layout.WAREHOUSE, "reported/"))


def test_a_report_lies_in_the_store_before_it_is_mailed(
    clean_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """With the server down all formats and the print are there, done again the same bytes; then it is mailed."""
    port, recipients = free_port(), tmp_path / "recipients.csv"
    line = "20,2020-01-01,Tỉnh Lạng Sơn,An,an@example.vn"
    recipients.write_text(f"unit_code,valid_from,unit,name,address\n{line}\n", encoding="utf-8")
    mail = {"HOST": "127.0.0.1", "PORT": str(port), "TLS": "none", "SENDER": "sohoa@langson.example"}
    for name, value in mail.items():
        monkeypatch.setenv(f"SOHOA_SMTP_{name}", value)
    monkeypatch.setenv("SOHOA_RECIPIENTS_FILE", str(recipients))
    write_dossiers(clean_store)
    jobs.update_incidents()
    content = jobs.build_report(WEEK)["content"]
    first = objects(clean_store)
    assert set(first) == NAMES
    assert newest_print(clean_store, MONDAY)
    with pytest.raises(MailError):
        jobs.deliver_reports()
    with pytest.raises(Undelivered, match=r"an@example\.vn"):
        jobs.report_undelivered()
    assert jobs.build_report(WEEK)["content"] == content
    assert objects(clean_store) == first
    sink = Sink()
    with running(sink, port):
        assert jobs.deliver_reports()["sent"] == 1
    jobs.report_undelivered()
    assert sink.addresses() == {"an@example.vn": 1}
    with running(sink, port):  # made again nobody gets it twice, unless it is asked for
        jobs.build_report(WEEK)
        assert jobs.deliver_reports()["sent_before"] == 1
        jobs.build_report(WEEK, is_resent=True)
        assert jobs.deliver_reports()["sent"] == 1
    assert sink.addresses() == {"an@example.vn": 2}
    assert "Tỉnh Lạng Sơn" in str(sink.taken[0]["Subject"])


def test_a_report_in_a_folder_leaves_the_store_alone(clean_store: Store, tmp_path: Path):
    """The same bytes as in the store, and nothing waits to be mailed."""
    files = jobs.write_report(WEEK, tmp_path / "out", is_forced=True)
    assert {path.name for path in files} == NAMES
    assert not any(list(clean_store.list_objects(bucket, "")) for bucket in layout.BUCKETS)
    jobs.build_report(WEEK, is_forced=True)
    assert objects(clean_store) == {path.name: path.read_bytes() for path in files}


def test_a_report_asked_for_a_past_week_does_not_touch_the_others(clean_store: Store):
    """Each week has its own place."""
    jobs.build_report(WEEK, is_forced=True)
    first = objects(clean_store)
    jobs.build_report(f"{MONDAY + timedelta(7):%G-W%V}", is_forced=True)
    assert objects(clean_store) == first


def test_killed_anywhere_and_then_another_week(
    clean_store: Store, empty: Callable[[], None], monkeypatch: pytest.MonkeyPatch
):
    """The report of the first week is there entirely, waiting to be mailed, or not at all."""
    next_week = f"{MONDAY + timedelta(7):%G-W%V}"
    reports = {week: build_report.build_report(clean_store, week) for week in (WEEK, next_week)}
    monkeypatch.setattr(build_report, "build_report", lambda store, week: reports[week])
    monkeypatch.setattr(refuse_week, "why_refused", lambda store, week, today: None)
    for module in (write_pdf, write_html, write_workbook):  # what is shown is the order of the writes
        kind = str if module is write_html else bytes
        monkeypatch.setattr(module, "render", lambda *_, kind=kind: kind())
    for number in count(1):
        empty()
        died = killed_before(lambda: jobs.build_report(WEEK), number)
        jobs.build_report(next_week)
        is_mailed = clean_store.stat(layout.WAREHOUSE, layout.outbox_key(WEEK)) is not None
        assert set(objects(clean_store)) == (NAMES if is_mailed else set()), f"killed before write {number}"
        prints = list(clean_store.list_objects(layout.WAREHOUSE, layout.table_prefix("reported", MONDAY)))
        assert bool(prints) == is_mailed, f"killed before write {number}"
        assert not list(clean_store.list_objects(layout.WAREHOUSE, layout.DEBTS))
        if not died:
            assert number > 5
            return


def test_the_command_refuses_what_is_no_week(tmp_path: Path):
    """Wrong usage, before anything is read."""
    done = CliRunner().invoke(app, ["run", "report", "--week", "2024-W60", "--out", str(tmp_path / "out")])
    assert done.exit_code == 2
    assert not (tmp_path / "out").exists()
