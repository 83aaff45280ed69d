"""What became of a commune: its successors at each reorganisation, read once from ``data/successors.csv``."""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from functools import cache

from sohoa.registry.data_files import DATA
from sohoa.registry.units import Unit


@dataclass(frozen=True)
class Successor:
    """A unit that took in a former one, or a part of it."""

    code: str
    is_default: bool
    """Dossiers of the former unit go here; exactly one successor of a unit is the default."""


def successors(unit: Unit) -> tuple[Successor, ...]:
    """Return the units that follow a commune on its ``valid_to``, the default one first; none while it stands."""
    return _read_successors().get((unit.code, unit.valid_to), ())


@cache
def _read_successors() -> dict[tuple[str, date | None], tuple[Successor, ...]]:
    found: dict[tuple[str, date | None], list[Successor]] = defaultdict(list)
    with (DATA / "successors.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            successor = Successor(row["new_code"], row["is_default"] == "1")
            found[row["old_code"], date.fromisoformat(row["valid_from"])].append(successor)
    return {key: tuple(sorted(rows, key=lambda row: not row.is_default)) for key, rows in found.items()}
