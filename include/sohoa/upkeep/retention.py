"""What a site lets go after a time that it sets: the files of rejected documents, and nothing that was accepted.

Without ``SOHOA_REJECTED_DAYS`` nothing goes.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta
from typing import Any

from sohoa import layout
from sohoa.intake.manifest import Manifest
from sohoa.settings import TIME_ZONE
from sohoa.store import ObjectVersion, Store
from sohoa.upkeep.folders import Folder
from sohoa.upkeep.needed_files import settled_manifests


def let_go(store: Store, folder: Folder, versions: list[ObjectVersion], now: datetime) -> list[ObjectVersion]:
    """Return the versions of a settled batch that its site lets go: all of files that rejected documents alone name.

    Args:
        store: only read.
        folder: of a batch that does not wait.
        versions: all in it.
        now: with its zone.
    """
    days = store.settings.rejected_days
    day = layout.batch_date(folder.batch, folder.agency)
    if days is None or day is None or not versions:
        return []
    (row,) = store.read_table("batches", [day], name=folder.batch).to_pylist() or (None,)
    if row is None or row["received_at"] > now.astimezone(TIME_ZONE).replace(tzinfo=None) - timedelta(days):
        return []
    manifests = settled_manifests(store, folder)
    if not manifests:
        return []
    rejected = _rejected(store, folder, day)
    gone = _paths(manifests, lambda name: name in rejected) - _paths(manifests, lambda name: name not in rejected)
    return [one for one in versions if _composed(one.key.removeprefix(folder.prefix)) in gone]


def _rejected(store: Store, folder: Folder, day: Any) -> set[str]:
    """The documents of a batch that were rejected and that no person has taken all the same."""
    decided = {
        (row["agency"], row["document_id"])
        for row in store.read_table("reviews", [day]).to_pylist()
        if row["decision"] != "reject"
    }
    rows = store.read_table("documents", [day], name=folder.batch).to_pylist()
    return {
        row["document_id"]
        for row in rows
        if row["verdict"] == "rejected" and (row["agency"], row["document_id"]) not in decided
    }


def _paths(manifests: list[Manifest], is_wanted: Any) -> set[str]:
    return {
        _composed(file.path)
        for manifest in manifests
        for one in manifest.documents
        if is_wanted(one.document_id)
        for file in one.files
    }


def _composed(path: str) -> str:
    return unicodedata.normalize("NFC", path)
