"""Ask every HTTP route of Airflow and of the pages for what it gives to whom: ``-m benchmarks.routes``.

A store and an Airflow of their own. The routes are listed by the application itself, those that no schema names too;
each is asked with each of its methods by nobody, with a forged token, and by an account of each role but the
administrator's. Prints a table in Markdown, of docs/security.md: how many requests passed the door of how many asked
(whatever the answer then was). Ends with 1 where nobody or a forged token passes a door that is not public, or where a
viewer passes one that changes something. It takes some minutes.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import urllib3

from benchmarks.own_store import own_store
from sohoa import stack
from sohoa.errors import StackError
from sohoa.settings import Settings, load_settings
from sohoa.stack import airflow_server
from sohoa.stack.airflow_client import AirflowClient
from sohoa.stack.processes import home_environment, stop
from tests.servers import free_port
from tests.web.test_access import ADDRESSES

ROLES = ("viewer", "user", "op")
"""Of Airflow's own simple accounts, beside ``admin``: look; trigger and clear too; manage pools and connections too."""
NOBODY, FORGED = "nobody", "a forged token"
_READS = {"GET", "HEAD", "OPTIONS"}
_REFUSED = {401, 403}
_LIST_ROUTES = """
import json
from airflow.api_fastapi.app import create_app
def walk(routes, prefix=""):
    for route in routes:
        path = prefix + getattr(route, "path", "")
        inner = getattr(route, "routes", None) or getattr(getattr(route, "app", None), "routes", None)
        if inner is not None:
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
        return self.who in {NOBODY, FORGED} or (self.who == "viewer" and self.status < 300 and self.is_change)

    @property
    def is_change(self) -> bool:
        """Whether it asks for more than to read."""
        return self.method not in _READS and not _ASKS.search(self.path)


_ASKS = re.compile(r"/(list|batch|preview|materialize|favorite|unfavorite)$|/clearTaskInstances$")
"""POST that asks a question in its body, or that notes what its own account likes."""


def main() -> None:
    """Print the table."""
    os.environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"] = ",".join(
        ["admin:admin", *(f"{role}:{role}" for role in ROLES)]
    )
    with own_store():
        os.environ["SOHOA_PORT_AIRFLOW"] = str(free_port())
        settings = load_settings()
        try:
            stack.up(settings, "airflow", print)
            found = list(ask_all(settings))
        finally:
            stop(airflow_server.servers(settings), 5)
    _print_table(found)
    wrong = sorted({(one.who, one.method, one.path, one.status) for one in found if one.is_wrong})
    for line in wrong:
        print("OPEN:", *line)
    print(f"\n{len(found):,} requests on {len({one.path for one in found}):,} routes; {len(wrong)} should not pass")
    sys.exit(bool(wrong))


def ask_all(settings: Settings) -> Iterator[Asked]:
    """Ask every route as everybody."""
    url = f"http://127.0.0.1:{settings.port_airflow}"
    passwords = json.loads(airflow_server.password_file(settings).read_text(encoding="utf-8"))
    tokens: dict[str, str | None] = {NOBODY: None, FORGED: "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9."}
    tokens |= {role: AirflowClient(url, role, passwords[role]).token() for role in passwords if role in ROLES}
    patience = urllib3.Retry(total=5, backoff_factor=1, redirect=False, status=False, allowed_methods=None)
    pool = urllib3.PoolManager(retries=patience, timeout=60)  # its one worker may be ended by what it is asked
    pages = [(f"/sohoa{address}", ["GET", "POST"]) for address in ADDRESSES]
    for path, methods in [*pages, *list_routes(settings)]:
        for method in methods:
            for who in tokens:
                token = tokens[who]
                headers = {"Authorization": f"Bearer {token}", "Cookie": f"_token={token}"} if token else {}
                answer = pool.request(
                    method, url + re.sub(r"\{[^}]*\}", "1", path), headers=headers, redirect=False, body=_body(method)
                )
                yield Asked(who, _area(path), method, path, answer.status)
                if token and who in ROLES and "logout" in path:  # it ends the token that it is asked with
                    tokens[who] = AirflowClient(url, who, passwords[who]).token()


def list_routes(settings: Settings) -> list[tuple[str, list[str]]]:
    """List all routes of the API server with their methods, as the application has them.

    Raises:
        StackError: it cannot be built.
    """
    environment = os.environ | home_environment(settings) | {"AIRFLOW_HOME": str(airflow_server.home(settings))}
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
    """Print a row for each area and caller: what passes, what spoke of the body first, of all that was asked."""
    print("| routes | who | reads | changes |\n|---|---|---|---|")
    for area in dict.fromkeys(one.area for one in found):
        for who in dict.fromkeys(one.who for one in found):
            own = [one for one in found if (one.area, one.who) == (area, who)]
            reads, changes = ([o for o in own if (o.method in _READS) is is_read] for is_read in (True, False))
            print(f"| `{area}` | {who} | {_share(reads)} | {_share(changes)} |")


def _share(asked: list[Asked]) -> str:
    passed, undecided = sum(one.passes for one in asked), sum(one.is_undecided for one in asked)
    return f"{passed:,} of {len(asked):,}" + (f" ({undecided:,} undecided)" if undecided else "")


if __name__ == "__main__":
    main()
