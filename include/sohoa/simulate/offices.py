"""The agencies that take part, as arrays and with their habits: when they scan, on what, how honestly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from sohoa.errors import InputError
from sohoa.registry import Agency, agencies, agencies_at, ancestors, bearer_at, leaf_unit, unit_at
from sohoa.settings import province_head
from sohoa.simulate.arrays import Bools, Ints, Texts, Times
from sohoa.simulate.seeded_draws import generator
from sohoa.simulate.spelled_codes import Speller

SATURDAY, SUNDAY = 5, 6
WEIGHTS = {"commune": 1.0, "district": 2.0, "department": 2.0}
"""Kind of agency -> dossiers it receives, relative to a commune."""
DEPARTMENTS, DISTRICTS = 0.087, 0.17
"""Shares of the agencies where a number of them is asked for."""


@dataclass(frozen=True)
class Office:
    """An agency with its habits.

    Attributes:
        agency: who it is.
        weight: dossiers it receives, relative to the others.
        keenness: the keener of two offices digitises first, 0 to 1.
        dpi: resolution its scanner is set to.
        delay_days: how many days its scans lag behind the paper.
        silent_weekdays: days of the week (Monday 0) on which it sends nothing.
        works_saturdays: it also scans on Saturdays.
        lies: its manifests promise pages or hashes that are not so.
        post: the post office that scans for it, None where it scans itself.
    """

    agency: Agency
    weight: float
    keenness: float
    dpi: int = 200
    delay_days: int = 0
    silent_weekdays: frozenset[int] = frozenset()
    works_saturdays: bool = False
    lies: bool = False
    post: str | None = None

    def scans_on(self, weekday: int) -> bool:
        """Tell whether it sends batches on this day of the week."""
        if weekday == SUNDAY or (weekday == SATURDAY and not self.works_saturdays):
            return False
        return weekday not in self.silent_weekdays


HABITS: tuple[dict[str, object], ...] = (
    {"lies": True},
    {"delay_days": 3, "keenness": 0.0},
    {"silent_weekdays": frozenset({1, 3})},
    {"works_saturdays": True},
)
"""Habits of the first offices of every twelve; the others have none."""
_DOZEN = 12
_EVERY_THIRD = 3


class Offices(Speller):
    """The offices of a run, place by place; the last is nobody: a code that no list of agencies knows."""

    def __init__(self, offices: Sequence[Office]) -> None:
        """Take the offices and add nobody."""
        first = offices[0].agency.valid_from
        self.all = (
            *offices,
            Office(Agency(f"{province_head()}.99.99", "", "", "", first, first), weight=0, keenness=0),
        )
        self.codes: Texts = np.array([office.agency.code for office in self.all], object)
        self.kinds: Texts = np.array([office.agency.kind for office in self.all], object)
        self.units: Texts = np.array([office.agency.unit_code for office in self.all], object)
        self.weights = np.array([office.weight for office in self.all])
        self.keenness = np.array([office.keenness for office in self.all])
        self.lies: Bools = np.array([office.lies for office in self.all])
        self.has_post: Bools = np.array([office.post is not None for office in self.all])
        self._delays: Ints = np.array([office.delay_days for office in self.all])
        self._scans_on: Bools = np.array([[office.scans_on(weekday) for weekday in range(7)] for office in self.all])
        self._leaves: dict[tuple[int, str, date], str | None] = {}
        super().__init__(self.codes)

    def works_on(self, days: Times) -> Bools:
        """Tell day × agency whether the agency exists and its unit too."""
        found = [
            [
                office.agency.works_on(day) and self._leaf(place, "", day) is not None
                for place, office in enumerate(self.all)
            ]
            for day in days.tolist()
        ]
        return np.array(found, np.bool_)

    def leaves(self, agency: Ints, day: Times, commune: Texts | None = None) -> Texts:
        """Find the leaf unit of each dossier of an agency and commune (empty: none), None where nothing fits."""
        communes = [""] * len(agency) if commune is None else commune.tolist()
        places = zip(agency.tolist(), communes, day.tolist(), strict=True)
        return np.array([self._leaf(*place) for place in places], object)

    def scan_days(self, agency: Ints, paper: Times, last: Times, is_first: bool = True) -> Times:
        """Find the day on which each agency scans a paper: its next scan day, at the latest the last one it has.

        Args:
            agency: places of the agencies.
            paper: day of each paper, on which it can be scanned at the earliest.
            last: last day of all.
            is_first: a slow office needs its days; not for scanning again what was sent back.
        """
        first, delay = paper.min(), self._delays[agency] if is_first else 0
        days = first + np.arange((last - first).astype(np.int64) + 1)
        scans, numbers = self._scans_on[:, weekdays(days)], np.arange(len(days))
        latest = np.where(scans, numbers, 0).max(axis=1)
        following = np.minimum.accumulate(np.where(scans, numbers, len(days))[:, ::-1], axis=1)[:, ::-1]
        wanted = np.minimum((paper - first).astype(np.int64) + delay, len(days) - 1)
        found: Times = first + np.minimum(following[agency, wanted], latest[agency])
        return found

    def _leaf(self, place: int, commune: str, day: date) -> str | None:
        key = (place, commune, day)
        if key not in self._leaves:
            self._leaves[key] = leaf_unit(self.all[place].agency.code, commune or None, day)
        return self._leaves[key]


def weekdays(days: Times) -> Ints:
    """Number the weekdays, Monday 0."""
    return (days.astype("datetime64[D]").astype(np.int64) + 3) % 7


def first_days(units: Texts, days: Times) -> Times:
    """Find the first day of the unit that bears each code on a day: code and first day name it."""
    places = list(zip(units.tolist(), days.tolist(), strict=True))
    found = {place: bearer_at(*place) for place in set(places)}
    return np.array([unit and unit.valid_from for unit in map(found.get, places)], "datetime64[D]")


def lineage(unit: str, day: date) -> tuple[str, ...]:
    """Name a leaf unit and all units above it on this day."""
    return (unit, *ancestors(unit, day))


def choose_offices(count: int | None, start: date, end: date, seed: int) -> Offices:
    """Choose the offices of a run.

    Of a number about 9 % are departments, 17 % district offices (at most all), the others communes of as many
    districts as there are. The first offices of every twelve have one habit each: lies, late, silent on two weekdays,
    works on Saturdays. Every third district office works on Saturdays and lets the post office scan what comes by post.

    Args:
        count: how many work throughout; None for all that the registry knows, each in its time.
        start: first dossier day.
        end: last dossier day.
        seed: other seeds choose others.

    Raises:
        InputError: there are not that many agencies in those days.
    """
    rng = generator(seed, "offices")
    chosen = agencies() if count is None else _choose(count, start, end, rng)
    return Offices(_with_habits([_office(agency, rng) for agency in chosen], start))


def _choose(count: int, start: date, end: date, rng: np.random.Generator) -> list[Agency]:
    known = [a for a in agencies_at(start) if a.works_on(end)]
    if not 1 <= count <= len(known):
        raise InputError(f"--agencies {count}: give a number from 1 to {len(known)}")
    groups = {kind: _shuffled([a for a in known if a.kind == kind], rng) for kind in WEIGHTS}
    departments = min(round(count * DEPARTMENTS), len(groups["department"]))
    districts = min(round(count * DISTRICTS), len(groups["district"]))
    communes = _spread(groups["commune"], start)[: count - departments - districts]
    return [*communes, *groups["district"][:districts], *groups["department"]][:count]


def _office(agency: Agency, rng: np.random.Generator) -> Office:
    weight = WEIGHTS[agency.kind] * float(rng.uniform(0.7, 1.3))
    return Office(agency, weight, keenness=float(rng.random()), dpi=220 if rng.random() < 0.25 else 200)


def _with_habits(offices: list[Office], start: date) -> list[Office]:
    habits = [HABITS[n % _DOZEN] if n % _DOZEN < len(HABITS) else {} for n in range(len(offices))]
    found = [replace(o, **habit) for o, habit in zip(offices, habits, strict=True)]  # type: ignore[arg-type]  # each of its type
    districts = [number for number, office in enumerate(found) if office.agency.kind == "district"]
    for number in districts[::_EVERY_THIRD]:
        unit_code = found[number].agency.unit_code
        unit = unit_at(unit_code, start)
        post = f"Bưu điện {unit.name if unit else unit_code}"
        found[number] = replace(found[number], works_saturdays=True, post=post)
    return found


def _shuffled(group: list[Agency], rng: np.random.Generator) -> list[Agency]:
    return [group[number] for number in rng.permutation(len(group))]


def _spread(communes: list[Agency], day: date) -> list[Agency]:
    """Order the communes: one of each district before the second of any."""
    seen: dict[str, int] = {}
    rounds = []
    for commune in communes:
        district = (*ancestors(commune.unit_code, day), "")[0]
        rounds.append(seen.get(district, 0))
        seen[district] = rounds[-1] + 1
    order = sorted(range(len(communes)), key=lambda number: rounds[number])
    return [communes[number] for number in order]
