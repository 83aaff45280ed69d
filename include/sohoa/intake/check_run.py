"""What one run of the check has to do, as objects under its work prefix: a task killed half-way finds it again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

from sohoa import layout
from sohoa.errors import ObjectMissing
from sohoa.settings import TIME_ZONE
from sohoa.store import Store

JOB = "check"
ADMITTED, REFUSED, REPEATED, OTHER_CONTENT = "admitted", "refused", "repeated", "other_content"
STATUSES = (ADMITTED, REFUSED, REPEATED, OTHER_CONTENT)


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


def digest(value: Any) -> str:
    """Stable short name of a JSON-ready value: 16 hexadecimal digits."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def work_key(work: str, name: str) -> str:
    """Key in ``warehouse`` of one intermediate object of a check run."""
    return layout.work_prefix(JOB, work) + name


def save_markers(store: Store, markers: Iterable[Marker]) -> str:
    """Write down what was discovered; returns the run's name, the same for the same markers."""
    rows = [asdict(marker) for marker in markers]
    work = digest(rows)
    if rows:
        store.put_json(layout.WAREHOUSE, work_key(work, "markers.json"), rows)
    else:
        clean_up(store)
    return work


def clean_up(store: Store) -> None:
    """Delete all intermediate objects, those of runs that were killed too: one check runs at a time."""
    store.delete_prefix(layout.WAREHOUSE, layout.work_prefix(JOB))


def load_markers(store: Store, work: str) -> list[Marker]:
    """The markers of this run, none where the run has been settled."""
    try:
        rows = store.get_json(layout.WAREHOUSE, work_key(work, "markers.json"))
    except ObjectMissing:
        return []
    return [Marker(**row) for row in rows]


def save_entries(store: Store, work: str, entries: Iterable[Entry]) -> None:
    """Write down what was decided about each marker."""
    rows = [asdict(entry) | {"scan_date": entry.scan_date.isoformat()} for entry in entries]
    store.put_json(layout.WAREHOUSE, work_key(work, "entries.json"), rows)


def load_entries(store: Store, work: str) -> list[Entry]:
    """The decisions of this run, none where the run has been settled."""
    try:
        rows = store.get_json(layout.WAREHOUSE, work_key(work, "entries.json"))
    except ObjectMissing:
        return []
    return [
        Entry(**{**row, "marker": Marker(**row["marker"]), "scan_date": date.fromisoformat(row["scan_date"])})
        for row in rows
    ]
