"""The list of ministry systems is data: whose a system is depends on the day."""

from __future__ import annotations

from datetime import date

import pytest

from sohoa.errors import SettingsError
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


HEADER = "system,name,ministry,valid_from,valid_to\n"


def test_a_deployment_names_its_own_systems(own_file):
    """A new system of a ministry needs a row in the file that SOHOA_MINISTRIES_FILE names, and no new release."""
    own_file("ministries", HEADER + "hotich,Hộ tịch điện tử,Bộ Tư pháp,2024-01-01,\n")
    assert [(found.system, found.name) for found in ministry_systems(date(2024, 4, 15))] == [
        ("hotich", "Hộ tịch điện tử")
    ]
    assert ministry_systems(date(2023, 4, 15)) == ()


@pytest.mark.parametrize(
    "text", ["system,name\nhotich,x\n", HEADER + "hotich,x,y,yesterday,\n"], ids=["columns", "date"]
)
def test_a_malformed_ministries_file_is_named(own_file, text):
    """The message names the setting and the file."""
    own_file("ministries", text)
    with pytest.raises(SettingsError, match=r"SOHOA_MINISTRIES_FILE.*ministries.csv"):
        ministry_systems()
