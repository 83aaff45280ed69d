"""Runs that die before one of their writes, and what can be compared afterwards."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from threading import Lock
from typing import Any, NoReturn

import pytest

from sohoa import layout
from sohoa.schema import TABLES
from sohoa.store import Store

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


def contents(store: Store) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables; when a marker was received depends on the test's own clock."""
    found = {table: store.read_table(table).to_pylist() for table in TABLES}
    for row in found["batches"]:
        row.pop("received_at")
    return found


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
