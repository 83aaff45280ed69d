"""Fetch receipts and slips: what became of the batches of an agency, from whichever computer they were sent."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sohoa import layout
from sohoa.clean_text import escape_name
from sohoa.desk.scans import OWN_FOLDER
from sohoa.desk.state import PlannedBatch, State
from sohoa.errors import ObjectMissing
from sohoa.settings import TIME_ZONE
from sohoa.store import ObjectInfo, Store

_AGAIN = ""
"""In place of a receipt's ETag: it is to be fetched again."""
_KEPT_DAYS = 120
"""Receipts that are older are not fetched, but for those of this computer's batches."""


def fetch_slips(store: Store, state: State, agency: str, today: date, say: Callable[[str], None]) -> list[PlannedBatch]:
    """Fetch the receipts that are new or were written again, and the slips of this computer's batches.

    Where a slip is not there yet, or cannot be written beside the scans, its receipt is read, and fetched again later.

    Args:
        store: of the province.
        state: of this computer.
        agency: its code.
        today: the day.
        say: is told of slips that cannot be written.

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
        batch, is_saved = own.get(receipt["batch"]), True
        if batch is not None and _answers(receipt, batch):
            is_saved = _save_slip(store, info.key, batch, receipt, say)
            if batch.receipt != receipt:
                state.set_receipt(batch, receipt)
                answered.append(state.batch(batch.id))
        state.keep_receipt(agency, info.key, info.etag if is_saved else _AGAIN, receipt)
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


def _save_slip(
    store: Store, key: str, batch: PlannedBatch, receipt: dict[str, Any], say: Callable[[str], None]
) -> bool:
    """Put receipt and slip beside the scans, where people find them; whether nothing is left to be done."""
    folder = Path(batch.folder) / OWN_FOLDER
    if not folder.parent.is_dir():  # the folder has been moved away: the slip stays in the store
        return True
    try:
        slip = store.get(layout.LANDING, key.removesuffix(".json") + ".html")
    except ObjectMissing:  # it is being written again
        return False
    text = json.dumps(receipt, ensure_ascii=False, indent=1)
    try:
        folder.mkdir(exist_ok=True)
        (folder / f"{batch.batch}.json").write_text(text, encoding="utf-8")
        (folder / f"{batch.batch}.html").write_bytes(slip)
    except OSError as error:
        say(f"{escape_name(folder)}: không ghi được giấy báo của lô {batch.batch} ({error.strerror}).")
        return False
    return True
