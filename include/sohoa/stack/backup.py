"""A copy of all that one machine keeps, and the way back: the store with keys and certificates, Airflow's database.

Of the profile ``production`` that is what PostgreSQL's own ``pg_dump`` writes, and its file of secrets.

The copy is taken while nothing runs, so it is one moment's. It is hashed as it is written; what comes back is held
against these hashes before anything is started.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from sohoa.errors import InputError, StackError
from sohoa.private_file import write_private
from sohoa.settings import Settings
from sohoa.stack import airflow_server, database, production, seaweed, space_guard
from sohoa.stack.processes import only_one
from sohoa.stack.topology import env_file

INDEX = "backup.json"
STORE, AIRFLOW, PRODUCTION = PARTS = ("store", "airflow", "production")
_LEFT_OUT = (".pid", ".log", ".log.old", ".sock")
"""Of servers, right in the folder of the store; deeper, a file `.log` is a journal of its database."""
_AIRFLOW = ("airflow.db", "airflow.cfg", "passwords.json", "migrated")
"""Its database, keys and passwords; logs of tasks are no data."""
_DUMP = f"{PRODUCTION}/database.dump"
_SPARE_BYTES = 100_000_000
_GB = 1_000_000_000


def back_up(settings: Settings, folder: Path) -> str:
    """Copy store and Airflow of this home into a folder; what was copied, in a sentence.

    Raises:
        InputError: the folder is not empty, or lies in the home.
        StackError: something runs, there is nothing to copy, or the folder has no room.
    """
    if folder.resolve().is_relative_to(settings.home):
        raise InputError(f"{folder} lies in the home itself: name a folder on another disk")
    if folder.exists() and any(folder.iterdir()):
        raise InputError(f"{folder} is not empty: name a new one")
    with only_one(settings.home):
        _require_down(settings)
        files = list(_files(settings))
        if not files:
            raise StackError(f"{settings.home} holds no store and no Airflow: there is nothing to copy")
        has_database = database.folder(settings).exists()
        if has_database:
            database.read_password(settings)  # before anything is copied
        size = sum((settings.home / name).stat().st_size for name in files)
        size += database.size(settings)
        folder.mkdir(parents=True, exist_ok=True)
        _require_room(folder, size)
        sums = {name: _copy(settings.home / name, folder / name) for name in files}
        if has_database:
            database.dump(settings, folder / _DUMP)
            sums[_DUMP] = _hash(folder / _DUMP)
        index = {"sohoa": version("sohoa"), "files": sums}
        write_private(folder / INDEX, json.dumps(index, indent=1, sort_keys=True))
    return (
        f"{len(sums):,} files, {size / _GB:.2f} GB, in {folder}; keep it where only its keeper reads it: it holds keys"
    )


def restore(settings: Settings, folder: Path) -> str:
    """Bring a backup back into a home that has no data; what came back, in a sentence.

    Raises:
        InputError: the folder holds no backup, or a file of it is not what was written.
        StackError: something runs, the home has data, or no room.
    """
    sums = _read_index(folder)
    with only_one(settings.home):
        _require_down(settings)
        found = [*_files(settings), *_database_files(settings)]
        if found:
            raise StackError(
                f"{settings.home} holds data ({found[0]} …): move `store`, `airflow` and `production` of it "
                "aside, then run it again"
            )
        size = sum((folder / name).stat().st_size for name in sums)
        _require_room(settings.home, size)
        for name, sha256 in sums.items():
            if _copy(folder / name, settings.home / name) != sha256:
                _take_back(settings)
                raise InputError(f"{folder / name} is not what was written: this backup is damaged, take another")
        if _DUMP in sums:
            try:
                production.prepare(settings, lambda _: None)
                database.load(settings, settings.home / _DUMP)
            except StackError:  # else the next start would find an Airflow that knows of nothing
                _take_back(settings)
                raise
            (settings.home / _DUMP).unlink()
    start = "sohoa stack up --profile production" if _DUMP in sums else "sohoa stack up"
    return f"{len(sums):,} files, {size / _GB:.2f} GB, are back in {settings.home}: `{start}` starts it"


def _take_back(settings: Settings) -> None:
    """Leave no half of a backup in a home that had no data; logs stay, which say why."""
    for folder in (settings.home / STORE, settings.home / AIRFLOW, database.folder(settings)):
        shutil.rmtree(folder, ignore_errors=True)
    for file in (env_file(settings), settings.home / _DUMP):
        file.unlink(missing_ok=True)


def _read_index(folder: Path) -> dict[str, str]:
    try:
        found = json.loads((folder / INDEX).read_text(encoding="utf-8"))["files"]
        sums = {str(name): str(value) for name, value in found.items()}
    except (OSError, ValueError, KeyError, AttributeError):
        raise InputError(f"{folder} holds no backup: there is no {INDEX} that can be read") from None
    root = folder.resolve()
    for name in sums:
        path = folder / name
        parts = Path(name).parts
        if not path.resolve().is_relative_to(root) or ".." in parts or parts[0] not in PARTS:
            raise InputError(f"{folder / INDEX} names {name!r}, which lies outside: it was not written by this command")
        if not path.is_file():
            raise InputError(f"{path} is missing: this backup is not whole, take another")
    return sums


def _require_down(settings: Settings) -> None:
    database.end_left_alone(settings)
    servers = [production.server(settings), seaweed.server(settings), space_guard.server(settings)]
    servers += airflow_server.servers(settings)
    if running := [server.name for server in servers if server.processes()]:
        raise StackError(
            f"still running: {', '.join(running)}; `sohoa stack down` first, so that it is one moment's copy"
        )
    if others := [f"{process.info['name']} ({process.pid})" for process in production.at_work(settings)]:
        raise StackError(
            f"still running: {', '.join(others)}; `systemctl stop sohoa.target` first where systemd runs the servers "
            "(`sohoa stack units`), so that it is one moment's copy"
        )


def _files(settings: Settings) -> Iterator[str]:
    """Names, below the home, of all that is data."""
    store = settings.home / STORE
    for path in sorted(store.rglob("*")):
        is_of_server = path.parent == store and path.name.endswith(_LEFT_OUT)
        if path.is_file() and not path.is_symlink() and not is_of_server:
            yield path.relative_to(settings.home).as_posix()
    for name in _AIRFLOW:
        if (airflow_server.home(settings) / name).is_file():
            yield f"{AIRFLOW}/{name}"
    if env_file(settings).is_file():
        yield env_file(settings).relative_to(settings.home).as_posix()


def _database_files(settings: Settings) -> Iterator[str]:
    """Names of PostgreSQL's own files, of which a backup holds the dump: without the secrets they are data too."""
    for path in sorted(database.folder(settings).glob("*")):
        yield path.relative_to(settings.home).as_posix()


def _require_room(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < size + _SPARE_BYTES:
        raise StackError(f"{folder} has no room: {size / _GB:.2f} GB are needed, {free / _GB:.2f} GB free")


def _hash(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _copy(source: Path, target: Path) -> str:
    """Copy a file, readable by its user alone and safe on the disk; its SHA-256, hexadecimal."""
    for parent in reversed(target.parents):
        if not parent.exists():
            parent.mkdir(mode=0o700)
    sums = hashlib.sha256()
    with (
        source.open("rb") as file,
        os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as copy,
    ):
        while piece := file.read(1 << 20):
            sums.update(piece)
            copy.write(piece)
        copy.flush()
        os.fsync(copy.fileno())
    return sums.hexdigest()
