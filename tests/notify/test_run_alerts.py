"""What operators are told of runs: each matter once, whatever number of runs it happens to."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from sohoa.errors import GateClosed, describe_failure
from sohoa.notify.run_alerts import tell_failed_task, tell_late_run
from sohoa.store import Store


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """What the webhook gets."""
    found: list[dict[str, Any]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("SOHOA_WEBHOOK_URL", f"http://127.0.0.1:{server.server_port}/")
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.usefixtures("clean_store")
def test_a_task_that_fails_again_and_again_is_told_once(told: list[dict[str, Any]]) -> None:
    """A job that fails every quarter of an hour is no flood; another task is another matter."""
    for run in ("one", "two"):
        tell_failed_task("check_scan_batches", "report_closed", run, describe_failure(GateClosed("1 fault: H37.60")))
    tell_failed_task("check_scan_batches", "judge_batches", "two", "why")
    assert [one["key"] for one in told] == [
        "task_failed_check_scan_batches_report_closed", "task_failed_check_scan_batches_judge_batches",
    ]  # fmt: skip
    assert "Look at the rows that are named" in told[0]["text_en"] and "H37.60" in told[0]["text_vi"]


@pytest.mark.usefixtures("clean_store")
def test_a_late_run_is_named(told: list[dict[str, Any]]) -> None:
    tell_late_run("check_scan_batches", 4.0, {"dag_run": {"dag_run_id": "scheduled__1"}})
    assert "scheduled__1" in told[0]["text_vi"] and "4 hours" in told[0]["text_en"]


def test_where_nobody_is_to_be_told_nothing_is_kept(clean_store: Store) -> None:
    tell_late_run("check_scan_batches", 4.0)
    assert not list(clean_store.list_objects("warehouse", "_alerts/"))


def test_a_failure_is_one_line_the_next_step_first() -> None:
    assert describe_failure(GateClosed("a\nb")).endswith("tries them again. GateClosed: a b")
    assert describe_failure(ValueError("x")).startswith("Nobody foresaw this")
    assert describe_failure("killed").startswith("Its process ended")
