"""The feeds of the ministries' systems."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from sohoa.simulate.arrays import NO_DAY, Entries, Ints, Texts, Times, pick_some
from sohoa.simulate.feed_dirt import deliver, first_days, write_feed
from sohoa.simulate.offices import Offices
from sohoa.simulate.plan_dossiers import Dossiers
from sohoa.simulate.portal_messages import Messages
from sohoa.simulate.register_feed import digits
from sohoa.simulate.spelled_codes import SPELLINGS, Codes, stamps

ONLY_THERE_SHARE, KNOWN_SHARE, BOTH_SHARE, MOVED_SHARE, NOWHERE_SHARE = 0.003, 0.01, 0.2, 0.1, 0.1
MINISTRY_NUMBER = 6_500
"""Number in the day of the first dossier that only a ministry knows."""
FIELDS = ("MaHoSo", "MaTTHC", "MaDonViHanhChinh", "NgayTiepNhan", "TrangThaiHoSo")
_NOON = np.timedelta64(43_200, "s")


@dataclass(frozen=True)
class Ministry:
    """Dossiers that only ministries know: codes, commune (empty where none is named) and first file day of each."""

    codes: Codes
    commune: Texts
    first_seen: Times


@dataclass(frozen=True)
class _Rows(Entries):
    codes: Codes
    commune: Texts
    received: Times
    status: Ints


def write_ministries(
    feeds: Path,
    offices: Offices,
    systems: tuple[str, ...],
    dossiers: Dossiers,
    messages: Messages,
    rng: np.random.Generator,
) -> Ministry:
    """Write the feeds ``ministry/<system>``: dossiers of the portal, of nobody else, and some of the register."""
    near = dossiers.codes.take(pick_some(rng, len(dossiers), ONLY_THERE_SHARE, 6))
    only = replace(near, number=near.number + MINISTRY_NUMBER)
    shared = messages.codes.take(messages.in_ministry & messages.is_kept)
    known = dossiers.codes.take(rng.random(len(dossiers)) < KNOWN_SHARE)
    codes = only.plus(shared, known)
    communes = np.where(rng.random(len(codes.day)) < NOWHERE_SHARE, "", _communes(offices, codes, rng))
    rows = _Rows(codes, communes, codes.day.astype("datetime64[s]") + _NOON, rng.integers(1, 11, len(communes)))
    where = rng.integers(0, len(systems), len(communes))
    also = rng.random(len(communes)) < BOTH_SHARE
    seen = []
    for number, system in enumerate(systems):
        mine = np.flatnonzero((where == number) | also)
        first = _write(feeds, offices, f"ministry/{system}", rows.take(mine), rng)
        days = np.full(len(communes), NO_DAY)
        days[mine] = first
        seen.append(days)
    first_seen = np.fmin.reduce(seen)[: len(only)]
    return Ministry(only, communes[: len(only)], first_seen)


def _communes(offices: Offices, codes: Codes, rng: np.random.Generator) -> Texts:
    """A commune of the day for each: that of the agency in the code, or of any other that has one, empty where none."""
    found: Texts = np.full(len(codes), "", object)
    is_commune = offices.kinds == "commune"
    for day in np.unique(codes.day):
        rows = np.flatnonzero(codes.day == day)
        working = np.flatnonzero(offices.works_on(np.array([day]))[0] & is_commune)
        if not len(working):
            continue
        own = np.isin(codes.agency[rows], working)
        picks = np.where(own, codes.agency[rows], working[rng.integers(0, len(working), len(rows))])
        found[rows] = offices.units[picks]
    return found


def _write(feeds: Path, offices: Offices, source: str, rows: _Rows, rng: np.random.Generator) -> Times:
    """Write one system's files. Some rows come after one of other content: the later day holds."""
    count = len(rows.status)
    moved = np.flatnonzero(rng.random(count) < MOVED_SHARE)
    before = replace(rows.take(moved), status=rows.status[moved] % 10 + 1, received=rows.received[moved] + _NOON * 4)
    codes, parts = rows.codes.plus(before.codes), (rows, before)
    fixed = np.isin(np.arange(count + len(moved)), [*moved, *range(count, count + len(moved))])
    made = np.concatenate([rows.received, rows.received[moved]])
    sent = deliver(made, fixed, rng)
    sent = replace(sent, dt=sent.dt + np.isin(sent.row, moved))
    columns = (
        offices.spell(codes, rng.integers(0, SPELLINGS, len(made))),
        np.full(len(made), "2.000815", object),
        np.concatenate([part.commune for part in parts]),
        stamps(np.concatenate([part.received for part in parts])),
        digits(np.concatenate([part.status for part in parts])),
    )
    table = pa.table([pa.array(column, pa.string()) for column in columns], list(FIELDS))
    write_feed(feeds, source, table, sent)
    return first_days(sent, np.concatenate([np.arange(count), moved]), count)
