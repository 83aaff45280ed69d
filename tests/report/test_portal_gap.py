"""Section III speaks of the days that are known, and of no others."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from sohoa import layout
from sohoa.days import Week
from sohoa.report.sections import portal_gap, source_ages
from sohoa.store import Store

WEEK = Week.parse("2024-W16")


def import_portal(store: Store, *days: date) -> None:
    for one in days:
        store.put_json(layout.WAREHOUSE, layout.imported_key(f"portal/dt={one}/portal.csv", "e"), {})


def test_a_week_without_the_portals_files_has_no_indicator(clean_store: Store) -> None:
    """Also where later files have come: nothing was compared, so nothing is synchronised, missing or 0 per cent."""
    import_portal(clean_store, WEEK.first - timedelta(3), WEEK.last + timedelta(2))
    part = portal_gap.build(clean_store, WEEK)
    assert [table.name for table in part.tables] == ["sources"]
    assert "Chỉ số 1.4 của tuần chưa tính được" in part.paragraphs[0]


@pytest.mark.parametrize(("files", "shown"), [(1, 1), (3, 3), (40, 3)])
def test_closed_files_are_one_line_however_many(clean_store: Store, files: int, shown: int) -> None:
    """The newest are named, all are counted, and what to do is said."""
    days = [WEEK.last - timedelta(back) for back in range(files)]
    for key in (f"register/dt={one}/a.csv" for one in (*days, WEEK.last + timedelta(1))):
        clean_store.put_json(layout.WAREHOUSE, layout.closed_feed_key(key), {"key": key, "rows": 9, "rejects": 8})
    (line,) = source_ages.closed_vi(clean_store, WEEK)
    assert line.startswith(f"{files} tệp") and "gửi lại" in line
    assert [f"dt={one}" in line for one in days] == [True] * shown + [False] * (files - shown)
