"""Administrative units and agencies of the province, each by the days on which it exists.

A code alone names nothing: codes were reused and names repeat, so a unit is looked up by (code, day).
"""

from typing import TYPE_CHECKING

from sohoa.registry.agencies import (
    Agency,
    agencies,
    agencies_at,
    agencies_of,
    ancestors,
    find_agency,
    leaf_unit,
    parents_above,
)
from sohoa.registry.bearers import (
    Bearer,
    asked_unit,
    bearer_at,
    bearers,
    bearers_within,
    district_name,
    full_name,
    name_of,
    owner_at,
    owner_name,
)
from sohoa.registry.calendar import holiday_name, is_working_day, working_days
from sohoa.registry.campaigns import Campaign, campaigns, find_campaign
from sohoa.registry.ministries import MinistrySystem, ministry_systems
from sohoa.registry.successors import Successor, commune_meant, successors
from sohoa.registry.targets import promised_path
from sohoa.registry.units import Unit, commune_starts, unit_ancestors, unit_at, units_at, units_of

__all__ = [
    "PROVINCE",
    "Agency",
    "Bearer",
    "Campaign",
    "MinistrySystem",
    "Successor",
    "Unit",
    "agencies",
    "agencies_at",
    "agencies_of",
    "ancestors",
    "asked_unit",
    "bearer_at",
    "bearers",
    "bearers_within",
    "campaigns",
    "commune_meant",
    "commune_starts",
    "district_name",
    "find_agency",
    "find_campaign",
    "full_name",
    "holiday_name",
    "is_working_day",
    "leaf_unit",
    "ministry_systems",
    "name_of",
    "owner_at",
    "owner_name",
    "parents_above",
    "promised_path",
    "successors",
    "unit_ancestors",
    "unit_at",
    "units_at",
    "units_of",
    "working_days",
]

if TYPE_CHECKING:
    PROVINCE: str


def __getattr__(name: str) -> str:
    """The code of the province itself, which the settings name: they are read only where it is asked for."""
    if name != "PROVINCE":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from sohoa.settings import province_code

    return province_code()
