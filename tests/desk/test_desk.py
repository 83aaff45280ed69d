"""The scanning desk: who reaches it, what it shows of a new scan and how soon, and the way of a document through it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import urllib3

from sohoa import jobs
from sohoa.audit.lots import draw_lots
from sohoa.desk.desk import Desk, DeskScreen, _next_check
from sohoa.desk.judge_scans import Checkup
from sohoa.desk.serve_desk import DeskServer
from sohoa.desk.state import PlannedBatch
from sohoa.desk.upload import Sent
from sohoa.errors import DeskError
from sohoa.settings import load_settings
from sohoa.store import Store, open_store
from tests.batch_builder import AGENCY, DOSSIER, page_jpeg
from tests.desk.agency_folder import (
    BAD,
    GOOD,
    KEYS,
    NO_STORE,
    OTHER,
    PROCEDURE,
    agency_keys,
    config_at,
    config_of,
    put_scan,
)

PATIENCE_S = 30.0
SAID = {
    "dossier_code": DOSSIER,
    "procedure_code": PROCEDURE,
    "kind": "component",
    "paper": "a4",
    "cover": "matte",
    "content": "text",
    "physical_pages": "1",
}


@pytest.fixture
def desk(clean_store: Store, tmp_path: Path) -> Iterator[DeskServer]:
    """A desk on an empty folder, served and watching."""
    folder = tmp_path / "scans"
    folder.mkdir()
    opened = Desk(folder, config_at(clean_store, tmp_path), agency_keys(clean_store), clean_store.settings, 5)
    server = DeskServer(opened)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    opened.start()
    yield server
    server.shutdown()
    server.server_close()
    opened.close()


def wait_for(found: Callable[[], bool], what: str) -> float:
    """How long it took until it was so."""
    start = time.monotonic()
    while not found():
        assert time.monotonic() - start < PATIENCE_S, what
        time.sleep(0.05)
    return time.monotonic() - start


def ask(server: DeskServer, path: str = "", **headers: str) -> urllib3.BaseHTTPResponse:
    return urllib3.request("GET", server.address + path, headers=headers, retries=False)


def do(server: DeskServer, act: str, files: tuple[str, ...] = (), **form: str) -> dict[str, Any]:
    body = urlencode([*form.items(), *(("file", name) for name in files)])
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = urllib3.request("POST", f"{server.address}do/{act}", body=body, headers=headers, retries=False)
    found: dict[str, Any] = json.loads(answer.data)
    return found


def parts(server: DeskServer) -> dict[str, str]:
    found: dict[str, str] = json.loads(ask(server, "parts").data)["html"]
    return found


def test_only_who_was_given_the_address_gets_in(desk: DeskServer) -> None:
    """Another token, another name of this computer, a page of somebody else: nothing, and nothing is done."""
    put_scan(desk.desk.folder, "a.jpg", GOOD)
    root = f"http://127.0.0.1:{desk.server_port}"
    assert ask(desk).status == 200
    for path in ("/", "/x/", "/x/parts", f"/{desk.token[:-1]}/"):
        assert urllib3.request("GET", root + path, retries=False).status == 404
    assert ask(desk, Host="sohoa.example").status == 404
    for headers in ({"Origin": "https://other.example"}, {"Origin": "null"}):
        done = urllib3.request("POST", f"{desk.address}do/remove", body="file=a.jpg", headers=headers, retries=False)
        assert done.status == 403
    assert (desk.desk.folder / "a.jpg").exists()
    assert urllib3.request("POST", f"{desk.address}do/none", body="", retries=False).status == 403
    assert desk.server_address[0] == "127.0.0.1"
    policy = ask(desk).headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy


def test_a_new_scan_is_seen_and_judged_at_once(desk: DeskServer, summary: Callable[[str], None]) -> None:
    """Seen within two seconds and judged within three of its last byte, on a machine that is not busy otherwise."""
    wait_for(lambda: "Chưa có tệp" in parts(desk)["loose"], "the desk is open")
    put_scan(desk.desk.folder, "warm.jpg", OTHER)
    wait_for(lambda: "ĐẠT" in parts(desk)["loose"], "the first page is judged")
    data = page_jpeg(4, dpi=300)
    put_scan(desk.desk.folder, "a.jpg", data)
    start = time.monotonic()
    seen = wait_for(lambda: "a.jpg" in parts(desk)["loose"], "the page is seen")
    wait_for(lambda: parts(desk)["loose"].count("ĐẠT") == 2, "the page is judged")
    judged = time.monotonic() - start
    summary(f"a new A4 page at 300 dpi is seen after {seen:.1f} s, judged {judged:.1f} s after its last byte")
    assert seen < 2
    assert judged < 9  # three where nothing else runs


def test_a_page_that_fails_is_shown_with_what_to_do(desk: DeskServer) -> None:
    """A picture, the defect in the words of the slip; a file with a name that is HTML stays text."""
    put_scan(desk.desk.folder, "<b>&.jpg", BAD)
    wait_for(lambda: "QUÉT LẠI" in parts(desk)["loose"], "the page is judged")
    html = parts(desk)["loose"]
    assert "data:image/jpeg" in html and "Độ phân giải thấp" in html and "cần từ 200" in html
    assert "<b>" not in html and "&lt;b&gt;&amp;.jpg" in html


def test_a_file_that_is_still_being_written(desk: DeskServer) -> None:
    """Its first half is no verdict for ever."""
    path = put_scan(desk.desk.folder, "a.jpg", GOOD[:40_000])
    wait_for(lambda: "Tệp bị cắt cụt" in parts(desk)["loose"], "the half is told")
    path.write_bytes(GOOD)
    wait_for(lambda: "✓ ĐẠT" in parts(desk)["loose"], "the whole is judged")


@pytest.mark.usefixtures("judged_by_numpy")
def test_the_way_of_a_document(desk: DeskServer) -> None:
    """Sorted, sent although it is bad, answered, scanned again: the new scan replaces it by itself."""
    put_scan(desk.desk.folder, "a.jpg", BAD)
    wait_for(lambda: "QUÉT LẠI" in parts(desk)["loose"], "the page is judged")
    assert do(desk, "group", ("a.jpg",), **SAID, title="")["said"] == "Chưa ghi tên tài liệu."
    wrong = do(desk, "group", ("a.jpg",), **{**SAID, "dossier_code": "H37-1"}, title="Tờ khai")
    assert not wrong["ok"] and "Mã hồ sơ" in wrong["said"]
    old = {**SAID, "dossier_code": "000.01.80.H37-230306-0001"}
    assert do(desk, "group", ("a.jpg",), **old, title="Tờ khai")["ok"]
    wait_for(lambda: "Không gửi cho tới khi quét lại" in parts(desk)["documents"], "the document is judged")
    ((place, _),) = desk.desk.rescan_places()
    assert do(desk, "anyway", place=place)["ok"]
    wait_for(lambda: "Vẫn gửi" in parts(desk)["documents"] and 'data-act="anyway"' not in parts(desk)["documents"], "")
    do(desk, "send")
    wait_for(lambda: "chờ giấy báo" in parts(desk)["sent"], "it is sent")
    wait_for(lambda: not desk.desk.is_sending, "sending has ended")
    jobs.check()
    assert do(desk, "fetch")["ok"]
    wait_for(lambda: "Phải quét lại (1)" in parts(desk)["sent"], "the slip is there")
    (batch,) = [one["batch"] for one in desk.desk.view()["batches"]]
    assert "Độ phân giải thấp" in ask(desk, f"slip/{quote(batch)}").data.decode()
    assert ask(desk, "slip/..%2Fagency").status == 404
    put_scan(desk.desk.folder, "b.jpg", GOOD)
    assert do(desk, "rescan", ("b.jpg",), place=place)["ok"]
    wait_for(lambda: "đạt</span>" in parts(desk)["documents"].lower(), "it is judged again")
    wait_for(lambda: [one.is_bad for one in desk.desk._checkup.documents] == [False], "it is good")
    do(desk, "send")
    wait_for(lambda: len(desk.desk.view()["batches"]) == 2 and not desk.desk.is_sending, "it is sent again")
    jobs.check()
    do(desk, "fetch")
    wait_for(lambda: "Phải quét lại" not in parts(desk)["sent"], "nothing is left")
    assert len(desk.desk.view()["batches"]) == 2


@pytest.mark.usefixtures("judged_by_numpy")
def test_a_person_is_asked(desk: DeskServer) -> None:
    """What is rejected goes with a reason to the reviewers; the slip says so, and then what they decided."""
    put_scan(desk.desk.folder, "a.jpg", BAD)
    wait_for(lambda: "QUÉT LẠI" in parts(desk)["loose"], "the page is judged")
    assert do(desk, "group", ("a.jpg",), **SAID, title="Tờ khai")["ok"]
    wait_for(lambda: 'data-act="ask"' in parts(desk)["documents"], "the document is judged")
    ((place, _),) = desk.desk.rescan_places()
    assert do(desk, "ask", place=place, reason=" ")["said"] == "Chưa ghi lý do."
    assert "dài quá 500" in do(desk, "ask", place=place, reason="ừ" * 501)["said"]
    assert not do(desk, "ask", place="../..", reason="x")["ok"]
    assert do(desk, "ask", place=place, reason="Bản gốc\n in mờ <b>")["ok"]
    wait_for(lambda: "Bản gốc in mờ &lt;b&gt;" in parts(desk)["documents"], "it is shown")
    wait_for(lambda: "Chờ kiểm tra" in parts(desk)["documents"], "it is judged again")
    do(desk, "send")
    wait_for(lambda: "chờ giấy báo" in parts(desk)["sent"], "it is sent")
    jobs.check()
    do(desk, "fetch")
    wait_for(lambda: "Mở phiếu" in parts(desk)["sent"], "the slip is there")
    (batch,) = [one["batch"] for one in desk.desk.view()["batches"]]
    slip = ask(desk, f"slip/{quote(batch)}").data.decode()
    assert "đề nghị người kiểm tra xem lại: <bdi>Bản gốc in mờ &lt;b&gt;</bdi>" in slip
    assert "B. Chờ người kiểm tra (1 tài liệu)" in slip and "Phải quét lại (1)" not in parts(desk)["sent"]
    (drawn,) = draw_lots(open_store(), datetime.fromisoformat("2023-03-07T09:00"))
    assert (drawn.stratum, drawn.size) == ("borderline", 1)
    decided_at = datetime.fromisoformat("2023-03-08T09:00")
    jobs.review(AGENCY, f"{batch}-001", "uphold", "Trần Văn Minh", "Đọc được", decided_at)
    jobs.summarise()
    do(desk, "fetch")
    wait_for(lambda: "Trần Văn Minh" in ask(desk, f"slip/{quote(batch)}").data.decode(), "the decision is there")


def test_a_network_that_is_gone_is_said(clean_store: Store, tmp_path: Path) -> None:
    """In a line; what was sorted stays, and scans are judged all the same."""
    folder = tmp_path / "scans"
    put_scan(folder, f"{DOSSIER}_{PROCEDURE}/thanh-phan/a/1.jpg", GOOD)
    config = config_at(clean_store, tmp_path, endpoint="http://127.0.0.1:9")
    desk = Desk(folder, config, agency_keys(clean_store), clean_store.settings, 0)
    try:
        desk.look()
        assert [one["outcome"] for one in desk.view()["documents"]] == ["accepted"]
        desk.send()
        wait_for(lambda: not desk.is_sending, "it gives up")
        assert any("127.0.0.1:9" in line.text for line in desk.screen.lines)
    finally:
        desk.close()


@pytest.fixture
def lonely_desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk that no store answers, and whose threads are not started."""
    folder = tmp_path / "scans"
    folder.mkdir()
    desk = Desk(folder, config_of(NO_STORE, tmp_path), KEYS, load_settings(), 0)
    yield desk
    desk.close()


def lines(desk: Desk) -> str:
    return "\n".join(line.text for line in desk.screen.lines)


def test_sending_waits_for_the_fetching_of_slips(lonely_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so, keeps nobody waiting who pressed the button, and is done when its turn has come."""
    desk, came, sent = lonely_desk, threading.Event(), threading.Event()

    def fetch() -> list[PlannedBatch]:
        with desk._uploader.state.alone():
            came.wait(PATIENCE_S)
        return []

    def run(_: Path) -> Sent:
        with desk._uploader.state.alone():
            sent.set()
        return Sent(Checkup())

    monkeypatch.setattr(desk._uploader, "fetch", fetch)
    monkeypatch.setattr(desk._uploader, "run", run)
    start = time.monotonic()
    desk.fetch()
    wait_for(desk._line.locked, "slips are asked for")
    desk.send()
    assert time.monotonic() - start < PATIENCE_S / 2
    wait_for(lambda: "Đang chờ" in lines(desk), "it is said")
    assert not sent.is_set()
    came.set()
    wait_for(lambda: not desk.is_sending, "it is sent")
    assert sent.is_set()
    assert "đang gửi. Chờ nó xong" not in lines(desk)


@pytest.mark.parametrize(("is_quiet", "is_taken", "asked"), [(False, False, 1), (True, False, 0), (False, True, 0)])
def test_slips_are_fetched_unasked_where_that_keeps_nobody(
    lonely_desk: Desk, monkeypatch: pytest.MonkeyPatch, is_quiet: bool, is_taken: bool, asked: int
) -> None:
    """Not while somebody sends, and not in quiet hours: who sends then would wait for them to end."""
    desk, times = lonely_desk, list[int]()
    monkeypatch.setattr(desk._uploader, "fetch", lambda: times.append(1) or [])
    monkeypatch.setattr("sohoa.desk.send_batch._quiet_until", lambda *_: "11:30" if is_quiet else None)
    batch = desk._uploader.state.plan(desk.config.agency, "/scans", "2023-03-06", "t", {}, [], [])
    desk._uploader.state.set_status(batch, "committed")
    if is_taken:
        desk._line.acquire()
    desk._fetch_what_waits()
    assert len(times) == asked
    assert desk._line.locked() == is_taken


def test_a_fault_of_the_state_does_not_end_the_fetching(lonely_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """As of a disk that is full: it is said, and tried again."""
    desk, times = lonely_desk, list[int]()

    def fail(*_: object) -> list[PlannedBatch]:
        times.append(1)
        raise DeskError("không ghi được sổ gửi")

    monkeypatch.setattr("sohoa.desk.desk._SLIPS_EVERY_S", 0.01)
    monkeypatch.setattr(desk._uploader.state, "batches", fail)
    thread = threading.Thread(target=desk._fetch, daemon=True)
    thread.start()
    wait_for(lambda: len(times) > 2, "it is tried again")
    assert thread.is_alive() and "sổ gửi" in lines(desk)
    desk.close()


@pytest.mark.parametrize(
    ("now", "every", "due"),
    [("08:07", 15, "08:15"), ("08:45", 15, "09:00"), ("08:59", 5, "09:00"), ("23:58", 60, "00:00")],
)
def test_when_the_next_check_is_due(now: str, every: int, due: str) -> None:
    """By the clock, as the province's schedule goes."""
    assert _next_check(datetime.fromisoformat(f"2023-03-07T{now}"), every) == due


def test_what_is_said_again_stands_once() -> None:
    """A line that is down for hours does not push all else away."""
    screen = DeskScreen()
    for text in ("a", "b", "b", "b"):
        screen.say(text)
    assert [line.text for line in screen.lines] == ["b", "a"]
    assert len(screen.lines) == 2
