"""What one run of the check hands from step to step: a step killed half-way finds it again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any, TypedDict

import pyarrow as pa

from sohoa import layout
from sohoa.errors import ObjectMissing
from sohoa.settings import TIME_ZONE
from sohoa.store import Store
from sohoa.work import Debts, Work, digest

ADMITTED, REFUSED, REPEATED, OTHER_CONTENT = "admitted", "refused", "repeated", "other_content"
_ROWS: list[dict[str, Any]] = []
JUDGED_TABLES = ("pages", "documents", "batches")


class Shard(TypedDict):
    """A pointer to files that one task measures; ``label`` is for people."""

    work: str
    shard: str
    label: str


@dataclass(frozen=True)
class Marker:
    """One inbox marker as discovery saw it."""

    key: str
    version_id: str | None
    etag: str
    size: int
    received_at: str

    @property
    def agency(self) -> str:
        """The agency under whose prefix the marker lies."""
        return layout.split_inbox_key(self.key)[0]

    @property
    def batch(self) -> str:
        """The batch id that the marker's name gives."""
        return layout.split_inbox_key(self.key)[1]

    @property
    def received(self) -> datetime:
        """When the store took the marker, local time."""
        return datetime.fromisoformat(self.received_at).astimezone(TIME_ZONE)


@dataclass(frozen=True)
class Entry:
    """What was decided about one marker.

    ``status``: admitted; refused (one row in ``batches``); repeated (the same content again: nothing to do);
    other_content (the id is already committed: a receipt and no row).
    """

    marker: Marker
    status: str
    sha256: str
    name: str
    scan_date: date
    code: str | None = None
    problems: list[dict[str, str]] = field(default_factory=list)


class CheckRun(Work):
    """The intermediate objects of one check, by their names; no markers and entries where it has been settled."""

    def __init__(self, store: Store, run: str) -> None:
        """Name the run; nothing is read or written yet."""
        super().__init__(store, "check", run)
        self.name = run

    @classmethod
    def begin(cls, store: Store, markers: Iterable[Marker]) -> CheckRun:
        """Write down what was discovered; the run's name is the same for the same markers."""
        rows = [asdict(marker) for marker in markers]
        run = cls(store, digest(rows))
        run.save("markers", rows)
        return run

    def markers(self) -> list[Marker]:
        """What was discovered."""
        return [Marker(**row) for row in self.load("markers", _ROWS)]

    @property
    def is_settled(self) -> bool:
        """Whether the run has ended: there is nothing left to do in it."""
        return not self.markers()

    def save_entries(self, entries: Iterable[Entry]) -> None:
        """Write down what was decided about each marker."""
        rows = [asdict(entry) | {"scan_date": entry.scan_date.isoformat()} for entry in entries]
        self.save("entries", rows)

    def entries(self) -> list[Entry]:
        """What was decided about each marker."""
        return [
            Entry(**{**row, "marker": Marker(**row["marker"]), "scan_date": date.fromisoformat(row["scan_date"])})
            for row in self.load("entries", _ROWS)
        ]

    def save_declared(self, table: str, rows: pa.Table) -> None:
        """Write what the admitted manifests declare: ``documents``, ``batches`` or ``files``."""
        self.save_rows(f"declared/{table}", rows)

    def declared(self, table: str) -> pa.Table:
        """What the admitted manifests declare: ``documents``, ``batches`` or ``files``."""
        return self.load_rows(f"declared/{table}")

    def save_shard(self, shard: str, tasks: list[dict[str, Any]]) -> None:
        """Write the files of one shard."""
        self.save(f"shards/{shard}", tasks)

    def shard(self, shard: str) -> list[dict[str, Any]]:
        """The files of one shard."""
        rows: list[dict[str, Any]] = self.read(f"shards/{shard}")
        return rows

    def save_plan(self, shards: Sequence[str]) -> None:
        """Write the shards of this run; one that was killed and planned again may have left others."""
        self.save("shards", list(shards))

    def plan(self) -> list[str]:
        """The shards of this run."""
        shards: list[str] = self.read("shards")
        return shards

    def save_pages(self, shard: str, rows: pa.Table) -> None:
        """Write the page rows that a shard has measured."""
        self.save_rows(f"pages/{shard}", rows)

    def pages(self, shard: str) -> pa.Table | None:
        """The page rows that a shard has measured, None where it has not."""
        try:
            return self.load_rows(f"pages/{shard}")
        except ObjectMissing:
            return None

    def measured(self) -> list[pa.Table]:
        """The page rows of all shards of this run, in their order."""
        return [self.load_rows(f"pages/{shard}") for shard in self.plan()]

    def save_judged(self, tables: dict[str, pa.Table], closed: dict[str, list[str]]) -> None:
        """Write the judged tables, and what is wrong with the rows of each batch whose gate is closed."""
        for table, rows in tables.items():
            self.save_rows(f"judged/{table}", rows)
        self.save("closed", closed)

    def judged(self) -> dict[str, pa.Table]:
        """The judged tables."""
        return {table: self.load_rows(f"judged/{table}") for table in JUDGED_TABLES}

    def closed(self) -> dict[str, list[str]]:
        """Batch whose gate is closed -> what is wrong with its rows."""
        closed: dict[str, list[str]] = self.read("closed")
        return closed


def owe_markers(store: Store, entries: Iterable[Entry]) -> None:
    """Let the next run check these batches even if this one is killed and their markers are withdrawn."""
    Debts(store, "check").owe([asdict(entry.marker) for entry in entries])


def owed_markers(store: Store) -> list[Marker]:
    """The markers of batches that a killed run may have published in part."""
    return [Marker(**row) for row in Debts(store, "check").load(_ROWS)]


def clear_owed_markers(store: Store) -> None:
    """Nothing is owed: the batches are settled."""
    Debts(store, "check").clear()
