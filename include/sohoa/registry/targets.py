"""The rates that the province promised to reach, by day: ``targets.csv``, or the setting ``SOHOA_RATE_PATH``."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from sohoa.registry.data_files import read_data, read_rows

if TYPE_CHECKING:
    from sohoa.settings import Settings

Waypoint = tuple[date, float]
"""A day, and the rate to have at its end, per cent."""


def promised_path(settings: Settings) -> tuple[Waypoint, ...]:
    """Return the days with their rates, in order; straight lines lie between them, the last rate holds on.

    Raises:
        SettingsError: the site's file is malformed.
    """
    if settings.waypoints is not None:
        return settings.waypoints
    found: tuple[Waypoint, ...] = read_data("targets", _read_targets)
    return found


def _read_targets(file: Path) -> tuple[Waypoint, ...]:
    found = tuple((date.fromisoformat(row["day"]), float(row["percent"])) for row in read_rows(file))
    days = [day for day, _ in found]
    if len(found) < 2 or days != sorted(set(days)):
        raise ValueError("it needs at least two days, in order")
    return found
