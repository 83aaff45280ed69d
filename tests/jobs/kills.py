"""Runs that die before one of their writes, and what can be compared afterwards."""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from threading import Lock
from typing import Any, NoReturn

import pytest
from minio.datatypes import Object as MinioObject
from minio.deleteobjects import DeleteObject

from sohoa import layout
from sohoa.schema import TABLES
from sohoa.store import Store
from tests.servers import delete_trees, names_in, s3_client, versions_of

Job = Callable[[], Any]
WRITES = ("put", "copy", "delete")


class Killed(BaseException):
    """The process is gone: nothing catches it."""


def killed_before(job: Job, number: int) -> bool:
    """Run a job whose writes from the ``number``-th on are never sent; whether it came that far."""

    def die() -> NoReturn:
        raise Killed

    try:
        with _dying_before(number, die):
            job()
    except Killed:
        return True
    return False


def really_killed_before(job: Job, number: int) -> bool:
    """Run a job in a child process that is killed by SIGKILL at its ``number``-th write; whether it came that far."""
    child = os.fork()
    if child == 0:
        status = 70
        try:
            with _dying_before(number, lambda: os.kill(os.getpid(), signal.SIGKILL)):
                job()
            status = 0
        finally:
            os._exit(status)
    _, ended = os.waitpid(child, 0)
    assert os.WIFSIGNALED(ended) or os.WEXITSTATUS(ended) == 0, "the job failed by itself"
    return os.WIFSIGNALED(ended)


@contextmanager
def _dying_before(number: int, die: Callable[[], None]) -> Iterator[None]:
    lock, made = Lock(), count(1)
    with pytest.MonkeyPatch.context() as patch:
        for name in WRITES:
            original = getattr(Store, name)

            def write(self: Store, *args: Any, _original: Callable[..., Any] = original, **kwargs: Any) -> Any:
                with lock:
                    if next(made) >= number:
                        die()
                return _original(self, *args, **kwargs)

            patch.setattr(Store, name, write)
        yield


def take_snapshot(store: Store) -> list[tuple[str, str, bytes]]:
    """Every object: bucket, key, bytes."""
    return [
        (bucket, item.key, store.get(bucket, item.key))
        for bucket in layout.BUCKETS
        for item in store.list_objects(bucket, "")
    ]


def put_back(store: Store, snapshot: list[tuple[str, str, bytes]]) -> None:
    """Make the store hold a snapshot and nothing else, no earlier version either; only what differs is written.

    But markers of the inbox are always, one after another: a batch must not come after the one that replaces it.
    """
    for bucket in layout.BUCKETS:
        wanted = {key: data for place, key, data in snapshot if place == bucket}
        found: dict[str, list[MinioObject]] = {}
        for version in versions_of(store, bucket):
            found.setdefault(str(version.object_name), []).append(version)
        kept = {
            key
            for key, versions in found.items()
            if key in wanted and not key.startswith(layout.INBOX) and _is_only(versions, wanted[key])
        }
        emptied = [name for name in names_in(store, bucket) if not any(key.startswith(name) for key in kept)]
        delete_trees(store, bucket, emptied)
        others = [key for key in found.keys() - kept if not key.startswith(tuple(emptied))]
        gone = [DeleteObject(key, version.version_id) for key in others for version in found[key]]
        assert not list(s3_client(store).remove_objects(bucket, gone))
        markers = sorted(key for key in wanted if key.startswith(layout.INBOX))
        changed = wanted.keys() - kept - set(markers)
        store.each(lambda key, bucket=bucket, wanted=wanted: store.put(bucket, key, wanted[key]), changed)
        for key in markers:
            store.put(bucket, key, wanted[key])


def _is_only(versions: list[MinioObject], data: bytes) -> bool:
    """Tell whether an object has one version, of these bytes."""
    etag = hashlib.md5(data, usedforsecurity=False).hexdigest()
    return len(versions) == 1 and not versions[0].is_delete_marker and (versions[0].etag or "").strip('"') == etag


def contents(store: Store) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables; when a marker was received depends on the test's own clock."""
    objects = [(item.key, item.etag) for item in store.list_objects(layout.WAREHOUSE, "")]
    found = {
        table: _rows(store, table, tuple(item for item in objects if item[0].startswith(layout.table_prefix(table))))
        for table in TABLES
    }
    batches = [{name: value for name, value in row.items() if name != "received_at"} for row in found["batches"]]
    return found | {"batches": batches}


@cache
def _rows(store: Store, table: str, objects: tuple[tuple[str, str], ...]) -> list[dict[str, Any]]:
    """Rows of a table; read once as long as its objects have the same bytes."""
    return store.read_table(table).to_pylist()


def receipts(store: Store) -> dict[str, tuple[str, list[tuple[str, str]]]]:
    """Key of each receipt -> its status or reason, and what becomes of its documents."""
    found = {}
    for item in store.list_objects(layout.LANDING, "receipts/"):
        if item.key.endswith(".json") and not item.key.endswith(".pictures.json"):
            body = store.get_json(layout.LANDING, item.key)
            told = [(document["document_id"], document["outcome"]) for document in body.get("documents", [])]
            found[item.key] = (body.get("reason") or body["status"], told)
    return found


def waiting(store: Store) -> set[str]:
    """What the queues hold: markers in the inbox, batches and days that are not counted or not reconciled."""
    inbox = {item.key for item in store.list_objects(layout.LANDING, layout.INBOX)}
    pending = {item.key for item in store.list_objects(layout.WAREHOUSE, layout.PENDING)}
    days = {key.rpartition("/")[0] if "/register/" in key else key for key in pending}  # whoever changed the day
    unreconciled = store.list_objects(layout.WAREHOUSE, layout.UNRECONCILED)
    return inbox | days | {f"unreconciled {layout.unreconciled_day(item.key)}" for item in unreconciled}


def left_over(store: Store) -> list[str]:
    """Work of runs and debts."""
    prefixes = (layout.WORK, layout.DEBTS)
    return [item.key for prefix in prefixes for item in store.list_objects(layout.WAREHOUSE, prefix)]


def outside_work(store: Store) -> dict[str, str]:
    """Key and ETag of every object but the work of runs."""
    return {
        f"{bucket}/{item.key}": item.etag
        for bucket in layout.BUCKETS
        for item in store.list_objects(bucket, "")
        if not item.key.startswith(layout.WORK)
    }
