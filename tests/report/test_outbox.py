"""Each recipient gets exactly one mail, against a real SMTP server and a real store, whatever fails on the way."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import urllib3

from sohoa import layout, logs
from sohoa.errors import MailError, ObjectMissing
from sohoa.report.mail.outbox import deliver_reports, queue_report, settle_outbox
from sohoa.report.mail.recipients import COLUMNS
from sohoa.settings import TIME_ZONE
from sohoa.store import Store
from tests.report.report_samples import sample_report
from tests.report.smtp_sink import (
    DEFER,
    DIE_AFTER_DOT_LOST,
    DIE_AFTER_DOT_TAKEN,
    DIE_AT_RCPT,
    DIE_IN_DATA,
    REFUSE_DATA,
    Sink,
    running,
)
from tests.servers import free_port

pytestmark = pytest.mark.timeout(120)

WEEK = sample_report(3).week
ANNA, BINH, CHI = "anna@example.vn", "binh@example.vn", "chi@example.vn"
HEAD = ",".join(COLUMNS)
PROVINCE, CITY = "20,2020-01-01,Tỉnh Lạng Sơn", "178,2020-01-01,Thành phố Lạng Sơn"
WARD, COMMUNE = "05971,2020-01-01,Phường Hoàng Văn Thụ", "06208,2020-01-01,Xã Thụy Hùng"
ALL = {ANNA: 1, BINH: 1, CHI: 1}
ONCE = {"sent": 3, "sent_before": 0, "refused": 0, "failed": 0, "uncertain": 0, "unusable_lines": 0}


@pytest.fixture
def recipients(tmp_path: Path) -> Path:
    file = tmp_path / "recipients.csv"
    file.write_text(f"{HEAD}\n{PROVINCE},An,{ANNA}\n{CITY},Bình,{BINH}\n{WARD},Chi,{CHI}\n", encoding="utf-8")
    return file


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def site(clean_store: Store, recipients: Path, port: int) -> Store:
    """A store with a report that waits, and the settings of a site with mail."""
    put_report(clean_store, 3)
    queue_report(clean_store, WEEK)
    mail = {
        "smtp_host": "127.0.0.1",
        "smtp_port": port,
        "smtp_tls": "none",
        "smtp_sender": "sohoa@langson.example",
        "recipients_file": recipients,
    }
    return Store(clean_store.settings.model_copy(update=mail))


@pytest.fixture
def sink(port: int) -> Iterator[Sink]:
    """The server, running."""
    sink = Sink()
    with running(sink, port):
        yield sink


@pytest.fixture
def verbose(capsys: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    """All lines of the log go to stderr."""
    logs.print_to_stderr(is_verbose=True)
    yield capsys
    logs.print_to_stderr(is_verbose=False)


def put_report(store: Store, rows: int) -> None:
    report = sample_report(rows)
    report = replace(report, content_hash=f"{rows:064x}"[::-1], annex=report.annex[:1])
    store.put(layout.REPORTS, layout.report_key(WEEK, "report.json"), report.to_json())


def records(store: Store) -> dict[str, tuple[str, int]]:
    """Address -> its state and how many mails stayed without an answer."""
    found = [
        store.get_json(layout.WAREHOUSE, item.key) for item in store.list_objects(layout.WAREHOUSE, "_deliveries/")
    ]
    return {record["address"]: (record["state"], record["uncertain"]) for record in found}


def waiting(store: Store) -> list[str]:
    return [item.key for item in store.list_objects(layout.WAREHOUSE, layout.OUTBOX)]


def test_each_recipient_gets_one_mail_in_one_session(site: Store, sink: Sink):
    """Delivered, recorded, and nothing waits; doing it all again sends nothing."""
    assert deliver_reports(site) == ONCE
    assert sink.addresses() == ALL
    assert sink.sessions == 1
    assert records(site) == {ANNA: ("sent", 0), BINH: ("sent", 0), CHI: ("sent", 0)}
    assert deliver_reports(site) == ONCE | {"sent": 0, "sent_before": 3}
    assert settle_outbox(site) == []
    assert waiting(site) == []
    queue_report(site, WEEK)
    deliver_reports(site)
    assert sink.addresses() == ALL


def test_a_server_that_is_down_loses_nothing(site: Store, port: int):
    """Nothing is sent, it shows, the report waits; when the server is back, each gets one mail."""
    with pytest.raises(MailError, match=f"127.0.0.1:{port}"):
        deliver_reports(site)
    assert len(settle_outbox(site)) == 3
    assert waiting(site)
    sink = Sink()
    with running(sink, port):
        deliver_reports(site)
    assert sink.addresses() == ALL
    assert settle_outbox(site) == []


def test_one_refused_recipient_keeps_nobody_else_from_theirs(site: Store, sink: Sink):
    """The others have their mail; the refused one is named, waits, and gets it once the mailbox exists."""
    sink.refused = {BINH}
    counts = deliver_reports(site)
    assert (counts["sent"], counts["refused"]) == (2, 1)
    (line,) = settle_outbox(site)
    assert BINH in line
    assert "550 no such mailbox" in line
    assert waiting(site)
    sink.refused = set()
    deliver_reports(site)
    assert sink.addresses() == ALL
    assert settle_outbox(site) == []


@pytest.mark.parametrize(
    "bad",
    [
        "6208,2020-01-01,Xã Thụy Hùng,Dung,dung@example.vn",
        f"{CITY},Dung,dung at example.vn",
        "H37.999,,,,",
        ",,,Dung,dung@example.vn",
        "06208,2020-01-01,Xã Hòa Bình,Dung,dung@example.vn",
    ],
)
def test_a_line_that_names_nobody_keeps_nobody_from_theirs(
    site: Store, sink: Sink, recipients: Path, verbose: pytest.CaptureFixture[str], bad: str
):
    """The others have their mail; the line is told in the log, in the counts and at the end, until it is mended."""
    good = recipients.read_text(encoding="utf-8")
    recipients.write_text(good.replace("178,", f"{bad}\n178,", 1), encoding="utf-8")
    assert deliver_reports(site) == ONCE | {"unusable_lines": 1}
    assert sink.addresses() == ALL
    assert "warning recipient_unusable" in verbose.readouterr().err
    (line,) = settle_outbox(site)
    assert "line 3: " in line
    assert waiting(site)
    recipients.write_text(f"{good}{COMMUNE},Dung,dung@example.vn\n", encoding="utf-8")
    deliver_reports(site)
    assert settle_outbox(site) == []
    assert sink.addresses() == ALL | {"dung@example.vn": 1}
    assert waiting(site) == []


def test_each_mail_is_a_line_in_the_log(site: Store, sink: Sink, verbose: pytest.CaptureFixture[str]):
    """One that was not taken is a warning, with what the server said."""
    sink.refused = {BINH}
    deliver_reports(site)
    lines = [line.split()[2:] for line in verbose.readouterr().err.splitlines()]
    assert [line[:4] for line in lines] == [
        ["info", "mail_sent", f"week={WEEK}", "unit_code=20"],
        ["warning", "mail_not_sent", f"week={WEEK}", "unit_code=178"],
        ["info", "mail_sent", f"week={WEEK}", "unit_code=05971"],
    ]
    assert "state=refused reply='550 no such mailbox'" in " ".join(lines[1])


def test_a_recipient_to_be_tried_later_is_worth_a_retry(site: Store, sink: Sink):
    """451 is no refusal: the run fails so that it is tried again."""
    sink.plan.extend([None, DEFER])
    with pytest.raises(MailError, match="451"):
        deliver_reports(site)
    deliver_reports(site)
    assert sink.addresses() == ALL


def test_a_mail_refused_after_its_dot_was_not_sent(site: Store, sink: Sink):
    """The answer to the final dot counts: no doubt is left behind."""
    sink.plan.extend([None, REFUSE_DATA])
    assert deliver_reports(site)["refused"] == 1
    assert records(site)[BINH] == ("refused", 0)
    deliver_reports(site)
    assert sink.addresses() == ALL


@pytest.mark.parametrize("death", [DIE_AT_RCPT, DIE_IN_DATA], ids=["at_rcpt", "in_data"])
@pytest.mark.parametrize("victim", [0, 1, 2])
def test_a_session_that_dies_before_the_dot_repeats_nothing(site: Store, sink: Sink, death: int, victim: int):
    """The recipients after it get theirs in a new session; the victim at the next try; each exactly one."""
    sink.plan.extend([None] * victim + [death])
    with pytest.raises(MailError):
        deliver_reports(site)
    assert sorted(sink.addresses().values()) == [1, 1]
    deliver_reports(site)
    assert sink.addresses() == ALL
    assert set(records(site).values()) == {("sent", 0)}


@pytest.mark.parametrize("death", [DIE_AFTER_DOT_TAKEN, DIE_AFTER_DOT_LOST], ids=["taken", "lost"])
def test_a_session_that_dies_after_the_dot_leads_to_one_repeat(site: Store, sink: Sink, death: int):
    """Nobody can know whether the mail arrived: it is `uncertain`, and repeated once with the same Message-ID."""
    sink.plan.extend([None, death])
    with pytest.raises(MailError, match=BINH):
        deliver_reports(site)
    assert records(site)[BINH] == ("uncertain", 1)
    deliver_reports(site)
    assert records(site)[BINH] == ("sent", 1)
    assert sink.addresses() == ALL | {BINH: 2 if death == DIE_AFTER_DOT_TAKEN else 1}
    ids = {mail["Message-ID"] for mail in sink.taken}
    assert len(ids) == 3
    deliver_reports(site)
    assert len(sink.taken) == 3 + (death == DIE_AFTER_DOT_TAKEN)


def test_there_is_no_second_repeat(site: Store, sink: Sink):
    """Two mails without an answer are the end of it; the doubt is reported once and nothing waits any more."""
    sink.plan.extend([DIE_AFTER_DOT_TAKEN, None, None, DIE_AFTER_DOT_TAKEN])
    with pytest.raises(MailError):
        deliver_reports(site)
    assert deliver_reports(site) == ONCE | {"sent": 0, "sent_before": 2, "uncertain": 1}
    deliver_reports(site)
    assert sink.addresses() == ALL | {ANNA: 2}
    (line,) = settle_outbox(site)
    assert ANNA in line
    assert "uncertain" in line
    assert waiting(site) == []


@pytest.mark.parametrize("number", range(1, 8))
def test_a_process_killed_at_any_write_repeats_at_most_one_mail(site: Store, sink: Sink, number: int):
    """It dies before each record of each mail and runs again: only what is recorded as uncertain may repeat."""
    child = os.fork()
    if child == 0:
        writes = iter(range(1, 100))
        original = Store.put

        def put(self: Store, *args: object, **kwargs: object) -> None:
            if next(writes) == number:
                os._exit(9)
            original(self, *args, **kwargs)  # type: ignore[arg-type]

        Store.put = put  # type: ignore[method-assign]
        deliver_reports(site)
        os._exit(0)
    os.waitpid(child, 0)
    uncertain = [address for address, (_, count) in records(site).items() if count]
    deliver_reports(site)
    got = sink.addresses()
    assert all(got[address] == 1 for address in ALL if address not in uncertain)
    assert all(1 <= got[address] <= 2 for address in uncertain)
    assert len(uncertain) == (1 if number % 2 == 0 and number < 7 else 0)
    assert settle_outbox(site) == []


def test_a_site_without_mail_keeps_its_reports(site: Store, clean_store: Store, sink: Sink):
    """Nothing fails and nothing is said; once mail is set up, the report goes out."""
    assert deliver_reports(clean_store) == {}
    assert settle_outbox(clean_store) == []
    assert waiting(clean_store)
    deliver_reports(site)
    assert sink.addresses() == ALL


def test_a_revised_report_is_mailed_again_and_replaces_what_still_waits(site: Store, sink: Sink):
    """Other content is another mail with another Message-ID; who never got the first gets the newest only."""
    sink.refused = {BINH}
    deliver_reports(site)
    put_report(site, 4)
    queue_report(site, WEEK)
    sink.refused = set()
    deliver_reports(site)
    assert sink.addresses() == ALL | {ANNA: 2, CHI: 2}
    assert len({mail["Message-ID"] for mail in sink.taken}) == 5


def test_a_report_that_is_not_there_is_not_mailed(site: Store, sink: Sink):
    """A marker without its report is a fault of the store, and shows as one."""
    site.delete(layout.REPORTS, layout.report_key(WEEK, "report.json"))
    with pytest.raises(ObjectMissing):
        deliver_reports(site)
    assert not sink.taken


def test_a_line_of_a_unit_that_is_no_more_is_told_before_anything_is_sent(site: Store, sink: Sink, recipients: Path):
    """Nobody gets the figures of whoever bears its code now; a unit that is yet to begin is no fault."""
    good = recipients.read_text(encoding="utf-8")
    lines = "06103,2024-01-01,Xã Hòa Bình,Dung,d@example.vn\n06103,2025-07-01,Xã Thiện Long,Em,e@example.vn\n"
    recipients.write_text(good + lines, encoding="utf-8")
    assert deliver_reports(site)["unusable_lines"] == 1
    assert sink.addresses() == ALL
    (line,) = settle_outbox(site)
    assert "line 5: " in line


def test_a_signed_address_opens_the_report_and_nothing_else(site: Store, sink: Sink):
    """Without an account, from the mail alone, under a name that says the week; a changed address opens nothing."""
    site.put(layout.REPORTS, layout.report_key(WEEK, "report.pdf"), b"%PDF-x", "application/pdf")
    deliver_reports(Store(site.settings.model_copy(update={"s3_public_endpoint": site.settings.s3_endpoint})))
    part = sink.taken[0].get_body(("plain",))
    assert part is not None
    text = str(part.get_content())
    (address,) = re.findall(r"PDF: (\S+)", text)
    answer = urllib3.request("GET", address)
    assert (answer.status, answer.data) == (200, b"%PDF-x")
    assert f"so-hoa-{WEEK}.pdf" in answer.headers["Content-Disposition"]
    for other in (address.replace("report.pdf", "report.json"), address.partition("?")[0]):
        assert urllib3.request("GET", other).status == 403
    until = re.search(r"mở được đến hết ngày (\d\d)/(\d\d)/(\d{4})", text)
    assert until is not None
    day = date(*map(int, until.groups()[::-1]))
    assert timedelta(5) <= day - datetime.now(TIME_ZONE).date() <= timedelta(6), "S3 signs for seven days at most"
    assert "X-Amz-Expires=604800" in address


def test_a_site_whose_store_nobody_reaches_mails_what_matters(site: Store, sink: Sink):
    """No key of the store stands in a mail; where the bucket is served, its plain addresses do."""
    deliver_reports(site)
    put_report(site, 4)
    deliver_reports(Store(site.settings.model_copy(update={"reports_url": "https://so.example/r/"})))
    first, last = (mail.get_body(("plain",)) for mail in (sink.taken[0], sink.taken[-1]))
    assert first is not None
    assert last is not None
    assert "report.pdf" not in str(first.get_content())
    assert f"https://so.example/r/weekly/{WEEK}/report.pdf" in str(last.get_content())
