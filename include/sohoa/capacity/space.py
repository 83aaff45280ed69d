"""How full the store is, as its volume servers say, and the alert that says so in time."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

import urllib3

from sohoa import layout
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


VOLUME_BYTES = 256 << 20
"""Size of a file that SeaweedFS keeps objects in, as it is started here; each belongs to one bucket."""
_KEPT_VOLUMES = 1
"""SeaweedFS opens no volume on the last room for one,"""
_KEPT_SHARE = 0.01
"""nor writes on the last hundredth of a disk."""
_BUCKETS = (layout.LANDING, layout.WAREHOUSE)
"""Those without which no batch is taken."""
_METRIC = re.compile(r"SeaweedFS_volumeServer_(resource|volumes|total_disk_size)\{(.*)\} (\S+)")
_LABEL = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True)
class Space:
    """The disks on which the store's volumes lie, together, in bytes."""

    all_bytes: int
    free_bytes: int
    room_bytes: int | None = None
    """What the bucket that is worst off can still take, where the volumes are known: what those of other buckets hold
    open is not free for it."""

    @property
    def left_bytes(self) -> int:
        """What can still be sent."""
        return self.free_bytes if self.room_bytes is None else min(self.free_bytes, self.room_bytes)

    @property
    def used_percent(self) -> float:
        """Share that is taken, by whatever lies on these disks, per cent."""
        return 100 * (1 - self.left_bytes / self.all_bytes)

    @property
    def in_words(self) -> str:
        """``81.7 % full, 49.5 GB of 270.6 GB free``."""
        sizes = f"{self.left_bytes / _GB:.1f} GB of {self.all_bytes / _GB:.1f} GB free"
        return f"{self.used_percent:.1f} % full, {sizes}"


@dataclass
class _Server:
    """What one volume server says: its disks, and of each bucket the volumes and the bytes in them."""

    disks: list[tuple[int, int]]
    """All and free bytes of each."""
    volumes: Counter[str]
    bytes: Counter[str]

    @property
    def space(self) -> Space:
        whole, free = (sum(sizes) for sizes in zip(*self.disks, strict=True))
        return Space(whole, free, self._room(whole, free) if self.volumes else None)

    def _room(self, whole: int, free: int) -> int:
        """What the bucket that is worst off can still put here: into its own volumes, and into new ones."""
        free -= int(_KEPT_SHARE * whole)
        new = max(0, (free - sum(map(self._open_bytes, self.volumes))) // VOLUME_BYTES - _KEPT_VOLUMES)
        return max(0, min(free, new * VOLUME_BYTES + min(map(self._open_bytes, _BUCKETS))))

    def _open_bytes(self, bucket: str) -> int:
        return max(0, self.volumes[bucket] * VOLUME_BYTES - self.bytes[bucket])


def measure_space(settings: Settings) -> Space | None:
    """Ask the volume servers how full they are; None where one of them is not known or does not say."""
    embedded = (settings.embedded_status_url,) if settings.uses_embedded_store else ()
    found: list[Space] = []
    for url in settings.store_status_urls or embedded:
        try:
            found.append(_ask(url).space)
        except (urllib3.exceptions.HTTPError, ValueError, KeyError, TypeError) as error:
            is_silent = isinstance(error, urllib3.exceptions.HTTPError)
            log.warning(
                "store_space_unknown", reason="no answer" if is_silent else "an answer without figures", url=url
            )
            return None
    if not found:
        return None
    rooms = [space.room_bytes for space in found if space.room_bytes is not None]
    whole, free = sum(space.all_bytes for space in found), sum(space.free_bytes for space in found)
    return Space(whole, free, sum(rooms) if len(rooms) == len(found) else None)


def describe_space(space: Space | None, settings: Settings) -> str:
    """Say how full the store is, and what to do where that wants attention."""
    if space is None:
        return "how full it is cannot be told (SOHOA_STORE_STATUS_URLS)"
    is_filling = space.used_percent >= settings.space_warn_percent
    return space.in_words + (": add a disk, or delete what is not needed any more" if is_filling else "")


def _ask(url: str) -> _Server:
    """What one volume server says of itself: in JSON at ``/status``, or in the words of Prometheus at ``/metrics``."""
    answer = urllib3.request("GET", url, timeout=2, retries=False, preload_content=False)
    try:
        body = answer.read(_MAX_STATUS_BYTES)
    finally:
        answer.close()
    if answer.status != 200:
        raise ValueError(f"status {answer.status}")
    server = _read_status(json.loads(body)) if body.startswith(b"{") else _read_metrics(body.decode())
    if not server.disks or not all(0 <= free <= whole and whole for whole, free in server.disks):
        raise ValueError("no disk, or one with more free than there is")
    return server


def _read_status(status: dict[str, Any]) -> _Server:
    server = _Server([(int(row["all"]), int(row["free"])) for row in status["DiskStatuses"]], Counter(), Counter())
    for volume in status["Volumes"] or []:
        server.volumes[volume["Collection"]] += 1
        server.bytes[volume["Collection"]] += min(int(volume["Size"]), VOLUME_BYTES)
    return server


def _read_metrics(text: str) -> _Server:
    disks, server = dict[str, dict[str, int]](), _Server([], Counter(), Counter())
    for found in filter(None, map(_METRIC.fullmatch, text.splitlines())):
        name, labels, value = found[1], dict(_LABEL.findall(found[2])), int(float(found[3]))
        if name == "resource":
            disks.setdefault(labels["name"], {})[labels["type"]] = value
        elif name == "volumes" and labels["type"] == "volume":
            server.volumes[labels["collection"]] += value
        elif name == "total_disk_size" and labels["type"] == "normal":
            server.bytes[labels["collection"]] += value
    server.disks = [(disk["all"], disk["free"]) for disk in disks.values()]
    return server


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
        free_bytes=space.left_bytes,
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
    free, whole = (decimal(bytes_ / _GB) for bytes_ in (space.left_bytes, space.all_bytes))
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
