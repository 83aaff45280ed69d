"""The documents that are scanned for the dossiers: how far each gets is decided here, once for all its uses."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sohoa.enums import DOCUMENT_KINDS, NOT_SCANNED_REASONS
from sohoa.simulate.arrays import (
    Bools,
    Entries,
    Ints,
    Texts,
    Times,
    choose,
    even_draws,
    number_within,
    pick_some,
)
from sohoa.simulate.offices import Offices
from sohoa.simulate.other_agencies import others
from sohoa.simulate.plan_dossiers import Dossiers
from sohoa.simulate.plan_levels import ACCEPTED, DECLARED, LEVELS, RECEIVED, UNAIDED, plan_levels
from sohoa.simulate.sample_names import BY_CODE, PROCEDURES
from sohoa.simulate.spelled_codes import SPELLINGS, Codes

REPLACED_SHARE, LIED_SHARE, OLDER_SHARE = 0.08, 0.2, 0.2
"""Papers scanned again; papers of a lying office scanned again; of both, papers scanned a third time."""
LARGE_SHARE, COVER_SHARE = 0.8, 0.4
"""Large sheets and glossy covers scanned again where images are drawn: they seldom come out at once."""
RESCANNED_AFTER = (2, 6)
"""Days after which a paper is scanned again, if the office scans then."""
EARLIER = {"declared": 0.1, "received": 0.75, "accepted": 0.05, "unaided": 0.1}
"""How far a scan got that another one replaces."""
ELSEWHERE_SHARE, LATE_SHARE = 0.04, 0.02
INTERIM_SHARE, BACKLOG_SHARE, BACKLOG_CODED_SHARE, ORPHAN_SHARE = 0.02, 0.02, 0.5, 0.004
ORPHAN_NUMBER = 8_000
"""Number in the day of the first dossier that has scans and is in no register."""
NONE = -1
SHEETS = {"plain": 0.936, "note": 0.02, "a3": 0.025, "photo": 0.01, "map": 0.006, "a2": 0.0015, "a1": 0.0015}
"""What an application is written on; all else is plain A4."""
PLAIN, NOTE = list(SHEETS).index("plain"), list(SHEETS).index("note")
LARGE = tuple(list(SHEETS).index(name) for name in ("a3", "map", "a2", "a1"))
FORMATS = {"pdf": 0.82, "jpeg": 0.10, "tiff": 0.08}
COMPONENT_PAGES, OTHER_PAGES = {1: 0.45, 2: 0.35, 3: 0.2}, {1: 0.7, 2: 0.3}


@dataclass(frozen=True)
class Documents(Entries):
    """Documents, each scanned once; a paper that is scanned again is another document.

    Attributes:
        codes: of their dossiers; has_code: whether the document names it.
        owner: place of the registered dossier, ``NONE`` where the register has none.
        kind: place in ``DOCUMENT_KINDS``.
        level: place in ``LEVELS`` of the last one reached.
        agency: who scanned it; scan: on which day; batch: number of the batch within both.
        name: number within the agency; replaces: that of the scan replaced, or ``NONE``; first: that of the first scan
            of the same paper.
        is_replaced: another one replaces it.
        procedure: code of the procedure.
        sheet: place in ``SHEETS``; format: place in ``FORMATS``; pages: sheets of paper.
        reason: place in ``NOT_SCANNED_REASONS``, ``NONE`` where it is scanned.
        by_post: the post office scanned it.
        spelling: how the dossier's code is written.
    """

    codes: Codes
    has_code: Bools
    owner: Ints
    kind: Ints
    level: Ints
    agency: Ints
    scan: Times
    batch: Ints
    name: Ints
    replaces: Ints
    first: Ints
    is_replaced: Bools
    procedure: Texts
    sheet: Ints
    format: Ints
    pages: Ints
    reason: Ints
    by_post: Bools
    spelling: Ints

    @property
    def is_scanned(self) -> Bools:
        """Those with files."""
        return np.equal(self.reason, NONE)

    @property
    def images(self) -> Ints:
        """Pages in the files of each: a page with a note is scanned with it and without."""
        found: Ints = (self.pages + (self.sheet == NOTE)) * self.is_scanned
        return found

    @property
    def is_glossy(self) -> Bools:
        """Results that are booklets with a glossy cover."""
        glossy: Bools = np.array([BY_CODE[code].is_glossy for code in self.procedure], np.bool_)
        found: Bools = glossy & np.isin(self.kind, [_kind("result"), _kind("backlog_result")])
        return found

    @property
    def is_large(self) -> Bools:
        """Those that do not fit a scanner for A4."""
        return np.isin(self.sheet, LARGE)

    def counts(self, kind: str, dossiers: int) -> Ints:
        """Count dossier × ``LEVELS``: documents of a kind that no other replaces."""
        found = np.zeros((dossiers, len(LEVELS)), np.int64)
        rows = np.flatnonzero((self.kind == _kind(kind)) & ~self.is_replaced & (self.owner != NONE))
        for level in range(len(LEVELS)):
            np.add.at(found[:, level], self.owner[rows[self.level[rows] >= level]], 1)
        return found


def plan_documents(
    offices: Offices, dossiers: Dossiers, last: Times, has_waivers: bool, rng: np.random.Generator
) -> Documents:
    """Plan all documents up to the day ``last``, by scan day and agency.

    Args:
        offices: the agencies.
        dossiers: the registered dossiers.
        last: last day on which anything is scanned.
        has_waivers: some are accepted by a person's decision alone.
        rng: source of chance.
    """
    components, results = plan_levels(offices, dossiers, rng)
    papers = _papers(offices, dossiers, "component", components, rng)
    more = [
        _papers(offices, dossiers, "result", results, rng),
        _orphans(offices, dossiers, rng),
        _extra(offices, dossiers, "interim_result", INTERIM_SHARE, rng),
        _extra(offices, dossiers, "backlog_result", BACKLOG_SHARE, rng),
    ]
    papers = papers.plus(*more)
    if not has_waivers:
        papers = replace(papers, level=np.where(papers.level == ACCEPTED, UNAIDED, papers.level))
    papers = replace(papers, scan=offices.scan_days(papers.agency, np.minimum(papers.scan, last), last))
    papers = papers.take(np.lexsort([papers.agency, papers.scan]))
    found = _scanned_again(offices, papers, last, has_waivers, rng)
    found = _with_reasons(offices, found, rng)
    found = found.take(np.lexsort([found.name, found.agency, found.scan]))
    return replace(found, batch=_batches(found))


def _kind(name: str) -> int:
    return DOCUMENT_KINDS.index(name)


def _papers(offices: Offices, dossiers: Dossiers, kind: str, counts: Ints, rng: np.random.Generator) -> Documents:
    """One document each for all that is declared; the first of a dossier are the accepted ones."""
    owner = np.repeat(np.arange(len(dossiers)), counts[:, 0])
    level = np.sum(number_within(owner)[:, None] <= counts[owner, 1:], axis=1)
    made = dossiers.codes.day if kind == "component" else dossiers.last_change.astype("datetime64[D]")
    return _documents(offices, dossiers, owner, kind, level, made[owner], rng)


def _orphans(offices: Offices, dossiers: Dossiers, rng: np.random.Generator) -> Documents:
    """Received documents of dossiers that are in no register."""
    near = pick_some(rng, len(dossiers), ORPHAN_SHARE, 3)
    level = rng.integers(RECEIVED, len(LEVELS), len(near))
    found = _documents(offices, dossiers, near, "component", level, dossiers.codes.day[near], rng)
    codes = replace(found.codes, number=found.codes.number + ORPHAN_NUMBER)
    return replace(found, codes=codes, owner=np.full(len(near), NONE))


def _extra(offices: Offices, dossiers: Dossiers, kind: str, share: float, rng: np.random.Generator) -> Documents:
    """Interim results, and results of the backlog, with and without a dossier: in no rate."""
    near = pick_some(rng, len(dossiers), share, 2)
    level = choose(even_draws(rng, len(near)), {0: 0.1, 1: 0.1, 2: 0.1, 3: 0.7})
    found = _documents(offices, dossiers, near, kind, level, dossiers.codes.day[near], rng)
    is_coded = (rng.random(len(near)) < BACKLOG_CODED_SHARE) | (kind != "backlog_result")
    return replace(found, has_code=is_coded)


def _documents(
    offices: Offices, dossiers: Dossiers, owner: Ints, kind: str, level: Ints, made: Times, rng: np.random.Generator
) -> Documents:
    """Documents of dossiers; ``scan`` is the day on which each could be scanned."""
    count, codes, none = len(owner), dossiers.codes.take(owner), np.full(len(owner), NONE)
    is_late = rng.random(count) < LATE_SHARE
    delay = np.where(is_late, rng.integers(10, 30, count), rng.geometric(0.6, count) - 1)
    agency = others(offices, codes.agency, codes.day, rng.random(count) < ELSEWHERE_SHARE, rng)
    sheet = choose(even_draws(rng, count), SHEETS) if kind == "component" else np.full(count, PLAIN)
    sheet = np.where(level < ACCEPTED, PLAIN, sheet)
    share = COMPONENT_PAGES if kind == "component" else OTHER_PAGES
    pages = 1 + choose(even_draws(rng, count), share)
    found = Documents(
        codes=codes,
        has_code=np.ones(count, np.bool_),
        owner=owner,
        kind=np.full(count, _kind(kind)),
        level=level,
        agency=agency,
        scan=made + delay,
        batch=none,
        name=none,
        replaces=none,
        first=none,
        is_replaced=np.zeros(count, np.bool_),
        procedure=_procedures(offices, agency, rng) if kind == "backlog_result" else dossiers.procedure[owner],
        sheet=sheet,
        format=np.where(np.isin(sheet, LARGE), 0, choose(even_draws(rng, count), FORMATS)),
        pages=np.where(np.isin(sheet, [PLAIN, NOTE]), pages, 1),
        reason=none,
        by_post=offices.has_post[agency] & (dossiers.channel[owner] == 3),
        spelling=rng.integers(0, SPELLINGS, count),
    )
    return replace(found, pages=np.where(found.is_glossy, np.maximum(2, found.pages), found.pages))


def _procedures(offices: Offices, agency: Ints, rng: np.random.Generator) -> Texts:
    groups = [PROCEDURES[kind] for kind in offices.kinds[agency]]
    codes: Texts = np.array([group[int(rng.integers(len(group)))].code for group in groups], object)
    return codes


def _scanned_again(
    offices: Offices, papers: Documents, last: Times, has_waivers: bool, rng: np.random.Generator
) -> Documents:
    """Papers with the scans before that they replace, whatever became of these; each with its number.

    Agencies use the same numbers: what is replaced in one has the number of what stands in another.
    """
    number, turn = 3 * number_within(papers.agency), papers.agency % 2
    is_hard = (papers.is_large | papers.is_glossy) & (papers.level >= ACCEPTED) & (not has_waivers)
    hard_share = np.where(papers.is_large, LARGE_SHARE, COVER_SHARE)
    share = np.where(offices.lies[papers.agency], LIED_SHARE, np.where(is_hard, hard_share, REPLACED_SHARE))
    second = _later(offices, papers.agency, papers.scan, last, rng)
    third = _later(offices, papers.agency, second, last, rng)
    again = (even_draws(rng, len(papers)) < share) & (is_hard | (papers.sheet == PLAIN)) & (second > papers.scan)
    twice = again & (rng.random(len(papers)) < OLDER_SHARE) & (third > second)
    names = {"now": number + turn, "before": number + 1 - turn, "oldest": number + 2}
    none, yes = np.full(len(papers), NONE), np.ones(len(papers), np.bool_)
    first = np.where(twice, names["oldest"], np.where(again, names["before"], names["now"]))
    now = replace(
        papers,
        name=names["now"],
        first=first,
        replaces=np.where(again, names["before"], NONE),
        scan=np.where(twice, third, np.where(again, second, papers.scan)),
    )
    before = replace(
        now,
        name=names["before"],
        replaces=np.where(twice, names["oldest"], NONE),
        scan=np.where(twice, second, papers.scan),
        level=_earlier_levels(offices, papers, is_hard, has_waivers, rng),
        is_replaced=yes,
    )
    level = _earlier_levels(offices, papers, is_hard, has_waivers, rng)
    oldest = replace(now, name=names["oldest"], replaces=none, scan=papers.scan, level=level, is_replaced=yes)
    return now.plus(before.take(again), oldest.take(twice))


def _later(offices: Offices, agency: Ints, scanned: Times, last: Times, rng: np.random.Generator) -> Times:
    """The days on which papers scanned on some days would be scanned again."""
    low, high = RESCANNED_AFTER
    wanted = np.minimum(scanned + rng.integers(low, high + 1, len(agency)), last)
    return offices.scan_days(agency, wanted, last, is_first=False)


def _earlier_levels(
    offices: Offices, papers: Documents, is_hard: Bools, has_waivers: bool, rng: np.random.Generator
) -> Ints:
    levels = np.where(is_hard, RECEIVED, choose(even_draws(rng, len(papers)), EARLIER))
    levels = np.where(offices.lies[papers.agency], rng.integers(DECLARED, ACCEPTED, len(papers)), levels)
    return levels if has_waivers else np.where(levels == ACCEPTED, UNAIDED, levels)


def _with_reasons(offices: Offices, documents: Documents, rng: np.random.Generator) -> Documents:
    """Why documents that are not received were not scanned; at a lying office they were, and their hash is wrong."""
    reasons = rng.integers(0, len(NOT_SCANNED_REASONS), len(documents))
    is_left_out = (documents.level == DECLARED) & ~offices.lies[documents.agency]
    return replace(documents, reason=np.where(is_left_out, reasons, NONE))


def _batches(documents: Documents) -> Ints:
    """Number the batches of each agency and day: A4, by the post office, on the scanner for large sheets."""
    days = documents.scan.astype("datetime64[D]").astype(np.int64)
    rows = np.stack([documents.agency, days, 2 * documents.is_large + documents.by_post], axis=1)
    groups, place = np.unique(rows, axis=0, return_inverse=True)
    return number_within(groups[:, 0], groups[:, 1])[place.ravel()]
