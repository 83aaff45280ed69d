"""Agencies that receive dossiers, and the leaf unit that a dossier is counted under."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from sohoa.errors import SettingsError
from sohoa.registry.units import DATA, unit_ancestors, unit_at

KINDS = ("department", "district", "commune")


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

    def works_on(self, day: date) -> bool:
        """Whether the agency exists on this day."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


def agencies() -> tuple[Agency, ...]:
    """All agencies, in the order of their file: departments, district offices, communes.

    Raises:
        SettingsError: the file that ``SOHOA_AGENCIES_FILE`` names is missing or malformed.
    """
    return tuple(_by_code().values())


def find_agency(code: str) -> Agency | None:
    """The agency of this code, None where there is none."""
    return _by_code().get(code)


def ancestors(code: str, day: date) -> tuple[str, ...]:
    """Codes of the units above a unit or an agency on this day, nearest first and without itself.

    A department lies under the province; a district office under its district and the province. Empty for a code that
    names nothing on that day.
    """
    agency = find_agency(code)
    if agency is None:
        return unit_ancestors(code, day)
    if not agency.works_on(day):
        return ()
    return (agency.unit_code, *unit_ancestors(agency.unit_code, day))


def leaf_unit(agency_code: str, commune_code: str | None, day: date) -> str | None:
    """The leaf unit under which a dossier of this day is counted.

    The commune where it stands on that day; else the commune of a commune's agency, or the code of a department or
    district office itself. None where neither fits.
    """
    if commune_code is not None and _is_commune(commune_code, day):
        return commune_code
    agency = find_agency(agency_code)
    if agency is None or not agency.works_on(day):
        return None
    if agency.kind != "commune":
        return agency.code
    return agency.unit_code if _is_commune(agency.unit_code, day) else None


def _is_commune(code: str, day: date) -> bool:
    unit = unit_at(code, day)
    return unit is not None and unit.level == "commune"


@cache
def _by_code() -> dict[str, Agency]:
    from sohoa.settings import load_settings  # here, so that looking up a unit does not cost the import of pydantic

    file = load_settings().agencies_file or DATA / "agencies.csv"
    try:
        return _read_agencies(file)
    except (OSError, UnicodeDecodeError, KeyError, ValueError) as error:
        raise SettingsError(
            f"SOHOA_AGENCIES_FILE: {file} cannot be used: {error}; "
            "see docs/settings.md and the README beside sohoa/registry/data/agencies.csv"
        ) from error


def _read_agencies(file: Path) -> dict[str, Agency]:
    found: dict[str, Agency] = {}
    with file.open(encoding="utf-8-sig", newline="") as lines:
        for number, row in enumerate(csv.DictReader(lines), start=2):
            agency = _agency(row)
            if agency.code in found or agency.kind not in KINDS:
                raise ValueError(f"line {number}: code {agency.code!r} repeats, or kind {agency.kind!r} is unknown")
            found[agency.code] = agency
    return found


def _agency(row: dict[str, str]) -> Agency:
    return Agency(
        code=row["code"],
        name=row["name"],
        kind=row["kind"],
        unit_code=row["unit_code"],
        valid_from=date.fromisoformat(row["valid_from"]),
        valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
    )
