"""Which agencies take part, their habits, and the days on which they scan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from sohoa.errors import InputError
from sohoa.registry import Agency, agencies_at, ancestors, unit_at
from sohoa.simulate.seeded_draws import generator

SATURDAY, SUNDAY = 5, 6


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
    dpi: int
    delay_days: int = 0
    silent_weekdays: frozenset[int] = frozenset()
    works_saturdays: bool = False
    lies: bool = False
    post: str | None = None

    def scans_on(self, day: date) -> bool:
        """Whether it sends batches on this day."""
        weekday = day.weekday()
        if weekday == SUNDAY or (weekday == SATURDAY and not self.works_saturdays):
            return False
        return weekday not in self.silent_weekdays

    def scan_days(self, first: date, last: date) -> list[date]:
        """The days from ``first`` to ``last`` on which it scans."""
        days = ((last - first).days + 1) if last >= first else 0
        return [d for d in (first + timedelta(n) for n in range(days)) if self.scans_on(d)]

    def scan_day(self, paper: date, last: date) -> date:
        """When a paper of that day is scanned: its first scan day after its delay, at the latest the last one."""
        later = self.scan_days(paper + timedelta(self.delay_days), last)
        return later[0] if later else self.scan_days(last - timedelta(7), last)[-1]


def choose_offices(count: int, start: date, end: date, seed: int) -> tuple[Office, ...]:
    """``count`` offices: about 9 % departments, 17 % district offices (at most all), communes of as many districts.

    Four of them have one habit each: lies, late, silent on two weekdays, works on Saturdays. The first district office
    works on Saturdays and lets the post office scan what comes by post.

    Raises:
        InputError: there are not that many agencies in those days.
    """
    rng = generator(seed, "offices")
    known = [a for a in agencies_at(start) if a.works_on(end)]
    if not 1 <= count <= len(known):
        raise InputError(f"--agencies {count}: give a number from 1 to {len(known)}")
    groups = {kind: _shuffled([a for a in known if a.kind == kind], rng) for kind in PLACES}
    departments = min(round(count * 0.087), len(groups["department"]))
    districts = min(round(count * 0.17), len(groups["district"]))
    communes = _spread(groups["commune"], start)[: count - departments - districts]
    chosen = [*communes, *groups["district"][:districts], *groups["department"]][:count]
    return _with_habits([_office(agency, rng) for agency in chosen], start)


PLACES = {"commune": 1.0, "district": 2.0, "department": 2.0}
"""Kind of agency -> dossiers it receives, relative to a commune."""


def _office(agency: Agency, rng: np.random.Generator) -> Office:
    weight = PLACES[agency.kind] * float(rng.uniform(0.7, 1.3))
    return Office(agency, weight, keenness=float(rng.random()), dpi=220 if rng.random() < 0.25 else 200)


def _with_habits(offices: list[Office], start: date) -> tuple[Office, ...]:
    habits: tuple[dict[str, object], ...] = (
        {"lies": True},
        {"delay_days": 3, "keenness": 0.0},
        {"silent_weekdays": frozenset({1, 3})},
        {"works_saturdays": True},
    )
    for number, habit in enumerate(habits[: len(offices)]):
        offices[number] = replace(offices[number], **habit)  # type: ignore[arg-type]
    for number, office in enumerate(offices):
        if office.agency.kind == "district":
            unit = unit_at(office.agency.unit_code, start)
            post = f"Bưu điện {unit.name if unit else office.agency.unit_code}"
            offices[number] = replace(office, works_saturdays=True, post=post)
            break
    return tuple(offices)


def _shuffled(group: list[Agency], rng: np.random.Generator) -> list[Agency]:
    return [group[number] for number in rng.permutation(len(group))]


def _spread(communes: list[Agency], day: date) -> list[Agency]:
    """The same communes, one of each district before the second of any."""
    seen: dict[str, int] = {}
    rounds = []
    for commune in communes:
        district = (*ancestors(commune.unit_code, day), "")[0]
        rounds.append(seen.get(district, 0))
        seen[district] = rounds[-1] + 1
    order = sorted(range(len(communes)), key=lambda number: rounds[number])
    return [communes[number] for number in order]
