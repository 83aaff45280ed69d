"""What became of a commune: its successors at each reorganisation, read once from ``successors.csv``."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sohoa.registry.data_files import read_data, read_rows
from sohoa.registry.units import Unit, unit_at, units_of


@dataclass(frozen=True)
class Successor:
    """A unit that took in a former one, or a part of it."""

    code: str
    is_default: bool
    """Dossiers of the former unit go here; exactly one successor of a unit is the default."""


def successors(unit: Unit) -> tuple[Successor, ...]:
    """Return the units that follow a commune on its ``valid_to``, the default one first; none while it stands."""
    return _by_ended_unit().get((unit.code, unit.valid_to), ())


def commune_meant(code: str, day: date) -> tuple[Unit, bool] | None:
    """Return the commune that a code means on a day, and whether a split on the way leaves open which.

    The one that bears it then, else the successor of the last one that did, a split one's default; None where no
    commune has borne it until then.
    """
    ended = [unit for unit in units_of(code) if unit.level == "commune" and unit.valid_from <= day]
    if not ended:
        return None
    unit, is_split = max(ended, key=lambda one: one.valid_from), False
    while not unit.stands_on(day):
        options = successors(unit)
        following = unit_at(options[0].code, unit.valid_to) if options and unit.valid_to else None
        if following is None:
            return None
        unit, is_split = following, is_split or len(options) > 1
    return unit, is_split


def _by_ended_unit() -> dict[tuple[str, date | None], tuple[Successor, ...]]:
    found: dict[tuple[str, date | None], tuple[Successor, ...]] = read_data("successors", _read_successors)
    return found


def _read_successors(file: Path) -> dict[tuple[str, date | None], tuple[Successor, ...]]:
    found: dict[tuple[str, date | None], list[Successor]] = defaultdict(list)
    for row in read_rows(file):
        successor = Successor(row["new_code"], row["is_default"] == "1")
        found[row["old_code"], date.fromisoformat(row["valid_from"])].append(successor)
    return {key: tuple(sorted(rows, key=lambda row: not row.is_default)) for key, rows in found.items()}
