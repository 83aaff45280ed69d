"""The list of ministry systems is data: whose a system is depends on the day."""

from __future__ import annotations

from datetime import date

from sohoa.registry import ministry_systems


def test_each_system_has_one_ministry_on_a_day():
    """What became of the ministries in 2025 changes whose they are, not how their feeds are called."""
    for day in (date(2024, 4, 15), date(2025, 6, 1)):
        systems = [found.system for found in ministry_systems(day)]
        assert len(systems) == len(set(systems)) == 2
    before, after = (
        {found.ministry for found in ministry_systems(day)} for day in (date(2024, 4, 15), date(2025, 6, 1))
    )
    assert not before & after


def test_the_days_of_a_system_do_not_overlap():
    """One row ends on the day on which the next begins."""
    for system in {found.system for found in ministry_systems()}:
        rows = [found for found in ministry_systems() if found.system == system]
        assert [row.valid_to for row in rows] == [*(row.valid_from for row in rows[1:]), None]
