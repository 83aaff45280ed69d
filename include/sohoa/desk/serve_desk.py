"""Serve the desk to a browser on this computer: on the loopback address alone, under an address that nobody guesses."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from urllib.parse import parse_qs, unquote, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sohoa.desk.desk import Desk
from sohoa.desk.sort_scans import KIND_FOLDERS
from sohoa.enums import CONTENTS, COVERS, PAPERS
from sohoa.errors import InputError, SohoaError
from sohoa.labels import label_vi
from sohoa.slips.slip_page import content_hash, environment

_MAX_FORM_BYTES = 1_000_000
_PARTS = ("loose", "documents", "sent")
_SAID = ("title", "content", "paper", "cover", "dossier_code", "procedure_code", "kind")

Form = dict[str, list[str]]


class DeskServer(ThreadingHTTPServer):
    """The server of one desk; ``address`` is what a browser is given."""

    daemon_threads = True

    def __init__(self, desk: Desk, port: int = 0) -> None:
        """Listen, on any free port where none is named."""
        super().__init__(("127.0.0.1", port), _Handler)
        self.desk, self.token = desk, secrets.token_urlsafe(24)

    @property
    def address(self) -> str:
        """Under which the desk is to be opened."""
        return f"http://127.0.0.1:{self.server_port}/{self.token}/"


@lru_cache
def _templates() -> Environment:
    templates = Environment(
        loader=PackageLoader("sohoa.desk"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    templates.filters |= environment().filters
    return templates


@lru_cache
def _read(name: str) -> str:
    return (files("sohoa.desk") / "templates" / name).read_text(encoding="utf-8")


def render_parts(desk: Desk) -> dict[str, str]:
    """Render the parts of the page that change: name -> HTML."""
    module, view = _templates().get_template("parts.html").module, desk.view()
    return {name: str(getattr(module, name)(view)) for name in _PARTS}


def render_page(desk: Desk) -> str:
    """Render the page."""
    parts = {name: Markup(html) for name, html in render_parts(desk).items()}  # noqa: S704 (escaped by its template)
    return (
        _templates()
        .get_template("desk.html")
        .render(
            view=desk.view(),
            parts=parts,
            declared=desk.config.documents,
            kinds=[(kind, label_vi("document_kinds", kind)) for kind in KIND_FOLDERS.values()],
            papers=[(code, label_vi("papers", code)) for code in PAPERS],
            covers=[(code, label_vi("covers", code)) for code in COVERS],
            contents=[(code, label_vi("contents", code)) for code in CONTENTS],
            style=Markup(_read("desk.css")),  # noqa: S704 (this project's own text)
            script=Markup(_read("desk.js")),  # noqa: S704 (this project's own text)
        )
    )


def _group(desk: Desk, form: Form) -> str:
    said: dict[str, object] = {name: form[name][0].strip() for name in _SAID if form.get(name)}
    pages = form.get("physical_pages", [""])[0]
    if not pages.isdecimal():
        raise InputError("Chưa ghi số trang giấy.")
    desk.group(form.get("file", []), {**said, "physical_pages": int(pages)})
    return "Đã xếp thành tài liệu."


def _rescan(desk: Desk, form: Form) -> str:
    desk.rescan(_place(form), form.get("file", []))
    return "Đã thay bản quét. Bấm Gửi để gửi lại tài liệu này."


def _remove(desk: Desk, form: Form) -> str:
    desk.remove(form.get("file", []))
    return "Đã bỏ; tệp nằm trong _sohoa/da-bo."


def _ungroup(desk: Desk, form: Form) -> str:
    desk.ungroup(_place(form))
    return "Các tệp trở lại mục Mới quét."


def _anyway(desk: Desk, form: Form) -> str:
    desk.send_anyway(_place(form))
    return "Tài liệu này sẽ được gửi, và có thể phải quét lại."


def _ask(desk: Desk, form: Form) -> str:
    desk.ask_reviewer(_place(form), form.get("reason", [""])[0])
    return "Tài liệu này sẽ được gửi để người kiểm tra xem lại. Bấm Gửi."


def _send(desk: Desk, _: Form) -> str:
    desk.send()
    return "Đang gửi."


def _fetch(desk: Desk, _: Form) -> str:
    desk.fetch()
    return "Đang hỏi kho."


def _place(form: Form) -> str:
    place = form.get("place", [""])[0]
    if not place:
        raise InputError("Chưa chọn tài liệu.")
    return place


_ACTS: dict[str, Callable[[Desk, Form], str]] = {
    "group": _group,
    "rescan": _rescan,
    "remove": _remove,
    "ungroup": _ungroup,
    "anyway": _anyway,
    "ask": _ask,
    "send": _send,
    "fetch": _fetch,
}


class _Handler(BaseHTTPRequestHandler):
    server: DeskServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing: the address holds the token."""

    def do_GET(self) -> None:
        path = self._allowed_path()
        if path is None:
            self._answer(HTTPStatus.NOT_FOUND, "text/plain", b"")
        elif path == "":
            self._answer(HTTPStatus.OK, "text/html", render_page(self.server.desk).encode(), self._policy())
        elif path == "parts":
            self._answer_json({"html": render_parts(self.server.desk), "places": self.server.desk.rescan_places()})
        elif path.startswith("slip/") and (slip := self.server.desk.slip(unquote(path.removeprefix("slip/")))):
            self._answer(HTTPStatus.OK, "text/html", slip)
        else:
            self._answer(HTTPStatus.NOT_FOUND, "text/plain", b"")

    def do_POST(self) -> None:
        path, size = self._allowed_path(), int(self.headers.get("Content-Length") or 0)
        act = _ACTS.get(path.removeprefix("do/")) if path and path.startswith("do/") else None
        if act is None or size > _MAX_FORM_BYTES or not self._is_own_page():
            self.close_connection = True
            self._answer(HTTPStatus.FORBIDDEN, "text/plain", b"")
            return
        form = parse_qs(self.rfile.read(size).decode("utf-8", "replace"), keep_blank_values=False)
        try:
            self._answer_json({"ok": True, "said": act(self.server.desk, form)})
        except (SohoaError, OSError) as error:
            self._answer_json({"ok": False, "said": str(error)})

    def _allowed_path(self) -> str | None:
        """The path below the token; None for who does not know it, or came under another name than this computer's."""
        host = self.headers.get("Host", "")
        if host not in (f"127.0.0.1:{self.server.server_port}", f"localhost:{self.server.server_port}"):
            return None
        _, _, rest = self.path.partition("/")
        token, _, path = urlsplit(f"/{rest}").path.removeprefix("/").partition("/")
        return path if secrets.compare_digest(token.encode(), self.server.token.encode()) else None

    def _is_own_page(self) -> bool:
        origin = self.headers.get("Origin")
        return origin is None or origin == f"http://{self.headers.get('Host')}"

    def _policy(self) -> str:
        """What the browser may do with the page: run its one script, show its pictures, ask this server."""
        style, script = content_hash(_read("desk.css")), content_hash(_read("desk.js"))
        return (
            f"default-src 'none'; style-src '{style}'; script-src '{script}'; img-src data:; connect-src 'self'; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )

    def _answer_json(self, value: object) -> None:
        self._answer(HTTPStatus.OK, "application/json", json.dumps(value, ensure_ascii=False).encode())

    def _answer(self, status: HTTPStatus, kind: str, body: bytes, policy: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("X-Content-Type-Options", "nosniff")
        if policy:
            self.send_header("Content-Security-Policy", policy)
        self.end_headers()
        self.wfile.write(body)
