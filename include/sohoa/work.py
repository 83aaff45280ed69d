"""The work of a run, which ends with it, and the debts of a job, which a killed run leaves to the next one.

Every job may be killed and run again. What its steps hand to each other lies under ``_work/<job>/<run>/`` and is
deleted when the run is settled, or when there is nothing to do. What must not be forgotten, whatever the next run looks
at, lies in ``_debts/<job>.json``: it is written before the deed and deleted when all that belongs to it is done. What
a task died of is counted under ``_attempts/``.
``docs/flow.md`` lists every such object with its writer and its reader.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Literal, TypedDict, TypeVar

import pyarrow as pa

from sohoa import layout
from sohoa.errors import KeysRefused, ObjectDamaged, ObjectMissing, SohoaError, StoreError, WorkGone
from sohoa.logs import get_logger
from sohoa.store import ObjectInfo, Store

log = get_logger(__name__)

Job = Literal["check", "import", "summarise", "reconcile", "report", "upkeep"]
T = TypeVar("T")
_PATIENCE_S, _PAUSE_S = 600.0, 5.0
"""A task may take an hour (``dags/dag_policy.py``), and no other can do anything without the store either."""


class Taken(TypedDict):
    """What there is to do: the name of the run, the same for the same markers, and how many markers there are."""

    work: str
    markers: int


class Settled(TypedDict):
    """How a run ended: how many markers it deleted, and one line per problem of each closed gate."""

    settled: int
    problems: list[str]


class Work:
    """Intermediate objects of one run of a job."""

    def __init__(self, store: Store, job: Job, run: str) -> None:
        """Name the run; nothing is read or written yet."""
        self._store, self._job, self._run = store, job, run

    def save(self, name: str, value: Any) -> None:
        """Write a JSON-ready value."""
        self._store.put_json(layout.WAREHOUSE, self._key(f"{name}.json"), value)

    def load(self, name: str, default: T) -> T:
        """Read a value, the default where there is none: the run has been settled."""
        return _load(self._store, self._key(f"{name}.json"), default)

    def read(self, name: str) -> Any:
        """Read a value that an earlier step of this run has written.

        Raises:
            WorkGone: it is no longer there.
        """
        try:
            return self._store.get_json(layout.WAREHOUSE, self._key(f"{name}.json"))
        except ObjectMissing:
            raise self.gone() from None

    def save_bytes(self, name: str, data: bytes) -> None:
        """Write bytes as they are."""
        self._store.put(layout.WAREHOUSE, self._key(name), data)

    def read_bytes(self, name: str) -> bytes:
        """Read bytes that an earlier step of this run has written.

        Raises:
            WorkGone: they are no longer there.
        """
        try:
            return self._store.get(layout.WAREHOUSE, self._key(name))
        except ObjectMissing:
            raise self.gone() from None

    def save_rows(self, name: str, rows: pa.Table) -> None:
        """Write a table."""
        self._store.put_parquet(self._key(f"{name}.parquet"), rows)

    def load_rows(self, name: str) -> pa.Table:
        """Read a table that an earlier step of this run has written.

        Raises:
            WorkGone: it is no longer there.
        """
        try:
            return self._store.get_parquet(self._key(f"{name}.parquet"))
        except ObjectMissing:
            raise self.gone() from None

    def gone(self) -> WorkGone:
        """The error of a run whose work is no longer there."""
        return WorkGone(
            f"{self._job}: another run has settled the work of this one ({self._run}) meanwhile; "
            "nothing is lost, the next run does what is left"
        )

    def forget(self, name: str) -> None:
        """Delete a value."""
        self._store.delete(layout.WAREHOUSE, self._key(f"{name}.json"))

    def _key(self, name: str) -> str:
        return layout.work_key(self._job, self._run, name)


def clear_work(store: Store, job: Job) -> None:
    """Delete the work of all runs of a job, of killed ones too: one run of a job at a time."""
    store.delete_prefix(layout.WAREHOUSE, layout.work_prefix(job))


class Debts:
    """What a run of a job must not forget if it is killed."""

    def __init__(self, store: Store, job: Job) -> None:
        """Name the job; nothing is read or written yet."""
        self._store, self._key = store, layout.debt_key(job)

    def owe(self, value: Any) -> None:
        """Write a JSON-ready value, before anything of it is done."""
        self._store.put_json(layout.WAREHOUSE, self._key, value)

    def load(self, default: T) -> T:
        """Read what is owed, the default where nothing is."""
        return _load(self._store, self._key, default)

    def clear(self) -> None:
        """Delete the debts: all is done."""
        self._store.delete(layout.WAREHOUSE, self._key)


class _Attempted(TypedDict):
    at_work: list[str]
    deaths: dict[str, int]


class Attempts:
    """How often a task died while it was at work on something, counted in the store: whichever task comes next knows.

    A task that dies of memory, a signal or an error that nobody foresaw cannot say what it died of. It writes down
    beforehand what it begins; what stands there when the next one looks is what the one before died at.
    """

    def __init__(self, store: Store, step: str) -> None:
        """Read what is known of a step; nothing is written yet."""
        self._store, self._key = store, layout.attempts_key(step)
        nothing: _Attempted = {"at_work": [], "deaths": {}}
        found = store.find_json(layout.WAREHOUSE, self._key, nothing)
        self.deaths = Counter(found["deaths"])
        """What -> how many tasks died at it."""
        self.deaths.update(found["at_work"])

    @contextmanager
    def at_work(self, names: Iterable[str]) -> Iterator[None]:
        """Do something that a task could die of; a failure of what everybody needs is nobody's.

        What is damaged stays so, and only who needs it goes without: it counts as a death.
        """
        self._note(names)
        try:
            yield
        except ObjectDamaged:
            raise
        except SohoaError:
            self._withdraw()
            raise
        except KeyboardInterrupt:  # whoever stops it waits for nobody
            with suppress(StoreError):
                self._note([], self._store.asked_once())
            raise

    def clear(self) -> None:
        """Forget the step: it has been done."""
        self._store.delete(layout.WAREHOUSE, self._key)

    def _withdraw(self) -> None:
        """Note that nothing is at work; where the store has gone away, wait for it: what is left noted is a death.

        A store that refuses the keys is there, and no waiting helps.
        """
        ends = time.monotonic() + _PATIENCE_S
        while True:
            try:
                return self._note([])
            except KeysRefused:
                raise
            except StoreError as error:
                if time.monotonic() > ends:
                    raise
                log.warning("waits_for_store", patience_s=round(ends - time.monotonic()), reason=str(error))
                time.sleep(_PAUSE_S)

    def _note(self, names: Iterable[str], store: Store | None = None) -> None:
        known: _Attempted = {"at_work": sorted(names), "deaths": dict(self.deaths)}
        (store or self._store).put_json(layout.WAREHOUSE, self._key, known)


def digest(value: Any) -> str:
    """Name a JSON-ready value: 16 hexadecimal digits, the same for the same value."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def identity(info: ObjectInfo) -> str:
    """Name a marker as it was seen: one written again later has another name."""
    return f"{info.key} {info.etag} {info.last_modified.isoformat()}"


def delete_taken(store: Store, prefix: str, taken: Iterable[tuple[str, str]]) -> int:
    """Delete the markers that a run took, but for those written again since.

    Args:
        store: the store.
        prefix: where the markers lie in ``warehouse``.
        taken: key and identity of each.

    Returns:
        How many were deleted.
    """
    unchanged = {identity(info) for info in store.list_objects(layout.WAREHOUSE, prefix)}
    keys = [key for key, seen in taken if seen in unchanged]
    store.each(lambda key: store.delete(layout.WAREHOUSE, key), keys)
    return len(keys)


def _load(store: Store, key: str, default: T) -> T:
    try:
        value: T = store.get_json(layout.WAREHOUSE, key)
    except ObjectMissing:
        return default
    return value
