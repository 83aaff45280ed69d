"""Send one batch: its files, then a look whether all lie there, then its manifest; going on where it was cut off."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from sohoa import layout
from sohoa.clean_text import escape_name
from sohoa.desk.claim_number import claim_number
from sohoa.desk.config import Hours
from sohoa.desk.plan_batches import Known, find_faults, make_manifest
from sohoa.desk.state import PlannedBatch, PlannedFile, State
from sohoa.desk.store_faults import is_lasting
from sohoa.errors import DeskError, ObjectMissing, ObjectRefused, StoreError
from sohoa.settings import TIME_ZONE
from sohoa.store import MIN_PART_BYTES, Store

_ROUNDS = 3
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 60.0
_MD5 = re.compile(r"[0-9a-f]{32}")
T = TypeVar("T")


class FileChanged(DeskError):
    """A file is not any more what it was when the batch was planned: the folder has to be read again."""


@dataclass(frozen=True)
class Patience:
    """How long to try, when not to send, and who is told.

    Attributes:
        give_up_s: seconds without any success after which sending ends; it goes on when it is started again.
        quiet_hours: when nothing is sent.
        say: takes a line for people.
        sleep: waits; tests do not.
    """

    give_up_s: float = 600.0
    quiet_hours: tuple[Hours, ...] = ()
    say: Callable[[str], None] = print
    sleep: Callable[[float], None] = time.sleep

    def keep_trying(self, action: Callable[[], T]) -> T:
        """Do something with the store until it is done, waiting longer each time, and never within quiet hours.

        Raises:
            StoreError: it cannot be done, or was not for too long.
        """
        failing_since: float | None = None
        pause, refusals = _FIRST_PAUSE_S, 0
        while True:
            self.wait_while_quiet()
            try:
                return action()
            except ObjectMissing:
                raise
            except StoreError as error:
                if is_lasting(error):
                    raise
                refusals += isinstance(error, ObjectRefused)  # of a request that was cut, too
                failing_since = failing_since or time.monotonic()
                if refusals == _ROUNDS or time.monotonic() - failing_since > self.give_up_s:
                    raise
                self.say(f"Kho không trả lời hoặc đứt đường truyền, thử lại sau {pause:.0f} giây")
                self.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_S)

    def wait_while_quiet(self) -> None:
        """Wait until the quiet hours are over."""
        while (until := self.quiet_until()) is not None:
            self.say(f"Đang trong giờ không gửi, gửi tiếp lúc {until}")
            self.sleep(60)

    def quiet_until(self) -> str | None:
        """The end of the quiet hours that it is now, None where it is none."""
        return _quiet_until(self.quiet_hours, datetime.now(TIME_ZONE))


def _quiet_until(hours: tuple[Hours, ...], now: datetime) -> str | None:
    """The end of the quiet hours that it is now, None where it is none; hours may go past midnight."""
    clock = now.time()
    for first, last in hours:
        is_within = first <= clock < last if first <= last else clock >= first or clock < last
        if is_within:
            return f"{last:%H:%M}"
    return None


def send_batch(store: Store, state: State, batch: PlannedBatch, known: Known, patience: Patience) -> PlannedBatch:
    """Send a batch that is planned, or go on with it, until its manifest is there; returns it as ``committed``.

    Raises:
        FileChanged: a file was changed or taken away since it was planned.
        DeskError: the pipeline would refuse the manifest now, or the store does not keep what was sent.
        StoreError: the store refuses, or is out of reach for too long.
    """
    if batch.status == "planned":
        batch = patience.keep_trying(lambda: claim_number(store, state, state.batch(batch.id)))
    if batch.status == "claimed":
        _send_files(store, state, batch, patience)
        batch = _write_manifest(store, state, batch, known)
    assert batch.batch is not None and batch.manifest is not None
    key, manifest = layout.inbox_key(batch.agency, batch.batch), batch.manifest
    # to put it once more where the answer was lost does no harm: the same content again is no new batch
    patience.keep_trying(lambda: _put(store, key, manifest, "application/json"))
    state.set_status(batch, "committed")
    return state.batch(batch.id)


def _write_manifest(store: Store, state: State, batch: PlannedBatch, known: Known) -> PlannedBatch:
    assert batch.batch is not None
    rows = [{"document_id": one.document_id, "fields": one.fields} for one in state.documents(batch)]
    ids, body = make_manifest(batch.agency, batch.batch, batch.scan_date, batch.head, rows)
    faults = find_faults(batch.agency, batch.batch, body, known, store.settings, datetime.now(TIME_ZONE))
    if faults:
        raise DeskError("\n".join(dict.fromkeys(f"{fault.words.vi} {fault.place}".strip() for fault in faults)))
    state.set_manifest(batch, body, ids)
    state.set_status(batch, "uploaded")
    return state.batch(batch.id)


def _prefix(batch: PlannedBatch) -> str:
    assert batch.batch is not None
    return layout.batch_prefix(batch.agency, date.fromisoformat(batch.scan_date), batch.batch)


def _send_files(store: Store, state: State, batch: PlannedBatch, patience: Patience) -> None:
    """Send files until the store lists all of them as they are here."""
    for _ in range(_ROUNDS):
        for file in state.files(batch):
            if file.etag is None:
                _send_file(store, state, batch, file, patience)
        wrong = _find_wrong(store, state, batch, patience)
        if not wrong:
            return
        for file in wrong:
            state.set_sent(batch, file.path, None)
    raise DeskError(f"{_prefix(batch)}: kho không giữ đúng các tệp đã gửi, sau {_ROUNDS} lần; hãy báo cán bộ kỹ thuật")


def _find_wrong(store: Store, state: State, batch: PlannedBatch, patience: Patience) -> list[PlannedFile]:
    """The files that the store lists otherwise than they were sent, or not at all."""
    prefix = _prefix(batch)
    listed = patience.keep_trying(
        lambda: {info.key: (info.size, info.etag) for info in store.list_objects(layout.LANDING, prefix)}
    )
    return [file for file in state.files(batch) if listed.get(prefix + file.path) != (file.bytes, file.etag)]


def _send_file(store: Store, state: State, batch: PlannedBatch, file: PlannedFile, patience: Patience) -> None:
    """Send one file, in parts where it is large."""
    if file.bytes > MIN_PART_BYTES:
        _send_parts(store, state, batch, file, patience)
        return
    data = _read(file)
    state.set_sent(batch, file.path, patience.keep_trying(lambda: _put(store, _prefix(batch) + file.path, data)))


def _put(store: Store, key: str, data: bytes, content_type: str = "application/octet-stream") -> str:
    """Put an object and see by its ETag that the store took these bytes; returns the ETag."""
    etag = _require_etag(key, store.put(layout.LANDING, key, data, content_type))
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    if _MD5.fullmatch(etag) and etag != md5:
        raise DeskError(f"{key}: kho nhận được tệp khác với tệp đã gửi; hãy báo cán bộ kỹ thuật của tỉnh")
    return etag


def _require_etag(key: str, etag: str) -> str:
    """Refuse an answer that no store gave, as the page of a network that wants a login first."""
    if not etag:
        raise StoreError(f"{key}: what answers is no store: it gives no ETag")
    return etag


def _read(file: PlannedFile) -> bytes:
    try:
        data = file.source.read_bytes()
    except OSError as error:
        raise FileChanged(f"{escape_name(file.source)}: không đọc được tệp nữa ({error.strerror})") from None
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise FileChanged(f"{escape_name(file.source)}: tệp đã bị sửa sau khi kiểm tra")
    return data


def _send_parts(store: Store, state: State, batch: PlannedBatch, file: PlannedFile, patience: Patience) -> None:
    """Send the parts of a file that are not there yet, then have them joined."""
    key, upload_id = _prefix(batch) + file.path, file.upload_id
    _require_unchanged(file)
    for _ in range(_ROUNDS):
        if upload_id is None:
            upload_id = patience.keep_trying(lambda: store.begin_upload(layout.LANDING, key))
            state.set_upload(batch, file.path, upload_id)
        try:
            etag = _send_upload(store, state, batch, file, key, upload_id, patience)
        except ObjectMissing:  # the store has ended it meanwhile, or had joined the parts and the answer was lost
            found = _listed_etag(store, key, file, patience)
            if found is None:
                upload_id = None
                continue
            etag = found
        state.set_sent(batch, file.path, etag)
        return
    raise DeskError(f"{file.path}: kho bỏ dở việc nhận tệp này {_ROUNDS} lần; hãy báo cán bộ kỹ thuật")


def _send_upload(
    store: Store,
    state: State,
    batch: PlannedBatch,
    file: PlannedFile,
    key: str,
    upload_id: str,
    patience: Patience,
) -> str:
    sent = state.parts(batch, file.path)
    with file.source.open("rb") as source:
        for number in range(1, -(-file.bytes // MIN_PART_BYTES) + 1):
            if number in sent:
                continue
            source.seek((number - 1) * MIN_PART_BYTES)
            data = source.read(MIN_PART_BYTES)
            put = _part_putter(store, key, upload_id, number, data)
            sent[number] = patience.keep_trying(put)
            state.add_part(batch, file.path, number, sent[number])
    etags = [sent[number] for number in sorted(sent)]
    return patience.keep_trying(lambda: store.end_upload(layout.LANDING, key, upload_id, etags))


def _part_putter(store: Store, key: str, upload_id: str, number: int, data: bytes) -> Callable[[], str]:
    return lambda: _require_etag(key, store.put_part(layout.LANDING, key, upload_id, number, data))


def _listed_etag(store: Store, key: str, file: PlannedFile, patience: Patience) -> str | None:
    """The ETag of an object of a file's size; None where there is none."""
    listed = patience.keep_trying(lambda: list(store.list_objects(layout.LANDING, key)))
    return next((info.etag for info in listed if info.key == key and info.size == file.bytes), None)


def _require_unchanged(file: PlannedFile) -> None:
    digest = hashlib.sha256()
    try:
        with file.source.open("rb") as source:
            while block := source.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise FileChanged(f"{escape_name(file.source)}: không đọc được tệp nữa ({error.strerror})") from None
    if digest.hexdigest() != file.sha256:
        raise FileChanged(f"{escape_name(file.source)}: tệp đã bị sửa sau khi kiểm tra")


def remaining_bytes(state: State, batch: PlannedBatch) -> tuple[int, int]:
    """Bytes of a batch's files that are there, and of all of them."""
    done = total = 0
    for file in state.files(batch):
        total += file.bytes
        parts = 0 if file.etag is not None else len(state.parts(batch, file.path)) * MIN_PART_BYTES
        done += file.bytes if file.etag is not None else min(parts, file.bytes)
    return done, total
