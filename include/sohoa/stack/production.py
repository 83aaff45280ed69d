"""The profile ``production``: what docker-compose.yml runs, without Docker, each process started again when it ends.

Supervisor keeps the processes; ``sohoa stack units`` writes the same as units of systemd. All lies under
``SOHOA_HOME/production``, but the store's objects, which the other profile has too.
"""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import sys
import xmlrpc.client
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from sohoa.errors import StackError
from sohoa.private_file import write_private
from sohoa.settings import Settings, child_environment
from sohoa.stack import airflow_server, seaweed
from sohoa.stack.airflow_client import AirflowClient
from sohoa.stack.compose import read_values
from sohoa.stack.database import make_database
from sohoa.stack.processes import LOG_BYTES, Report, Server, stop, wait_until
from sohoa.stack.topology import (
    BROKER,
    FIRST,
    STORE,
    Program,
    checkout,
    compare_versions,
    env_file,
    environment_of,
    home,
    init_script,
    list_programs,
    quoted,
    read_services,
)

PORTS: dict[str, tuple[int, ...]] = {**seaweed.PORTS, **airflow_server.PORTS, "port_database": (), "port_broker": ()}
STOP_PATIENCE_S = 90.0
_START_PATIENCE_S = 300.0
_STOP_WAIT_S = 60
_MOST_SOCKET_BYTES = 100
"""The path of a socket may have hardly more."""


@dataclass(frozen=True)
class Running:
    """How one program is."""

    name: str
    state: str
    """Supervisor's word: ``RUNNING``, ``BACKOFF`` between two tries, ``STOPPED`` …"""
    pid: int | None
    told: str
    """Its pid and since when, in words."""


def server(settings: Settings) -> Server:
    """Return the one process that starts and keeps all others."""
    return Server("supervisor", home(settings))


def is_up(settings: Settings) -> bool:
    """Tell whether the profile runs here."""
    return server(settings).is_running()


def up(settings: Settings, report: Report) -> None:
    """Start what does not run, and return when Airflow knows every DAG.

    Raises:
        StackError: something does not start, or is missing on this machine.
    """
    supervisor = server(settings)
    up_first(settings, report)
    waiting = [one.name for one in running(settings) if one.name not in FIRST and one.pid is None]
    since = datetime.now(UTC) if waiting else None
    if waiting:
        report("preparing Airflow's database, its administrator and the store's buckets")
        initialise(settings)
        report("starting " + ", ".join(waiting))
        _start(settings, lambda name: name not in FIRST)
    api = client(settings)
    wait_until(lambda: api.is_healthy(since), [supervisor], _START_PATIENCE_S)
    wait_until(lambda: airflow_server.dag_files(settings) <= api.dag_ids(), [supervisor], _START_PATIENCE_S)


def up_first(settings: Settings, report: Report) -> None:
    """Start supervisor, database, broker and store where they do not run, and return when each answers.

    Raises:
        StackError: as ``up``.
    """
    supervisor = server(settings)
    if not supervisor.is_running():
        stop([supervisor], 0)  # what a killed supervisor has left
        prepare(settings, report)
        command = [sys.executable, "-m", "sohoa.stack.supervise", "--configuration", str(_config(settings))]
        supervisor.start(command, {})
        wait_until(lambda: _answers(settings), [supervisor], _START_PATIENCE_S)
    report("starting " + ", ".join(FIRST))
    _start(settings, lambda name: name in FIRST)
    wait_until(lambda: _listens(settings.port_database), [supervisor], _START_PATIENCE_S)
    wait_until(lambda: _listens(settings.port_broker), [supervisor], _START_PATIENCE_S)
    seaweed.wait_for_writes(settings, supervisor)


def down(settings: Settings, report: Report) -> None:
    """Stop all; what it keeps stays."""
    if server(settings).processes():
        report("stopping supervisor and all that it keeps running")
        stop([server(settings), seaweed.server(settings)], STOP_PATIENCE_S)


def prepare(settings: Settings, report: Report) -> None:
    """Write secrets and configuration and make the database's files; what is there is kept.

    Raises:
        StackError: PostgreSQL or Redis is nowhere to be found, or the database cannot be made.
    """
    script = checkout(settings) / "docker" / "make_secrets.py"
    for folder in (home(settings), home(settings) / BROKER):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    subprocess.run([sys.executable, script, env_file(settings)], check=True, stdout=subprocess.DEVNULL)
    seaweed.write_config(settings)
    for line in compare_versions(settings):
        report(line)
    make_database(settings, report)
    write_private(_config(settings), _supervisor_conf(settings, list_programs(settings)))


def initialise(settings: Settings) -> None:
    """Run the script of the service ``init``; database and store run, and doing it again changes nothing.

    Raises:
        StackError: it fails; the message names its log.
    """
    service = read_services(settings)["init"]
    script, log = init_script(settings), home(settings) / "init.log"
    with log.open("wb") as output:
        done = subprocess.run(
            ["bash", script],
            env=child_environment(environment_of(settings, service)),
            cwd=home(settings),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
        )
    if done.returncode:
        raise StackError(f"{script.name} failed; see {log}")


def client(settings: Settings) -> AirflowClient:
    """Return the HTTP interface of this Airflow.

    Raises:
        StackError: nobody knows its password: it was never started, or the secrets are lost.
    """
    file = env_file(settings)
    if file.is_file() and (password := read_values(file).get("AIRFLOW_ADMIN_PASSWORD")):
        return AirflowClient(f"http://127.0.0.1:{settings.port_airflow}", airflow_server.USER, password)
    raise StackError(
        f"{file} is gone, or has no AIRFLOW_ADMIN_PASSWORD: bring the file back from a backup; where Airflow was never "
        "started run `sohoa stack up --profile production`"
    )


def running(settings: Settings) -> list[Running]:
    """Tell how each program is, by name; none where the profile is down.

    Raises:
        StackError: supervisor lives and cannot be asked.
    """
    if not is_up(settings):
        return []
    try:
        found = _ask(settings, "getAllProcessInfo")
    except OSError as error:  # it is about to start or to end, or its socket was deleted
        raise StackError(
            f"supervisor runs and does not answer ({error}): ask again in a minute; if it still does not, "
            "`sohoa stack down`, then `sohoa stack up --profile production`"
        ) from error
    return [Running(one["name"], one["statename"], one["pid"] or None, one["description"]) for one in found]


def at_work(settings: Settings) -> list[psutil.Process]:
    """Return the processes that work in the folder of this profile, whoever started them, supervisor or systemd.

    Neither this one nor those that it was started from, as a shell; without root none of other users. Each has its
    name in ``info``, also once it has ended.
    """
    own = {os.getpid(), *(process.pid for process in psutil.Process().parents())}
    return [one for one in psutil.process_iter(["name"]) if one.pid not in own and _works_in(one, home(settings))]


def state(settings: Settings, names: Callable[[str], bool], is_answering: bool) -> str:
    """Say how some programs are together: ``up``, ``down`` or ``failing``."""
    states = [one.state for one in running(settings) if names(one.name)]
    if not states or all(one == "STOPPED" for one in states):
        return "down"
    return "up" if is_answering and all(one == "RUNNING" for one in states) else "failing"


def store_processes(settings: Settings) -> list[psutil.Process]:
    """Return the store's process, where this profile runs it."""
    pids = [one.pid for one in running(settings) if one.name == STORE and one.pid is not None]
    with suppress(psutil.NoSuchProcess):  # it is being started again
        return [psutil.Process(pid) for pid in pids]
    return []


def _works_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE and Path(process.cwd()).is_relative_to(folder)
    except psutil.Error:  # it ended just now, or is another user's
        return False


# supervisor


def _config(settings: Settings) -> Path:
    return home(settings) / "supervisor.conf"


def _socket(settings: Settings) -> Path:
    path = home(settings) / "supervisor.sock"
    if len(os.fsencode(path)) > _MOST_SOCKET_BYTES:
        raise StackError(f"{path} is too long for a socket: let SOHOA_HOME name a folder with a shorter path")
    return path


def _supervisor_conf(settings: Settings, programs: list[Program]) -> str:
    sections: dict[str, dict[str, object]] = {
        "unix_http_server": {"file": _socket(settings), "chmod": "0700"},
        "supervisord": {
            "nodaemon": "true",
            "logfile": "/dev/null",  # it prints the same
            "logfile_maxbytes": 0,
            "pidfile": home(settings) / "supervisord.pid",
            "childlogdir": home(settings),
            "strip_ansi": "true",
            **({"user": "root"} if os.getuid() == 0 else {}),
        },
        "rpcinterface:supervisor": {
            "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
        },
    }
    for place, program in enumerate(programs):
        sections[f"program:{program.name}"] = {
            "command": shlex.join(program.command),
            "environment": ",".join(f"{name}={quoted(value)}" for name, value in program.environment.items()),
            "priority": place,
            "autostart": "false",  # `up` starts them in their order
            "autorestart": "true",
            "startretries": 1_000_000_000,  # a database that is away for a night is no reason to give up
            "stopsignal": program.stop_signal,
            "stopwaitsecs": _STOP_WAIT_S,
            "killasgroup": "true",
            "stdout_logfile": f"{program.name}.log",  # beside this file, where supervisor works
            "stdout_logfile_maxbytes": LOG_BYTES,
            "stdout_logfile_backups": 1,
            "redirect_stderr": "true",
            **({"user": program.user} if program.user else {}),
        }
    lines = []
    for section, values in sections.items():
        lines.append(f"[{section}]")
        lines += [f"{name}={_escaped(str(value))}" for name, value in values.items()]
    return "\n".join([*lines, ""])


def _escaped(value: str) -> str:
    """A value in which a percent sign is itself, and whose further lines are not others."""
    return value.replace("%", "%%").replace("\n", "\n ")


def _ask(settings: Settings, method: str, *values: object) -> Any:
    """Call a method of supervisor's interface."""
    from supervisor.xmlrpc import SupervisorTransport

    transport = SupervisorTransport(None, None, f"unix://{_socket(settings)}")
    with closing(transport), xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport) as proxy:
        return getattr(proxy.supervisor, method)(*values)


def _answers(settings: Settings) -> bool:
    try:
        return bool(_ask(settings, "getState"))
    except OSError:  # it does not listen yet
        return False


def _start(settings: Settings, is_wanted: Callable[[str], bool]) -> None:
    for one in running(settings):
        if is_wanted(one.name) and one.state in {"STOPPED", "EXITED", "FATAL"}:
            _ask(settings, "startProcess", one.name, False)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
