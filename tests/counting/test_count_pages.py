"""How many pages of a day are accepted, by agency, scanner, paper and cover."""

from __future__ import annotations

from datetime import date
from typing import Any

from sohoa.counting.count_pages import pages_of_day
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
