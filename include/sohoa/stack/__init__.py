"""The embedded object store and Airflow of one machine; all they keep lies under ``SOHOA_HOME``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sohoa.capacity.inbox import list_inbox
from sohoa.capacity.space import describe_space, measure_space
from sohoa.errors import SettingsError, StackError, StoreError
from sohoa.registry.check_site import wrong_site
from sohoa.settings import Settings
from sohoa.stack import airflow_server, database, production, seaweed, space_guard, topology
from sohoa.stack.airflow_client import AirflowClient
from sohoa.stack.processes import Report, Server, only_one, require_free_ports, stop
from sohoa.store import Store

PARTS = ("store", "airflow")
LOCAL, PRODUCTION = "local", "production"
"""Profiles: SQLite and tasks in the scheduler; what docker-compose.yml runs, with PostgreSQL, Redis and workers."""

__all__ = [
    "LOCAL",
    "PARTS",
    "PRODUCTION",
    "AirflowClient",
    "Status",
    "airflow_client",
    "describe",
    "down",
    "require_ports",
    "require_running",
    "status",
    "store_servers",
    "trim_logs",
    "up",
]


@dataclass(frozen=True)
class Status:
    """One part of the stack."""

    part: str
    state: str
    """``up``, ``down``, or ``failing``: it runs, but not all of it or without an answer."""
    url: str
    logs: Path
    user: str | None = None
    secrets: Path | None = None
    """File with the password or keys (mode 0600)."""


def up(settings: Settings, part: str, report: Report, profile: str = LOCAL) -> None:
    """Start a part of the stack (``store``, ``airflow`` or ``all``) and wait until it works.

    Starting what runs is no error. The profile ``production`` has no parts.

    Raises:
        SettingsError: the site's own files are wrong, so that nothing should be counted by them.
        StackError: a port is taken, a server does not start, the settings name a store elsewhere, or the other profile
            runs here.
    """
    if wrong := wrong_site(settings.site):
        raise SettingsError(wrong)
    with only_one(settings.home):
        _require_profile(settings, part, profile)
        database.end_left_alone(settings)
        require_free_ports(settings, _ports_to_open(settings, part, profile))
        trim_logs(settings)
        if profile == PRODUCTION:
            production.up(settings, report)
            return
        if part == "store" and _has_other_store(settings):
            raise StackError(f"SOHOA_S3_ENDPOINT names {settings.s3_endpoint}: unset it to use the embedded store")
        if part in {"store", "all"} and not _has_other_store(settings):
            seaweed.up(settings, report)
            space_guard.up(settings, report)
        if part in {"airflow", "all"}:
            airflow_server.up(settings, report)


def require_ports(settings: Settings, profile: str = LOCAL) -> None:
    """Make sure that every port can be opened that a server of the stack, where it does not run yet, will open.

    Raises:
        StackError: some are taken; the message names them all.
    """
    require_free_ports(settings, _ports_to_open(settings, "all", profile))


def _require_profile(settings: Settings, part: str, profile: str) -> None:
    is_production = production.is_up(settings)
    is_local = any(server.is_running() for server in _local_servers(settings))
    if is_production if profile == LOCAL else is_local:
        raise StackError("the other profile runs here: `sohoa stack down` stops it; what it keeps stays")
    if profile == PRODUCTION and part != "all":
        raise StackError("the profile production has no parts: leave the word out")
    if profile == PRODUCTION and _has_other_store(settings):
        raise StackError(f"SOHOA_S3_ENDPOINT names {settings.s3_endpoint}: unset it to use the embedded store")


def _ports_to_open(settings: Settings, part: str, profile: str = LOCAL) -> dict[str, tuple[int, ...]]:
    if profile == PRODUCTION:
        return {} if production.is_up(settings) else production.PORTS
    ports: dict[str, tuple[int, ...]] = {}
    if part in {"store", "all"} and not _has_other_store(settings) and not seaweed.server(settings).is_running():
        ports |= seaweed.PORTS
    if part in {"airflow", "all"} and not airflow_server.servers(settings)[0].is_running():
        ports |= airflow_server.PORTS
    return ports


def trim_logs(settings: Settings) -> None:
    """Begin anew the logs that have become too large."""
    for server in _servers(settings):
        server.trim_log()


def down(settings: Settings, part: str, report: Report) -> None:
    """Stop a part of the stack, Airflow before the store; what they keep stays, and stopping twice is no error.

    Of the profile ``production`` all is stopped.
    """
    with only_one(settings.home):
        database.end_left_alone(settings)
        production.down(settings, report)
        if part in {"airflow", "all"}:
            _stop(airflow_server.servers(settings), airflow_server.STOP_PATIENCE_S, report)
        if part in {"store", "all"}:
            _stop([space_guard.server(settings), seaweed.server(settings)], seaweed.STOP_PATIENCE_S, report)


def require_running(settings: Settings) -> None:
    """Make sure that every server of the embedded stack lives.

    Raises:
        StackError: one has ended; the message names it and its log.
    """
    for server in _servers(settings):
        if not server.is_running():
            raise StackError(f"{server.name} has stopped, see {server.log}: `sohoa stack up` starts it again")


def status(settings: Settings) -> dict[str, Status]:
    """Return the state of each part."""
    if production.is_up(settings):
        return _production_status(settings)
    weed, processes = seaweed.server(settings), airflow_server.servers(settings)
    store_url = f"http://127.0.0.1:{settings.port_s3}"
    airflow_url = f"http://127.0.0.1:{settings.port_airflow}"
    return {
        "store": Status(
            "store",
            _state(store_servers(settings), seaweed.is_healthy(settings)),
            settings.s3_endpoint or store_url,
            weed.log,
            secrets=settings.credentials_file,
        ),
        "airflow": Status(
            "airflow",
            _state(processes, AirflowClient(airflow_url, airflow_server.USER, "").is_healthy()),
            airflow_url,
            airflow_server.home(settings),
            airflow_server.USER,
            airflow_server.password_file(settings),
        ),
    }


def _production_status(settings: Settings) -> dict[str, Status]:
    client, is_of_store = production.client(settings), topology.STORE.__eq__
    folder, store = topology.home(settings), seaweed.local_settings(settings)
    return {
        "store": Status(
            "store",
            production.state(settings, is_of_store, seaweed.is_healthy(settings)),
            str(store.s3_endpoint),
            folder / f"{topology.STORE}.log",
            secrets=settings.credentials_file,
        ),
        "airflow": Status(
            "airflow",
            production.state(settings, lambda name: not is_of_store(name), client.is_healthy()),
            client.url,
            folder,
            client.user,
            topology.env_file(settings),
        ),
    }


def ui_login(settings: Settings) -> str:
    """Say with which user and password the Airflow UI of this machine is entered.

    Raises:
        StackError: it was never started.
    """
    return f"user {airflow_server.USER}, password {airflow_client(settings).password}"


def describe(settings: Settings, part: str) -> list[str]:
    """Describe for a person what runs, where, and how to log in; first, where the site's own files are wrong."""
    lines = [wrong] if (wrong := wrong_site(settings.site)) else []
    for name, found in status(settings).items():
        if part in {name, "all"}:
            is_elsewhere = name == "store" and _has_other_store(settings)
            state = "elsewhere" if is_elsewhere else found.state
            lines.append(f"{name}: {state}" + (f" at {found.url}" if state != "down" else ""))
            if state not in {"down", "elsewhere"}:
                login = f"user {found.user}, password in" if found.user else "keys in"
                lines.append(f"  {login} {found.secrets}")
                lines.append(f"  logs in {found.logs}")
            if name == "store" and state in {"up", "elsewhere"}:
                store = Store(_with_keys(settings))
                space = describe_space(measure_space(store.settings), store.settings)
                lines += [f"  {space}", *_describe_stopped(store), f"  inbox: {_describe_inbox(store)}"]
    return lines + [f"{one.name}: {one.state.lower()}, {one.told}" for one in production.running(settings)]


def airflow_client(settings: Settings) -> AirflowClient:
    """Return the HTTP interface of the embedded Airflow.

    Raises:
        StackError: it was never started.
    """
    return production.client(settings) if production.is_up(settings) else airflow_server.client(settings)


def _describe_stopped(store: Store) -> list[str]:
    """Tell who may not send."""
    try:
        stopped = store.stopped_agencies()
    except StoreError:  # the next line says so
        return []
    return [f"  {', '.join(stopped)} may not send: what came in the last day fills the store"] if stopped else []


def _describe_inbox(store: Store) -> str:
    """What waits to be checked."""
    try:
        return list_inbox(store).in_words
    except StoreError as error:
        return f"what waits cannot be told ({error})"


def _servers(settings: Settings) -> list[Server]:
    """All that run where the whole stack is up."""
    return [production.server(settings)] if production.is_up(settings) else _local_servers(settings)


def _local_servers(settings: Settings) -> list[Server]:
    return [*store_servers(settings), *airflow_server.servers(settings)]


def store_servers(settings: Settings) -> list[Server]:
    """The store, and its guard where one is wanted."""
    guard = [space_guard.server(settings)] if space_guard.is_wanted(settings) else []
    return [*guard, seaweed.server(settings)]


def _with_keys(settings: Settings) -> Settings:
    """The settings with the store's address, which those of a process that began before the store lack."""
    return seaweed.local_settings(settings) if settings.s3_endpoint is None else settings


def _has_other_store(settings: Settings) -> bool:
    return settings.s3_endpoint is not None and not settings.uses_embedded_store


def _state(servers: list[Server], is_answering: bool) -> str:
    alive = [server.is_running() for server in servers]
    if not any(alive):
        return "down"
    return "up" if all(alive) and is_answering else "failing"


def _stop(servers: list[Server], patience_s: float, report: Report) -> None:
    running = [server for server in servers if server.processes()]
    if running:
        report("stopping " + ", ".join(server.name for server in running))
        stop(running, patience_s)
