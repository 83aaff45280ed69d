"""The list of campaigns."""

from __future__ import annotations

from datetime import date

import pytest

from sohoa.errors import InputError, SettingsError
from sohoa.registry import campaigns, find_campaign
from sohoa.registry.campaigns import _by_code

HEADER = "code,name_vi,name_en,start,end,target_percent,scope,source\n"


@pytest.fixture
def own_file(monkeypatch, tmp_path):
    """A campaigns file of one's own, read anew."""

    def use(text: str) -> None:
        path = tmp_path / "campaigns.csv"
        path.write_text(HEADER + text, encoding="utf-8")
        monkeypatch.setenv("SOHOA_CAMPAIGNS_FILE", str(path))
        _by_code.cache_clear()

    yield use
    monkeypatch.undo()
    _by_code.cache_clear()


def test_one_campaign_follows_another():
    """Both campaigns of the notice are listed; only the first sets a rate."""
    first, second = campaigns()
    assert (first.target_percent, second.target_percent) == (86.0, None)
    assert first.end < second.start
    assert all(campaign.source and campaign.name_vi and campaign.name_en for campaign in campaigns())


def test_a_campaign_is_found_by_its_code():
    """An unknown code is answered with those there are."""
    assert find_campaign("2023-so-hoa").start == date(2023, 1, 1)
    with pytest.raises(InputError, match="2023-so-hoa, 2024-mot-cua"):
        find_campaign("2030")


@pytest.mark.parametrize(
    "row",
    [
        "a,x,x,2024-02-01,2024-01-01,86,commune,s\n",
        "a,x,x,2024-01-01,2024-02-01,86,village,s\n",
        "a,x,x,2024-01-01,2024-02-01,86,,s\n",
        "a,x,x,2024-01-01,2024-02-01,86,commune,s\na,x,x,2024-01-01,2024-02-01,86,commune,s\n",
    ],
    ids=["ends_before_it_starts", "unknown_level", "no_level", "code_twice"],
)
def test_a_file_that_makes_no_sense_is_refused(own_file, row):
    """The message names the setting."""
    own_file(row)
    with pytest.raises(SettingsError, match="SOHOA_CAMPAIGNS_FILE"):
        campaigns()
