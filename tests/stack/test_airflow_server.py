"""The embedded Airflow: its configuration, and the real one."""

from __future__ import annotations

import json
import stat
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import psutil
import pytest

from sohoa import stack
from sohoa.errors import StackError
from sohoa.settings import TIME_ZONE, load_settings
from sohoa.stack import AirflowClient
from sohoa.stack import airflow_server as airflow_stack
from sohoa.steering.diagnose import Finding, diagnose
from sohoa.store import Store
from tests.servers import new_home


def test_configuring_again_keeps_the_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys and password are made once; the files that hold them have mode 0600."""
    new_home(monkeypatch, tmp_path)
    settings = load_settings()
    airflow_stack.write_config(settings)
    files = {path: path.read_text() for path in airflow_stack.home(settings).iterdir()}
    airflow_stack.write_config(settings)
    assert files == {path: path.read_text() for path in airflow_stack.home(settings).iterdir()}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_a_folder_without_dags_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says which variable names the checkout."""
    new_home(monkeypatch, tmp_path)
    monkeypatch.setenv("SOHOA_PROJECT", str(tmp_path))
    with pytest.raises(StackError, match="SOHOA_PROJECT"):
        stack.up(load_settings(), "airflow", lambda _: None)


def test_a_client_needs_an_airflow_that_was_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the first start the message says what to run."""
    new_home(monkeypatch, tmp_path)
    with pytest.raises(StackError, match="sohoa stack up"):
        stack.airflow_client(load_settings())


def test_airflow_listens_on_the_loopback_address_only(airflow_server: AirflowClient, store: Store) -> None:
    """Neither the API nor a log server can be reached from another machine, and no key is on a command line."""
    assert airflow_server.is_healthy()
    processes = [process for server in airflow_stack.servers(store.settings) for process in server.processes()]
    sockets, words = [], []
    for process in processes:
        with suppress(psutil.NoSuchProcess, FileNotFoundError):  # the scheduler's children come and go
            words += process.cmdline()
            sockets += process.net_connections()
    assert {found.laddr.ip for found in sockets if found.status == psutil.CONN_LISTEN} == {"127.0.0.1"}
    config = airflow_stack.home(store.settings).joinpath("airflow.cfg").read_text()
    assert not [word for word in words if len(word) > 30 and word in config and "/" not in word]


def test_airflow_asks_for_a_password(airflow_server: AirflowClient, store: Store) -> None:
    """The right password opens the interface, a wrong one does not."""
    password = json.loads(airflow_stack.password_file(store.settings).read_text())[airflow_stack.USER]
    assert AirflowClient(airflow_server.url, airflow_stack.USER, password).dag_ids() == airflow_stack.dag_files(
        store.settings
    )
    with pytest.raises(StackError, match="401"):
        AirflowClient(airflow_server.url, airflow_stack.USER, "wrong").dag_ids()


def test_starting_airflow_again_changes_nothing(airflow_server: AirflowClient, store: Store) -> None:
    """`up` on a running Airflow keeps its processes."""
    before = [server.processes()[0].pid for server in airflow_stack.servers(store.settings)]
    stack.up(store.settings, "airflow", lambda _: None)
    assert [server.processes()[0].pid for server in airflow_stack.servers(store.settings)] == before
    assert stack.status(store.settings)["airflow"].state == "up"
    assert airflow_server.import_errors() == {}


def told_by_doctor(store: Store) -> dict[str, Finding]:
    """What `sohoa doctor` says of Airflow, by topic."""
    found = diagnose(store.settings, datetime.now(TIME_ZONE))
    return {one.topic: one for one in found if one.topic in {"Airflow", "DAGs", "late run"}}


def test_the_doctor_names_the_dags_that_are_paused(airflow_server: AirflowClient, store: Store) -> None:
    """All are here, but one that is let go; nothing else is wrong with this Airflow."""
    *paused, free = sorted(airflow_server.dag_ids())
    airflow_server.pause(free, False)
    try:
        found = told_by_doctor(store)
    finally:
        airflow_server.pause(free, True)
    assert found["Airflow"] == Finding("Airflow", "up")
    assert (found["DAGs"].state, found["DAGs"].text) == ("wrong", f"paused: {', '.join(paused)}")


def test_a_killed_scheduler_is_started_again(airflow_server: AirflowClient, store: Store) -> None:
    """Kill -9 leaves a failing Airflow; `up` starts what is missing and ends the workers left alone."""
    servers = {server.name: server for server in airflow_stack.servers(store.settings)}
    killed, *workers = servers["scheduler"].processes()
    api = servers["api-server"].processes()[0].pid
    killed.kill()
    psutil.wait_procs([killed], timeout=5)
    assert stack.status(store.settings)["airflow"].state == "failing"
    (told,) = told_by_doctor(store).values()
    assert (told.state, told.text) == ("wrong", "not running: scheduler") and "sohoa stack up airflow" in told.advice
    stack.up(store.settings, "airflow", lambda _: None)
    assert servers["scheduler"].is_running()
    assert servers["api-server"].processes()[0].pid == api
    assert not [worker for worker in workers if worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE]
    assert airflow_server.is_healthy()
