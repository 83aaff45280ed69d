"""What one run of the check hands from step to step: a step killed half-way finds it again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any, TypedDict

import pyarrow as pa

from sohoa import layout
from sohoa.intake.manifest import Manifest, parse_manifest
from sohoa.intake.manifest_faults import Problem
from sohoa.settings import TIME_ZONE
from sohoa.store import Store
from sohoa.work import Debts, Work, digest

ADMITTED, REFUSED, REPEATED, OTHER_CONTENT, HELD = "admitted", "refused", "repeated", "other_content", "held"
_ROWS: list[dict[str, Any]] = []
JUDGED_TABLES = ("pages", "documents", "batches")


class Shard(TypedDict):
    """A pointer to files that one task measures; ``label`` is for people."""

    work: str
    shard: str
    label: str


class ShardPlan(TypedDict):
    """The files of one shard, rows of ``FileTask``, and the CPU seconds that each agency may use in it.

    Where earlier tasks died at its batches, they are measured one file at a time; ``deaths`` says at which files.
    """

    files: list[dict[str, Any]]
    seconds: dict[str, float]
    is_suspect: bool
    deaths: dict[str, int]


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
    other_content (the id is already committed: a receipt and no row); held (an object that is needed to decide is
    damaged, as ``code`` says: it waits, as behind a closed gate). ``has_copy``: the manifest was small enough to
    be kept.
    """

    marker: Marker
    status: str
    sha256: str
    name: str
    scan_date: date
    code: str | None = None
    problems: list[Problem] = field(default_factory=list)
    has_copy: bool = True

    @property
    def id(self) -> str:
        """Names the entry within its run: one batch id may have come with two contents."""
        return f"{layout.safe_name(self.marker.agency)}/{self.name}-{self.sha256[:12]}"


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

    def save_manifest(self, entry: Entry, body: bytes) -> None:
        """Keep a manifest as it was decided about: later steps read it here, whatever its agency does meanwhile."""
        self.save_bytes(f"manifests/{entry.id}.json", body)

    def manifest_body(self, entry: Entry) -> bytes:
        """The bytes of a manifest as it was decided about."""
        return self.read_bytes(f"manifests/{entry.id}.json")

    def manifest(self, entry: Entry) -> Manifest:
        """The manifest of an admitted entry."""
        return parse_manifest(self.manifest_body(entry))

    def save_shard(self, shard: str, plan: ShardPlan) -> None:
        """Write the files of one shard."""
        self.save(f"shards/{shard}", plan)

    def shard(self, shard: str) -> ShardPlan:
        """The files of one shard."""
        plan: ShardPlan = self.read(f"shards/{shard}")
        return plan

    def save_groups(self, groups: Sequence[Sequence[Entry]]) -> None:
        """Write which entries were judged together."""
        self.save("groups", [[entry.id for entry in group] for group in groups])

    def groups(self) -> list[list[Entry]]:
        """The entries that were judged together; those that are not finished yet are in none."""
        entries = {entry.id: entry for entry in self.entries()}
        if not entries:
            return []  # every manifest was withdrawn before it was read
        groups: list[list[str]] = self.read("groups")
        return [[entries[name] for name in group] for group in groups]

    def save_judged(self, group: Sequence[Entry], tables: dict[str, pa.Table], closed: dict[str, list[str]]) -> None:
        """Write the judged tables of a group, and what is wrong with the rows of each batch whose gate is closed."""
        name = _group_name(group)
        for table, rows in tables.items():
            self.save_rows(f"judged/{name}/{table}", rows)
        self.save(f"closed/{name}", closed)

    def judged(self, group: Sequence[Entry]) -> dict[str, pa.Table]:
        """The judged tables of a group."""
        return {table: self.load_rows(f"judged/{_group_name(group)}/{table}") for table in JUDGED_TABLES}

    def closed(self, group: Sequence[Entry]) -> dict[str, list[str]]:
        """Batch whose gate is closed -> what is wrong with its rows."""
        closed: dict[str, list[str]] = self.read(f"closed/{_group_name(group)}")
        return closed


def _group_name(group: Sequence[Entry]) -> str:
    return digest([entry.id for entry in group])


def owe_markers(store: Store, entries: Iterable[Entry], waiting: Collection[str]) -> None:
    """Let the next run check these batches even if this one is killed and their markers are withdrawn.

    What is owed of ``waiting`` agencies stays so: a batch that is held may have been published in part.
    """
    _owe(store, [*_owed_of(store, waiting), *(entry.marker for entry in entries)])


def owed_markers(store: Store) -> list[Marker]:
    """The markers of batches that a killed run may have published in part."""
    return [Marker(**row) for row in Debts(store, "check").load(_ROWS)]


def clear_owed_markers(store: Store, settled: Iterable[Entry], waiting: Collection[str]) -> None:
    """Owe no more than batches of ``waiting`` agencies that are not settled."""
    done = {entry.marker for entry in settled}
    if left := [marker for marker in _owed_of(store, waiting) if marker not in done]:
        _owe(store, left)
    else:
        Debts(store, "check").clear()


def _owed_of(store: Store, agencies: Collection[str]) -> list[Marker]:
    return [marker for marker in owed_markers(store) if marker.agency in agencies] if agencies else []


def _owe(store: Store, markers: Iterable[Marker]) -> None:
    Debts(store, "check").owe([asdict(marker) for marker in dict.fromkeys(markers)])
