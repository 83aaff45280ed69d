"""Single sampling plans by attributes, and when inspection is tightened or reduced.

Sample size, acceptance and rejection number: MIL-STD-105E (1989), tables I (general level II), II-A, II-B and II-C; the
first three are those of ISO 2859-1:1999. Of reduced inspection that edition has other acceptance numbers; here the
older ones hold, with their rule that a count between the two numbers accepts the lot and ends reduced inspection.
Switching: ISO 2859-1:1999, 9.3 (the switching score of 9.3.3). ``docs/audit.md`` has the tables.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sohoa import settings
from sohoa.enums import InspectionSeverity

AQLS = (0.065, *settings.AQLS)
"""Acceptance quality limits, per cent nonconforming; the first only as one step tighter than the second."""

_LOTS = (8, 15, 25, 50, 90, 150, 280, 500, 1_200, 3_200, 10_000, 35_000, 150_000, 500_000)
"""Largest lot of the code letters A, B, C … of general inspection level II; a larger one has Q."""
_SIZES = (2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800, 1_250, 2_000)
_REDUCED_SIZES = (2, 2, 2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800)
"""Sample size of each code letter A to R."""
_FIRST_AQL = 4
"""Place of ``AQLS[0]`` in the series of preferred AQLs, which begins with 0.010."""

_DOWN, _UP = 1, -1
_Cell = tuple[int, int] | int
"""Acceptance and rejection number, or the arrow to the next cell."""
_NORMAL: dict[int, _Cell] = {
    14: (0, 1), 15: _UP, 16: _DOWN, 17: (1, 2), 18: (2, 3), 19: (3, 4), 20: (5, 6), 21: (7, 8), 22: (10, 11),
    23: (14, 15), 24: (21, 22),
}  # fmt: skip
_TIGHTENED: dict[int, _Cell] = {
    15: (0, 1), 16: _DOWN, 17: _DOWN, 18: (1, 2), 19: (2, 3), 20: (3, 4), 21: (5, 6), 22: (8, 9), 23: (12, 13),
    24: (18, 19),
}  # fmt: skip
_REDUCED: dict[int, _Cell] = {
    14: (0, 1), 15: _UP, 16: _DOWN, 17: (0, 2), 18: (1, 3), 19: (1, 4), 20: (2, 5), 21: (3, 6), 22: (5, 8),
    23: (7, 10), 24: (10, 13),
}  # fmt: skip
"""Place of the code letter + place of the AQL -> the cell: each table is the same along its diagonals. Below the first
of them an arrow points down, beyond the last one up."""
_TABLES = {"normal": (_NORMAL, _SIZES), "tightened": (_TIGHTENED, _SIZES), "reduced": (_REDUCED, _REDUCED_SIZES)}

_TO_REDUCED = 30
_LOOKED_BACK = 5


@dataclass(frozen=True)
class Plan:
    """How many to look at, and what their count of nonconforming ones says of the lot."""

    sample_size: int
    accept_number: int
    """With so many the lot is accepted."""
    reject_number: int
    """With so many it is not; between the two it is, and inspection is reduced no longer."""


@dataclass(frozen=True)
class InspectedLot:
    """A lot that has been looked at."""

    size: int
    severity: InspectionSeverity
    """With which its sample was drawn."""
    aql: float
    nonconforming: int
    """Found in its sample."""

    @property
    def plan(self) -> Plan:
        """The plan of its sample."""
        return sampling_plan(self.size, self.aql, self.severity)

    @property
    def is_accepted(self) -> bool:
        """Whether the lot passes."""
        return self.nonconforming < self.plan.reject_number


def sampling_plan(size: int, aql: float, severity: InspectionSeverity) -> Plan:
    """Find the single sampling plan of a lot.

    Args:
        size: of the lot; where the sample would be larger, all of it is looked at.
        aql: per cent, one of ``AQLS``.
        severity: of inspection.
    """
    table, sizes = _TABLES[severity]
    column = AQLS.index(aql) + _FIRST_AQL
    letter, last = next((n for n, most in enumerate(_LOTS) if size <= most), len(_LOTS)), max(table)
    while True:
        cell = _DOWN if letter + column < min(table) else _UP if letter + column > last else table[letter + column]
        if not isinstance(cell, int):
            return Plan(min(size, sizes[letter]), *cell)
        letter += cell


def next_severity(lots: Iterable[InspectedLot]) -> InspectionSeverity:
    """Say how the next lot of a series is inspected.

    Args:
        lots: of one agency and stratum, in the order in which they were drawn. One that was drawn before its
            forerunners had been looked at, under what has changed since, tells nothing.
    """
    spell = _Spell("normal")
    for lot in lots:
        if lot.severity == spell.severity:
            spell = spell.after(lot)
    return spell.severity


@dataclass(frozen=True)
class _Spell:
    """Lots in a row under one severity, and the switching score."""

    severity: InspectionSeverity
    accepted: tuple[bool, ...] = ()
    score: int = 0

    def after(self, lot: InspectedLot) -> _Spell:
        accepted = (*self.accepted, lot.is_accepted)[-_LOOKED_BACK:]
        if self.severity == "tightened":
            return _Spell("normal") if accepted == (True,) * _LOOKED_BACK else _Spell("tightened", accepted)
        if self.severity == "reduced":
            return self if lot.nonconforming <= lot.plan.accept_number else _Spell("normal")
        score = _score(self.score, lot)
        if accepted.count(False) >= 2:
            return _Spell("tightened")
        return _Spell("reduced") if score >= _TO_REDUCED else _Spell("normal", accepted, score)


def _score(score: int, lot: InspectedLot) -> int:
    """The switching score after a lot under normal inspection (ISO 2859-1:1999, 9.3.3.2, single sampling)."""
    if lot.plan.accept_number <= 1:
        return score + 2 if lot.is_accepted else 0
    tighter = sampling_plan(lot.size, AQLS[AQLS.index(lot.aql) - 1], "normal")
    return score + 3 if lot.nonconforming <= tighter.accept_number else 0
