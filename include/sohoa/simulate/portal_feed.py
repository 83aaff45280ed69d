"""The portal's feed, made from the fate of each dossier: what differs from the register was decided beforehand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from sohoa.simulate.arrays import NO_MOMENT, Bools, Ints, Texts, Times, pick_some
from sohoa.simulate.feed_dirt import deliver, first_days, write_feed
from sohoa.simulate.offices import Offices
from sohoa.simulate.other_agencies import others, shifted, strangers
from sohoa.simulate.plan_dossiers import Dossiers
from sohoa.simulate.portal_messages import Messages
from sohoa.simulate.register_feed import digits
from sohoa.simulate.spelled_codes import SPELLINGS, Codes, stamps

ONLY_THERE_SHARE, VOID_ON_PORTAL, MISSING_SHARE = 0.018, 0.5, 0.04
AGAIN_SHARE, OUTDATED_SHARE, TIED_SHARE, OTHERWISE_SPELLED, UNDATED_SHARE = 0.015, 0.15, 0.01, 0.25, 0.01
DIFFERS = {"R6": 0.03, "R7": 0.02, "R8": 0.012, "R9": 0.015, "R10": 0.03, "R11": 0.04, "R12": 0.02}
"""Share of the matched dossiers with each difference."""
PORTAL_NUMBER = 5_000
"""Number in the day of the first dossier that only the portal knows."""
FIELDS = (
    "MaHoSo", "MaTTHC", "DonViXuLy", "NgayTiepNhan", "NgayHenTra", "TrangThaiHoSo", "HoSoCoThanhPhanSoHoa",
    "DuongDanKetQua", "NgayDongBo",
)  # fmt: skip
STORED_LINK = "landing/batches/mau/ket-qua.pdf"
"""A link to an object that is there."""
BROKEN_LINKS: Texts = np.array(["", "khong-co-tep", "htp:/kq", "landing/batches/khong-co/kq.pdf"], object)
_SECOND, _DAY = np.timedelta64(1, "s"), np.timedelta64(86_400, "s")


@dataclass(frozen=True)
class Portal:
    """What the portal has.

    Attributes:
        messages: its rows in force.
        first_seen: first file day of each of them.
        is_matched: registered dossiers, not void, that it has.
        differs: R6, R9, R10, R11, R12 -> matched dossiers on which it says something else.
    """

    messages: Messages
    first_seen: Times
    is_matched: Bools
    differs: dict[str, Bools]


def write_portal(
    feeds: Path, offices: Offices, dossiers: Dossiers, spelling: Ints, has_component: Bools, rng: np.random.Generator
) -> Portal:
    """Write the feed ``portal``.

    Args:
        feeds: folder of the feeds.
        offices: the agencies.
        dossiers: the registered dossiers.
        spelling: how the register spells them.
        has_component: those with an accepted component.
        rng: source of chance.
    """
    there = rng.random(len(dossiers)) >= np.where(dossiers.is_void, 1 - VOID_ON_PORTAL, MISSING_SHARE)
    is_matched = there & ~dossiers.is_void
    differs = {name: is_matched & (rng.random(len(dossiers)) < share) for name, share in DIFFERS.items()}
    known, differs = _known(offices, dossiers, has_component, differs, rng)
    again = rng.random(len(dossiers)) < AGAIN_SHARE
    known = replace(known, spelling=_spellings(offices, known, spelling, again, rng))
    kept = known.take(there).plus(_only_there(offices, dossiers, rng))
    messages = kept.plus(_further(offices, kept, again, spelling, rng))
    is_undated = rng.random(len(messages)) < UNDATED_SHARE
    messages = replace(messages, received=np.where(is_undated, NO_MOMENT, messages.received))
    first_seen = _write(feeds, offices, messages, rng)
    return Portal(messages, first_seen, is_matched, differs)


def _known(
    offices: Offices, dossiers: Dossiers, has_component: Bools, differs: dict[str, Bools], rng: np.random.Generator
) -> tuple[Messages, dict[str, Bools]]:
    """The portal's word on every registered dossier, as if it had them all; R11 only where a link is due."""
    count, codes = len(dossiers), dossiers.codes
    status = np.where(differs["R6"], dossiers.status % 10 + 1, dossiers.status)
    needs_link = np.isin(dossiers.status, [9, 10]) & dossiers.has_paper
    broken = differs["R11"] & needs_link
    agency = others(offices, dossiers.handler, codes.day, differs["R8"], rng)
    agency = strangers(offices, agency, codes.day, differs["R8"] & (rng.random(count) < 0.2), rng)
    moved = differs["R7"] | (differs["R8"] & (rng.random(count) < 0.3))
    day = shifted(offices, agency, codes.day, moved, rng)
    keys = offices.keys(codes).to_numpy(zero_copy_only=False)
    stored: Texts = np.array([f"s3://{STORED_LINK}", STORED_LINK], object)
    good = np.where(rng.random(count) < 0.2, stored[codes.number % 2], "https://kho.example.vn/ket-qua/" + keys)
    bad = BROKEN_LINKS[rng.integers(0, len(BROKEN_LINKS), count)]
    is_bad = np.where(needs_link, broken, rng.random(count) < 0.5)
    return Messages(
        codes=codes,
        spelling=np.zeros(count, np.int64),
        owner=np.arange(count),
        agency=agency,
        received=day + rng.integers(27_000, 59_400, count).astype("timedelta64[s]"),
        due=_other_due(dossiers.due, differs["R12"], rng),
        procedure=_procedures(dossiers.procedure, differs["R9"], rng),
        status=status,
        is_digitised=has_component ^ differs["R10"],
        link=np.where(is_bad, bad, good),
        synced=dossiers.last_change + rng.integers(3_600, 90_000, count).astype("timedelta64[s]"),
        is_kept=np.ones(count, np.bool_),
        in_ministry=np.zeros(count, np.bool_),
    ), {**differs, "R11": broken}


def _other_due(due: Times, differs: Bools, rng: np.random.Generator) -> Times:
    """Another second, another day, or none where there is one; one where there is none."""
    shift = rng.choice([1, 86_400, 0], len(due)).astype("timedelta64[s]")
    other = np.where(shift == np.timedelta64(0, "s"), NO_MOMENT, due + shift)
    return np.where(differs, np.where(np.isnat(due), np.datetime64("2024-12-31T17:00:00"), other), due)


def _procedures(procedure: Texts, differs: Bools, rng: np.random.Generator) -> Texts:
    """The code with any local suffix; where it differs another code, or a local one that is mapped to none."""
    suffix: Texts = np.array(["", ".02", ".000.00.00.H37"], object)
    other: Texts = np.array(["9.999001", "9.999002.01", "H37.NOIBO.7"], object)
    picks = rng.integers(0, 3, len(procedure))
    return np.where(differs, other[picks], procedure + suffix[picks])


def _spellings(offices: Offices, known: Messages, spelling: Ints, again: Bools, rng: np.random.Generator) -> Ints:
    """As the register spells it, or not: half of those with further spellings are not, nor is any of these."""
    otherwise = rng.random(len(known)) < np.where(again, 0.5, OTHERWISE_SPELLED)
    return np.where(otherwise, offices.respell(known.codes, spelling, 1), spelling)


def _only_there(offices: Offices, dossiers: Dossiers, rng: np.random.Generator) -> Messages:
    """Dossiers that the register lacks; a third of them a ministry has."""
    near = dossiers.codes.take(pick_some(rng, len(dossiers), ONLY_THERE_SHARE, 9))
    count = len(near)
    codes = replace(near, number=near.number + PORTAL_NUMBER)
    agency = others(offices, codes.agency, codes.day, rng.random(count) < 0.2, rng)
    day = shifted(offices, agency, codes.day, rng.random(count) < 0.2, rng)
    received = day + rng.integers(27_000, 59_400, count).astype("timedelta64[s]")
    return Messages(
        codes=codes,
        spelling=rng.integers(0, SPELLINGS, count),
        owner=np.full(count, -1),
        agency=agency,
        received=received,
        due=received + 5 * _DAY,
        procedure=np.full(count, "1.001193", object),
        status=np.where(rng.random(count) < 0.5, rng.choice([1, 3], count), rng.integers(1, 11, count)),
        is_digitised=rng.random(count) < 0.5,
        link=BROKEN_LINKS[rng.integers(0, len(BROKEN_LINKS), count)],
        synced=_not_too_early(codes, received + rng.integers(3_600, 5 * 86_400, count).astype("timedelta64[s]")),
        is_kept=np.ones(count, np.bool_),
        in_ministry=rng.random(count) < 1 / 3,
    )


def _further(offices: Offices, kept: Messages, again: Bools, spelling: Ints, rng: np.random.Generator) -> Messages:
    """Further spellings of codes: newer than the kept row where that is spelled as in the register, else older."""
    wanted = np.where(kept.owner >= 0, again[kept.owner], rng.random(len(kept)) < 10 * AGAIN_SHARE)
    of = kept.take(wanted)
    as_register = (of.owner >= 0) & (of.spelling == spelling[of.owner])
    two = as_register & (rng.random(len(of)) < 0.2)
    one, other = _respelled(offices, of, 1, as_register, rng), _respelled(offices, of, 2, as_register, rng)
    is_told_apart = one.synced != of.synced  # a kept row of the eve of its day has nothing older
    return one.take(is_told_apart).plus(other.take(two))


def _respelled(offices: Offices, of: Messages, turns: int, newer: Bools, rng: np.random.Generator) -> Messages:
    count = len(of)
    agency = others(offices, of.agency, of.codes.day, rng.random(count) < 0.3, rng)
    works = offices.leaves(agency, of.received.astype("datetime64[D]")) != None  # noqa: E711 (element by element)
    seconds = rng.integers(1, 40_000, count).astype("timedelta64[s]")
    return replace(
        of,
        spelling=offices.respell(of.codes, of.spelling, turns),
        agency=np.where(works, agency, of.agency),
        status=rng.integers(1, 11, count),
        synced=_not_too_early(of.codes, of.synced + np.where(newer, seconds, -seconds)),
        is_kept=np.zeros(count, np.bool_),
    )


def _write(feeds: Path, offices: Offices, messages: Messages, rng: np.random.Generator) -> Times:
    """Write the files, with outdated rows of the same spelling among them; the first file day of each row in force."""
    count, chance = len(messages), rng.random(len(messages))
    has_older = messages.synced > messages.codes.day - _DAY
    old, tied = np.flatnonzero((chance < OUTDATED_SHARE) & has_older), np.flatnonzero(chance > 1 - TIED_SHARE)
    earlier = rng.integers(60, 3 * 86_400, len(old)).astype("timedelta64[s]")
    outdated = _outdated(offices, messages.take(old), rng)
    outdated = replace(outdated, synced=_not_too_early(outdated.codes, outdated.synced - earlier))
    rows = messages.plus(outdated).plus(_outdated(offices, messages.take(tied), rng))
    fixed = np.isin(np.arange(len(rows)), [*tied, *range(count + len(old), len(rows))])
    sent = deliver(rows.synced, fixed, rng)
    late = np.isin(sent.row, tied)
    sent = replace(sent, dt=sent.dt + late)
    write_feed(feeds, "portal", _fields(offices, rows), sent)
    return first_days(sent, np.concatenate([np.arange(count), old, tied]), count)


def _not_too_early(codes: Codes, synced: Times) -> Times:
    """Move moments before the eve of the dossier's day to it: no file names a dossier of a day so far ahead."""
    found: Times = np.maximum(synced, codes.day - _DAY)
    return found


def _outdated(offices: Offices, messages: Messages, rng: np.random.Generator) -> Messages:
    """The same codes with values that no longer hold."""
    count = len(messages)
    return replace(
        messages,
        agency=others(offices, messages.agency, messages.codes.day, rng.random(count) < 0.5, rng),
        received=messages.received + _DAY,
        status=messages.status % 10 + 1,
        is_digitised=~messages.is_digitised,
        due=messages.due + _SECOND,
        link=BROKEN_LINKS[rng.integers(0, len(BROKEN_LINKS), count)],
    )


def _fields(offices: Offices, rows: Messages) -> pa.Table:
    columns = (
        offices.spell(rows.codes, rows.spelling),
        rows.procedure,
        offices.codes[rows.agency],
        stamps(rows.received),
        stamps(rows.due),
        digits(rows.status),
        digits(rows.is_digitised),
        rows.link,
        stamps(rows.synced),
    )
    return pa.table([pa.array(column, pa.string()) for column in columns], list(FIELDS))
