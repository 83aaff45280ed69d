"""The pages on a store, with a login that a header stands for."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import HTTPException, Request
from httpx import Response

from sohoa.store import Store
from sohoa.web.app import create_app
from sohoa.web.site import Access, Viewer

with warnings.catch_warnings():  # it would rather have a package that Airflow does not bring
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient

ROLES = {"viewer": False, "editor": True, "second": True}
LOGIN = "/auth/login"


def viewer(request: Request) -> Viewer:
    """Who the header names: nobody, an outsider, a viewer or an editor."""
    user = request.headers.get("x-user")
    if user is None:
        raise HTTPException(401)
    if user not in ROLES:
        raise HTTPException(403)
    return Viewer(user, ROLES[user])


@dataclass
class Pages:
    """A client of the pages."""

    client: TestClient
    home: Path
    user: str | None = "viewer"
    headers: Mapping[str, str] = field(default_factory=lambda: {"accept": "text/html"})

    def close(self) -> None:
        """End what the pages have started."""
        self.client.app.state.site.scans.close()  # type: ignore[attr-defined]
        self.client.close()

    def get(self, address: str, user: str | None = "viewer", **headers: str) -> Response:
        """Open an address as a user, None for nobody; redirects are not followed."""
        own = {} if user is None else {"x-user": user}
        return self.client.get(address, headers={**self.headers, **own, **headers}, follow_redirects=False)

    def post(self, address: str, form: dict[str, str], user: str | None = "editor", **headers: str) -> Response:
        """Send a form as a user."""
        own = {} if user is None else {"x-user": user}
        return self.client.post(address, data=form, headers={**self.headers, **own, **headers}, follow_redirects=False)

    def text(self, address: str, user: str | None = "viewer") -> str:
        """The page at an address, which must be there."""
        answer = self.get(address, user)
        assert answer.status_code == 200, (address, answer.status_code, answer.text[-800:])
        return answer.text


def open_pages(store: Store, home: Path) -> Pages:
    """The pages of a store, with a home of their own."""
    settings = store.settings.model_copy(update={"home": home})
    app = create_app(settings, Access(viewer, lambda address: f"{LOGIN}?next={address}"))
    return Pages(TestClient(app, raise_server_exceptions=True), home)
