"""Dossier codes in every spelling that circulates, for many dossiers at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sohoa.simulate.arrays import Entries, Ints, Texts, Times

SPELLINGS = 4
"""new | old | new with a number of five digits | new with a group of zeros."""


@dataclass(frozen=True)
class Codes(Entries):
    """The parts of dossier codes: place of the agency in ``Offices``, day of reception, number within both."""

    agency: Ints
    day: Times
    number: Ints


class Speller:
    """Writes codes of some agencies."""

    def __init__(self, agencies: Texts) -> None:
        """Learn the codes of the agencies, place by place."""
        self._agencies = agencies
        self._prefixes: Texts = np.array([_prefixes(code) for code in agencies], object)

    def keys(self, codes: Codes) -> pa.Array:
        """Write each dossier's code in its one normal spelling."""
        return pc.binary_join_element_wise(
            pa.array(self._agencies[codes.agency], pa.string()),
            _day_text(codes.day),
            pa.array(codes.number).cast("string"),
            "-",
        )

    def spell(self, codes: Codes, spelling: Ints) -> pa.Array:
        """Write each dossier's code in one of the ``SPELLINGS``."""
        numbers = pa.array(codes.number).cast(pa.string())
        wide = pc.utf8_lpad(numbers, 5, "0")
        numbers = pc.if_else(pa.array(spelling == 2), wide, pc.utf8_lpad(numbers, 4, "0"))
        prefixes = pa.array(self._prefixes[codes.agency, spelling], pa.string())
        return pc.binary_join_element_wise(prefixes, _day_text(codes.day), numbers, "-")

    def respell(self, codes: Codes, spelling: Ints, turns: Any) -> Ints:
        """Choose another spelling of each code, 1 or 2 turns away; an agency of no old form has only three."""
        has_old = self._prefixes[codes.agency, 1] != self._prefixes[codes.agency, 0]
        new = np.where(spelling == 1, 0, spelling)  # of 0, 2, 3
        place = (np.maximum(new - 1, 0) + turns) % (SPELLINGS - 1)
        return np.where(has_old, (spelling + turns) % SPELLINGS, np.where(place == 0, 0, place + 1))


def stamps(moments: Times) -> pa.Array:
    """Write moments as ``yyyyMMddHHmmss``, null where there is none."""
    return pc.strftime(pa.array(moments.astype("datetime64[s]")), "%Y%m%d%H%M%S")


def _day_text(day: Times) -> pa.Array:
    return pc.strftime(pa.array(day.astype("datetime64[D]")), "%y%m%d")


def _prefixes(code: str) -> list[str]:
    head, *groups = code.split(".")
    inner, outer = [*groups, "00"][:2]
    old = f"000.{outer}.{inner}.{head}" if all(len(group) == 2 for group in groups) and len(groups) <= 2 else code
    zeros = ".".join([head, "00", *groups]) if len(groups) <= 2 else code
    return [code, old, code, zeros]
