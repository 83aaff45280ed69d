"""Dirt on a scanner's glass: a streak that stays at one place from day to day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from sohoa import layout
from sohoa.counting.count_devices import OwnDevice
from sohoa.counting.own_days import with_owner
from sohoa.days import each_day
from sohoa.store import Store

_REACH_MM = 2
"""A streak on a later day that is this near is the same: sheets do not lie at the same place to the millimetre."""
_MIN_DAYS = 3
"""Scan days with a streak at one place that make it dirt on the glass and not a fold in a paper."""


@dataclass(frozen=True)
class DirtyGlass:
    """A streak that persists: this scanner's glass wants cleaning there."""

    agency: str
    device_id: str | None
    x_mm: float
    """Where, from the left edge of the page: mean over the pages."""
    first_day: date
    last_day: date
    days: int
    """Scan days with the streak."""
    pages: int


def read_dirty_glass(store: Store, first: date, last: date) -> list[DirtyGlass]:
    """Find dirty glass among the scanners of the scan days from ``first`` to ``last``."""
    return find_dirty_glass(store.read_table("device_daily", each_day(first, last), layout.DAY))


def find_dirty_glass(devices: pa.Table) -> list[DirtyGlass]:
    """Find streaks that stay at one place on at least three scan days and were there on the device's last one.

    Args:
        devices: rows of ``device_daily`` with their path key ``scan_date``, of some weeks.

    Returns:
        By agency, device and place; of offices that bore one code each by its own days.
    """
    days: dict[OwnDevice, set[date]] = defaultdict(set)
    seen: dict[OwnDevice, list[tuple[int, date, int]]] = defaultdict(list)
    for row in with_owner(devices, "scan_date").to_pylist():
        device = row["agency"], row["device_id"], row["valid_from"]
        days[device].add(row["scan_date"])
        seen[device] += [(streak["x_mm"], row["scan_date"], streak["pages"]) for streak in row["streaks"]]
    return [
        glass
        for device in sorted(seen, key=lambda device: (device[0], device[1] or "", device[2] or date.min))
        for group in _group_streaks(sorted(seen[device]))
        if (glass := _glass(device, group)).days >= _MIN_DAYS and glass.last_day == max(days[device])
    ]


def _group_streaks(streaks: list[tuple[int, date, int]]) -> Iterator[list[tuple[int, date, int]]]:
    """Yield streaks from left to right, cut wherever the next is farther than ``_REACH_MM``."""
    group: list[tuple[int, date, int]] = []
    for streak in streaks:
        if group and streak[0] - group[-1][0] > _REACH_MM:
            yield group
            group = []
        group.append(streak)
    if group:
        yield group


def _glass(device: OwnDevice, group: list[tuple[int, date, int]]) -> DirtyGlass:
    days = {day for _, day, _ in group}
    pages = sum(count for _, _, count in group)
    x_mm = sum(x * count for x, _, count in group) / pages
    return DirtyGlass(*device[:2], round(x_mm, 1), min(days), max(days), len(days), pages)
