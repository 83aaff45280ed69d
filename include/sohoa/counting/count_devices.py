"""What each scanner did on a day: documents, pages, defects and where streaks lie."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sohoa.defects import DEFECTS
from sohoa.schema import TABLES

_DEVICE = ["agency", "device_id"]
_SCHEMA = TABLES["device_daily"]

Device = tuple[str, str | None]
"""(agency, device id): an id is the agency's own."""
OwnDevice = tuple[str, str | None, date | None]
"""Agency, device id, and first day of the office that bears the code: one after it has scanners of its own."""


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
    devices = {device_of(row): row for row in admitted.to_pylist()}
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


def device_of(row: dict[str, Any]) -> Device:
    """Return which device a row is about."""
    return row["agency"], row["device_id"]


def _received(documents: pa.Table) -> dict[Device, tuple[int, int]]:
    """Count, by device, the documents received from it, and their pages."""
    rows = documents.filter(documents["is_received"]).group_by(_DEVICE, use_threads=False)
    sums = rows.aggregate([([], "count_all"), ("pages_found", "sum")]).to_pylist()
    return defaultdict(lambda: (0, 0), {device_of(row): (row["count_all"], row["pages_found_sum"]) for row in sums})


def _defects(pages: pa.Table) -> dict[Device, Counter[str]]:
    rows = pages.select([*_DEVICE, "defects"]).filter(pc.greater(pc.list_value_length(pages["defects"]), 0))
    found: dict[Device, Counter[str]] = defaultdict(Counter)
    for row in rows.to_pylist():
        found[device_of(row)].update(set(row["defects"]))
    return found


def _streaks(pages: pa.Table) -> dict[Device, Counter[int]]:
    """Count, by device and place, the streaks that are worth a word, whatever their severity."""
    rows = pages.select([*_DEVICE, "streak_x_mm", "defects", "notes"]).filter(pc.is_valid(pages["streak_x_mm"]))
    found: dict[Device, Counter[int]] = defaultdict(Counter)
    for row in rows.to_pylist():
        if "streaks" in (*(row["defects"] or ()), *(row["notes"] or ())):
            found[device_of(row)][round(row["streak_x_mm"])] += 1
    return found
