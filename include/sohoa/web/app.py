"""The application of the pages: every route, static files too, needs a viewer; nothing is loaded from elsewhere."""

from __future__ import annotations

import atexit
import threading
from importlib.metadata import version

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.middleware.base import RequestResponseEndpoint

from sohoa.errors import InputError, ObjectDamaged, SohoaError, StoreError, TableBeingRead
from sohoa.logs import get_logger
from sohoa.report.formats.draw_in_process import javascript
from sohoa.settings import Settings
from sohoa.web import (
    audit,
    batches,
    decisions,
    progress,
    quality,
    reconciliation,
    reports,
    runs,
    scan_pages,
    visits_page,
)
from sohoa.web.site import Access, Site, language_of, path_of, read_static

log = get_logger(__name__)

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'self'; object-src 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Frame-Options": "SAMEORIGIN",
}
"""Of every answer that has none of its own."""
_STATIC = {
    "web.css": "text/css; charset=utf-8",
    "charts.js": "text/javascript",
    "scan.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
_VEGA = "vega.js"
_NOBODY, _NOT_ALLOWED, _NOT_FOUND = 401, 403, 404
_LOGIN_HELPS = {_NOBODY, _NOT_ALLOWED}
"""Of these the page leads to the login: also a login of another server on this machine is no right to read here."""


def create_app(settings: Settings, access: Access) -> FastAPI:
    """Make the application that an Airflow plugin mounts.

    Args:
        settings: of the store, and where to keep its tables.
        access: who may see what.
    """
    site = Site(settings, access)
    atexit.register(site.scans.close)
    app = FastAPI(dependencies=[Depends(access.viewer)], docs_url=None, redoc_url=None, openapi_url=None)
    for part in (progress, batches, scan_pages, reconciliation, quality, reports, runs, decisions, audit, visits_page):
        app.include_router(part.routes(site))
    _add_static(app, site)
    _add_failures(app, site)

    @app.middleware("http")
    async def add_headers(request: Request, call_next: RequestResponseEndpoint) -> Response:
        answer = await call_next(request)
        for name, value in HEADERS.items():
            answer.headers.setdefault(name, value)
        return answer

    app.state.site = site
    return app


def _add_static(app: FastAPI, site: Site) -> None:
    vega = _Vega(site)

    @app.get("/static/{name}")
    def static(name: str) -> Response:
        if name == _VEGA:
            return Response(vega.script(), media_type="text/javascript", headers=_KEPT)
        if name not in _STATIC:
            raise HTTPException(_NOT_FOUND)
        return Response(read_static(name), media_type=_STATIC[name])

    @app.get("/")
    def first(request: Request) -> Response:
        return RedirectResponse(f"{request.scope.get('root_path', '')}/progress")

    @app.get("/{path:path}", include_in_schema=False)
    def nothing() -> Response:
        raise HTTPException(_NOT_FOUND)


_KEPT = {"Cache-Control": "private, max-age=86400"}


class _Vega:
    """The charts' library: made once, in a process of its own, and kept on the disk."""

    def __init__(self, site: Site) -> None:
        self._lock = threading.Lock()
        self._file = site.settings.home / "web" / f"vega-{version('vl-convert-python')}.js"

    def script(self) -> bytes:
        """Return Vega, Vega-Lite and Vega-Embed as one script."""
        with self._lock:
            if not self._file.exists():
                self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                part = self._file.with_suffix(".part")
                part.write_text(javascript("window.vegaEmbed = vegaEmbed;"), encoding="utf-8")
                part.replace(self._file)
        return self._file.read_bytes()


def _add_failures(app: FastAPI, site: Site) -> None:
    """Answer with a page that says what to do; who is not logged in is led to the login page."""

    def answer(request: Request, status: int, name: str, *values: object) -> Response:
        login = site.access.login_address(_own_address(request)) if status in _LOGIN_HELPS else None
        return site.failure(request, status, language_of(request).word(name, *values), login)

    @app.exception_handler(AnyHTTPException)
    def refused(request: Request, error: AnyHTTPException) -> Response:
        if error.status_code == _NOBODY and _wants_page(request):
            return RedirectResponse(site.access.login_address(_own_address(request)), 303)
        words = {401: "not_logged_in", 403: "not_allowed", 404: "not_found", 503: "busy"}
        return answer(request, error.status_code, words.get(error.status_code, "not_possible"))

    @app.exception_handler(RequestValidationError)
    def malformed(request: Request, _error: RequestValidationError) -> Response:
        return answer(request, 422, "bad_address")

    @app.exception_handler(TableBeingRead)
    def reading(request: Request, error: TableBeingRead) -> Response:
        return site.reading(request, error.objects)

    @app.exception_handler(SohoaError)
    def failed(request: Request, error: SohoaError) -> Response:
        if isinstance(error, InputError):
            return answer(request, 422, "bad_input", error)
        log.warning("page_failed", path=path_of(request), reason=str(error))
        if isinstance(error, ObjectDamaged):
            return answer(request, 503, "object_damaged", error.key)
        return answer(request, 503, "store_away" if isinstance(error, StoreError) else "not_possible")


def _own_address(request: Request) -> str:
    """The address of the page without its host: behind a proxy that is another one. What a form sent has none."""
    if request.method != "GET":
        return f"{request.scope.get('root_path', '')}/"
    return f"{request.url.path}?{request.url.query}" if request.url.query else str(request.url.path)


def _wants_page(request: Request) -> bool:
    return request.method == "GET" and "text/html" in request.headers.get("accept", "")
