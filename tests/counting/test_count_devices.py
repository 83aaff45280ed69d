"""What each scanner did on a day."""

from __future__ import annotations

from datetime import date
from typing import Any

from sohoa.counting import summarise_days
from sohoa.counting.count_devices import devices_of_day
from sohoa.pending import mark_scan
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
