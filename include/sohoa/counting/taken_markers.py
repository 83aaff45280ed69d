"""The pending markers that one run of the summaries has taken, and which days and batches they touch."""

from __future__ import annotations

from datetime import date
from typing import TypedDict

from sohoa import layout
from sohoa.counting.join_dossiers import split_by_dossier_day
from sohoa.errors import ObjectDamaged
from sohoa.pending import PendingReview, PendingScan
from sohoa.store import ObjectInfo, Store
from sohoa.work import Work, identity


class _Batch(TypedDict):
    scan_date: str
    batch: str


class TakenMarker(TypedDict):
    """A pending marker as it was seen, with the days that it touches."""

    key: str
    identity: str
    dossier_days: list[str]
    scan_days: list[str]
    batch: _Batch | None
    """Of a scan or a review: whose documents are read."""


def plan_of(store: Store, work: str) -> Work:
    """Return what the steps of one run hand to each other."""
    return Work(store, "summarise", work)


def load_markers(store: Store, work: str) -> list[TakenMarker]:
    """Return the markers of a run that are not held; none where it has been settled."""
    return plan_of(store, work).load("markers", list[TakenMarker]())


def dossier_days(markers: list[TakenMarker]) -> list[date]:
    """Return the dossier days that some markers touch, each once, in order."""
    return sorted({date.fromisoformat(day) for marker in markers for day in marker["dossier_days"]})


def batches_of(markers: list[TakenMarker]) -> list[tuple[date, str]]:
    """Return scan date and id of the batches whose documents are read, each once."""
    batches = [marker["batch"] for marker in markers if marker["batch"]]
    return sorted({(date.fromisoformat(batch["scan_date"]), batch["batch"]) for batch in batches})


def read_marker(store: Store, info: ObjectInfo) -> TakenMarker | ObjectDamaged:
    """Read a pending marker with the days that it touches; where it, or what it names, is damaged, say so."""
    try:
        return _read(store, info)
    except ObjectDamaged as error:
        return error
    except (ValueError, KeyError, TypeError) as error:  # of another shape
        return ObjectDamaged(f"{layout.WAREHOUSE}/{info.key}", repr(error))


def _read(store: Store, info: ObjectInfo) -> TakenMarker:
    """A marker with the days it touches; that of a day of the register says no more than its name.

    Raises:
        ValueError, KeyError, TypeError: it says something else than its name, or is of another shape.
    """
    taken: TakenMarker = {
        "key": info.key,
        "identity": identity(info),
        "dossier_days": [],
        "scan_days": [],
        "batch": None,
    }
    if day := layout.pending_register_day(info.key):
        return {**taken, "dossier_days": [day.isoformat()]}
    marker: PendingScan | PendingReview = store.get_json(layout.WAREHOUSE, info.key)
    taken["batch"] = {"scan_date": marker["scan_date"], "batch": marker["batch"]}
    if marker["kind"] == "review":
        taken["dossier_days"] = [marker["dossier_date"]] if marker["dossier_date"] else []
        return taken
    named = info.key.rpartition("/")[2].removesuffix(".json")
    if layout.BatchId.parse(named) and named != marker["batch"]:
        raise ValueError(f"it is of {marker['batch']}")
    documents = store.read_table("documents", [date.fromisoformat(marker["scan_date"])], name=marker["batch"])
    taken["dossier_days"] = [one.isoformat() for one in split_by_dossier_day(documents)]
    taken["scan_days"] = [marker["scan_date"]]
    return taken
