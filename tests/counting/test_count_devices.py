"""Scanners by day, dirt on their glass, and the equipment that is missing."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pytest

from sohoa.counting import summarise_days
from sohoa.counting.count_devices import devices_of_day, dirty_glass
from sohoa.pending import mark_scan
from sohoa.steering.agency_activity import Freshness
from sohoa.steering.scanner_capacity import capacity, large_format_needs
from sohoa.store import with_path_key
from tests.counting_cases import document, table

DAY = date(2024, 4, 16)
AGENCY = "H37.80.01"


def page(device: str = "S1", x_mm: float | None = None, *defects: str, **values: Any) -> dict[str, Any]:
    row = {
        "agency": AGENCY,
        "device_id": device,
        "streak_x_mm": x_mm,
        "defects": list(defects),
        "notes": [],
    }
    return row | values


def batch(device: str = "S1", **values: Any) -> dict[str, Any]:
    row = {"agency": AGENCY, "batch": f"{AGENCY}-{device}", "device_id": device, "device_kind": "adf"}
    return row | values


def device_day(day: date, *streaks: tuple[int, int], device: str = "S1", **values: Any) -> pa.Table:
    row = {
        "agency": AGENCY,
        "device_id": device,
        "device_kind": "flatbed",
        "documents_received": 10,
        "streaks": [{"x_mm": x, "pages": pages} for x, pages in streaks],
    }
    return with_path_key("device_daily", table("device_daily", [row | values]), day)


def test_a_day_of_scanners():
    """Pages and documents that were received, each defect once a page, streaks by whole millimetre, notes too."""
    rows = devices_of_day(
        table(
            "pages",
            [
                page("S1", 104.4, "streaks", "skewed"),
                page("S1", 103.6, "skewed", notes=["streaks"]),
                page("S1", 20.0),
                page("S2", 30.0),
            ],
        ),
        table(
            "documents",
            [
                document("a", device_id="S1", pages_found=2),
                document("b", device_id="S1", pages_found=1),
                document("c", device_id="S1", pages_found=7, is_received=False),
            ],
        ),
        table("batches", [batch("S2"), batch("S1"), batch("S3", refusal="bad_path")]),
    ).to_pylist()
    assert [(row["device_id"], row["documents_received"], row["pages_received"]) for row in rows] == [
        ("S1", 2, 3),
        ("S2", 0, 0),
    ]
    assert rows[0]["defect_pages"] == [{"defect": "skewed", "pages": 2}, {"defect": "streaks", "pages": 1}]
    assert rows[0]["streaks"] == [{"x_mm": 104, "pages": 2}]
    assert rows[0]["device_kind"] == "adf"


def days(count: int) -> list[date]:
    return [DAY + timedelta(n) for n in range(count)]


def test_a_streak_that_stays_is_dirt():
    """Three days near 104 mm: 4 pages of 103 and 6 of 105 lie at 104.2; a streak elsewhere comes and goes."""
    found = dirty_glass(
        pa.concat_tables(
            [
                device_day(DAY, (103, 4), (30, 9)),
                device_day(DAY + timedelta(1), (105, 3)),
                device_day(DAY + timedelta(2), (105, 3), (60, 1)),
            ]
        )
    )
    assert [(glass.x_mm, glass.days, glass.pages) for glass in found] == [(104.2, 3, 10)]
    assert (found[0].device_id, found[0].first_day, found[0].last_day) == ("S1", DAY, DAY + timedelta(2))


@pytest.mark.parametrize(
    "rows",
    [
        [device_day(day, (104, 5)) for day in days(2)],
        [*(device_day(day, (104, 5)) for day in days(3)), device_day(DAY + timedelta(9))],
        [device_day(day, (104 + 10 * number, 5)) for number, day in enumerate(days(3))],
        [device_day(day, (104, 5), device=f"S{number}") for number, day in enumerate(days(3))],
    ],
    ids=["two_days_only", "gone_on_the_last_day", "never_at_one_place", "another_device_each_day"],
)
def test_what_is_no_dirt(rows):
    """Too few days, cleaned since, wandering, or different scanners."""
    assert dirty_glass(pa.concat_tables(rows)) == []


def waits(agency: str, documents: int) -> Freshness:
    return Freshness(agency, "silent", None, None, 1, documents, documents, DAY, "x")


def test_what_waits_against_what_is_scanned():
    """10 documents per scan day clear 25 in 2.5 days; who never scanned is first, who waits for nothing left out."""
    devices = pa.concat_tables([device_day(DAY), device_day(DAY + timedelta(1), device="S2")])
    found = capacity(devices, [waits(AGENCY, 25), waits("b", 1), waits("c", 0)])
    shown = [(row.agency, row.devices, row.scan_days, row.documents_a_day, row.days_to_clear) for row in found]
    assert shown == [("b", 0, 0, None, None), (AGENCY, 2, 2, 10.0, 2.5)]


def large(name: str, agency: str = AGENCY, **values: Any) -> dict[str, Any]:
    row = {"paper": "a1", "pages_declared": 2, "pages_found": 0, "pages_accepted": 0, "verdict": None}
    return document(name, agency=agency, **(row | {"is_received": False} | values))


def test_who_lacks_a_large_format_scanner():
    """Never scanned: 2 + 2 sheets; rejected: 3 of 4 pages. A4 without a device, a scan made good since, and an agency
    that has such a scanner are left out."""
    documents = [
        large("a", not_scanned="too_large"),
        large("b", not_scanned="no_device", paper="a3"),
        large("c", verdict="rejected", is_received=True, pages_found=4, pages_accepted=1),
        large("d", not_scanned="no_device", paper="a4"),
        large("e", verdict="accepted", is_received=True, pages_found=2, pages_accepted=2),
        large("f", not_scanned="too_large"),
        large("g", verdict="accepted", is_received=True, replaces="f"),
        large("h", agency="equipped", not_scanned="too_large"),
        large("i", agency="small", not_scanned="too_large", pages_declared=1),
    ]
    devices = pa.concat_tables([device_day(DAY), device_day(DAY, agency="equipped", device_kind="large_format")])
    first, second = large_format_needs(table("documents", documents), devices)
    assert (first.agency, first.never_scanned, first.rejected, first.documents) == (AGENCY, 4, 3, 3)
    assert first.papers == ("a3", "a1")
    assert (second.agency, second.never_scanned, second.rejected) == ("small", 1, 0)


def test_the_summary_writes_the_scanners_of_the_days_it_touches(clean_store):
    """A batch is taken: its scan day has its device, and no other day has one."""
    name = f"{AGENCY}-20240416-001"
    rows = {
        "documents": [document("a", device_id="S1", pages_found=2)],
        "pages": [page("S1", 104.0, "streaks", batch=name, document_id="a")],
        "batches": [batch("S1", batch=name)],
    }
    for table_name, values in rows.items():
        clean_store.write_table(table_name, DAY, name, table(table_name, values))
    mark_scan(clean_store, AGENCY, name, DAY)
    summarise_days.count_scan_days(clean_store, summarise_days.take_markers(clean_store)["work"], {"streaks": ()})
    (found,) = clean_store.read_table("device_daily").to_pylist()
    assert (found["scan_date"], found["device_id"], found["pages_received"]) == (DAY, "S1", 2)
    assert found["streaks"] == [{"x_mm": 104, "pages": 1}]
