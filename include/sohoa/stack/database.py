"""The PostgreSQL of the profile ``production``: its files, and a copy of what it holds for a backup."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from sohoa.errors import StackError
from sohoa.private_file import write_private
from sohoa.settings import Settings, child_environment
from sohoa.stack.compose import read_values
from sohoa.stack.processes import Report
from sohoa.stack.topology import (
    DATABASE,
    database_options,
    database_user,
    env_file,
    find_postgres,
    home,
)

_LOG = "database-alone.log"
_ALONE = "cluster_name=sohoa-alone"
"""An option of PostgreSQL that changes nothing; who runs it with this name can be told in the list of processes."""
_PATIENCE_S = 300


def folder(settings: Settings) -> Path:
    """Return the folder of its files."""
    return home(settings) / DATABASE


def make_database(settings: Settings, report: Report) -> None:
    """Make the files of a database with the user and the name that docker-compose.yml gives them."""
    whole, programs, user = folder(settings), find_postgres(), database_user()
    if whole.exists():
        return
    report("making the database's files")
    _let_through(settings, user)
    draft = whole.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)  # an earlier try was broken off
    draft.mkdir(mode=0o700)
    password = home(settings) / "database-password"
    write_private(password, read_password(settings))
    for path in (draft, password):
        if user:
            shutil.chown(path, user)
    made = ["-U", "airflow", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8", f"--pwfile={password}"]
    files: list[Path | str] = [programs / "initdb", "-D", draft, *made]
    single: list[Path | str] = [programs / "postgres", "--single", "-D", draft, "postgres"]
    try:
        _run(files, user, "")
        _run(single, user, "CREATE DATABASE airflow OWNER airflow\n")
    finally:
        password.unlink()
    draft.rename(whole)


def _run(command: list[Path | str], user: str | None, text: str) -> None:
    done = subprocess.run(command, user=user, input=text, capture_output=True, text=True, check=False, cwd="/")
    if done.returncode:
        raise StackError(f"{Path(command[0]).name} fails: {(done.stderr or done.stdout).strip()[-500:]}")


def _let_through(settings: Settings, user: str | None) -> None:
    """Let the database's user pass through the home, whose files stay private.

    Raises:
        StackError: a folder above the home is closed to it.
    """
    if user is None:
        return
    for passed in (settings.home, home(settings)):
        passed.chmod(stat.S_IMODE(passed.stat().st_mode) | 0o011)
    closed = [one for one in settings.home.parents if not one.stat().st_mode & stat.S_IXOTH]
    if closed:
        raise StackError(f"PostgreSQL runs as {user}, who may not enter {closed[-1]}: set SOHOA_HOME to another folder")


# what it holds


def read_password(settings: Settings) -> str:
    """Read with which password it is asked.

    Raises:
        StackError: nobody knows it any more.
    """
    file = env_file(settings)
    if file.is_file() and (password := read_values(file).get("POSTGRES_PASSWORD")):
        return password
    raise StackError(
        f"{file} is gone, or has no POSTGRES_PASSWORD, without which nobody can ask the database: bring the file back "
        f"from a backup; where there is none move {home(settings)} aside: the store lies elsewhere and stays whole, "
        "and Airflow begins with an empty history"
    )


def end_left_alone(settings: Settings) -> None:
    """End the PostgreSQL that a killed ``dump`` or ``load`` has left running; the caller is alone in this home.

    Raises:
        StackError: it does not end.
    """
    if not folder(settings).exists():
        return
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
            if _ALONE in words and str(folder(settings)) in words:
                process.send_signal(signal.SIGINT)  # `pg_ctl stop -m fast`
                process.wait(_PATIENCE_S)
        except psutil.TimeoutExpired as error:
            raise StackError(
                f"PostgreSQL ({process.pid}), which a killed backup has left, does not end: {home(settings) / _LOG} "
                "may say why; end it by hand"
            ) from error
        except (psutil.NoSuchProcess, psutil.AccessDenied):  # another user's is none of ours
            continue


def size(settings: Settings) -> int:
    """Return the bytes of its files, which a dump hardly reaches; 0 where there is none."""
    return sum(path.stat().st_size for path in folder(settings).rglob("*") if path.is_file())


def dump(settings: Settings, target: Path) -> None:
    """Write all that Airflow's database holds into a file that only this user can read; nothing of the profile runs.

    Raises:
        StackError: PostgreSQL does not start, or has no ``pg_dump`` beside it.
    """
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file, _alone(settings):
        _ask(settings, "pg_dump", ["--format=custom", "airflow"], stdout=file.fileno())
        os.fsync(file.fileno())


def load(settings: Settings, source: Path) -> None:
    """Bring what ``dump`` has written into a database that holds nothing yet; nothing of the profile runs.

    Raises:
        StackError: as ``dump``, or the file is of a newer PostgreSQL.
    """
    with source.open("rb") as file, _alone(settings):
        _ask(settings, "pg_restore", ["--exit-on-error", "--dbname=airflow"], stdin=file.fileno())


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """PostgreSQL and nothing else, while this lasts."""
    control = [str(find_postgres() / "pg_ctl"), "-w", "-t", str(_PATIENCE_S), "-D", str(folder(settings))]
    _control(settings, [*control, "-o", shlex.join([*database_options(settings), "-c", _ALONE]), "start"])
    try:
        yield
    finally:
        _control(settings, [*control, "-m", "fast", "stop"])


def _control(settings: Settings, command: list[str]) -> None:
    """Start or stop it; what it prints goes into a file, which it keeps open."""
    log = home(settings) / _LOG
    with log.open("ab") as output:
        done = subprocess.run(
            command,
            user=database_user(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
            cwd="/",
        )
    if done.returncode:
        raise StackError(f"PostgreSQL does not {command[-1]}; see {log}")


def _ask(
    settings: Settings, program: str, words: list[str], stdin: int = subprocess.DEVNULL, stdout: int | None = None
) -> None:
    """Run a program of PostgreSQL's own against it."""
    path = find_postgres() / program
    if not path.exists():
        raise StackError(f"there is no {path}: install PostgreSQL's client programs of the same version")
    where = ["--host=127.0.0.1", f"--port={settings.port_database}", "--username=airflow", "--no-password"]
    done = subprocess.run(
        [path, *where, *words],
        env=child_environment({"PGPASSWORD": read_password(settings)}),
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        raise StackError(f"{program} fails: {done.stderr.decode(errors='replace').strip()[-500:]}")
