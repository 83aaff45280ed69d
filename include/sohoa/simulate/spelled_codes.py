"""Agencies as arrays, and dossier codes in every spelling that circulates, for many dossiers at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sohoa.registry import Agency, agencies, ancestors, leaf_unit

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Times = npt.NDArray[Any]
"""Days (unit D) or moments (unit s) on the wall clock, or one of them."""
Shares = npt.NDArray[np.float64]
Texts = npt.NDArray[np.object_]

WEIGHTS = {"commune": 1.0, "district": 4.0, "department": 4.0}
"""Kind of agency -> dossiers it receives, relative to a commune."""
SPELLINGS = 4
"""new | old | new with a number of five digits | new with a group of zeros."""


@dataclass(frozen=True)
class Codes:
    """The parts of dossier codes: index of the agency in ``Offices``, day of reception, number within both."""

    agency: Ints
    day: Times
    number: Ints

    def take(self, rows: Any) -> Codes:
        """Some of them."""
        return Codes(self.agency[rows], self.day[rows], self.number[rows])

    def plus(self, more: Codes) -> Codes:
        """These and some more."""
        return Codes(
            np.concatenate([self.agency, more.agency]),
            np.concatenate([self.day, more.day]),
            np.concatenate([self.number, more.number]),
        )


class Offices:
    """All agencies of the registry, and how many dossiers each receives relative to the others.

    The last of them is nobody: a code that no list of agencies knows.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        """Draw the habits of the offices."""
        known = agencies()
        nobody = Agency("H37.99.99", "", "", "", known[0].valid_from, known[0].valid_from)
        self.agencies: tuple[Agency, ...] = (*known, nobody)
        self.codes: Texts = np.array([agency.code for agency in self.agencies], object)
        self.kinds: Texts = np.array([agency.kind for agency in self.agencies], object)
        self.units: Texts = np.array([agency.unit_code for agency in self.agencies], object)
        self.weights = np.array([WEIGHTS.get(kind, 0) for kind in self.kinds]) * rng.uniform(0.5, 1.5, len(self.codes))
        self.keenness = rng.random(len(self.codes))
        self._prefixes: Texts = np.array([_prefixes(code) for code in self.codes], object)
        self._leaves: dict[tuple[int, str, date], str | None] = {}

    def works_on(self, days: Times) -> Bools:
        """Day × agency: whether the agency exists and its unit too."""
        found = [
            [
                agency.works_on(day) and self.leaf(place, "", day) is not None
                for place, agency in enumerate(self.agencies)
            ]
            for day in days.tolist()
        ]
        return np.array(found, np.bool_)

    def leaf(self, place: int, commune: str, day: date) -> str | None:
        """The leaf unit of a dossier of this agency and commune (empty: none) on this day."""
        key = (place, commune, day)
        if key not in self._leaves:
            self._leaves[key] = leaf_unit(self.agencies[place].code, commune or None, day)
        return self._leaves[key]

    def leaves(self, agency: Ints, day: Times, commune: Texts | None = None) -> Texts:
        """The leaf unit of each dossier, None where nothing fits."""
        communes = [""] * len(agency) if commune is None else commune.tolist()
        places = zip(agency.tolist(), communes, day.tolist(), strict=True)
        return np.array([self.leaf(*place) for place in places], object)

    def keys(self, codes: Codes) -> pa.Array:
        """Each dossier's code in its one normal spelling."""
        return pc.binary_join_element_wise(
            pa.array(self.codes[codes.agency], pa.string()),
            _day_text(codes.day),
            pa.array(codes.number).cast("string"),
            "-",
        )

    def respell(self, codes: Codes, spelling: Ints, turns: Any) -> Ints:
        """Another spelling of each code, 1 or 2 turns away; an agency of no old form has only three."""
        has_old = self._prefixes[codes.agency, 1] != self._prefixes[codes.agency, 0]
        new = np.where(spelling == 1, 0, spelling)  # of 0, 2, 3
        place = (np.maximum(new - 1, 0) + turns) % (SPELLINGS - 1)
        return np.where(has_old, (spelling + turns) % SPELLINGS, np.where(place == 0, 0, place + 1))

    def spell(self, codes: Codes, spelling: Ints) -> pa.Array:
        """Each dossier's code in one of the ``SPELLINGS``."""
        numbers = pa.array(codes.number).cast(pa.string())
        wide = pc.utf8_lpad(numbers, 5, "0")
        numbers = pc.if_else(pa.array(spelling == 2), wide, pc.utf8_lpad(numbers, 4, "0"))
        prefixes = pa.array(self._prefixes[codes.agency, spelling], pa.string())
        return pc.binary_join_element_wise(prefixes, _day_text(codes.day), numbers, "-")


def lineage(unit: str, day: date) -> tuple[str, ...]:
    """A leaf unit and all units above it on this day."""
    return (unit, *ancestors(unit, day))


def stamps(moments: Times) -> pa.Array:
    """``yyyyMMddHHmmss``, null where there is no moment."""
    return pc.strftime(pa.array(moments.astype("datetime64[s]")), "%Y%m%d%H%M%S")


def _day_text(day: Times) -> pa.Array:
    return pc.strftime(pa.array(day.astype("datetime64[D]")), "%y%m%d")


def _prefixes(code: str) -> list[str]:
    groups = code.split(".")[1:]
    inner, outer = [*groups, "00"][:2]
    old = f"000.{outer}.{inner}.H37" if all(len(group) == 2 for group in groups) and len(groups) <= 2 else code
    zeros = ".".join(["H37", "00", *groups]) if len(groups) <= 2 else code
    return [code, old, code, zeros]
