"""One way through ``landing``, a bounded stretch each run: count what agencies use, take away what nobody needs.

A run begins where the last one ended (``_usage/sweep.json``) and starts again at the end. The files of a batch left
half-way are deleted the way an agency deletes them, so that they come back if a manifest comes at that very moment;
their versions go with all other old ones, after a term. Before, the folders are noted as a debt.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import TypedDict

from sohoa import layout
from sohoa.capacity.usage import Usage, Used, sum_received
from sohoa.logs import get_logger
from sohoa.notify.alerts import Alert, notify
from sohoa.settings import TIME_ZONE
from sohoa.slips.write_slips import write_abandoned
from sohoa.store import ObjectVersion, Store
from sohoa.upkeep.clean_folder import Terms, is_left, live, removable, superseded
from sohoa.upkeep.folders import Folder, list_folders, list_versions
from sohoa.upkeep.needed_files import Batch, is_committed, named_files, waiting_batches
from sohoa.upkeep.retention import let_go
from sohoa.work import Debts

log = get_logger(__name__)

MAX_FOLDERS = 2_000
"""Folders a run; in a store of a year, some days for all of it."""
_STRETCH = 100
"""Folders that are listed before it is read which batches wait."""
_MAX_LISTED = 100
"""Batches without a manifest that are kept by name for an agency, the largest."""
_OPEN: list[str] = []


class Swept(TypedDict):
    """What one run did."""

    folders: int
    versions_deleted: int
    bytes_freed: int
    batches_abandoned: int
    is_through: bool
    """Whether the end was reached, and the usage of all agencies written."""


class Place(TypedDict):
    """How far the way through has come, and what was counted on it."""

    after: str
    agencies: dict[str, Used]


@dataclass
class _Run:
    """One run: its terms, and what it has done so far."""

    store: Store
    now: datetime
    terms: Terms
    versions_deleted: int = 0
    bytes_freed: int = 0
    abandoned: list[Batch] = field(default_factory=list)


def sweep(store: Store, now: datetime, max_folders: int = MAX_FOLDERS) -> Swept:
    """Go on through ``landing`` from where the last run ended."""
    run = _Run(store, now, Terms.of(store.settings, now))
    _bring_back(run, Debts(store, "upkeep").load(_OPEN))
    place, folders, is_through = _load_place(store), 0, False
    left = list_folders(store, place["after"])
    while folders < max_folders and not is_through:
        stretch = list(islice(left, min(_STRETCH, max_folders - folders)))
        _clean(run, place, stretch)
        folders += len(stretch)
        is_through = not stretch
        if stretch:
            place["after"] = stretch[-1].prefix
            store.put_json(layout.WAREHOUSE, layout.SWEEP_KEY, place)
    if is_through:
        _write_usage(store, place, now)
    _tell_abandoned(run)
    return {
        "folders": folders,
        "versions_deleted": run.versions_deleted,
        "bytes_freed": run.bytes_freed,
        "batches_abandoned": len(run.abandoned),
        "is_through": is_through,
    }


def _clean(run: _Run, place: Place, folders: list[Folder]) -> None:
    """List the folders, then read which batches wait, then clean: a batch committed before the listing is seen."""
    listed = [list_versions(run.store, folder) for folder in folders]
    waiting = waiting_batches(run.store, run.now)
    left = []
    for folder, versions in zip(folders, listed, strict=True):
        is_waiting = (folder.agency, folder.batch) in waiting
        has_manifest = is_waiting or not folder.is_batch or is_committed(run.store, folder)
        gone = set() if is_waiting else _delete_old(run, folder, versions)
        if has_manifest and not is_waiting and folder.is_batch:
            gone |= _let_go(run, folder, [version for version in versions if version not in gone])
        if not has_manifest and is_left(versions, run.terms.abandoned):
            left.append((folder, versions))
        if folder.is_batch and versions:
            _count(place, folder, [version for version in versions if version not in gone], has_manifest)
    _take_away(run, left)


def _delete_old(run: _Run, folder: Folder, versions: list[ObjectVersion]) -> set[ObjectVersion]:
    """Delete what can go of a folder's versions."""
    has_old = bool(superseded(versions, run.terms.versions)) or any(
        one.is_newest and one.is_deletion for one in versions
    )
    if not has_old:
        return set()
    sizes = named_files(run.store, folder) if folder.is_batch else {}
    old = removable(folder, versions, sizes, run.terms.versions)
    freed = _delete(run, old)
    if old:
        log.info("old_versions_deleted", folder=folder.prefix, versions=len(old), bytes=freed)
    return set(old)


def _let_go(run: _Run, folder: Folder, versions: list[ObjectVersion]) -> set[ObjectVersion]:
    """Delete for good what the site lets go after its term."""
    old = let_go(run.store, folder, versions, run.now)
    freed = _delete(run, old)
    if old:
        log.info("rejected_files_deleted", folder=folder.prefix, versions=len(old), bytes=freed)
    return set(old)


def _delete(run: _Run, versions: list[ObjectVersion]) -> int:
    """Delete versions for good, and count them; how many bytes they were."""
    run.store.each(lambda version: run.store.delete(layout.LANDING, version.key, version.version_id), versions)
    freed = sum(version.size for version in versions)
    run.versions_deleted += len(versions)
    run.bytes_freed += freed
    return freed


def _take_away(run: _Run, left: list[tuple[Folder, list[ObjectVersion]]]) -> None:
    """Delete the files of batches left half-way, with a receipt first; they come back where a manifest has come."""
    if not left:
        return
    store, debts = run.store, Debts(run.store, "upkeep")
    debts.owe([folder.prefix for folder, _ in left])
    for folder, versions in left:
        files = live(versions)
        write_abandoned(store, folder.agency, folder.batch, max(one.last_modified for one in versions))
        store.each(lambda version: store.delete(layout.LANDING, version.key), files)
        run.abandoned.append((folder.agency, folder.batch))
        log.warning(
            "batch_abandoned",
            agency=folder.agency,
            batch=folder.batch,
            files=len(files),
            bytes=sum(one.size for one in files),
        )
    _bring_back(run, [folder.prefix for folder, _ in left])


def _bring_back(run: _Run, prefixes: list[str]) -> None:
    """Undo the deletion of files whose batch has got a manifest meanwhile; then nothing is owed."""
    if not prefixes:
        return
    store, waiting = run.store, waiting_batches(run.store, run.now)
    for folder in map(Folder, prefixes):
        if (folder.agency, folder.batch) in waiting or is_committed(store, folder):
            deletions = [
                version for version in list_versions(store, folder) if version.is_newest and version.is_deletion
            ]
            store.each(lambda version: store.delete(layout.LANDING, version.key, version.version_id), deletions)
            log.warning("batch_brought_back", agency=folder.agency, batch=folder.batch, files=len(deletions))
    Debts(store, "upkeep").clear()


def _count(place: Place, folder: Folder, versions: list[ObjectVersion], has_manifest: bool) -> None:
    used = place["agencies"].setdefault(
        folder.agency,
        Used(
            bytes=0,
            objects=0,
            newest_bytes=0,
            newest_objects=0,
            uncommitted_bytes=0,
            uncommitted={},
        ),
    )
    newest, bytes_ = live(versions), sum(version.size for version in versions)
    used["bytes"] += bytes_
    used["objects"] += sum(not version.is_deletion for version in versions)
    used["newest_bytes"] += sum(version.size for version in newest)
    used["newest_objects"] += len(newest)
    if newest and not has_manifest:
        used["uncommitted_bytes"] += bytes_
        lying = used["uncommitted"]
        lying[folder.batch] = lying.get(folder.batch, 0) + bytes_
        used["uncommitted"] = dict(sorted(lying.items(), key=lambda one: (-one[1], one[0]))[:_MAX_LISTED])


def _load_place(store: Store) -> Place:
    start: Place = {"after": "", "agencies": {}}
    return store.find_json(layout.WAREHOUSE, layout.SWEEP_KEY, start)


def _write_usage(store: Store, place: Place, now: datetime) -> None:
    """Write what was counted on the whole way; the next run begins at the start. What came long ago is forgotten."""
    local = now.astimezone(TIME_ZONE)
    usage: Usage = {
        "counted_at": local.isoformat(timespec="seconds"),
        "agencies": place["agencies"],
        "day": local.date().isoformat(),
        "received": sum_received(store, local.date()),
    }
    store.put_json(layout.WAREHOUSE, layout.USAGE_KEY, usage)
    store.delete(layout.WAREHOUSE, layout.SWEEP_KEY)
    log.info(
        "usage_counted", agencies=len(place["agencies"]), bytes=sum(u["bytes"] for u in place["agencies"].values())
    )


def _tell_abandoned(run: _Run) -> None:
    """Tell the operators, once a day."""
    if not run.abandoned:
        return
    names, settings = ", ".join(batch for _, batch in run.abandoned[:20]), run.store.settings
    alert = Alert(
        f"abandoned_batches/{run.now.astimezone(TIME_ZONE):%Y-%m-%d}",
        f"{len(run.abandoned)} lô gửi dở đã bị xóa",
        f"Các lô sau có tệp nhưng không có bản kê trong {settings.abandoned_days} ngày. Tệp đã được xóa, cơ quan gửi có"
        f" biên nhận: {names}. Còn khôi phục được trong {settings.old_versions_days} ngày.",
        f"These batches had files and no manifest for {settings.abandoned_days} days. The files are deleted, the"
        f" agencies have receipts: {names}. They can be restored for {settings.old_versions_days} days.",
        stands=False,
    )
    notify(run.store, alert, run.now)
