"""Administrative units and agencies of the province, each by the days on which it exists.

A code alone names nothing: codes were reused and names repeat, so a unit is looked up by (code, day).
"""

from sohoa.registry.agencies import Agency, agencies, agencies_at, ancestors, find_agency, leaf_unit, parents_above
from sohoa.registry.calendar import holiday_name, is_working_day, working_days
from sohoa.registry.campaigns import Campaign, campaigns, find_campaign
from sohoa.registry.ministries import MinistrySystem, ministry_systems
from sohoa.registry.successors import Successor, successors
from sohoa.registry.units import PROVINCE, Unit, find_unit, unit_at, units_at

__all__ = [
    "PROVINCE",
    "Agency",
    "Campaign",
    "MinistrySystem",
    "Successor",
    "Unit",
    "agencies",
    "agencies_at",
    "ancestors",
    "campaigns",
    "find_agency",
    "find_campaign",
    "find_unit",
    "holiday_name",
    "is_working_day",
    "leaf_unit",
    "ministry_systems",
    "parents_above",
    "successors",
    "unit_at",
    "units_at",
    "working_days",
]
