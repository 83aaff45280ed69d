"""Whether what was accepted is still there as it was accepted: some batches a run, some files of each, all in turn.

Bytes are read back and hashed; a store that answers with other bytes than it took says nothing of it. A batch of which
something is wrong is noted in ``_damaged/``, looked at again, and forgotten when it is whole again.
"""

from __future__ import annotations

import random
from datetime import date, datetime
from typing import Any, TypedDict

from sohoa import layout
from sohoa.errors import ObjectDamaged, ObjectMissing, ObjectTooLarge
from sohoa.intake.committed_files import find_absence
from sohoa.intake.manifest import File, Manifest, parse_manifest
from sohoa.intake.manifest_faults import Refusal
from sohoa.logs import get_logger
from sohoa.notify.alerts import Alert, notify, notify_over
from sohoa.store import Store

log = get_logger(__name__)

ALERT_KEY = "integrity"
FILES_OF_A_BATCH = 5
"""Of one batch in one run; which ones is drawn by batch and day, so that in time all are."""
_MAX_NAMED = 10


class Damaged(TypedDict):
    """What is wrong with one batch: a line for each file or table."""

    agency: str
    batch: str
    since: str
    problems: list[str]


class Checked(TypedDict):
    """How many files one run has read back, of how many batches, and how many batches are damaged."""

    files_read: int
    batches_read: int
    batches_damaged: int


class _Place(TypedDict):
    after: str


def check_integrity(store: Store, now: datetime) -> Checked:
    """Read back files of accepted documents, from where the last run ended; operators hear of what is wrong.

    Damaged batches have a share of a run of their own, as large as that of all others, however many they are.
    """
    damaged = read_damaged(store)
    again, batches_again = _check_again(store, damaged, now)
    known = {(one["agency"], one["batch"]) for one in damaged}
    files = batches = 0
    is_through, after = False, ""
    while files < store.settings.integrity_files and not is_through:
        found = list(store.list_objects(layout.WAREHOUSE, layout.table_prefix("batches"), _place(store), most=_BATCHES))
        is_through = len(found) < _BATCHES
        for item in found:
            batch = item.key.rpartition("/")[2].removesuffix(".parquet")
            parsed = layout.BatchId.parse(batch)
            if parsed is not None and (parsed.agency, batch) not in known:
                files += _check_batch(store, parsed.agency, batch, now, None)
                batches += 1
            after = item.key
            if files >= store.settings.integrity_files:
                is_through = False
                break
        store.put_json(layout.WAREHOUSE, layout.INTEGRITY_KEY, _Place(after="" if is_through else after))
    left = read_damaged(store)
    _tell(store, left, now)
    return {"files_read": again + files, "batches_read": batches_again + batches, "batches_damaged": len(left)}


def _check_again(store: Store, damaged: list[Damaged], now: datetime) -> tuple[int, int]:
    """Look again at damaged batches, in an order drawn by day; how many files were read, of how many batches."""
    files = batches = 0
    for one in random.Random(f"{now:%Y-%m-%d}").sample(damaged, len(damaged)):  # noqa: S311 (no secret)
        if files >= store.settings.integrity_files:
            break
        files += _check_batch(store, one["agency"], one["batch"], now, one)
        batches += 1
    return files, batches


def read_damaged(store: Store) -> list[Damaged]:
    """Read what is wrong with which batches."""
    keys = [item.key for item in store.list_objects(layout.WAREHOUSE, layout.DAMAGED)]
    found: list[Damaged] = store.each(lambda key: store.get_json(layout.WAREHOUSE, key), keys)
    return found


_BATCHES = 40
"""Batches that are listed at a time."""


def _place(store: Store) -> str | None:
    """The object of ``batches`` at which the last run ended; None at the start."""
    start: _Place = {"after": ""}
    return store.find_json(layout.WAREHOUSE, layout.INTEGRITY_KEY, start)["after"] or None


def _check_batch(store: Store, agency: str, batch: str, now: datetime, known: Damaged | None) -> int:
    """Look at one batch, and note or forget what is wrong; how many files were read. A damaged one is read whole."""
    try:
        found = _look_at(store, agency, batch, now, is_whole=known is not None)
    except ObjectDamaged as error:  # its rows in a table
        found = [str(error)], 0
    if found is None:
        return 0
    _note(store, agency, batch, now, known, found[0])
    return found[1]


def _look_at(store: Store, agency: str, batch: str, now: datetime, is_whole: bool) -> tuple[list[str], int] | None:
    """What is wrong with a batch, and how many files were read; None of one that was refused."""
    day = layout.batch_date(batch, agency)
    (row,) = store.read_table("batches", [] if day is None else [day], name=batch).to_pylist() or (None,)
    if row is None or row["refusal"] is not None or day is None:
        return None
    documents = store.read_table("documents", [day], name=batch).to_pylist()
    store.read_table("pages", [day], name=batch)
    problems = []
    if len(documents) != row["documents_declared"]:
        problems.append(f"documents: {len(documents)} rows of {row['documents_declared']}")
    manifest = _manifest(store, agency, batch, row["manifest_sha256"])
    if manifest is None:
        problems.append("the manifest that was settled is not there, or is not what was settled")
    taken = {one["document_id"] for one in _decisions(store, agency, day) if one["decision"] != "reject"}
    kept = {
        one["document_id"]
        for one in documents
        if one["is_received"] and (one["verdict"] != "rejected" or one["document_id"] in taken)
    }
    files = [file for one in (manifest.documents if manifest else ()) if one.document_id in kept for file in one.files]
    read = files if is_whole else _draw(files, f"{batch} {now:%Y-%m-%d}")
    prefix = layout.batch_prefix(agency, day, batch)
    for file in read:
        absence = find_absence(store, prefix, file)
        if absence is not None:
            problems.append(f"{file.path}: {absence}, SHA-256 {file.sha256}")
    return problems, len(read)


def _decisions(store: Store, agency: str, day: date) -> list[dict[str, Any]]:
    return [row for row in store.read_table("reviews", [day]).to_pylist() if row["agency"] == agency]


def _draw(files: list[File], seed: str) -> list[File]:
    return random.Random(seed).sample(files, min(FILES_OF_A_BATCH, len(files)))  # noqa: S311 (no secret)


def _manifest(store: Store, agency: str, batch: str, sha256: str) -> Manifest | None:
    try:
        key = layout.manifest_key(agency, batch, sha256)
        data = store.get(layout.WAREHOUSE, key, store.settings.max_manifest_bytes)
        return parse_manifest(data)
    except (ObjectMissing, ObjectTooLarge, Refusal):
        return None


def _note(store: Store, agency: str, batch: str, now: datetime, known: Damaged | None, problems: list[str]) -> None:
    key = layout.damaged_key(agency, batch)
    if problems:
        since = known["since"] if known else now.isoformat(timespec="seconds")
        store.put_json(layout.WAREHOUSE, key, Damaged(agency=agency, batch=batch, since=since, problems=problems))
        log.warning("batch_damaged", agency=agency, batch=batch, problems=len(problems), first=problems[0])
    elif known is not None:
        store.delete(layout.WAREHOUSE, key)
        log.info("batch_whole_again", agency=agency, batch=batch)


def _tell(store: Store, damaged: list[Damaged], now: datetime) -> None:
    if not damaged:
        notify_over(store, ALERT_KEY, now)
        return
    names = ", ".join(one["batch"] for one in damaged[:_MAX_NAMED])
    alert = Alert(
        ALERT_KEY,
        f"{len(damaged)} lô có tệp đã nhận bị hỏng hoặc mất trong kho",
        f"Đọc lại từ kho thì tệp không còn đúng mã băm trong bản kê, hoặc đã mất: {names} (xem `sohoa status`). "
        "Việc cần làm: khôi phục các tệp đó từ bản sao lưu (docs/runbook.md); lượt bảo trì sau tự xác nhận.",
        f"Read back from the store, files no longer have the hash of their manifest, or are gone: {names}. `sohoa "
        "status` names them. Restore them from a backup (docs/runbook.md); the next run of the upkeep sees it.",
    )
    notify(store, alert, now)
