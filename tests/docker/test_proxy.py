"""The sample of the proxy with TLS, run by nginx before servers that say what they were asked."""

from __future__ import annotations

import getpass
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import urllib3

from sohoa.stack.certificates import AUTHORITY, CERTIFICATE, KEY, make_certificates
from tests.docker.compose_file import ROOT, deployment_page, raw
from tests.servers import free_ports

SAMPLE = ROOT / "docker" / "nginx.conf"
UI, S3 = "so-hoa.langson.example", "s3.so-hoa.langson.example"


@contextmanager
def upstream(port: int) -> Iterator[None]:
    """A server that answers with what reached it."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            size = len(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            body = json.dumps({"path": self.path, "headers": dict(self.headers), "bytes": size}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self.answer()

        def do_POST(self) -> None:
            self.answer()

        def do_PUT(self) -> None:
            self.answer()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield
    server.shutdown()
    server.server_close()


@dataclass(frozen=True)
class Proxy:
    """A running nginx."""

    port: int
    authority: Path

    def ask(self, method: str, path: str, host: str = UI, **more: object) -> urllib3.BaseHTTPResponse:
        """What is answered over TLS."""
        headers = {"Host": host, **more.pop("headers", {})}  # type: ignore[dict-item]
        pool = urllib3.HTTPSConnectionPool(
            "127.0.0.1", self.port, ca_certs=str(self.authority), assert_hostname=False, server_hostname=host
        )
        with pool:
            return pool.urlopen(method, path, headers=headers, retries=False, redirect=False, **more)  # type: ignore[arg-type]

    def reached(self, method: str, path: str, host: str = UI, **more: object) -> dict[str, object]:
        """What reached the server behind."""
        answer = self.ask(method, path, host, **more)
        assert answer.status == 200
        return dict(answer.json())


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Proxy]:
    """The sample with ports and certificates of this test, and nothing else of it changed."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if program is None:
        pytest.skip("no nginx here: apt-get install nginx")
    make_certificates(tmp_path)
    tls, plain, ui, s3 = free_ports(4)
    text = SAMPLE.read_text(encoding="utf-8")
    changes = {"listen 443": f"listen 127.0.0.1:{tls}", "listen 80": f"listen 127.0.0.1:{plain}"}
    changes |= {"127.0.0.1:8080": f"127.0.0.1:{ui}", "127.0.0.1:8333": f"127.0.0.1:{s3}"}
    for name in ("ui", "s3"):
        changes |= {f"/etc/ssl/sohoa/{name}.pem": str(tmp_path / CERTIFICATE)}
        changes |= {f"/etc/ssl/sohoa/{name}.key": str(tmp_path / KEY)}
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "sample.conf").write_text(text)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    folders = "".join(f"{kind}_temp_path {tmp_path}/{kind};" for kind in kinds)
    whole = f"user {getpass.getuser()};pid {tmp_path}/pid;worker_processes 1;events {{}}"
    whole += f"http {{access_log off;{folders}include {tmp_path}/sample.conf;}}"
    (tmp_path / "nginx.conf").write_text(whole)
    command = [program, "-p", tmp_path, "-e", tmp_path / "log", "-c", tmp_path / "nginx.conf", "-g", "daemon off;"]
    with upstream(ui), upstream(s3):
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            yield wait_for(Proxy(tls, tmp_path / AUTHORITY), process, tmp_path / "log")
        finally:
            process.terminate()
            process.wait()


def wait_for(proxy: Proxy, process: subprocess.Popen[bytes], log: Path) -> Proxy:
    """Return when it answers."""
    for _ in range(100):
        assert process.poll() is None, log.read_text()
        try:
            proxy.ask("GET", "/")
        except urllib3.exceptions.HTTPError:
            time.sleep(0.05)
        else:
            return proxy
    raise AssertionError("nginx does not answer")


@pytest.mark.parametrize(
    "paths",
    [
        ["/auth/login/"] * 9,
        ["/auth/token", "/auth/token/cli", "/auth/login/?next=x"] * 3,
        ["/auth/token", "//auth//token", "/auth/%74oken"] * 3,
    ],
)
def test_signing_in_is_slowed_down(proxy: Proxy, paths: list[str]) -> None:
    """Five tries at once, whichever way in and however it is spelled; another address in a header is no way out."""
    headers = [{"X-Forwarded-For": f"10.0.0.{number}"} for number in range(len(paths))]
    found = [proxy.ask("POST", path, headers=one).status for path, one in zip(paths, headers, strict=True)]
    assert found == [200] * 5 + [429] * 4


def test_what_is_no_try_is_not_slowed_down(proxy: Proxy) -> None:
    """The form itself, its pictures, and the interface with a token."""
    for path in ("/auth/login/", "/auth/static/x.css", "/api/v2/dags"):
        assert {proxy.ask("GET", path).status for _ in range(12)} == {200}
    assert {proxy.ask("POST", "/api/v2/dags/x/dagRuns").status for _ in range(12)} == {200}


def test_the_ui_learns_who_asks_and_that_it_was_over_tls(proxy: Proxy) -> None:
    """By headers that a client cannot choose; the browser learns to use TLS."""
    sent = {"X-Forwarded-For": "10.0.0.1", "X-Forwarded-Proto": "http"}
    headers = proxy.reached("GET", "/", headers=sent)["headers"]
    assert isinstance(headers, dict)
    wanted = {"Host": UI, "X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "https"}
    assert {name: headers[name] for name in wanted} == wanted
    assert "max-age" in proxy.ask("GET", "/").headers["Strict-Transport-Security"]


@pytest.mark.parametrize("path", ["/execution/health", "/execution", "//execution/task-instances/x/run"])
def test_what_tasks_say_does_not_pass(proxy: Proxy, path: str) -> None:
    assert proxy.ask("GET", path).status == 403


@pytest.mark.parametrize("path", ["/landing/batches/H37.60/2024-04-01/x/1.jpg", "/landing/a%20b//c?x=%2F", "/"])
def test_s3_gets_what_was_signed(proxy: Proxy, path: str) -> None:
    """Host and path as they were sent, and a body of more than nginx's own limit."""
    found = proxy.reached("PUT", path, host=S3, body=b"x" * 3_000_000)
    assert found["path"] == path
    assert found["bytes"] == 3_000_000
    assert isinstance(found["headers"], dict)
    assert found["headers"]["Host"] == S3


def test_compose_takes_what_the_proxy_says() -> None:
    """The flag without which Airflow does not read it, and the two settings of the page."""
    service = raw()["services"]["api-server"]
    assert "--proxy-headers" in service["command"]
    assert service["environment"]["FORWARDED_ALLOW_IPS"] == "${UI_PROXY:-127.0.0.1}"
    assert service["environment"]["AIRFLOW__FAB__COOKIE_SECURE"] == "${UI_COOKIE_SECURE:-False}"
    assert "UI_COOKIE_SECURE=True" in deployment_page()
    assert "UI_PROXY=*" in deployment_page()
