"""Names that tell units apart: four communes were called Hòa Bình."""

from __future__ import annotations

from datetime import date

import pytest

from sohoa.registry import agencies_at, district_name, full_name

BEFORE, AFTER = date(2024, 6, 3), date(2025, 7, 7)


def test_no_two_agencies_of_a_day_share_a_full_name():
    """While there are districts."""
    names = [full_name(agency.code, BEFORE, BEFORE) for agency in agencies_at(BEFORE)]
    assert len(set(names)) == len(names) > 200
    assert sum(name.startswith("UBND xã Hòa Bình, huyện ") for name in names) == len(
        [agency for agency in agencies_at(BEFORE) if agency.name == "UBND xã Hòa Bình"]
    )


@pytest.mark.parametrize(
    ("code", "expected"),
    [("20", None), ("178", "Thành phố Lạng Sơn"), ("05971", "Thành phố Lạng Sơn"), ("nobody", None)],
)
def test_the_district_of_a_unit(code: str, expected: str | None):
    """None for what lies in none."""
    assert district_name(code, BEFORE) == expected


def test_since_there_are_no_districts_none_is_named():
    """And an ended commune is named with its district, last day and successor."""
    assert all(district_name(agency.code, AFTER) is None for agency in agencies_at(AFTER))
    former = full_name("05971", BEFORE, AFTER)
    assert former.startswith("Phường Hoàng Văn Thụ, thành phố Lạng Sơn (đến hết ")
    assert full_name("nobody", BEFORE, AFTER) == "nobody"
    assert full_name("05971", None, AFTER) == "05971"
