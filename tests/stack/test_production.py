"""The profile production: what docker-compose.yml declares is what runs, and what dies is started again."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import psutil
import psycopg2
import pytest
from supervisor.options import ServerOptions

from sohoa import layout, stack
from sohoa.errors import StackError
from sohoa.private_file import write_private
from sohoa.settings import TIME_ZONE, Settings, load_settings
from sohoa.stack import production, units
from sohoa.stack.compose import read_values
from sohoa.stack.processes import stop
from sohoa.stack.topology import (
    AIRFLOW,
    DEFAULTS,
    FIRST,
    Program,
    addresses,
    env_file,
    find_redis,
    home,
    list_programs,
    read_services,
)
from sohoa.steering.diagnose import Finding, diagnose
from sohoa.store import open_store
from tests.docker.compose_file import ROOT, raw
from tests.servers import new_home, quiet

OWN = {"AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK"}
"""What one machine cannot have as a container has it."""


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    """A home that is prepared, with a name that is hard to write, into which the database's user can go."""
    try:
        find_redis()
    except StackError as error:  # Python 3.12 and later have no wheel of it
        pytest.skip(str(error))
    folder = Path(tempfile.mkdtemp(prefix="sohoa-"))
    with pytest.MonkeyPatch.context() as patch:
        new_home(patch, folder / "nhà của %h")
        patch.delenv("SOHOA_PROJECT", raising=False)
        folder.chmod(0o755)
        production.prepare(load_settings(), quiet)
        yield load_settings()
        stop([production.server(load_settings())], 20)
    shutil.rmtree(folder)


def of_service(programs: list[Program], service: str) -> list[Program]:
    return [one for one in programs if one.name.rpartition("-")[0] == service or one.name == service]


@pytest.mark.parametrize("service", AIRFLOW)
def test_it_runs_what_compose_declares(settings: Settings, service: str) -> None:
    """The same command and every variable, of which only addresses are this machine's."""
    declared, found = read_services(settings)[service], of_service(list_programs(settings), service)
    assert len(found) == int(declared.get("deploy", {}).get("replicas", 1))
    for program in found:
        words = program.command[2:]
        assert words[: len(declared["command"])] == declared["command"]
        for name, value in declared["environment"].items():
            here = str(value)
            for there, address in addresses(settings).items():
                here = here.replace(f"@{there}", f"@{address}").replace(f"/{there}", f"/{address}")
            assert name in OWN or program.environment[name] == here, name


def test_no_address_of_a_container_is_left(settings: Settings) -> None:
    """Every service that the file names by its host is found on this machine."""
    hosts = [f"{mark}{name}{end}" for name in raw()["services"] for mark in "@/" for end in ":/"]
    for program in list_programs(settings):
        for name, value in program.environment.items():
            assert "://" not in value or not [host for host in hosts if host in value], name


def test_it_asks_for_workers_and_another_line_asks_for_more(settings: Settings) -> None:
    """Its own options are those of the file; the file of the home changes one, and no secret is an argument."""
    declared = (ROOT / "docker-compose.yml").read_text()
    assert [name for name in DEFAULTS if f"${{{name}:-" not in declared] == []
    assert len(of_service(list_programs(settings), "worker")) == 2
    before = env_file(settings).read_text()
    try:
        env_file(settings).write_text(f"{before}WORKERS=3\nSCHEDULERS=2\n")
        programs = list_programs(settings)
    finally:
        env_file(settings).write_text(before)
    assert [len(of_service(programs, name)) for name in ("worker", "scheduler", "triggerer")] == [3, 2, 1]
    env_file(settings).write_text(f"{before}WORKERS=all\n")
    with pytest.raises(StackError, match="WORKERS=all is no number"):
        list_programs(settings)
    env_file(settings).write_text(before)
    secrets = set(read_values(env_file(settings)).values())
    assert not [word for one in programs for word in one.command if any(secret in word for secret in secrets)]


def test_supervisor_reads_what_was_meant(settings: Settings) -> None:
    """Its own parser finds each command and variable, each user, and that each is started again for ever."""
    options = ServerOptions()
    options.configfile = str(home(settings) / "supervisor.conf")
    assert (Path(options.configfile).stat().st_mode & 0o777) == 0o600
    options.process_config(do_usage=False)
    found = {one.name: one for group in options.process_group_configs for one in group.process_configs}
    for program in list_programs(settings):
        read = found.pop(program.name)
        assert shlex.split(read.command) == program.command
        assert read.environment == program.environment
        assert read.autorestart.__name__ == "RestartUnconditionally"
        assert read.startretries > 10**6
    assert not found


def test_units_of_systemd_start_the_same(settings: Settings, tmp_path: Path) -> None:
    """One for each program, with its environment in a private file; systemd finds no fault in any."""
    files = units.write_units(settings, tmp_path)
    names = {f"sohoa-{one.name}.service" for one in list_programs(settings)}
    assert {file.name for file in files} == {*names, "sohoa-init.service", "sohoa.target"}
    for program in list_programs(settings):
        environment = home(settings) / "environment" / program.name
        assert (environment.stat().st_mode & 0o777) == 0o600
        assert dict(word.split("=", 1) for word in shlex.split(environment.read_text())) == program.environment
        text = (tmp_path / f"sohoa-{program.name}.service").read_text()
        assert "Restart=always" in text
        assert not [value for name, value in program.environment.items() if "SECRET" in name and value in text]
    if (tool := shutil.which("systemd-analyze")) is None:
        pytest.skip("no systemd here")
    said = subprocess.run([tool, "verify", *files], capture_output=True, text=True, check=True)
    assert [line for line in said.stderr.splitlines() if "sohoa" in line] == []


def test_one_profile_at_a_time(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both would write one store; and production has no parts, nor another store."""
    with pytest.raises(StackError, match="has no parts"):
        stack.up(settings, "store", quiet, stack.PRODUCTION)
    monkeypatch.setenv("SOHOA_S3_ENDPOINT", "https://s3.example.vn")
    with pytest.raises(StackError, match=r"s3\.example\.vn"):
        stack.up(load_settings(), "all", quiet, stack.PRODUCTION)


@pytest.mark.airflow
@pytest.mark.store
def test_what_dies_is_started_again(settings: Settings) -> None:
    """Kill -9 of database, broker and store: each comes back by itself, with what it held."""
    production.up_first(settings, quiet)
    open_store().put(layout.WAREHOUSE, "kept", b"kept")
    with database(settings) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kept (x int)")
    before = pids(settings)
    assert set(before) == set(FIRST)
    for pid in before.values():
        os.kill(pid, 9)
    end = time.monotonic() + 60
    while set(pids(settings)) != set(FIRST) or set(pids(settings).values()) & set(before.values()):
        assert time.monotonic() < end, production.running(settings)
        time.sleep(0.2)
    production.up_first(settings, quiet)  # waits until each answers
    assert open_store().get(layout.WAREHOUSE, "kept") == b"kept"
    with database(settings) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM kept")
    supervisor, *kept = production.server(settings).processes()
    supervisor.kill()
    supervisor.wait(5)
    assert production.running(settings) == []
    production.up_first(settings, quiet)  # ends what was left alone, and starts all again
    assert not [process for process in kept if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
    assert open_store().get(layout.WAREHOUSE, "kept") == b"kept"
    assert {one.name for one in production.running(settings) if one.state == "RUNNING"} == set(FIRST)
    listening = [c.laddr.ip for pid in pids(settings).values() for c in psutil.Process(pid).net_connections("tcp")]
    assert set(listening) == {"127.0.0.1"}
    with pytest.raises(StackError, match="the other profile runs here"):
        stack.up(settings, "airflow", quiet)
    stack.down(settings, "all", quiet)
    assert production.running(settings) == []
    assert not production.server(settings).processes()


def test_a_full_disk_does_not_end_supervisor(tmp_path: Path) -> None:
    """Neither its own log nor that of a program can be written; the program is started again all the same."""
    config, started = tmp_path / "supervisor.conf", tmp_path / "started"
    command = f"/bin/sh -c 'echo x; echo x >> {started}; sleep 1.2'"
    config.write_text(
        f"[supervisord]\nnodaemon=true\nlogfile=/dev/null\nlogfile_maxbytes=0\npidfile={tmp_path}/pid\nuser=root\n"
        f"[program:one]\ncommand={command}\nautorestart=true\nredirect_stderr=true\n"
        "stdout_logfile=/dev/full\nstdout_logfile_maxbytes=0\n"
    )
    if os.getuid():
        config.write_text(config.read_text().replace("user=root\n", ""))
    words = [sys.executable, "-m", "sohoa.stack.supervise", "--configuration", str(config)]
    with Path("/dev/full").open("wb") as full, subprocess.Popen(words, stdout=full, stderr=full) as supervisor:
        end = time.monotonic() + 30
        while not started.exists() or len(started.read_text().split()) < 3:
            assert supervisor.poll() is None and time.monotonic() < end
            time.sleep(0.1)
        supervisor.terminate()


@pytest.mark.airflow
@pytest.mark.store
def test_doctor_tells_of_the_servers(settings: Settings) -> None:
    """Which of them run and which do not, what to do, and who else runs them where supervisor does not."""
    (found,) = _of_servers(settings)
    assert (found.state, "sohoa stack up --profile production" in found.advice) == ("wrong", True)
    assert "none of them runs" in found.text
    production.up_first(settings, quiet)
    found, airflow = _of_servers(settings)
    down = sorted(one.name for one in list_programs(settings) if one.name not in FIRST)
    assert found.text == "not running: " + ", ".join(f"{name} (stopped)" for name in down)
    assert found.state == airflow.state == "wrong" and found.advice and airflow.advice
    supervisor = production.server(settings).processes()[0]
    supervisor.kill()
    supervisor.wait(5)
    found, _ = _of_servers(settings)
    assert (found.state, "supervisor has ended" in found.text) == ("wrong", True)
    stack.down(settings, "all", quiet)
    broker = next(one for one in list_programs(settings) if one.name == "broker")
    environment = {**os.environ, **broker.environment}
    with subprocess.Popen(broker.command, env=environment, cwd=home(settings)) as process:  # as systemd does
        found, _ = _of_servers(settings)
        process.terminate()
    assert (found.state, "systemctl status" in found.text) == ("well", True)


@pytest.mark.airflow
@pytest.mark.store
def test_doctor_tells_what_is_lost_while_the_servers_run(settings: Settings) -> None:
    """The secrets, or one of them, and the socket by which supervisor is asked: each in a sentence."""
    production.up_first(settings, quiet)
    file, lost = env_file(settings), "AIRFLOW_ADMIN_PASSWORD"
    secrets = file.read_text(encoding="utf-8")
    file.write_text("\n".join(line for line in secrets.splitlines() if lost not in line), encoding="utf-8")
    assert [one.state for one in _of_servers(settings) if f"{file} is gone, or has no {lost}" in one.text] == ["wrong"]
    file.unlink()
    assert [one.state for one in _of_servers(settings) if f"{file} is gone, or has no {lost}" in one.text] == ["wrong"]
    file.write_bytes(secrets.encode() + b"# m\xf4t d\xf2ng\n")
    assert [one.state for one in _of_servers(settings) if f"{file} is no UTF-8 text" in one.text] == ["wrong"]
    write_private(file, secrets)
    noted = production.server(settings).pid_file.read_text(encoding="utf-8")
    production.server(settings).pid_file.write_text("[]", encoding="utf-8")
    assert [one.state for one in _of_servers(settings) if "supervisor.pid is damaged" in one.text] == ["wrong"]
    write_private(production.server(settings).pid_file, noted)
    (home(settings) / "supervisor.sock").rename(home(settings) / "moved.sock")
    (found,) = _of_servers(settings)
    assert (found.state, "supervisor runs and does not answer" in found.text) == ("wrong", True)
    (home(settings) / "moved.sock").unlink()
    stack.down(settings, "all", quiet)


@pytest.mark.airflow
@pytest.mark.store
def test_doctor_names_who_works_where_supervisor_does_not(settings: Settings) -> None:
    """A shell that somebody left in the folder is no server."""
    stack.down(settings, "all", quiet)
    with subprocess.Popen(["sleep", "60"], cwd=home(settings)) as process:
        found, airflow = _of_servers(settings)
        process.terminate()
    assert found.text.endswith(": sleep") and airflow.state == "wrong"


def _of_servers(settings: Settings) -> list[Finding]:
    """What is said of the servers, and of Airflow."""
    return [one for one in diagnose(settings, datetime.now(TIME_ZONE)) if one.topic in {"servers", "Airflow"}]


def pids(settings: Settings) -> dict[str, int]:
    return {one.name: one.pid for one in production.running(settings) if one.pid is not None}


def database(settings: Settings) -> psycopg2.extensions.connection:
    """A connection, as soon as the server takes one again."""
    password = read_values(env_file(settings))["POSTGRES_PASSWORD"]
    for _ in range(100):
        with suppress(psycopg2.OperationalError):
            port = settings.port_database
            return psycopg2.connect(host="127.0.0.1", port=port, user="airflow", password=password, dbname="airflow")
        time.sleep(0.2)
    raise AssertionError("the database does not answer")
