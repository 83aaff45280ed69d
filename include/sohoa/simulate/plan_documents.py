"""The judged documents of the year's dossiers, without images: as many at each level as was decided beforehand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from sohoa.enums import DOCUMENT_KINDS
from sohoa.simulate.judged_rows import LEVELS, NONE, UNAIDED, Documents, concat, write_documents
from sohoa.simulate.other_agencies import number_within, others
from sohoa.simulate.plan_dossiers import TAIL_DAYS, Dossiers, elapsed_share
from sohoa.simulate.spelled_codes import Codes, Ints, Offices, Shares, Times

RECEIVED_SHARE, ACCEPTED_SHARE, UNAIDED_SHARE, REPLACED_SHARE, ELSEWHERE_SHARE = 0.95, 0.92, 0.97, 0.05, 0.04
BACKLOG_SHARE, ORPHAN_SHARE = 0.02, 0.004
ORPHAN_NUMBER = 8_000
"""Number in the day of the first dossier that has scans and is in no register."""


@dataclass(frozen=True)
class Scans:
    """What stands of each registered dossier.

    ``components`` and ``results`` are dossier × ``LEVELS``: documents that no other replaces. ``orphans`` are received
    documents whose dossier the register never names, ``backlog`` the results of the backlog.
    """

    components: Ints
    results: Ints
    orphans: Documents
    backlog: Documents


def write_scans(warehouse: Path, offices: Offices, dossiers: Dossiers, rng: np.random.Generator) -> Scans:
    """Write the tables ``documents``, ``batches`` and ``reviews``, one object a scan day."""
    share = elapsed_share(dossiers.codes.day) * (0.7 + 0.6 * offices.keenness[dossiers.codes.agency])
    components = _levels(dossiers.components, share, rng)
    results = _levels(dossiers.has_paper.astype(np.int64), share * (dossiers.status >= 9), rng)
    both = {"component": components, "result": results}
    standing = [_standing(dossiers, counts, kind, offices, rng) for kind, counts in both.items()]
    orphans = _orphans(offices, dossiers, rng)
    interim, backlog = (_extra(offices, dossiers, kind, rng) for kind in ("interim_result", "backlog_result"))
    named = _named(offices, concat([*standing, orphans, interim, backlog]), rng)
    write_documents(warehouse, offices, concat([named, _replaced(named, rng)]), rng)
    return Scans(components, results, orphans, backlog)


def _levels(wanted: Ints, share: Shares, rng: np.random.Generator) -> Ints:
    """Entry × ``LEVELS``: mostly what is wanted, at times less or one more, and some where nothing is wanted."""
    declared = np.maximum(0, wanted + rng.choice([0, -1, 1], len(wanted), p=[0.88, 0.08, 0.04]))
    declared = declared * (rng.random(len(wanted)) < share * 1.1)
    counts = [declared]
    for part in (RECEIVED_SHARE, ACCEPTED_SHARE, UNAIDED_SHARE):
        counts.append(rng.binomial(counts[-1], part))
    return np.stack(counts, axis=1)


def _standing(dossiers: Dossiers, counts: Ints, kind: str, offices: Offices, rng: np.random.Generator) -> Documents:
    """One document each for all that is declared; the first of a dossier are the accepted ones."""
    owner = np.repeat(np.arange(len(dossiers)), counts[:, 0])
    number = number_within(owner)
    level = np.sum(number[:, None] <= counts[owner, 1:], axis=1)
    made = dossiers.codes.day if kind == "component" else dossiers.last_change.astype("datetime64[D]")
    return _documents(dossiers.codes.take(owner), kind, level, made[owner], offices, rng)


def _documents(
    codes: Codes, kind: str, level: Ints, made: Times, offices: Offices, rng: np.random.Generator
) -> Documents:
    count = len(level)
    delay = np.where(rng.random(count) < 0.02, rng.integers(10, 30, count), rng.geometric(0.6, count) - 1)
    scan = np.minimum(made + delay, codes.day.max() + TAIL_DAYS)
    agency = others(offices, codes.agency, codes.day, rng.random(count) < ELSEWHERE_SHARE, rng)
    none = np.full(count, NONE)
    return Documents(
        codes, np.full(count, DOCUMENT_KINDS.index(kind)), level, agency, scan, none, none, np.ones(count, np.bool_)
    )


def _orphans(offices: Offices, dossiers: Dossiers, rng: np.random.Generator) -> Documents:
    """Received documents of dossiers that are in no register."""
    picked = np.sort(rng.choice(len(dossiers), max(3, round(len(dossiers) * ORPHAN_SHARE)), replace=False))
    near = dossiers.codes.take(picked)
    codes = Codes(near.agency, near.day, ORPHAN_NUMBER + near.number)
    return _documents(codes, "component", rng.integers(1, len(LEVELS), len(picked)), codes.day, offices, rng)


def _extra(offices: Offices, dossiers: Dossiers, kind: str, rng: np.random.Generator) -> Documents:
    """Interim results, and results of the backlog, with and without a dossier: in no rate."""
    picked = np.sort(rng.choice(len(dossiers), max(2, round(len(dossiers) * BACKLOG_SHARE)), replace=False))
    codes = dossiers.codes.take(picked)
    found = _documents(codes, kind, rng.integers(0, len(LEVELS), len(picked)), codes.day, offices, rng)
    has_code = found.has_code if kind == "interim_result" else rng.random(len(found)) < 0.5
    return replace(found, has_code=has_code)


def _named(offices: Offices, documents: Documents, rng: np.random.Generator) -> Documents:
    """In the order of scan days, each with a number that its agency gives once; some replace an earlier scan.

    Agencies use the same numbers: what is replaced in one has the number of what stands in another.
    """
    rows = documents.take(np.lexsort([documents.agency, documents.scan]))
    numbers = 3 * number_within(np.unique(offices.codes[rows.agency], return_inverse=True)[1])
    turn = rows.agency % 2
    again = rng.random(len(rows)) < REPLACED_SHARE
    return replace(rows, name=numbers + turn, replaces=np.where(again, numbers + 1 - turn, NONE))


def _replaced(documents: Documents, rng: np.random.Generator) -> Documents:
    """The scans that others replace, whatever their own verdict; one in four replaces a still earlier one."""
    rows = documents.take(documents.replaces != NONE)
    chance, oldest = rng.random(len(rows)), rows.name - rows.name % 3 + 2
    first = replace(
        rows,
        level=rng.integers(0, len(LEVELS), len(rows)),
        name=rows.replaces,
        replaces=np.where(chance < 0.25, oldest, NONE),
        scan=rows.scan - rng.integers(0, 3, len(rows)),
    )
    older = first.take(first.replaces != NONE)
    none = np.full(len(older), NONE)
    return concat([first, replace(older, name=older.replaces, replaces=none, level=np.full(len(older), UNAIDED))])
