"""Campaigns (đợt thi đua cao điểm) of the province: a list, since one follows another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sohoa.errors import InputError
from sohoa.registry.data_files import read_data, read_rows

SCOPES = ("department", "district", "commune")
"""Levels of units that a campaign can rank."""


@dataclass(frozen=True)
class Campaign:
    """One campaign, both its days included."""

    code: str
    name_vi: str
    start: date
    end: date
    target_percent: float | None
    """Rate to reach at its end; None where it has no such target."""
    scope: tuple[str, ...]
    """Levels that take part, of ``SCOPES``."""
    source: str


def campaigns() -> tuple[Campaign, ...]:
    """Return all campaigns, in the order of their file.

    Raises:
        SettingsError: the file that ``SOHOA_CAMPAIGNS_FILE`` names is missing or malformed.
    """
    return tuple(_by_code().values())


def find_campaign(code: str) -> Campaign:
    """Return the campaign of this code.

    Raises:
        InputError: there is none; the message lists them.
    """
    found = _by_code().get(code)
    if found is None:
        raise InputError(f"{code} is no campaign: use one of {', '.join(_by_code())}")
    return found


def _by_code() -> dict[str, Campaign]:
    found: dict[str, Campaign] = read_data("campaigns", _read_campaigns)
    return found


def _read_campaigns(file: Path) -> dict[str, Campaign]:
    found = [_campaign(row) for row in read_rows(file)]
    if len({campaign.code for campaign in found}) < len(found):
        raise ValueError("a code repeats")
    return {campaign.code: campaign for campaign in found}


def _campaign(row: dict[str, str]) -> Campaign:
    start, end, scope = date.fromisoformat(row["start"]), date.fromisoformat(row["end"]), tuple(row["scope"].split())
    if end < start or not scope or not set(scope) <= set(SCOPES):
        raise ValueError(f"campaign {row['code']!r}: end lies before start, or scope is not of {' '.join(SCOPES)}")
    target = float(row["target_percent"]) if row["target_percent"] else None
    return Campaign(row["code"], row["name_vi"], start, end, target, scope, row["source"])
