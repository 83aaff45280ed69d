"""How full the store is, as its volume servers say, and the alert that says so in time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import urllib3

from sohoa.capacity.usage import read_usage
from sohoa.format_value import decimal
from sohoa.logs import get_logger
from sohoa.notify.alerts import Alert, notify, notify_over
from sohoa.settings import Settings
from sohoa.store import Store

log = get_logger(__name__)

ALERT_KEY = "store_space"
_MAX_STATUS_BYTES = 16_777_216
_MAX_NAMED = 3
_GB = 1_000_000_000


@dataclass(frozen=True)
class Space:
    """The disks on which the store's volumes lie, together, in bytes."""

    all_bytes: int
    free_bytes: int

    @property
    def used_percent(self) -> float:
        """Share that is taken, by whatever lies on these disks, per cent."""
        return 100 * (1 - self.free_bytes / self.all_bytes)

    @property
    def in_words(self) -> str:
        """``81.7 % full, 49.5 GB of 270.6 GB free``."""
        sizes = f"{self.free_bytes / _GB:.1f} GB of {self.all_bytes / _GB:.1f} GB free"
        return f"{self.used_percent:.1f} % full, {sizes}"


def measure_space(settings: Settings) -> Space | None:
    """Ask the volume servers how full their disks are; None where one of them is not known or does not say."""
    embedded = (f"http://127.0.0.1:{settings.port_volume}/status",) if settings.uses_embedded_store else ()
    disks: list[Space] = []
    for url in settings.store_status_urls or embedded:
        try:
            disks += _disks(url)
        except (urllib3.exceptions.HTTPError, ValueError, KeyError, TypeError) as error:
            log.warning("store_space_unknown", reason=type(error).__name__)
            return None
    return Space(sum(disk.all_bytes for disk in disks), sum(disk.free_bytes for disk in disks)) if disks else None


def _disks(url: str) -> list[Space]:
    """What one volume server says of its disks."""
    answer = urllib3.request("GET", url, timeout=2, retries=False, preload_content=False)
    try:
        body = answer.read(_MAX_STATUS_BYTES)
    finally:
        answer.close()
    if answer.status != 200:
        raise ValueError(f"status {answer.status}")
    return [_disk(row) for row in json.loads(body)["DiskStatuses"]]


def _disk(row: dict[str, Any]) -> Space:
    disk = Space(int(row["all"]), int(row["free"]))
    if not 0 <= disk.free_bytes <= disk.all_bytes or not disk.all_bytes:
        raise ValueError("a disk with more free than there is")
    return disk


def watch_space(store: Store) -> Space | None:
    """Warn where the store is filling up, in the log and to the operators, and say when it no longer is."""
    settings, space = store.settings, measure_space(store.settings)
    if space is None:
        return None
    if space.used_percent < settings.space_warn_percent:
        notify_over(store, ALERT_KEY)
        return space
    users = _largest_users(store)
    log.warning(
        "store_filling",
        used_percent=round(space.used_percent, 1),
        free_bytes=space.free_bytes,
        agencies=", ".join(f"{agency} {bytes_ / _GB:.1f} GB" for agency, bytes_ in users) or None,
    )
    notify(store, _alert(space, users))
    return space


def _largest_users(store: Store) -> list[tuple[str, int]]:
    """The agencies that take most of the store, with their bytes, as last counted; none before the first count."""
    usage = read_usage(store)
    if usage is None:
        return []
    users = [(agency, used["bytes"]) for agency, used in usage["agencies"].items()]
    return sorted(users, key=lambda user: (-user[1], user[0]))[:_MAX_NAMED]


def _alert(space: Space, users: list[tuple[str, int]]) -> Alert:
    free, whole = (decimal(bytes_ / _GB) for bytes_ in (space.free_bytes, space.all_bytes))
    vi = "; ".join(f"{agency}: {decimal(bytes_ / _GB)} GB" for agency, bytes_ in users) or "chưa thống kê được"
    en = "; ".join(f"{agency}: {bytes_ / _GB:.1f} GB" for agency, bytes_ in users) or "not counted yet"
    return Alert(
        ALERT_KEY,
        f"Kho lưu trữ đã dùng {decimal(space.used_percent)} %",
        f"Kho lưu trữ còn trống {free} GB trên tổng số {whole} GB. Khi đầy, không cơ quan nào gửi được lô quét. Các cơ"
        f" quan dùng nhiều nhất: {vi}. Việc cần làm: thêm ổ đĩa, hoặc xóa dữ liệu không cần nữa (docs/upkeep.md).",
        f"The store is {space.in_words}. Once it is full no agency can send a batch. The agencies that use the most:"
        f" {en}. Add a disk, or delete what is not needed any more (docs/upkeep.md).",
    )
