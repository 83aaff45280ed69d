"""Agencies that receive dossiers, keyed on (code, valid_from), and the leaf unit that a dossier is counted under."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path

from sohoa.registry.data_files import read_data, read_rows
from sohoa.registry.successors import commune_meant
from sohoa.registry.units import unit_ancestors, unit_at

AGENCY_LEVELS = {"department": "province", "district": "district", "commune": "commune"}
"""Kind of an agency -> level of government."""


@dataclass(frozen=True)
class Agency:
    """One agency, from ``valid_from`` until the day before ``valid_to`` (None while it exists)."""

    code: str
    name: str
    kind: str
    """department | district | commune."""
    unit_code: str
    """The unit that it governs: the province for a department, else its district or commune."""
    valid_from: date
    valid_to: date | None
    successor: str | None = None
    """Code of the agency that has its work from ``valid_to`` on, where the file says so; that of a commune's office
    follows from its commune."""

    def works_on(self, day: date) -> bool:
        """Tell whether the agency exists on this day."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


def agencies() -> tuple[Agency, ...]:
    """Return all agencies of all days, in the order of their file; a code whose agency changed has several rows.

    Raises:
        SettingsError: the file that ``SOHOA_AGENCIES_FILE`` names is missing or malformed.
    """
    return tuple(agency for rows in _by_code().values() for agency in rows)


def agencies_at(day: date) -> tuple[Agency, ...]:
    """Return the agencies of this day: departments, district offices, communes."""
    return tuple(agency for agency in agencies() if agency.works_on(day))


def agencies_of(code: str) -> tuple[Agency, ...]:
    """Return all agencies that ever bore this code, by their days."""
    return _by_code().get(code, ())


def find_agency(code: str, day: date | None = None) -> Agency | None:
    """Return the agency of this code on a day, without one as it last was; None where there is none."""
    rows = _by_code().get(code, ())
    return next((agency for agency in reversed(rows) if day is None or agency.works_on(day)), None)


def ancestors(code: str, day: date) -> tuple[str, ...]:
    """Return the codes of the units above a unit or an agency on this day, nearest first and without itself.

    A department lies under the province; a district office under its district and the province. Empty for a code that
    names nothing on that day.
    """
    agency = find_agency(code, day)
    if agency is None:
        return unit_ancestors(code, day)
    return (agency.unit_code, *unit_ancestors(agency.unit_code, day))


def parents_above(places: Iterable[tuple[date, str]]) -> dict[tuple[date, str], str]:
    """Return (day, code) -> code of the unit right above, for these units or agencies and all above them."""
    lines = [(day, (code, *ancestors(code, day))) for day, code in sorted(set(places))]
    return {(day, unit): above for day, line in lines for unit, above in pairwise(line)}


def leaf_unit(agency_code: str, commune_code: str | None, day: date) -> str | None:
    """Return the leaf unit under which a dossier of this day is counted.

    The commune that the code means on that day (``commune_meant``); else the commune of a commune's agency, or the code
    of a department or district office itself. None where neither fits.
    """
    meant = None if commune_code is None else commune_meant(commune_code, day)
    if meant is not None:
        return meant[0].code
    agency = find_agency(agency_code, day)
    if agency is None:
        return None
    if agency.kind != "commune":
        return agency.code
    return agency.unit_code if _is_commune(agency.unit_code, day) else None


def _is_commune(code: str, day: date) -> bool:
    unit = unit_at(code, day)
    return unit is not None and unit.level == "commune"


def _by_code() -> dict[str, tuple[Agency, ...]]:
    found: dict[str, tuple[Agency, ...]] = read_data("agencies", _read_agencies)
    return found


def _read_agencies(file: Path) -> dict[str, tuple[Agency, ...]]:
    found: dict[str, list[Agency]] = defaultdict(list)
    for row in read_rows(file):
        agency = _agency(row)
        if agency.kind not in AGENCY_LEVELS:
            raise ValueError(f"{agency.code}: kind {agency.kind!r} is unknown")
        found[agency.code].append(agency)
    return {code: _in_order(rows) for code, rows in found.items()}


def _in_order(rows: list[Agency]) -> tuple[Agency, ...]:
    """Return the rows of one code by their days."""
    ordered = sorted(rows, key=lambda agency: agency.valid_from)
    for one, other in pairwise(ordered):
        if one.works_on(other.valid_from):
            raise ValueError(f"code {one.code!r} has two agencies on {other.valid_from}")
    return tuple(ordered)


def _agency(row: dict[str, str]) -> Agency:
    return Agency(
        code=row["code"],
        name=row["name"],
        kind=row["kind"],
        unit_code=row["unit_code"],
        valid_from=date.fromisoformat(row["valid_from"]),
        valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        successor=row.get("successor") or None,
    )
