"""Province, districts and communes, keyed on (code, valid_from); read once from ``units.csv``."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sohoa.registry.data_files import read_data, read_rows


@dataclass(frozen=True)
class Unit:
    """One administrative unit as it stood from ``valid_from`` until the day before ``valid_to``."""

    code: str
    valid_from: date
    valid_to: date | None
    """First day on which it no longer stands; None while it does."""
    name: str
    level: str
    """province | district | commune."""
    kind: str
    """tỉnh | huyện | thành phố | xã | phường | thị trấn."""
    parent: str | None
    lat: float | None
    """Latitude in degrees north; None where not known."""
    lon: float | None
    """Longitude in degrees east; None where not known."""

    def stands_on(self, day: date) -> bool:
        """Tell whether the unit exists on this day."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


def unit_at(code: str, day: date) -> Unit | None:
    """Return the unit that bears this code on this day, None where no unit does."""
    return next((unit for unit in _versions().get(code, ()) if unit.stands_on(day)), None)


def units_of(code: str) -> tuple[Unit, ...]:
    """Return all units that ever bore this code, in the order of their file."""
    return _versions().get(code, ())


def units_at(day: date) -> tuple[Unit, ...]:
    """Return all units of this day: the province, then districts, then communes, each in the order of codes."""
    return tuple(unit for versions in _versions().values() for unit in versions if unit.stands_on(day))


def unit_ancestors(code: str, day: date) -> tuple[str, ...]:
    """Return the codes of the units above this one on this day, nearest first; empty for an unknown code."""
    found: list[str] = []
    unit = unit_at(code, day)
    while unit is not None and unit.parent is not None:
        found.append(unit.parent)
        unit = unit_at(unit.parent, day)
    return tuple(found)


def commune_starts() -> tuple[date, ...]:
    """Return the days on which communes begin, each once, in order."""
    found = {unit.valid_from for versions in _versions().values() for unit in versions if unit.level == "commune"}
    return tuple(sorted(found))


def _versions() -> dict[str, tuple[Unit, ...]]:
    found: dict[str, tuple[Unit, ...]] = read_data("units", _read_units)
    return found


def _read_units(file: Path) -> dict[str, tuple[Unit, ...]]:
    found: dict[str, list[Unit]] = defaultdict(list)
    for row in read_rows(file):
        found[row["code"]].append(_unit(row))
    return {code: tuple(versions) for code, versions in found.items()}


def _unit(row: dict[str, str]) -> Unit:
    return Unit(
        code=row["code"],
        valid_from=date.fromisoformat(row["valid_from"]),
        valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        name=row["name"],
        level=row["level"],
        kind=row["kind"],
        parent=row["parent"] or None,
        lat=float(row["lat"]) if row.get("lat") else None,
        lon=float(row["lon"]) if row.get("lon") else None,
    )
