"""What a clerk reads when the store cannot be used: in Vietnamese, of what can be looked at, and how soon."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from urllib3.exceptions import HTTPError, ProtocolError, ProxyError, SSLError

from sohoa.desk.send_batch import Patience, _put
from sohoa.desk.store_faults import telling
from sohoa.errors import DeskError, KeysRefused, ObjectMissing, ObjectRefused, StoreError
from sohoa.store import Store
from tests.desk.agency_folder import NO_STORE, lonely_computer

UNTRUSTED = SSLError(ssl.SSLCertVerificationError("self-signed certificate"))
NO_CA_FILE = SSLError(FileNotFoundError("ca.pem"))
MD5 = "99914b932bd37a50b983c5e7c90ae93b"  # of {}
CUT = SSLError(ssl.SSLEOFError("EOF occurred in violation of protocol"))


def fault(kind: type[StoreError], cause: HTTPError | None = None) -> StoreError:
    error = kind("landing/inbox: check SOHOA_S3_ACCESS_KEY; `sohoa stack status store` tells")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "words", "tries"),
    [
        (fault(StoreError, UNTRUSTED), "chứng chỉ .*ca_file.* giờ của máy", 1),
        (fault(StoreError, NO_CA_FILE), "chứng chỉ .*ca_file", 1),
        (fault(StoreError, CUT), "Không tới được kho", 3),
        (fault(StoreError, ProxyError("no", OSError())), "xem proxy", 3),
        (fault(StoreError, ProtocolError("cut")), f"Không tới được kho {NO_STORE}.*chạy lại, hoặc bấm lại", 3),
        (fault(ObjectRefused), "từ chối.* cán bộ kỹ thuật của tỉnh", 3),
        (fault(ObjectMissing), "từ chối.* cán bộ kỹ thuật của tỉnh", 1),
        (fault(KeysRefused), "không nhận khóa.*`sohoa keys`", 1),
    ],
)
def test_each_cause_has_its_words(monkeypatch: pytest.MonkeyPatch, error: StoreError, words: str, tries: int) -> None:
    """What stays however often it is tried is said at once."""
    clock, tried = [0.0], list[float]()
    monkeypatch.setattr("sohoa.desk.send_batch.time.monotonic", lambda: clock[0])
    patience = Patience(1.5, say=lambda _: None, sleep=lambda seconds: clock.__setitem__(0, clock[0] + seconds))

    def ask() -> None:
        tried.append(clock[0])
        raise error

    with pytest.raises(DeskError, match=words) as told, telling(NO_STORE):
        patience.keep_trying(ask)
    assert len(tried) == tries
    assert "stack status" not in str(told.value) or isinstance(error, ObjectRefused | ObjectMissing)


class _Portal(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"<!DOCTYPE html><html><body>Log in<br>first"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_PUT = do_GET  # noqa: N815 (the name that http.server looks for)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def portal() -> Iterator[str]:
    """A network that answers every request with the page at which one logs in."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Portal)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_page_to_log_in_is_no_store(portal: str, tmp_path: Path) -> None:
    """Neither when it is asked for receipts, nor when it is given a manifest."""
    uploader = lonely_computer(tmp_path, endpoint=portal)
    with pytest.raises(DeskError, match="Không tới được kho"):
        uploader.fetch()
    with pytest.raises(StoreError, match="no ETag"):
        _put(uploader.store, "inbox/x.json", b"{}", "application/json")


@pytest.mark.parametrize(
    ("etag", "fits"), [("0" * 32, False), ("99914b932bd37a50b983c5e7c90ae93b", True), ("x-1", True)]
)
def test_what_the_store_took_is_what_was_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, etag: str, fits: bool
) -> None:
    """An ETag that is an MD5 is that of the bytes, of a manifest as of a file."""
    store: Store = lonely_computer(tmp_path).store
    monkeypatch.setattr(store, "put", lambda *_: etag)
    if fits:
        assert _put(store, "inbox/x.json", b"{}") == etag
        return
    with pytest.raises(DeskError, match="tệp khác"):
        _put(store, "inbox/x.json", b"{}")
