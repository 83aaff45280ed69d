"""What the bad line does to connections that were open before it went bad: a worker keeps its own for hours."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from tests.desk.fault_proxy import BadLine, bad_line


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def line() -> Iterator[BadLine]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with bad_line(f"http://127.0.0.1:{server.server_address[1]}") as line:
            yield line
        server.shutdown()


@pytest.fixture
def client(line: BadLine) -> Iterator[http.client.HTTPConnection]:
    client = http.client.HTTPConnection(urlsplit(line.address).netloc, timeout=10)
    assert status(client) == 200
    yield client
    client.close()


def status(client: http.client.HTTPConnection) -> int:
    client.request("GET", "/")
    answer = client.getresponse()
    answer.read()
    return answer.status


def test_a_cut_takes_the_connections_that_are_open(line: BadLine, client: http.client.HTTPConnection) -> None:
    """And new ones, until it is over."""
    with line.spoilt(is_cut=True):
        for _ in range(2):
            with pytest.raises((OSError, http.client.HTTPException)):
                status(client)
            client.close()
    assert status(client) == 200
    assert line.faults == 2


def test_503_comes_on_connections_that_are_open(line: BadLine, client: http.client.HTTPConnection) -> None:
    """It closes them; what comes after it goes to the store again."""
    with line.spoilt(busy=True):
        assert status(client) == 503
    assert status(client) == 200
    assert line.faults == 1
