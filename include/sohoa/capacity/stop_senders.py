"""Stops the agency that fills the store while there is still room for the others, and lets it send again afterwards.

An S3 store has no quota for one user, and whoever sends on and on takes the room of all. So a process of its own looks
all the time: how full the disks are, as the volume servers say. From ``settings.space_stop_percent`` on it finds the
agency that sent most in the last day, and the policy of ``landing`` denies that one to send more; where the store goes
on filling, the next. Once there is room again, all are let in.
"""

from __future__ import annotations

import time
from collections import Counter
from datetime import datetime, timedelta
from typing import NoReturn

from sohoa import layout
from sohoa.capacity.space import Space, measure_space
from sohoa.errors import StoreError
from sohoa.format_value import decimal
from sohoa.logs import get_logger
from sohoa.notify.alerts import Alert, notify, notify_over
from sohoa.settings import TIME_ZONE
from sohoa.store import Store

log = get_logger(__name__)

ALERT_KEY = "agency_stopped"
_LATELY = timedelta(hours=24)
_MARGIN_PERCENT = 5.0
"""So far below the limit there is room again."""
_CALM_S, _NEAR_S, _BLIND_S = 2.0, 0.5, 60.0
"""How often it is looked: far from the limit, near it, and where the store says nothing."""
_NEAR_PERCENT = 15.0
_GROWN_BYTES = 64 << 20
"""Growth after which one more agency is stopped: what the stopped one had on its way is less."""
_MAX_AGENCIES = 10_000
_GB = 1_000_000_000


class Guard:
    """Looks how full the store is, again and again."""

    def __init__(self, store: Store) -> None:
        """Nothing is read yet."""
        self._store = store
        self._is_any_stopped = True
        """Until it is known better: an earlier guard may have stopped some."""
        self._left_bytes: int | None = None
        """What was left as this guard last stopped one."""

    def watch(self) -> NoReturn:
        """Look for ever; a store that does not answer is looked at again a minute later.

        After each look it touches ``space-guard`` in ``settings.home``, by which others see that it looks.
        """
        sign = self._store.settings.home / "space-guard"
        sign.parent.mkdir(parents=True, exist_ok=True)
        log.info("space_guard_started", stop_percent=self._store.settings.space_stop_percent)
        while True:
            try:
                pause = self._pause(self.look(datetime.now(TIME_ZONE)))
            except StoreError as error:
                log.warning("space_guard_failed", reason=str(error))
                pause = _BLIND_S
            sign.touch(mode=0o600)
            time.sleep(pause)

    def look(self, now: datetime) -> Space | None:
        """Stop whom the room demands, or let all send again; None where it is not known how full the store is.

        Raises:
            StoreError: the store does not answer, or refuses.
        """
        settings, space = self._store.settings, measure_space(self._store.settings)
        if space is None:
            return None
        if space.used_percent >= settings.space_stop_percent:
            if self._left_bytes is None or space.left_bytes <= self._left_bytes - _GROWN_BYTES:
                self._stop_one(space, now)
        elif space.used_percent < settings.space_stop_percent - _MARGIN_PERCENT and self._is_any_stopped:
            self._let_all_send(space)
        return space

    def _pause(self, space: Space | None) -> float:
        if space is None:
            return _BLIND_S
        return _NEAR_S if space.used_percent >= self._store.settings.space_stop_percent - _NEAR_PERCENT else _CALM_S

    def _stop_one(self, space: Space, now: datetime) -> None:
        stopped, is_first = self._store.stopped_agencies(), self._left_bytes is None
        self._left_bytes = space.left_bytes
        if stopped and is_first:  # the guard before this one has done it
            return
        sent = sent_lately(self._store, now)
        largest = max((one for one in sent.items() if one[0] not in stopped), key=lambda one: one[1], default=None)
        if largest is None:
            log.warning("store_full", used_percent=round(space.used_percent, 1), stopped=", ".join(stopped) or None)
            return
        agency, bytes_ = largest
        self._store.stop_agencies([*stopped, agency])
        self._is_any_stopped = True
        log.warning("agency_stopped", agency=agency, bytes_lately=bytes_, used_percent=round(space.used_percent, 1))
        notify(self._store, _alert(space, [(one, sent[one]) for one in sorted([*stopped, agency])]), now)

    def _let_all_send(self, space: Space) -> None:
        if stopped := self._store.stopped_agencies():
            self._store.stop_agencies([])
            log.info("agencies_send_again", agencies=", ".join(stopped), used_percent=round(space.used_percent, 1))
        notify_over(self._store, ALERT_KEY)
        self._is_any_stopped, self._left_bytes = False, None


def sent_lately(store: Store, now: datetime) -> Counter[str]:
    """Bytes that each agency sent in the 24 hours before ``now``: all versions, and parts of uploads that go on."""
    since, sent = now - _LATELY, Counter[str]()
    tops = (layout.BATCHES, layout.INBOX)
    folders = [name for top in tops for name in store.list_names(layout.LANDING, top, "", _MAX_AGENCIES)]
    uploads = store.list_uploads(layout.LANDING)
    sizes = store.each(lambda folder: store.sum_versions(layout.LANDING, folder, since), folders)
    sizes += store.each(lambda upload: store.uploaded_bytes(layout.LANDING, upload), uploads)
    for key, size in zip([*folders, *(upload.key for upload in uploads)], sizes, strict=True):
        sent[_agency(key)] += size
    return +sent


def _agency(key: str) -> str:
    """The agency of a key, or of a folder, under ``batches/`` or ``inbox/``."""
    return key.split("/")[1]


def _alert(space: Space, stopped: list[tuple[str, int]]) -> Alert:
    free, whole = (decimal(bytes_ / _GB) for bytes_ in (space.left_bytes, space.all_bytes))
    vi = "; ".join(f"{agency} ({decimal(bytes_ / _GB)} GB trong 24 giờ qua)" for agency, bytes_ in stopped)
    en = "; ".join(f"{agency} ({bytes_ / _GB:.1f} GB in the last 24 hours)" for agency, bytes_ in stopped)
    return Alert(
        ALERT_KEY,
        f"Đã tạm dừng nhận tệp của {', '.join(agency for agency, _ in stopped)}",
        f"Kho lưu trữ chỉ còn trống {free} GB trên tổng số {whole} GB. Để các cơ quan khác vẫn gửi được, hệ thống tạm"
        f" dừng nhận tệp của: {vi}. Việc cần làm: hỏi cơ quan đó đang gửi gì; thêm ổ đĩa, hoặc xóa dữ liệu không cần"
        " nữa (docs/deployment.md). Khi kho đủ chỗ, hệ thống tự nhận lại.",
        f"The store is {space.in_words}. So that the others can go on sending, nothing more is taken from: {en}. Ask"
        " that agency what it sends; add a disk, or delete what is not needed any more (docs/deployment.md). Once there"
        " is room again, it may send again by itself.",
    )
