"""The dossiers that the offices receive, and how far each of them is digitised in the end."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from sohoa.simulate.offices import SATURDAY, SUNDAY, Office
from sohoa.simulate.sample_names import PROCEDURES, Procedure
from sohoa.simulate.seeded_draws import EvenDraws, generator, whole_parts

START_SHARE, END_SHARE = 0.056, 0.86
STEEPNESS = 10.0
TAIL_DAYS = 14  # results and rescans follow for so long after the last dossier day
FINISHED = (9, 10)
EXEMPTIONS = ("DU_LIEU_DA_CHIA_SE", "BAN_SAO_CHUNG_THUC", "GIAY_TO_CHI_XUAT_TRINH", "TAI_LIEU_MAT")
OUTSIDE = {"registered": 0.02, "refused": 0.02, "withdrawn": 0.02, "exempt": 0.04, "void": 0.02, "": 0.88}
STATUS_OUTSIDE = {"registered": 1, "refused": 3, "withdrawn": 7}
SHORTFALLS = {"untouched": 0.66, "partial": 0.24, "spoiled": 0.06, "withheld": 0.04}
"""Why a dossier that counts is not digitised, and how often: nothing scanned | no result scanned | its only component
is a bad scan | its only component is listed but not scanned."""


@dataclass(frozen=True)
class Dossier:
    """A dossier as it stands at the end.

    Attributes:
        office: who handles it.
        day: day of reception.
        number: number within the office's day.
        procedure: what it is about.
        channel: 1 direct, 2 online, 3 post.
        commune: commune code in the register, empty where it has none.
        components: components to digitise.
        has_paper_result: a paper result is returned.
        status: 1 to 10.
        finished: day on which it was finished, None where it is not.
        exemption: reason of exemption, empty where none.
        is_void: void or test.
        fate: digitised | untouched | partial | spoiled | withheld | outside (of the rates).
        spells_old: its usual spelling is the old one.
    """

    office: Office
    day: date
    number: int
    procedure: Procedure
    channel: int
    commune: str
    components: int
    has_paper_result: bool
    status: int
    finished: date | None
    exemption: str
    is_void: bool
    fate: str
    spells_old: bool

    @property
    def code(self) -> str:
        """Its code in the new spelling."""
        return f"{self.office.agency.code}-{self.day:%y%m%d}-{self.number:04d}"

    @property
    def old_code(self) -> str:
        """Its code in the old spelling."""
        inner, outer = [*self.office.agency.code.split(".")[1:], "00"][:2]
        return f"000.{outer}.{inner}.H37-{self.day:%y%m%d}-{self.number:04d}"

    @property
    def usual_code(self) -> str:
        """Its code as its office writes it."""
        return self.old_code if self.spells_old else self.code


def target_share(elapsed: float) -> float:
    """Share of dossiers digitised after this share of the days (0 to 1): an S from 5.6 % to 86 %."""
    low, high = _logistic(-STEEPNESS / 2), _logistic(STEEPNESS / 2)
    rise = (_logistic(STEEPNESS * (elapsed - 0.5)) - low) / (high - low)
    return START_SHARE + (END_SHARE - START_SHARE) * rise


def plan_dossiers(count: int, offices: tuple[Office, ...], start: date, end: date, seed: int) -> list[Dossier]:
    """``count`` dossiers in the order of their days and numbers."""
    rng, weights = generator(seed, "dossiers"), {office: office.weight for office in offices}
    turn, outside = EvenDraws(rng), EvenDraws(rng, 50)
    days = [start + timedelta(n) for n in range((end - start).days + 1)]
    found = []
    for day, of_day in zip(days, whole_parts(count * w for w in _day_weights(days)), strict=True):
        numbers: dict[str, int] = {}
        for _ in range(of_day):
            office = turn.choose(weights)
            number = numbers[office.agency.code] = numbers.get(office.agency.code, 0) + 1
            found.append(_receive(office, offices, day, number, outside.choose(OUTSIDE), rng))
    return _with_fates(found, start, end, rng)


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def _day_weights(days: list[date]) -> list[float]:
    weights = [{SATURDAY: 0.25, SUNDAY: 0.08}.get(day.weekday(), 1.0) for day in days]
    return [weight / sum(weights) for weight in weights]


def _receive(
    office: Office, offices: tuple[Office, ...], day: date, number: int, outside: str, rng: np.random.Generator
) -> Dossier:
    group = PROCEDURES[office.agency.kind]
    status, finished = _course(day, rng)
    return Dossier(
        office=office,
        day=day,
        number=number,
        procedure=group[int(rng.integers(len(group)))],
        channel=int(rng.choice([1, 2, 3], p=[0.62, 0.28, 0.10])),
        commune=_commune(office, offices, rng),
        components=int(rng.choice([0, 1, 2, 3], p=[0.10, 0.45, 0.30, 0.15])),
        has_paper_result=bool(rng.random() < 0.75),
        status=STATUS_OUTSIDE.get(outside, status),
        finished=None if outside in STATUS_OUTSIDE else finished,
        exemption=EXEMPTIONS[int(rng.integers(len(EXEMPTIONS)))] if outside == "exempt" else "",
        is_void=outside == "void",
        fate="outside" if outside else "",
        spells_old=bool(rng.random() < 0.3),
    )


def _course(day: date, rng: np.random.Generator) -> tuple[int, date | None]:
    """Status at the end, and the day of its completion."""
    if rng.random() < 0.12:
        return int(rng.choice([2, 4, 5, 6, 8], p=[0.2, 0.5, 0.15, 0.05, 0.1])), None
    finished = day + timedelta(int(rng.integers(1, 7)))
    finished += timedelta(max(0, 7 - finished.weekday()) if finished.weekday() >= SATURDAY else 0)
    return int(rng.choice(FINISHED, p=[0.3, 0.7])), finished


def _commune(office: Office, offices: tuple[Office, ...], rng: np.random.Generator) -> str:
    """Most communes write their own code; a district office sometimes that of one of the run; departments none."""
    chance = rng.random()
    if office.agency.kind == "commune":
        return office.agency.unit_code if chance < 0.8 else ""
    prefix = office.agency.code + "."
    below = [o.agency.unit_code for o in offices if o.agency.code.startswith(prefix)]
    return below[int(chance * 1e6) % len(below)] if below and office.agency.kind == "district" and chance < 0.3 else ""


def _with_fates(dossiers: list[Dossier], start: date, end: date, rng: np.random.Generator) -> list[Dossier]:
    """Day after day, the keener offices' dossiers first, as many digitised as the S-curve asks for."""
    shortfall, length = EvenDraws(rng, 50), max(1, (end - start).days)
    wanted, given = 0.0, 0
    fated: dict[int, Dossier] = {}
    for day in sorted({d.day for d in dossiers}):
        counted = [n for n, d in enumerate(dossiers) if d.day == day and d.fate != "outside"]
        wanted += len(counted) * target_share((day - start).days / length)
        chosen = max(0, min(len(counted), round(wanted) - given))
        given += chosen
        counted.sort(key=lambda n: dossiers[n].office.keenness + 0.8 * float(rng.random()), reverse=True)
        for rank, number in enumerate(counted):
            fate = "digitised" if rank < chosen else shortfall.choose(SHORTFALLS)
            fated[number] = _fit(dossiers[number], fate, rng)
    return [fated.get(number, dossier) for number, dossier in enumerate(dossiers)]


def _fit(dossier: Dossier, fate: str, rng: np.random.Generator) -> Dossier:
    """The dossier with a fate, and with what that fate needs to be possible."""
    if fate == "digitised" and dossier.has_paper_result and dossier.finished is None:
        dossier = replace(dossier, status=9, finished=dossier.day + timedelta(int(rng.integers(1, 5))))
    if fate == "partial":
        dossier = replace(dossier, components=max(1, dossier.components), has_paper_result=True)
    if fate == "untouched" and not dossier.has_paper_result:
        dossier = replace(dossier, components=max(1, dossier.components))
    if fate in {"spoiled", "withheld"}:
        dossier = replace(dossier, components=1)
    return replace(dossier, fate=fate)
