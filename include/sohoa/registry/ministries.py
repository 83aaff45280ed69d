"""Systems of ministries that take dossiers of the province, keyed on (system, valid_from)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sohoa.registry.data_files import read_data, read_rows


@dataclass(frozen=True)
class MinistrySystem:
    """One system under one ministry, from ``valid_from`` until the day before ``valid_to`` (None while it is there)."""

    system: str
    """The folder of its feed, ``ministry/<system>/``."""
    name: str
    ministry: str
    valid_from: date
    valid_to: date | None


def ministry_systems(day: date | None = None) -> tuple[MinistrySystem, ...]:
    """Return the systems of a day, in the order of their file; without a day those of all days.

    A feed of a system that is not listed is imported all the same: the list gives names and leaves no dossier out.

    Raises:
        SettingsError: the file that ``SOHOA_MINISTRIES_FILE`` names is missing or malformed.
    """
    return tuple(found for found in _systems() if day is None or _works_on(found, day))


def _works_on(found: MinistrySystem, day: date) -> bool:
    return found.valid_from <= day and (found.valid_to is None or day < found.valid_to)


def _systems() -> tuple[MinistrySystem, ...]:
    found: tuple[MinistrySystem, ...] = read_data("ministries", _read_systems)
    return found


def _read_systems(file: Path) -> tuple[MinistrySystem, ...]:
    return tuple(map(_system, read_rows(file)))


def _system(row: dict[str, str]) -> MinistrySystem:
    return MinistrySystem(
        system=row["system"],
        name=row["name"],
        ministry=row["ministry"],
        valid_from=date.fromisoformat(row["valid_from"]),
        valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
    )
