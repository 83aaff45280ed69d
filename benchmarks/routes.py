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
import socket
import subprocess
import sys
from collections import Counter
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
print("ROUTES" + json.dumps(list(walk(create_app(apps="all").routes))))
"""
PUBLIC = (
    r"/api/v2/monitor/health", r"/api/v2/version", r"/auth/(login|logout|token|static|fastapi).*", r"/auth/token/.*",
    r"/(static|assets|pluginsv2).*", r"/\{rest_of_path:path\}", r"/api/v2/auth/(login|logout)",
    r"/execution/.*health.*", r"/auth/\{.*\}", r"/ui/auth/menus",
)  # fmt: skip
"""What everybody may open: whether it lives, its version, the way in, and the program of the UI itself, which holds
nothing."""


class Asked(NamedTuple):
    """One request: who, where, and whether it passed the door."""

    who: str
    area: str
    method: str
    path: str
    status: int

    @property
    def passes(self) -> bool:
        """Whether the answer is about what was asked for, and not about who asks."""
        return self.status not in _REFUSED and self.status not in {302, 303, 307}

    @property
    def is_public(self) -> bool:
        """Whether everybody may open it."""
        return any(re.fullmatch(one, self.path) for one in PUBLIC)

    @property
    def is_wrong(self) -> bool:
        """Whether it passed, and must not."""
        if self.is_public or not self.passes or self.status == 405:  # a method that the route does not have
            return False
        is_stranger = self.who in {NOBODY, FORGED}
        return is_stranger or (self.who == "viewer" and self.method not in _READS and not _ASKS.search(self.path))


_ASKS = re.compile(r"/(list|batch|preview|materialize)$|/clearTaskInstances$")
"""POST that asks a question in its body."""


def main() -> None:
    """Print the table."""
    os.environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"] = ",".join(
        ["admin:admin", *(f"{role}:{role}" for role in ROLES)]
    )
    with own_store():
        os.environ["SOHOA_PORT_AIRFLOW"] = str(_free_port())
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
    tokens |= {role: AirflowClient(url, role, passwords[role]).token() for role in ROLES}
    patience = urllib3.Retry(total=5, backoff_factor=1, redirect=False, status=False, allowed_methods=None)
    pool = urllib3.PoolManager(retries=patience, timeout=60)  # its one worker may be ended by what it is asked
    for path, methods in list_routes(settings):
        for method in methods:
            for who, token in tokens.items():
                headers = {"Authorization": f"Bearer {token}", "Cookie": f"_token={token}"} if token else {}
                answer = pool.request(
                    method, url + re.sub(r"\{[^}]*\}", "1", path), headers=headers, redirect=False, body=_body(method)
                )
                yield Asked(who, _area(path), method, path, answer.status)


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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _body(method: str) -> str | None:
    return None if method in _READS else "{}"


def _area(path: str) -> str:
    head = path.strip("/").split("/")[0]
    return "/" + ("api/v2" if head == "api" else head if head in {"ui", "auth", "execution", "sohoa"} else "…")


def _print_table(found: list[Asked]) -> None:
    """Print a row for each area and caller."""
    print("| routes | who | reads that pass | changes that pass |\n|---|---|---|---|")
    for area in dict.fromkeys(one.area for one in found):
        for who in dict.fromkeys(one.who for one in found):
            cells = []
            for is_read in (True, False):
                own = [o for o in found if (o.area, o.who) == (area, who) and (o.method in _READS) is is_read]
                cells.append(f"{sum(one.passes for one in own):,} of {len(own):,}")
            print(f"| `{area}` | {who} | {cells[0]} | {cells[1]} |")
    print(Counter((one.who, one.status) for one in found))


if __name__ == "__main__":
    main()
