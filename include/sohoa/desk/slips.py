"""Fetch receipts and slips: what became of the batches of an agency, from whichever computer they were sent."""

from __future__ import annotations

import hashlib
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sohoa import layout
from sohoa.desk.scans import OWN_FOLDER
from sohoa.desk.state import PlannedBatch, State
from sohoa.errors import ObjectMissing
from sohoa.settings import TIME_ZONE
from sohoa.store import ObjectInfo, Store

_KEPT_DAYS = 120
"""Receipts that are older are not fetched, but for those of this computer's batches."""


def fetch_slips(store: Store, state: State, agency: str, today: date) -> list[PlannedBatch]:
    """Fetch the receipts that are new or were written again, and the slips of this computer's batches.

    Returns:
        This computer's batches that have an answer now and had none, or another one, before.
    """
    kept = state.receipt_etags(agency)
    own = {batch.batch: batch for batch in state.batches(agency, "committed", "admitted", "refused")}
    answered = []
    for info in store.list_objects(layout.LANDING, f"{layout.RECEIPTS}{agency}/"):
        if kept.get(info.key) == info.etag or not _is_receipt(info):
            continue
        is_recent = info.last_modified.astimezone(TIME_ZONE).date() >= today - timedelta(days=_KEPT_DAYS)
        if not is_recent and info.key.split("/")[2] not in own:
            continue
        receipt = _read(store, info)
        if receipt is None:
            continue
        batch = own.get(receipt["batch"])
        if batch is not None and _answers(receipt, batch):
            _save_slip(store, info.key, batch, receipt)
            state.set_receipt(batch, receipt)
            answered.append(state.batch(batch.id))
        state.keep_receipt(agency, info.key, info.etag, receipt)
    return answered


def _is_receipt(info: ObjectInfo) -> bool:
    name = info.key.rpartition("/")[2]
    return name.endswith(".json") and not name.endswith(".pictures.json")


def _read(store: Store, info: ObjectInfo) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = store.get_json(layout.LANDING, info.key)
    except ObjectMissing:  # it is being written again
        return None
    return found


def _answers(receipt: dict[str, Any], batch: PlannedBatch) -> bool:
    """Whether a receipt is that of the manifest that was sent, and not of another one under the same id."""
    return batch.manifest is not None and receipt["manifest_sha256"] == hashlib.sha256(batch.manifest).hexdigest()


def _save_slip(store: Store, key: str, batch: PlannedBatch, receipt: dict[str, Any]) -> None:
    """Put receipt and slip beside the scans, where people find them."""
    folder = Path(batch.folder) / OWN_FOLDER
    if not folder.parent.is_dir():  # the folder has been moved away: the slip stays in the store
        return
    folder.mkdir(exist_ok=True)
    text = json.dumps(receipt, ensure_ascii=False, indent=1)
    (folder / f"{batch.batch}.json").write_text(text, encoding="utf-8")
    try:
        slip = store.get(layout.LANDING, key.removesuffix(".json") + ".html")
    except ObjectMissing:
        return
    (folder / f"{batch.batch}.html").write_bytes(slip)
