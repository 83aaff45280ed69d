"""The list of campaigns."""

from __future__ import annotations

from datetime import date

import pytest

from sohoa.errors import InputError, SettingsError
from sohoa.registry import campaigns, find_campaign

HEADER = "code,name_vi,start,end,target_percent,scope,source\n"


def test_one_campaign_follows_another():
    """Both campaigns of the notice are listed; only the first sets a rate."""
    first, second = campaigns()
    assert (first.target_percent, second.target_percent) == (86.0, None)
    assert first.end < second.start
    assert all(campaign.source and campaign.name_vi for campaign in campaigns())


def test_a_campaign_is_found_by_its_code():
    """An unknown code is answered with those there are."""
    assert find_campaign("2023-so-hoa").start == date(2023, 1, 1)
    with pytest.raises(InputError, match="2023-so-hoa, 2024-mot-cua"):
        find_campaign("2030")


@pytest.mark.parametrize(
    "row",
    [
        "a,x,2024-02-01,2024-01-01,86,commune,s\n",
        "a,x,2024-01-01,2024-02-01,86,village,s\n",
        "a,x,2024-01-01,2024-02-01,86,,s\n",
        "a,x,2024-01-01,2024-02-01,86,commune,s\na,x,2024-01-01,2024-02-01,86,commune,s\n",
    ],
    ids=["ends_before_it_starts", "unknown_level", "no_level", "code_twice"],
)
def test_a_file_that_makes_no_sense_is_refused(own_file, row):
    """The message names the setting."""
    own_file("campaigns", HEADER + row)
    with pytest.raises(SettingsError, match="SOHOA_CAMPAIGNS_FILE"):
        campaigns()
