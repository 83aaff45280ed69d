"""The dossiers: where and when received, which course each takes, what the register says in the end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sohoa.settings import province_head
from sohoa.simulate.arrays import NO_MOMENT, Bools, Ints, Texts, Times, choose, even_draws, number_within
from sohoa.simulate.offices import Offices, weekdays
from sohoa.simulate.other_agencies import others, strangers
from sohoa.simulate.sample_names import PROCEDURES
from sohoa.simulate.spelled_codes import Codes

TAIL_DAYS = 60
"""Changes, scans and late rows follow for so long after the last dossier day."""
STEPS = (
    ("registered", 1), ("accepted", 2), ("working", 4), ("waiting", 5), ("resumed", 4), ("waiting again", 5),
    ("resumed again", 4), ("paying", 6), ("refused", 3), ("withdrawn", 7), ("stopped", 8), ("done", 9),
    ("returned", 10),
)  # fmt: skip
"""What can happen to a dossier, in time, with the status that it then has."""
STEP = {name: place for place, (name, _) in enumerate(STEPS)}
STATUS: Ints = np.array([status for _, status in STEPS])
COURSES: dict[tuple[str, ...], float] = {
    ("registered", "accepted", "working", "done", "returned"): 0.20,
    ("accepted", "working", "done", "returned"): 0.34,
    ("accepted", "working", "done"): 0.12,
    ("accepted", "working", "returned"): 0.05,
    ("accepted", "working", "waiting", "resumed", "done", "returned"): 0.06,
    ("accepted", "working", "waiting", "resumed", "waiting again", "resumed again", "done"): 0.02,
    ("accepted", "working", "waiting", "resumed", "waiting again"): 0.01,
    ("accepted", "working", "waiting", "resumed"): 0.01,
    ("accepted", "working", "waiting"): 0.02,
    ("accepted", "working", "paying"): 0.01,
    ("accepted", "working"): 0.04,
    ("accepted",): 0.02,
    ("accepted", "working", "stopped"): 0.02,
    ("accepted", "working", "withdrawn"): 0.02,
    ("registered", "withdrawn"): 0.01,
    ("registered", "refused"): 0.03,
    ("registered",): 0.02,
}
"""The steps of a dossier, and how often."""
SHAPES: Bools = np.array([[name in steps for name, _ in STEPS] for steps in COURSES])
"""Course × step."""
EXEMPTIONS = ("DU_LIEU_DA_CHIA_SE", "BAN_SAO_CHUNG_THUC", "GIAY_TO_CHI_XUAT_TRINH", "TAI_LIEU_MAT")
EXEMPT_SHARE, VOID_SHARE, STALE_COMMUNE_SHARE = 0.04, 0.02, 0.01
CHANNELS = {1: 0.55, 2: 0.35, 3: 0.10}
COMPONENTS = {0: 0.10, 1: 0.42, 2: 0.30, 3: 0.15, 5: 0.03}
"""Components to digitise, and how often so many."""
HANDED_SHARE, STRANGE_SHARE = 0.02, 0.004
DAY_WEIGHTS = np.array([1, 1, 1, 1, 1, 0.25, 0.08])
"""Dossiers received on each weekday, relative to the others."""
ENDS = ("refused", "withdrawn", "stopped", "done", "returned")
_HOUR, _DAY = 3_600, 86_400


@dataclass(frozen=True)
class Dossiers:
    """The registered dossiers as they stand at the end, one entry per dossier.

    Attributes:
        codes: the parts of their codes.
        handler: index of DonViXuLy; not always the agency in the code, nor always one that works on that day.
        procedure: MaTTHC without local suffix.
        field: MaLinhVuc.
        channel: 1 direct, 2 online, 3 post.
        commune: MaDonViHanhChinh, empty where none; at times a code that no commune bears on that day.
        unit: leaf unit that each belongs to.
        components: SoThanhPhan.
        has_paper: CoKetQuaGiay.
        times: dossier × step: when, NaT where the step is not taken.
        due: NgayHenTra, NaT where there is none.
        exemption: reason, empty where none.
        is_void: LoaiBo.
    """

    codes: Codes
    handler: Ints
    procedure: Texts
    field: Texts
    channel: Ints
    commune: Texts
    unit: Texts
    components: Ints
    has_paper: Bools
    times: Times
    due: Times
    exemption: Texts
    is_void: Bools

    def __len__(self) -> int:
        return len(self.components)

    @property
    def counts(self) -> Bools:
        """Those in the denominator: neither only registered, refused or withdrawn, nor exempt, nor void."""
        found: Bools = ~np.isin(self.status, [1, 3, 7]) & (self.exemption == "") & ~self.is_void
        return found

    @property
    def is_finished(self) -> Bools:
        """Those with a result."""
        return np.isin(self.status, [9, 10])

    @property
    def received(self) -> Times:
        """NgayTiepNhan, NaT for those that were never accepted."""
        return self.times[:, STEP["accepted"]]

    @property
    def last_step(self) -> Ints:
        """Place in ``STEPS`` of the last one taken."""
        from_the_end: Ints = np.argmax(~np.isnat(self.times[:, ::-1]), axis=1)
        return len(STEPS) - 1 - from_the_end

    @property
    def status(self) -> Ints:
        """TrangThaiHoSo."""
        return STATUS[self.last_step]

    @property
    def last_change(self) -> Times:
        """When the last step was taken."""
        return np.take_along_axis(self.times, self.last_step[:, None], axis=1)[:, 0]

    def at(self, step: str) -> Times:
        """When each took a step, NaT where it did not."""
        return self.times[:, STEP[step]]


def plan_dossiers(offices: Offices, days: Times, count: int, rng: np.random.Generator) -> Dossiers:
    """Plan ``count`` dossiers received on these days, by day."""
    codes = _receive(offices, days, count, rng)
    handler = others(offices, codes.agency, codes.day, rng.random(count) < HANDED_SHARE, rng)
    kinds = offices.kinds[handler]
    commune = _communes(offices, handler, rng)
    unit = offices.leaves(handler, codes.day, commune)
    is_strange = (unit == commune) & (rng.random(count) < STRANGE_SHARE)
    times = _courses(codes.day, rng)
    procedure, field = _procedures(kinds, rng)
    void_or_exempt = even_draws(rng, count)
    is_exempt = (void_or_exempt > VOID_SHARE) & (void_or_exempt < VOID_SHARE + EXEMPT_SHARE)
    reasons: Texts = np.array(EXEMPTIONS, object)
    return Dossiers(
        codes=codes,
        handler=strangers(offices, handler, codes.day, is_strange, rng),
        procedure=procedure,
        field=field,
        channel=1 + choose(even_draws(rng, count), CHANNELS),
        commune=commune,
        unit=unit,
        components=np.array(list(COMPONENTS))[choose(even_draws(rng, count), COMPONENTS)],
        has_paper=rng.random(count) < 0.75,
        times=times,
        due=_promises(times, days[-1] + 1 + TAIL_DAYS, rng),
        exemption=np.where(is_exempt, reasons[rng.integers(len(reasons), size=count)], ""),
        is_void=void_or_exempt <= VOID_SHARE,
    )


def waited(times: Times) -> Times:
    """Seconds that a dossier waited for its citizen and went on after it."""
    none = np.timedelta64(0, "s")
    spells = [times[:, STEP[f"resumed{n}"]] - times[:, STEP[f"waiting{n}"]] for n in ("", " again")]
    return np.where(np.isnat(spells[0]), none, spells[0]) + np.where(np.isnat(spells[1]), none, spells[1])


def _receive(offices: Offices, days: Times, count: int, rng: np.random.Generator) -> Codes:
    weights = DAY_WEIGHTS[weekdays(days)][:, None] * offices.works_on(days) * offices.weights
    totals = np.cumsum(weights.ravel())
    places = np.searchsorted(totals, np.sort(even_draws(rng, count)) * totals[-1], side="right")
    day, agency = np.divmod(places, len(offices.codes))
    return Codes(agency, days[day], number_within(day, agency))


def _procedures(kinds: Texts, rng: np.random.Generator) -> tuple[Texts, Texts]:
    procedure, field = np.empty(len(kinds), object), np.empty(len(kinds), object)
    for kind, group in PROCEDURES.items():
        rows = np.flatnonzero(kinds == kind)
        picks = rng.integers(len(group), size=len(rows))
        procedure[rows] = np.array([p.code for p in group], object)[picks]
        field[rows] = np.array([f"{province_head()}-{p.field}" for p in group], object)[picks]
    return procedure, field


def _communes(offices: Offices, handler: Ints, rng: np.random.Generator) -> Texts:
    """Most communes write their own code; districts and departments at times that of any; a few a code out of use."""
    kinds, chance = offices.kinds[handler], rng.random(len(handler))
    everywhere: Texts = offices.units[offices.kinds == "commune"]
    other = rng.choice(everywhere if len(everywhere) else np.array([""], object), len(handler))
    is_commune = kinds == "commune"
    commune = np.where(is_commune & (chance < 0.8), offices.units[handler], "")
    commune = np.where(~is_commune & (chance < 0.3), other, commune)
    return np.where(is_commune & (chance > 1 - STALE_COMMUNE_SHARE), other, commune)


def _courses(day: Times, rng: np.random.Generator) -> Times:
    """Dossier × step: when. The dossier's day is that of its acceptance, or of its registration if never accepted."""
    count = len(day)
    shape = SHAPES[choose(even_draws(rng, count), COURSES)]
    gaps = rng.integers(_HOUR // 2, 3 * _DAY, (count, len(STEPS)))
    after_wait = [STEP["resumed"], STEP["resumed again"]]
    gaps[:, after_wait] = rng.integers(_HOUR, 8 * _DAY, (count, 2))
    is_accepted = shape[:, STEP["accepted"]]
    gaps[:, 0] = 0
    gaps[:, STEP["accepted"]] = 0
    passed = np.cumsum(np.where(shape, gaps, 0), axis=1)
    opening = day.astype("datetime64[s]") + rng.integers(27_000, 59_400, count)
    times = opening[:, None] + passed.astype("timedelta64[s]")
    earlier = rng.integers(60, 20 * _HOUR, count).astype("timedelta64[s]")
    times[:, 0] -= np.where(is_accepted, earlier, np.timedelta64(0, "s"))
    return np.where(shape, times, NO_MOMENT)


def _promises(times: Times, horizon: Times, rng: np.random.Generator) -> Times:
    """NgayHenTra, set from what happened so that a share is late by a second or a day, and some have none."""
    waits = waited(times)
    ends = np.fmin.reduce([times[:, STEP[name]] for name in ENDS])
    still_waits = np.isnat(times[:, STEP["resumed"]]) & ~np.isnat(times[:, STEP["waiting"]])
    ends = np.where(still_waits, times[:, STEP["waiting"]], ends)
    margin = rng.choice([0, 1, 600, 5 * _DAY], len(times)).astype("timedelta64[s]")
    is_late = rng.random(len(times)) < 0.15
    due = ends - waits + np.where(is_late, -np.maximum(margin, np.timedelta64(1, "s")), margin)
    opening = np.fmin.reduce(times, axis=1)
    open_due = np.where(
        is_late,
        opening + np.timedelta64(3 * _DAY, "s"),
        horizon.astype("datetime64[s]") + np.timedelta64(10 * _DAY, "s"),
    )
    due = np.where(np.isnat(ends), open_due, due)
    return np.where(rng.random(len(times)) < 0.04, NO_MOMENT, due)
