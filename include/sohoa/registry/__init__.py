"""Administrative units and agencies of the province, each by the days on which it exists.

A code alone names nothing: codes were re-used and names repeat, so a unit is looked up by (code, day).
"""

from sohoa.registry.agencies import Agency, agencies, ancestors, find_agency, leaf_unit
from sohoa.registry.units import PROVINCE, Unit, unit_at, units_at

__all__ = [
    "PROVINCE",
    "Agency",
    "Unit",
    "agencies",
    "ancestors",
    "find_agency",
    "leaf_unit",
    "unit_at",
    "units_at",
]
