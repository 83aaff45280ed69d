"""Which files of ``landing`` somebody needs: those of batches that wait, and those that a settled manifest names.

A marker goes from the inbox into a run's work, and when it is settled into ``manifests/``, before it leaves the inbox.
Read in this order, after the files were listed, a batch that was committed before the listing is seen in one of them.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta

from sohoa import layout
from sohoa.errors import ObjectMissing, ObjectTooLarge
from sohoa.intake.check_run import CheckRun, owed_markers
from sohoa.intake.manifest import Manifest, parse_manifest
from sohoa.intake.manifest_faults import Refusal
from sohoa.store import ObjectVersion, Store
from sohoa.upkeep.folders import Folder

_WITHDRAWN_AFTER = timedelta(days=2)
"""A marker that its agency has deleted counts as waiting for so long: a check takes hours at most."""
Batch = tuple[str, str]
"""Agency and batch id."""
Sizes = dict[str, set[int]]
"""Path in the batch, composed Unicode -> the sizes that manifests say, bytes."""


def waiting_batches(store: Store, now: datetime) -> set[Batch]:
    """The batches whose marker lies in the inbox, is being checked, or is owed by a killed check."""
    waiting = {
        layout.split_inbox_key(version.key)
        for version in store.list_versions(layout.LANDING, layout.INBOX)
        if version.is_newest and (not version.is_deletion or version.last_modified > now - _WITHDRAWN_AFTER)
    }
    prefix = layout.work_prefix("check")
    runs = {item.key.removeprefix(prefix).split("/")[0] for item in store.list_objects(layout.WAREHOUSE, prefix)}
    markers = [marker for run in sorted(runs) for marker in CheckRun(store, run).markers()]
    return waiting | {(marker.agency, marker.batch) for marker in [*markers, *owed_markers(store)]}


def is_committed(store: Store, folder: Folder) -> bool:
    """Whether a manifest was ever settled, or a row written, for the batch that a folder is named after."""
    prefix = layout.manifests_prefix(folder.agency, folder.batch)
    return bool(list(store.list_objects(layout.WAREHOUSE, prefix, most=1))) or _has_row(store, folder)


def _has_row(store: Store, folder: Folder) -> bool:
    day = layout.batch_date(folder.batch, folder.agency)
    return day is not None and store.stat(layout.WAREHOUSE, layout.table_key("batches", day, folder.batch)) is not None


def named_files(store: Store, folder: Folder) -> Sizes | None:
    """The files that the settled manifests of a batch name; None where not all of that is known: all may be named."""
    manifests = settled_manifests(store, folder)
    if manifests is None:
        return None
    if not manifests:
        return None if _has_row(store, folder) else {}
    sizes: Sizes = {}
    for manifest in manifests:
        for document in manifest.documents:
            for file in document.files:
                sizes.setdefault(_composed(file.path), set()).add(file.bytes)
    return sizes


def settled_manifests(store: Store, folder: Folder) -> list[Manifest] | None:
    """Read all settled manifests of a batch; None where one of them cannot be read."""
    prefix = layout.manifests_prefix(folder.agency, folder.batch)
    found = []
    for item in store.list_objects(layout.WAREHOUSE, prefix):
        try:
            found.append(parse_manifest(store.get(layout.WAREHOUSE, item.key, store.settings.max_manifest_bytes)))
        except (Refusal, ObjectMissing, ObjectTooLarge):
            return None
    return found


def is_named(version: ObjectVersion, folder: Folder, sizes: Sizes) -> bool:
    """Whether a version can be the file that a manifest names: its path in either spelling, and its size."""
    return version.size in sizes.get(_composed(version.key.removeprefix(folder.prefix)), ())


def _composed(path: str) -> str:
    return unicodedata.normalize("NFC", path)
