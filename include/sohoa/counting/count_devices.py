"""What each scanner did on a day, and the dirt on its glass: a streak that stays at one place from day to day."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sohoa.defects import DEFECTS
from sohoa.schema import TABLES

_REACH_MM = 2
"""A streak a day later this far away is the same: sheets do not lie at the same place to the millimetre."""
_MIN_DAYS = 3
"""Scan days with a streak at one place that make it dirt on the glass and not a fold in a paper."""
_DEVICE = ["agency", "device_id"]
_SCHEMA = TABLES["device_daily"]

Device = tuple[str, str | None]
"""(agency, device id): an id is the agency's own."""


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


def devices_of_day(pages: pa.Table, documents: pa.Table, batches: pa.Table) -> pa.Table:
    """Count what each scanner did on one scan day.

    Args:
        pages: all rows of the table ``pages`` of that day: their defects are counted.
        documents: all rows of ``documents`` of that day: those received are counted, with their pages.
        batches: all rows of ``batches`` of that day; a batch comes from one device.

    Returns:
        Rows of ``device_daily`` by agency and device, for every device that an admitted batch names.
    """
    admitted = batches.filter(pc.is_null(batches["refusal"])).sort_by([("agency", "ascending"), ("batch", "ascending")])
    devices = {_device(row): row for row in admitted.to_pylist()}
    received = _received(documents)
    defects, streaks = _defects(pages), _streaks(pages)
    rows = [
        {
            **{name: row[name] for name in (*_DEVICE, "device_model", "device_kind")},
            "documents_received": received[device][0],
            "pages_received": received[device][1],
            "defect_pages": [
                {"defect": name, "pages": defects[device][name]} for name in DEFECTS if defects[device][name]
            ],
            "streaks": [{"x_mm": x, "pages": count} for x, count in sorted(streaks[device].items())],
        }
        for device, row in sorted(devices.items(), key=lambda item: (item[0][0], item[0][1] or ""))
    ]
    return pa.Table.from_pylist(rows, _SCHEMA)


def dirty_glass(devices: pa.Table) -> list[DirtyGlass]:
    """Find streaks that stay at one place on at least three scan days and were there on the device's last one.

    Args:
        devices: rows of ``device_daily`` with their path key ``scan_date``, of some weeks.

    Returns:
        By agency, device and place.
    """
    days: dict[Device, set[date]] = defaultdict(set)
    seen: dict[Device, list[tuple[int, date, int]]] = defaultdict(list)
    for row in devices.to_pylist():
        days[_device(row)].add(row["scan_date"])
        seen[_device(row)] += [(streak["x_mm"], row["scan_date"], streak["pages"]) for streak in row["streaks"]]
    return [
        glass
        for device in sorted(seen, key=lambda device: (device[0], device[1] or ""))
        for group in _places(sorted(seen[device]))
        if (glass := _glass(device, group)).days >= _MIN_DAYS and glass.last_day == max(days[device])
    ]


def _places(streaks: list[tuple[int, date, int]]) -> Iterator[list[tuple[int, date, int]]]:
    """Yield streaks from left to right, cut wherever the next is farther than ``_REACH_MM``."""
    group: list[tuple[int, date, int]] = []
    for streak in streaks:
        if group and streak[0] - group[-1][0] > _REACH_MM:
            yield group
            group = []
        group.append(streak)
    if group:
        yield group


def _glass(device: Device, group: list[tuple[int, date, int]]) -> DirtyGlass:
    days = {day for _, day, _ in group}
    pages = sum(count for _, _, count in group)
    x_mm = sum(x * count for x, _, count in group) / pages
    return DirtyGlass(*device, round(x_mm, 1), min(days), max(days), len(days), pages)


def _device(row: dict[str, Any]) -> Device:
    return row["agency"], row["device_id"]


def _received(documents: pa.Table) -> dict[Device, tuple[int, int]]:
    """Count, by device, the documents received from it, and their pages."""
    rows = documents.filter(documents["is_received"]).group_by(_DEVICE, use_threads=False)
    sums = rows.aggregate([([], "count_all"), ("pages_found", "sum")]).to_pylist()
    return defaultdict(lambda: (0, 0), {_device(row): (row["count_all"], row["pages_found_sum"]) for row in sums})


def _defects(pages: pa.Table) -> dict[Device, Counter[str]]:
    rows = pages.select([*_DEVICE, "defects"]).filter(pc.greater(pc.list_value_length(pages["defects"]), 0))
    found: dict[Device, Counter[str]] = defaultdict(Counter)
    for row in rows.to_pylist():
        found[_device(row)].update(set(row["defects"]))
    return found


def _streaks(pages: pa.Table) -> dict[Device, Counter[int]]:
    """Count, by device and place, the streaks that are worth a word, whatever their severity."""
    rows = pages.select([*_DEVICE, "streak_x_mm", "defects", "notes"]).filter(pc.is_valid(pages["streak_x_mm"]))
    found: dict[Device, Counter[int]] = defaultdict(Counter)
    for row in rows.to_pylist():
        if "streaks" in (*(row["defects"] or ()), *(row["notes"] or ())):
            found[_device(row)][round(row["streak_x_mm"])] += 1
    return found
