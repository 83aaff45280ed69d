"""What the routes of the pages share: who asks, in which language, and how a page is made."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from importlib.resources import files
from typing import Any, TypeVar
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from sohoa.clean_text import clean, shorten
from sohoa.registry import PROVINCE
from sohoa.settings import Settings
from sohoa.store import Store
from sohoa.web.cached_store import CachedStore
from sohoa.web.kept_answers import KeptAnswers
from sohoa.web.languages import CODES, Language
from sohoa.web.listing import Listing
from sohoa.web.scans import Scans
from sohoa.web.visits import Visits

LANGUAGE_COOKIE = "sohoa_language"
NAVIGATION = ("progress", "batches", "reconciliation", "quality", "reports")
FOR_EDITORS = ("decisions", "audit", "visits")
_KEPT = 64
_NOT_YET, _WAIT_SECONDS = 202, 5
T = TypeVar("T")


@dataclass(frozen=True)
class Viewer:
    """Who asks: what a dependency of the routes returns, which refuses all others."""

    name: str
    may_edit: bool
    """Whether Airflow lets this user change DAG runs."""


@dataclass(frozen=True)
class Access:
    """Who may see the pages, as the server that they are mounted in says."""

    viewer: Callable[..., Viewer]
    """A dependency of FastAPI: 401 for nobody, 403 for who may not read."""
    login_address: Callable[[str], str]
    """Where somebody logs in to come to an address."""


class Site:
    """The pages of one store."""

    def __init__(self, settings: Settings, access: Access) -> None:
        """Read the store of these settings; nothing is read yet."""
        self.settings, self.access = settings, access
        self.store = CachedStore(settings)
        self.direct = Store(settings)
        """For what must be as new as it can be."""
        self.visits = Visits(self.direct, settings.home / "web" / "visits")
        self.scans = Scans(self.direct, settings.home / "web" / "scans", settings.web_scan_bytes)
        self._answers = KeptAnswers(settings.home / "web" / "answers")
        self._made: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
        self._asked: OrderedDict[tuple[Any, ...], Listing[Any]] = OrderedDict()
        self._lock = threading.Lock()

    def remember(
        self,
        tables: tuple[str, ...],
        key: tuple[Any, ...],
        make: Callable[[], T],
        days: Collection[date] | None = None,
    ) -> T:
        """Return what ``make`` returns, made once for what these tables hold now; anew while one is damaged.

        Args:
            tables: what it reads.
            key: what names it among all that is remembered.
            make: makes it.
            days: of large tables it reads no more than the months of these days.
        """
        name = (self.store.cache.version(*tables, days=days), *key)
        with self._lock:
            if name in self._made and not self.store.cache.is_damaged(*tables):
                self._made.move_to_end(name)
                found: T = self._made[name]
                return found
        made = make()
        if self.store.cache.is_damaged(*tables):
            return made
        with self._lock:
            self._made[name] = made
            while len(self._made) > _KEPT:
                self._made.popitem(last=False)
        return made

    def keep(self, tables: tuple[str, ...], key: tuple[Any, ...], find: Callable[[], Any]) -> Any:
        """Return what ``find`` returns, found once on this machine for what these tables hold now."""
        cache = self.store.cache
        return self._answers.get((cache.version(*tables), *key), find, lambda: not cache.is_damaged(*tables))

    def page(self, request: Request, viewer: Viewer, template: str, /, **values: Any) -> Response:
        """Make a page from its template, and write down that it was opened.

        Args:
            request: what asked for it.
            viewer: who asks.
            template: its name, and what the visit is called.
            values: what the template shows.
        """
        self.note(request, viewer, template)
        return self._render(request, viewer, template, values)

    def note(self, request: Request, viewer: Viewer, name: str, path: str | None = None) -> None:
        """Write down that something was opened, where ``path`` says no other under its own address."""
        query = f"?{request.url.query}" if request.url.query else ""
        self.visits.note(viewer.name, name, (path_of(request) if path is None else path) + query)

    def failure(self, request: Request, status: int, message: str, login: str | None = None) -> Response:
        """Make the page that says what went wrong, and where somebody logs in who has to."""
        return self._render(request, None, "failure", {"status": status, "message": message, "login": login}, status)

    def reading(self, request: Request, objects: int) -> Response:
        """Make the page that says that so many objects are being read; a browser opens its address again by itself."""
        answer = self._render(request, None, "reading", {"objects": objects, "seconds": _WAIT_SECONDS}, _NOT_YET)
        answer.headers["Retry-After"] = str(_WAIT_SECONDS)
        if request.method == "GET":
            answer.headers["Refresh"] = str(_WAIT_SECONDS)
        return answer

    def recent(self, key: tuple[Any, ...], ask: Callable[[], T]) -> T:
        """Return what ``ask`` returns, as a listing: what it has returned some seconds ago, or is renewed behind."""
        with self._lock:
            listing = self._asked.setdefault(key, Listing(str(key), ask))
            self._asked.move_to_end(key)
            while len(self._asked) > _KEPT:
                self._asked.popitem(last=False)
        found: T = listing.get()
        return found

    def _render(
        self, request: Request, viewer: Viewer | None, name: str, values: dict[str, Any], status: int = 200
    ) -> Response:
        language = language_of(request)
        text = (
            _environment()
            .get_template(f"{name}.html")
            .render(
                language=language,
                word=language.word,
                province=PROVINCE,
                label=language.label,
                viewer=viewer,
                root=request.scope.get("root_path", ""),
                damages=self.store.cache.damages(),
                navigation=[*NAVIGATION, *(FOR_EDITORS if viewer and viewer.may_edit else ())],
                other_language=partial(_with_query, request, lang="en" if language.code == "vi" else "vi"),
                query=partial(_with_query, request),
                **values,
            )
        )
        answer = HTMLResponse(text, status)
        if request.query_params.get("lang") in CODES:
            path = request.scope.get("root_path", "") or "/"
            answer.set_cookie(
                LANGUAGE_COOKIE, language.code, path=path, max_age=31_536_000, httponly=True, samesite="lax"
            )
        return answer


def language_of(request: Request) -> Language:
    """Return the language that the address or, where it says none, the reader's last choice asks for."""
    asked = request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE)
    return Language(asked if asked in CODES else CODES[0])


def path_of(request: Request) -> str:
    """Return the path of an address below the prefix of the pages."""
    path: str = request.scope["path"]
    return path.removeprefix(request.scope.get("root_path", "")) or "/"


def read_static(name: str) -> bytes:
    """Return one of the files that pages load."""
    return (files("sohoa.web") / "static" / name).read_bytes()


def _with_query(request: Request, **changes: object) -> str:
    """The same page with some values of its query changed, None to leave one out."""
    kept = {name: value for name, value in request.query_params.items() if name not in {*changes, "lang"}}
    given = {name: str(value) for name, value in changes.items() if value is not None}
    return "?" + urlencode(kept | given)


@cache
def _environment() -> Environment:
    loader = PackageLoader("sohoa.web")
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters |= {"clean": clean, "shorten": shorten, "query": urlencode}
    return made
