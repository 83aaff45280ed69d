"""An alert is told once to each, again after a day, and once when it is over, whatever fails on the way."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from sohoa import layout, logs
from sohoa.errors import SettingsError, StoreError
from sohoa.notify.alerts import Alert, notify, notify_over, tell_waiting
from sohoa.settings import TIME_ZONE, Settings, load_settings
from sohoa.store import Store
from tests.report.smtp_sink import DIE_AFTER_DOT_LOST, DIE_AFTER_DOT_TAKEN, DIE_IN_DATA, Sink, running
from tests.servers import free_port

pytestmark = pytest.mark.timeout(60)

ANNA, BINH = "anna@example.vn", "binh@example.vn"
NOW = datetime(2024, 3, 4, 9, tzinfo=TIME_ZONE)
HOUR = timedelta(hours=1)
FULL = Alert("store_space", "Kho sắp đầy: 91 %", "Kho đã dùng 91 %.", "The store is 91 % full.")
LOST = Alert("day_lost/2024-03-04", "Mất một ngày", "Thiếu ngày 04/03.", "A day is missing.", stands=False)
SECRET = "hooks/s3cr3t-token"


class Hook:
    """A webhook that answers with ``status``, or hangs up where it is 0; keeps what it has got."""

    def __init__(self) -> None:
        self.status, self.got = 200, list[dict[str, Any]]()

    @contextmanager
    def running(self) -> Iterator[int]:
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hook.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                if hook.status:
                    self.send_response(hook.status)
                    self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()
        server.server_close()


@pytest.fixture
def hook() -> Iterator[tuple[Hook, int]]:
    found = Hook()
    with found.running() as port:
        yield found, port


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def site(clean_store: Store, port: int) -> Store:
    """A store of a site with mail and two operators."""
    mail = {
        "smtp_host": "127.0.0.1",
        "smtp_port": port,
        "smtp_tls": "none",
        "smtp_sender": "sohoa@langson.example",
        "operators": (ANNA, BINH),
    }
    return Store(clean_store.settings.model_copy(update=mail))


@pytest.fixture
def sink(port: int) -> Iterator[Sink]:
    sink = Sink()
    with running(sink, port):
        yield sink


def with_hook(store: Store, port: int, **more: Any) -> Store:
    """The same store, whose webhook has a secret in its address."""
    url = {"webhook_url": f"http://127.0.0.1:{port}/{SECRET}", **more}
    return Store(Settings(**{**dict(store.settings), **url}))


def alerts(store: Store) -> list[str]:
    return [item.key for item in store.list_objects(layout.WAREHOUSE, layout.ALERTS)]


def test_it_is_told_once_again_after_a_day_and_once_when_it_is_over(site: Store, sink: Sink) -> None:
    """Four runs an hour make no more mails; an end that nobody asked about makes none."""
    notify_over(site, FULL.key, NOW)
    for quarter in range(8):
        notify(site, FULL, NOW + quarter * HOUR / 4)
    assert sink.addresses() == {ANNA: 1, BINH: 1}
    notify(site, FULL, NOW + 24 * HOUR)
    assert sink.addresses() == {ANNA: 2, BINH: 2}
    for quarter in range(3):
        notify_over(site, FULL.key, NOW + 25 * HOUR + quarter * HOUR / 4)
    assert sink.addresses() == {ANNA: 3, BINH: 3}
    assert alerts(site) == []
    notify(site, FULL, NOW + 26 * HOUR)
    assert sink.addresses() == {ANNA: 4, BINH: 4}


def test_vietnamese_first_english_below(site: Store, sink: Sink) -> None:
    """The subject is Vietnamese; the end says what has ended."""
    notify(site, FULL, NOW)
    notify_over(site, FULL.key, NOW)
    first, last = sink.taken[0], sink.taken[-1]
    assert "Kho sắp đầy" in first["Subject"]
    text = str(first.get_content())
    assert text.index("Kho đã dùng 91 %.") < text.index("The store is 91 % full.")
    assert "Đã hết: Kho sắp đầy" in last["Subject"]


def test_an_alert_that_comes_and_goes_within_a_day_is_told_each_time_it_has_been_over(site: Store, sink: Sink) -> None:
    """Who heard that it is over hears of it anew; who was never told of it hears nothing of its end."""
    sink.refused = {BINH}
    notify(site, FULL, NOW)
    sink.refused = set()
    notify_over(site, FULL.key, NOW + HOUR)
    assert sink.addresses() == {ANNA: 2}
    assert alerts(site) == []


def test_a_server_that_is_down_stops_nothing_and_is_tried_at_the_next_run(
    site: Store, port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is logged; whoever runs next tells it, the notifier of other alerts too."""
    notify(site, FULL, NOW)
    notify(site, LOST, NOW)
    assert "alert_not_told" in capsys.readouterr().err
    sink = Sink()
    with running(sink, port):
        assert tell_waiting(site, NOW + HOUR) == 2
        assert sink.addresses() == {ANNA: 2, BINH: 2}
        tell_waiting(site, NOW + 2 * HOUR)
        notify(site, FULL, NOW + 2 * HOUR)
        assert sink.addresses() == {ANNA: 2, BINH: 2}
        assert len(alerts(site)) == 2
        tell_waiting(site, NOW + 25 * HOUR)
    assert alerts(site) == ["_alerts/store_space.json"], "an event is forgotten after a day"
    assert sink.addresses() == {ANNA: 2, BINH: 2}


@pytest.mark.parametrize("death", [DIE_AFTER_DOT_TAKEN, DIE_AFTER_DOT_LOST])
def test_a_mail_without_an_answer_is_repeated_once(site: Store, sink: Sink, death: int) -> None:
    """Never a second time, with the same Message-ID; the other address has its one mail."""
    sink.plan.extend([death, None, death, death, death])
    for run in range(5):
        notify(site, FULL, NOW + run * HOUR / 4)
    taken = [mail["Message-ID"] for mail in sink.taken if mail["X-Rcpt"] == ANNA]
    assert len(taken) == (2 if death == DIE_AFTER_DOT_TAKEN else 0)
    assert len(set(taken)) <= 1
    assert sink.addresses()[BINH] == 1


def test_a_mail_that_certainly_did_not_arrive_is_tried_until_it_does(site: Store, sink: Sink) -> None:
    """Three sessions that die before the final dot are no reason to give up."""
    sink.plan.extend([DIE_IN_DATA, DIE_IN_DATA] * 3)
    for run in range(4):
        notify(site, FULL, NOW + run * HOUR / 4)
    assert sink.addresses() == {ANNA: 1, BINH: 1}


@pytest.mark.parametrize("number", range(1, 6))
def test_killed_at_any_write_it_repeats_at_most_one_mail(site: Store, sink: Sink, number: int) -> None:
    """The process dies before each record, and runs again three times."""
    child = os.fork()
    if child == 0:
        writes = iter(range(1, 100))
        original = Store.put

        def put(self: Store, *args: object, **kwargs: object) -> None:
            if next(writes) == number:
                os._exit(9)
            original(self, *args, **kwargs)  # type: ignore[arg-type]

        Store.put = put  # type: ignore[method-assign]
        notify(site, FULL, NOW)
        os._exit(0)
    _, ended = os.waitpid(child, 0)
    assert os.WEXITSTATUS(ended) == (9 if number < 6 else 0)
    for run in range(1, 4):
        notify(site, FULL, NOW + run * HOUR / 4)
    got = sorted(sink.addresses().values())
    assert got in ([1, 1], [1, 2])


def test_the_webhook_gets_each_message_as_json(site: Store, sink: Sink, hook: tuple[Hook, int]) -> None:
    """Beside the mails, in both languages, with the key and the time."""
    found, port = hook
    store = with_hook(site, port)
    notify(store, FULL, NOW)
    notify(store, FULL, NOW + HOUR)
    notify_over(store, FULL.key, NOW + 2 * HOUR)
    assert [message["subject_vi"] for message in found.got] == [FULL.subject_vi, f"Đã hết: {FULL.subject_vi}"]
    assert found.got[0] == {
        "key": "store_space",
        "subject_vi": FULL.subject_vi,
        "text_vi": FULL.text_vi,
        "text_en": FULL.text_en,
        "at": "2024-03-04T09:00:00+07:00",
    }
    assert sink.addresses() == {ANNA: 2, BINH: 2}


@pytest.mark.parametrize(("status", "times"), [(500, 4), (302, 4), (0, 2), (204, 1)])
def test_a_webhook_that_does_not_take_it_is_tried_again(
    site: Store, hook: tuple[Hook, int], capsys: pytest.CaptureFixture[str], status: int, times: int
) -> None:
    """At each run where it says so, once where it says nothing; the secret in its address is in no line."""
    found, port = hook
    store = with_hook(site, port, operators=())
    logs.print_to_stderr(is_verbose=True)
    found.status = status
    for run in range(4):
        notify(store, FULL, NOW + run * HOUR / 4)
    logs.print_to_stderr(is_verbose=False)
    assert len(found.got) == times
    lines = capsys.readouterr().err
    assert "alert_" in lines
    assert not re.search("s3cr3t|hooks", lines)


def test_a_webhook_that_is_not_there_is_told_without_its_secret(
    site: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody listens: nothing is lost, and the line names no address."""
    store = with_hook(site, free_port(), operators=())
    notify(store, FULL, NOW)
    lines = capsys.readouterr().err
    assert "NewConnectionError" in lines
    assert not re.search("s3cr3t|hooks", lines)
    assert alerts(store)


def test_a_store_that_takes_no_writes_keeps_nobody_in_the_dark(
    site: Store, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be what the alert is about."""

    def full(*_: object) -> None:
        raise StoreError("no writable volumes")

    monkeypatch.setattr(Store, "put", full)
    notify(site, FULL, NOW)
    assert sink.addresses() == {ANNA: 1, BINH: 1}


def test_a_bad_address_and_a_site_without_mail_stop_nothing(
    clean_store: Store, site: Store, sink: Sink, capsys: pytest.CaptureFixture[str]
) -> None:
    """The others are told; where nobody is named nothing is kept."""
    notify(clean_store, FULL, NOW)
    assert alerts(clean_store) == []
    notify(Store(site.settings.model_copy(update={"operators": ("anna at home", BINH)})), FULL, NOW)
    assert sink.addresses() == {BINH: 1}
    assert "operator_unusable" in capsys.readouterr().err
    notify(Store(clean_store.settings.model_copy(update={"operators": (ANNA,)})), LOST, NOW)
    assert "SOHOA_SMTP_HOST" in capsys.readouterr().err


def test_operators_and_webhook_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Addresses separated by commas; the webhook's address is printed by nothing."""
    monkeypatch.setenv("SOHOA_OPERATORS", "a@x.vn, b@x.vn,")
    monkeypatch.setenv("SOHOA_WEBHOOK_URL", f"https://example.vn/{SECRET}")
    settings = load_settings()
    assert settings.operators == ("a@x.vn", "b@x.vn")
    assert SECRET not in repr(settings)
    monkeypatch.setenv("SOHOA_WEBHOOK_URL", SECRET)
    with pytest.raises(SettingsError, match="SOHOA_WEBHOOK_URL") as raised:
        load_settings()
    assert SECRET not in str(raised.value)
