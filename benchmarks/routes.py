"""Ask every HTTP route of Airflow and of the pages for what it gives to whom: ``-m benchmarks.routes``.

A stack of its own: ``--profile local`` has Airflow's simple accounts, ``production`` those of FAB, as Compose has them,
and FAB's own pages. The routes are listed by the application itself, those that no schema names too; each is asked with
each of its methods by nobody, with a forged token, and by an account of each role. Prints a table in Markdown, of
docs/security.md: how many requests passed the door of how many asked (whatever the answer then was). Ends with 1 where
nobody or a forged token passes a door that is not public, a viewer one that changes something, a viewer or user that of
connections and variables, or anybody but the administrator that of accounts and roles. It takes some minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from secrets import token_hex
from typing import Any, NamedTuple
from urllib.parse import urlencode

import urllib3

from benchmarks.own_production import copy_project, own_home, prepared
from benchmarks.own_store import own_store
from sohoa import stack
from sohoa.errors import StackError
from sohoa.settings import load_settings
from sohoa.stack import airflow_server, production
from sohoa.stack.airflow_client import AirflowClient
from sohoa.stack.compose import read_values
from sohoa.stack.processes import home_environment, stop
from sohoa.stack.topology import env_file, environment_of, read_services
from tests.servers import free_port
from tests.web.test_access import ADDRESSES

ROLES = ("viewer", "user", "op")
"""Beside ``admin``: look; trigger and clear too; manage pools and connections too."""
NOBODY, FORGED = "nobody", "a forged token"
_FORGED_TOKEN = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9."
_READS = {"GET", "HEAD", "OPTIONS"}
_REFUSED = {401, 403}
_LIST_ROUTES = """
import json
import re
from airflow.api_fastapi.app import create_app
def walk(routes, prefix=""):
    for route in routes:
        path = prefix + getattr(route, "path", "")
        inner = getattr(route, "routes", None) or getattr(getattr(route, "app", None), "routes", None)
        flask = getattr(getattr(route, "app", None), "app", None)
        if hasattr(flask, "url_map"):
            for rule in flask.url_map.iter_rules():  # 0 is nobody's number: no account is lost by being asked for
                yield path + re.sub("<[^>]*>", "0", rule.rule), sorted(rule.methods - {"OPTIONS"})
        elif inner is not None:
            yield from walk(inner, path)
        else:
            yield path, sorted(getattr(route, "methods", None) or ["GET"])
from airflow.api_fastapi.execution_api.routes import execution_api_router
found = [*walk(create_app(apps="all").routes), *walk(execution_api_router.routes, "/execution")]
print("ROUTES" + json.dumps(found))
"""
PUBLIC = (
    r"/api/v2/monitor/health", r"/api/v2/version", r"/auth/(login|logout|token|static|fastapi).*", r"/auth/token/.*",
    r"(/auth|/execution)?/(docs|redoc|openapi\.json)(/oauth2-redirect)?", r"/execution/(changelog|health.*)",
    r"/(static|assets|pluginsv2).*", r"/\{rest_of_path:path\}", r"/api/v2/auth/(login|logout)", r"/auth/\{.*\}",
    r"/ui/auth/menus", r"/sohoa",
)  # fmt: skip
"""What everybody may open: whether it lives, its version, the way in, what describes the interface, and the program of
the UI itself, which holds nothing; so does what it answers for the pages' own address without a slash at its end."""
KEPT_FROM = {
    r"/api/v2/(connections|variables)\b.*": ("viewer", "user"),
    r"/auth/(fab/v1/)?(users|roles|permissions)\b(?!/userinfo).*": ROLES,
    r"/auth/(actions|resources|resetpassword|userstatschartview)/.*": ROLES,
}
"""Routes that pass for none of these roles."""
_NO_ACTION = r"/auth/\w+/action/0/0"
"""FAB looks an action up by its name before it asks for the right to it, and fails where there is none."""


class Asked(NamedTuple):
    """One request: who, where, and whether it passed the door."""

    who: str
    area: str
    method: str
    path: str
    status: int

    @property
    def passes(self) -> bool:
        """Whether it gave what was asked for, or failed at it; an answer about address or body gives nothing."""
        return self.status < 300 or self.status >= 500

    @property
    def is_undecided(self) -> bool:
        """Whether it spoke of address or body before it asked who asks: of such a route nothing is shown here."""
        return not self.passes and self.status not in {*_REFUSED, 302, 303, 307, 405}

    @property
    def is_wrong(self) -> bool:
        """Whether it passed, and must not."""
        if not self.passes or any(re.fullmatch(one, self.path) for one in PUBLIC):
            return False
        if self.status >= 500 and re.fullmatch(_NO_ACTION, self.path):
            return False
        if any(self.who in roles and re.fullmatch(one, self.path) for one, roles in KEPT_FROM.items()):
            return True
        return self.who in {NOBODY, FORGED} or (self.who == "viewer" and self.status < 300 and self.is_change)

    @property
    def is_change(self) -> bool:
        """Whether it asks for more than to read."""
        return self.method not in _READS and not _ASKS.search(self.path)


_ASKS = re.compile(r"/(list|batch|preview|materialize|favorite|unfavorite)$|/clearTaskInstances$")
"""POST that asks a question in its body, or that notes what its own account likes."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Ask every HTTP route for what it gives to whom.")
    parser.add_argument("--profile", choices=("local", "production"), default="local")
    options = parser.parse_args()
    with (_own_production if options.profile == "production" else _own_local)() as airflow:
        found = list(ask_all(airflow))
    _print_table(found)
    wrong = sorted({(one.who, one.method, one.path, one.status) for one in found if one.is_wrong})
    for line in wrong:
        print("OPEN:", *line)
    print(f"\n{len(found):,} requests on {len({one.path for one in found}):,} routes; {len(wrong)} should not pass")
    sys.exit(bool(wrong))


@dataclass(frozen=True)
class Airflow:
    """An Airflow that runs, its accounts and what its programs have in their environment."""

    url: str
    passwords: dict[str, str]
    """By name, which is that of the role."""
    environment: dict[str, str]
    has_forms: bool
    """Whether its accounts log in by a form too, for pages that take no token."""

    def headers(self, who: str) -> dict[str, str]:
        """What shows who asks."""
        if who == NOBODY:
            return {}
        token = _FORGED_TOKEN if who == FORGED else AirflowClient(self.url, who, self.passwords[who]).token()
        session = f"; session={self._session(who)}" if self.has_forms and who != FORGED else ""
        return {"Authorization": f"Bearer {token}", "Cookie": f"_token={token}{session}"}

    def _session(self, who: str) -> str:
        form = urllib3.request("GET", f"{self.url}/auth/login/")
        sign = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form.data.decode())
        assert sign, "there is no form to log in"
        fields = {"username": who, "password": self.passwords[who], "csrf_token": sign[1]}
        headers = {"Cookie": f"session={_cookie(form)}", "Content-Type": "application/x-www-form-urlencoded"}
        while True:
            answer = urllib3.request(
                "POST", f"{self.url}/auth/login/", body=urlencode(fields), headers=headers, redirect=False
            )
            if answer.status != HTTPStatus.TOO_MANY_REQUESTS:
                break
            time.sleep(5)  # so many log in in a minute, and no more
        assert answer.status == HTTPStatus.FOUND and "/login" not in answer.headers["Location"], answer.data
        return _cookie(answer)


def _cookie(answer: urllib3.BaseHTTPResponse) -> str:
    """The session that an answer begins or goes on with."""
    found = re.search(r"session=([^;]+)", answer.headers["Set-Cookie"])
    assert found, "no session was begun"
    return found[1]


@contextmanager
def _own_local() -> Iterator[Airflow]:
    """The embedded Airflow, with simple accounts."""
    accounts = ("admin", *ROLES)
    os.environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"] = ",".join(f"{role}:{role}" for role in accounts)
    with own_store():
        os.environ["SOHOA_PORT_AIRFLOW"] = str(free_port())
        settings = load_settings()
        try:
            stack.up(settings, "airflow", print)
            environment = home_environment(settings) | {"AIRFLOW_HOME": str(airflow_server.home(settings))}
            passwords = json.loads(airflow_server.password_file(settings).read_text(encoding="utf-8"))
            yield Airflow(f"http://127.0.0.1:{settings.port_airflow}", passwords, environment, False)
        finally:
            stop(airflow_server.servers(settings), 5)


@contextmanager
def _own_production() -> Iterator[Airflow]:
    """The profile ``production``, with an account of each of FAB's roles."""
    with own_home({}) as folder:
        copy_project(folder / "project", {})
        with prepared({"WORKERS": 1}) as settings:
            production.up(settings, print)
            client, secrets = production.client(settings), read_values(env_file(settings))
            url = f"http://127.0.0.1:{settings.port_airflow}"
            passwords = {"admin": secrets["AIRFLOW_ADMIN_PASSWORD"]} | {role: token_hex() for role in ROLES}
            for role in ROLES:
                names = dict.fromkeys(("username", "first_name", "last_name"), role)
                account = {**names, "email": f"{role}@langson.example", "password": passwords[role]}
                made = urllib3.request(
                    "POST",
                    f"{url}/auth/fab/v1/users",
                    json=account | {"roles": [{"name": role.title()}]},
                    headers={"Authorization": f"Bearer {client.token()}"},
                )
                assert made.status < 300, made.data
            environment = environment_of(settings, read_services(settings)["api-server"])
            yield Airflow(url, passwords, environment, True)


def ask_all(airflow: Airflow) -> Iterator[Asked]:
    """Ask every route as everybody."""
    everybody = {who: airflow.headers(who) for who in (NOBODY, FORGED, *ROLES, "admin")}
    patience = urllib3.Retry(total=5, backoff_factor=1, redirect=False, status=False, allowed_methods=None)
    pool = urllib3.PoolManager(retries=patience, timeout=60)  # its one worker may be ended by what it is asked
    pages = [(f"/sohoa{address}", ["GET", "POST"]) for address in ADDRESSES]
    for path, methods in [*pages, *list_routes(airflow)]:
        for method in methods:
            for who in everybody:
                address = airflow.url + re.sub(r"\{[^}]*\}", "1", path)
                answer = pool.request(method, address, headers=everybody[who], redirect=False, body=_body(method))
                yield Asked(who, _area(path), method, path, answer.status)
                if "logout" in path:  # it ends what it is asked with
                    everybody[who] = airflow.headers(who)


def list_routes(airflow: Airflow) -> list[tuple[str, list[str]]]:
    """List all routes of the API server with their methods, as the application has them.

    Raises:
        StackError: it cannot be built.
    """
    environment = os.environ | airflow.environment
    done = subprocess.run(
        [sys.executable, "-c", _LIST_ROUTES], env=environment, capture_output=True, text=True, check=False
    )
    _, found, routes = done.stdout.rpartition("ROUTES")
    if not found:
        raise StackError(done.stderr[-2_000:])
    listed: list[Any] = json.loads(routes.splitlines()[0])
    return [(path, methods) for path, methods in listed]


def _body(method: str) -> str | None:
    return None if method in _READS else "{}"


def _area(path: str) -> str:
    head = path.strip("/").split("/")[0]
    return "/" + ("api/v2" if head == "api" else head if head in {"ui", "auth", "execution", "sohoa"} else "…")


def _print_table(found: list[Asked]) -> None:
    """Print what passes, what spoke of the body first, of all that was asked: callers of one area alike in one row."""
    print("| routes | who | reads that pass, of all | changes that pass, of all |\n|---|---|---|---|")
    for area in dict.fromkeys(one.area for one in found):
        callers: dict[tuple[str, str], list[str]] = {}
        for who in dict.fromkeys(one.who for one in found):
            own = [one for one in found if (one.area, one.who) == (area, who)]
            reads, changes = ([o for o in own if (o.method in _READS) is is_read] for is_read in (True, False))
            callers.setdefault((_share(reads), _share(changes)), []).append(who)
        for (read, changed), names in callers.items():
            print(f"| `{area}` | {', '.join(names)} | {read} | {changed} |")


def _share(asked: list[Asked]) -> str:
    passed, undecided = sum(one.passes for one in asked), sum(one.is_undecided for one in asked)
    return f"{passed:,} of {len(asked):,}" + (f" ({undecided:,} undecided)" if undecided else "")


if __name__ == "__main__":
    main()
