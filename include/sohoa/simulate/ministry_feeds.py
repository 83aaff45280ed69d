"""The feeds of the ministries' systems, and the small feeds: the national report, the backlog, the notices."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from sohoa.simulate.feed_dirt import deliver, first_days, write_feed, write_small
from sohoa.simulate.plan_dossiers import Dossiers
from sohoa.simulate.portal_messages import Messages
from sohoa.simulate.register_feed import digits
from sohoa.simulate.spelled_codes import SPELLINGS, Codes, Ints, Offices, Texts, Times, stamps

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
class _Rows:
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
    count = max(6, round(len(dossiers) * ONLY_THERE_SHARE))
    near = dossiers.codes.take(np.sort(rng.choice(len(dossiers), count, replace=False)))
    only = replace(near, number=near.number + MINISTRY_NUMBER)
    shared = messages.codes.take(messages.in_ministry & messages.is_kept)
    known = dossiers.codes.take(rng.random(len(dossiers)) < KNOWN_SHARE)
    codes = only.plus(shared).plus(known)
    communes = np.where(rng.random(len(codes.day)) < NOWHERE_SHARE, "", _communes(offices, codes, rng))
    rows = _Rows(codes, communes, codes.day.astype("datetime64[s]") + _NOON, rng.integers(1, 11, len(communes)))
    where = rng.integers(0, len(systems), len(communes))
    also = rng.random(len(communes)) < BOTH_SHARE
    seen = []
    for number, system in enumerate(systems):
        mine = np.flatnonzero((where == number) | also)
        first = _write(feeds, offices, f"ministry/{system}", _take(rows, mine), rng)
        days = np.full(len(communes), np.datetime64("NaT", "D"))
        days[mine] = first
        seen.append(days)
    first_seen = np.fmin.reduce(seen)[:count]
    return Ministry(only, communes[:count], first_seen)


def write_small_feeds(
    feeds: Path, offices: Offices, start: Times, days: int, rng: np.random.Generator
) -> dict[str, int]:
    """Write ``national_report`` (each month, for the province), ``backlog`` and ``notices``.

    Returns:
        Agency -> its newest number of results to digitise; some said another one before.
    """
    working = np.flatnonzero(offices.works_on(np.array([start]))[0])
    codes = offices.codes[working]
    targets: dict[str, int] = {}
    for day, some in ((start, codes), (start + days // 2, codes[::2])):
        numbers = rng.integers(500, 3_000, len(some))
        targets |= dict(zip(some.tolist(), numbers.tolist(), strict=True))
        text = [pa.array(some, pa.string()), pa.array(numbers).cast(pa.string())]
        write_small(feeds, "backlog", day, pa.table(text, ["MaDonVi", "SoKetQua"]))
    for first, last in _months(start, days):
        report = [["20"], [_day(first)], [_day(last)], [str(int(rng.integers(20_000, 30_000)))]]
        names = ["MaDonVi", "TuNgay", "DenNgay", "TiepNhan"]
        write_small(feeds, "national_report", last + 1, pa.table([pa.array(part) for part in report], names))
        picked = codes[rng.integers(0, len(codes), 5)]
        kinds = np.array(["no_connection", "no_work", "device_down"], object)[rng.integers(0, 3, 5)]
        note = [picked, [_day(first)] * 5, [_day(first + 2)] * 5, kinds, [""] * 5]
        names = ["MaDonVi", "TuNgay", "DenNgay", "Loai", "GhiChu"]
        write_small(feeds, "notices", first, pa.table([pa.array(part, pa.string()) for part in note], names))
    return targets


def _communes(offices: Offices, codes: Codes, rng: np.random.Generator) -> Texts:
    """A commune of the day for each: that of the agency in the code, or of any other that has one."""
    found: Texts = np.empty(len(codes.agency), object)
    is_commune = offices.kinds == "commune"
    for day in np.unique(codes.day):
        rows = np.flatnonzero(codes.day == day)
        working = np.flatnonzero(offices.works_on(np.array([day]))[0] & is_commune)
        own = np.isin(codes.agency[rows], working)
        picks = np.where(own, codes.agency[rows], working[rng.integers(0, len(working), len(rows))])
        found[rows] = offices.units[picks]
    return found


def _write(feeds: Path, offices: Offices, source: str, rows: _Rows, rng: np.random.Generator) -> Times:
    """Write one system's files. Some rows come after one of other content: the later day holds."""
    count = len(rows.status)
    moved = np.flatnonzero(rng.random(count) < MOVED_SHARE)
    before = replace(_take(rows, moved), status=rows.status[moved] % 10 + 1, received=rows.received[moved] + _NOON * 4)
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


def _take(rows: _Rows, places: Ints) -> _Rows:
    return _Rows(rows.codes.take(places), rows.commune[places], rows.received[places], rows.status[places])


def _months(start: Times, days: int) -> list[tuple[Times, Times]]:
    """First and last day of each month that begins in the year."""
    months = np.unique((start + np.arange(days)).astype("datetime64[M]"))
    firsts = [month.astype("datetime64[D]") for month in months]
    return [(first, (month + 1).astype("datetime64[D]") - 1) for first, month in zip(firsts, months, strict=True)]


def _day(day: Times) -> str:
    return f"{day.item():%Y%m%d}000000"
