"""Queues against what scanners do, and the large-format scanners that are missing."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from sohoa.registry import agencies_at, owner_at
from sohoa.steering.agency_activity import AgencyActivity
from sohoa.steering.scanner_capacity import large_format_needs, list_capacity
from sohoa.store import with_path_key
from tests.counting_cases import document, table

DAY = date(2024, 4, 16)
AGENCY = "H37.80.01"


def device_day(day: date, **values: Any) -> pa.Table:
    row = {"agency": AGENCY, "device_id": "S1", "device_kind": "flatbed", "documents_received": 10}
    return with_path_key("device_daily", table("device_daily", [row | values]), day)


def since(agency: str) -> date | None:
    owner = owner_at(agency, DAY)
    return owner and owner.valid_from


def activity(agency: str, documents: int) -> AgencyActivity:
    return AgencyActivity(agency, "silent", None, None, 1, documents, documents, DAY, "x", since(agency))


def test_the_queue_against_what_is_scanned():
    """10 documents per scan day clear 25 in 2.5 days; who never scanned comes first, who has no queue not at all."""
    devices = pa.concat_tables([device_day(DAY), device_day(DAY + timedelta(1), device_id="S2")])
    found = list_capacity(devices, [activity(AGENCY, 25), activity("b", 1), activity("c", 0)])
    shown = [(row.agency, row.devices, row.scan_days, row.documents_per_day, row.days_to_clear) for row in found]
    assert shown == [("b", 0, 0, None, None), (AGENCY, 2, 2, 10.0, 2.5)]


def large(name: str, agency: str = AGENCY, **values: Any) -> dict[str, Any]:
    row = {"paper": "a1", "pages_declared": 2, "pages_found": 0, "pages_accepted": 0, "verdict": None}
    return document(name, agency=agency, **(row | {"is_received": False} | values))


def test_who_lacks_a_large_format_scanner():
    """Never scanned: 2 + 2 sheets; rejected: 3 of 4 pages. A4 for any reason, a scan made good since, and an agency
    that has such a scanner are left out."""
    documents = [
        large("a", not_scanned="too_large"),
        large("b", not_scanned="no_device", paper="a3", pages_declared=3, note_pages=1),
        large("c", verdict="rejected", is_received=True, pages_found=4, pages_accepted=1),
        large("d", not_scanned="no_device", paper="a4"),
        large("j", not_scanned="too_large", paper="a4", pages_declared=9),
        large("e", verdict="accepted", is_received=True, pages_found=2, pages_accepted=2),
        large("f", not_scanned="too_large"),
        large("g", verdict="accepted", is_received=True, replaces="f"),
        large("h", agency="equipped", not_scanned="too_large"),
        large("i", agency="small", not_scanned="too_large", pages_declared=1),
    ]
    devices = pa.concat_tables([device_day(DAY), device_day(DAY, agency="equipped", device_kind="large_format")])
    first, second = large_format_needs(with_path_key("documents", table("documents", documents), DAY), devices)
    assert (first.agency, first.never_scanned, first.rejected, first.documents) == (AGENCY, 4, 3, 3)
    assert first.papers == ("a3", "a1")
    assert (second.agency, second.never_scanned, second.rejected) == ("small", 1, 0)


def test_a_successor_needs_what_its_forerunner_lacked():
    """The ward ended with June 2025: what it could not scan is its successor's, unless that one has such a scanner."""
    last, after = date(2025, 6, 30), date(2025, 7, 1)
    rows = with_path_key("documents", table("documents", [large("a", not_scanned="too_large")]), last)
    heir = next(one for one in agencies_at(after) if one.unit_code == "06187" and one.kind == "commune").code
    none, own = device_day(last), device_day(after, agency=heir, device_kind="large_format")
    assert [one.agency for one in large_format_needs(rows, none)] == [AGENCY]
    assert [one.agency for one in large_format_needs(rows, none, last)] == [AGENCY]
    (need,) = large_format_needs(rows, none, after)
    assert (need.agency, need.valid_from, need.never_scanned) == (heir, after, 2)
    assert large_format_needs(rows, own, after) == []
