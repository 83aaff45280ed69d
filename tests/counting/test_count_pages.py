"""How many pages of a day are accepted, by agency, scanner, paper and cover."""

from __future__ import annotations

from datetime import date
from typing import Any

from sohoa import layout
from sohoa.counting import summarise_days
from sohoa.counting.count_pages import pages_of_day
from sohoa.pending import mark_scan
from tests.counting_cases import document, table

DAY = date(2024, 4, 16)
AGENCY = "H37.80.01"


def scanned(name: str, found: int | None, accepted: int | None, **values: Any) -> dict[str, Any]:
    counts = {"pages_found": found, "pages_accepted": accepted}
    return document(name, **{"device_id": "S1", "paper": "a4", "cover": "matte", **counts, **values})


def test_a_day_of_pages():
    """Each class has its own row, in order; what was not received counts too, and a document without files as none."""
    rows = pages_of_day(
        table(
            "documents",
            [
                scanned("a", 3, 1, paper="a3"),
                scanned("b", 2, 2),
                scanned("c", 5, 0, is_received=False),
                scanned("d", None, None, device_id=None, cover="glossy"),
            ],
        )
    ).to_pylist()
    assert [tuple(row.values()) for row in rows] == [
        (AGENCY, "S1", "a3", "matte", 3, 1),
        (AGENCY, "S1", "a4", "matte", 7, 2),
        (AGENCY, None, "a4", "glossy", 0, 0),
    ]


def test_a_summary_counts_the_days_of_an_earlier_release_too(clean_store):
    """A day that was counted before there was this table gets its rows with the next summary of any other day."""
    earlier = date(2024, 4, 2)
    for day, name in ((earlier, "old"), (DAY, "new")):
        clean_store.write_table("documents", day, name, table("documents", [scanned(name, 4, 3, batch=name)]))
    clean_store.write_table("quality_daily", earlier, layout.DAY, table("quality_daily", []))
    mark_scan(clean_store, AGENCY, "new", DAY)
    for expected in (1, 0):
        summarise_days.count_scan_days(clean_store, summarise_days.take_markers(clean_store)["work"], {})
        found = clean_store.read_table("pages_daily").to_pylist()
        assert [(row["scan_date"], row["pages_found"], row["pages_accepted"]) for row in found] == [
            (earlier, 4, 3),
            (DAY, 4, 3),
        ], expected
