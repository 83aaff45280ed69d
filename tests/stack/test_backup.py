"""The restore drill: the store's data and Airflow's database are destroyed, and come back with the same tables."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from sohoa import jobs, layout, stack
from sohoa.errors import InputError, StackError
from sohoa.settings import Settings, load_settings
from sohoa.stack import database, production, seaweed, topology
from sohoa.stack.backup import back_up, restore
from sohoa.stack.compose import read_values
from sohoa.stack.processes import stop
from sohoa.stack.topology import env_file, find_postgres, find_redis, list_programs
from sohoa.store import Store, open_store
from tests.batch_builder import page_jpeg, send
from tests.jobs.kills import contents, take_snapshot
from tests.servers import new_home, quiet

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.airflow,
    pytest.mark.store,
    pytest.mark.usefixtures("judged_by_numpy"),
]


@pytest.fixture
def own_home(tmp_path: Path) -> Iterator[Settings]:
    """A home of this test's own, whose servers end with it."""
    with pytest.MonkeyPatch.context() as patch:
        new_home(patch, tmp_path / "home")
        patch.setenv("SOHOA_SPACE_STOP_PERCENT", "100")
        yield load_settings()
        stop([seaweed.server(load_settings())], 0)


def test_restore_drill(own_home: Settings, tmp_path: Path) -> None:
    """Every object and every row is the same, keys and Airflow's database too; and the store takes new batches."""
    settings = own_home
    stack.up(settings, "store", quiet)
    store = open_store()
    send(store, {"a.jpg": page_jpeg(1)})
    jobs.check()
    before, rows = take_snapshot(store), contents(store)
    database = settings.home / "airflow" / "airflow.db"
    database.parent.mkdir()
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE dag_run (id)")
        connection.execute("INSERT INTO dag_run VALUES (7)")
    with pytest.raises(StackError, match="still running: weed"):
        back_up(settings, tmp_path / "backup")
    stack.down(settings, "store", quiet)
    assert "files" in back_up(settings, tmp_path / "backup")

    with pytest.raises(StackError, match="holds data"):
        restore(settings, tmp_path / "backup")
    shutil.rmtree(settings.home / "store")
    database.unlink()
    restore(settings, tmp_path / "backup")
    assert sqlite3.connect(database).execute("SELECT id FROM dag_run").fetchall() == [(7,)]
    stack.up(settings, "store", quiet)
    store = open_store()
    assert take_snapshot(store) == before
    assert contents(store) == rows
    send(store, {"b.jpg": page_jpeg(2)}, 2)
    assert jobs.check()["admitted"] == 1


@pytest.fixture
def production_home() -> Iterator[Settings]:
    """A home that PostgreSQL's user may enter; what runs in it ends with it."""
    try:
        find_postgres()
        find_redis()
    except StackError as error:
        pytest.skip(str(error))
    with _production_home() as settings:
        yield settings


@contextmanager
def _production_home() -> Iterator[Settings]:
    folder = Path(tempfile.mkdtemp(prefix="sohoa-"))
    folder.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        new_home(patch, folder / "home")
        patch.delenv("SOHOA_PROJECT", raising=False)
        yield load_settings()
        production.down(load_settings(), quiet)
        database.end_left_alone(load_settings())
    shutil.rmtree(folder)


def test_restore_drill_of_the_production_profile(production_home: Settings, tmp_path: Path) -> None:
    """PostgreSQL is gone with its files, the secrets and the store too: each row and each object is there again."""
    settings = production_home
    production.up_first(settings, quiet)
    _ask(settings, "CREATE TABLE dag_run (id int)", "INSERT INTO dag_run VALUES (7)")
    store = Store(seaweed.administrator_settings(settings))
    store.make_buckets()
    store.put_json(layout.WAREHOUSE, "a.json", {"Số hồ sơ": 1})
    secrets = env_file(settings).read_text()
    with pytest.raises(StackError, match="still running: supervisor"):
        back_up(settings, tmp_path / "backup")
    production.down(settings, quiet)
    back_up(settings, tmp_path / "backup")
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "backup").rglob("*") if path.is_file()} == {0}

    with pytest.raises(StackError, match="holds data"):
        restore(settings, tmp_path / "backup")
    for part in ("store", "production"):
        shutil.rmtree(settings.home / part)
    restore(settings, tmp_path / "backup")
    assert env_file(settings).read_text() == secrets
    assert not list(topology.home(settings).glob("*.dump"))
    production.up_first(settings, quiet)
    assert _ask(settings, "SELECT id FROM dag_run") == [(7,)]
    assert store.get_json(layout.WAREHOUSE, "a.json") == {"Số hồ sơ": 1}


def _ask(settings: Settings, *statements: str) -> list[tuple[Any, ...]]:
    """Run statements in Airflow's database; the rows of the last one."""
    password = read_values(env_file(settings))["POSTGRES_PASSWORD"]
    where = f"host=127.0.0.1 port={settings.port_database} dbname=airflow user=airflow password={password}"
    with psycopg2.connect(where) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def test_a_backup_sees_what_runs_and_what_is_lost(production_home: Settings, tmp_path: Path) -> None:
    """What a killed one left running is ended; servers that systemd runs are told, and secrets that are lost."""
    settings = production_home
    production.prepare(settings, quiet)
    for begin_again in (
        lambda: back_up(settings, tmp_path / "backup"),
        lambda: stack.down(settings, "all", quiet),
        lambda: _up_beside_a_taken_port(settings),
    ):
        killed = subprocess.run([sys.executable, "-c", _KILLED], check=False)
        assert killed.returncode == -signal.SIGKILL
        assert [one for one in production.at_work(settings) if one.name() == "postgres"]
        begin_again()
        assert production.at_work(settings) == []

    broker = next(one for one in list_programs(settings) if one.name == "broker")
    environment = {**os.environ, **broker.environment}
    with subprocess.Popen(broker.command, env=environment, cwd=topology.home(settings)) as process:  # as systemd does
        with pytest.raises(StackError, match=r"still running: .*systemctl stop sohoa\.target"):
            back_up(settings, tmp_path / "second")
        process.terminate()

    secrets = env_file(settings).read_bytes()
    env_file(settings).write_bytes(secrets + b"# m\xf4t d\xf2ng\n")  # an editor has saved it in the system's own way
    with pytest.raises(StackError, match=r"\.env is no UTF-8 text.*as UTF-8"):
        back_up(settings, tmp_path / "second")
    env_file(settings).unlink()
    with pytest.raises(StackError, match=r"\.env is gone.*from a backup"):
        back_up(settings, tmp_path / "second")
    assert not (tmp_path / "second").exists()


_KILLED = """
import os, signal
from sohoa.settings import load_settings
from sohoa.stack import database
with database._alone(load_settings()):
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_failing_test_leaves_ends_with_its_home(production_home: Settings) -> None:
    """A PostgreSQL that nobody has ended too."""
    with _production_home() as settings:
        production.prepare(settings, quiet)
        subprocess.run([sys.executable, "-c", _KILLED], check=False)
        assert production.at_work(settings)
    assert not production.at_work(settings)


def _up_beside_a_taken_port(settings: Settings) -> None:
    """Starting comes as far as the ports, of which one is a stranger's and none that of what was left."""
    with (
        socket.create_server(("127.0.0.1", settings.port_broker)),
        pytest.raises(StackError, match=f"^port {settings.port_broker} "),
    ):
        stack.up(settings, "all", quiet, stack.PRODUCTION)


def test_a_database_that_does_not_end_is_named(own_home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that a killed backup has left is asked to end; who runs it otherwise is not touched."""
    folder = database.folder(own_home)
    monkeypatch.setattr(database, "_PATIENCE_S", 0.2)
    deaf = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); print(flush=True); time.sleep(60)"
    words = [sys.executable, "-c", deaf, str(folder), "cluster_name=sohoa-alone"]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as left, subprocess.Popen(words[:-1]) as other:
        try:
            assert left.stdout is not None and left.stdout.readline()
            database.end_left_alone(own_home)  # there is no database in this home
            folder.mkdir(parents=True)
            with pytest.raises(StackError, match=rf"PostgreSQL \({left.pid}\).*does not end"):
                database.end_left_alone(own_home)
            assert other.poll() is None
        finally:
            left.kill()
            other.kill()


@pytest.fixture
def backup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Settings, Path]:
    """A home with a file in its store, and its backup."""
    new_home(monkeypatch, tmp_path / "home")
    settings = load_settings()
    file = settings.home / "store" / "data" / "landing_1.dat"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"scans")
    back_up(settings, tmp_path / "backup")
    shutil.rmtree(settings.home / "store")
    return settings, tmp_path / "backup"


def test_a_damaged_backup_is_refused_and_leaves_nothing(backup: tuple[Settings, Path]) -> None:
    """One byte; a file less; an index that names what lies outside."""
    settings, folder = backup
    file = folder / "store" / "data" / "landing_1.dat"
    file.write_bytes(b"scanz")
    with pytest.raises(InputError, match="is damaged"):
        restore(settings, folder)
    assert not (settings.home / "store").exists()
    file.unlink()
    with pytest.raises(InputError, match="is missing"):
        restore(settings, folder)
    (folder / "x").write_bytes(b"x")
    for name in ("store/../../x", "store/../x"):
        (folder / "backup.json").write_text(json.dumps({"files": {name: hashlib.sha256(b"x").hexdigest()}}))
        with pytest.raises(InputError, match="lies outside"):
            restore(settings, folder)
    (folder / "backup.json").unlink()
    with pytest.raises(InputError, match="holds no backup"):
        restore(settings, folder)


def test_files_of_postgresql_are_data_without_their_secrets_too(backup: tuple[Settings, Path]) -> None:
    """Nothing comes over them, and a damaged backup does not take them away."""
    settings, folder = backup
    (folder / "store" / "data" / "landing_1.dat").write_bytes(b"scanz")
    file = database.folder(settings) / "PG_VERSION"
    file.parent.mkdir(parents=True)
    file.write_text("15")
    with pytest.raises(StackError, match="holds data"):
        restore(settings, folder)
    assert file.exists()


def test_a_dump_that_cannot_be_loaded_leaves_no_half(production_home: Settings, tmp_path: Path) -> None:
    """As that of a newer PostgreSQL: the store of a backup with an Airflow that knows of nothing is none."""
    files = {"store/data/landing_1.dat": b"scans", "production/database.dump": b"of a newer one"}
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(data)
    index = {"files": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}}
    (tmp_path / "backup.json").write_text(json.dumps(index))
    for _ in range(2):
        with pytest.raises(StackError, match="pg_restore fails"):
            restore(production_home, tmp_path)
        assert not (production_home.home / "store").exists()
        assert not database.folder(production_home).exists()


def test_a_backup_goes_where_there_is_room_and_nothing_else(backup: tuple[Settings, Path], tmp_path: Path) -> None:
    """Not over another one, and not into the home that it is of."""
    settings, folder = backup
    with pytest.raises(InputError, match="not empty"):
        back_up(settings, folder)
    with pytest.raises(InputError, match="in the home itself"):
        back_up(settings, settings.home / "backup")
    with pytest.raises(StackError, match="nothing to copy"):
        back_up(settings, tmp_path / "other")
    assert {path.stat().st_mode & 0o077 for path in folder.rglob("*") if path.is_file()} == {0}
